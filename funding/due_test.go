package funding

import (
	"testing"
	"time"

	"productgenerator/models"
	"productgenerator/payment"
)

func TestWhatIsToBeDoneAboutAPurchaseIsDueInTime(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	in := func(wait time.Duration) *time.Time { at := now.Add(wait); return &at }
	page := func(state payment.SessionState) payment.Facts {
		return payment.Facts{Sessions: map[string]payment.SessionState{"cs_1": state}}
	}
	// onPage is a purchase with a page that closes in an hour.
	onPage := func(r *revision) {
		r.facts, r.SessionID, r.CheckoutURL, r.CheckoutEndsAt = page(payment.SessionOpen), new("cs_1"), new("https://a/"), *in(time.Hour)
	}
	claimed := func(until time.Duration, attempts int) func(*revision) {
		return func(r *revision) { r.before.DueAt, r.before.Attempts = in(until), attempts }
	}
	atBank := func(r *revision) { r.facts, r.SessionID = page(payment.SessionProcessing), new("cs_1") }
	paid := func(r *revision) {
		r.Status, r.GrantID = models.PurchasePaid, new(models.NewGrantID(now))
	}
	refund := func(state models.RefundState) func(*revision) {
		return func(r *revision) { r.refunds = []models.RefundRequest{{State: models.RefundTaken}, {State: state}} }
	}
	for _, test := range []struct {
		name  string
		steps []func(*revision)
		want  *time.Time
	}{
		{"a page has to be opened", nil, in(stepLease)},
		{"somebody is about to", []func(*revision){claimed(10*time.Second, 0)}, in(10 * time.Second)},
		{"nobody is about to, later than they would", []func(*revision){claimed(10*time.Minute, 0)}, in(stepLease)},
		{"it was tried and is put off", []func(*revision){claimed(10*time.Minute, 3)}, in(10 * time.Minute)},
		{"it was due already", []func(*revision){claimed(-10*time.Second, 0)}, in(stepLease)},
		{"it was tried and is due again", []func(*revision){claimed(-10*time.Second, 3)}, in(stepLease)},
		{"the page is open", []func(*revision){onPage}, in(time.Hour + checkoutGrace)},
		{"the page was open a moment ago", []func(*revision){onPage, func(r *revision) {
			r.CheckoutEndsAt = *in(time.Second - checkoutGrace)
		}}, in(time.Second)},
		{"the page is still open", []func(*revision){onPage, func(r *revision) {
			r.CheckoutEndsAt = *in(-checkoutGrace)
		}}, in(stepLease)},
		{"the page is open and nobody knows where", []func(*revision){onPage, func(r *revision) { r.CheckoutURL = nil }}, in(stepLease)},
		{"an invoice has no address", []func(*revision){onPage, func(r *revision) {
			r.CheckoutURL, r.Provider = nil, payment.InvoiceName
		}}, in(time.Hour + checkoutGrace)},
		{"the page is open and called off", []func(*revision){onPage, func(r *revision) { r.CancelledAt = &now }}, in(stepLease)},
		{"the page was paid before it was called off", []func(*revision){onPage, paid, func(r *revision) { r.CancelledAt = &now }}, nil},
		{"a bank is at it", []func(*revision){atBank}, in(bankWait)},
		{"a bank is at it and will be asked", []func(*revision){atBank, claimed(2*bankWait, 1)}, in(2 * bankWait)},
		{"a bank was to be asked", []func(*revision){atBank, claimed(-time.Second, 1)}, in(bankWait)},
		{"paid", []func(*revision){paid}, nil},
		{"a refund was asked for", []func(*revision){paid, refund(models.RefundRequested)}, in(stepLease)},
		{"a refund was refused", []func(*revision){paid, refund(models.RefundRefused)}, nil},
		{"other money is parked", []func(*revision){func(r *revision) {
			r.Attention = new(models.AttentionMismatch)
		}}, nil},
		{"an administrator looks at something else", []func(*revision){func(r *revision) {
			r.Attention = new(models.AttentionRefundFailed)
		}}, in(stepLease)},
	} {
		r := &revision{Purchase: models.Purchase{
			Provider: payment.StripeName, Status: models.PurchasePending, PriceMinor: boughtFor, Currency: "EUR", CheckoutEndsAt: now,
		}}
		for _, step := range test.steps {
			step(r)
		}
		if got := r.due(now); !sameInstant(got, test.want) {
			t.Errorf("%s: due at %v, not %v", test.name, got, test.want)
		}
	}
}
