package provider

import (
	"slices"
	"strings"
	"unicode"
)

// manner is how a sentence of a description is built.
type manner int

const (
	wholeSentence manner = iota
	productPhrase        // a noun phrase that names the product: "Grey wool coat with a hood"
	partPhrase           // a noun phrase that names a detail: "Adjustable belt"
	predicate            // what follows "it is": "Perfect for cold days"
	modal                // what follows "it": "Can be worn over the shoulder"
	unclear
)

const (
	// finiteVerbs are verbs that make a sentence whole.
	finiteVerbs = ` is are was were has have had can will may means comes come features includes include makes make offers
		offer keeps keep provides provide fits fit's gives give brings bring lets let adds add holds hold uses use needs
		need works work protects protect it's they're you'll you're that's allows allow helps help ensures stays stay `

	// imperatives begin sentences that speak to the reader.
	imperatives = ` wear use add keep enjoy pair remove wash try let make get bring give put place hang fold store meet choose
		discover say take combine see `

	// predicates begin what follows "it is".
	predicates = ` perfect ideal great suitable suited designed made available complete tied handmade homemade crafted built
		perfect, adjustable, waterproof dishwasher machine easy light lightweight `

	// details are nouns for what a product has, besides the lexicon's parts.
	details = ` fit design details detail pattern patterns print prints storage space room surface edges seams stitching neckline
		waist cut style look colours colors tones texture sleeves collar hem cuffs shoulders lining hood effect motif length
		lights light handles grip opening drawers `

	// uncounted are nouns without a or an.
	uncounted = ` space storage room stitching mesh fabric leather wool cotton silk denim comfort support bedding
		clothes furniture velvet linen knit `
)

// manner judges how a sentence is built.
func (e english) manner(sentence string, p *profile) manner {
	tokens := tokensOf(sentence)
	if len(tokens) == 0 {
		return unclear
	}
	first := tokens[0]
	switch {
	case inList(first, imperatives):
		return wholeSentence
	case inList(first, finiteVerbs):
		return modal
	case inList(first, predicates) && len(tokens) > 1 && slices.Contains([]string{"for", "with", "by", "in", "of", "to", "from", "as", "safe", "washable", "on"}, tokens[1]):
		return predicate
	}
	phrase := nounPhrase(tokens)
	_, from, to := e.lexicon.kinds.last("en", tokens)
	for i, token := range tokens {
		if i == 0 || (i >= from && i < to) { // the can of a watering can is no verb
			continue
		}
		if token == "that" || token == "which" || token == "who" {
			break
		}
		if inList(token, finiteVerbs) {
			return wholeSentence
		}
	}
	head := last(phrase)
	kind, _, _ := e.lexicon.kinds.last("en", phrase)
	named := slices.Contains(tokensOf(p.name), head) || (kind != nil && (p.kind == nil || kind == p.kind))
	switch {
	case named:
		return productPhrase
	case inList(head, details), e.lexicon.parts.en[head] != nil:
		return partPhrase
	case sentence == p.sentences[0] && len(phrase) > 1:
		return productPhrase
	}
	return unclear
}

// detailsIn are the short phrases of a sentence that name a detail: what comes with the product.
func (e english) detailsIn(sentence string, first bool, p *profile) []string {
	if e.manner(sentence, p) == wholeSentence {
		return nil
	}
	if first && e.manner(sentence, p) == productPhrase {
		_, with, ok := strings.Cut(sentence, " with ")
		if !ok {
			return nil
		}
		sentence = with
	}
	var found []string
	for _, piece := range e.separators.Split(open(sentence), -1) {
		piece = strings.TrimSpace(piece)
		for _, determiner := range []string{"a ", "an ", "the ", "matching ", "complete with "} {
			piece = strings.TrimPrefix(piece, determiner)
		}
		if e.namesDetail(piece) {
			found = append(found, piece)
		}
	}
	return found
}

// namesDetail says whether a short phrase is built around the noun for a detail.
func (e english) namesDetail(piece string) bool {
	tokens := tokensOf(piece)
	if len(tokens) < 2 || len(tokens) > 8 || inList(tokens[0], predicates) {
		return false
	}
	head := last(nounPhrase(tokens))
	return inList(head, details) || e.lexicon.parts.en[head] != nil
}

// withArticle puts a or an before a noun phrase, unless it has a determiner, is a plural or can't be counted.
func (e english) withArticle(phrase string, p *profile) string {
	tokens := tokensOf(phrase)
	if len(tokens) == 0 || inList(tokens[0], " a an the this these those no its our your one some ") {
		return phrase
	}
	noun := nounPhrase(tokens)
	if at := slices.Index(noun, "and"); at > 0 && p == nil {
		noun = noun[:at]
	}
	if len(noun) == 0 || isPlural(noun[len(noun)-1]) || inList(noun[len(noun)-1], uncounted) {
		return phrase
	}
	return article(phrase) + " " + phrase
}

// article is "a" or "an", as the phrase sounds.
func article(phrase string) string {
	first, _, _ := strings.Cut(phrase, " ")
	lower := strings.ToLower(first)
	switch {
	case lower == "":
		return "a"
	case endsWithAny(lower[:min(len(lower), 3)], "uni", "use", "eur", "one", "uti"), strings.HasPrefix(lower, "uk"):
		return "a"
	case strings.HasPrefix(lower, "hour"), strings.HasPrefix(lower, "honest"), strings.HasPrefix(lower, "heir"):
		return "an"
	case len(first) > 1 && first == strings.ToUpper(first) && strings.ContainsRune("AEFHILMNORSX", rune(first[0])):
		return "an"
	case strings.ContainsRune("aeiou8", rune(lower[0])):
		return "an"
	}
	return "a"
}

// isPlural says whether an English noun looks like a plural.
func isPlural(noun string) bool {
	return strings.HasSuffix(noun, "s") && !endsWithAny(noun, "ss", "us", "is", "'s") && !slices.Contains([]string{"canvas", "glass"}, noun)
}

// plural says whether the product's name is a plural.
func (p *profile) plural() bool {
	if p.kind != nil && p.kind.plural {
		return true
	}
	tokens := nounPhrase(tokensOf(p.name))
	return len(tokens) > 0 && isPlural(tokens[len(tokens)-1]) && (p.kind == nil || p.kind.en != tokens[len(tokens)-1])
}

// isAre is the verb between the product and the phrase that says what it is; of the name alone if there is no phrase.
func (e english) isAre(p *profile, phrase string) string {
	if p.plural() || (phrase != "" && !inList(tokensOf(phrase)[0], " a an the this one ") && isPlural(last(nounPhrase(tokensOf(phrase))))) {
		return "are"
	}
	return "is"
}

// last is the last token, empty for none.
func last(tokens []string) string {
	if len(tokens) == 0 {
		return ""
	}
	return tokens[len(tokens)-1]
}

// mention is the product's name within a sentence, with "the" before it where English wants it.
func (e english) mention(p *profile) string {
	name := inSentence(p.name)
	if p.language != "en" {
		name = p.name
	}
	tokens := strings.Fields(p.name)
	takesNone := p.language != "en" || inList(strings.ToLower(tokens[0]), " the a an my your our this ") || len(tokens) > 6 ||
		strings.ContainsFunc(tokens[len(tokens)-1], unicode.IsDigit) || unicode.IsDigit([]rune(p.name)[0])
	if takesNone {
		return name
	}
	return "the " + name
}

// inSentence writes a name as it stands within a sentence: one with capitals for every word, or within a word, is kept;
// "Yellow watering can" begins small.
func inSentence(name string) string {
	fields := strings.Fields(name)
	if len(fields) == 1 {
		return name
	}
	for _, field := range fields[1:] {
		if strings.ContainsFunc(field, unicode.IsUpper) || strings.ContainsFunc(field, unicode.IsDigit) {
			return name
		}
	}
	return lowerFirst(name)
}

// byBrand is "by" and the brand, if there is one that the name doesn't bear already.
func (e english) byBrand(p *profile) string {
	if p.brand == "" || strings.Contains(strings.ToLower(p.name), strings.ToLower(p.brand)) {
		return ""
	}
	return "by " + p.brand
}

// hello is how a warm text begins.
func (english) hello(v voice, turn uint64) string {
	if v.tone == playful {
		return v.pick(turn, "Say hello to", "Make room for")
	}
	return v.pick(turn, "Meet", "Discover")
}

// greeting is a sentence before a description that is whole already.
func (e english) greeting(p *profile, v voice, turn uint64) string {
	if v.isWarm() {
		return spoken(e.hello(v, turn), e.mention(p), e.byBrand(p)) + ". "
	}
	return spoken(upperFirst(p.name), e.byBrand(p)) + ": "
}

// pronoun is "it" or "them".
func pronoun(p *profile) string {
	if p.plural() {
		return "them"
	}
	return "it"
}

// repeats says whether a phrase holds all the words of the name.
func repeats(phrase, name string) bool {
	said := tokensOf(phrase)
	for _, token := range tokensOf(name) {
		if token != "," && !slices.Contains(said, token) {
			return false
		}
	}
	return true
}

// inList says whether a word is in a list of words between spaces.
func inList(word, list string) bool { return slices.Contains(strings.Fields(list), word) }
