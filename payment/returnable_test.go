package payment_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"productgenerator/payment"
)

func TestWhatCameByMistakeIsPaidBackFirstAndNothingTwice(t *testing.T) {
	asExpected := []payment.Money{price()}
	facts := payment.Facts{Payments: map[string]payment.Payment{
		"pi_1": {Received: asExpected, Refunds: map[string]payment.Refund{
			"re_1": {AmountMinor: 900, State: payment.RefundSucceeded}, "re_2": {AmountMinor: 500, State: payment.RefundFailed},
		}},
		"pi_2": {Received: asExpected, Disputes: map[string]payment.Dispute{
			"dp_1": {AmountMinor: 1000, Currency: "EUR", State: payment.DisputeOpen},
		}},
		"pi_3": {Received: asExpected, RefundSumMinor: 4900},
		"pi_4": {Received: []payment.Money{{AmountMinor: 10, Currency: "USD"}, {AmountMinor: 70, Currency: "USD"}}},
		"pi_5": {Declined: "insufficient_funds"},
		"pi_6": {Received: []payment.Money{{AmountMinor: 3, Currency: "USD"}}},
		"pi_0": {Received: []payment.Money{{AmountMinor: 70, Currency: "USD"}, price()}},
	}}
	want := []payment.Returnable{
		{PaymentID: "pi_6", AmountMinor: 3, Currency: "USD", Mismatched: true},
		{PaymentID: "pi_4", AmountMinor: 70, Currency: "USD", Mismatched: true},
		{PaymentID: "pi_0", AmountMinor: 4900, Currency: "EUR", Mismatched: true},
		{PaymentID: "pi_2", AmountMinor: 3900, Currency: "EUR"},
		{PaymentID: "pi_1", AmountMinor: 4000, Currency: "EUR"},
	}
	for range 100 { // in whatever order the payments are met
		if diff := cmp.Diff(want, facts.Returnable(price())); diff != "" {
			t.Fatal(diff)
		}
	}
}
