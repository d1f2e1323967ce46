package ledger

import (
	"slices"
	"time"

	"productgenerator/models"
)

// Warn raises the warnings of the change at hand: for each line that it crosses, once. A line is armed again when its
// figure recovers; on another day, the first operation that spends beyond it is warned of again.
//
// Two lines are every team's: the daily limit is reached, and the balance is empty, each as soon as the cheapest
// operation cannot be paid. The others are its alert rules'. A rule that stands at one of the two is that line.
func (a *Account) Warn() {
	limit, limited := a.limitInForce()
	reached := limited && limit-a.balance.Used < a.platform.Cheapest
	if a.crosses(reached, &a.balance.LimitReachedOn, a.touchBalance) {
		a.raise(a.limitWarning(models.WarningDailyLimitReached, limit, limit), a.ruleAt(models.MetricDailyLimitPercentUsed, isFull))
	}
	owns := !a.balance.Unlimited
	empty := owns && a.balance.Available < a.platform.Cheapest
	if a.crosses(empty, &a.balance.BalanceEmptyOn, a.touchBalance) {
		a.raise(models.LimitWarning{
			Kind: models.WarningBalanceEmpty, Threshold: a.platform.Cheapest, Value: a.balance.Available,
		}, a.ruleAt(models.MetricAvailableTokensBelow, a.isEmpty))
	}
	for _, rule := range a.rules {
		a.follow(rule, limit, limited)
	}
}

// follow raises a rule's warnings.
func (a *Account) follow(rule *models.AlertRule, limit models.Tokens, limited bool) {
	touch := func() { a.touchRule(rule) }
	switch rule.Metric {
	case models.MetricDailyLimitPercentUsed:
		line := (limit*models.Tokens(rule.Threshold) + 99) / 100
		near := rule.Enabled && limited && limit > 0 && a.balance.Used >= line
		if !isFull(rule) && a.crosses(near, &rule.RaisedOn, touch) {
			a.raise(a.limitWarning(models.WarningDailyLimitNear, line, limit), rule)
		}
	case models.MetricAvailableTokensBelow:
		low := rule.Enabled && !a.balance.Unlimited && a.balance.Available <= models.Tokens(rule.Threshold)
		if !a.isEmpty(rule) && a.crosses(low, &rule.RaisedOn, touch) {
			a.raise(models.LimitWarning{
				Kind: models.WarningBalanceLow, Threshold: models.Tokens(rule.Threshold), Value: a.balance.Available,
			}, rule)
		}
	case models.MetricGrantExpiresWithinDays:
		if rule.Enabled {
			a.followExpiries(rule)
		}
	}
}

// followExpiries warns of each grant that expires within the rule's days, once.
func (a *Account) followExpiries(rule *models.AlertRule) {
	until := a.now.Add(time.Duration(rule.Threshold) * 24 * time.Hour)
	for _, grant := range a.live {
		if grant.ExpiresAt == nil || grant.ExpiresAt.After(until) {
			break
		}
		if slices.Contains(rule.WarnedOf, grant.ID) {
			continue
		}
		rule.WarnedOf = append(slices.DeleteFunc(rule.WarnedOf, a.isGone), grant.ID)
		a.touchRule(rule)
		a.raise(models.LimitWarning{
			Kind: models.WarningGrantExpiring, GrantID: &grant.ID, Threshold: models.Tokens(rule.Threshold),
			Value: grant.Remaining, ClearsAt: grant.ExpiresAt,
		}, rule)
	}
}

// isGone says that nothing remains of a grant. All that still have tokens are loaded.
func (a *Account) isGone(id models.GrantID) bool {
	grant := a.grants[id]
	return grant == nil || grant.Remaining+grant.Held == 0
}

// crosses says whether a warning is due, and keeps the day on which the line was crossed: nil as long as it is not.
// changed is called where that has changed.
func (a *Account) crosses(beyond bool, on **models.Date, changed func()) bool {
	if !beyond {
		if *on != nil {
			*on = nil
			changed()
		}
		return false
	}
	if *on != nil && (**on == a.balance.Day || !a.posted.spent) {
		return false
	}
	day := a.balance.Day
	*on = &day
	changed()
	return true
}

// warnMember raises the warnings of a member's own limit, whose figures were others before.
func (a *Account) warnMember(user models.UserID, before, after Member) {
	limit, limited := after.Limit.Tokens()
	if !limited {
		return
	}
	line := (limit*NearLimitPercent + 99) / 100
	warning := models.LimitWarning{MemberID: &user, Value: after.Used, DailyLimit: &limit, ClearsAt: a.endOfDay()}
	if limit > 0 && after.Used >= line && !before.near() {
		warning.Kind, warning.Threshold = models.WarningMemberLimitNear, line
		a.raise(warning, nil)
	}
	if after.reached(a.platform.Cheapest) && !before.reached(a.platform.Cheapest) {
		warning.Kind, warning.Threshold = models.WarningMemberLimitReached, limit
		a.raise(warning, nil)
	}
}

// near says whether the member has used most of the own share of the day.
func (m Member) near() bool {
	limit, limited := m.Limit.Tokens()
	return limited && limit > 0 && m.Used*100 >= limit*NearLimitPercent
}

// reached says whether the member's own share of the day does not pay the cheapest operation any more.
func (m Member) reached(cheapest models.Tokens) bool { return !m.Limit.Minus(m.Used).Allows(cheapest) }

func (a *Account) limitWarning(kind models.LimitWarningKind, line, limit models.Tokens) models.LimitWarning {
	return models.LimitWarning{Kind: kind, Threshold: line, Value: a.balance.Used, DailyLimit: &limit, ClearsAt: a.endOfDay()}
}

func (a *Account) endOfDay() *time.Time {
	end := a.dayEnds
	return &end
}

// raise stages a warning. It has the version of the change that causes it.
func (a *Account) raise(warning models.LimitWarning, rule *models.AlertRule) {
	a.touchBalance()
	a.balance.Warnings++
	warning.TeamID, warning.Sequence = a.balance.TeamID, a.balance.Warnings
	warning.BalanceVersion, warning.RaisedAt = a.balance.Version, a.now
	if rule != nil {
		warning.RuleID = &rule.ID
	}
	a.posted.warnings = append(a.posted.warnings, warning)
}

// limitInForce is the daily limit in force, and whether there is one.
func (a *Account) limitInForce() (models.Tokens, bool) {
	limit, _ := a.dailyLimit()
	return limit.Tokens()
}
