package resolvers

import (
	"context"

	"productgenerator/auth"
	"productgenerator/graph"
	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/operations"
	"productgenerator/teams"
)

func (r *mutationResolver) SetAlertRule(ctx context.Context, input graph.AlertRuleInput) (*graph.AlertRulePayload, error) {
	viewer, team, err := r.teamFor(ctx, input.TeamID, models.RoleAdmin)
	if err != nil {
		return nil, err
	}
	setting := ledger.AlertRuleSetting{
		Team: team, Actor: viewer.User.ID, Metric: input.Metric, Threshold: input.Threshold,
		Email: input.Email.Value(), Enabled: input.Enabled.Value(),
		WebhookURL: input.WebhookURL.Value(), KeepWebhook: !input.WebhookURL.IsSet(),
	}
	if !readID(input.ID.Value(), models.PrefixAlertRule, &setting.ID) {
		return nil, models.ErrNotFound
	}
	rule, secret, err := r.Ledger.SetAlertRule(ctx, setting)
	if err != nil {
		userErrors, err := r.userErrors(ctx, team, err)
		return &graph.AlertRulePayload{UserErrors: userErrors}, err
	}
	payload := &graph.AlertRulePayload{AlertRule: &rule}
	if secret != "" {
		payload.WebhookSecret = &secret
	}
	return payload, nil
}

func (r *mutationResolver) DeleteAlertRule(ctx context.Context, input graph.DeleteAlertRuleInput) (*graph.AlertRulePayload, error) {
	if _, err := viewerOf(ctx); err != nil {
		return nil, err
	}
	id, err := idOf[models.AlertRuleID](input.ID, models.PrefixAlertRule)
	if err != nil {
		return nil, err
	}
	rule, err := loadersFrom(ctx).rules.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	viewer, err := r.member(ctx, rule.TeamID, models.RoleAdmin)
	if err != nil {
		return nil, err
	}
	deleted, err := r.Ledger.DeleteAlertRule(ctx, viewer.User.ID, rule.TeamID, id)
	if err != nil {
		return nil, err
	}
	return &graph.AlertRulePayload{AlertRule: &deleted}, nil
}

func (r *mutationResolver) AcknowledgeWarning(ctx context.Context, input graph.AcknowledgeWarningInput) (*graph.LimitWarningPayload, error) {
	if _, err := viewerOf(ctx); err != nil {
		return nil, err
	}
	id, err := idOf[models.LimitWarningID](input.ID, models.PrefixLimitWarning)
	if err != nil {
		return nil, err
	}
	warning, err := r.Ledger.Warning(ctx, id)
	if err != nil {
		return nil, err
	}
	viewer, err := r.member(ctx, warning.TeamID, models.RoleAdmin)
	if err != nil {
		return nil, err
	}
	acknowledged, err := r.Ledger.AcknowledgeWarning(ctx, viewer.User.ID, warning.TeamID, id)
	if err != nil {
		return nil, err
	}
	return &graph.LimitWarningPayload{LimitWarning: &acknowledged}, nil
}

func (r *teamResolver) LimitWarnings(ctx context.Context, team *models.Team, acknowledged *bool, first *int, after *string) (*models.Connection[models.LimitWarning], error) {
	page, err := models.NewPage(first, after, nil, nil)
	if err != nil {
		return nil, err
	}
	warnings, err := r.Deps.Ledger.Warnings(ctx, team.ID, acknowledged, page)
	return &warnings, err
}

// AlertRules are told to ADMINs of the team and to platform administrators, who read any team.
func (r *teamResolver) AlertRules(ctx context.Context, team *models.Team) ([]models.AlertRule, error) {
	if configures, err := r.configures(ctx, team.ID); !configures || err != nil {
		return nil, err
	}
	return r.Deps.Ledger.Rules(ctx, team.ID)
}

// configures says whether the viewer may know how a team is configured.
func (r *Resolver) configures(ctx context.Context, team models.TeamID) (bool, error) {
	membership, err := r.membershipOf(ctx, team)
	if err != nil {
		return false, err
	}
	return membership != nil && membership.Role.Includes(models.RoleAdmin) || isAdministrator(auth.ViewerFrom(ctx)), nil
}

func (r *alertRuleResolver) WebhookURL(ctx context.Context, rule *models.AlertRule) (*string, error) {
	if configures, err := r.configures(ctx, rule.TeamID); !configures || err != nil {
		return nil, err
	}
	return rule.WebhookURL, nil
}

// Message is one sentence: what is tight, and what clears it.
func (r *limitWarningResolver) Message(ctx context.Context, warning *models.LimitWarning) (string, error) {
	zone, err := r.zoneOf(ctx, warning.TeamID)
	if err != nil {
		return "", err
	}
	if warning.MemberID == nil {
		return r.messages.warn(tongueOf(ctx), warning, zone, ""), nil
	}
	user, err := loadersFrom(ctx).users.Load(ctx, *warning.MemberID)
	return r.messages.warn(tongueOf(ctx), warning, zone, user.Name), err
}

func (r *limitWarningResolver) Rule(ctx context.Context, warning *models.LimitWarning) (*models.AlertRule, error) {
	if warning.RuleID == nil {
		return nil, nil
	}
	return loadersFrom(ctx).rules.Find(ctx, *warning.RuleID)
}

func (r *limitWarningResolver) Member(ctx context.Context, warning *models.LimitWarning) (*models.Membership, error) {
	if warning.MemberID == nil {
		return nil, nil
	}
	return loadersFrom(ctx).memberships.Find(ctx, teams.Place{Team: warning.TeamID, User: *warning.MemberID})
}

func (r *limitWarningResolver) AcknowledgedBy(ctx context.Context, warning *models.LimitWarning) (*models.User, error) {
	return r.user(ctx, warning.AcknowledgedBy)
}

// WarningWriter returns what writes a warning's sentence outside of the API: with times told in a zone (an IANA name),
// in the language of a locale such as es or en-GB.
func WarningWriter() func(warning models.LimitWarning, zone, locale string) string {
	m, matcher := newMessages(), newMatcher()
	return func(warning models.LimitWarning, zone, locale string) string {
		return m.warn(choose(matcher, locale), &warning, zone, "")
	}
}

// warn is a warning's sentence: what is tight, and what clears it. who is the member whose limit it is; empty: that is
// not told.
func (m messages) warn(t tongue, warning *models.LimitWarning, zone, who string) string {
	f := figures{"who": who, "value": warning.Value, "threshold": warning.Threshold}
	if warning.ClearsAt != nil {
		f["clears"] = moment{*warning.ClearsAt, zone}
	}
	key := "limitWarning." + string(warning.Kind)
	if warning.DailyLimit != nil {
		f["limit"] = *warning.DailyLimit
		if *warning.DailyLimit < operations.CheapestCost {
			key += ".never"
		}
	}
	if who != "" {
		key += ".named"
	}
	return m.say(t, f, key, "limitWarning."+string(warning.Kind))
}

func (r *Resolver) AlertRule() graph.AlertRuleResolver { return &alertRuleResolver{r} }

func (r *Resolver) LimitWarning() graph.LimitWarningResolver { return &limitWarningResolver{r} }

type (
	alertRuleResolver    struct{ *Resolver }
	limitWarningResolver struct{ *Resolver }
)
