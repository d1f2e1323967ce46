package payment_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/payment"
)

func TestTheDemonstrationsInvoiceSettlesAtOnce(t *testing.T) {
	invoice := payment.NewInvoice(true)
	asked := checkout("p1")
	asked.SaveMethod = true
	session := must[payment.Session](t)(invoice.StartCheckout(t.Context(), asked))
	standing := session.News.Facts.Standing(price())
	if standing.Status != payment.Paid || standing.KeptMinor != 4900 || session.URL != "" || session.News.PurchaseID != "p1" {
		t.Errorf("session %+v came to %+v", session, standing)
	}
	charged := must[payment.News](t)(invoice.ChargeSaved(t.Context(), charge("p2", standing.Saved)))
	if standing := charged.Facts.Standing(price()); standing.Status != payment.Paid {
		t.Errorf("charge came to %+v", standing)
	}
}

func TestElsewhereAnInvoiceWaitsForAnAdministrator(t *testing.T) {
	invoice := payment.NewInvoice(false)
	session := must[payment.Session](t)(invoice.StartCheckout(t.Context(), checkout("p1")))
	expected := payment.Money{AmountMinor: 4900, Currency: "EUR", Live: true}
	if standing := session.News.Facts.Standing(expected); standing.Status != payment.Pending {
		t.Errorf("standing %+v", standing)
	}
	cancelled := must[payment.News](t)(invoice.Cancel(t.Context(), session.ID))
	known := session.News.Facts.Merge(cancelled.Facts)
	if standing := known.Standing(expected); standing.Status != payment.Expired {
		t.Errorf("standing %+v", standing)
	}
	known = known.Merge(invoice.Confirm("p1", 4900, "eur").Facts)
	if standing := known.Standing(expected); standing.Status != payment.Paid || standing.KeptMinor != 4900 {
		t.Errorf("standing %+v", standing)
	}
	if standing := invoice.Confirm("p1", 4800, "EUR").Facts.Standing(expected); standing.Status != payment.Mismatched {
		t.Errorf("standing %+v", standing)
	}
	_, err := invoice.ChargeSaved(t.Context(), charge("p2", payment.SavedMethod{Customer: "a", Method: "b"}))
	if kind := failureOf(t, err).Kind; kind != payment.Refused {
		t.Errorf("charged all the same: %s", kind)
	}
}

func TestAnInvoicesRefundHappensOnceForAKey(t *testing.T) {
	invoice := payment.NewInvoice(true)
	session := must[payment.Session](t)(invoice.StartCheckout(t.Context(), checkout("p1")))
	known := session.News.Facts
	for _, key := range []string{"a", "b", "a"} {
		news := must[payment.News](t)(invoice.Refund(t.Context(), payment.RefundRequest{
			PurchaseID: "p1", PaymentID: session.News.PaymentID, IdempotencyKey: key, AmountMinor: 1000, Currency: "EUR",
		}))
		known = known.Merge(news.Facts)
	}
	if standing := known.Standing(price()); standing.RefundedMinor != 2000 || standing.KeptMinor != 2900 {
		t.Errorf("standing %+v", standing)
	}
}

func TestAnInvoiceHasNoNewsOfItsOwn(t *testing.T) {
	invoice := payment.NewInvoice(false)
	session := must[payment.Session](t)(invoice.StartCheckout(t.Context(), checkout("p1")))
	news := must[payment.News](t)(invoice.Session(t.Context(), session.ID))
	if len(news.Facts.Sessions)+len(news.Facts.Payments) > 0 || news.PurchaseID != "p1" {
		t.Errorf("news %+v", news)
	}
	for range invoice.Sessions(t.Context(), noon()) {
		t.Error("lists a session")
	}
	for range invoice.Notices(t.Context(), noon()) {
		t.Error("lists a notice")
	}
	if _, err := invoice.ParseNotice([]byte("{}"), nil); !errors.Is(err, payment.ErrNoNotices) {
		t.Errorf("believes a notice: %v", err)
	}
	for _, call := range []func() (payment.News, error){
		func() (payment.News, error) { return invoice.Session(t.Context(), "cs_1") },
		func() (payment.News, error) { return invoice.Payment(t.Context(), "pi_1") },
		func() (payment.News, error) { return invoice.Cancel(t.Context(), "cs_1") },
		func() (payment.News, error) {
			return invoice.Refund(t.Context(), payment.RefundRequest{PaymentID: "pi_1"})
		},
	} {
		_, err := call()
		if kind := failureOf(t, err).Kind; kind != payment.NotFound {
			t.Errorf("another provider's id: %s", kind)
		}
	}
}

func TestAnInvoiceNamesThePurchaseInAllThatItSays(t *testing.T) {
	invoice, demonstration := payment.NewInvoice(false), payment.NewInvoice(true)
	session := must[payment.Session](t)(invoice.StartCheckout(t.Context(), checkout("p1")))
	subject := payment.Subject{PurchaseID: "p1", SessionID: session.ID}
	opened := payment.Facts{Sessions: map[string]payment.SessionState{session.ID: payment.SessionOpen}}
	if diff := cmp.Diff(payment.News{Subject: subject, Facts: opened}, session.News); diff != "" || !session.ExpiresAt.Equal(noon().Add(time.Hour)) {
		t.Error(session.ExpiresAt, diff)
	}
	paid := payment.Subject{PurchaseID: "p1", PaymentID: invoice.Confirm("p1", 1, "EUR").PaymentID}
	refund := payment.RefundRequest{PurchaseID: "p1", PaymentID: paid.PaymentID, IdempotencyKey: "a", AmountMinor: 1000, Currency: "EUR"}
	refunded := must[payment.News](t)(invoice.Refund(t.Context(), refund))
	back := refunded.Facts.Payments[paid.PaymentID]
	if state := back.Refunds["a"].State; state != payment.RefundSucceeded || !back.Refunded("a") || back.Refunded("b") {
		t.Errorf("refunds %+v", back.Refunds)
	}
	charged := must[payment.News](t)(demonstration.ChargeSaved(t.Context(), charge("p1", payment.SavedMethod{Customer: "a", Method: "b"})))
	if len(charged.Facts.Sessions) > 0 || charged.Facts.Standing(price()).Status != payment.Paid {
		t.Errorf("a charge tells %+v", charged.Facts)
	}
	for name, test := range map[string]struct{ got, want payment.Subject }{
		"a session": {must[payment.News](t)(invoice.Session(t.Context(), session.ID)).Subject, subject},
		"a payment": {must[payment.News](t)(invoice.Payment(t.Context(), paid.PaymentID)).Subject, paid},
		"a refund":  {refunded.Subject, paid},
		"a charge":  {charged.Subject, paid},
		"the end":   {must[payment.News](t)(invoice.Cancel(t.Context(), session.ID)).Subject, subject},
	} {
		if test.got != test.want {
			t.Errorf("%s is of %+v, not %+v", name, test.got, test.want)
		}
	}
	_, err := invoice.Session(t.Context(), "cs_1")
	if failure := failureOf(t, err); failure.Provider != payment.InvoiceName || failure.Op != "read checkout" {
		t.Errorf("failed as %v", failure)
	}
}

func TestADemonstrationSavesAMethodWhereTheBuyerWasAsked(t *testing.T) {
	for _, asks := range []bool{true, false} {
		asked := checkout("p1")
		asked.SaveMethod = asks
		session := must[payment.Session](t)(payment.NewInvoice(true).StartCheckout(t.Context(), asked))
		if saved := session.News.Facts.Standing(price()).Saved; (saved != payment.SavedMethod{}) != asks {
			t.Errorf("asked: %t, saved %+v", asks, saved)
		}
	}
}
