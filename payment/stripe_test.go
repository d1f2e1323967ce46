package payment_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"productgenerator/payment"
	"productgenerator/payment/stripetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	secretKey     = "sk_test_fullOfSecrets"
	webhookSecret = "whsec_fullOfSecrets"
)

// noon is when the tests happen, by the provider's clock and ours.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// counter is a payment server and a client of it.
type counter struct {
	*payment.Stripe
	server *stripetest.Server
}

// newCounter makes one at which it is always noon.
func newCounter(t *testing.T) counter {
	t.Helper()
	return newCounterAt(t, noon)
}

func newCounterAt(t *testing.T, now func() time.Time) counter {
	t.Helper()
	server := stripetest.New(stripetest.Config{
		SecretKey: secretKey, WebhookSecrets: []string{webhookSecret}, Now: now,
	})
	t.Cleanup(server.Close)
	return counter{newClientAt(t, server.URL(), now), server}
}

func newClient(t *testing.T, base string) *payment.Stripe {
	t.Helper()
	return newClientAt(t, base, noon)
}

func newClientAt(t *testing.T, base string, now func() time.Time) *payment.Stripe {
	t.Helper()
	client, err := payment.NewStripe(payment.StripeConfig{
		SecretKey: secretKey, WebhookSecrets: []string{webhookSecret}, APIBase: base, Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func checkout(purchase string) payment.Checkout {
	return payment.Checkout{
		PurchaseID: purchase, IdempotencyKey: "start-" + purchase, Product: "1,000 tokens",
		PriceMinor: 4900, Currency: "EUR", Email: "buyer@example.com",
		SuccessURL: "https://shop.example.com/paid?session={CHECKOUT_SESSION_ID}", CancelURL: "https://shop.example.com/",
		StartedAt: noon(), Life: time.Hour,
	}
}

func price() payment.Money { return payment.Money{AmountMinor: 4900, Currency: "EUR"} }

func (c counter) start(t *testing.T, purchase string) payment.Session {
	t.Helper()
	session, err := c.StartCheckout(t.Context(), checkout(purchase))
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func failureOf(t *testing.T, err error) *payment.Error {
	t.Helper()
	var failure *payment.Error
	if !errors.As(err, &failure) {
		t.Fatalf("%v is no failure of a payment provider", err)
	}
	return failure
}

func TestACheckoutFreezesPriceAndNamesItsPurchase(t *testing.T) {
	c := newCounter(t)
	session := c.start(t, "p1")
	want := payment.News{
		Subject: payment.Subject{PurchaseID: "p1", SessionID: session.ID},
		Facts:   payment.Facts{Sessions: map[string]payment.SessionState{session.ID: payment.SessionOpen}},
	}
	if diff := cmp.Diff(want, session.News); diff != "" {
		t.Error(diff)
	}
	if !session.ExpiresAt.Equal(noon().Add(time.Hour)) {
		t.Errorf("expires at %s", session.ExpiresAt)
	}
	if !strings.HasPrefix(session.URL, c.server.URL()) {
		t.Errorf("page at %s", session.URL)
	}
	paid := must[string](t)(c.server.Pay(session.ID))
	for id, fields := range map[string]map[string]any{
		session.ID: {
			"client_reference_id": "p1", "amount_total": int64(4900), "currency": "eur", "customer": nil,
			"customer_email": "buyer@example.com", "cancel_url": "https://shop.example.com/",
			"success_url": "https://shop.example.com/paid?session={CHECKOUT_SESSION_ID}",
		},
		paid: {"receipt_email": "buyer@example.com", "description": "1,000 tokens", "setup_future_usage": nil},
	} {
		object := c.server.Object(id)
		for name, value := range fields {
			if object[name] != value {
				t.Errorf("%s of %s is %v, not %v", name, id, object[name], value)
			}
		}
		if diff := cmp.Diff(map[string]any{"purchase_id": "p1"}, object["metadata"]); diff != "" {
			t.Errorf("metadata of %s: %s", id, diff)
		}
	}
}

func TestASavedMethodIsKnownOncePaidAndCanBeCharged(t *testing.T) {
	c := newCounter(t)
	asked := checkout("p1")
	asked.SaveMethod = true
	session := must[payment.Session](t)(c.StartCheckout(t.Context(), asked))
	must[string](t)(c.server.Pay(session.ID))
	news := must[payment.News](t)(c.Session(t.Context(), session.ID))
	saved := news.Facts.Standing(price()).Saved
	if saved.Customer == "" || saved.Method == "" {
		t.Fatalf("saved %+v", saved)
	}

	charged := must[payment.News](t)(c.ChargeSaved(t.Context(), charge("p2", saved)))
	if standing := charged.Facts.Standing(price()); standing.Status != payment.Paid || standing.ReceiptURL == "" {
		t.Errorf("charge came to %+v", standing)
	}
	if charged.PurchaseID != "p2" || charged.PaymentID == "" || charged.SessionID != "" {
		t.Errorf("charge is of %+v", charged.Subject)
	}

	known := checkout("p3")
	known.SaveMethod, known.Customer = true, saved.Customer
	session = must[payment.Session](t)(c.StartCheckout(t.Context(), known))
	if object := c.server.Object(session.ID); object["customer"] != saved.Customer || object["customer_email"] != nil {
		t.Errorf("known customer's session is %v", object)
	}
}

func TestAMethodIsNotSavedUnlessTheBuyerWasAsked(t *testing.T) {
	c := newCounter(t)
	asked := checkout("p1")
	asked.Customer = "cus_1"
	session := must[payment.Session](t)(c.StartCheckout(t.Context(), asked))
	must[string](t)(c.server.Pay(session.ID))
	news := must[payment.News](t)(c.Session(t.Context(), session.ID))
	if saved := news.Facts.Standing(price()).Saved; saved != (payment.SavedMethod{}) {
		t.Errorf("saved %+v", saved)
	}
}

func charge(purchase string, method payment.SavedMethod) payment.Charge {
	return payment.Charge{
		PurchaseID: purchase, IdempotencyKey: "charge-" + purchase, Product: "1,000 tokens", PriceMinor: 4900,
		Currency: "EUR", Email: "buyer@example.com", Method: method,
	}
}

func TestADeclinedChargeCarriesTheBanksCode(t *testing.T) {
	c := newCounter(t)
	c.server.DeclineNext("expired_card")
	for method, code := range map[string]string{
		"pm_good": "expired_card", stripetest.MethodDeclined: "insufficient_funds",
		stripetest.MethodNeedsOwner: "authentication_required",
	} {
		saved := payment.SavedMethod{Customer: "cus_1", Method: method}
		_, err := c.ChargeSaved(t.Context(), charge(method, saved))
		failure := failureOf(t, err)
		if failure.Kind != payment.Declined || failure.DeclineCode != code || failure.Retryable() {
			t.Errorf("%s: %v", method, failure)
		}
		news := must[payment.News](t)(c.Payment(t.Context(), failure.PaymentID))
		standing := news.Facts.Standing(price())
		if news.PurchaseID != method || standing.Status != payment.Failed || standing.Declined != code {
			t.Errorf("%s is %+v: %+v", method, news.Subject, standing)
		}
		_, again := c.ChargeSaved(t.Context(), charge(method, saved))
		if failureOf(t, again).PaymentID != failure.PaymentID {
			t.Errorf("%s: the same key made another payment", method)
		}
	}
}

func TestAChargeWhoseBankAnswersLaterIsProcessing(t *testing.T) {
	for code, want := range map[string]payment.Status{"": payment.Paid, "do_not_honor": payment.Failed} {
		c := newCounter(t)
		slow := payment.SavedMethod{Customer: "cus_1", Method: stripetest.MethodSlow}
		news := must[payment.News](t)(c.ChargeSaved(t.Context(), charge("p1", slow)))
		if status := news.Facts.Standing(price()).Status; status != payment.Processing {
			t.Errorf("status %s", status)
		}
		if err := c.server.Answer(news.PaymentID, code); err != nil {
			t.Fatal(err)
		}
		known := news.Facts
		for _, notice := range c.notices(t) {
			known = payment.Fold(known, notice)
		}
		if status := known.Standing(price()).Status; status != want {
			t.Errorf("after %q: status %s, not %s", code, status, want)
		}
	}
}

func TestAPaymentThatArrivesLateIsProcessingUntilItDoesOrFails(t *testing.T) {
	for arrives, want := range map[bool]payment.Status{true: payment.Paid, false: payment.Failed} {
		c := newCounter(t)
		session := c.start(t, "p1")
		known := session.News.Facts
		for _, notice := range c.after(t, func() { must[string](t)(c.server.PayLater(session.ID)) }) {
			known = payment.Fold(known, notice)
		}
		if status := known.Standing(price()).Status; status != payment.Processing {
			t.Errorf("completed: %s", status)
		}
		for _, notice := range c.after(t, func() {
			if err := c.server.ArriveLate(session.ID, arrives); err != nil {
				t.Fatal(err)
			}
		}) {
			known = payment.Fold(known, notice)
		}
		read := must[payment.News](t)(c.Session(t.Context(), session.ID)).Facts
		if told, is := known.Standing(price()).Status, read.Standing(price()).Status; told != want || is != want {
			t.Errorf("told %s, read %s, not %s", told, is, want)
		}
	}
}

func TestMoneyThatIsNotAsExpectedIsAMismatchHoweverItIsHeardOf(t *testing.T) {
	c := newCounter(t)
	dollars, less := c.start(t, "p1"), c.start(t, "p2")
	payments := []string{
		must[string](t)(c.server.PayOther(dollars.ID, 4900, "usd")), must[string](t)(c.server.PayOther(less.ID, 4899, "eur")),
	}
	told := map[string]payment.Facts{}
	for _, notice := range c.notices(t) {
		told[notice.PurchaseID] = payment.Fold(told[notice.PurchaseID], notice)
	}
	for i, session := range []payment.Session{dollars, less} {
		read := must[payment.News](t)(c.Session(t.Context(), session.ID))
		for _, facts := range []payment.Facts{read.Facts, told[read.PurchaseID]} {
			standing := facts.Standing(price())
			if standing.Status != payment.Mismatched || standing.KeptMinor != 0 || standing.Mismatches[0].PaymentID != payments[i] {
				t.Errorf("standing %+v", standing)
			}
		}
	}
	play := c.start(t, "p3")
	must[string](t)(c.server.Pay(play.ID))
	read := must[payment.News](t)(c.Session(t.Context(), play.ID))
	expected := price()
	expected.Live = true
	if status := read.Facts.Standing(expected).Status; status != payment.Mismatched {
		t.Errorf("money of the test mode for a purchase of the live one: %s", status)
	}
}

func TestCancellingTellsWhatTheSessionIsThen(t *testing.T) {
	c := newCounter(t)
	open, paid, expired := c.start(t, "p1"), c.start(t, "p2"), c.start(t, "p3")
	must[string](t)(c.server.Pay(paid.ID))
	if err := c.server.Expire(expired.ID); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]payment.Status{
		open.ID: payment.Expired, paid.ID: payment.Paid, expired.ID: payment.Expired,
	} {
		news := must[payment.News](t)(c.Cancel(t.Context(), id))
		if status := news.Facts.Standing(price()).Status; status != want {
			t.Errorf("status %s, not %s", status, want)
		}
	}
	_, err := c.Cancel(t.Context(), "cs_unknown")
	if kind := failureOf(t, err).Kind; kind != payment.NotFound {
		t.Errorf("unknown session: %s", kind)
	}
}

func TestRefundsAreOfAnAmountAndHappenOnceForAKey(t *testing.T) {
	c := newCounter(t)
	session := c.start(t, "p1")
	paid := must[string](t)(c.server.Pay(session.ID))
	refund := payment.RefundRequest{
		PurchaseID: "p1", PaymentID: paid, IdempotencyKey: "refund-1", AmountMinor: 1000, Currency: "EUR",
	}
	first := must[payment.News](t)(c.Refund(t.Context(), refund))
	again := must[payment.News](t)(c.Refund(t.Context(), refund))
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
	news := must[payment.News](t)(c.Session(t.Context(), session.ID))
	if standing := news.Facts.Standing(price()); standing.RefundedMinor != 1000 || standing.KeptMinor != 3900 {
		t.Errorf("standing %+v", standing)
	}
	refund.IdempotencyKey, refund.AmountMinor = "refund-2", 3901
	_, err := c.Refund(t.Context(), refund)
	if kind := failureOf(t, err).Kind; kind != payment.Refused {
		t.Errorf("a refund of more than is left: %s", kind)
	}
	refund.IdempotencyKey = "refund-1"
	_, err = c.Refund(t.Context(), refund)
	if kind := failureOf(t, err).Kind; kind != payment.KeyReused {
		t.Errorf("the same key for another amount: %s", kind)
	}
}

func TestReadingASessionTellsAllThatHappenedToItsPayment(t *testing.T) {
	c := newCounter(t)
	session := c.start(t, "p1")
	paid := must[string](t)(c.server.Pay(session.ID))
	must[string](t)(c.server.Refund(paid, 500))
	failed := must[string](t)(c.server.Refund(paid, 700))
	if err := c.server.FailRefund(failed); err != nil {
		t.Fatal(err)
	}
	must[string](t)(c.server.OpenDispute(paid, 1000))
	lost := must[string](t)(c.server.OpenDispute(paid, 300))
	if err := c.server.MoveDispute(lost, "lost"); err != nil {
		t.Fatal(err)
	}
	news := must[payment.News](t)(c.Session(t.Context(), session.ID))
	want := payment.Standing{
		Status: payment.Paid, PaymentID: paid, PaidMinor: 4900, RefundedMinor: 500, DisputedMinor: 1000, LostMinor: 300,
		KeptMinor: 3100, ReceiptURL: news.Facts.Payments[paid].ReceiptURL,
	}
	if diff := cmp.Diff(want, news.Facts.Standing(price())); diff != "" {
		t.Error(diff)
	}
	if state := news.Facts.Payments[paid].Refunds[failed].State; state != payment.RefundFailed {
		t.Errorf("the failed refund is told as %q", state)
	}
	for listed, err := range c.Sessions(t.Context(), noon()) {
		if diff := cmp.Diff(news, listed); diff != "" || err != nil {
			t.Error(diff, err)
		}
	}
	byPayment := must[payment.News](t)(c.Payment(t.Context(), paid))
	if diff := cmp.Diff(news.Facts.Payments, byPayment.Facts.Payments); diff != "" {
		t.Error(diff)
	}
}

func TestTheListHasEverySessionSinceOnceWithItsPayments(t *testing.T) {
	c := newCounter(t)
	var want []string
	for i := range 230 {
		session := c.start(t, fmt.Sprintf("p%03d", i))
		if i%50 == 0 {
			must[string](t)(c.server.Pay(session.ID))
		}
		want = append([]string{session.ID}, want...)
	}
	var got []string
	paid := 0
	for news, err := range c.Sessions(t.Context(), noon().Add(-72*time.Hour)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, news.SessionID)
		if news.Facts.Standing(price()).Status == payment.Paid {
			paid++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if paid != 5 {
		t.Errorf("%d of them are paid", paid)
	}
	for news := range c.Sessions(t.Context(), noon().Add(time.Second)) {
		t.Errorf("%s was opened before", news.SessionID)
	}
	told := 0
	for notice, err := range c.Notices(t.Context(), noon().Add(-time.Hour)) {
		if err != nil {
			t.Fatal(err)
		}
		if notice.Kind == payment.Telling {
			told++
		}
	}
	if told != 15 {
		t.Errorf("%d notices are told again, of five payments", told)
	}
}

// notices are all notices so far, as they are delivered.
func (c counter) notices(t *testing.T) []payment.Notice {
	t.Helper()
	var notices []payment.Notice
	for _, m := range c.server.Messages() {
		notice, err := c.ParseNotice(bytes.Clone(m.Body), http.Header{"Stripe-Signature": {m.Signature}})
		if err != nil {
			t.Fatalf("%s: %v", m.Type, err)
		}
		notices = append(notices, notice)
	}
	return notices
}
