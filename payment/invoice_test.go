package payment_test

import (
	"errors"
	"testing"

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
