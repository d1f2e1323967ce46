package provider

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// splitSentences splits a text into sentences without the spaces around them. A full stop ends a sentence where a space
// and a capital, a digit or nothing follows, unless an abbreviation or an initial stands before it; so does a new line.
func splitSentences(text string) []string {
	var sentences []string
	for line := range strings.Lines(text) {
		runes := []rune(strings.TrimSpace(line))
		from := 0
		for i, r := range runes {
			if strings.ContainsRune(".!?", r) && endsSentence(runes, i) {
				sentences = appendText(sentences, string(runes[from:i+1]))
				from = i + 1
			}
		}
		sentences = appendText(sentences, string(runes[from:]))
	}
	return sentences
}

// endsSentence says whether the full stop (or other mark) at runes[at] ends a sentence.
func endsSentence(runes []rune, at int) bool {
	if at+1 >= len(runes) {
		return true
	}
	if !unicode.IsSpace(runes[at+1]) {
		return false
	}
	next := at + 1
	for next < len(runes) && unicode.IsSpace(runes[next]) {
		next++
	}
	if next < len(runes) && unicode.IsLower(runes[next]) {
		return false
	}
	from := at
	for from > 0 && !unicode.IsSpace(runes[from-1]) {
		from--
	}
	before := strings.ToLower(string(runes[from:at]))
	return runes[at] != '.' || !(isAbbreviation(before) || utf8.RuneCountInString(before) == 1)
}

// isAbbreviation says whether a full stop after the word is part of it.
func isAbbreviation(word string) bool {
	return slices.Contains([]string{
		"approx", "no", "nr", "dr", "mr", "mrs", "ms", "st", "vs", "e.g", "i.e", "max", "min", "incl", "etc", "aprox", "núm",
		"sr", "sra", "p.ej", "u.s", "ee.uu",
	}, word)
}

// appendText appends text without the spaces around it, unless nothing is left.
func appendText(to []string, text string) []string {
	if text = strings.TrimSpace(text); text == "" {
		return to
	}
	return append(to, text)
}

// closed ends a sentence with a full stop, unless it ends with a mark already.
func closed(sentence string) string {
	sentence = strings.TrimRight(strings.TrimSpace(sentence), ",;:-– ")
	if sentence == "" || endsWithAny(sentence, ".", "!", "?", "…") {
		return sentence
	}
	return sentence + "."
}

// open drops the marks at a sentence's end.
func open(sentence string) string {
	return strings.TrimRight(strings.TrimSpace(sentence), ".!?,;:… ")
}

// upperFirst makes the first letter a capital, unless the first word has capitals elsewhere (iPhone).
func upperFirst(s string) string {
	first, _, _ := strings.Cut(s, " ")
	if strings.IndexFunc(first, unicode.IsUpper) > 0 {
		return s
	}
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[size:]
}

// lowerFirst makes the first letter small, unless the first word has capitals elsewhere (LED) or is a letter alone.
func lowerFirst(s string) string {
	first, _, _ := strings.Cut(s, " ")
	r, size := utf8.DecodeRuneInString(first)
	if size == 0 || strings.IndexFunc(first[size:], unicode.IsUpper) >= 0 || (size == len(first) && first != "A") {
		return s
	}
	return string(unicode.ToLower(r)) + s[size:]
}

// listed joins items as a sentence does: "a, b and c".
func listed(items []string, and string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " " + and + " " + items[last]
}

// distinct drops items that came before, without regard to case.
func distinct(items []string) []string {
	var kept []string
	for _, item := range items {
		if !slices.ContainsFunc(kept, func(k string) bool { return strings.EqualFold(k, item) }) {
			kept = append(kept, item)
		}
	}
	return kept
}

// spoken joins the parts of a phrase that are not empty with single spaces.
func spoken(parts ...string) string {
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}

// languageOf guesses whether a text is English ("en"), Spanish ("es"), neither ("other") or too short to tell ("").
func languageOf(text string) string {
	votes := map[string]int{}
	for _, token := range tokensOf(text) {
		for lang, words := range map[string]string{
			"en":    " the with and for of is are in on to this it your you from has can by made our ",
			"es":    " el la los las con y para de del es son en un una este esta su tu por hecho hecha más ",
			"other": " le les et avec pour der die das und mit für ist il gli è per di um uma com não het een voor avec ",
		} {
			if strings.Contains(words, " "+token+" ") {
				votes[lang]++
			}
		}
	}
	best := ""
	for _, lang := range []string{"en", "es", "other"} {
		if votes[lang] > votes[best] {
			best = lang
		}
	}
	return best
}
