package ledger

import (
	"errors"
	"fmt"

	"productgenerator/models"
)

// decree changes what is allowed, what is warned of, or where the team is.
func (tr *trial) decree() command {
	switch tr.chance.IntN(8) {
	case 0:
		return tr.platformLimits(!tr.model.unlimited && tr.chance.IntN(2) == 0, tr.model.custom)
	case 1:
		var custom *models.Limit
		if limit := tr.someLimit(); tr.chance.IntN(2) == 0 {
			custom = &limit
		}
		return tr.platformLimits(tr.model.unlimited, custom)
	case 2:
		return tr.limitItself()
	case 3:
		return tr.share()
	case 4:
		return tr.setThreshold()
	case 5, 6:
		return tr.setRule()
	default:
		return tr.moveZone()
	}
}

func (tr *trial) someLimit() models.Limit {
	if tr.chance.IntN(3) == 0 {
		return models.NoLimit()
	}
	return models.LimitOf(models.Tokens(tr.chance.IntN(400)))
}

// platformLimits sets what an administrator decides; nil: the platform's default holds.
func (tr *trial) platformLimits(unlimited bool, custom *models.Limit) command {
	limit := models.NoLimit()
	if custom != nil {
		limit = *custom
	}
	return command{
		actor: tr.somebody(),
		apply: func(a *Account) error {
			a.SetPlatformLimits(unlimited, custom != nil, limit)
			return nil
		},
		expect: func(err error) string {
			tr.model.unlimited, tr.model.custom = unlimited, custom
			return unexpected(err)
		},
	}
}

func (tr *trial) limitItself() command {
	limit := tr.someLimit()
	return command{
		actor: tr.somebody(),
		apply: func(a *Account) error {
			a.SetOwnLimit(limit)
			return nil
		},
		expect: func(err error) string {
			tr.model.own = limit
			return unexpected(err)
		},
	}
}

// share sets what somebody may use of a day.
func (tr *trial) share() command {
	who, limit := tr.somebody(), tr.someLimit()
	return command{
		actor: who,
		apply: func(a *Account) error {
			a.SetMemberLimit(who, limit)
			return nil
		},
		stage: func(tx *Tx) { updateShares.Stage(tx, share{tx.Team(), who, limit}) },
		expect: func(err error) string {
			tr.model.share(who, limit)
			return unexpected(err)
		},
	}
}

func (tr *trial) setThreshold() command {
	threshold := tr.chance.IntN(200)
	if tr.chance.IntN(10) == 0 {
		threshold = int(models.MaxTokens) - threshold
	}
	return command{
		actor: tr.somebody(),
		apply: func(a *Account) error {
			a.SetLowBalanceThreshold(models.Tokens(threshold))
			return nil
		},
		expect: func(err error) string {
			tr.model.setThreshold(threshold)
			return unexpected(err)
		},
	}
}

// setRule adds, replaces or deletes an alert rule.
func (tr *trial) setRule() command {
	c := command{actor: tr.somebody()}
	known := tr.model.rules
	which := tr.chance.IntN(7) // there are not many more at a time
	if which < len(known) && tr.chance.IntN(3) == 0 {
		id := known[which].id
		c.apply = func(a *Account) error {
			a.deleteRule(id)
			return nil
		}
		c.expect = func(err error) string {
			tr.model.deleteRule(id)
			return unexpected(err)
		}
		return c
	}
	tr.made++
	rule := models.AlertRule{ID: models.AlertRuleID(fmt.Sprintf("alert_z%s%05d", tr.tag, tr.made)), Enabled: tr.chance.IntN(5) > 0}
	switch tr.chance.IntN(3) {
	case 0:
		rule.Metric, rule.Threshold = models.MetricDailyLimitPercentUsed, 10*tr.chance.IntN(11)
	case 1:
		rule.Metric, rule.Threshold = models.MetricAvailableTokensBelow, 5*tr.chance.IntN(40)
	default:
		rule.Metric, rule.Threshold = models.MetricGrantExpiresWithinDays, tr.chance.IntN(4)
	}
	if which < len(known) {
		rule.ID = known[which].id
		if tr.chance.IntN(3) == 0 { // as it was
			rule.Metric, rule.Threshold, rule.Enabled = known[which].metric, known[which].threshold, known[which].enabled
		}
	}
	c.apply = func(a *Account) error {
		a.setRule(rule)
		return nil
	}
	c.expect = func(err error) string {
		tr.model.setRule(rule.ID, rule.Metric, rule.Threshold, rule.Enabled)
		return unexpected(err)
	}
	return c
}

// moveZone asks for another time zone, often for the present one.
func (tr *trial) moveZone() command {
	zone := tr.model.zone
	if tr.chance.IntN(3) > 0 {
		zone = oddZones[tr.chance.IntN(len(oddZones))]
	}
	return command{
		actor: tr.somebody(),
		apply: func(a *Account) error { return a.ChangeTimeZone(zone, tr.model.zones(zone).zone) },
		expect: func(err error) string {
			until := tr.model.moveTo(zone, tr.model.now)
			var refusal *ZoneRefusal
			if until.IsZero() && err == nil || errors.As(err, &refusal) && refusal.Until.Equal(until) {
				return ""
			}
			return fmt.Sprintf("moved to %s: %v, in the model until %s", zone, err, until)
		},
	}
}

// share is what a member may use of a day.
type share struct {
	team  models.TeamID
	who   models.UserID
	limit models.Limit
}

var updateShares = &Statement[share]{
	Rank: RankAfter,
	SQL: `
UPDATE memberships m
SET daily_limit = n.daily_limit
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS n (team_id, user_id, daily_limit)
WHERE m.team_id = n.team_id AND m.user_id = n.user_id`,
	Columns: func(rows []share) []any {
		return []any{
			Column(rows, func(r share) string { return string(r.team) }),
			Column(rows, func(r share) string { return string(r.who) }),
			Column(rows, func(r share) *int64 { return (*int64)(r.limit.Column()) }),
		}
	},
}
