package notify

import (
	"slices"

	"productgenerator/models"
)

// routes are the ways that a team's warnings may take.
type routes struct {
	rules []rule          // those that are enabled
	leads []models.UserID // the team's ADMINs and OWNERs
}

// rule is what an alert rule says of the ways.
type rule struct {
	id     models.AlertRuleID
	metric models.AlertMetric
	email  bool
	url    string // empty: no webhook
}

// deliveries are where a warning goes: every person and every URL once.
//
// A warning of a rule goes where that rule says; one that every team has, where all rules of its metric say. What a
// member alone has used up goes to the member alone, if the team's daily limit sends e-mails at all.
func (r *routes) deliveries(w raised) []Job {
	if w.member != nil {
		if slices.ContainsFunc(r.rules, rule.mailsOfTheDay) {
			return []Job{{Warning: w.id, Recipient: *w.member}}
		}
		return nil
	}
	var jobs []Job
	mailed, urls := false, map[string]bool{}
	for _, rule := range r.rules {
		if !rule.carries(w) {
			continue
		}
		mailed = mailed || rule.email
		if rule.url != "" && !urls[rule.url] {
			urls[rule.url] = true
			jobs = append(jobs, Job{Warning: w.id, Rule: rule.id})
		}
	}
	if mailed {
		for _, user := range r.leads {
			jobs = append(jobs, Job{Warning: w.id, Recipient: user})
		}
	}
	return jobs
}

// carries says whether the warning goes where the rule says.
func (r rule) carries(w raised) bool {
	if w.rule != nil {
		return r.id == *w.rule
	}
	return r.metric == w.kind.Metric()
}

func (r rule) mailsOfTheDay() bool {
	return r.email && r.metric == models.MetricDailyLimitPercentUsed
}
