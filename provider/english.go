package provider

import (
	"regexp"
	"slices"
	"strings"
)

// english writes in English.
type english struct {
	lexicon *lexicon

	// separators stand between the details that a sentence names.
	separators *regexp.Regexp
}

func newEnglish(lexicon *lexicon) english {
	return english{lexicon, regexp.MustCompile(`,? and (?:with )?|, |\. | with |complete with `)}
}

func (e english) sentences(p *profile, v voice) []string {
	sentences := append([]string{e.opening(p, v, 0)}, e.rest(p, v)...)
	return distinct(append(sentences, e.closing(p, v, strings.Join(sentences, " "))...))
}

func (e english) sections(p *profile, v voice) []section {
	overview := append([]string{e.opening(p, v, 1)}, e.rest(p, v)...)
	paragraphs := []string{strings.Join(distinct(overview), " ")}
	if closing := e.closing(p, v, paragraphs[0]); len(closing) > 0 {
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
	if !p.speaks("en") {
		return e.composed(p, v, turn)
	}
	first := p.sentences[0]
	switch e.manner(first, p) {
	case wholeSentence:
		return e.greeting(p, v, turn) + closed(upperFirst(first))
	case partPhrase, predicate, modal:
		return e.composed(p, v, turn) + " " + e.rewritten(first, p, v)
	}
	return e.named(p, v, turn, e.withArticle(lowerFirst(open(first)), p))
}

// named joins the product's name and the noun phrase that says what it is.
func (e english) named(p *profile, v voice, turn uint64, phrase string) string {
	product := spoken(e.mention(p), e.byBrand(p))
	switch {
	case v.isWarm():
		return e.hello(v, turn) + " " + product + ": " + phrase + "."
	case !repeats(phrase, p.name):
		return upperFirst(spoken(product, e.isAre(p, phrase), phrase)) + "."
	case p.brand != "" && v.tone == neutral && (v.seed+turn)%2 == 0:
		return "From " + p.brand + ": " + phrase + "."
	}
	return spoken(upperFirst(p.name), e.byBrand(p)) + ": " + phrase + "."
}

// composed says what the product is from what was understood of it.
func (e english) composed(p *profile, v voice, turn uint64) string {
	if p.kind == nil {
		return e.inRange(p, v, turn)
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
	if len(e.partPhrases(p)) == 0 && repeats(p.name, phrase) {
		return e.inRange(p, v, turn)
	}
	if p.audience != nil {
		phrase += " for " + p.audience.en
	}
	if !p.plural() {
		phrase = article(phrase) + " " + phrase
	}
	if parts := e.partPhrases(p); len(parts) > 0 {
		phrase += " with " + listed(parts, "and")
	}
	return e.named(p, v, turn, phrase)
}

// inRange is what can be said of a product whose name says all that is known.
func (e english) inRange(p *profile, v voice, turn uint64) string {
	shelf := "part of our " + e.rangeName(p)
	if p.category == "" && p.kind != nil {
		shelf += " of " + p.kind.enPlural
	}
	if v.isWarm() {
		return spoken(e.hello(v, turn), e.mention(p), e.byBrand(p)) + ", " + shelf + "."
	}
	return upperFirst(spoken(e.mention(p), e.byBrand(p), e.isAre(p, ""), shelf)) + "."
}

// partPhrases are the parts as they stand after "with", for descriptions that are not English themselves.
func (e english) partPhrases(p *profile) []string {
	if p.language == "en" {
		return nil // the sentences say it better
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
	if !p.speaks("en") {
		return nil
	}
	var sentences []string
	for _, sentence := range p.sentences[1:] {
		sentences = append(sentences, e.rewritten(sentence, p, v))
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
	if v.isWarm() {
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

// closing are the sentences that place the product: what there is to choose from, whom it is for, where to find it,
// but for what was said before.
func (e english) closing(p *profile, v voice, said string) []string {
	var sentences []string
	for _, c := range p.choices {
		if len(c.values) > 1 {
			sentences = append(sentences, e.choiceSentence(p, c, v))
		}
	}
	if found := e.whereToFind(p, v, said); found != "" {
		sentences = append(sentences, found)
	}
	return sentences
}

// choiceSentence says which values there are.
func (e english) choiceSentence(p *profile, c choice, v voice) string {
	values := listed(e.values(p, c), "and")
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
func (e english) whereToFind(p *profile, v voice, said string) string {
	shelf := ""
	if p.category != "" && !strings.Contains(said, "our "+e.rangeName(p)) {
		shelf = "our " + e.rangeName(p)
	}
	if p.audience != nil && !strings.Contains(strings.ToLower(said), strings.TrimSuffix(p.audience.en, "s")) {
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

// rangeName is what of the shop the product belongs to.
func (e english) rangeName(p *profile) string {
	if p.category == "" {
		return "range"
	}
	return inSentence(e.translated(p, p.category)) + " range"
}

// labels are the tags that say something new.
func (e english) labels(p *profile) string {
	var labels []string
	said := p.name + " " + strings.Join(p.sentences, " ") + " " + p.category + " " + p.brand
	for _, tag := range p.tags {
		if e.lexicon.audiences.exact(tag) == nil && !repeats(said, tag) && !repeats(said, englishPlural(tag)) && !repeats(said, strings.TrimSuffix(tag, "s")) {
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
		for _, detail := range e.detailsIn(sentence, i == 0, p) {
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
	add("Category", upperFirst(e.translated(p, p.category)))
	if !p.hasChoice(e.lexicon, "material") {
		add("Material", upperFirst(listed(englishForms(p.materials), "and")))
	}
	if !p.hasChoice(e.lexicon, "color") {
		add("Color", upperFirst(listed(englishForms(p.colours), "and")))
	}
	if p.audience != nil {
		add("For", upperFirst(p.audience.en))
	}
	for _, c := range p.choices {
		name := upperFirst(c.name)
		if known := e.lexicon.attributes.es[strings.ToLower(c.name)]; known != nil && p.language == "es" {
			name = upperFirst(known.en)
		}
		if len(c.values) > 1 && strings.EqualFold(c.name, "size") {
			name = "Sizes"
		}
		add(name, upperFirst(strings.Join(e.values(p, c), ", ")))
	}
	add("Item number", p.sku)
	return data
}

// values are an attribute's values in English.
func (e english) values(p *profile, c choice) []string {
	var values []string
	for _, value := range c.values {
		values = append(values, e.translated(p, value))
	}
	return values
}

// translated is a value or a category of a Spanish product in English if the lexicon knows it, else as it was.
func (e english) translated(p *profile, value string) string {
	if p.language != "es" {
		return value
	}
	for _, i := range []index{e.lexicon.values, e.lexicon.colours, e.lexicon.materials, e.lexicon.audiences, e.lexicon.kinds} {
		if known := i.es[strings.ToLower(value)]; known != nil {
			return upperFirst(known.en)
		}
	}
	return value
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
