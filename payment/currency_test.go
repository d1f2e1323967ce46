package payment_test

import (
	"testing"

	"productgenerator/payment"
)

func TestStripeIsAskedForNoMoneyThatItCountsOtherwise(t *testing.T) {
	for _, test := range []struct {
		currency string
		minor    int64
		taken    bool
	}{
		{"EUR", 4901, true},
		{"JPY", 4901, true},
		{"KWD", 4900, true},
		{"KWD", 4901, false},
		{"ISK", 4900, false},
		{"MGA", 4900, false},
		{"ugx", 4900, false},
	} {
		c := newCounter(t)
		odd := checkout("p1")
		odd.PriceMinor, odd.Currency = test.minor, test.currency
		charge := payment.Charge{
			PurchaseID: "p2", IdempotencyKey: "p2", PriceMinor: test.minor, Currency: test.currency,
			Method: payment.SavedMethod{Customer: "cus_1", Method: "pm_1"},
		}
		if c.Takes(test.minor, test.currency) != test.taken || !payment.NewInvoice(false).Takes(test.minor, test.currency) {
			t.Errorf("%d %s is taken: %t", test.minor, test.currency, !test.taken)
		}
		_, opened := c.StartCheckout(t.Context(), odd)
		_, charged := c.ChargeSaved(t.Context(), charge)
		for _, err := range []error{opened, charged} {
			if test.taken && err != nil {
				t.Errorf("%d %s: %v", test.minor, test.currency, err)
			}
			if !test.taken && failureOf(t, err).Kind != payment.Refused {
				t.Errorf("%d %s: %v", test.minor, test.currency, err)
			}
		}
		if requests := c.server.Requests(); !test.taken && requests > 0 {
			t.Errorf("%d %s: %d requests were sent", test.minor, test.currency, requests)
		}
	}
}
