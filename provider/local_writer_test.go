package provider

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func localText(t *testing.T, request TextRequest) string {
	t.Helper()
	text, err := NewLocalWriter(0).WriteText(t.Context(), request, ignore)
	if err != nil {
		t.Fatal(err)
	}
	if text.Provider != "local" || text.Usage != nil {
		t.Errorf("text = %+v", text)
	}
	return text.Text
}

// attributes are names and values in turn.
func attributes(namesAndValues ...string) []Attribute {
	var made []Attribute
	for i := 0; i < len(namesAndValues); i += 2 {
		made = append(made, Attribute{namesAndValues[i], namesAndValues[i+1]})
	}
	return made
}

func TestShortDescriptionsReadAsReviewed(t *testing.T) {
	cases := []struct {
		product Product
		en, es  string
	}{
		{
			Product{Name: "Trailblazer"},
			"The Trailblazer is part of our range.",
			"Trailblazer forma parte de nuestra gama.",
		},
		{
			Product{Name: "Trail Mug"},
			"The Trail Mug is part of our range of mugs.",
			"Trail Mug es una taza.",
		},
		{
			Product{
				Name: "River Stone Shirt", Brand: "Norlund", Tags: []string{"men"},
				Description: "Grey flannel shirt with a narrow collar, two chest pockets and long sleeves. Perfect for cool evenings.",
			},
			"The River Stone Shirt by Norlund is a grey flannel shirt with a narrow collar, two chest pockets and long sleeves. It is perfect for cool evenings. It belongs to our range for men.",
			"River Stone Shirt, de Norlund, es una camisa de franela de color gris para hombre con cuello estrecho, bolsillos en el pecho y mangas largas.",
		},
		{
			Product{
				Name: "Garden Bench", Brand: "Oak & Son", Category: "Outdoor", Description: "Wooden garden bench with oak base",
				Attributes: attributes("Size", "Small", "Size", "Large"),
			},
			"From Oak & Son: a wooden garden bench with an oak base. Choose from the sizes Small and Large. It belongs to our Outdoor range.",
			"Garden Bench, de Oak & Son, es un banco de jardín de madera con base de roble. Se puede elegir entre los tamaños pequeño y grande. Forma parte de nuestra gama de exterior.",
		},
		{
			Product{
				Name: "Merino Socks", Brand: "Norlund", Category: "Clothing > Socks",
				Attributes: attributes("Size", "Small", "Size", "Medium", "Color", "Grey", "Material", "Wool"),
			},
			"The Merino Socks by Norlund are grey wool socks. Available sizes: Small and Medium. Part of our Socks range.",
			"Merino Socks, de Norlund: unos calcetines de lana de color gris. Se puede elegir entre las tallas S y M. Forman parte de nuestra gama de calcetines.",
		},
		{
			Product{
				Name: "Lámpara de pie de cobre", Brand: "Luz del Sur",
				Description: "Lámpara de pie con base de cobre y luz cálida. La altura se puede ajustar.",
			},
			"Lámpara de pie de cobre by Luz del Sur is a copper floor lamp.",
			"Lámpara de pie de cobre, de Luz del Sur: lámpara de pie con base de cobre y luz cálida. La altura se puede ajustar.",
		},
	}
	for _, c := range cases {
		t.Run(c.product.Name, func(t *testing.T) {
			if got := localText(t, TextRequest{Product: c.product, Kind: ShortDescription}); got != c.en {
				t.Errorf("en:\n got %s\nwant %s", got, c.en)
			}
			if got := localText(t, TextRequest{Product: c.product, Kind: ShortDescription, Language: "es-ES"}); got != c.es {
				t.Errorf("es:\n got %s\nwant %s", got, c.es)
			}
		})
	}
}

func richProduct() Product {
	return Product{
		Name: "Alpine Jacket", SKU: "ALP-7", Brand: "Norlund", Category: "Clothing > Jackets", Tags: []string{"women", "Winter"},
		Description: "Womens waterproof jacket with a fleece lining and zip pockets. Adjustable hood. Perfect for cold days.",
		Attributes:  attributes("Size", "Small", "Size", "Medium", "Color", "Navy", "Care", "Machine wash cold", "Title", "Default Title"),
		Price:       &Money{AmountMinor: 12900, Currency: "EUR"},
	}
}

func TestALongDescriptionHasSectionsOfWhatIsKnown(t *testing.T) {
	facts := []Fact{
		{Statement: "A jacket is a garment for the upper body", Provider: "wikipedia"},
		{Statement: "Una chaqueta es una prenda con mangas para el torso.", Provider: "wikipedia"},
	}
	en := localText(t, TextRequest{Product: richProduct(), Kind: LongDescription, Facts: facts})
	for _, want := range []string{
		"The Alpine Jacket by Norlund is a women's waterproof jacket with a fleece lining and zip pockets. It has an adjustable hood. It is perfect for cold days.",
		"- Zip pockets\n", "- Adjustable hood", "- **Brand:** Norlund\n- **Category:** Jackets\n", "**Sizes:** Small, Medium", "**Color:** Navy",
		"**Item number:** ALP-7", "## Care\n\nMachine wash cold.", "According to Wikipedia, a jacket is a garment for the upper body.",
	} {
		if !strings.Contains(en, want) {
			t.Errorf("en lacks %q:\n%s", want, en)
		}
	}
	es := localText(t, TextRequest{Product: richProduct(), Kind: LongDescription, Language: "es", Facts: facts})
	for _, want := range []string{
		"una chaqueta impermeable de color azul marino para mujer con forro polar, bolsillos con cremallera y capucha ajustable",
		"- Bolsillos con cremallera\n", "**Marca:** Norlund\n- **Categoría:** Chaquetas\n", "**Tallas:** S, M", "**Color:** Azul marino",
		"**Referencia:** ALP-7", "## Cuidados\n\nLavar a máquina en frío.", "Según Wikipedia, una chaqueta es una prenda con mangas para el torso.",
	} {
		if !strings.Contains(es, want) {
			t.Errorf("es lacks %q:\n%s", want, es)
		}
	}
	for _, text := range []string{en, es} {
		if strings.Contains(text, "129") || strings.Contains(text, "Default Title") {
			t.Errorf("the text quotes a price or a placeholder:\n%s", text)
		}
	}
	if strings.Contains(en, "chaqueta") || strings.Contains(es, "garment") {
		t.Error("a fact in another language was used")
	}
}

func TestTheSameProductReadsAlwaysAlikeAndDifferentOnesDiffer(t *testing.T) {
	openings := map[string]bool{}
	for _, name := range []string{"Elm Table", "Ash Table", "Fir Table", "Yew Table", "Larch Table", "Beech Table", "Maple Table", "Walnut Table"} {
		request := TextRequest{
			Kind:    LongDescription,
			Product: Product{Name: name, Brand: "Sawmill", Category: "Indoor", Description: "Round " + strings.ToLower(name)},
		}
		text := localText(t, request)
		if again := localText(t, request); again != text {
			t.Errorf("%s reads differently the second time", name)
		}
		openings[strings.ReplaceAll(strings.ReplaceAll(text, name, "X"), strings.ToLower(name), "x")] = true
	}
	if len(openings) < 4 {
		t.Errorf("eight products read in only %d ways", len(openings))
	}
}

func TestMaterialsThatAreDeniedAreNotClaimed(t *testing.T) {
	product := Product{Name: "Faux Leather Bag", Description: "A faux leather bag without a zip and with a wood effect handle."}
	for _, lang := range []string{"en", "es"} {
		text := localText(t, TextRequest{Product: product, Kind: LongDescription, Language: lang})
		for _, wrong := range []string{"Material:", "de cuero", "de madera", "con cremallera"} {
			if strings.Contains(text, wrong) {
				t.Errorf("%s claims %q:\n%s", lang, wrong, text)
			}
		}
	}
}

func TestTheToneIsHeard(t *testing.T) {
	product := richProduct()
	texts := map[string]string{}
	for _, tone := range []string{"", "friendly", "playful", "cercano", "profesional"} {
		for _, lang := range []string{"en", "es"} {
			texts[tone+lang] = localText(t, TextRequest{Product: product, Kind: ShortDescription, Tone: tone, Language: lang})
		}
	}
	if texts["friendlyen"] == texts["en"] || texts["playfulen"] == texts["friendlyen"] || texts["cercanoes"] == texts["es"] {
		t.Errorf("tones read alike: %q", texts)
	}
	if !strings.Contains(texts["friendlyen"], "It's perfect") || strings.Contains(texts["profesionalen"], "It's") {
		t.Errorf("contractions: %q", texts)
	}
}

func TestAnOutlineIsFollowed(t *testing.T) {
	request := TextRequest{Kind: LongDescription, Product: richProduct(), Outline: strings.Join([]string{
		"## Specifications", "## Why we like it", "{{.Name}} by {{ .Brand }}, in {{.colour}}.", "Weighs {{.Weight}}.", "## Warranty", "## Care",
	}, "\n")}
	got := localText(t, request)
	var headings []string
	for line := range strings.Lines(got) {
		if strings.HasPrefix(line, "## ") {
			headings = append(headings, strings.TrimSpace(line[3:]))
		}
	}
	if strings.Join(headings, "|") != "Specifications|Why we like it|Care" {
		t.Errorf("headings = %q", headings)
	}
	if !strings.Contains(got, "Alpine Jacket by Norlund, in Navy.") || strings.Contains(got, "Weighs") || strings.Contains(got, "{{") {
		t.Errorf("got:\n%s", got)
	}

	request.Kind, request.Outline = ShortDescription, "{{.Name}} by {{.Brand}}: made for winter."
	if got = localText(t, request); !strings.HasPrefix(got, "Alpine Jacket by Norlund: made for winter. ") {
		t.Errorf("short: %s", got)
	}

	request.Kind, request.Outline = LongDescription, "## Warranty\nTwo years.\n## Shipping"
	if got = localText(t, request); got != "## Warranty\n\nTwo years." {
		t.Errorf("own lines alone: %s", got)
	}
	request.Outline = "## Care"
	if got = localText(t, request); !strings.HasPrefix(got, "The Alpine Jacket by Norlund is") || !strings.HasSuffix(got, "## Care\n\nMachine wash cold.") {
		t.Errorf("no place for the overview: %s", got)
	}
}

func TestOtherLanguagesAreRefused(t *testing.T) {
	for _, lang := range []string{"de", "fr-FR", "eng", "nonsense"} {
		_, err := NewLocalWriter(0).WriteText(t.Context(), TextRequest{Product: Product{Name: "Mug"}, Language: lang}, ignore)
		if KindOf(err) != Refused || !strings.Contains(err.Error(), "en and es") {
			t.Errorf("%s: err = %v", lang, err)
		}
	}
}

func TestTheTextIsEmittedSentenceBySentenceAtItsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var emitted []string
		text, err := NewLocalWriter(100*time.Millisecond).WriteText(t.Context(), TextRequest{Product: richProduct(), Kind: LongDescription},
			func(soFar string) { emitted = append(emitted, soFar) })
		if err != nil || len(emitted) < 10 || emitted[len(emitted)-1] != text.Text {
			t.Fatalf("emitted %d, %v", len(emitted), err)
		}
		for i, soFar := range emitted {
			if !strings.HasPrefix(text.Text, soFar) || i > 0 && len(soFar) < len(emitted[i-1]) {
				t.Errorf("emitted %q after %q", soFar, emitted[max(i-1, 0)])
			}
		}
		if took := time.Since(begun); took != time.Duration(len(emitted)-1)*100*time.Millisecond {
			t.Errorf("took %s", took)
		}
	})
}

func TestALocalTextStopsWhenNobodyWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := NewLocalWriter(400*time.Millisecond).WriteText(ctx, TextRequest{Product: richProduct(), Kind: LongDescription}, ignore)
		if KindOf(err) != TimedOut {
			t.Errorf("err = %v", err)
		}
	})
}

func TestAnyProductGivesASafeWholeText(t *testing.T) {
	writer := NewLocalWriter(0)
	word := rapid.SampledFrom([]string{
		"Red", "wool", "shirt", "with", "and", "a", "pockets", "is", "Perfect for", ",", ".", "<script>alert(1)</script>", "\xff", "\u202e", "{{.Name}}",
		"no", "mesa", "de", "con", "LED", "5", "%", "-", "\n", "&lt;b&gt;", "javascript:x", "It", "can", "watering", "(", "“", "é",
	})
	phrase := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(word, 0, 30).Draw(t, "words"), " ") })
	rapid.Check(t, func(t *rapid.T) {
		request := TextRequest{
			Kind:     rapid.SampledFrom([]TextKind{ShortDescription, LongDescription}).Draw(t, "kind"),
			Language: rapid.SampledFrom([]string{"en", "es"}).Draw(t, "language"),
			Tone:     rapid.SampledFrom([]string{"", "friendly", "playful"}).Draw(t, "tone"),
			Outline:  rapid.SampledFrom([]string{"", "## {{.Brand}}\n## Features", "{{.Name}}"}).Draw(t, "outline"),
			Product: Product{
				Name: phrase.Draw(t, "name"), Brand: phrase.Draw(t, "brand"), Category: phrase.Draw(t, "category"),
				Description: phrase.Draw(t, "description"), Tags: []string{phrase.Draw(t, "tag")},
				Attributes: []Attribute{{phrase.Draw(t, "attribute"), phrase.Draw(t, "value")}, {"Size", "S"}, {"Size", "M"}},
			},
		}
		text, err := writer.WriteText(context.Background(), request, ignore)
		if err != nil {
			t.Fatal(err)
		}
		if err := wholeAndSafe(text.Text, request.Kind); err != nil {
			t.Errorf("%+v:\n%s\n%v", request, text.Text, err)
		}
	})
}

// wholeAndSafe checks what holds for every text of the local writer.
func wholeAndSafe(text string, kind TextKind) error {
	switch {
	case text == "":
		return errors.New("empty")
	case !utf8.ValidString(text), strings.ContainsAny(text, "\x00\u202e"):
		return errors.New("broken characters")
	case strings.Contains(text, "<script"), strings.Contains(text, "<b>"), strings.Contains(text, "javascript:"):
		return errors.New("active")
	case strings.HasSuffix(text, ".."), strings.Contains(text, ".. "):
		return errors.New("two full stops")
	case strings.Contains(text, "  "), strings.Contains(text, " ."), strings.Contains(text, " ,"):
		return errors.New("stray spaces")
	case kind == ShortDescription && (utf8.RuneCountInString(text) > MaxShortRunes || strings.Contains(text, "\n")):
		return errors.New("too long")
	case kind == ShortDescription && !endsWithAny(text, ".", "!", "?", "…"):
		return errors.New("no whole sentence")
	}
	return nil
}
