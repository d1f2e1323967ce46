package payment_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"productgenerator/payment"
	"productgenerator/payment/stripetest"
)

func TestEachTypeOfNoticeTellsWhatItsObjectSays(t *testing.T) {
	type sessions = map[string]payment.SessionState
	session := func(state payment.SessionState) payment.News {
		return payment.News{Subject: payment.Subject{PurchaseID: "p1", SessionID: "cs_1"}, Facts: payment.Facts{Sessions: sessions{"cs_1": state}}}
	}
	of := func(p payment.Payment) payment.News {
		return payment.News{
			Subject: payment.Subject{PurchaseID: "p1", PaymentID: "pi_1"},
			Facts:   payment.Facts{Payments: map[string]payment.Payment{"pi_1": p}},
		}
	}
	known := func(subject payment.Subject, news payment.News) payment.News {
		news.Subject = subject
		return news
	}
	refund := func(state payment.RefundState) payment.News {
		return of(payment.Payment{Refunds: map[string]payment.Refund{"re_1": {AmountMinor: 10, State: state}}})
	}
	dispute := func(state payment.DisputeState) payment.News {
		return of(payment.Payment{Disputes: map[string]payment.Dispute{
			"dp_1": {ToldAt: 1, AmountMinor: 10, Currency: "EUR", State: state},
		}})
	}
	received := []payment.Money{{AmountMinor: 4900, Currency: "EUR", Live: true}}
	both := payment.Subject{PurchaseID: "p1", SessionID: "cs_1", PaymentID: "pi_1"}
	const (
		ofOurs     = `"metadata":{"purchase_id":"p1"},`
		charged    = `{"id":"pi_1","metadata":{"purchase_id":"p1","off_session":"true"},`
		onPage     = `{"id":"cs_1","mode":"payment",` + ofOurs
		ofCharge   = `{"id":"ch_1","payment_intent":"pi_1",` + ofOurs
		ofRefund   = `{"id":"re_1","payment_intent":"pi_1","amount":10,` + ofOurs
		ofDispute  = `{"id":"dp_1","payment_intent":"pi_1","amount":10,"currency":"eur",` + ofOurs
		paidOnPage = onPage + `"status":"complete","payment_status":"paid","amount_total":4900,"currency":"eur","livemode":true,`
	)
	for _, test := range []struct {
		name, kind, object string
		want               payment.News
	}{
		{"opened", "checkout.session.expired", onPage + `"status":"open"}`, session(payment.SessionOpen)},
		{"expired", "checkout.session.expired", onPage + `"status":"expired"}`, session(payment.SessionExpired)},
		{"completed", "checkout.session.completed", onPage + `"status":"complete","payment_status":"unpaid"}`, session(payment.SessionProcessing)},
		{
			"completed, and the payment called off", "checkout.session.completed",
			onPage + `"status":"complete","payment_status":"unpaid","payment_intent":{"id":"pi_1","status":"canceled"}}`,
			known(both, session(payment.SessionFailed)),
		},
		{
			"completed, and the payment under way", "checkout.session.completed",
			onPage + `"status":"complete","payment_status":"unpaid","payment_intent":{"id":"pi_1","status":"processing"}}`,
			known(both, session(payment.SessionProcessing)),
		},
		{
			"the bank refused", "checkout.session.async_payment_failed",
			onPage + `"status":"complete","payment_status":"unpaid"}`, session(payment.SessionFailed),
		},
		{
			"paid", "checkout.session.async_payment_succeeded", paidOnPage + `"payment_intent":"pi_1"}`,
			payment.News{Subject: both, Facts: payment.Facts{
				Sessions: sessions{"cs_1": payment.SessionPaid},
				Payments: map[string]payment.Payment{"pi_1": {Received: received}},
			}},
		},
		{
			"paid without a payment", "checkout.session.completed", paidOnPage + `"payment_intent":null}`,
			payment.News{Subject: payment.Subject{PurchaseID: "p1", SessionID: "cs_1"}, Facts: payment.Facts{
				Sessions: sessions{"cs_1": payment.SessionPaid},
				Payments: map[string]payment.Payment{"cs_1": {Received: received}},
			}},
		},
		{
			"received", "payment_intent.succeeded",
			charged + `"status":"succeeded","amount_received":4900,"currency":"eur","livemode":true}`, of(payment.Payment{Received: received}),
		},
		{
			"received by a method that may be charged again", "payment_intent.succeeded",
			charged + `"status":"succeeded","amount_received":4900,"currency":"eur","livemode":true,
				"setup_future_usage":"off_session","customer":"cus_1","payment_method":"pm_1"}`,
			of(payment.Payment{Received: received, Saved: payment.SavedMethod{Customer: "cus_1", Method: "pm_1"}}),
		},
		{
			"received by a method that is nobody's", "payment_intent.succeeded",
			charged + `"status":"succeeded","amount_received":4900,"currency":"eur","livemode":true,
				"setup_future_usage":"off_session","payment_method":"pm_1"}`,
			of(payment.Payment{Received: received}),
		},
		{"a bank is at the charge", "payment_intent.processing", charged + `"status":"processing"}`, of(payment.Payment{Processing: true})},
		{"the charge was called off", "payment_intent.canceled", charged + `"status":"canceled"}`, of(payment.Payment{Declined: "canceled"})},
		{
			"the charge was refused", "payment_intent.payment_failed",
			charged + `"status":"requires_payment_method","last_payment_error":{"code":"card_declined","decline_code":"expired_card"}}`,
			of(payment.Payment{Declined: "expired_card"}),
		},
		{
			"the charge was refused by no bank", "payment_intent.payment_failed",
			charged + `"status":"requires_payment_method","last_payment_error":{"code":"card_declined"}}`,
			of(payment.Payment{Declined: "card_declined"}),
		},
		{
			"the charge failed for no reason", "payment_intent.payment_failed",
			charged + `"status":"requires_payment_method","last_payment_error":{}}`,
			of(payment.Payment{Declined: "requires_payment_method"}),
		},
		{
			"the charge wants its owner", "payment_intent.payment_failed", charged + `"status":"requires_action"}`,
			of(payment.Payment{Declined: "authentication_required"}),
		},
		{"a receipt", "charge.succeeded", ofCharge + `"receipt_url":"https://a/"}`, of(payment.Payment{ReceiptURL: "https://a/"})},
		{"a later receipt", "charge.updated", ofCharge + `"receipt_url":"https://b/"}`, of(payment.Payment{ReceiptURL: "https://b/"})},
		{"paid back in all", "charge.refunded", ofCharge + `"amount_refunded":10}`, of(payment.Payment{RefundSumMinor: 10})},
		{"a refund that goes", "refund.created", ofRefund + `"status":"pending"}`, refund(payment.RefundPending)},
		{"a refund that arrived", "refund.updated", ofRefund + `"status":"succeeded"}`, refund(payment.RefundSucceeded)},
		{"a refund that came back", "refund.failed", ofRefund + `"status":"failed"}`, refund(payment.RefundFailed)},
		{"a refund that was called off", "refund.updated", ofRefund + `"status":"canceled"}`, refund(payment.RefundFailed)},
		{"a bank asks", "charge.dispute.created", ofDispute + `"status":"warning_needs_response"}`, dispute(payment.DisputeInquiry)},
		{"a bank reads", "charge.dispute.updated", ofDispute + `"status":"warning_under_review"}`, dispute(payment.DisputeInquiry)},
		{"a bank has no more questions", "charge.dispute.closed", ofDispute + `"status":"warning_closed"}`, dispute(payment.DisputeDropped)},
		{"a dispute", "charge.dispute.funds_withdrawn", ofDispute + `"status":"needs_response"}`, dispute(payment.DisputeOpen)},
		{"a dispute of a kind to come", "charge.dispute.updated", ofDispute + `"status":"wonder"}`, dispute(payment.DisputeOpen)},
		{"a dispute won", "charge.dispute.funds_reinstated", ofDispute + `"status":"won"}`, dispute(payment.DisputeWon)},
		{"a dispute lost", "charge.dispute.closed", ofDispute + `"status":"lost"}`, dispute(payment.DisputeLost)},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := []byte(`{"id":"evt_1","object":"event","created":1,"livemode":true,"type":"` + test.kind + `","data":{"object":` + test.object + `}}`)
			header := http.Header{"Stripe-Signature": {stripetest.Sign(noon(), body, webhookSecret)}}
			notice := must[payment.Notice](t)(newClient(t, "http://127.0.0.1:1").ParseNotice(body, header))
			if diff := cmp.Diff(test.want, notice.News); diff != "" || !notice.Live {
				t.Error(notice.Live, diff)
			}
		})
	}
}
