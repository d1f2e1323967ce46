package catalog

import (
	"slices"
	"strings"
	"unicode"
)

// From which likeness on, out of 0 to 1, an entry is shown for another product.
const (
	likenessOfImages = 0.3 // a rain jacket still shows what a jacket looks like
	likenessOfOffers = 0.8 // the price of a linen shirt is none of a cotton shirt
	likenessOfFacts  = 0.5
)

// What the words of a name weigh: those that say what a thing is, and those that say how it is.
const (
	kindWeight     = 20
	modifierWeight = 3
)

// weighted is a word in the singular, with its weight.
type weighted struct {
	word   string
	weight int
}

// likeness compares the names of two things: the weight of the words that they share against that of all. Colours,
// sizes and the like hardly count. Two things whose head words differ are not alike at all: a blue vase is no blue shirt,
// and a table lamp is no table.
func likeness(a, b []string) float64 {
	if one, other := head(a), head(b); one == "" || one != other && !isCompound(one, other) {
		return 0
	}
	left, right := weigh(a), weigh(b)
	total := 0
	for _, w := range slices.Concat(left, right) {
		total += w.weight
	}
	shared := 0
	for _, alike := range []func(a, b string) bool{func(a, b string) bool { return a == b }, isCompound} {
		left = slices.DeleteFunc(left, func(l weighted) bool {
			i := slices.IndexFunc(right, func(r weighted) bool { return alike(l.word, r.word) })
			if i < 0 {
				return false
			}
			weight := min(l.weight, right[i].weight)
			shared, total = shared+weight, total-weight
			right = slices.Delete(right, i, i+1)
			return true
		})
	}
	return float64(shared) / float64(total)
}

// head is the word that says what the thing is, in the singular: the last one that is no modifier, ahead of whatever it
// is made of, meant for or sold with (a plant pot with saucer, una lámpara de mesa). It is empty for an empty name.
func head(words []string) string {
	kind := ""
	for _, word := range words {
		if isPreposition(word) && kind != "" {
			break
		}
		if !saysHow(word) {
			kind = singular(word)
		}
	}
	if kind == "" && len(words) > 0 {
		kind = singular(words[len(words)-1])
	}
	return kind
}

// saysHow is true for words that say how a thing is: modifiers, figures, single letters.
func saysHow(word string) bool {
	return len(word) == 1 || unicode.IsDigit([]rune(word)[0]) || isModifier(word) || isPreposition(word)
}

// isPreposition says whether a word leads over to what a thing is made of, meant for or sold with.
func isPreposition(word string) bool {
	switch word {
	case "by", "for", "from", "in", "of", "on", "to", "with", "without", "con", "de", "del", "en", "para", "por", "sin":
		return true
	}
	return false
}

// weigh gives each word of a name its weight, once. In a name of nothing but modifiers (Small Orange) all say what it is.
func weigh(words []string) []weighted {
	onlyModifiers := !slices.ContainsFunc(words, func(word string) bool { return !saysHow(word) })
	var list []weighted
	for _, word := range words {
		w := weighted{word: singular(word), weight: kindWeight}
		if saysHow(word) && !onlyModifiers {
			w.weight = modifierWeight
		}
		if !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	return list
}

// singular drops the ending of an English or Spanish plural, roughly: it only has to be the same for both sides.
func singular(word string) string {
	switch {
	case len(word) < 4 || strings.HasSuffix(word, "ss"):
		return word
	case strings.HasSuffix(word, "ies"):
		return strings.TrimSuffix(word, "ies") + "y"
	case strings.HasSuffix(word, "ches"), strings.HasSuffix(word, "shes"), strings.HasSuffix(word, "sses"), strings.HasSuffix(word, "xes"):
		return strings.TrimSuffix(word, "es")
	}
	return strings.TrimSuffix(word, "s")
}

// isCompound takes a compound for its last part: an armchair is a chair.
func isCompound(a, b string) bool {
	const shortestPart = 4
	return len(b) >= shortestPart && strings.HasSuffix(a, b) || len(a) >= shortestPart && strings.HasSuffix(b, a)
}

// isModifier says whether a word, in English or Spanish, says how a thing is: colour, size, material, style, or nothing.
func isModifier(word string) bool {
	switch word {
	case "an", "and", "the", "set", "pack", "pair", "el", "la", "las", "los", "un", "una", "juego",
		"black", "blue", "brown", "copper", "cream", "dark", "gold", "golden", "gray", "green", "grey", "navy",
		"orange", "pink", "purple", "red", "silver", "white", "yellow",
		"amarillo", "azul", "blanco", "blanca", "dorado", "gris", "marron", "morado", "naranja", "negro", "negra",
		"plateado", "rojo", "roja", "rosa", "verde",
		"big", "extra", "heavy", "large", "lightweight", "long", "medium", "mini", "short", "slim", "small", "tall", "wide", "xl", "xs",
		"grande", "largo", "larga", "mediano", "pequeno", "pequena",
		"bamboo", "canvas", "ceramic", "clay", "cotton", "glass", "leather", "linen", "metal", "oak", "plastic", "silk",
		"stainless", "steel", "stone", "wood", "wooden", "wool", "woollen",
		"acero", "algodon", "barro", "ceramica", "cristal", "cuero", "lana", "lino", "madera", "piedra", "seda", "vidrio",
		"basic", "classic", "deluxe", "everyday", "handmade", "indoor", "kids", "men", "mens", "modern", "new", "outdoor",
		"portable", "premium", "pro", "soft", "striped", "stylish", "unisex", "vintage", "women", "womens",
		"clasico", "hombre", "mujer", "moderno", "nino", "nuevo", "nueva", "suave":
		return true
	}
	return false
}
