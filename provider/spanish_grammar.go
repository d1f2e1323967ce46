package provider

import (
	"slices"
	"strings"
)

// nounPhrase is "una camisa de algodón de color azul océano para hombre".
func (s spanish) nounPhrase(p *profile) string {
	noun, plural := p.kind.es, p.severalInSpanish()
	if plural && !p.kind.plural {
		noun = spanishPlural(noun)
	}
	phrase := spoken(determiner(p.kind, plural), s.described(noun, p.modifiers(), p.kind.feminine, plural, true))
	if p.audience != nil {
		phrase += " para " + p.audience.es
	}
	return phrase
}

// severalInSpanish says whether Spanish speaks of the product in the plural.
func (p *profile) severalInSpanish() bool { return p.plural() && (p.kind == nil || !p.kind.mass) }

// determiner is the indefinite article, if the noun takes one.
func determiner(noun *word, plural bool) string {
	switch {
	case noun.mass:
		return ""
	case plural && noun.feminine:
		return "unas"
	case plural:
		return "unos"
	case noun.feminine:
		return "una"
	}
	return "un"
}

// modifiers are the words that describe the product.
func (p *profile) modifiers() modifiers {
	return modifiers{colours: p.colours, materials: p.materials, adjectives: p.adjectives}
}

// described is a noun with what describes it, in the order that Spanish wants: what kind of it, its qualities, its
// material, its other features, its colour. ofColour writes a colour as "de color azul", which suits a product; else it
// agrees with the noun, which suits a part.
func (spanish) described(noun string, m modifiers, feminine, plural, ofColour bool) string {
	var kinds, qualities, features []string
	for _, adjective := range m.adjectives {
		switch form := adjective.spanish(feminine, plural); {
		case adjective.close:
			kinds = append(kinds, form)
		case adjective.fixed:
			features = append(features, form)
		default:
			qualities = append(qualities, form)
		}
	}
	noun, having, _ := strings.Cut(noun, " con ")
	if having != "" {
		features = append([]string{"con " + having}, features...)
	}
	words := append([]string{noun}, kinds...)
	words = append(words, listedInSpanish(qualities))
	if len(m.materials) > 0 {
		words = append(words, "de "+listedInSpanish(spanishForms(m.materials)))
	}
	words = append(words, features...)
	switch {
	case len(m.colours) == 1 && ofColour:
		words = append(words, "de color "+m.colours[0].es)
	case len(m.colours) > 1 && ofColour:
		words = append(words, "en "+listedInSpanish(spanishForms(m.colours)))
	case len(m.colours) > 0:
		var forms []string
		for _, colour := range m.colours {
			forms = append(forms, colour.spanish(feminine, plural))
		}
		words = append(words, listedInSpanish(forms))
	}
	return spoken(words...)
}

// partPhrases are the parts as they stand after "con"; those that the product lacks begin with "sin" and come last.
func (s spanish) partPhrases(p *profile) []string {
	var has, lacks []string
	for _, part := range p.parts {
		noun := part.noun.es
		if part.plural && !part.noun.plural {
			noun = spanishPlural(noun)
		}
		if part.lacking {
			lacks = append(lacks, "sin "+noun)
			continue
		}
		has = append(has, s.described(noun, part.modifiers, part.noun.feminine, part.plural, false))
	}
	return append(has, lacks...)
}

// with is "con a, b y c", and "sin d" after it.
func with(parts []string) string {
	lacks := slices.IndexFunc(parts, func(part string) bool { return strings.HasPrefix(part, "sin ") })
	if lacks < 0 {
		return "con " + listedInSpanish(parts)
	}
	has := ""
	if lacks > 0 {
		has = "con " + listedInSpanish(parts[:lacks]) + " y"
	}
	return spoken(has, listedInSpanish(parts[lacks:]))
}

// named is the product's name and brand.
func (s spanish) named(p *profile) string { return strings.TrimSuffix(s.commaBrand(p), ",") }

// commaBrand is the name, and the brand between commas if there is one that the name doesn't bear already.
func (spanish) commaBrand(p *profile) string {
	name := upperFirst(p.name)
	if p.brand == "" || strings.Contains(strings.ToLower(name), strings.ToLower(p.brand)) {
		return name
	}
	return name + ", de " + p.brand + ","
}

// greeted is how a friendly text begins; in other tones it is the name.
func (s spanish) greeted(p *profile, v voice, turn uint64) string {
	switch v.tone {
	case friendly:
		return spoken(v.pick(turn, "Te presentamos", "Descubre"), s.named(p))
	case playful:
		return spoken(v.pick(turn, "Di hola a", "Haz sitio a"), s.named(p))
	}
	return s.named(p)
}

// spanishForms are the (masculine) Spanish forms of words.
func spanishForms(words []*word) []string {
	var forms []string
	for _, w := range words {
		forms = append(forms, w.es)
	}
	return forms
}

// listedInSpanish joins items with commas and "y", which is "e" before the sound of an i.
func listedInSpanish(items []string) string {
	if len(items) == 0 {
		return ""
	}
	final := strings.ToLower(items[len(items)-1])
	if strings.HasPrefix(final, "i") || strings.HasPrefix(final, "hi") && !strings.HasPrefix(final, "hie") {
		return listed(items, "e")
	}
	return listed(items, "y")
}
