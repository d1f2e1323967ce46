package payment

import (
	"maps"
	"slices"
)

// Status is how far a purchase has come by its facts. Refunds and disputes don't change it: the sums tell them.
type Status string

const (
	// Pending means nothing has been paid yet, and it still may be.
	Pending Status = "PENDING"

	// Processing means the buyer has done their part and the bank has not answered yet.
	Processing Status = "PROCESSING"

	// Paid means that the money came, exactly as expected.
	Paid Status = "PAID"

	// Mismatched means that money came, and none of it as expected. A person must look at it.
	Mismatched Status = "MISMATCHED"

	// Failed means that the bank refused.
	Failed Status = "FAILED"

	// Expired means that the page closed before anybody had paid.
	Expired Status = "EXPIRED"
)

// Standing is what the facts of a purchase amount to.
type Standing struct {
	Status Status

	// PaymentID is the payment that counts, the first by id where the buyer paid twice; empty until the status is Paid.
	PaymentID string

	// PaidMinor is what came in payments that were as expected; PaidMinor = KeptMinor + OverpaidMinor + RefundedMinor +
	// DisputedMinor + LostMinor.
	PaidMinor int64

	// RefundedMinor is what was paid back, and what is on its way.
	RefundedMinor int64

	// DisputedMinor is what disputes withhold that are not decided; LostMinor is what lost ones took.
	DisputedMinor, LostMinor int64

	// KeptMinor is what is left of the price, 0 to the price: the share of the purchase's tokens that is paid for.
	KeptMinor int64

	// OverpaidMinor is what the buyer has paid beyond the price and not been given back: the same purchase was paid twice.
	OverpaidMinor int64

	// Mismatches are payments that were not as expected, by id. They count in no sum.
	Mismatches []Mismatch

	// Declined is the provider's code for why a charge came to nothing, when the status is Failed.
	Declined string

	// ReceiptURL is a page of the provider's that shows the receipt; empty if there is none.
	ReceiptURL string

	// Saved is the method to charge from now on; zero if none was saved.
	Saved SavedMethod
}

// Mismatch is a payment that differs from what its purchase froze.
type Mismatch struct {
	PaymentID string
	Received  []Money
}

// Standing judges the facts against what the purchase froze. It depends on the facts alone, so it too is the same for
// every order in which they came.
func (f Facts) Standing(expected Money) Standing {
	var s Standing
	left := int64(0)
	for _, id := range slices.Sorted(maps.Keys(f.Payments)) {
		p := f.Payments[id]
		if len(p.Received) == 0 {
			s.Declined = max(s.Declined, p.Declined)
			continue
		}
		if len(p.Received) > 1 || p.Received[0] != expected {
			s.Mismatches = append(s.Mismatches, Mismatch{PaymentID: id, Received: p.Received})
			continue
		}
		if s.PaymentID == "" {
			s.PaymentID, s.ReceiptURL = id, p.ReceiptURL
		}
		left += s.count(p, expected)
		s.Saved = s.Saved.merge(p.Saved)
	}
	s.KeptMinor = min(left, expected.AmountMinor)
	s.OverpaidMinor = left - s.KeptMinor
	s.Status = f.status(s)
	if s.Status != Failed {
		s.Declined = ""
	}
	return s
}

// count adds one payment's sums, and returns what is left of it. Money that was paid back is not disputed again.
func (s *Standing) count(p Payment, received Money) (left int64) {
	left = received.AmountMinor
	take := func(wanted int64) int64 {
		taken := max(0, min(wanted, left))
		left -= taken
		return taken
	}
	s.PaidMinor += received.AmountMinor
	s.RefundedMinor += take(p.RefundedMinor())
	s.LostMinor += take(p.disputedMinor(DisputeLost, received))
	s.DisputedMinor += take(p.disputedMinor(DisputeOpen, received))
	return left
}

// RefundedMinor is the sum of the refunds that have not failed. The sum that the provider named for the whole payment
// may know of more of them, but also counts those that failed since.
func (p Payment) RefundedMinor() int64 {
	var alive, failed int64
	for _, r := range p.Refunds {
		if r.State == RefundFailed {
			failed += r.AmountMinor
		} else {
			alive += r.AmountMinor
		}
	}
	return max(alive, p.RefundSumMinor-failed)
}

// Refunded says whether the payment has a refund that was made by the request with that idempotency key, whatever became
// of it.
func (p Payment) Refunded(requestKey string) bool {
	for _, refund := range p.Refunds {
		if refund.RequestKey == requestKey {
			return true
		}
	}
	return false
}

// disputedMinor is the sum of the disputes in a state. One in another currency is about the whole payment.
func (p Payment) disputedMinor(state DisputeState, received Money) int64 {
	var sum int64
	for _, d := range p.Disputes {
		switch {
		case d.State != state:
		case d.Currency != received.Currency:
			sum += received.AmountMinor
		default:
			sum += d.AmountMinor
		}
	}
	return sum
}

// status is the best that any payment or session has come to.
func (f Facts) status(s Standing) Status {
	sessions := slices.Collect(maps.Values(f.Sessions))
	processing := slices.ContainsFunc(slices.Collect(maps.Values(f.Payments)), func(p Payment) bool {
		return p.Processing && p.Declined == "" && len(p.Received) == 0
	})
	switch {
	case s.PaymentID != "":
		return Paid
	case len(s.Mismatches) > 0:
		return Mismatched
	case processing, slices.Contains(sessions, SessionProcessing), slices.Contains(sessions, SessionPaid):
		return Processing
	case slices.Contains(sessions, SessionOpen):
		return Pending
	case slices.Contains(sessions, SessionFailed), s.Declined != "":
		return Failed
	case slices.Contains(sessions, SessionExpired):
		return Expired
	}
	return Pending
}
