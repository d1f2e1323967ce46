package provider

import "strings"

const (
	// maxQueryRunes bounds a search query, in characters: eBay takes 100, Openverse 200, Brave 400.
	maxQueryRunes = 100

	// fewWords is how many words of name and brand say too little without the category.
	fewWords = 2
)

// queryOf is what to search for to find a product: its name, its brand if the name doesn't say it, and the last part of
// its category ("Shirts" of "Clothing > Shirts") if that is still short. It is plain words: what search engines take for
// operators is dropped. Empty when the product has no name in words.
func queryOf(c *cleaner, product Product) string {
	words := wordsOf(c, product.Name)
	if len(words) == 0 {
		return ""
	}
	words = withNew(words, wordsOf(c, product.Brand))
	if len(words) <= fewWords {
		path := strings.Split(product.Category, ">")
		words = withNew(words, wordsOf(c, path[len(path)-1]))
	}
	return cutWords(words, maxQueryRunes)
}

// wordsOf splits foreign text into words without operators.
func wordsOf(c *cleaner, text string) []string {
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune("\"“”„«»()[]{}<>|*~^\\,;:!?=…", r) {
			return ' '
		}
		return r
	}, c.line(text, MaxLongRunes))
	var words []string
	for _, word := range strings.Fields(text) {
		if word = strings.TrimLeft(word, "+-@#."); word != "" && word != "AND" && word != "OR" && word != "NOT" {
			words = append(words, word)
		}
	}
	return words
}

// withNew appends more to words unless all of it is there already, whatever the case.
func withNew(words, more []string) []string {
	said := " " + strings.ToLower(strings.Join(words, " ")) + " "
	if strings.Contains(said, " "+strings.ToLower(strings.Join(more, " "))+" ") {
		return words
	}
	return append(words, more...)
}

// cutWords joins as many of the words as fit into limit characters; of a first word that doesn't, its beginning.
func cutWords(words []string, limit int) string {
	first := []rune(words[0])
	joined := string(first[:min(len(first), limit)])
	length := min(len(first), limit)
	for _, word := range words[1:] {
		length += 1 + len([]rune(word))
		if length > limit {
			break
		}
		joined += " " + word
	}
	return joined
}
