package payment_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"productgenerator/payment"
)

func TestOfTwoThatDifferInOneThingTheSameHoldsInBothOrders(t *testing.T) {
	session := func(state payment.SessionState) payment.Facts {
		return payment.Facts{Sessions: map[string]payment.SessionState{"cs_1": state}}
	}
	of := func(p payment.Payment) payment.Facts {
		return payment.Facts{Payments: map[string]payment.Payment{"pi_1": p}}
	}
	refund := func(minor int64, state payment.RefundState) payment.Facts {
		return of(payment.Payment{Refunds: map[string]payment.Refund{"re_1": {AmountMinor: minor, State: state}}})
	}
	dispute := func(at, minor int64, currency string, state payment.DisputeState) payment.Facts {
		return of(payment.Payment{Disputes: map[string]payment.Dispute{
			"dp_1": {ToldAt: at, AmountMinor: minor, Currency: currency, State: state},
		}})
	}
	saved := func(customer, method string) payment.Facts {
		return of(payment.Payment{Saved: payment.SavedMethod{Customer: customer, Method: method}})
	}
	received := func(all ...payment.Money) payment.Facts { return of(payment.Payment{Received: all}) }
	for _, test := range []struct {
		name             string
		one, other, want payment.Facts
	}{
		{"a page that is unknown", session("A"), session("B"), session("B")},
		{"a page that opens", session("UNKNOWN"), session(payment.SessionOpen), session(payment.SessionOpen)},
		{"a page that closes", session(payment.SessionOpen), session(payment.SessionExpired), session(payment.SessionExpired)},
		{"a page that was completed", session(payment.SessionExpired), session(payment.SessionProcessing), session(payment.SessionProcessing)},
		{"a page whose bank refused", session(payment.SessionProcessing), session(payment.SessionFailed), session(payment.SessionFailed)},
		{"a page that was paid", session(payment.SessionFailed), session(payment.SessionPaid), session(payment.SessionPaid)},
		{
			"a charge that a bank is at", of(payment.Payment{Declined: "a"}), of(payment.Payment{Declined: "a", Processing: true}),
			of(payment.Payment{Declined: "a", Processing: true}),
		},
		{"why it was declined", of(payment.Payment{Declined: "a"}), of(payment.Payment{Declined: "b"}), of(payment.Payment{Declined: "b"})},
		{
			"the sum of refunds", of(payment.Payment{RefundSumMinor: 1}), of(payment.Payment{RefundSumMinor: 2}),
			of(payment.Payment{RefundSumMinor: 2}),
		},
		{"the receipt", of(payment.Payment{ReceiptURL: "a"}), of(payment.Payment{ReceiptURL: "b"}), of(payment.Payment{ReceiptURL: "b"})},
		{"a refund's amount", refund(1, payment.RefundPending), refund(2, payment.RefundPending), refund(2, payment.RefundPending)},
		{
			"a refund that arrives", refund(1, payment.RefundPending), refund(1, payment.RefundSucceeded),
			refund(1, payment.RefundSucceeded),
		},
		{
			"a refund that comes back", refund(1, payment.RefundSucceeded), refund(1, payment.RefundFailed),
			refund(1, payment.RefundFailed),
		},
		{
			"the request of a refund", of(payment.Payment{Refunds: map[string]payment.Refund{"re_1": {RequestKey: "a"}}}),
			of(payment.Payment{Refunds: map[string]payment.Refund{"re_1": {RequestKey: "b"}}}),
			of(payment.Payment{Refunds: map[string]payment.Refund{"re_1": {RequestKey: "b"}}}),
		},
		{
			"a dispute told later", dispute(1, 9, "USD", payment.DisputeWon), dispute(2, 1, "EUR", payment.DisputeOpen),
			dispute(2, 1, "EUR", payment.DisputeOpen),
		},
		{
			"a dispute decided in that second", dispute(1, 9, "USD", payment.DisputeOpen), dispute(1, 1, "EUR", payment.DisputeLost),
			dispute(1, 1, "EUR", payment.DisputeLost),
		},
		{
			"a dispute's amount", dispute(1, 1, "USD", payment.DisputeOpen), dispute(1, 2, "EUR", payment.DisputeOpen),
			dispute(1, 2, "EUR", payment.DisputeOpen),
		},
		{
			"a dispute's currency", dispute(1, 1, "EUR", payment.DisputeOpen), dispute(1, 1, "USD", payment.DisputeOpen),
			dispute(1, 1, "USD", payment.DisputeOpen),
		},
		{"a customer, with the method that is theirs", saved("a", "y"), saved("b", "x"), saved("b", "x")},
		{"a customer's method", saved("a", "x"), saved("a", "y"), saved("a", "y")},
		{
			"amounts", received(payment.Money{AmountMinor: 1, Currency: "USD"}), received(payment.Money{AmountMinor: 2, Currency: "EUR"}),
			received(payment.Money{AmountMinor: 1, Currency: "USD"}, payment.Money{AmountMinor: 2, Currency: "EUR"}),
		},
		{
			"currencies", received(payment.Money{AmountMinor: 1, Currency: "EUR", Live: true}), received(payment.Money{AmountMinor: 1, Currency: "USD"}),
			received(payment.Money{AmountMinor: 1, Currency: "EUR", Live: true}, payment.Money{AmountMinor: 1, Currency: "USD"}),
		},
		{
			"money and play money", received(payment.Money{AmountMinor: 1, Currency: "EUR"}), received(payment.Money{AmountMinor: 1, Currency: "EUR", Live: true}),
			received(payment.Money{AmountMinor: 1, Currency: "EUR"}, payment.Money{AmountMinor: 1, Currency: "EUR", Live: true}),
		},
	} {
		for order, got := range map[string]payment.Facts{"": test.one.Merge(test.other), " told first": test.other.Merge(test.one)} {
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s%s: %s", test.name, order, diff)
			}
		}
	}
}
