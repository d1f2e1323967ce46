package funding

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/models"
	"productgenerator/payment"
)

// euros is a payment of that many cents.
func euros(amount int64) payment.Payment {
	return payment.Payment{Received: []payment.Money{{AmountMinor: amount, Currency: "EUR"}}}
}

func refunded(p payment.Payment, amount int64) payment.Payment {
	p.RefundSumMinor = amount
	return p
}

func disputed(p payment.Payment, amount int64, state payment.DisputeState) payment.Payment {
	p.Disputes = map[string]payment.Dispute{"dp_1": {AmountMinor: amount, Currency: "EUR", State: state}}
	return p
}

func ofPayments(payments ...payment.Payment) payment.Facts {
	facts := payment.Facts{Payments: map[string]payment.Payment{}}
	for i, p := range payments {
		facts.Payments["pi_"+string(rune('1'+i))] = p
	}
	return facts
}

func ofPage(state payment.SessionState) payment.Facts {
	return payment.Facts{Sessions: map[string]payment.SessionState{"cs_1": state}}
}

// revisionOf is a purchase of 650 tokens for 900 cents of which that is known.
func revisionOf(known payment.Facts) *revision {
	p := models.Purchase{Status: models.PurchasePending, Tokens: boughtTokens, PriceMinor: boughtFor, Currency: "EUR"}
	return &revision{Purchase: p, before: p, facts: known}
}

func (r *revision) look() *revision {
	r.stand(r.facts.Standing(expected(r.Purchase)))
	return r
}

func TestWhatAPurchaseShowsOfWhatIsKnownOfIt(t *testing.T) {
	type shown struct {
		Status   models.PurchaseStatus
		Failure  string
		Refunded int64
	}
	for _, test := range []struct {
		name      string
		known     payment.Facts
		calledOff bool
		was       models.PurchaseStatus
		want      shown
	}{
		{"nothing", payment.Facts{}, false, models.PurchasePending, shown{Status: models.PurchasePending}},
		{"nothing, called off", payment.Facts{}, true, models.PurchasePending, shown{Status: models.PurchaseCancelled}},
		{"an open page", ofPage(payment.SessionOpen), false, models.PurchasePending, shown{Status: models.PurchasePending}},
		{"an open page, called off", ofPage(payment.SessionOpen), true, models.PurchasePending, shown{Status: models.PurchasePending}},
		{"a page that opened too late", ofPage(payment.SessionOpen), true, models.PurchaseCancelled, shown{Status: models.PurchaseCancelled}},
		{"a page that closed", ofPage(payment.SessionExpired), false, models.PurchasePending, shown{Status: models.PurchaseExpired}},
		{"a page that closed, called off", ofPage(payment.SessionExpired), true, models.PurchasePending, shown{Status: models.PurchaseCancelled}},
		{"a bank at work", ofPage(payment.SessionProcessing), true, models.PurchaseCancelled, shown{Status: models.PurchasePending}},
		{
			"a bank's refusal", ofPage(payment.SessionFailed), false, models.PurchasePending,
			shown{Status: models.PurchaseFailed, Failure: failurePayment},
		},
		{"a bank's refusal, called off", ofPage(payment.SessionFailed), true, models.PurchasePending, shown{Status: models.PurchaseCancelled}},
		{
			"a refusal with a reason", ofPayments(payment.Payment{Declined: "expired_card"}), false, models.PurchasePending,
			shown{Status: models.PurchaseFailed, Failure: "expired_card"},
		},
		{"other money", ofPayments(euros(5)), true, models.PurchaseCancelled, shown{Status: models.PurchasePending}},
		{
			"other money, paid back", ofPayments(refunded(euros(5), 5)), true, models.PurchaseCancelled,
			shown{Status: models.PurchaseFailed, Failure: failureMismatch},
		},
		{"the price", ofPayments(euros(900)), true, models.PurchaseFailed, shown{Status: models.PurchasePaid}},
		{
			"the price, a part paid back", ofPayments(refunded(euros(900), 1)), false, models.PurchasePaid,
			shown{Status: models.PurchasePartiallyRefunded, Refunded: 1},
		},
		{
			"the price, all paid back", ofPayments(refunded(euros(900), 900)), false, models.PurchasePaid,
			shown{Status: models.PurchaseRefunded, Refunded: 900},
		},
		{
			"a dispute over a part", ofPayments(disputed(euros(900), 1, payment.DisputeOpen)), false, models.PurchasePaid,
			shown{Status: models.PurchaseDisputed},
		},
		{
			"a dispute that was lost", ofPayments(disputed(euros(900), 1, payment.DisputeLost)), false, models.PurchasePaid,
			shown{Status: models.PurchaseDisputed},
		},
		{
			"the price twice, once paid back", ofPayments(euros(900), refunded(euros(900), 900)), false, models.PurchasePaid,
			shown{Status: models.PurchasePaid},
		},
		{
			"the price twice, one of them disputed", ofPayments(euros(900), disputed(euros(900), 900, payment.DisputeOpen)), false, models.PurchasePaid,
			shown{Status: models.PurchaseDisputed},
		},
		{
			"the price twice, once paid back and once disputed",
			ofPayments(disputed(euros(900), 900, payment.DisputeOpen), refunded(euros(900), 900)), false, models.PurchasePaid,
			shown{Status: models.PurchaseDisputed},
		},
		{
			"the price twice, once paid back and once lost",
			ofPayments(disputed(euros(900), 900, payment.DisputeLost), refunded(euros(900), 900)), false, models.PurchasePaid,
			shown{Status: models.PurchaseDisputed},
		},
	} {
		r := revisionOf(test.known)
		r.Status, r.before.Status, r.Failure = test.was, test.was, new("of before")
		if test.calledOff {
			r.CancelledAt = new(time.Now())
		}
		r.look()
		if diff := cmp.Diff(test.want, shown{r.Status, deref(r.Failure), r.RefundedMinor}); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestThePageAndThePaymentOfAPurchaseAreThoseThatCount(t *testing.T) {
	news := payment.News{Subject: payment.Subject{SessionID: "cs_9", PaymentID: "pi_9"}}
	for _, test := range []struct {
		name                      string
		known                     payment.Facts
		session, paid             *string // known before
		named                     bool    // others are, by the news
		wantedSession, wantedPaid string
	}{
		{"named first", payment.Facts{}, nil, nil, true, "cs_9", "pi_9"},
		{"known before", payment.Facts{}, new("cs_1"), new("pi_1"), true, "cs_1", "pi_1"},
		{"known before, and not named", payment.Facts{}, new("cs_1"), new("pi_1"), false, "cs_1", "pi_1"},
		{"an attempt on an open page", ofPage(payment.SessionOpen), new("cs_1"), nil, true, "cs_1", ""},
		{"another than the one that paid", ofPayments(euros(900)), new("cs_1"), new("pi_8"), true, "cs_1", "pi_1"},
	} {
		r := revisionOf(test.known)
		r.SessionID, r.PaymentID = test.session, test.paid
		if test.named {
			r.news = news
		}
		r.look()
		if deref(r.SessionID) != test.wantedSession || deref(r.PaymentID) != test.wantedPaid {
			t.Errorf("%s: page %q, payment %q", test.name, deref(r.SessionID), deref(r.PaymentID))
		}
	}
}

func TestAReceiptIsOfThePaymentThatCounts(t *testing.T) {
	first, second := euros(900), euros(900)
	first.ReceiptURL, second.ReceiptURL = "https://a/", "https://b/"
	declined := payment.Payment{Declined: "expired_card", ReceiptURL: "https://c/"}
	for _, test := range []struct {
		name  string
		known payment.Facts
		want  string
	}{
		{"paid", ofPayments(first), "https://a/"},
		{"paid twice", ofPayments(first, second), "https://a/"},
		{"paid without one", ofPayments(euros(900)), ""},
		{"declined", ofPayments(declined), ""},
		{"nothing is known any more", payment.Facts{}, ""},
	} {
		r := revisionOf(test.known)
		r.ReceiptURL = new("https://before/")
		if r.look(); deref(r.ReceiptURL) != test.want {
			t.Errorf("%s: %q", test.name, deref(r.ReceiptURL))
		}
	}
}

func TestTokensAreTakenBackAndReturnForAReasonThatTheTeamSees(t *testing.T) {
	const asker models.UserID = "user_1"
	request := func(amount int64, state models.RefundState) models.RefundRequest {
		return models.RefundRequest{AmountMinor: amount, State: state, ActorID: asker, Note: "did not work"}
	}
	for _, test := range []struct {
		name          string
		before, after payment.Facts
		asked         []models.RefundRequest
		reason        models.EntryReason
		named         bool
	}{
		{
			"our refund", ofPayments(euros(900)), ofPayments(refunded(euros(900), 300)),
			[]models.RefundRequest{request(300, models.RefundTaken)},
			models.ReasonRefund, true,
		},
		{
			"a refund of the provider's people", ofPayments(euros(900)), ofPayments(refunded(euros(900), 300)), nil,
			models.ReasonRefund, false,
		},
		{
			"a refund of the provider's people after ours", ofPayments(refunded(euros(900), 300)), ofPayments(refunded(euros(900), 301)),
			[]models.RefundRequest{request(300, models.RefundTaken)},
			models.ReasonRefund, false,
		},
		{
			"a refund of the provider's people after ours was refused", ofPayments(euros(900)), ofPayments(refunded(euros(900), 300)),
			[]models.RefundRequest{request(300, models.RefundRefused)},
			models.ReasonRefund, false,
		},
		{
			"our refund that came back", ofPayments(refunded(euros(900), 300)), ofPayments(euros(900)),
			[]models.RefundRequest{request(300, models.RefundTaken)},
			models.ReasonRefund, false,
		},
		{
			"another payment after our refund", ofPayments(refunded(euros(900), 300)), ofPayments(refunded(euros(900), 300), euros(900)),
			[]models.RefundRequest{request(300, models.RefundTaken)},
			models.ReasonRefund, false,
		},
		{
			"a dispute", ofPayments(euros(900)), ofPayments(disputed(euros(900), 300, payment.DisputeOpen)),
			[]models.RefundRequest{request(300, models.RefundTaken)},
			models.ReasonDispute, false,
		},
		{
			"a dispute that is lost at once", ofPayments(euros(900)), ofPayments(disputed(euros(900), 300, payment.DisputeLost)), nil,
			models.ReasonDispute, false,
		},
		{
			"a dispute that is won", ofPayments(disputed(euros(900), 300, payment.DisputeOpen)),
			ofPayments(disputed(euros(900), 300, payment.DisputeWon)), nil, models.ReasonDispute, false,
		},
		{
			"a dispute that was lost and is won", ofPayments(disputed(euros(900), 300, payment.DisputeLost)),
			ofPayments(disputed(euros(900), 300, payment.DisputeWon)), nil, models.ReasonDispute, false,
		},
	} {
		r := revisionOf(test.after)
		r.factsBefore, r.refunds = test.before, test.asked
		cause := r.cause(r.facts.Standing(expected(r.Purchase)))
		if cause.Reason != test.reason || (deref(cause.Actor) == asker) != test.named || (deref(cause.Note) == "did not work") != test.named {
			t.Errorf("%s: %+v", test.name, cause)
		}
	}
}
