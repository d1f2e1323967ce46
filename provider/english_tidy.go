package provider

import (
	"regexp"
	"strings"
	"unicode"
)

// tidier mends what is usually wrong in imported English.
type tidier struct {
	// misspelt are words that are often spelt wrong, in small letters, with what they should be.
	misspelt map[string]string

	// thick is "think" where only "thick" makes sense.
	thick *regexp.Regexp

	// bare is a single thing without an article after "with", "in" or "and": the preposition, the phrase, what follows.
	bare *regexp.Regexp

	// looseMark is a punctuation mark after a space, with those after it.
	looseMark *regexp.Regexp

	// doubleStop is a full stop after one that belongs to an abbreviation.
	doubleStop *regexp.Regexp
}

func newTidier() *tidier {
	return &tidier{
		misspelt: map[string]string{
			"womens": "women's", "womans": "women's", "mens": "men's", "mans": "men's", "childrens": "children's",
			"storeage": "storage", "kalidoscope": "kaleidoscope", "chestpocket": "chest pocket", "accomodate": "accommodate",
			"seperate": "separate", "recieve": "receive", "definately": "definitely", "stainles": "stainless",
			"accesories": "accessories", "accessoires": "accessories", "matress": "mattress",
		},
		thick: regexp.MustCompile(`\bthink (cuffs|fabric|wool|soles?|lining|hem|knit)\b`),
		bare: regexp.MustCompile(`\b(with|in|and) ((?:[a-z-]+ ){0,3}?(?:base|collar|hem|handle|lid|jar|pocket|belt|buckle|hood|zip|` +
			`frame|letter|finish|pattern|cover|case|lining|skirt|strap|screen))(,|;|$| and\b| for\b| with\b| in\b| on\b| of\b| that\b| to\b| inside\b)`),
		looseMark:  regexp.MustCompile(`\s+([,.;:!?])[,.;:!?\s]*(\s|$)`),
		doubleStop: regexp.MustCompile(`([^.])[.]{2}(\s|$)`),
	}
}

// sentence mends spelling and missing articles.
func (t *tidier) sentence(sentence string) string {
	words := strings.Fields(sentence)
	for i, w := range words {
		bare := strings.Trim(w, ".,;:!")
		better, wrong := t.misspelt[strings.ToLower(bare)]
		if !wrong {
			continue
		}
		if unicode.IsUpper([]rune(bare)[0]) {
			better = upperFirst(better)
		}
		words[i] = strings.Replace(w, bare, better, 1)
	}
	sentence = t.thick.ReplaceAllString(strings.Join(words, " "), "thick $1")
	text := strings.TrimRight(sentence, ".!?")
	return t.withArticles(text) + sentence[len(text):]
}

// withArticles puts "a" or "an" into each phrase that bare finds, unless it has a determiner or goes on to another one.
func (t *tidier) withArticles(text string) string {
	var written strings.Builder
	for {
		found := t.bare.FindStringSubmatchIndex(text)
		if found == nil {
			written.WriteString(text)
			return written.String()
		}
		phraseBegins, phraseEnds := found[4], found[5]
		phrase := text[phraseBegins:phraseEnds]
		written.WriteString(text[:phraseBegins])
		if isBare(phrase) {
			written.WriteString(article(phrase) + " ")
		}
		written.WriteString(phrase)
		text = text[phraseEnds:]
	}
}

// isBare says whether a noun phrase has neither a determiner nor a preposition.
func isBare(phrase string) bool {
	for w := range strings.FieldsSeq(phrase) {
		if inList(w, " a an the no one its this each every two with and in of on ") {
			return false
		}
	}
	return true
}

// marks removes spaces before punctuation marks, and marks that follow one so.
func (t *tidier) marks(text string) string { return t.looseMark.ReplaceAllString(text, "$1$2") }

// stops leaves one full stop where a sentence ends with an abbreviation.
func (t *tidier) stops(text string) string { return t.doubleStop.ReplaceAllString(text, "$1.$2") }
