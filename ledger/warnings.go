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
	if due, on := a.crossing(reached, a.balance.LimitReachedOn); on != a.balance.LimitReachedOn {
		a.balance.LimitReachedOn = on
		a.touchBalance()
		if due {
			a.raise(a.limitWarning(models.WarningDailyLimitReached, limit, limit), a.ruleAtLimit())
		}
	}
	empty := !a.balance.Unlimited && a.balance.Available < a.platform.Cheapest
	if due, on := a.crossing(empty, a.balance.BalanceEmptyOn); on != a.balance.BalanceEmptyOn {
		a.balance.BalanceEmptyOn = on
		a.touchBalance()
		if due {
			a.raise(models.LimitWarning{
				Kind: models.WarningBalanceEmpty, Threshold: a.platform.Cheapest, Value: a.balance.Available,
			}, a.ruleAtNothing())
		}
	}
	for _, rule := range a.rules {
		a.follow(rule, limit, limited)
	}
}

// follow raises a rule's warnings.
func (a *Account) follow(rule *models.AlertRule, limit models.Tokens, limited bool) {
	switch rule.Metric {
	case models.MetricDailyLimitPercentUsed:
		line := percentOf(limit, rule.Threshold)
		near := limited && limit > 0 && !atLimit(rule) && a.balance.Used >= line
		if a.ruleCrossed(rule, near) {
			a.raise(a.limitWarning(models.WarningDailyLimitNear, line, limit), rule)
		}
	case models.MetricAvailableTokensBelow:
		line := models.Tokens(rule.Threshold)
		low := !a.balance.Unlimited && !a.atNothing(rule) && a.balance.Available <= line
		if a.ruleCrossed(rule, low) {
			a.raise(models.LimitWarning{Kind: models.WarningBalanceLow, Threshold: line, Value: a.balance.Available}, rule)
		}
	case models.MetricGrantExpiresWithinDays:
		a.followExpiries(rule)
	}
}

// ruleCrossed says whether a rule's warning is due, and keeps the day of the crossing. A disabled rule is armed.
func (a *Account) ruleCrossed(rule *models.AlertRule, beyond bool) bool {
	due, on := a.crossing(beyond && rule.Enabled, rule.RaisedOn)
	if on != rule.RaisedOn {
		rule.RaisedOn = on
		a.touchRule(rule)
	}
	return due
}

// followExpiries warns of each grant that expires within the rule's days, once. A grant of which nothing is left is
// forgotten by the change that used it up, which is the last to load it.
func (a *Account) followExpiries(rule *models.AlertRule) {
	if slices.ContainsFunc(rule.WarnedOf, a.isUsedUp) {
		rule.WarnedOf = slices.DeleteFunc(rule.WarnedOf, a.isUsedUp)
		a.touchRule(rule)
	}
	if !rule.Enabled {
		return
	}
	until := a.now.Add(time.Duration(rule.Threshold) * 24 * time.Hour)
	for _, grant := range a.live {
		if grant.ExpiresAt == nil || grant.ExpiresAt.After(until) {
			break
		}
		if slices.Contains(rule.WarnedOf, grant.ID) {
			continue
		}
		rule.WarnedOf = append(rule.WarnedOf, grant.ID)
		a.touchRule(rule)
		a.raise(models.LimitWarning{
			Kind: models.WarningGrantExpiring, GrantID: &grant.ID, Threshold: models.Tokens(rule.Threshold),
			Value: grant.Remaining, ClearsAt: grant.ExpiresAt,
		}, rule)
	}
}

// isUsedUp says that a loaded grant has nothing left, nor anything held that could come back to it.
func (a *Account) isUsedUp(id models.GrantID) bool {
	grant := a.grants[id]
	return grant != nil && grant.Remaining+grant.Held == 0
}

// crossing says whether a warning of a line is due, and the day of its crossing from now on: nil as long as the figure
// is not beyond the line, and the very same pointer where nothing has changed.
func (a *Account) crossing(beyond bool, on *models.Date) (due bool, day *models.Date) {
	switch {
	case !beyond:
		return false, nil
	case on != nil && (*on == a.balance.Day || !a.posted.spent):
		return false, on
	default:
		today := a.balance.Day
		return true, &today
	}
}

// warnMember raises the warnings of a member's own limit, whose figures were others before.
func (a *Account) warnMember(user models.UserID, before, after Member) {
	if after.near() && !before.near() {
		limit, _ := after.Limit.Tokens()
		a.raise(a.memberWarning(models.WarningMemberLimitNear, user, after, percentOf(limit, NearLimitPercent)), nil)
	}
	if cheapest := a.platform.Cheapest; after.reached(cheapest) && !before.reached(cheapest) {
		limit, _ := after.Limit.Tokens()
		a.raise(a.memberWarning(models.WarningMemberLimitReached, user, after, limit), nil)
	}
}

func (a *Account) memberWarning(kind models.LimitWarningKind, user models.UserID, member Member, line models.Tokens) models.LimitWarning {
	return models.LimitWarning{
		Kind: kind, MemberID: &user, Threshold: line, Value: member.Used, DailyLimit: member.Limit.Column(), ClearsAt: a.endOfDay(),
	}
}

// near says whether the member has used most of the own share of the day.
func (m Member) near() bool {
	limit, limited := m.Limit.Tokens()
	return limited && limit > 0 && m.Used >= percentOf(limit, NearLimitPercent)
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

// percentOf is a share of a limit, rounded up to whole tokens.
func percentOf(limit models.Tokens, percent int) models.Tokens {
	return (limit*models.Tokens(percent) + 99) / 100
}

// limitInForce is the daily limit in force, and whether there is one.
func (a *Account) limitInForce() (models.Tokens, bool) {
	limit, _ := a.dailyLimit()
	return limit.Tokens()
}
