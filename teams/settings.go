package teams

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
)

// MaxLowBalanceThreshold is the highest threshold at which a balance can be LOW: alert rules stand at it.
const MaxLowBalanceThreshold models.Tokens = math.MaxInt32

// Field is a field of an update: what is not given stays as it is.
type Field[T any] struct {
	Given bool
	Value *T // nil clears the field
}

// TeamChange is what an ADMIN changes about a team: all that is given, or nothing.
type TeamChange struct {
	Team                models.TeamID
	Actor               models.UserID
	Name                Field[string]
	TimeZone            Field[string]        // IANA name
	DailyLimit          Field[models.Tokens] // the team's own, 0 or more; nil clears it
	LowBalanceThreshold Field[models.Tokens] // 0 to MaxLowBalanceThreshold
}

// UpdateTeam changes a team's name, time zone, own daily limit and warning threshold together. A limit under what was
// used stops new operations and touches no running one; a time zone takes effect later, as ledger.ChangeTimeZone says.
//
// It returns models.FieldErrors, models.ErrNotFound to who is no member, models.ErrForbidden to who is no ADMIN, or a
// *ledger.ZoneRefusal where the time zone cannot be changed yet.
func (t *Teams) UpdateTeam(ctx context.Context, c TeamChange) (models.Team, error) {
	if err := c.check(); err != nil {
		return models.Team{}, err
	}
	_, err := t.ledger.Update(ctx, ledger.Change{
		Team: c.Team, Actor: c.Actor,
		Decide: func(tx *ledger.Tx) error {
			if err := tx.Member(c.Actor).Role.Require(models.RoleAdmin); err != nil {
				return err
			}
			return t.configure(tx, c)
		},
	})
	if errors.Is(err, ledger.ErrNoAccount) {
		return models.Team{}, models.ErrNotFound
	}
	if err != nil {
		return models.Team{}, fmt.Errorf("update %s: %w", c.Team, err)
	}
	return t.Team(ctx, c.Team)
}

// configure makes the changes, the one that may be refused first.
func (t *Teams) configure(tx *ledger.Tx, c TeamChange) error {
	if c.TimeZone.Given {
		zone, err := time.LoadLocation(*c.TimeZone.Value)
		if err != nil {
			return fmt.Errorf("load a time zone: %w", err)
		}
		if err := tx.ChangeTimeZone(*c.TimeZone.Value, zone); err != nil {
			return err
		}
	}
	if c.Name.Given {
		t.rows.renameTeams.Stage(tx, teamName{c.Team, trimName(*c.Name.Value)})
	}
	if c.DailyLimit.Given {
		tx.SetOwnLimit(models.LimitFrom(c.DailyLimit.Value))
	}
	if c.LowBalanceThreshold.Given {
		tx.SetLowBalanceThreshold(*c.LowBalanceThreshold.Value)
	}
	return nil
}

func (c TeamChange) check() error {
	var faults models.FieldErrors
	faults.Add(c.Name.check(func(name string) models.FieldCode { return checkName(trimName(name)) }), MaxName, "name")
	faults.Add(c.TimeZone.check(checkZone), 0, "timeZone")
	faults.Add(checkLimit(c.DailyLimit), 0, "dailyLimit")
	faults.Add(c.LowBalanceThreshold.check(checkThreshold), 0, "lowBalanceThreshold")
	return faults.Err()
}

// check says what is wrong with a field that cannot be cleared.
func (f Field[T]) check(value func(T) models.FieldCode) models.FieldCode {
	switch {
	case !f.Given:
		return ""
	case f.Value == nil:
		return models.FieldRequired
	default:
		return value(*f.Value)
	}
}

// checkLimit says what is wrong with a daily limit that a team sets itself: none is written as nil, never as -1.
func checkLimit(limit Field[models.Tokens]) models.FieldCode {
	if limit.Given && limit.Value != nil && *limit.Value < 0 {
		return models.FieldOutOfRange
	}
	return ""
}

func checkThreshold(tokens models.Tokens) models.FieldCode {
	if tokens < 0 || tokens > MaxLowBalanceThreshold {
		return models.FieldOutOfRange
	}
	return ""
}

// teamName is a team's new name.
type teamName struct {
	team models.TeamID
	name string
}

func (r *rows) addSettingStatements() {
	r.renameTeams = &ledger.Statement[teamName]{
		Rank: rankTeams,
		SQL: `
UPDATE teams
SET name = n.name
FROM unnest($1::text[], $2::text[]) AS n (id, name)
WHERE teams.id = n.id`,
		Key: func(n teamName) string { return string(n.team) },
		Columns: func(names []teamName) []any {
			return []any{
				ledger.Column(names, func(n teamName) string { return string(n.team) }),
				ledger.Column(names, func(n teamName) string { return n.name }),
			}
		},
	}
}
