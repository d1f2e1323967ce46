package payment

import (
	"cmp"
	"slices"
)

// Returnable is what has not been paid back of one payment, and can be.
type Returnable struct {
	PaymentID   string
	AmountMinor int64
	Currency    string

	// Mismatched says that the payment was not as expected.
	Mismatched bool
}

// Returnable lists what can be paid back, what came by mistake first: payments that were not as expected, then the newer
// of those for a price that was paid more than once. What a dispute withholds is not among it.
func (f Facts) Returnable(expected Money) []Returnable {
	var list []Returnable
	for id, p := range f.Payments {
		if len(p.Received) == 0 {
			continue
		}
		received := p.Received[len(p.Received)-1]
		left := new(Standing).count(p, received)
		if left > 0 {
			mismatched := len(p.Received) > 1 || received != expected
			list = append(list, Returnable{PaymentID: id, AmountMinor: left, Currency: received.Currency, Mismatched: mismatched})
		}
	}
	slices.SortFunc(list, func(a, b Returnable) int {
		if a.Mismatched != b.Mismatched {
			if a.Mismatched {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.PaymentID, a.PaymentID)
	})
	return list
}
