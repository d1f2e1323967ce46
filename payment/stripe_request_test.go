package payment_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/payment"
)

// recorder answers every request alike and keeps what the newest asked for.
type recorder struct {
	*payment.Stripe
	request url.Values
	path    string
	key     string
}

func newRecorder(t *testing.T, config payment.StripeConfig, status int, answer string) *recorder {
	t.Helper()
	r := &recorder{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, asked *http.Request) {
		if err := asked.ParseForm(); err != nil {
			t.Error(err)
		}
		r.request, r.path, r.key = asked.Form, asked.Method+" "+asked.URL.Path, asked.Header.Get("Idempotency-Key")
		w.Header().Set("Request-Id", "req_1")
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)
	config.SecretKey, config.WebhookSecrets, config.Now, config.APIBase = secretKey, []string{webhookSecret}, noon, server.URL
	r.Stripe = must[*payment.Stripe](t)(payment.NewStripe(config))
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) asked(t *testing.T, path, key string, want map[string]string) {
	t.Helper()
	if r.path != path || r.key != key {
		t.Errorf("asked %s by the key %q", r.path, r.key)
	}
	got := map[string]string{}
	for name, values := range r.request {
		got[name] = strings.Join(values, ", ")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// with is a form that differs from another; an empty value takes its field away.
func with(form, differing map[string]string) map[string]string {
	all := map[string]string{}
	for _, some := range []map[string]string{form, differing} {
		for name, value := range some {
			all[name] = value
			if value == "" {
				delete(all, name)
			}
		}
	}
	return all
}

func TestStripeIsAskedForACheckoutOfThePriceAndNothingElse(t *testing.T) {
	plain := map[string]string{
		"mode": "payment", "client_reference_id": "p1", "metadata[purchase_id]": "p1",
		"line_items[0][price_data][currency]": "eur", "line_items[0][price_data][unit_amount]": "4900",
		"line_items[0][price_data][product_data][name]": "1,000 tokens", "line_items[0][quantity]": "1",
		"payment_intent_data[description]": "1,000 tokens", "payment_intent_data[metadata][purchase_id]": "p1",
		"payment_intent_data[receipt_email]": "buyer@example.com", "customer_email": "buyer@example.com",
		"adaptive_pricing[enabled]": "false", "cancel_url": "https://shop.example.com/",
		"success_url": "https://shop.example.com/paid?session={CHECKOUT_SESSION_ID}",
		"expires_at":  fmt.Sprint(noon().Add(time.Hour).Unix()),
	}
	for _, test := range []struct {
		name  string
		tax   bool
		alter func(*payment.Checkout)
		want  map[string]string
	}{
		{"of somebody new", false, func(*payment.Checkout) {}, plain},
		{
			"of somebody without an address", false, func(c *payment.Checkout) { c.Email = "" },
			with(plain, map[string]string{"customer_email": "", "payment_intent_data[receipt_email]": ""}),
		},
		{
			"of somebody known", false, func(c *payment.Checkout) { c.Customer = "cus_1" },
			with(plain, map[string]string{"customer_email": "", "customer": "cus_1"}),
		},
		{
			"that saves the method of somebody new", false, func(c *payment.Checkout) { c.SaveMethod = true },
			with(plain, map[string]string{"payment_intent_data[setup_future_usage]": "off_session", "customer_creation": "always"}),
		},
		{
			"that saves the method of somebody known", false, func(c *payment.Checkout) { c.SaveMethod, c.Customer = true, "cus_1" },
			with(plain, map[string]string{
				"payment_intent_data[setup_future_usage]": "off_session", "customer_email": "", "customer": "cus_1",
			}),
		},
		{
			"with the tax in the price", true, func(*payment.Checkout) {},
			with(plain, map[string]string{"automatic_tax[enabled]": "true", "line_items[0][price_data][tax_behavior]": "inclusive"}),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRecorder(t, payment.StripeConfig{AutomaticTax: test.tax}, http.StatusOK, `{"id":"cs_1","status":"open"}`)
			asked := checkout("p1")
			test.alter(&asked)
			must[payment.Session](t)(r.StartCheckout(t.Context(), asked))
			r.asked(t, "POST /v1/checkout/sessions", "start-p1", test.want)
		})
	}
}

func TestStripeIsAskedToChargeTheSavedMethodWithoutItsOwner(t *testing.T) {
	want := map[string]string{
		"amount": "4900", "currency": "eur", "customer": "cus_1", "payment_method": "pm_1", "confirm": "true",
		"off_session": "true", "description": "1,000 tokens", "metadata[purchase_id]": "p1", "metadata[off_session]": "true",
		"receipt_email": "buyer@example.com", "expand[0]": "latest_charge",
	}
	r := newRecorder(t, payment.StripeConfig{}, http.StatusOK, `{"id":"pi_1","status":"processing","metadata":{"off_session":"true"}}`)
	asked := charge("p1", payment.SavedMethod{Customer: "cus_1", Method: "pm_1"})
	must[payment.News](t)(r.ChargeSaved(t.Context(), asked))
	r.asked(t, "POST /v1/payment_intents", "charge-p1", want)
	asked.Email = ""
	must[payment.News](t)(r.ChargeSaved(t.Context(), asked))
	r.asked(t, "POST /v1/payment_intents", "charge-p1", with(want, map[string]string{"receipt_email": ""}))
}

func TestStripeIsAskedToPayBackAndItsAnswerIsNewsOfThePurchase(t *testing.T) {
	r := newRecorder(t, payment.StripeConfig{}, http.StatusOK, `{"id":"re_1","amount":1000,"status":"pending","metadata":{"request_key":"refund-1"}}`)
	news := must[payment.News](t)(r.Refund(t.Context(), payment.RefundRequest{
		PurchaseID: "p1", PaymentID: "pi_1", IdempotencyKey: "refund-1", AmountMinor: 1000, Currency: "EUR",
	}))
	r.asked(t, "POST /v1/refunds", "refund-1", map[string]string{
		"payment_intent": "pi_1", "amount": "1000", "reason": "requested_by_customer", "metadata[purchase_id]": "p1",
		"metadata[request_key]": "refund-1",
	})
	want := payment.News{
		Subject: payment.Subject{PurchaseID: "p1", PaymentID: "pi_1"},
		Facts: payment.Facts{Payments: map[string]payment.Payment{
			"pi_1": {Refunds: map[string]payment.Refund{
				"re_1": {AmountMinor: 1000, State: payment.RefundPending, RequestKey: "refund-1"},
			}},
		}},
	}
	if diff := cmp.Diff(want, news); diff != "" {
		t.Error(diff)
	}
}

func TestListsAreAskedForByTheHundredSinceATime(t *testing.T) {
	since := noon().Add(-time.Hour)
	list := map[string]string{"created[gte]": fmt.Sprint(since.Unix()), "limit": "100"}
	r := newRecorder(t, payment.StripeConfig{}, http.StatusOK, `{"object":"list","data":[]}`)
	for _, err := range r.Sessions(t.Context(), since) {
		t.Error(err)
	}
	r.asked(t, "GET /v1/checkout/sessions", "", with(list, map[string]string{"expand[0]": "data.payment_intent.latest_charge.refunds"}))
	for _, err := range r.Notices(t.Context(), since) {
		t.Error(err)
	}
	types := map[string]string{}
	for i, kind := range payment.StripeNoticeTypes() {
		types[fmt.Sprintf("types[%d]", i)] = kind
	}
	r.asked(t, "GET /v1/events", "", with(list, types))
}

func TestAChargeThatWantsItsOwnerIsDeclined(t *testing.T) {
	r := newRecorder(t, payment.StripeConfig{}, http.StatusOK, `{"id":"pi_1","status":"requires_action","metadata":{"off_session":"true"}}`)
	_, err := r.ChargeSaved(t.Context(), charge("p1", payment.SavedMethod{Customer: "cus_1", Method: "pm_1"}))
	want := payment.Error{
		Provider: payment.StripeName, Op: "charge saved method", Kind: payment.Declined,
		DeclineCode: "authentication_required", PaymentID: "pi_1",
	}
	if diff := cmp.Diff(want, *failureOf(t, err)); diff != "" {
		t.Error(diff)
	}
}

func TestAFailureBearsAllThatItsAnswerSays(t *testing.T) {
	r := newRecorder(t, payment.StripeConfig{}, http.StatusPaymentRequired, `{"error":{"type":"card_error","code":"card_declined",
		"decline_code":"expired_card","param":"payment_method","message":"buyer@example.com","payment_intent":{"id":"pi_1"}}}`)
	_, err := r.Session(t.Context(), "cs_1")
	want := payment.Error{
		Provider: payment.StripeName, Op: "read checkout", Kind: payment.Declined, HTTPStatus: 402, Code: "card_declined",
		Param: "payment_method", DeclineCode: "expired_card", PaymentID: "pi_1",
		RequestID: "req_1",
	}
	if diff := cmp.Diff(want, *failureOf(t, err)); diff != "" {
		t.Error(diff)
	}
	failure := failureOf(t, err)
	failure.Err = http.ErrHandlerTimeout
	const text = "stripe: read checkout: DECLINED, code card_declined, decline code expired_card, param payment_method, " +
		"request req_1, HTTP 402: http: Handler timeout"
	if failure.Error() != text {
		t.Errorf("says %q", failure.Error())
	}
	if text := (&payment.Error{Provider: "a", Op: "b", Kind: payment.Busy}).Error(); text != "a: b: BUSY" {
		t.Errorf("says %q", text)
	}
}

func TestAnAnswerWithoutEndIsCut(t *testing.T) {
	r := newRecorder(t, payment.StripeConfig{}, http.StatusOK, `{"id":"cs_1","url":"`+strings.Repeat("a", 17<<20)+`"}`)
	_, err := r.Session(t.Context(), "cs_1")
	if kind := failureOf(t, err).Kind; kind != payment.Unreachable {
		t.Errorf("failed as %s", kind)
	}
}

func TestACheckoutThatCannotBeClosedIsNotToldAsClosed(t *testing.T) {
	for status, want := range map[int]payment.Kind{http.StatusBadRequest: payment.Refused, http.StatusBadGateway: payment.Unreachable} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				w.WriteHeader(status)
				fmt.Fprint(w, `{"error":{"type":"invalid_request_error"}}`)
				return
			}
			fmt.Fprint(w, `{"id":"cs_1","status":"open"}`)
		}))
		_, err := newClient(t, server.URL).Cancel(t.Context(), "cs_1")
		if kind := failureOf(t, err).Kind; kind != want {
			t.Errorf("%d: failed as %s", status, kind)
		}
		server.Close()
	}
}

func TestAListEndsWhereItsReaderHasEnoughAndLeavesOutWhatIsNotPaidOnce(t *testing.T) {
	sessions := newRecorder(t, payment.StripeConfig{}, http.StatusOK, `{"object":"list","data":[
		{"id":"cs_3","mode":"subscription","status":"open"},{"id":"cs_2","mode":"payment","status":"open"},
		{"id":"cs_1","mode":"payment","status":"open"}]}`)
	var read []string
	for news, err := range sessions.Sessions(t.Context(), noon()) {
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, news.SessionID)
		break
	}
	const event = `{"id":"evt_1","type":"wonder.happened","data":{"object":{}}}`
	events := newRecorder(t, payment.StripeConfig{}, http.StatusOK, `{"object":"list","data":[`+event+`,`+event+`]}`)
	for notice, err := range events.Notices(t.Context(), noon()) {
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, notice.ID)
		break
	}
	if diff := cmp.Diff([]string{"cs_2", "evt_1"}, read); diff != "" {
		t.Error(diff)
	}
}

func TestAnUnreadableEventHidesNoneOfTheOthers(t *testing.T) {
	events := newRecorder(t, payment.StripeConfig{}, http.StatusOK, `{"object":"list","data":[
		{"id":"evt_1","type":"charge.refunded","data":{"object":{"amount_refunded":"all"}}},
		{"id":"evt_2","type":"wonder.happened","data":{"object":{}}}]}`)
	var told []string
	var failures []error
	for notice, err := range events.Notices(t.Context(), noon()) {
		if err != nil {
			failures = append(failures, err)
			continue
		}
		told = append(told, notice.ID)
	}
	if diff := cmp.Diff([]string{"evt_2"}, told); diff != "" || len(failures) != 1 {
		t.Fatal(diff, failures)
	}
	failure := failureOf(t, failures[0])
	if failure.Kind != payment.Unreachable || failure.Op != "list events" || failure.Provider != payment.StripeName {
		t.Errorf("failed as %v", failure)
	}
}
