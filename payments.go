package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"productgenerator/models"
	"productgenerator/payment"
)

// maxInvoiceDetails is how long the setting may be, in characters.
const maxInvoiceDetails = 1_000

// completePayments refuses settings with which no money could be taken, or the wrong one. It never repeats a key, a
// secret or an address that may hold one.
func (c *config) completePayments() error {
	if models.CheckText(c.InvoiceDetails, maxInvoiceDetails) != "" {
		return fmt.Errorf("INVOICE_DETAILS is not usable: expected at most %d characters of text, it has %d",
			maxInvoiceDetails, utf8.RuneCountInString(c.InvoiceDetails))
	}
	c.StripeKey = strings.TrimSpace(c.StripeKey)
	for i, secret := range c.StripeWebhookSecrets {
		c.StripeWebhookSecrets[i] = strings.TrimSpace(secret)
	}
	if c.StripeKey == "" {
		return c.refuseStripeWithoutKey()
	}
	if !isStripeKey(c.StripeKey) {
		return errors.New("STRIPE_SECRET_KEY is not usable: expected a key that begins with sk_test_, sk_live_, rk_test_ or rk_live_")
	}
	if len(c.StripeWebhookSecrets) == 0 {
		return errors.New("STRIPE_WEBHOOK_SECRET is missing: expected the signing secret of the webhook endpoint, whsec_…")
	}
	for _, secret := range c.StripeWebhookSecrets {
		if len(secret) <= len("whsec_") || !strings.HasPrefix(secret, "whsec_") {
			return errors.New("STRIPE_WEBHOOK_SECRET is not usable: expected secrets that begin with whsec_, separated by commas")
		}
	}
	stripe, err := c.stripe()
	if err != nil { // all else was looked at
		return errors.New("STRIPE_API_BASE is not usable: expected an https address, or an http one on this machine")
	}
	if stripe.Live() && *c.SeedDemo {
		return errors.New("STRIPE_SECRET_KEY is of the live mode: expected one of the test mode with SEED_DEMO=true, or SEED_DEMO=false")
	}
	return nil
}

func (c *config) refuseStripeWithoutKey() error {
	for _, setting := range []struct {
		name string
		set  bool
	}{
		{"STRIPE_WEBHOOK_SECRET", len(c.StripeWebhookSecrets) > 0},
		{"STRIPE_API_BASE", c.StripeAPIBase != ""},
		{"STRIPE_AUTOMATIC_TAX", c.StripeAutomaticTax},
	} {
		if setting.set {
			return fmt.Errorf("STRIPE_SECRET_KEY is missing: expected a key beside %s", setting.name)
		}
	}
	return nil
}

func isStripeKey(key string) bool {
	return slices.ContainsFunc([]string{"sk_test_", "sk_live_", "rk_test_", "rk_live_"}, func(prefix string) bool {
		return len(key) > len(prefix) && strings.HasPrefix(key, prefix)
	})
}

// stripe makes a client of Stripe's. It calls nobody.
func (c *config) stripe() (*payment.Stripe, error) {
	return payment.NewStripe(payment.StripeConfig{
		SecretKey: c.StripeKey, WebhookSecrets: c.StripeWebhookSecrets, APIBase: c.StripeAPIBase,
		AutomaticTax: c.StripeAutomaticTax, Now: time.Now,
	})
}

// takers are who takes the money of new purchases, and who took that of earlier ones: Stripe where there is a key, with
// the invoices from before; else invoices, which in the demonstration settle at once.
func (c *config) takers() (taker payment.Provider, others []payment.Provider, err error) {
	invoice := payment.NewInvoice(*c.SeedDemo)
	if c.StripeKey == "" {
		return invoice, nil, nil
	}
	stripe, err := c.stripe()
	if err != nil {
		return nil, nil, fmt.Errorf("STRIPE_SECRET_KEY: %w", err)
	}
	return stripe, []payment.Provider{invoice}, nil
}
