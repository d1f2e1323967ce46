package provider

import (
	"slices"
	"strings"
)

// english writes in English.
type english struct{ lexicon *lexicon }

func (e english) sentences(p *profile, v voice) []string {
	sentences := append([]string{e.opening(p, v, 0)}, e.rest(p, v)...)
	return distinct(append(sentences, e.closing(p, v)...))
}

func (e english) sections(p *profile, v voice) []section {
	overview := append([]string{e.opening(p, v, 1)}, e.rest(p, v)...)
	paragraphs := []string{strings.Join(distinct(overview), " ")}
	if closing := e.closing(p, v); len(closing) > 0 {
		paragraphs = append(paragraphs, strings.Join(closing, " "))
	}
	sections := []section{{
		topic:   topicOverview,
		heading: v.pick(2, "Overview", "About "+e.mention(p), "What it is"),
		body:    strings.Join(paragraphs, "\n\n"),
	}}
	if p.plural() {
		sections[0].heading = v.pick(2, "Overview", "About "+e.mention(p), "What they are")
	}
	if features := e.features(p); len(features) > 1 {
		sections = append(sections, section{topicFeatures, v.pick(3, "Features", "Highlights", "Details"), bullets(features)})
	}
	if data := e.data(p); len(data) > 0 {
		sections = append(sections, section{topicData, v.pick(4, "At a glance", "Key facts", "In brief"), bullets(data)})
	}
	if p.care != "" {
		sections = append(sections, section{topicCare, "Care", closed(upperFirst(p.care))})
	}
	if more := e.more(v); more != "" {
		sections = append(sections, section{topicMore, "Good to know", more})
	}
	return sections
}

func (english) topic(heading string) sectionTopic {
	return topicNamed(heading, map[sectionTopic]string{
		topicOverview: "overview about description introduction intro summary what",
		topicFeatures: "features feature highlights highlight benefits details why",
		topicData:     "glance specification specifications specs facts data technical sizes options brief",
		topicCare:     "care cleaning washing maintenance",
		topicMore:     "know more background history",
	})
}

// opening says what the product is, from its description's first sentence if that is English and does, else from what
// was understood. turn makes the short and the long description begin differently.
func (e english) opening(p *profile, v voice, turn uint64) string {
	if p.language != "en" || len(p.sentences) == 0 {
		return e.composed(p, v)
	}
	first := tidyEnglish(p.sentences[0])
	switch e.manner(first, p) {
	case wholeSentence:
		return e.greeting(p, v) + closed(upperFirst(first))
	case partPhrase, predicate, modal:
		return e.composed(p, v) + " " + e.rewritten(first, p, v)
	}
	return e.named(p, v, turn, e.withArticle(lowerFirst(open(first)), p))
}

// named joins the product's name and the noun phrase that says what it is.
func (e english) named(p *profile, v voice, turn uint64, phrase string) string {
	if !repeats(phrase, p.name) {
		return upperFirst(spoken(e.hello(p, v), e.subject(p), e.byBrand(p), e.isAre(p, phrase), phrase)) + "."
	}
	name := upperFirst(p.name)
	if v.tone == playful || v.tone == friendly {
		return spoken(v.pick(turn, "Meet", "Say hello to"), e.mention(p), e.byBrand(p)) + ": " + phrase + "."
	}
	if p.brand == "" {
		return name + ": " + phrase + "."
	}
	if (v.seed+turn)%2 == 0 {
		return "From " + p.brand + ": " + phrase + "."
	}
	return spoken(name, e.byBrand(p)) + ": " + phrase + "."
}

// composed says what the product is from what was understood of it.
func (e english) composed(p *profile, v voice) string {
	if p.kind == nil {
		return upperFirst(spoken(e.hello(p, v), e.subject(p), e.isAre(p, ""), "part of our range"+e.ofBrand(p))) + "."
	}
	noun := p.kind.en
	if p.plural() {
		noun = p.kind.enPlural
	}
	var before []string
	for _, adjective := range p.adjectives {
		before = append(before, adjective.en)
	}
	before = append(before, listed(englishForms(p.colours), "and"))
	before = append(before, englishForms(p.materials)...)
	phrase := spoken(append(before, noun)...)
	if p.audience != nil {
		phrase += " for " + p.audience.en
	}
	if !p.plural() {
		phrase = article(phrase) + " " + phrase
	}
	if parts := e.partPhrases(p); len(parts) > 0 {
		phrase += " with " + listed(parts, "and")
	}
	return e.named(p, v, 0, phrase)
}

// partPhrases are the parts as they stand after "with", for descriptions that are not English themselves.
func (e english) partPhrases(p *profile) []string {
	if p.language == "en" {
		return nil
	}
	var phrases []string
	for _, part := range p.parts {
		noun := part.noun.en
		switch {
		case part.lacking:
			noun = "no " + noun
		case part.plural:
			noun = part.noun.enPlural
		default:
			noun = article(noun) + " " + noun
		}
		phrases = append(phrases, noun)
	}
	return phrases
}

// rest are the description's other sentences, made whole.
func (e english) rest(p *profile, v voice) []string {
	if p.language != "en" || len(p.sentences) < 2 {
		return nil
	}
	var sentences []string
	for _, sentence := range p.sentences[1:] {
		sentences = append(sentences, e.rewritten(tidyEnglish(sentence), p, v))
	}
	return sentences
}

// rewritten makes a whole sentence of a fragment that is understood, and leaves others as they are.
func (e english) rewritten(sentence string, p *profile, v voice) string {
	it, is, has := "It", "is", "has"
	if p.plural() {
		it, is, has = "They", "are", "have"
	}
	isShort := it + " " + is
	if v.tone == friendly || v.tone == playful {
		isShort = map[string]string{"It": "It's", "They": "They're"}[it]
	}
	fragment := lowerFirst(open(sentence))
	switch e.manner(sentence, p) {
	case predicate:
		return isShort + " " + fragment + "."
	case modal:
		return it + " " + fragment + "."
	case partPhrase:
		return it + " " + has + " " + e.withArticle(fragment, nil) + "."
	}
	return closed(upperFirst(sentence))
}

// closing are the sentences that place the product: what there is to choose from, whom it is for, where to find it.
func (e english) closing(p *profile, v voice) []string {
	var sentences []string
	for _, c := range p.choices {
		if len(c.values) > 1 {
			sentences = append(sentences, e.choiceSentence(p, c, v))
		}
	}
	if found := e.whereToFind(p, v); found != "" {
		sentences = append(sentences, found)
	}
	return sentences
}

// choiceSentence says which values there are.
func (e english) choiceSentence(p *profile, c choice, v voice) string {
	values := listed(c.values, "and")
	it, comes := "It", "comes"
	if p.plural() {
		it, comes = "They", "come"
	}
	name := strings.ToLower(c.name)
	switch known := e.lexicon.attributes.exact(name); {
	case name == "size" || name == "talla":
		return v.pick(5, it+" "+comes+" in sizes "+values+".", "Available sizes: "+values+".", "Choose from the sizes "+values+".")
	case known != nil && known.en == "color":
		return v.pick(5, it+" "+comes+" in "+values+".", "Choose from "+values+".", "Available in "+values+".")
	case known != nil:
		name = known.en
	}
	return upperFirst(name) + " to choose from: " + values + "."
}

// whereToFind says whom the product is for and where in the shop it stands.
func (e english) whereToFind(p *profile, v voice) string {
	about := strings.ToLower(strings.Join(p.sentences, " "))
	shelf := ""
	if p.category != "" {
		shelf = "our " + inSentence(p.category) + " range"
	}
	if p.audience != nil && !strings.Contains(about, strings.TrimSuffix(p.audience.en, "s")) {
		if shelf == "" {
			shelf = "our range"
		}
		shelf += " for " + p.audience.en
	}
	labels := e.labels(p)
	they, belong := "It", "belongs"
	if p.plural() {
		they, belong = "They", "belong"
	}
	switch {
	case shelf != "" && labels != "":
		return v.pick(6, "Find "+pronoun(p)+" in "+shelf+", filed under "+labels+".", they+" "+belong+" to "+shelf+", under "+labels+".")
	case shelf != "":
		return v.pick(6, "Part of "+shelf+".", they+" "+belong+" to "+shelf+".")
	case labels != "":
		return "Filed under " + labels + "."
	}
	return ""
}

// labels are the tags that say something new.
func (e english) labels(p *profile) string {
	var labels []string
	for _, tag := range p.tags {
		if e.lexicon.audiences.exact(tag) == nil && !strings.EqualFold(tag, p.category) && !strings.EqualFold(tag, p.brand) {
			labels = append(labels, inSentence(tag))
		}
	}
	return listed(labels[:min(len(labels), 4)], "and")
}

// features are the details that the description names, as a list.
func (e english) features(p *profile) []string {
	var features []string
	for i, sentence := range p.sentences {
		if p.language != "en" {
			break
		}
		for _, detail := range e.detailsIn(tidyEnglish(sentence), i == 0, p) {
			features = append(features, upperFirst(detail))
		}
	}
	if p.language != "en" {
		for _, phrase := range e.partPhrases(p) {
			features = append(features, upperFirst(phrase))
		}
	}
	return distinct(features)
}

// data are the plain facts, as a list.
func (e english) data(p *profile) []string {
	var data []string
	add := func(name, value string) {
		if value != "" {
			data = append(data, "**"+name+":** "+value)
		}
	}
	add("Brand", p.brand)
	add("Category", p.category)
	if !p.hasChoice(e.lexicon, "material") {
		add("Material", listed(englishForms(p.materials), "and"))
	}
	if !p.hasChoice(e.lexicon, "color") {
		add("Color", listed(englishForms(p.colours), "and"))
	}
	if p.audience != nil {
		add("For", p.audience.en)
	}
	for _, c := range p.choices {
		name := upperFirst(c.name)
		if len(c.values) > 1 && strings.EqualFold(c.name, "size") {
			name = "Sizes"
		}
		add(name, strings.Join(c.values, ", "))
	}
	add("Item number", p.sku)
	return data
}

// more are the facts from elsewhere, each with its source.
func (english) more(v voice) string {
	var sentences []string
	for _, fact := range v.facts {
		sentences = append(sentences, attributed(fact, "According to Wikipedia, "))
	}
	return strings.Join(sentences, " ")
}

// englishForms are the English forms of words.
func englishForms(words []*word) []string {
	var forms []string
	for _, w := range words {
		forms = append(forms, w.en)
	}
	return slices.Clip(forms)
}
