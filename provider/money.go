package provider

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
)

// market is where prices are asked for.
type market struct {
	// country is an ISO 3166-1 alpha-2 code, in upper case.
	country string

	// currency is the ISO 4217 code that prices there are in.
	currency string
}

// marketOf is the market that a query means: by its country, else by its currency's country, else the United States.
func marketOf(query PriceQuery) market {
	for _, country := range [...]string{query.Country, homeOf(query.Currency)} {
		region, err := language.ParseRegion(strings.TrimSpace(country))
		if err != nil || !region.IsCountry() {
			continue
		}
		if unit, ok := currency.FromRegion(region); ok {
			return market{country: region.String(), currency: unit.String()}
		}
	}
	return market{country: "US", currency: "USD"}
}

// homeOf is the country of a currency, which its code begins with; empty if no single country stands for it.
func homeOf(code string) string {
	code = strings.ToUpper(strings.TrimSpace(code))
	switch {
	case code == "EUR":
		return "DE" // the largest market of the euro
	case len(code) != 3 || code[0] == 'X':
		return ""
	}
	return code[:2]
}

// minorUnits turns a decimal number into the minor units of an ISO 4217 currency, exactly. It says false for an amount
// that is not above zero, has a finer fraction than the currency or an exponent, or is too large.
func minorUnits(amount json.Number, code string) (int64, bool) {
	whole, fraction, _ := strings.Cut(amount.String(), ".")
	fraction = strings.TrimRight(fraction, "0")
	digits := minorDigits(code)
	if whole == "" || len(fraction) > digits {
		return 0, false
	}
	minor, err := strconv.ParseUint(whole+fraction+strings.Repeat("0", digits-len(fraction)), 10, 63)
	if err != nil || minor == 0 {
		return 0, false
	}
	return int64(minor), true
}

// minorDigits is how many decimal digits the minor unit of a currency has, by ISO 4217. The tables of x/text are CLDR's,
// which says how money is commonly written: there the Serbian dinar has none.
func minorDigits(code string) int {
	switch code {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
		"XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}

// isCurrency says whether code is an ISO 4217 code, in upper case, that prices may be in.
func isCurrency(code string) bool {
	unit, err := currency.ParseISO(code)
	return err == nil && unit.String() == code && code != "XXX" && code != "XTS"
}

// currencyOfPrice is the currency that a price such as "$1,299.00", "1.299,00 €" or "CHF 12.50" is written in, where
// home is the market's own; that one for a bare number. Empty if what stands beside the number names no currency, or
// says that the price is for a time ("$20.00/mo").
func currencyOfPrice(price, home string) string {
	const digits = "0123456789"
	first, last := strings.IndexAny(price, digits), strings.LastIndexAny(price, digits)
	if first < 0 {
		return ""
	}
	before, after := strings.Fields(price[:first]), strings.Fields(price[last+1:])
	switch {
	case len(before) == 0 && len(after) == 0:
		return home
	case len(after) > 0 && strings.Contains(after[0], "/"):
		return ""
	case len(before) > 0:
		if code := currencyOfSign(before[len(before)-1], home); code != "" {
			return code
		}
	}
	if len(after) > 0 {
		return currencyOfSign(after[0], home)
	}
	return ""
}

// currencyOfSign is the currency of a sign or an ISO 4217 code; of a sign that several share it is home if home is one
// of them, else the best known. Empty if it is neither.
func currencyOfSign(sign, home string) string {
	if isCurrency(sign) {
		return sign
	}
	switch sign {
	case "$":
		return oneOf(home, "USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "CLP", "COP", "ARS", "UYU")
	case "¥", "￥":
		return oneOf(home, "JPY", "CNY")
	case "£":
		return oneOf(home, "GBP", "EGP", "GIP")
	case "kr", "kr.":
		return oneOf(home, "SEK", "NOK", "DKK", "ISK")
	case "US$":
		return "USD"
	case "CA$", "C$":
		return "CAD"
	case "AU$", "A$":
		return "AUD"
	case "NZ$":
		return "NZD"
	case "S$", "SG$":
		return "SGD"
	case "HK$":
		return "HKD"
	case "NT$":
		return "TWD"
	case "MX$", "MXN$":
		return "MXN"
	case "R$":
		return "BRL"
	case "€":
		return "EUR"
	case "₹":
		return "INR"
	case "₩":
		return "KRW"
	case "₺":
		return "TRY"
	case "₪":
		return "ILS"
	case "₫":
		return "VND"
	case "₱":
		return "PHP"
	case "฿":
		return "THB"
	case "₴":
		return "UAH"
	case "₽":
		return "RUB"
	case "zł":
		return "PLN"
	case "Kč":
		return "CZK"
	case "Ft":
		return "HUF"
	case "lei":
		return "RON"
	case "Rp":
		return "IDR"
	case "RM":
		return "MYR"
	case "R":
		return "ZAR"
	case "Fr.", "SFr.":
		return "CHF"
	}
	return ""
}

// oneOf is code if it is among the known ones, else the first of them.
func oneOf(code string, known ...string) string {
	if slices.Contains(known, code) {
		return code
	}
	return known[0]
}
