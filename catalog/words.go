package catalog

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold splits a text into the words that a search compares: letters and digits, lower case, without accents, so that
// "CAFÉ-Crème" is cafe, creme.
func fold(text string) []string {
	var folded strings.Builder
	for _, r := range norm.NFKD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r), unicode.IsDigit(r):
			folded.WriteRune(unicode.ToLower(r))
		default:
			folded.WriteByte(' ')
		}
	}
	return strings.Fields(folded.String())
}

// searchWords is what a search looks through: the words of the texts, each once, and each code (a SKU) also as one word,
// so that TS-100 is found by ts100.
func searchWords(texts []string, code string) string {
	seen := map[string]bool{}
	var words []string
	add := func(word string) {
		if word != "" && !seen[word] {
			seen[word] = true
			words = append(words, word)
		}
	}
	for _, text := range append(texts, code) {
		for _, word := range fold(text) {
			add(word)
		}
	}
	add(strings.Join(fold(code), ""))
	return strings.Join(words, " ")
}

// prefixQuery is the tsquery that wants every word as the beginning of one, or any of them. The words are folded:
// nothing in them needs escaping.
func prefixQuery(words []string, operator string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = "'" + word + "':*"
	}
	return strings.Join(quoted, operator)
}

const (
	allWords = " & "
	anyWord  = " | "
)

// deref is the text, empty for none.
func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
