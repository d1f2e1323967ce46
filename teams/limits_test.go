package teams

import (
	"errors"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
)

func noFilter() ledger.Filter { return ledger.Filter{} }

func firstPage() models.Page { return models.Page{Size: 10} }

func TestAPlanSetsLimitsTogetherAndLeavesWhatIsLeftOut(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("owner")
	yes, no := true, false
	limit := func(tokens models.Tokens) *models.Tokens { return &tokens }
	for _, step := range []struct {
		change    PlanChange
		allowed   models.Tokens
		unlimited bool
	}{
		{PlanChange{Plan: models.PlanEnterprise, KeepDailyLimit: true, Unlimited: &yes}, 650, true},
		{PlanChange{Plan: models.PlanEnterprise, DailyLimit: limit(9_000)}, 9_000, true},
		{PlanChange{Plan: models.PlanEnterprise, KeepDailyLimit: true}, 9_000, true},
		{PlanChange{Plan: models.PlanEnterprise, DailyLimit: limit(-1)}, -1, true},
		{PlanChange{Plan: models.PlanEnterprise, KeepDailyLimit: true, Unlimited: &no}, -1, false},
		{PlanChange{Plan: models.PlanStandard, KeepDailyLimit: true}, -1, false},
		{PlanChange{Plan: models.PlanStandard, DailyLimit: limit(0)}, 0, false},
		{PlanChange{Plan: models.PlanStandard}, 650, false},
	} {
		step.change.Team = team.ID
		before := w.balance(team.ID).Version
		changed, err := w.SetPlan(w.ctx(), step.change)
		if err != nil {
			t.Fatalf("%+v: %v", step.change, err)
		}
		balance := w.balance(team.ID)
		want(t, "plan", changed.Plan, step.change.Plan)
		want(t, "allowed", balance.AllowedDailyLimit.API(), step.allowed)
		want(t, "unlimited", balance.Unlimited, step.unlimited)
		if balance.Version <= before {
			t.Errorf("version: %d behind %d", balance.Version, before)
		}
	}
	w.checked()
}

func TestOnlyAnEnterpriseTeamIsUnlimited(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("owner")
	yes, no := true, false
	refused := func(change PlanChange, faults string) {
		t.Helper()
		change.Team = team.ID
		_, err := w.SetPlan(w.ctx(), change)
		list, ok := errors.AsType[models.FieldErrors](err)
		if !ok || list.Error() != faults {
			t.Errorf("got %v, want %s", err, faults)
		}
	}
	low := models.Tokens(-2)
	refused(PlanChange{Plan: models.PlanStandard, KeepDailyLimit: true, Unlimited: &yes}, "bad input: unlimitedTokens: INVALID")
	refused(PlanChange{Plan: models.PlanEnterprise, DailyLimit: &low}, "bad input: dailyLimit: OUT_OF_RANGE")
	if _, err := w.SetPlan(w.ctx(), PlanChange{Team: team.ID, Plan: models.PlanEnterprise, Unlimited: &yes}); err != nil {
		t.Fatal(err)
	}
	refused(PlanChange{Plan: models.PlanStandard, KeepDailyLimit: true}, "bad input: unlimitedTokens: WRONG_STATE")
	want(t, "still unlimited", w.balance(team.ID).Unlimited, true)
	changed, err := w.SetPlan(w.ctx(), PlanChange{Team: team.ID, Plan: models.PlanStandard, Unlimited: &no})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "plan", changed.Plan, models.PlanStandard)
	want(t, "unlimited", w.balance(team.ID).Unlimited, false)

	_, err = w.SetPlan(w.ctx(), PlanChange{Team: models.NewTeamID(time.Now()), Plan: models.PlanStandard})
	if !errors.Is(err, models.ErrNotFound) {
		t.Errorf("a team that does not exist: %v", err)
	}
}

func TestPlansSetAtOnceLeaveOneOfThem(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("owner")
	for i, err := range atOnce(12, func(i int) error {
		plan, unlimited, limit := models.PlanStandard, false, models.Tokens(100)
		if i%2 == 0 {
			plan, unlimited, limit = models.PlanEnterprise, true, 200
		}
		_, err := w.SetPlan(w.ctx(), PlanChange{Team: team.ID, Plan: plan, DailyLimit: &limit, Unlimited: &unlimited})
		return err
	}) {
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	stored, err := w.Team(w.ctx(), team.ID)
	if err != nil {
		t.Fatal(err)
	}
	balance := w.balance(team.ID)
	want(t, "unlimited as the plan says", balance.Unlimited, stored.Plan == models.PlanEnterprise)
	want(t, "limit as the plan says", balance.AllowedDailyLimit.API() == 200, stored.Plan == models.PlanEnterprise)
}

func TestTheDefaultDailyLimitHoldsForTeamsWithoutOneOfTheirOwn(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("owner")
	for _, tokens := range []models.Tokens{1_000, 0, models.UnlimitedTokens} {
		if err := w.SetDefaultDailyLimit(w.ctx(), tokens); err != nil {
			t.Fatal(err)
		}
		limit, err := w.DefaultDailyLimit(w.ctx())
		if err != nil {
			t.Fatal(err)
		}
		want(t, "the default", limit.API(), tokens)
		want(t, "the team's", w.balance(team.ID).DailyLimit.API(), tokens)
	}
	if err := w.SetDefaultDailyLimit(w.ctx(), -2); err == nil {
		t.Error("-2 was taken")
	}
}
