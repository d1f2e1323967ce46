package provider

import (
	"slices"
	"strings"
)

// spanish writes in Spanish.
type spanish struct{ lexicon *lexicon }

// mostPartsInSentence bounds what one sentence lists.
const mostPartsInSentence = 4

func (s spanish) sentences(p *profile, v voice) []string {
	sentences := append([]string{s.opening(p, v, 0)}, s.rest(p)...)
	return distinct(append(sentences, s.closing(p, v)...))
}

func (s spanish) sections(p *profile, v voice) []section {
	overview := append([]string{s.opening(p, v, 1)}, s.rest(p)...)
	paragraphs := []string{strings.Join(distinct(overview), " ")}
	if closing := s.closing(p, v); len(closing) > 0 {
		paragraphs = append(paragraphs, strings.Join(closing, " "))
	}
	sections := []section{{
		topic:   topicOverview,
		heading: v.pick(2, "Descripción", "Sobre "+p.name, "Presentación"),
		body:    strings.Join(paragraphs, "\n\n"),
	}}
	if features := s.features(p); len(features) > 1 {
		sections = append(sections, section{topicFeatures, v.pick(3, "Características", "Detalles", "Lo más destacado"), bullets(features)})
	}
	if data := s.data(p); len(data) > 0 {
		sections = append(sections, section{topicData, v.pick(4, "De un vistazo", "Ficha", "Datos clave"), bullets(data)})
	}
	if care := s.care(p); care != "" {
		sections = append(sections, section{topicCare, "Cuidados", care})
	}
	if more := s.more(v); more != "" {
		sections = append(sections, section{topicMore, "Más información", more})
	}
	return sections
}

func (spanish) topic(heading string) sectionTopic {
	return topicNamed(heading, map[sectionTopic]string{
		topicOverview: "descripción presentación sobre introducción resumen qué",
		topicFeatures: "características detalles ventajas destacado destacados",
		topicData:     "vistazo ficha datos especificaciones técnica tallas tamaños medidas opciones",
		topicCare:     "cuidados cuidado limpieza lavado mantenimiento",
		topicMore:     "más información historia saber",
	})
}

// opening says what the product is: by the description's first sentence if that is Spanish, else by what was understood.
func (s spanish) opening(p *profile, v voice, turn uint64) string {
	if !p.speaks("es") {
		return s.composed(p, v, turn)
	}
	first := closed(upperFirst(p.sentences[0]))
	if isWholeSpanish(first) && v.isWarm() {
		return s.greeted(p, v, turn) + ". " + first
	}
	return s.greeted(p, v, turn) + ": " + lowerFirst(first)
}

// isWholeSpanish says whether a sentence has a verb of its own.
func isWholeSpanish(sentence string) bool {
	return slices.ContainsFunc(tokensOf(sentence), func(token string) bool {
		return inList(token, " es son está están tiene tienen ofrece incluye permite combina cuenta lleva viene puede hace ")
	})
}

// composed says what the product is from what was understood of it.
func (s spanish) composed(p *profile, v voice, turn uint64) string {
	if p.kind == nil {
		verb := "forma"
		if p.severalInSpanish() {
			verb = "forman"
		}
		if v.isWarm() {
			return spoken(s.greeted(p, v, turn)+",", "parte de nuestra gama", s.ofCategory(p)) + "."
		}
		return spoken(s.commaBrand(p), verb, "parte de nuestra gama", s.ofCategory(p)) + "."
	}
	parts := s.partPhrases(p)
	phrase := s.nounPhrase(p)
	opening, more := parts[:min(len(parts), mostPartsInSentence)], parts[min(len(parts), mostPartsInSentence):]
	if len(opening) > 0 {
		phrase += " " + with(opening)
	}
	is := "es"
	if p.severalInSpanish() {
		is = "son"
	}
	sentence := ""
	switch {
	case v.isWarm():
		sentence = s.greeted(p, v, turn) + ": " + phrase + "."
	case (v.seed+turn)%3 == 0:
		sentence = s.named(p) + ": " + phrase + "."
	default:
		sentence = spoken(s.commaBrand(p), is, phrase) + "."
	}
	if len(more) > 0 {
		sentence += " También " + s.has(p) + " " + strings.TrimPrefix(with(more), "con ") + "."
	}
	return sentence
}

// has is the verb for what the product has.
func (spanish) has(p *profile) string {
	if p.severalInSpanish() {
		return "tienen"
	}
	return "tiene"
}

// rest are the other sentences of a Spanish description.
func (spanish) rest(p *profile) []string {
	if !p.speaks("es") {
		return nil
	}
	var sentences []string
	for _, sentence := range p.sentences[1:] {
		sentences = append(sentences, closed(upperFirst(sentence)))
	}
	return sentences
}

// closing are the sentences that place the product.
func (s spanish) closing(p *profile, v voice) []string {
	var sentences []string
	for _, c := range p.choices {
		if len(c.values) > 1 {
			sentences = append(sentences, s.choiceSentence(p, c, v))
		}
	}
	saidAlready := p.kind == nil && !p.speaks("es")
	if p.category != "" && !saidAlready {
		they := "Forma"
		if p.severalInSpanish() {
			they = "Forman"
		}
		sentences = append(sentences, spoken(they, "parte de nuestra gama", s.ofCategory(p))+".")
	}
	return sentences
}

// ofCategory continues "nuestra gama".
func (s spanish) ofCategory(p *profile) string {
	if p.category == "" {
		return ""
	}
	return "de " + lowerFirst(s.translated(p.category))
}

// choiceSentence says which values there are.
func (s spanish) choiceSentence(p *profile, c choice, v voice) string {
	values := listedInSpanish(s.values(p, c))
	switch name := s.attribute(p, c.name); name {
	case "talla":
		return v.pick(5, "Tallas disponibles: "+values+".", "Se puede elegir entre las tallas "+values+".")
	case "tamaño":
		return v.pick(5, "Tamaños disponibles: "+values+".", "Se puede elegir entre los tamaños "+values+".")
	case "color":
		return "Colores disponibles: " + values + "."
	default:
		return upperFirst(name) + " a elegir: " + values + "."
	}
}

// attribute is an attribute's name in Spanish: what is worn has a talla, all else a tamaño.
func (s spanish) attribute(p *profile, name string) string {
	if strings.EqualFold(name, "size") {
		if p.kind != nil && p.kind.worn {
			return "talla"
		}
		return "tamaño"
	}
	if known := s.lexicon.attributes.exact(name); known != nil {
		return known.es
	}
	return name
}

// values are an attribute's values in Spanish; what is worn comes in S, M and L.
func (s spanish) values(p *profile, c choice) []string {
	letters := map[string]string{"small": "S", "medium": "M", "large": "L", "extra large": "XL", "x-large": "XL", "extra small": "XS"}
	var values []string
	for _, value := range c.values {
		letter := letters[strings.ToLower(value)]
		if letter != "" && s.attribute(p, c.name) == "talla" {
			values = append(values, letter)
			continue
		}
		values = append(values, s.translated(value))
	}
	return values
}

// translated is a value, a tag or a category in Spanish if the lexicon knows it, else as it was.
func (s spanish) translated(value string) string {
	for _, i := range []index{s.lexicon.values, s.lexicon.colours, s.lexicon.materials, s.lexicon.audiences, s.lexicon.kinds, s.lexicon.adjectives} {
		known := i.en[strings.ToLower(value)]
		switch {
		case known != nil && strings.EqualFold(value, known.enPlural) && !known.plural && known.esFeminine == "" && !known.fixed:
			return spanishPlural(known.es)
		case known != nil:
			return known.es
		}
	}
	return value
}

// features are the details that the description names, as a list.
func (s spanish) features(p *profile) []string {
	var features []string
	for _, phrase := range s.partPhrases(p) {
		features = append(features, upperFirst(phrase))
	}
	return distinct(features)
}

// data are the plain facts, as a list.
func (s spanish) data(p *profile) []string {
	var data []string
	add := func(name, value string) {
		if value != "" {
			data = append(data, "**"+name+":** "+value)
		}
	}
	add("Marca", p.brand)
	add("Categoría", upperFirst(s.translated(p.category)))
	if !p.hasChoice(s.lexicon, "material") {
		add("Material", upperFirst(listedInSpanish(spanishForms(p.materials))))
	}
	if !p.hasChoice(s.lexicon, "color") {
		add("Color", upperFirst(listedInSpanish(spanishForms(p.colours))))
	}
	if p.audience != nil {
		add("Para", upperFirst(p.audience.es))
	}
	for _, c := range p.choices {
		name := upperFirst(s.attribute(p, c.name))
		if len(c.values) > 1 && (name == "Talla" || name == "Tamaño") {
			name += "s"
		}
		add(name, upperFirst(strings.Join(s.values(p, c), ", ")))
	}
	add("Referencia", p.sku)
	return data
}

// care is how to look after the product; a text in another language is left out.
func (s spanish) care(p *profile) string {
	care := s.translated(p.care)
	if care == p.care && languageOf(care) != "es" {
		return ""
	}
	return closed(upperFirst(care))
}

// more are the facts from elsewhere, each with its source.
func (spanish) more(v voice) string {
	var sentences []string
	for _, fact := range v.facts {
		sentences = append(sentences, attributed(fact, "Según Wikipedia, "))
	}
	return strings.Join(sentences, " ")
}
