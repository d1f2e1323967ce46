package catalog

import (
	"slices"
	"strings"
	"unicode"
)

// Likeness is how much two products are the same kind of thing, from 0 to 1.
const (
	likenessOfImages = 0.4 // an image of another product of the kind still shows what it looks like
	likenessOfOffers = 0.6 // a price of another kind of thing would mislead
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
// sizes and the like hardly count, so that a blue vase is not like a blue shirt; without a shared word that says what
// the thing is, two things are not alike at all.
func likeness(a, b []string) float64 {
	left, right := weigh(a), weigh(b)
	total := 0
	for _, w := range slices.Concat(left, right) {
		total += w.weight
	}
	shared, sharesKind := 0, false
	for _, alike := range []func(a, b string) bool{func(a, b string) bool { return a == b }, isCompound} {
		left = slices.DeleteFunc(left, func(l weighted) bool {
			i := slices.IndexFunc(right, func(r weighted) bool { return alike(l.word, r.word) })
			if i < 0 {
				return false
			}
			weight := min(l.weight, right[i].weight)
			shared, sharesKind = shared+weight, sharesKind || weight == kindWeight
			total -= weight
			right = slices.Delete(right, i, i+1)
			return true
		})
	}
	if !sharesKind {
		return 0
	}
	return float64(shared) / float64(total)
}

// weigh gives each word of a name its weight, once. In a name of nothing but modifiers (Small Orange) all say what it is.
func weigh(words []string) []weighted {
	isSaid := func(word string) bool { return isModifier(word) || unicode.IsDigit([]rune(word)[0]) }
	onlyModifiers := !slices.ContainsFunc(words, func(word string) bool { return !isSaid(word) })
	var list []weighted
	for _, word := range words {
		w := weighted{word: singular(word), weight: kindWeight}
		if isSaid(word) && !onlyModifiers {
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
	case "a", "an", "and", "by", "for", "from", "in", "of", "on", "the", "to", "with", "without", "set", "pack", "pair",
		"con", "de", "del", "el", "en", "la", "las", "los", "para", "por", "sin", "un", "una", "y", "juego",
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
