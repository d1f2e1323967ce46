package provider

import "testing"

func TestImportedEnglishIsMended(t *testing.T) {
	cases := map[string]string{
		"Womens coat with hood.":                             "Women's coat with a hood.",
		"Sofa with wooden base and soft cover":               "Sofa with a wooden base and a soft cover",
		"Suit with marbled aquatic pattern and dark lining.": "Suit with a marbled aquatic pattern and a dark lining.",
		"Coat with a fleece lining and zip pockets.":         "Coat with a fleece lining and zip pockets.",
		"Top with no collar, the belt in leather":            "Top with no collar, the belt in leather",
		"Knitted with think cuffs; think of autumn":          "Knitted with thick cuffs; think of autumn",
		"Men's jacket with chestpocket for easy storeage!":   "Men's jacket with a chest pocket for easy storage!",
		"Candle in jar":        "Candle in a jar",
		"Jacket with LED belt": "Jacket with LED belt",
		"Storeage box":         "Storage box",
	}
	for raw, want := range cases {
		if got := newTidier().sentence(raw); got != want {
			t.Errorf("%q became %q; want %q", raw, got, want)
		}
	}
}

func TestSentencesAreToldApart(t *testing.T) {
	cases := map[string][]string{
		"One. Two! Three? four":           {"One.", "Two!", "Three? four"},
		"It is approx. 5 cm wide. Heavy.": {"It is approx. 5 cm wide.", "Heavy."},
		"Made by J. Smith. Size 9.5 fits": {"Made by J. Smith.", "Size 9.5 fits"},
		"First line\nSecond line":         {"First line", "Second line"},
		" \n ":                            nil,
	}
	for text, want := range cases {
		got := splitSentences(text)
		if len(got) != len(want) {
			t.Errorf("%q: %q", text, got)
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%q: %q", text, got)
			}
		}
	}
}

func TestSpanishPluralsAndListsFollowTheRules(t *testing.T) {
	plurals := map[string]string{
		"camisa": "camisas", "bolsillo con cremallera": "bolsillos con cremallera", "sillón": "sillones", "sofá": "sofás",
		"azul claro": "azules claro", "tapiz": "tapices", "cinturón": "cinturones", "altavoz": "altavoces", "collar": "collares",
	}
	for one, many := range plurals {
		if got := spanishPlural(one); got != many {
			t.Errorf("spanishPlural(%q) = %q; want %q", one, got, many)
		}
	}
	if got := listedInSpanish([]string{"elegante", "informal"}); got != "elegante e informal" {
		t.Errorf("got %q", got)
	}
	if got := listedInSpanish([]string{"cobre", "hierro"}); got != "cobre y hierro" {
		t.Errorf("got %q", got)
	}
}
