package feed

import (
	"strings"

	"golang.org/x/text/currency"

	"productgenerator/models"
)

// maxAmountMinor is the largest price: what a JSON number holds exactly.
const maxAmountMinor = 1 << 53

// MinorDigits is how many decimals an ISO 4217 currency has. The list is ISO's own: the one of Unicode, which programs
// show amounts by, drops decimals that are still legal.
func MinorDigits(code string) int {
	switch code {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	default:
		return 2
	}
}

// ParseCurrency reads an ISO 4217 code, in capitals or not.
func ParseCurrency(text string) (code string, ok bool) {
	unit, err := currency.ParseISO(text)
	if err != nil || unit == currency.XXX || unit == currency.XTS {
		return "", false
	}
	return unit.String(), true
}

// parsePrice reads an amount in minor units, without floating point. A comma may stand for the decimal point, and
// either may group thousands where the other shows which is which (1,299.00 and 1.299,00); "1,299" alone is refused,
// because it may mean either.
func parsePrice(text, code string) (minor int64, reason Reason) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, " ", ""), "\u00a0", "")
	if strings.HasPrefix(text, "-") {
		if _, reason := parsePrice(text[1:], code); reason == ReasonNone {
			return 0, ReasonNegative
		}
		return 0, ReasonNotANumber
	}
	whole, fraction, ok := splitAmount(text)
	if !ok {
		return 0, ReasonNotANumber
	}
	places := MinorDigits(code)
	for len(fraction) > places && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	if len(fraction) > places {
		return 0, ReasonDecimals
	}
	for _, digit := range whole + fraction + strings.Repeat("0", places-len(fraction)) {
		minor = minor*10 + int64(digit-'0')
		if minor > maxAmountMinor {
			return 0, ReasonTooLarge
		}
	}
	return minor, ReasonNone
}

// splitAmount finds the digits on both sides of the decimal point.
func splitAmount(text string) (whole, fraction string, ok bool) {
	point, group := ".", ","
	lastPoint, lastComma := strings.LastIndex(text, "."), strings.LastIndex(text, ",")
	switch {
	case lastComma > lastPoint && lastPoint >= 0:
		point, group = ",", "."
	case lastComma >= 0 && lastPoint < 0:
		if len(text)-lastComma-1 == 3 {
			return "", "", false
		}
		point, group = ",", "."
	}
	whole, fraction, cut := strings.Cut(text, point)
	if whole, ok = ungroup(whole, group); !ok || cut && fraction == "" {
		return "", "", false
	}
	return whole, fraction, digits(whole) && (!cut || digits(fraction))
}

// ungroup takes the separators of thousands out; ok is false where they do not separate groups of three.
func ungroup(whole, separator string) (string, bool) {
	groups := strings.Split(whole, separator)
	for i, group := range groups {
		if i > 0 && len(group) != 3 || i == 0 && len(groups) > 1 && (group == "" || len(group) > 3) {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// priceProblem is the problem that a price of that reason is.
func priceProblem(reason Reason, code string) Problem {
	problem := Problem{Code: models.FieldInvalid, Reason: reason}
	if reason == ReasonDecimals {
		problem.Limit = MinorDigits(code)
	}
	return problem
}
