package resolvers

import (
	"context"
	"errors"

	"productgenerator/graph"
	"productgenerator/models"
	"productgenerator/reports"
)

// errEnterprise says that only teams of the plan ENTERPRISE have what was asked for.
var errEnterprise = errors.New("not on the team's plan")

func (r *teamResolver) Consumption(ctx context.Context, team *models.Team, input graph.ConsumptionInput) (*models.ConsumptionReport, error) {
	query := reports.Query{
		Period: reports.Period{From: input.Period.From, To: input.Period.To}, Granularity: input.Granularity,
		By: models.ByOperation, Operations: input.Operations.Value(),
	}
	if by := input.GroupBy.Value(); by != nil {
		query.By = *by
	}
	if ids := input.MemberIds.Value(); ids != nil {
		members, err := r.membersOf(ctx, team.ID, ids)
		if err != nil {
			return nil, err
		}
		query.Members = members
	}
	report, err := r.Reports.Consumption(ctx, team.ID, query)
	if err != nil {
		return nil, err
	}
	return &report, nil
}

// membersOf is the users that ids of users, or of memberships in the team, name. What names nobody is left out.
func (r *Resolver) membersOf(ctx context.Context, team models.TeamID, ids []string) ([]models.UserID, error) {
	if len(ids) > reports.MaxMembers {
		return nil, models.FieldErrors{{Path: []string{"memberIds"}, Code: models.FieldTooMany, Limit: reports.MaxMembers}}
	}
	users := []models.UserID{}
	for _, id := range ids {
		switch prefix, _ := models.PrefixOf(id); prefix {
		case models.PrefixUser:
			users = append(users, models.UserID(id))
		case models.PrefixMembership:
			membership, err := r.Teams.MembershipByID(ctx, models.MembershipID(id))
			switch {
			case err == nil && membership.TeamID == team:
				users = append(users, membership.UserID)
			case err != nil && !errors.Is(err, models.ErrNotFound):
				return nil, err
			}
		}
	}
	return users, nil
}

func (r *teamResolver) Insights(ctx context.Context, team *models.Team, period graph.PeriodInput) (*models.Insights, error) {
	if team.Plan != models.PlanEnterprise {
		return nil, errEnterprise
	}
	insights, err := r.Reports.Insights(ctx, team.ID, reports.Period{From: period.From, To: period.To})
	if err != nil {
		return nil, err
	}
	return &insights, nil
}

func (r *balanceResolver) RunsOutOn(ctx context.Context, balance *models.Balance) (*models.Date, error) {
	pace, err := loadersFrom(ctx).paces.Load(ctx, reports.Today{Team: balance.TeamID, Day: balance.Day})
	if err != nil {
		return nil, err
	}
	return pace.RunsOutOn(balance)
}

func (r *consumptionReportResolver) CSV(ctx context.Context, report *models.ConsumptionReport) (string, error) {
	language := tongueOf(ctx)
	return reports.CSV(report, func(row *models.ConsumptionRow) string { return r.labelOf(language, row) })
}

func (r *consumptionRowResolver) Label(ctx context.Context, row *models.ConsumptionRow) (string, error) {
	return r.labelOf(tongueOf(ctx), row), nil
}

// labelOf is what people call a row of a report.
func (r *Resolver) labelOf(language tongue, row *models.ConsumptionRow) string {
	switch {
	case row.Key == models.OtherRows:
		return r.messages.say(language, nil, "report.other")
	case row.Dimension == models.ByOperation:
		return r.messages.say(language, nil, "name."+row.Key)
	case row.Dimension == models.ByPart:
		return r.messages.say(language, nil, "part."+row.Key)
	case row.Name == "":
		return row.Key
	default:
		return row.Name
	}
}

// Advice is what would save tokens, each with the figures that say why.
func (r *insightsResolver) Advice(ctx context.Context, insights *models.Insights) ([]string, error) {
	sentences := []string{}
	for _, advice := range reports.Advise(insights) {
		f := figures{"percent": advice.Percent, "tokens": advice.Tokens, "times": advice.Times}
		sentences = append(sentences, r.messages.say(tongueOf(ctx), f, "advice."+string(advice.Kind)))
	}
	return sentences, nil
}

func (r *Resolver) ConsumptionReport() graph.ConsumptionReportResolver {
	return &consumptionReportResolver{r}
}

func (r *Resolver) ConsumptionRow() graph.ConsumptionRowResolver { return &consumptionRowResolver{r} }

func (r *Resolver) Insights() graph.InsightsResolver { return &insightsResolver{r} }

type (
	consumptionReportResolver struct{ *Resolver }
	consumptionRowResolver    struct{ *Resolver }
	insightsResolver          struct{ *Resolver }
)
