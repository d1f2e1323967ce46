package provider

import (
	"slices"
	"strings"
)

// readParts reads what the product has: nouns of parts after the first noun phrase, with the known words right before
// them. A part that is only a place ("on the sleeves") doesn't count.
func (r *reader) readParts(p *profile) {
	for i, sentence := range p.sentences {
		tokens := tokensOf(sentence)
		from := 0
		if i == 0 {
			from = len(nounPhrase(tokens))
		}
		for at := from; at < len(tokens); at++ {
			noun, n := r.lexicon.parts.longest(p.language, tokens, at)
			if noun == nil {
				continue
			}
			next, _ := r.lexicon.parts.longest(p.language, tokens, at+n)
			if found, ok := r.partAt(p.language, tokens, from, at, n); ok && next == nil && !p.has(noun) {
				found.noun = noun
				found.plural = noun.plural || strings.HasSuffix(tokens[at+n-1], "s")
				p.parts = append(p.parts, found)
			}
			at += n - 1
		}
	}
	p.sayOnce()
}

// sayOnce drops an adjective of the product that is said of a part (a striped skirt), and a part that an adjective of the
// product implies (a long-sleeved shirt has long sleeves).
func (p *profile) sayOnce() {
	p.adjectives = slices.DeleteFunc(p.adjectives, func(a *word) bool {
		return slices.ContainsFunc(p.parts, func(part part) bool { return slices.Contains(part.modifiers.adjectives, a) })
	})
	p.parts = slices.DeleteFunc(p.parts, func(part part) bool {
		return slices.ContainsFunc(p.adjectives, func(a *word) bool {
			return strings.Contains(a.es, strings.TrimSuffix(part.noun.es, "s"))
		})
	})
}

// has says whether the part was read before.
func (p *profile) has(noun *word) bool {
	return slices.ContainsFunc(p.parts, func(known part) bool { return known.noun == noun })
}

// partAt reads the words before the part at tokens[at:at+n], back to from; false if it is no part of the product.
func (r *reader) partAt(lang string, tokens []string, from, at, n int) (part, bool) {
	if at+n < len(tokens) && slices.Contains([]string{"is", "are", "has", "have", "effect"}, tokens[at+n]) {
		return part{}, false
	}
	begin := at
	for begin > from && r.describes(lang, tokens, begin-1) {
		begin--
	}
	found := part{modifiers: r.modifiersIn(lang, tokens[begin:at], true)}
	if begin > 0 && inList(tokens[begin-1], " a an un una ") {
		begin--
	}
	if begin > 0 {
		before := tokens[begin-1]
		found.lacking = inList(before, " no without sin ")
		if inList(before, " the your its of on over in at down el la los las en de ") {
			return part{}, false
		}
	}
	noun, _ := r.lexicon.parts.longest(lang, tokens, at)
	bare := len(found.modifiers.colours)+len(found.modifiers.materials)+len(found.modifiers.adjectives) == 0
	return found, !(noun.needy && bare)
}

// describes says whether the token at the place is (the end of) a known modifier.
func (r *reader) describes(lang string, tokens []string, at int) bool {
	for _, i := range []index{r.lexicon.colours, r.lexicon.materials, r.lexicon.adjectives, r.lexicon.places} {
		for from := max(0, at-2); from <= at; from++ {
			if i.forms(lang)[strings.Join(tokens[from:at+1], " ")] != nil {
				return true
			}
		}
	}
	return false
}
