package provider

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// word is an entry of the lexicon, in both languages.
type word struct {
	en       string
	enPlural string

	// es is the Spanish form: of a noun the singular (the plural if plural is set), of an adjective the masculine.
	es         string
	esFeminine string

	feminine bool
	plural   bool

	// fixed adjectives never change in Spanish; close ones stand right after the noun.
	fixed bool
	close bool

	// mass nouns take no article in Spanish.
	mass bool

	// needy parts say something only with an adjective or a material.
	needy bool

	// worn is set for clothes, shoes and the like.
	worn bool
}

// in is the noun's singular as the title of a wiki's page.
func (w *word) in(wiki string) string {
	switch {
	case wiki == "es":
		return w.es
	case w.plural:
		return strings.TrimSuffix(w.en, "s")
	}
	return w.en
}

// spanish is the adjective's or colour's form for a noun.
func (w *word) spanish(feminine, plural bool) string {
	form := w.es
	if feminine && w.esFeminine != "" {
		form = w.esFeminine
	}
	if plural && !w.fixed {
		return spanishPlural(form)
	}
	return form
}

// index finds words by their forms.
type index struct {
	en map[string]*word
	es map[string]*word
}

// lexicon knows the words that products are made of. It is read-only once made.
type lexicon struct {
	kinds      index
	parts      index
	colours    index
	materials  index
	adjectives index
	places     index
	attributes index
	values     index
	audiences  index
}

func newLexicon() *lexicon {
	kinds := newIndex(clothingTable)
	for _, kind := range kinds.en {
		kind.worn = true
	}
	things := newIndex(thingsTable)
	maps.Copy(kinds.en, things.en)
	maps.Copy(kinds.es, things.es)
	return &lexicon{
		kinds:      kinds,
		parts:      newIndex(partsTable),
		colours:    newIndex(colourTable),
		materials:  newIndex(materialTable),
		adjectives: newIndex(adjectiveTable),
		places:     newIndex(placeTable),
		attributes: newIndex(attributeTable),
		values:     newIndex(valueTable),
		audiences:  newIndex(audienceTable),
	}
}

// newIndex reads a table; see lexicon_tables.go for its form.
func newIndex(table string) index {
	i := index{en: map[string]*word{}, es: map[string]*word{}}
	for line := range strings.Lines(table) {
		english, spanish, ok := strings.Cut(strings.TrimSpace(line), " | ")
		if !ok {
			continue
		}
		forms := strings.Split(english, ", ")
		w := &word{en: forms[0]}
		w.readSpanish(spanish)
		w.enPlural = w.en
		if !w.plural {
			w.enPlural = englishPlural(w.en)
		}
		for _, form := range forms {
			i.en[form] = w
			i.en[englishPlural(form)] = w
		}
		for _, feminine := range []bool{false, true} {
			i.es[w.spanish(feminine, false)] = w
			i.es[w.spanish(feminine, true)] = w
		}
	}
	return i
}

// readSpanish reads the right side of a table's line.
func (w *word) readSpanish(spanish string) {
	if strings.HasPrefix(spanish, "=") || strings.HasPrefix(spanish, "+") {
		w.es, w.fixed, w.close = strings.ReplaceAll(spanish[1:], "_", " "), true, spanish[0] == '+'
		return
	}
	fields := strings.Fields(spanish)
	if marks := nounMarks(fields); marks > 0 {
		for _, mark := range fields[len(fields)-marks:] {
			w.feminine = w.feminine || mark == "f"
			w.plural = w.plural || mark == "pl"
			w.needy = w.needy || mark == "!"
			w.mass = w.mass || mark == "mass"
		}
		w.es = strings.Join(fields[:len(fields)-marks], " ")
		return
	}
	w.es = spanish
	if len(fields) == 2 && strings.HasSuffix(fields[1], "a") && strings.HasSuffix(fields[0], "o") {
		w.es, w.esFeminine = fields[0], fields[1]
	}
}

// nounMarks counts the marks (f, m, pl, mass, !) at the end of a noun's line.
func nounMarks(fields []string) int {
	marks := 0
	for _, field := range slices.Backward(fields) {
		if !inList(field, "f m pl mass !") {
			break
		}
		marks++
	}
	return marks
}

// forms are the index's words by their forms in a language.
func (i index) forms(lang string) map[string]*word {
	if lang == "es" {
		return i.es
	}
	return i.en
}

// exact is the word whose form the whole text is, in either language; nil when there is none.
func (i index) exact(text string) *word {
	text = strings.ToLower(strings.TrimSpace(text))
	if w := i.en[text]; w != nil {
		return w
	}
	return i.es[text]
}

// longest is the word whose form begins at tokens[at], and how many tokens it takes; nil when there is none.
func (i index) longest(lang string, tokens []string, at int) (*word, int) {
	const mostWords = 4
	forms := i.forms(lang)
	for n := min(mostWords, len(tokens)-at); n > 0; n-- {
		if w := forms[strings.Join(tokens[at:at+n], " ")]; w != nil {
			return w, n
		}
	}
	return nil, 0
}

// last is the last word found in the tokens, and where it begins and ends.
func (i index) last(lang string, tokens []string) (found *word, from, to int) {
	for at := 0; at < len(tokens); at++ {
		if w, n := i.longest(lang, tokens, at); w != nil {
			found, from, to = w, at, at+n
			at += n - 1
		}
	}
	return found, from, to
}

// kindOf is what kind of thing a product is, by its name, else its category; nil when the lexicon doesn't know.
func (l *lexicon) kindOf(product Product) *word {
	for _, text := range []string{product.Name, lastSegment(product.Category)} {
		for _, lang := range []string{"en", "es"} {
			if kind, _, _ := l.kinds.last(lang, tokensOf(text)); kind != nil {
				return kind
			}
		}
	}
	return nil
}

// tokensOf are a text's words in lower case; punctuation that separates becomes a token "," of its own.
func tokensOf(text string) []string {
	text = strings.ReplaceAll(strings.ToLower(text), "’", "'")
	var tokens []string
	for _, field := range strings.Fields(text) {
		bare := strings.TrimFunc(field, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && r != '%' })
		if bare != "" {
			tokens = append(tokens, bare)
		}
		if strings.ContainsAny(field[len(field)-1:], ",;:.!?)") {
			tokens = append(tokens, ",")
		}
	}
	return tokens
}

// lastSegment is the most particular part of a category's path, such as "Sofas" in "Home > Furniture > Sofas".
func lastSegment(category string) string {
	segments := strings.FieldsFunc(category, func(r rune) bool { return r == '>' || r == '/' || r == '|' || r == '›' })
	for _, segment := range slices.Backward(segments) {
		if segment = strings.TrimSpace(segment); segment != "" {
			return segment
		}
	}
	return ""
}

// englishPlural is the regular plural of a noun's last word.
func englishPlural(noun string) string {
	switch {
	case strings.HasSuffix(noun, "shelf"), strings.HasSuffix(noun, "scarf"), strings.HasSuffix(noun, "knife"):
		return strings.TrimSuffix(strings.TrimSuffix(noun, "e"), "f") + "ves"
	case endsWithAny(noun, "s", "x", "z", "ch", "sh"):
		return noun + "es"
	case strings.HasSuffix(noun, "y") && !endsWithAny(noun, "ay", "ey", "oy", "uy"):
		return strings.TrimSuffix(noun, "y") + "ies"
	}
	return noun + "s"
}

// spanishPlural is the regular plural of a phrase's first word; what follows it, such as "de noche", stays.
func spanishPlural(phrase string) string {
	first, rest, more := strings.Cut(phrase, " ")
	switch {
	case endsWithAny(first, "a", "e", "i", "o", "u", "é", "á", "ó"):
		first += "s"
	case strings.HasSuffix(first, "z"):
		first = strings.TrimSuffix(first, "z") + "ces"
	case strings.HasSuffix(first, "ón"):
		first = strings.TrimSuffix(first, "ón") + "ones"
	case strings.HasSuffix(first, "án"):
		first = strings.TrimSuffix(first, "án") + "anes"
	case !endsWithAny(first, "s", "x"):
		first += "es"
	}
	if more {
		return first + " " + rest
	}
	return first
}

// endsWithAny says whether s ends with one of the suffixes.
func endsWithAny(s string, suffixes ...string) bool {
	return slices.ContainsFunc(suffixes, func(suffix string) bool { return strings.HasSuffix(s, suffix) })
}
