package resolvers

import "testing"

func TestMoneyIsWrittenAsTheLanguageAndTheCurrencyDo(t *testing.T) {
	m := newMessages()
	for _, test := range []struct {
		money  money
		en, es string
	}{
		{money{900, "EUR"}, "€9.00", "9,00\u00a0€"},
		{money{5, "EUR"}, "€0.05", "0,05\u00a0€"},
		{money{123_456_789, "USD"}, "$1,234,567.89", "1.234.567,89\u00a0US$"},
		{money{-2_550, "EUR"}, "−€25.50", "−25,50\u00a0€"},
		{money{1_500, "JPY"}, "¥1,500", "1.500\u00a0JPY"},
		{money{15_000, "JPY"}, "¥15,000", "15.000\u00a0JPY"},
		{money{1_234_567, "KWD"}, "KWD\u00a01,234.567", "1.234,567\u00a0KWD"},
		{money{1_990, "CHF"}, "CHF\u00a019.90", "19,90\u00a0CHF"},
		// Programs that follow Unicode write no decimals here, and would show a hundredfold.
		{money{1_990, "ALL"}, "ALL\u00a019.90", "19,90\u00a0ALL"},
		{money{1 << 53, "EUR"}, "€90,071,992,547,409.92", "90.071.992.547.409,92\u00a0€"},
		{money{900, "???"}, "???9.00", "9,00\u00a0???"},
	} {
		if got := m[english].writeMoney(test.money); got != test.en {
			t.Errorf("%v in English: %q, want %q", test.money, got, test.en)
		}
		if got := m[spanish].writeMoney(test.money); got != test.es {
			t.Errorf("%v in Spanish: %q, want %q", test.money, got, test.es)
		}
	}
}
