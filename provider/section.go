package provider

import "strings"

// bullets writes a Markdown list.
func bullets(items []string) string { return "- " + strings.Join(items, "\n- ") }

// attributed is a fact with its source named: an encyclopedia's article begins small after "according to".
func attributed(fact Fact, according string) string {
	if fact.Provider != "wikipedia" {
		return fact.Statement
	}
	first, _, _ := strings.Cut(fact.Statement, " ")
	if inList(strings.ToLower(first), " a an the un una unos unas el la los las ") {
		return according + lowerFirst(fact.Statement)
	}
	return according + fact.Statement
}

// topicNamed is the topic one of whose words the heading holds; empty when none does.
func topicNamed(heading string, topics map[sectionTopic]string) sectionTopic {
	for _, token := range tokensOf(heading) {
		for _, topic := range []sectionTopic{topicCare, topicFeatures, topicData, topicOverview, topicMore} {
			if inList(token, topics[topic]) {
				return topic
			}
		}
	}
	return ""
}

// hasChoice says whether the product has an attribute of the name, in either language.
func (p *profile) hasChoice(lexicon *lexicon, name string) bool {
	for _, c := range p.choices {
		if known := lexicon.attributes.exact(c.name); known != nil && known.en == name {
			return true
		}
	}
	return false
}

// speaks says whether the product's own sentences are in the language.
func (p *profile) speaks(lang string) bool { return p.language == lang && len(p.sentences) > 0 }
