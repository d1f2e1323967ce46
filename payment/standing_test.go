package payment_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"productgenerator/payment"
)

func TestWhereAPurchaseStandsByItsFacts(t *testing.T) {
	received := func(minor int64) []payment.Money { return []payment.Money{{AmountMinor: minor, Currency: "EUR"}} }
	of := func(p payment.Payment) payment.Facts {
		return payment.Facts{Payments: map[string]payment.Payment{"pi_1": p}}
	}
	refunds := func(all ...payment.Refund) map[string]payment.Refund {
		byID := map[string]payment.Refund{}
		for i, refund := range all {
			byID[string(rune('a'+i))] = refund
		}
		return byID
	}
	disputed := func(minor int64, currency string, state payment.DisputeState) map[string]payment.Dispute {
		return map[string]payment.Dispute{"dp_1": {AmountMinor: minor, Currency: currency, State: state}}
	}
	session := func(states ...payment.SessionState) payment.Facts {
		var facts payment.Facts
		for i, state := range states {
			facts = facts.Merge(payment.Facts{Sessions: map[string]payment.SessionState{string(rune('a' + i)): state}})
		}
		return facts
	}
	paid := func(s payment.Standing) payment.Standing {
		s.Status, s.PaymentID, s.PaidMinor = payment.Paid, "pi_1", 100
		return s
	}
	for _, test := range []struct {
		name  string
		facts payment.Facts
		want  payment.Standing
	}{
		{"nothing is known", payment.Facts{}, payment.Standing{Status: payment.Pending}},
		{"open", session(payment.SessionOpen), payment.Standing{Status: payment.Pending}},
		{"expired", session(payment.SessionExpired), payment.Standing{Status: payment.Expired}},
		{"a second session is open", session(payment.SessionExpired, payment.SessionOpen), payment.Standing{Status: payment.Pending}},
		{"the bank is at it", session(payment.SessionProcessing), payment.Standing{Status: payment.Processing}},
		{"the bank refused", session(payment.SessionFailed, payment.SessionExpired), payment.Standing{Status: payment.Failed}},
		{"paid, and the payment is not known yet", session(payment.SessionPaid), payment.Standing{Status: payment.Processing}},
		{"a charge is under way", of(payment.Payment{Processing: true}), payment.Standing{Status: payment.Processing}},
		{
			"a charge was refused", of(payment.Payment{Processing: true, Declined: "expired_card"}),
			payment.Standing{Status: payment.Failed, Declined: "expired_card"},
		},
		{
			"two charges were refused", of(payment.Payment{Declined: "b"}).Merge(payment.Facts{Payments: map[string]payment.Payment{"pi_2": {Declined: "a"}}}),
			payment.Standing{Status: payment.Failed, Declined: "b"},
		},
		{
			"a dispute of less than nothing", of(payment.Payment{Received: received(100), Disputes: disputed(-70, "EUR", payment.DisputeOpen)}),
			paid(payment.Standing{KeptMinor: 100}),
		},
		{
			"refused first, paid then", of(payment.Payment{Declined: "expired_card", Received: received(100)}),
			paid(payment.Standing{KeptMinor: 100}),
		},
		{"paid", of(payment.Payment{Received: received(100)}), paid(payment.Standing{KeptMinor: 100})},
		{
			"paid and expired", of(payment.Payment{Received: received(100)}).Merge(session(payment.SessionExpired)),
			paid(payment.Standing{KeptMinor: 100}),
		},
		{
			"a refund before the payment", of(payment.Payment{RefundSumMinor: 40}),
			payment.Standing{Status: payment.Pending},
		},
		{
			"refunded in part", of(payment.Payment{Received: received(100), RefundSumMinor: 40}),
			paid(payment.Standing{KeptMinor: 60, RefundedMinor: 40}),
		},
		{
			"of two refunds one failed", of(payment.Payment{
				Received: received(100), RefundSumMinor: 70, Refunds: refunds(
					payment.Refund{AmountMinor: 40, State: payment.RefundSucceeded},
					payment.Refund{AmountMinor: 30, State: payment.RefundFailed},
				),
			}),
			paid(payment.Standing{KeptMinor: 60, RefundedMinor: 40}),
		},
		{
			"a refund that is on its way counts", of(payment.Payment{
				Received: received(100), Refunds: refunds(payment.Refund{AmountMinor: 40, State: payment.RefundPending}),
			}),
			paid(payment.Standing{KeptMinor: 60, RefundedMinor: 40}),
		},
		{
			"the failed refund is known and its sum is not", of(payment.Payment{
				Received: received(100), Refunds: refunds(payment.Refund{AmountMinor: 30, State: payment.RefundFailed}),
			}),
			paid(payment.Standing{KeptMinor: 100}),
		},
		{
			"a refund made after one that failed", of(payment.Payment{
				Received: received(100), RefundSumMinor: 50, Refunds: refunds(
					payment.Refund{AmountMinor: 30, State: payment.RefundSucceeded},
					payment.Refund{AmountMinor: 20, State: payment.RefundFailed},
					payment.Refund{AmountMinor: 20, State: payment.RefundSucceeded},
				),
			}),
			paid(payment.Standing{KeptMinor: 50, RefundedMinor: 50}),
		},
		{
			"refunded beyond reason", of(payment.Payment{Received: received(100), RefundSumMinor: 400}),
			paid(payment.Standing{RefundedMinor: 100}),
		},
		{
			"an inquiry takes nothing", of(payment.Payment{Received: received(100), Disputes: disputed(100, "EUR", payment.DisputeInquiry)}),
			paid(payment.Standing{KeptMinor: 100}),
		},
		{
			"a dispute withholds", of(payment.Payment{Received: received(100), Disputes: disputed(70, "EUR", payment.DisputeOpen)}),
			paid(payment.Standing{KeptMinor: 30, DisputedMinor: 70}),
		},
		{
			"a lost one takes", of(payment.Payment{Received: received(100), Disputes: disputed(70, "EUR", payment.DisputeLost)}),
			paid(payment.Standing{KeptMinor: 30, LostMinor: 70}),
		},
		{
			"a won one gives back", of(payment.Payment{Received: received(100), Disputes: disputed(70, "EUR", payment.DisputeWon)}),
			paid(payment.Standing{KeptMinor: 100}),
		},
		{
			"one in another currency is about all", of(payment.Payment{Received: received(100), Disputes: disputed(7, "USD", payment.DisputeOpen)}),
			paid(payment.Standing{DisputedMinor: 100}),
		},
		{
			"what was refunded is not disputed again", of(payment.Payment{
				Received: received(100), RefundSumMinor: 60, Disputes: disputed(100, "EUR", payment.DisputeLost),
			}),
			paid(payment.Standing{RefundedMinor: 60, LostMinor: 40}),
		},
		{
			"another amount", of(payment.Payment{Received: received(99)}),
			payment.Standing{Status: payment.Mismatched, Mismatches: []payment.Mismatch{{PaymentID: "pi_1", Received: received(99)}}},
		},
		{
			"another currency", of(payment.Payment{Received: []payment.Money{{AmountMinor: 100, Currency: "USD"}}}),
			payment.Standing{Status: payment.Mismatched, Mismatches: []payment.Mismatch{{
				PaymentID: "pi_1", Received: []payment.Money{{AmountMinor: 100, Currency: "USD"}},
			}}},
		},
		{
			"the other mode", of(payment.Payment{Received: []payment.Money{{AmountMinor: 100, Currency: "EUR", Live: true}}}),
			payment.Standing{Status: payment.Mismatched, Mismatches: []payment.Mismatch{{
				PaymentID: "pi_1", Received: []payment.Money{{AmountMinor: 100, Currency: "EUR", Live: true}},
			}}},
		},
		{
			"a provider that contradicts itself", of(payment.Payment{Received: append(received(100), received(110)...)}),
			payment.Standing{Status: payment.Mismatched, Mismatches: []payment.Mismatch{{
				PaymentID: "pi_1", Received: append(received(100), received(110)...),
			}}},
		},
		{
			"paid twice", of(payment.Payment{Received: received(100)}).Merge(payment.Facts{Payments: map[string]payment.Payment{
				"pi_2": {Received: received(100), RefundSumMinor: 30},
			}}),
			payment.Standing{
				Status: payment.Paid, PaymentID: "pi_1", PaidMinor: 200, KeptMinor: 100, OverpaidMinor: 70, RefundedMinor: 30,
			},
		},
		{
			"paid right and once wrong", of(payment.Payment{Received: received(100)}).Merge(payment.Facts{Payments: map[string]payment.Payment{
				"pi_2": {Received: received(1)},
			}}),
			paid(payment.Standing{KeptMinor: 100, Mismatches: []payment.Mismatch{{PaymentID: "pi_2", Received: received(1)}}}),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.facts.Standing(payment.Money{AmountMinor: 100, Currency: "EUR"})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
