package resolvers

import (
	"strings"

	"golang.org/x/text/currency"
	"golang.org/x/text/number"

	"productgenerator/catalog/feed"
)

// money is an amount in the minor unit of its currency, an ISO 4217 code.
type money struct {
	minor    int64
	currency string
}

// writeMoney is an amount as the language writes it: €1,234.50 or 1.234,50 €, and ¥900 without decimals. A space in it
// does not break.
func (s *sentences) writeMoney(m money) string {
	sign, minor := "", m.minor
	if minor < 0 {
		sign, minor = "−", -minor
	}
	digits := feed.MinorDigits(m.currency)
	unit := int64(1)
	for range digits {
		unit *= 10
	}
	amount := s.printer.Sprint(number.Decimal(minor / unit))
	if digits > 0 {
		fraction := s.printer.Sprint(number.Decimal(minor%unit, number.MinIntegerDigits(digits), number.NoSeparator()))
		amount += s.decimalPoint() + fraction
	}
	symbol := s.symbolOf(m.currency)
	letters := strings.ContainsFunc(symbol, func(r rune) bool { return r >= 'A' && r <= 'Z' })
	switch {
	case s.texts["money"] == "after":
		return sign + amount + "\u00a0" + symbol
	case letters:
		return sign + symbol + "\u00a0" + amount
	default:
		return sign + symbol + amount
	}
}

// decimalPoint is what the language writes between the whole and the decimals.
func (s *sentences) decimalPoint() string {
	return strings.Trim(s.printer.Sprint(number.Decimal(1.5, number.Scale(1))), "15")
}

// symbolOf is the sign that readers of the language know a currency by, else its code.
func (s *sentences) symbolOf(code string) string {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return code
	}
	return s.printer.Sprint(currency.Symbol(unit))
}
