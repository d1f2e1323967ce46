package teams

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"productgenerator/ledger"
	"productgenerator/models"
)

// DefaultDailyLimit is what a team without a limit of its own may use a day.
func (t *Teams) DefaultDailyLimit(ctx context.Context) (models.Limit, error) {
	settings, err := gorm.G[models.Settings](t.db).Take(ctx)
	if err != nil {
		return models.NoLimit(), fmt.Errorf("read the settings: %w", err)
	}
	return models.LimitFrom(settings.DefaultDailyLimit), nil
}

// SetDefaultDailyLimit sets what teams without a limit of their own may use a day, from their next operation on:
// models.UnlimitedTokens for no limit. It returns models.FieldErrors at tokens.
func (t *Teams) SetDefaultDailyLimit(ctx context.Context, tokens models.Tokens) error {
	limit, code := limitOf(tokens)
	if code != "" {
		return models.FieldErrors{{Path: []string{"tokens"}, Code: code}}
	}
	err := t.db.WithContext(ctx).Exec(`UPDATE settings SET default_daily_limit = ?`, limit.Column()).Error
	if err != nil {
		return fmt.Errorf("set the default daily limit: %w", err)
	}
	return nil
}

// PlanChange is what an administrator sets for a team.
type PlanChange struct {
	Team models.TeamID
	Plan models.Plan
	// DailyLimit holds instead of the platform's default where KeepDailyLimit is false: models.UnlimitedTokens for none,
	// nil for the platform's default again.
	DailyLimit     *models.Tokens
	KeepDailyLimit bool
	// Unlimited says whether the team spends without owning tokens; nil: as before.
	Unlimited *bool
}

// SetPlan sets a team's plan and limits together. Only an ENTERPRISE team is unlimited: asking for another is INVALID
// at unlimitedTokens, and so that a team's plan is lowered, its unlimited tokens have to end with it: WRONG_STATE there
// if they would stay. It returns models.FieldErrors or models.ErrNotFound.
func (t *Teams) SetPlan(ctx context.Context, c PlanChange) (models.Team, error) {
	limit, err := c.check()
	if err != nil {
		return models.Team{}, err
	}
	_, err = t.ledger.Update(ctx, ledger.Change{
		Team: c.Team, Lookups: []ledger.Want{t.rows.limits.Want(c.Team)},
		Decide: func(tx *ledger.Tx) error {
			limits, _ := t.rows.limits.Get(tx, c.Team)
			if !c.KeepDailyLimit {
				limits.custom, limits.daily = c.DailyLimit != nil, limit
			}
			if c.Unlimited != nil {
				limits.unlimited = *c.Unlimited
			}
			if limits.unlimited && c.Plan != models.PlanEnterprise {
				return models.FieldErrors{{Path: []string{"unlimitedTokens"}, Code: models.FieldWrongState}}
			}
			t.rows.limits.Put(tx, c.Team, limits)
			t.rows.updatePlans.Stage(tx, teamPlan{c.Team, c.Plan})
			tx.SetPlatformLimits(limits.unlimited, limits.custom, limits.daily)
			return nil
		},
	})
	if errors.Is(err, ledger.ErrNoAccount) {
		return models.Team{}, models.ErrNotFound
	}
	if err != nil {
		return models.Team{}, fmt.Errorf("set the plan of %s: %w", c.Team, err)
	}
	return t.Team(ctx, c.Team)
}

func (c PlanChange) check() (limit models.Limit, err error) {
	var faults models.FieldErrors
	if !c.KeepDailyLimit && c.DailyLimit != nil {
		var code models.FieldCode
		limit, code = limitOf(*c.DailyLimit)
		faults.Add(code, 0, "dailyLimit")
	}
	if c.Unlimited != nil && *c.Unlimited && c.Plan != models.PlanEnterprise {
		faults.Add(models.FieldInvalid, 0, "unlimitedTokens")
	}
	return limit, faults.Err()
}

// limitOf reads a limit as the API writes it: 0 or more, -1 for none.
func limitOf(tokens models.Tokens) (models.Limit, models.FieldCode) {
	switch {
	case tokens == models.UnlimitedTokens:
		return models.NoLimit(), ""
	case tokens < 0:
		return models.NoLimit(), models.FieldOutOfRange
	default:
		return models.LimitOf(tokens), ""
	}
}
