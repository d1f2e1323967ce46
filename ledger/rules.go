package ledger

import (
	"cmp"
	"math"
	"slices"
	"time"

	"productgenerator/models"
)

// ruleChange is what becomes of an alert rule.
type ruleChange int

const (
	ruleChanged ruleChange = iota + 1
	ruleAdded
	ruleDeleted
)

// standardRules are the alert rules that every team begins with: 80 % of the day's limit, the threshold at which the
// balance turns yellow, and grants that expire within a week.
func (a *Account) standardRules() []models.AlertRule {
	return []models.AlertRule{
		{Metric: models.MetricDailyLimitPercentUsed, Threshold: NearLimitPercent},
		{Metric: models.MetricAvailableTokensBelow, Threshold: ruleThreshold(a.balance.LowBalanceThreshold)},
		{Metric: models.MetricGrantExpiresWithinDays, Threshold: 7},
	}
}

// startAt makes the day that the instant counts for the first of a new account.
func (a *Account) startAt(now time.Time) {
	a.balance.Day = a.calendar.DayAt(now)
	a.dayEnds = a.calendar.EndOf(a.balance.Day)
}

// open gives a new account what it begins with. That it has no tokens yet, or may use none, is nothing to warn of.
func (a *Account) open() {
	day := a.balance.Day
	a.balance.LimitReachedOn, a.balance.BalanceEmptyOn = &day, &day
	a.touchBalance()
	for i, rule := range a.standardRules() {
		// Ids made at one instant have no order; rules are listed in the order above.
		rule.ID = models.NewAlertRuleID(a.now.Add(time.Duration(i) * time.Microsecond))
		rule.Email, rule.Enabled = true, true
		if rule.Metric == models.MetricAvailableTokensBelow {
			rule.RaisedOn = &day
		}
		a.setRule(rule)
	}
}

// addRule loads an alert rule into the account. Rules stand in the order of their ids, so that of several at one line
// always the same is named.
func (a *Account) addRule(rule *models.AlertRule) {
	at, _ := slices.BinarySearchFunc(a.rules, rule.ID, compareRuleID)
	a.rules = slices.Insert(a.rules, at, rule)
}

func compareRuleID(rule *models.AlertRule, id models.AlertRuleID) int {
	return cmp.Compare(rule.ID, id)
}

// Rules are the team's alert rules.
func (a *Account) Rules() []*models.AlertRule { return a.rules }

// Rule is the alert rule with that id; nil: the team has none such.
func (a *Account) Rule(id models.AlertRuleID) *models.AlertRule {
	if at := a.ruleIndex(id); at >= 0 {
		return a.rules[at]
	}
	return nil
}

// setRule adds an alert rule or replaces the one with its id. If its line is crossed already, the change at hand warns
// of it; a rule that stays what it was keeps what it has warned of.
func (a *Account) setRule(rule models.AlertRule) {
	rule.TeamID, rule.UpdatedAt = a.balance.TeamID, a.now
	if rule.WarnedOf == nil {
		rule.WarnedOf = []models.GrantID{}
	}
	at := a.ruleIndex(rule.ID)
	if at < 0 {
		rule.CreatedAt = a.now
		a.addRule(&rule)
		a.posted.changes++
		if a.posted.rules[rule.ID] != ruleDeleted {
			a.posted.rules[rule.ID] = ruleAdded
		} else {
			a.posted.rules[rule.ID] = ruleChanged
		}
		return
	}
	known := a.rules[at]
	rule.CreatedAt, rule.RaisedOn, rule.WarnedOf = known.CreatedAt, nil, []models.GrantID{}
	if known.Metric == rule.Metric && known.Threshold == rule.Threshold && known.Enabled == rule.Enabled {
		rule.RaisedOn, rule.WarnedOf = known.RaisedOn, known.WarnedOf
	}
	a.rules[at] = &rule
	a.touchRule(&rule)
}

// deleteRule takes an alert rule away. What it has warned of stays.
func (a *Account) deleteRule(id models.AlertRuleID) {
	at := a.ruleIndex(id)
	if at < 0 {
		return
	}
	a.rules = slices.Delete(a.rules, at, at+1)
	a.posted.changes++
	if a.posted.rules[id] == ruleAdded {
		delete(a.posted.rules, id)
		return
	}
	a.posted.rules[id] = ruleDeleted
}

// ruleThreshold is a number of tokens as the threshold of a rule, which is no larger than an Int of the API.
func ruleThreshold(tokens models.Tokens) int { return int(min(tokens, math.MaxInt32)) }

// moveRules moves the rules on available tokens that stand at one threshold to another.
func (a *Account) moveRules(from, to models.Tokens) {
	for _, rule := range a.rules {
		if rule.Metric == models.MetricAvailableTokensBelow && rule.Threshold == ruleThreshold(from) {
			rule.Threshold, rule.UpdatedAt = ruleThreshold(to), a.now
			a.touchRule(rule)
		}
	}
}

func (a *Account) ruleIndex(id models.AlertRuleID) int {
	return slices.IndexFunc(a.rules, func(rule *models.AlertRule) bool { return rule.ID == id })
}

// ruleAtLimit is the enabled rule whose line is that the daily limit is reached; nil: there is none.
func (a *Account) ruleAtLimit() *models.AlertRule {
	for _, rule := range a.rules {
		if rule.Enabled && rule.Metric == models.MetricDailyLimitPercentUsed && atLimit(rule) {
			return rule
		}
	}
	return nil
}

// ruleAtNothing is the enabled rule whose line is that the balance is empty; nil: there is none.
func (a *Account) ruleAtNothing() *models.AlertRule {
	for _, rule := range a.rules {
		if rule.Enabled && rule.Metric == models.MetricAvailableTokensBelow && a.atNothing(rule) {
			return rule
		}
	}
	return nil
}

// atLimit says that a rule on the day's limit stands where the limit is reached.
func atLimit(rule *models.AlertRule) bool { return rule.Threshold >= 100 }

// atNothing says that a rule on available tokens stands where nothing can be paid any more.
func (a *Account) atNothing(rule *models.AlertRule) bool {
	return models.Tokens(rule.Threshold) < a.platform.Cheapest
}

func (a *Account) touchRule(rule *models.AlertRule) {
	a.posted.changes++
	if a.posted.rules[rule.ID] == 0 {
		a.posted.rules[rule.ID] = ruleChanged
	}
}
