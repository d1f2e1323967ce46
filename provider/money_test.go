package provider

import (
	"encoding/json"
	"testing"
)

func TestAnAmountBecomesMinorUnitsExactly(t *testing.T) {
	for _, test := range []struct {
		amount, currency string
		want             int64
	}{
		{"1299.00", "USD", 129900},
		{"1299.0", "USD", 129900},
		{"1299", "USD", 129900},
		{"0.29", "USD", 29},
		{"1.15", "EUR", 115}, // 1.15 * 100 is 114.99999999999999 in floating point
		{"4.35", "EUR", 435}, // and 4.35 * 100 434.99999999999994
		{"90071992547409.93", "USD", 9007199254740993},
		{"12800", "JPY", 12800},
		{"12800.00", "JPY", 12800},
		{"12.345", "KWD", 12345},
		{"12.5", "KWD", 12500},
		{"1.5", "RSD", 150},
		{"2.1234", "CLF", 21234},
	} {
		if got, ok := minorUnits(json.Number(test.amount), test.currency); !ok || got != test.want {
			t.Errorf("%s %s = %d, %v; want %d", test.amount, test.currency, got, ok, test.want)
		}
	}
}

func TestAnAmountThatIsNotExactIsNone(t *testing.T) {
	for _, test := range []struct{ amount, currency string }{
		{"", "USD"},
		{"0", "USD"},
		{"0.00", "USD"},
		{"-5", "USD"},
		{"-0.01", "USD"},
		{"1e3", "USD"},
		{"1.5e3", "USD"},
		{"0.005", "USD"},
		{"10.5", "JPY"},
		{"1.2345", "KWD"},
		{"92233720368547758.08", "USD"},
		{".5", "USD"},
		{"99999999999999999999", "USD"},
		{"NaN", "USD"},
		{"1_000", "USD"},
		{"0x10", "USD"},
		{"١٢", "USD"},
	} {
		if got, ok := minorUnits(json.Number(test.amount), test.currency); ok {
			t.Errorf("%s %s = %d; want none", test.amount, test.currency, got)
		}
	}
}

func TestThePriceSaysItsCurrency(t *testing.T) {
	for _, test := range []struct{ price, home, want string }{
		{"$1,299.00", "USD", "USD"},
		{"$1,299.00", "CAD", "CAD"},
		{"$1,299.00", "EUR", "USD"},
		{"CA$12.00", "USD", "CAD"},
		{"US$ 12.00", "CAD", "USD"},
		{"From $12.00", "USD", "USD"},
		{"$19.99 now", "USD", "USD"},
		{"$10.00 - $20.00", "USD", "USD"},
		{"1.299,00 €", "EUR", "EUR"},
		{"€12", "USD", "EUR"},
		{"£9.99", "GBP", "GBP"},
		{"CHF 12.50", "CHF", "CHF"},
		{"12.50 CHF", "EUR", "CHF"},
		{"￥12,800", "JPY", "JPY"},
		{"¥128", "CNY", "CNY"},
		{"KWD 12.345", "KWD", "KWD"},
		{"129 kr", "NOK", "NOK"},
		{"129,00 zł", "PLN", "PLN"},
		{"1299.00", "EUR", "EUR"},
		{"$20.00/mo", "USD", ""},
		{"20,00 €/month", "EUR", ""},
		{"¤ 12", "USD", ""},
		{"12 apples", "USD", ""},
		{"XXX 12", "USD", ""},
		{"usd 12", "EUR", ""},
		{"Free", "USD", ""},
	} {
		if got := currencyOfPrice(test.price, test.home); got != test.want {
			t.Errorf("%q at home in %s: %q; want %q", test.price, test.home, got, test.want)
		}
	}
}

func TestAMarketFollowsFromTheCountryElseFromTheCurrency(t *testing.T) {
	for _, test := range []struct{ country, currency, wantCountry, wantCurrency string }{
		{"", "", "US", "USD"},
		{"DE", "", "DE", "EUR"},
		{"gb", "USD", "GB", "GBP"},
		{"", "JPY", "JP", "JPY"},
		{"", "eur", "DE", "EUR"},
		{"", "CHF", "CH", "CHF"},
		{"", "XAF", "US", "USD"},
		{"ZZ", "GBP", "GB", "GBP"},
		{"nonsense", "nonsense", "US", "USD"},
		{"\x00", "€", "US", "USD"},
	} {
		got := marketOf(PriceQuery{Country: test.country, Currency: test.currency})
		if got != (market{test.wantCountry, test.wantCurrency}) {
			t.Errorf("%q %q: %+v; want %s %s", test.country, test.currency, got, test.wantCountry, test.wantCurrency)
		}
	}
}
