package resolvers

import (
	"context"

	"productgenerator/funding"
	"productgenerator/graph"
	"productgenerator/models"
	"productgenerator/teams"
)

func (r *queryResolver) Administration(ctx context.Context) (*graph.Administration, error) {
	if _, err := administrator(ctx); err != nil {
		return nil, err
	}
	return r.administrationNow(ctx)
}

// administrationNow is what administrators see, as it is now.
func (r *Resolver) administrationNow(ctx context.Context) (*graph.Administration, error) {
	limit, err := r.Teams.DefaultDailyLimit(ctx)
	if err != nil {
		return nil, err
	}
	return &graph.Administration{ID: models.AdministrationID, DefaultDailyLimit: limit.API()}, nil
}

func (r *administrationResolver) Teams(ctx context.Context, _ *graph.Administration, search *string, plan *models.Plan, first *int, after *string) (*models.Connection[models.Team], error) {
	page, err := models.NewPage(first, after, nil, nil)
	if err != nil {
		return nil, err
	}
	var filter teams.Filter
	if search != nil {
		filter.Search = *search
	}
	if plan != nil {
		filter.Plan = *plan
	}
	found, err := r.Deps.Teams.Search(ctx, filter, page)
	return &found, err
}

func (r *administrationResolver) Reconciliation(ctx context.Context, _ *graph.Administration, teamID *string) (*graph.Reconciliation, error) {
	team, err := r.teamToCheck(ctx, teamID)
	if err != nil {
		return nil, err
	}
	report, err := r.Ledger.Check(ctx, team)
	if err != nil {
		return nil, err
	}
	reconciliation := &graph.Reconciliation{
		TeamsChecked: report.TeamsChecked, EntriesChecked: report.EntriesChecked, CheckedAt: report.CheckedAt,
		Discrepancies: make([]graph.Discrepancy, len(report.Discrepancies)),
	}
	for i, found := range report.Discrepancies {
		reconciliation.Discrepancies[i] = graph.Discrepancy{
			Team: &models.Team{ID: found.Team}, Invariant: found.Invariant, Expected: found.Expected, Found: found.Found,
		}
	}
	return reconciliation, nil
}

// teamToCheck is the one team whose books are wanted, nil for all.
func (r *Resolver) teamToCheck(ctx context.Context, id *string) (*models.TeamID, error) {
	if id == nil {
		return nil, nil
	}
	team, err := idOf[models.TeamID](*id, models.PrefixTeam)
	if err != nil {
		return nil, err
	}
	if _, err := r.Teams.Team(ctx, team); err != nil {
		return nil, err
	}
	return &team, nil
}

// Team reads the team that Reconciliation knows the id of.
func (r *discrepancyResolver) Team(ctx context.Context, discrepancy *graph.Discrepancy) (*models.Team, error) {
	team, err := loadersFrom(ctx).teams.Load(ctx, discrepancy.Team.ID)
	return &team, err
}

func (r *mutationResolver) SetDefaultDailyLimit(ctx context.Context, input graph.DefaultDailyLimitInput) (*graph.AdministrationPayload, error) {
	if _, err := administrator(ctx); err != nil {
		return nil, err
	}
	if err := r.Teams.SetDefaultDailyLimit(ctx, input.Tokens); err != nil {
		userErrors, err := r.userErrors(ctx, "", err)
		return &graph.AdministrationPayload{UserErrors: userErrors}, err
	}
	administration, err := r.administrationNow(ctx)
	return &graph.AdministrationPayload{Administration: administration}, err
}

func (r *mutationResolver) SetTeamPlan(ctx context.Context, input graph.TeamPlanInput) (*graph.TeamPayload, error) {
	_, team, err := administratorAbout[models.TeamID](ctx, input.TeamID, models.PrefixTeam)
	if err != nil {
		return nil, err
	}
	limit, given := input.DailyLimit.ValueOK()
	changed, err := r.Teams.SetPlan(ctx, teams.PlanChange{
		Team: team, Plan: input.Plan, DailyLimit: limit, KeepDailyLimit: !given, Unlimited: unlimitedOf(input),
	})
	if err != nil {
		userErrors, err := r.userErrors(ctx, team, err)
		return &graph.TeamPayload{UserErrors: userErrors}, err
	}
	return &graph.TeamPayload{Team: &changed}, nil
}

// unlimitedOf is whether the team shall spend without owning tokens: left out as before, null not.
func unlimitedOf(input graph.TeamPlanInput) *bool {
	unlimited, given := input.UnlimitedTokens.ValueOK()
	if given && unlimited == nil {
		return new(bool)
	}
	return unlimited
}

func (r *mutationResolver) GrantTokens(ctx context.Context, input graph.GrantTokensInput) (*graph.GrantPayload, error) {
	viewer, team, err := administratorAbout[models.TeamID](ctx, input.TeamID, models.PrefixTeam)
	if err != nil {
		return nil, err
	}
	grant, balance, err := r.Funding.Grant(ctx, viewer.User.ID, funding.GrantInput{
		Team: team, Tokens: input.Tokens, Source: input.Source, Note: input.Note, ExpiresAt: input.ExpiresAt.Value(),
		Key: keyOf(viewer.User.ID, "grantTokens", input.IdempotencyKey, input),
	})
	if err != nil {
		userErrors, err := r.userErrors(ctx, team, aboutKey(err, input.IdempotencyKey))
		return &graph.GrantPayload{UserErrors: userErrors}, err
	}
	return &graph.GrantPayload{Grant: &grant, Balance: &balance}, nil
}

func (r *Resolver) Administration() graph.AdministrationResolver { return &administrationResolver{r} }

func (r *Resolver) Discrepancy() graph.DiscrepancyResolver { return &discrepancyResolver{r} }

type (
	administrationResolver struct{ *Resolver }
	discrepancyResolver    struct{ *Resolver }
)
