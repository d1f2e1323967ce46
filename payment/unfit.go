package payment

import (
	"errors"
	"net/url"
	"strings"
)

// refused is a request that no provider is bothered with.
func refused(provider, op, reason string) error {
	return &Error{Provider: provider, Op: op, Kind: Refused, Err: errors.New(reason)}
}

// unfit says why the checkout cannot be asked for; empty if it can.
func (c Checkout) unfit() string {
	switch {
	case c.PurchaseID == "":
		return "the purchase must be named"
	case c.Product == "":
		return "the product must be named"
	case !webAddress(c.SuccessURL), !webAddress(c.CancelURL):
		return "the addresses to return to must be absolute http or https URLs"
	case c.Life < MinCheckoutLife, c.Life > MaxCheckoutLife:
		return "the checkout's life must be 30 minutes to 24 hours"
	}
	return unfitPrice(c.PriceMinor, c.Currency, c.IdempotencyKey)
}

func (c Charge) unfit() string {
	switch {
	case c.PurchaseID == "":
		return "the purchase must be named"
	case c.Method.Customer == "", c.Method.Method == "":
		return "the saved method must be named with its customer"
	}
	return unfitPrice(c.PriceMinor, c.Currency, c.IdempotencyKey)
}

func (r RefundRequest) unfit() string {
	if r.PaymentID == "" {
		return "the payment must be named"
	}
	return unfitPrice(r.AmountMinor, r.Currency, r.IdempotencyKey)
}

func unfitPrice(minor int64, currency, key string) string {
	letters := func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}
	switch {
	case minor <= 0:
		return "the amount must be more than nothing"
	case len(currency) != 3 || strings.Map(letters, currency) != currency:
		return "the currency must be a code of three letters"
	case key == "" || len(key) > MaxIdempotencyKey:
		return "the idempotency key must be 1 to 255 bytes long"
	}
	return ""
}

func webAddress(text string) bool {
	parsed, err := url.Parse(text)
	return err == nil && parsed.Host != "" && (parsed.Scheme == "https" || parsed.Scheme == "http")
}
