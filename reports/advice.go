package reports

import (
	"math"

	"productgenerator/models"
)

// Advice is one thing that would save tokens, with the figures that say why.
type Advice struct {
	Kind    AdviceKind
	Percent int           // of the captured tokens
	Tokens  models.Tokens // that went into it
	Times   int           // how often it happened
}

// AdviceKind is what the advice is about.
type AdviceKind string

// What would save tokens: reviewing a text before it is generated again; writing by hand or by template what will not
// be kept; running Generate all instead of its operations one by one.
const (
	AdviseReview      AdviceKind = "REVIEW_FIRST"
	AdviseTemplates   AdviceKind = "USE_TEMPLATES"
	AdviseGenerateAll AdviceKind = "USE_GENERATE_ALL"
)

// From where on advice is given.
const (
	notablePercent  = 10 // of the captured tokens
	notableSeparate = 3  // times
)

// Advise is what would save tokens by these insights, what weighs most first; none where nothing is notable.
func Advise(insights *models.Insights) []Advice {
	captured := insights.Regenerated + insights.Discarded + insights.Kept
	percent := func(tokens models.Tokens) int { return int(math.Round(100 * share(tokens, captured))) }
	wasted := []Advice{
		{Kind: AdviseReview, Percent: percent(insights.Regenerated), Tokens: insights.Regenerated},
		{Kind: AdviseTemplates, Percent: percent(insights.Discarded), Tokens: insights.Discarded},
	}
	if wasted[0].Tokens < wasted[1].Tokens {
		wasted[0], wasted[1] = wasted[1], wasted[0]
	}
	var list []Advice
	for _, advice := range wasted {
		if advice.Percent >= notablePercent {
			list = append(list, advice)
		}
	}
	if insights.Separate >= notableSeparate {
		list = append(list, Advice{Kind: AdviseGenerateAll, Times: insights.Separate})
	}
	return list
}
