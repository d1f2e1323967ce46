package payment_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"productgenerator/payment"
	"productgenerator/payment/stripetest"
)

func TestALostAnswerIsFetchedAgainByTheSameKey(t *testing.T) {
	c := newCounter(t)
	c.server.Fail(stripetest.Fault{AfterWork: true}, stripetest.Fault{Status: 500, AfterWork: true})
	for range 2 {
		_, err := c.StartCheckout(t.Context(), checkout("p1"))
		if failure := failureOf(t, err); failure.Kind != payment.Unreachable || !failure.Retryable() {
			t.Fatalf("failed as %v", failure)
		}
	}
	session := c.start(t, "p1")
	if again := c.start(t, "p1"); again.ID != session.ID {
		t.Errorf("a second session %s beside %s", again.ID, session.ID)
	}
	opened := 0
	for range c.Sessions(t.Context(), noon().Add(-time.Hour)) {
		opened++
	}
	if opened != 1 {
		t.Errorf("%d sessions", opened)
	}
	if requests := c.server.Requests(); requests != 4 {
		t.Errorf("%d requests for 4 calls: the library repeats them", requests)
	}
	other := checkout("p1")
	other.PriceMinor++
	_, err := c.StartCheckout(t.Context(), other)
	if kind := failureOf(t, err).Kind; kind != payment.KeyReused {
		t.Errorf("the same key for another price: %s", kind)
	}
}

func TestFailuresAreOfTheKindThatDecidesWhatIsNext(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		body   string
		header string
		want   payment.Kind
	}{
		{name: "server error", status: 500, body: `{"error":{"type":"api_error"}}`, want: payment.Unreachable},
		{name: "page of a proxy", status: 502, body: `<html>` + secretKey, want: payment.Unreachable},
		{name: "nonsense", status: 200, body: `{"id":`, want: payment.Unreachable},
		{name: "redirect", status: 302, body: ``, want: payment.Unreachable},
		{
			name: "too many", status: 429, header: "7", want: payment.Busy,
			body: `{"error":{"type":"invalid_request_error","code":"rate_limit"}}`,
		},
		{
			name: "key under way", status: 409, want: payment.Busy,
			body: `{"error":{"type":"idempotency_error","code":"idempotency_key_in_use"}}`,
		},
		{
			name: "wrong key", status: 401, want: payment.Unauthorized,
			body: `{"error":{"type":"invalid_request_error","message":"Invalid API Key provided: ` + secretKey + `"}}`,
		},
		{name: "not allowed", status: 403, body: `{"error":{"type":"invalid_request_error"}}`, want: payment.Unauthorized},
		{
			name: "wrong request", status: 400, want: payment.Refused,
			body: `{"error":{"type":"invalid_request_error","param":"currency","message":"buyer@example.com"}}`,
		},
		{name: "nothing there", status: 404, body: `{"error":{"type":"invalid_request_error"}}`, want: payment.NotFound},
		{
			name: "unknown customer", status: 400, want: payment.NotFound,
			body: `{"error":{"type":"invalid_request_error","code":"resource_missing","param":"customer"}}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				if test.header != "" {
					w.Header().Set("Retry-After", test.header)
				}
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			}))
			defer server.Close()
			client := newClient(t, server.URL)
			_, err := client.StartCheckout(t.Context(), checkout("p1"))
			failure := failureOf(t, err)
			if failure.Kind != test.want {
				t.Errorf("%v, not %s", failure, test.want)
			}
			if (failure.RetryAfter == 7*time.Second) != (test.header != "") {
				t.Errorf("retry after %s", failure.RetryAfter)
			}
			if text := fmt.Sprintf("%v %+v", err, errors.Unwrap(err)); strings.Contains(text, "Secrets") || strings.Contains(text, "@") {
				t.Errorf("tells secrets: %s", text)
			}
		})
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	silent := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	defer silent.Close()
	client := newClient(t, "http://"+silent.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := client.Session(ctx, "cs_1")
	if failure := failureOf(t, err); failure.Kind != payment.Unreachable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("failed as %v", failure)
	}
}

func TestAListEndsAtItsFirstError(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, `{"has_more":true,"error":{"type":"api_error"}}`)
	}))
	defer server.Close()
	client := newClient(t, server.URL)
	var failures []error
	for _, err := range client.Sessions(t.Context(), noon()) {
		failures = append(failures, err)
	}
	for _, err := range client.Notices(t.Context(), noon()) {
		failures = append(failures, err)
	}
	if len(failures) != 2 || failureOf(t, failures[0]).Kind != payment.Unreachable {
		t.Errorf("failures %v", failures)
	}
}

func TestUnfitRequestsNeverLeave(t *testing.T) {
	c := newCounter(t)
	for name, spoil := range map[string]func(*payment.Checkout){
		"no purchase":   func(c *payment.Checkout) { c.PurchaseID = "" },
		"no product":    func(c *payment.Checkout) { c.Product = "" },
		"free":          func(c *payment.Checkout) { c.PriceMinor = 0 },
		"negative":      func(c *payment.Checkout) { c.PriceMinor = -1 },
		"currency":      func(c *payment.Checkout) { c.Currency = "€" },
		"no host":       func(c *payment.Checkout) { c.SuccessURL = "https:///paid" },
		"unreadable":    func(c *payment.Checkout) { c.CancelURL = "https://[::1" },
		"another way":   func(c *payment.Checkout) { c.CancelURL = "ftp://shop.example.com/" },
		"script":        func(c *payment.Checkout) { c.SuccessURL = "javascript:alert(1)" },
		"relative":      func(c *payment.Checkout) { c.CancelURL = "/back" },
		"no key":        func(c *payment.Checkout) { c.IdempotencyKey = "" },
		"long key":      func(c *payment.Checkout) { c.IdempotencyKey = strings.Repeat("k", 256) },
		"a short while": func(c *payment.Checkout) { c.Life = 29 * time.Minute },
		"a long while":  func(c *payment.Checkout) { c.Life = 25 * time.Hour },
	} {
		spoilt := checkout("p1")
		spoil(&spoilt)
		for _, provider := range []payment.Provider{c, payment.NewInvoice(true)} {
			_, err := provider.StartCheckout(t.Context(), spoilt)
			if failure := failureOf(t, err); failure.Kind != payment.Refused || failure.Provider != provider.Name() {
				t.Errorf("%s: %v", name, failure)
			}
		}
	}
	if c.server.Requests() != 0 {
		t.Error("requests were sent")
	}
}

func TestUnfitChargesAndRefundsNeverLeave(t *testing.T) {
	c := newCounter(t)
	refused := func(name string, err error) {
		t.Helper()
		if failure := failureOf(t, err); failure.Kind != payment.Refused || failure.Op == "" {
			t.Errorf("%s: %v", name, failure)
		}
	}
	for name, spoil := range map[string]func(*payment.Charge){
		"no purchase":     func(c *payment.Charge) { c.PurchaseID = "" },
		"no customer":     func(c *payment.Charge) { c.Method.Customer = "" },
		"no method":       func(c *payment.Charge) { c.Method.Method = "" },
		"free":            func(c *payment.Charge) { c.PriceMinor = 0 },
		"no key":          func(c *payment.Charge) { c.IdempotencyKey = "" },
		"two letters":     func(c *payment.Charge) { c.Currency = "EU" },
		"four letters":    func(c *payment.Charge) { c.Currency = "EURO" },
		"before A":        func(c *payment.Charge) { c.Currency = "@UR" },
		"between Z and a": func(c *payment.Charge) { c.Currency = "E[R" },
		"before a":        func(c *payment.Charge) { c.Currency = "E`R" },
		"behind z":        func(c *payment.Charge) { c.Currency = "EU{" },
	} {
		spoilt := charge("p1", payment.SavedMethod{Customer: "cus_1", Method: "pm_1"})
		spoil(&spoilt)
		for _, provider := range []payment.Provider{c, payment.NewInvoice(true)} {
			_, err := provider.ChargeSaved(t.Context(), spoilt)
			refused(name, err)
		}
	}
	for name, spoil := range map[string]func(*payment.RefundRequest){
		"nothing":  func(r *payment.RefundRequest) { r.AmountMinor = 0 },
		"no key":   func(r *payment.RefundRequest) { r.IdempotencyKey = "" },
		"no money": func(r *payment.RefundRequest) { r.Currency = "" },
	} {
		spoilt := payment.RefundRequest{
			PurchaseID: "p1", PaymentID: "invoice_p1", IdempotencyKey: "refund-1", AmountMinor: 1000, Currency: "EUR",
		}
		spoil(&spoilt)
		for _, provider := range []payment.Provider{c, payment.NewInvoice(true)} {
			_, err := provider.Refund(t.Context(), spoilt)
			refused(name, err)
		}
	}
	_, err := c.Refund(t.Context(), payment.RefundRequest{PurchaseID: "p1", IdempotencyKey: "refund-1", AmountMinor: 1000, Currency: "EUR"})
	refused("no payment", err)
	if c.server.Requests() != 0 {
		t.Error("requests were sent")
	}
}

func TestWhatIsJustFitIsAskedFor(t *testing.T) {
	for name, alter := range map[string]func(*payment.Checkout){
		"the shortest life": func(c *payment.Checkout) { c.Life = payment.MinCheckoutLife },
		"the longest life":  func(c *payment.Checkout) { c.Life = payment.MaxCheckoutLife },
		"the longest key":   func(c *payment.Checkout) { c.IdempotencyKey = strings.Repeat("k", payment.MaxIdempotencyKey) },
		"plain http":        func(c *payment.Checkout) { c.SuccessURL = "http://localhost:8080/" },
		"small letters":     func(c *payment.Checkout) { c.Currency = "azy" },
		"capitals":          func(c *payment.Checkout) { c.Currency = "AZY" },
		"the smallest sum":  func(c *payment.Checkout) { c.PriceMinor = 1 },
	} {
		asked := checkout("p1")
		alter(&asked)
		if _, err := newCounter(t).StartCheckout(t.Context(), asked); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAConfigurationThatCannotWorkIsRefusedWithoutQuotingIt(t *testing.T) {
	good := payment.StripeConfig{SecretKey: secretKey, WebhookSecrets: []string{webhookSecret}, Now: noon}
	if text := fmt.Sprintf("%v %+v %#v %s", good, good, good, &good); strings.Contains(text, "fullOfSecrets") {
		t.Errorf("prints %s", text)
	}
	client := must[*payment.Stripe](t)(payment.NewStripe(good))
	if text := fmt.Sprintf("%v %+v %#v", client, client, client); strings.Contains(text, "fullOfSecrets") {
		t.Errorf("prints %s", text)
	}
	for name, spoil := range map[string]func(*payment.StripeConfig){
		"no key":         func(c *payment.StripeConfig) { c.SecretKey = "" },
		"no secret":      func(c *payment.StripeConfig) { c.WebhookSecrets = nil },
		"empty secret":   func(c *payment.StripeConfig) { c.WebhookSecrets = []string{webhookSecret, ""} },
		"no clock":       func(c *payment.StripeConfig) { c.Now = nil },
		"readable":       func(c *payment.StripeConfig) { c.APIBase = "http://api.stripe.example" },
		"another scheme": func(c *payment.StripeConfig) { c.APIBase = "ftp://127.0.0.1" },
		"no address":     func(c *payment.StripeConfig) { c.APIBase = "api" },
		"nowhere":        func(c *payment.StripeConfig) { c.APIBase = "https:///v1" },
		"unreadable":     func(c *payment.StripeConfig) { c.APIBase = "http://[::1" },
		"not here":       func(c *payment.StripeConfig) { c.APIBase = "http://192.0.2.1" },
		"password":       func(c *payment.StripeConfig) { c.APIBase = "https://fullOfSecrets@api.example" },
	} {
		spoilt := good
		spoil(&spoilt)
		if _, err := payment.NewStripe(spoilt); err == nil || strings.Contains(err.Error(), "fullOfSecrets") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnThisMachineStripeIsImitatedInTheClear(t *testing.T) {
	for _, base := range []string{"http://localhost:12111", "http://127.0.0.1:12111", "http://[::1]:12111"} {
		_, err := payment.NewStripe(payment.StripeConfig{
			SecretKey: secretKey, WebhookSecrets: []string{webhookSecret}, APIBase: base, Now: noon,
		})
		if err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
}

func TestAnUnreadableTimeToWaitIsNone(t *testing.T) {
	for _, header := range []string{"soon", "-7", ""} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusTooManyRequests)
			fmt.Fprint(w, `{"error":{"type":"invalid_request_error"}}`)
		}))
		_, err := newClient(t, server.URL).Session(t.Context(), "cs_1")
		if wait := failureOf(t, err).RetryAfter; wait != 0 || !failureOf(t, err).Retryable() {
			t.Errorf("%q: %s, %v", header, wait, err)
		}
		server.Close()
	}
}

func TestTheKeySaysWhetherMoneyIsReal(t *testing.T) {
	for key, want := range map[string]bool{
		"sk_live_1": true, "rk_live_1": true, "sk_test_1": false, "rk_test_1": false, "sk_1_live_": false,
	} {
		client := must[*payment.Stripe](t)(payment.NewStripe(payment.StripeConfig{
			SecretKey: key, WebhookSecrets: []string{webhookSecret}, Now: noon,
		}))
		if client.Live() != want {
			t.Errorf("%s is live: %t", key, client.Live())
		}
	}
}
