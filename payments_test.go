package main

import (
	"os"
	"strings"
	"testing"

	"productgenerator/payment"
)

// settings are the program's, as they would be read from these environment variables alone.
func settings(t *testing.T, set map[string]string) (*config, error) {
	t.Helper()
	for name := range readExample(t) {
		t.Setenv(name, set[name]) // puts back what was there when the test ends
		if set[name] == "" {
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	c, _, err := readConfig(nil)
	return c, err
}

func TestWhoTakesTheMoney(t *testing.T) {
	for _, test := range []struct {
		name, taker string
		live        bool
		set         map[string]string
	}{
		{"the demonstration", "invoice", false, nil},
		{"a database of one's own", "invoice", true, map[string]string{"DATABASE_URL": "postgres://localhost/x"}},
		{"Stripe's test mode in the demonstration", "stripe", false, map[string]string{
			"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1",
		}},
		{"Stripe's live mode", "stripe", true, map[string]string{
			"STRIPE_SECRET_KEY": "rk_live_1", "STRIPE_WEBHOOK_SECRET": "whsec_old, whsec_new", "SEED_DEMO": "false",
			"STRIPE_AUTOMATIC_TAX": "true", "STRIPE_API_BASE": "http://127.0.0.1:12111",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := settings(t, test.set)
			if err != nil {
				t.Fatal(err)
			}
			taker, others, err := c.takers()
			if err != nil || taker.Name() != test.taker || taker.Live() != test.live {
				t.Errorf("%v, %v", taker, err)
			}
			if stripe := test.taker == payment.StripeName; stripe != (len(others) == 1 && others[0].Name() == payment.InvoiceName) {
				t.Errorf("others: %v", others)
			}
		})
	}
}

func TestPaymentSettingsThatCannotWorkStopTheStartAndKeepTheirSecrets(t *testing.T) {
	const key, secret = "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"
	for _, test := range []struct {
		names string // the setting that the error begins with
		set   map[string]string
	}{
		{secret, map[string]string{key: "sk_test_hush"}},
		{secret, map[string]string{key: "sk_test_hush", secret: "hush"}},
		{secret, map[string]string{key: "sk_test_hush", secret: "whsec_"}},
		{secret, map[string]string{key: "sk_test_hush", secret: "whsec_hush,hush"}},
		{key, map[string]string{secret: "whsec_hush"}},
		{key, map[string]string{"STRIPE_API_BASE": "https://hush:hush@stripe.example.com"}},
		{key, map[string]string{"STRIPE_AUTOMATIC_TAX": "true"}},
		{key, map[string]string{key: "pk_test_hush", secret: "whsec_hush"}},
		{key, map[string]string{key: "sk_test_", secret: "whsec_hush"}},
		{key, map[string]string{key: "sk_live_hush", secret: "whsec_hush"}},
		{key, map[string]string{key: "rk_live_hush", secret: "whsec_hush", "SEED_DEMO": "true"}},
		{"STRIPE_API_BASE", map[string]string{key: "sk_test_hush", secret: "whsec_hush", "STRIPE_API_BASE": "http://hush.example.com"}},
		{"STRIPE_API_BASE", map[string]string{key: "sk_test_hush", secret: "whsec_hush", "STRIPE_API_BASE": "https://hush:hush@example.com"}},
		{"STRIPE_API_BASE", map[string]string{key: "sk_test_hush", secret: "whsec_hush", "STRIPE_API_BASE": "hush"}},
		{"INVOICE_DETAILS", map[string]string{"INVOICE_DETAILS": strings.Repeat("hush ", 201)}},
		{"INVOICE_DETAILS", map[string]string{"INVOICE_DETAILS": "hush\a"}},
	} {
		_, err := settings(t, test.set)
		if err == nil || !strings.HasPrefix(err.Error(), test.names) || !strings.Contains(err.Error(), "expected") ||
			strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: %v", test.set, err)
		}
	}
}

func TestInvoiceDetailsMayHaveLinesAndAThousandCharacters(t *testing.T) {
	details := "Bank of Test\nIBAN …" + strings.Repeat("ñ", 981)
	c, err := settings(t, map[string]string{"INVOICE_DETAILS": details})
	if err != nil || c.InvoiceDetails != details {
		t.Errorf("%v", err)
	}
}
