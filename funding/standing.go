package funding

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
)

// Why nothing was paid, where no provider says so: the payment failed without a reason; what came was not what was asked
// for, and has been paid back.
const (
	failurePayment  = "payment_failed"
	failureMismatch = "mismatch"
)

// How long something that is to be done about a purchase waits: stepLease is for whoever has made it due to do it;
// checkoutGrace is for a provider to close a page whose time is over; bankWait is how often a bank is asked that has not
// answered.
const (
	stepLease     = 30 * time.Second
	checkoutGrace = 2 * time.Minute
	bankWait      = time.Hour
)

// stand derives what a purchase shows from where it stands.
func (r *revision) stand(s payment.Standing) {
	mismatched := slices.ContainsFunc(r.facts.Returnable(expected(r.Purchase)), func(m payment.Returnable) bool { return m.Mismatched })
	r.Status = r.statusBy(s, mismatched)
	r.Failure = nil
	if r.Status == models.PurchaseFailed {
		failure := failureMismatch
		if s.Status == payment.Failed {
			failure = cmp.Or(s.Declined, failurePayment)
		}
		r.Failure = &failure
	}
	r.Attention = r.attentionBy(s, mismatched)
	// What was paid beyond the price and given back is no part of it.
	r.RefundedMinor = max(0, min(s.RefundedMinor, r.PriceMinor-s.KeptMinor-s.DisputedMinor-s.LostMinor))
	if r.SessionID == nil {
		r.SessionID = optional(r.news.SessionID)
	}
	switch {
	case s.PaymentID != "":
		r.PaymentID = &s.PaymentID
	case r.PaymentID == nil && !r.pageIsOpen(): // on an open page one card may be refused, and the next one pay
		r.PaymentID = optional(r.news.PaymentID)
	}
	r.ReceiptURL = nil
	if s.Status == payment.Paid {
		r.ReceiptURL = optional(s.ReceiptURL)
	}
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// statusBy is how far a purchase has come. mismatched says that money is here which is not what was asked for.
func (r *revision) statusBy(s payment.Standing, mismatched bool) models.PurchaseStatus {
	calledOff := r.CancelledAt != nil
	switch s.Status {
	case payment.Paid:
		return paidStatus(s, r.PriceMinor)
	case payment.Mismatched:
		if mismatched {
			return models.PurchasePending
		}
		return models.PurchaseFailed
	case payment.Processing:
		return models.PurchasePending
	case payment.Pending:
		if calledOff && (!r.pageIsOpen() || r.before.Status == models.PurchaseCancelled) {
			return models.PurchaseCancelled
		}
		return models.PurchasePending
	case payment.Expired:
		if calledOff {
			return models.PurchaseCancelled
		}
		return models.PurchaseExpired
	default:
		if calledOff {
			return models.PurchaseCancelled
		}
		return models.PurchaseFailed
	}
}

// paidStatus is the status of a purchase that was paid, by what is left of the money.
func paidStatus(s payment.Standing, priceMinor int64) models.PurchaseStatus {
	switch {
	case s.DisputedMinor+s.LostMinor > 0:
		return models.PurchaseDisputed
	case s.KeptMinor == 0:
		return models.PurchaseRefunded
	case s.KeptMinor < priceMinor:
		return models.PurchasePartiallyRefunded
	default:
		return models.PurchasePaid
	}
}

// attentionBy is why an administrator has to look at a purchase. That a refund failed is not forgotten until another one
// is taken on, or nothing is left to pay back.
func (r *revision) attentionBy(s payment.Standing, mismatched bool) *models.PurchaseAttention {
	refundFailed := r.before.Attention != nil && *r.before.Attention == models.AttentionRefundFailed && !r.refund ||
		failedRefunds(r.facts) > failedRefunds(r.factsBefore) ||
		len(r.refunds) > 0 && r.refunds[len(r.refunds)-1].State == models.RefundRefused
	var attention models.PurchaseAttention
	switch {
	case mismatched:
		attention = models.AttentionMismatch
	case s.OverpaidMinor > 0:
		attention = models.AttentionOverpaid
	case refundFailed && s.KeptMinor+s.DisputedMinor > 0:
		attention = models.AttentionRefundFailed
	case r.Failure != nil && isOurs(*r.Failure):
		attention = models.AttentionProviderRefused
	default:
		return nil
	}
	return &attention
}

func failedRefunds(facts payment.Facts) (count int) {
	for _, p := range facts.Payments {
		for _, refund := range p.Refunds {
			if refund.State == payment.RefundFailed {
				count++
			}
		}
	}
	return count
}

// pageIsOpen says whether somebody can still begin to pay.
func (r *revision) pageIsOpen() bool { return hasOpenPage(r.facts) }

func hasOpenPage(facts payment.Facts) bool {
	for _, state := range facts.Sessions {
		if state == payment.SessionOpen {
			return true
		}
	}
	return false
}

// forfeited is how many of the purchase's tokens are not paid for: all but the share of them that the price kept pays,
// rounded down.
func (r *revision) forfeited(s payment.Standing) models.Tokens {
	return r.Tokens - share(r.Tokens, s.KeptMinor, r.PriceMinor)
}

// share is tokens × kept / price, rounded down. kept is 0 to price, so that it is no more than tokens.
func share(tokens models.Tokens, kept, price int64) models.Tokens {
	high, low := bits.Mul64(uint64(tokens), uint64(kept))
	quotient, _ := bits.Div64(high, low, uint64(price))
	return models.Tokens(quotient)
}

// cause is why tokens are taken back or come back. A refund that we asked for names who did and why.
func (r *revision) cause(s payment.Standing) ledger.Cause {
	before := r.factsBefore.Standing(expected(r.before))
	if s.DisputedMinor+s.LostMinor != before.DisputedMinor+before.LostMinor {
		return ledger.Cause{Reason: models.ReasonDispute}
	}
	cause := ledger.Cause{Reason: models.ReasonRefund}
	var asked int64
	var newest *models.RefundRequest
	for i := range r.refunds {
		if request := &r.refunds[i]; request.State != models.RefundRefused {
			asked += request.AmountMinor
			newest = request
		}
	}
	if newest != nil && s.RefundedMinor > before.RefundedMinor && s.RefundedMinor <= asked {
		cause.Actor, cause.Note = &newest.ActorID, &newest.Note
	}
	return cause
}

// due is when something is to be done about a purchase; nil: nothing is. Whoever has claimed it keeps the time until which
// they have done so.
func (r *revision) due(now time.Time) *time.Time {
	held := r.before.DueAt != nil && r.before.DueAt.After(now)
	soon := now.Add(stepLease)
	if held && r.before.DueAt.Before(soon) || held && r.before.Attempts > 0 {
		soon = *r.before.DueAt
	}
	requested := slices.ContainsFunc(r.refunds, func(q models.RefundRequest) bool { return q.State == models.RefundRequested })
	switch {
	case requested, r.pageIsOpen() && r.CancelledAt != nil && r.GrantID == nil:
		return &soon
	case r.Status != models.PurchasePending, r.Attention != nil && *r.Attention == models.AttentionMismatch:
		return nil
	case r.facts.Standing(expected(r.Purchase)).Status == payment.Processing:
		if later := now.Add(bankWait); !held {
			return &later
		}
		return r.before.DueAt
	case lacksPage(r.Purchase):
		return &soon
	case r.pageIsOpen():
		if ends := r.CheckoutEndsAt.Add(checkoutGrace); ends.After(now) {
			return &ends
		}
		return &soon
	default:
		return &soon
	}
}
