package payment_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/payment"
	"productgenerator/payment/stripetest"
)

func TestOnlyGenuineAndRecentNoticesAreBelieved(t *testing.T) {
	c := newCounter(t)
	must[string](t)(c.server.Pay(c.start(t, "p1").ID))
	messages := c.server.Messages()
	body := messages[len(messages)-1].Body
	altered := bytes.Replace(body, []byte("4900"), []byte("9900"), 1)
	sign := func(after time.Duration, body []byte, secrets ...string) []string {
		return []string{stripetest.Sign(noon().Add(after), body, secrets...)}
	}
	good := sign(0, body, webhookSecret)[0]
	long := append(bytes.Clone(body), bytes.Repeat([]byte(" "), payment.MaxNoticeBytes-len(body))...)
	for _, test := range []struct {
		name   string
		body   []byte
		header []string
		want   error
	}{
		{"signed now", body, []string{good}, nil},
		{"300 s old", body, sign(-300*time.Second, body, webhookSecret), nil},
		{"300 s ahead", body, sign(300*time.Second, body, webhookSecret), nil},
		{"the second of two signatures", body, sign(0, body, "whsec_new", webhookSecret), nil},
		{"the first of two signatures", body, sign(0, body, webhookSecret, "whsec_new"), nil},
		{"with a signature of a later scheme", body, []string{good + ",v0=00,v2=zz"}, nil},
		{"as long as may be", long, sign(0, long, webhookSecret), nil},
		{"301 s old", body, sign(-301*time.Second, body, webhookSecret), payment.ErrTooOld},
		{"a year old", body, sign(-365*24*time.Hour, body, webhookSecret), payment.ErrTooOld},
		{"301 s ahead", body, sign(301*time.Second, body, webhookSecret), payment.ErrFromTheFuture},
		{"a year ahead", body, sign(365*24*time.Hour, body, webhookSecret), payment.ErrFromTheFuture},
		{"altered", altered, []string{good}, payment.ErrForged},
		{"one byte longer", append(bytes.Clone(body), ' '), []string{good}, payment.ErrForged},
		{"empty body", nil, []string{good}, payment.ErrForged},
		{"wrong secret", body, sign(0, body, "whsec_other"), payment.ErrForged},
		{"empty secret", body, sign(0, body, ""), payment.ErrForged},
		{"two wrong secrets", body, sign(0, body, "whsec_other", "whsec_another"), payment.ErrForged},
		{"old and wrong secret", body, sign(-time.Hour, body, "whsec_other"), payment.ErrForged},
		{"not signed", body, nil, payment.ErrForged},
		{"two headers", body, []string{good, good}, payment.ErrForged},
		{"no signature in the header", body, sign(0, body), payment.ErrForged},
		{"of an older scheme only", body, []string{strings.Replace(good, "v1=", "v0=", 1)}, payment.ErrForged},
		{"newer time beside the signed one", body, []string{sign(-time.Hour, body, webhookSecret)[0] + ",t=1795435200"}, payment.ErrMalformed},
		{"no time", body, []string{good[strings.Index(good, ",")+1:]}, payment.ErrMalformed},
		{"unreadable time", body, []string{"t=noon,v1=00"}, payment.ErrMalformed},
		{"unreadable header", body, []string{good + ",nonsense"}, payment.ErrMalformed},
		{"too long", bytes.Repeat([]byte(" "), payment.MaxNoticeBytes+1), []string{good}, payment.ErrMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			notice, err := c.ParseNotice(test.body, http.Header{"Stripe-Signature": test.header})
			if !errors.Is(err, test.want) {
				t.Fatalf("%v, not %v", err, test.want)
			}
			if err == nil && (notice.Kind != payment.Telling || notice.PurchaseID != "p1") {
				t.Errorf("notice %+v", notice)
			}
			if err != nil && notice.ID != "" {
				t.Errorf("told %+v all the same", notice)
			}
		})
	}
}

func TestBothSecretsAreBelievedWhileOurSettingsRollThem(t *testing.T) {
	client := must[*payment.Stripe](t)(payment.NewStripe(payment.StripeConfig{
		SecretKey: secretKey, WebhookSecrets: []string{"whsec_new", "whsec_old"}, Now: noon,
	}))
	body := []byte(`{"id":"evt_1","object":"event","type":"account.updated","data":{"object":{"id":"acct_1"}}}`)
	for secret, want := range map[string]error{"whsec_old": nil, "whsec_new": nil, "whsec_older": payment.ErrForged} {
		header := http.Header{"Stripe-Signature": {stripetest.Sign(noon(), body, secret)}}
		if _, err := client.ParseNotice(body, header); !errors.Is(err, want) {
			t.Errorf("%s: %v", secret, err)
		}
	}
}

func TestSignedNonsenseIsMalformedAndStrangersAreIgnored(t *testing.T) {
	c := newCounter(t)
	for _, test := range []struct {
		name, body string
		kind       payment.NoticeKind
		want       error
	}{
		{name: "no JSON", body: `{`, want: payment.ErrMalformed},
		{name: "null", body: `null`, want: payment.ErrMalformed},
		{name: "a list", body: `[]`, want: payment.ErrMalformed},
		{name: "no event", body: `{"object":"charge"}`, want: payment.ErrMalformed},
		{name: "a thin event", body: `{"id":"evt_1","object":"v2.core.event","type":"v1.charge"}`, want: payment.ErrMalformed},
		{name: "no data", body: `{"id":"evt_1","object":"event","type":"charge.refunded"}`, want: payment.ErrMalformed},
		{
			name: "no id", want: payment.ErrMalformed,
			body: `{"object":"event","type":"charge.refunded","data":{"object":{"id":"ch_1","payment_intent":"pi_1"}}}`,
		},
		{
			name: "an amount in words", want: payment.ErrMalformed,
			body: `{"id":"evt_1","object":"event","type":"charge.refunded","data":{"object":{"id":"ch_1","amount_refunded":"all"}}}`,
		},
		{
			name: "unknown type", kind: payment.Ignored,
			body: `{"id":"evt_1","object":"event","type":"wonder.happened","data":{"object":{"id":"ch_1","payment_intent":"pi_1"}}}`,
		},
		{
			name: "charge without payment", kind: payment.Ignored,
			body: `{"id":"evt_1","object":"event","type":"charge.refunded","data":{"object":{"id":"ch_1","amount_refunded":100}}}`,
		},
		{
			name: "another account's", kind: payment.Ignored,
			body: `{"id":"evt_1","object":"event","account":"acct_2","type":"charge.refunded","data":{"object":{"id":"ch_1","payment_intent":"pi_1"}}}`,
		},
		{
			name: "subscription", kind: payment.Ignored,
			body: `{"id":"evt_1","object":"event","type":"checkout.session.completed","data":{"object":{"id":"cs_1","mode":"subscription","status":"complete","payment_status":"paid"}}}`,
		},
		{
			name: "payment as a whole object", kind: payment.Telling,
			body: `{"id":"evt_1","object":"event","type":"charge.refunded","data":{"object":{"id":"ch_1","payment_intent":{"id":"pi_1"},"amount_refunded":100}}}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := []byte(test.body)
			header := http.Header{"Stripe-Signature": {stripetest.Sign(noon(), body, webhookSecret)}}
			notice, err := c.ParseNotice(body, header)
			if !errors.Is(err, test.want) || notice.Kind != test.kind {
				t.Fatalf("%+v, %v", notice, err)
			}
			if test.kind == payment.Ignored && (notice.Subject != payment.Subject{} || notice.ID != "evt_1") {
				t.Errorf("tells %+v", notice)
			}
		})
	}
}

func TestAnyTrueSignatureUnderNonsenseIsSurvived(t *testing.T) {
	c := newCounter(t)
	nonsense := []string{
		`null`, `0`, `""`, `[]`, `{}`, `{"id":""}`, `{"id":null,"mode":"payment","metadata":null}`, `{"id":"x","mode":"payment"}`,
		`{"id":"x","mode":"payment","status":"complete","payment_status":"paid","payment_intent":""}`,
		`{"id":"x","payment_intent":{}}`, `{"id":"x","payment_intent":{"latest_charge":{"refunds":{"data":[null]}}}}`,
		`{"id":"x","latest_charge":{"refunds":{"data":[null]}}}`, `{"id":"x","payment_intent":"y","refunds":{"data":[null]}}`,
		`{"id":"x","status":"succeeded","customer":{},"payment_method":null,"setup_future_usage":"off_session"}`,
		`{"id":"x","metadata":{"off_session":"1"},"status":"requires_payment_method","last_payment_error":null}`,
		`{"id":"x","payment_intent":"y","refunds":{"data":null},"amount_refunded":-1}`,
		`{"id":"x","payment_intent":"y","status":{}}`, `{"id":"x","payment_intent":"y","amount":-9223372036854775808}`,
	}
	for _, kind := range payment.StripeNoticeTypes() {
		for _, object := range nonsense {
			body := []byte(`{"id":"evt_1","object":"event","type":"` + kind + `","data":{"object":` + object + `}}`)
			header := http.Header{"Stripe-Signature": {stripetest.Sign(noon(), body, webhookSecret)}}
			notice, err := c.ParseNotice(body, header)
			if err != nil && !errors.Is(err, payment.ErrMalformed) {
				t.Errorf("%s: %v", body, err)
			}
			standing := payment.Fold(payment.Facts{}, notice).Standing(price())
			if standing.KeptMinor != 0 || standing.Status == payment.Paid {
				t.Errorf("%s came to %+v", body, standing)
			}
		}
	}
}

func TestANoticeIsTheSameAfterStorage(t *testing.T) {
	c := newCounter(t)
	paid := must[string](t)(c.server.Pay(c.start(t, "p1").ID))
	must[string](t)(c.server.OpenDispute(paid, 100))
	c.server.Emit("wonder.happened", map[string]any{"id": "w_1"})
	for _, notice := range c.notices(t) {
		stored := must[[]byte](t)(json.Marshal(notice))
		var read payment.Notice
		if err := json.Unmarshal(stored, &read); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(notice, read); diff != "" {
			t.Errorf("%s: %s", stored, diff)
		}
	}
}

func TestNoticesNameTheirPurchaseAsWellAsTheyCan(t *testing.T) {
	c := newCounter(t)
	session := c.start(t, "p1")
	paid := must[string](t)(c.server.Pay(session.ID))
	must[string](t)(c.server.Refund(paid, 100))
	must[string](t)(c.server.OpenDispute(paid, 100))
	subjects := map[string]payment.Subject{
		"checkout.session.completed": {PurchaseID: "p1", SessionID: session.ID, PaymentID: paid},
		"payment_intent.succeeded":   {PurchaseID: "p1", PaymentID: paid},
		"charge.succeeded":           {PurchaseID: "p1", PaymentID: paid},
		"charge.refunded":            {PurchaseID: "p1", PaymentID: paid},
		"refund.created":             {PaymentID: paid},
		"charge.dispute.created":     {PaymentID: paid},
	}
	for _, notice := range c.notices(t) {
		if want, listed := subjects[notice.Type]; listed && notice.Subject != want {
			t.Errorf("%s is about %+v, not %+v", notice.Type, notice.Subject, want)
		}
		if !notice.At.Equal(noon()) || notice.Live || notice.ID == "" {
			t.Errorf("%s: %+v", notice.Type, notice)
		}
		delete(subjects, notice.Type)
	}
	if len(subjects) > 0 {
		t.Errorf("no notices of %v", subjects)
	}
}

func TestAPaymentLinkNamesNoPurchaseOfOurs(t *testing.T) {
	c := newCounter(t)
	c.server.Emit("checkout.session.completed", map[string]any{
		"id": "cs_1", "object": "checkout.session", "mode": "payment", "status": "complete", "payment_status": "paid",
		"payment_link": "plink_1", "client_reference_id": "p1", "metadata": map[string]any{},
		"amount_total": price().AmountMinor, "currency": "eur", "payment_intent": "pi_1",
	})
	for _, notice := range c.notices(t) {
		if notice.PurchaseID != "" {
			t.Errorf("its payer says that it is about %s, and is believed", notice.PurchaseID)
		}
	}
}

func TestADisputeThatWasPreventedTakesWhatItCost(t *testing.T) {
	price := price()
	for name, test := range map[string]struct {
		object map[string]any
		kept   int64
	}{
		"blocked": {map[string]any{
			"payment_method_details": map[string]any{"type": "card", "card": map[string]any{"case_type": "block"}},
		}, price.AmountMinor},
		"resolved by paying back": {map[string]any{
			"payment_method_details": map[string]any{"type": "card", "card": map[string]any{"case_type": "resolution"}},
		}, 0},
		"money withdrawn": {map[string]any{
			"balance_transactions": []any{map[string]any{"id": "txn_1", "amount": -price.AmountMinor}},
		}, 0},
		"money withdrawn and reinstated": {map[string]any{
			"balance_transactions": []any{
				map[string]any{"id": "txn_1", "amount": -price.AmountMinor}, map[string]any{"id": "txn_2", "amount": price.AmountMinor},
			},
		}, price.AmountMinor},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCounter(t)
			dispute := map[string]any{
				"id": "dp_1", "object": "dispute", "status": "prevented", "payment_intent": "pi_1",
				"amount": price.AmountMinor, "currency": "eur",
			}
			maps.Copy(dispute, test.object)
			c.server.Emit("charge.dispute.created", dispute)
			facts := payment.Facts{Payments: map[string]payment.Payment{"pi_1": {Received: []payment.Money{price}}}}
			for _, notice := range c.notices(t) {
				facts = payment.Fold(facts, notice)
			}
			if standing := facts.Standing(price); standing.KeptMinor != test.kept {
				t.Errorf("%d are kept, not %d: %+v", standing.KeptMinor, test.kept, standing)
			}
		})
	}
}

func TestFailedAttemptsOnAPageAreItsOwnAffair(t *testing.T) {
	c := newCounter(t)
	c.server.Emit("payment_intent.payment_failed", map[string]any{
		"id": "pi_1", "object": "payment_intent", "status": "requires_payment_method", "amount": 4900,
		"metadata":           map[string]any{"purchase_id": "p1"},
		"last_payment_error": map[string]any{"type": "card_error", "decline_code": "expired_card"},
	})
	for _, notice := range c.notices(t) {
		if status := notice.Facts.Standing(price()).Status; status != payment.Pending {
			t.Errorf("status %s", status)
		}
	}
}

func TestStripeTakesNoMoreTypesThanOneRequestMayName(t *testing.T) {
	types := payment.StripeNoticeTypes()
	if slices.Sort(types); len(types) > 20 || len(slices.Compact(types)) != len(payment.StripeNoticeTypes()) {
		t.Errorf("types %v", types)
	}
}
