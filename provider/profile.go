package provider

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	// maxProfileText bounds what is read of a description, in characters.
	maxProfileText = 6_000

	// maxProfileValue bounds a name or a value, in characters.
	maxProfileValue = 160

	// maxProfileAttributes bounds the attributes and the tags that are read.
	maxProfileAttributes = 200

	// maxSentences bounds how many sentences of a description are used.
	maxSentences = 12
)

// profile is what the local writer understood of a product. All text in it is clean.
type profile struct {
	// fullName is the product's name; name is the part of it that names the product in a sentence.
	fullName string
	name     string
	brand    string
	category string
	sku      string
	tags     []string

	// language is the product's own, as languageOf guesses it; English when nothing tells.
	language string

	// sentences are the merchant's own, as they were.
	sentences []string

	kind       *word
	audience   *word
	colours    []*word
	materials  []*word
	adjectives []*word
	parts      []part

	choices []choice
	care    string
}

// part is something that the product has, or is said to lack.
type part struct {
	noun      *word
	plural    bool
	lacking   bool
	modifiers modifiers
}

// modifiers are the known words that describe a noun.
type modifiers struct {
	colours    []*word
	materials  []*word
	adjectives []*word
}

// choice is an attribute with all of its values.
type choice struct {
	name   string
	values []string
}

// reader understands products.
type reader struct {
	lexicon *lexicon
	clean   *cleaner
	tidy    *tidier
	splice  *regexp.Regexp
}

func newReader() *reader {
	return &reader{
		lexicon: newLexicon(),
		clean:   newCleaner(),
		tidy:    newTidier(),

		// splice is where two sentences were run together: "casual top, This grey piece".
		splice: regexp.MustCompile(`,\s+(This|These|It|Its|Perfect|Ideal)\b`),
	}
}

// read understands a product.
func (r *reader) read(product Product) *profile {
	p := &profile{
		fullName: orElse(open(r.line(product.Name)), "Product"),
		brand:    r.line(product.Brand),
		category: lastSegment(r.line(product.Category)),
		sku:      r.line(product.SKU),
	}
	p.name = mainPart(p.fullName)
	for _, tag := range product.Tags[:min(len(product.Tags), maxProfileAttributes)] {
		p.tags = appendText(p.tags, r.line(tag))
	}
	p.tags = distinct(p.tags)
	r.readAttributes(p, product.Attributes)

	description := r.splice.ReplaceAllString(r.tidy.marks(r.clean.text(product.Description, maxProfileText)), ". $1")
	p.language = orElse(languageOf(description+" "+product.Name), "en")
	for _, sentence := range splitSentences(description) {
		if p.language == "en" {
			sentence = r.tidy.sentence(sentence)
		}
		if sentence = strings.TrimLeft(sentence, marks+".*•"); hasWords(sentence) && len(p.sentences) < maxSentences {
			p.sentences = append(p.sentences, sentence)
		}
	}

	r.readNoun(p)
	r.readParts(p)
	return p
}

// line reads a name or a value, without punctuation marks around it; empty if it is nothing else.
func (r *reader) line(raw string) string {
	line := strings.TrimLeft(strings.TrimRight(r.tidy.marks(r.clean.line(raw, maxProfileValue)), marks), marks+".")
	if !hasWords(line) {
		return ""
	}
	return line
}

// marks are punctuation marks and spaces that no name begins or ends with.
const marks = " ,;:!?|/-–"

// hasWords says whether a text has any letter or digit.
func hasWords(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

// mainPart is a long name without what sellers append to it: "Steel Bottle 750 ml, BPA free - Blue" is a steel bottle.
func mainPart(name string) string {
	const longName = 40
	if len([]rune(name)) <= longName {
		return name
	}
	end := len(name)
	for _, separator := range []string{" - ", " – ", " | ", ", ", " ("} {
		if at := strings.Index(name, separator); at > 0 {
			end = min(end, at)
		}
	}
	return name[:end]
}

// readAttributes groups attributes by name. What the lexicon knows as colour or material describes the product too.
func (r *reader) readAttributes(p *profile, attributes []Attribute) {
	for _, attribute := range attributes[:min(len(attributes), maxProfileAttributes)] {
		name, value := r.line(attribute.Name), r.line(attribute.Value)
		if name == "" || value == "" || isPlaceholder(attribute) {
			continue
		}
		if isCare(name) {
			p.care = orElse(p.care, value)
			continue
		}
		at := slices.IndexFunc(p.choices, func(c choice) bool { return strings.EqualFold(c.name, name) })
		if at < 0 {
			p.choices = append(p.choices, choice{name: name})
			at = len(p.choices) - 1
		}
		p.choices[at].values = distinct(append(p.choices[at].values, value))
	}
	for _, c := range p.choices {
		if len(c.values) != 1 {
			continue
		}
		if colour := r.lexicon.colours.exact(c.values[0]); colour != nil {
			p.colours = append(p.colours, colour)
		}
		if material := r.lexicon.materials.exact(c.values[0]); material != nil {
			p.materials = append(p.materials, material)
		}
	}
}

// isCare says whether an attribute tells how to look after the product.
func isCare(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "care") || strings.Contains(name, "wash") || strings.Contains(name, "cuidado") ||
		strings.Contains(name, "lavado")
}

// readNoun reads what the product is, from its name and from the noun phrase that its description begins with.
func (r *reader) readNoun(p *profile) {
	name := tokensOf(p.name)
	var phrase []string
	if len(p.sentences) > 0 {
		phrase = nounPhrase(tokensOf(p.sentences[0]))
	}
	p.kind = r.chooseKind(p, name, phrase)
	for _, tokens := range [][]string{name, phrase} {
		_, from, to := r.lexicon.kinds.last(p.language, tokens)
		found := r.modifiersIn(p.language, slices.Concat(tokens[:from], []string{","}, tokens[to:]), false)
		p.colours = append(p.colours, found.colours...)
		p.materials = append(p.materials, found.materials...)
		p.adjectives = append(p.adjectives, found.adjectives...)
	}
	p.materials = append(p.materials, r.modifiersIn(p.language, madeOf(p.sentences, len(phrase)), false).materials...)
	p.colours, p.materials, p.adjectives = particular(p.colours), particular(p.materials), particular(p.adjectives)
	if named := slices.IndexFunc(p.materials, func(m *word) bool { return inList(m.en, " oak pine bamboo ") }); named >= 0 {
		p.materials = slices.DeleteFunc(p.materials, func(m *word) bool { return m.en == "wood" })
	}
	if p.kind != nil && p.kind.worn { // a shirt of stone is one of the colour or of the name
		p.materials = slices.DeleteFunc(p.materials, func(m *word) bool {
			return inList(m.en, " wood oak pine bamboo metal steel iron copper brass glass ceramic clay porcelain stone marble cardboard paper ")
		})
	}
	if p.kind != nil {
		p.adjectives = slices.DeleteFunc(p.adjectives, func(a *word) bool { return p.kind.implies(a) })
		p.materials = slices.DeleteFunc(p.materials, func(m *word) bool { return p.kind.implies(m) })
	}
	everything := append(tokensOf(strings.Join(p.tags, " , ")), tokensOf(p.fullName+" , "+strings.Join(p.sentences, " , "))...)
	p.audience, _, _ = r.lexicon.audiences.last(p.language, everything)
}

// implies says whether a kind's name says what the modifier does: a garden table stands outdoors.
func (w *word) implies(modifier *word) bool {
	return strings.Contains(w.en, modifier.en) || strings.Contains(w.es, modifier.es) ||
		(modifier.en == "outdoor" && strings.Contains(w.en, "garden"))
}

// chooseKind takes the kind that the name ends with; the description's if that is the same thing said more precisely, or
// if the name has none; then the tags' and the category's.
func (r *reader) chooseKind(p *profile, name, phrase []string) *word {
	named, from, to := r.lexicon.kinds.last(p.language, name)
	described, dFrom, dTo := r.lexicon.kinds.last(p.language, phrase)
	switch {
	case named == nil && described != nil:
		return described
	case named != nil && described != nil && dTo-dFrom > to-from && phrase[dTo-1] == name[to-1]:
		return described
	case named != nil:
		return named
	}
	for _, text := range append(slices.Clone(p.tags), p.category) {
		if kind := r.lexicon.kinds.exact(text); kind != nil {
			return kind
		}
	}
	return nil
}

// nounPhrase is the beginning of a sentence up to what comes with the noun.
func nounPhrase(tokens []string) []string {
	end := slices.IndexFunc(tokens, func(token string) bool {
		return slices.Contains([]string{
			"with", "without", "in", "on", "down", "over", "inside", "for", "from", "of", "that", "which", "is", "are", "has",
			",", "tied", "con", "sin", "para",
		}, token)
	})
	if end < 0 {
		return tokens
	}
	return tokens[:end]
}

// madeOf are the tokens of the first sentence that say what the product is made of: those after "in" right behind its
// noun phrase ("a jumper in a soft wool blend").
func madeOf(sentences []string, phraseLength int) []string {
	if len(sentences) == 0 {
		return nil
	}
	tokens := tokensOf(sentences[0])[phraseLength:]
	if len(tokens) == 0 || tokens[0] != "in" {
		return nil
	}
	if end := slices.Index(tokens, "with"); end > 0 {
		return tokens[:end]
	}
	return tokens
}

// modifiersIn are the colours, materials and adjectives among the tokens, but for those that a neighbour takes back
// (faux leather, ripped effect). Those of a part may say where it is.
func (r *reader) modifiersIn(lang string, tokens []string, ofPart bool) modifiers {
	var found modifiers
	for at := 0; at < len(tokens); at++ {
		colour, nc := r.lexicon.colours.longest(lang, tokens, at)
		material, nm := r.lexicon.materials.longest(lang, tokens, at)
		adjective, na := r.lexicon.adjectives.longest(lang, tokens, at)
		if place, np := r.lexicon.places.longest(lang, tokens, at); ofPart && np > na {
			adjective, na = place, np
		}
		n := max(nc, nm, na)
		if n == 0 {
			continue
		}
		if !takenBack(tokens, at, at+n) {
			switch n {
			case nm:
				found.materials = append(found.materials, material)
			case nc:
				found.colours = append(found.colours, colour)
			default:
				found.adjectives = append(found.adjectives, adjective)
			}
		}
		at += n - 1
	}
	return found
}

// takenBack says whether a neighbour changes what tokens[from:to] means.
func takenBack(tokens []string, from, to int) bool {
	before := []string{"faux", "fake", "imitation", "artificial", "vegan", "no", "non", "not", "without", "sin", "imitación"}
	after := []string{"free", "like", "look", "effect", "style", "scent", "scented", "flavour", "flavor", "print"}
	return from > 0 && slices.Contains(before, tokens[from-1]) || to < len(tokens) && slices.Contains(after, tokens[to])
}

// particular drops repetitions, and words that another one contains: "blue" beside "ocean blue".
func particular(words []*word) []*word {
	var kept []*word
	for _, w := range words {
		covered := slices.ContainsFunc(words, func(other *word) bool {
			return other != w && strings.Contains(" "+other.en+" ", " "+w.en+" ")
		})
		if !covered && !slices.Contains(kept, w) {
			kept = append(kept, w)
		}
	}
	return kept
}
