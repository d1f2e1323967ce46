package provider

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestAQueryIsNameAndBrandAndForShortNamesTheCategory(t *testing.T) {
	for _, test := range []struct {
		product Product
		want    string
	}{
		{Product{Name: "Cast Iron Skillet 26 cm", Brand: "Lodge"}, "Cast Iron Skillet 26 cm Lodge"},
		{Product{Name: "Lodge Cast Iron Skillet", Brand: "LODGE"}, "Lodge Cast Iron Skillet"},
		{Product{Name: "Lodgepole Chair Set", Brand: "Lodge"}, "Lodgepole Chair Set Lodge"},
		{Product{Name: "Ocean", Category: "Home > Bedding > Duvet Covers"}, "Ocean Duvet Covers"},
		{Product{Name: "Ocean", Brand: "Acme", Category: "Duvet Covers"}, "Ocean Acme Duvet Covers"},
		{Product{Name: "Ocean Blue Duvet", Category: "Bedding"}, "Ocean Blue Duvet"},
		{Product{Name: "Covers", Category: "Bedding > covers"}, "Covers"},
		{Product{Name: "  <b>Tea</b>\u0000 &amp; Co\nKettle ", Brand: "\x07"}, "Tea & Co Kettle"},
		{Product{Name: `15" Sleeve -site:evil.example (new) OR "x" +y *`}, "15 Sleeve site evil.example new x y"},
		{Product{Name: "C++ T-Shirt"}, "C++ T-Shirt"},
		{Product{Name: "\"*\" \u202e", Brand: "Acme", Category: "Toys"}, ""},
		{Product{}, ""},
	} {
		if got := queryOf(newCleaner(), test.product); got != test.want {
			t.Errorf("%+v: %q; want %q", test.product, got, test.want)
		}
	}
}

func TestAQueryIsBoundedAndClean(t *testing.T) {
	for _, name := range []string{
		strings.Repeat("日本", 300), strings.Repeat("word ", 300), "a " + strings.Repeat("b", 300), "broken \xff\xfe bytes",
		strings.Repeat("\x01", 50) + "bell",
	} {
		got := queryOf(newCleaner(), Product{Name: name, Brand: "Brand"})
		if got == "" || utf8.RuneCountInString(got) > maxQueryRunes {
			t.Errorf("query of %d characters: %q", utf8.RuneCountInString(got), got)
		}
		if !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("query is not clean: %q", got)
		}
	}
}
