package resolvers

import (
	"context"
	"errors"

	"productgenerator/auth"
	"productgenerator/funding"
	"productgenerator/graph"
	"productgenerator/models"
)

func (r *queryResolver) PromotionEligibility(ctx context.Context, teamID, code string) (*graph.PromotionEligibility, error) {
	viewer, team, err := r.teamFor(ctx, teamID, models.RoleViewer)
	if err != nil {
		return nil, err
	}
	judged, err := r.Funding.Eligibility(ctx, viewer.User.ID, team, code)
	if err != nil {
		return nil, err
	}
	eligibility := &graph.PromotionEligibility{
		Redeemable: judged.Redeemable, Promotion: judged.Promotion, Rules: make([]graph.PromotionRule, len(judged.Rules)),
	}
	for i, rule := range judged.Rules {
		message, err := r.ruleMessage(ctx, team, rule)
		if err != nil {
			return nil, err
		}
		eligibility.Rules[i] = graph.PromotionRule{Code: rule.Code, Passed: rule.Passed, Message: message}
	}
	return eligibility, nil
}

// ruleMessage says how a rule for redeeming a code stands, with its date in the team's zone.
func (r *Resolver) ruleMessage(ctx context.Context, team models.TeamID, rule funding.Rule) (string, error) {
	f, key := figures{}, "promotion."+string(rule.Code)
	if rule.About != "" {
		key += "." + string(rule.About)
	}
	if rule.Passed {
		key += ".passed"
	}
	if rule.At == nil {
		return r.messages.say(tongueOf(ctx), f, key+".never", key), nil
	}
	zone, err := r.zoneOf(ctx, team)
	if err != nil {
		return "", err
	}
	f["at"] = dated{*rule.At, zone}
	return r.messages.say(tongueOf(ctx), f, key), nil
}

// promotionRefused says why a code cannot be redeemed.
func (r *Resolver) promotionRefused(ctx context.Context, team models.TeamID, refused *funding.PromotionRefusedError) ([]graph.UserError, error) {
	message, err := r.ruleMessage(ctx, team, refused.Rule)
	if err != nil {
		return nil, err
	}
	return []graph.UserError{&graph.PromotionNotRedeemableError{
		Code: graph.UserErrorCodePromotionNotRedeemable, Path: []string{"code"}, Message: message,
		Reason: refused.Reason(), Promotion: refused.Promotion,
	}}, nil
}

func (r *administrationResolver) Promotions(ctx context.Context, _ *graph.Administration, first *int, after *string) (*models.Connection[models.Promotion], error) {
	page, err := models.NewPage(first, after, nil, nil)
	if err != nil {
		return nil, err
	}
	promotions, err := r.Funding.Promotions(ctx, page)
	return &promotions, err
}

func (r *mutationResolver) RedeemPromotion(ctx context.Context, input graph.RedeemPromotionInput) (*graph.GrantPayload, error) {
	viewer, team, err := r.teamFor(ctx, input.TeamID, models.RoleAdmin)
	if err != nil {
		return nil, err
	}
	grant, balance, err := r.Funding.Redeem(ctx, viewer.User.ID, funding.RedeemInput{
		Team: team, Code: input.Code, Key: keyOf(viewer.User.ID, "redeemPromotion", input.IdempotencyKey, input),
	})
	if refused, ok := errors.AsType[*funding.PromotionRefusedError](err); ok {
		userErrors, err := r.promotionRefused(ctx, team, refused)
		return &graph.GrantPayload{UserErrors: userErrors}, err
	}
	if err != nil {
		userErrors, err := r.userErrors(ctx, team, aboutKey(err, input.IdempotencyKey))
		return &graph.GrantPayload{UserErrors: userErrors}, err
	}
	return &graph.GrantPayload{Grant: grant, Balance: &balance}, nil
}

func (r *mutationResolver) SetPromotion(ctx context.Context, input graph.PromotionInput) (*graph.PromotionPayload, error) {
	viewer, err := administrator(ctx)
	if err != nil {
		return nil, err
	}
	wanted := funding.PromotionInput{
		Code: input.Code, Kind: input.Kind, Name: input.Name, Terms: input.Terms, Tokens: input.Tokens,
		StartsAt: input.StartsAt, EndsAt: input.EndsAt.Value(), MaxRedemptions: input.MaxRedemptions.Value(),
		GrantExpiresAfterDays: input.GrantExpiresAfterDays.Value(),
	}
	if given := input.ID.Value(); given != nil {
		id, err := idOf[models.PromotionID](*given, models.PrefixPromotion)
		if err != nil {
			return nil, err
		}
		wanted.ID = &id
	}
	promotion, err := r.Funding.SetPromotion(ctx, viewer.User.ID, wanted)
	if err != nil {
		userErrors, err := r.userErrors(ctx, "", err)
		return &graph.PromotionPayload{UserErrors: userErrors}, err
	}
	return &graph.PromotionPayload{Promotion: &promotion}, nil
}

func (r *mutationResolver) RevokeGrant(ctx context.Context, input graph.RevokeGrantInput) (*graph.GrantPayload, error) {
	viewer, id, err := administratorAbout[models.GrantID](ctx, input.GrantID, models.PrefixGrant)
	if err != nil {
		return nil, err
	}
	grant, balance, err := r.Funding.RevokeGrant(ctx, viewer.User.ID, funding.RevokeInput{
		Grant: id, Note: input.Note, Key: keyOf(viewer.User.ID, "revokeGrant", input.IdempotencyKey, input),
	})
	if errors.Is(err, funding.ErrNothingRemains) {
		spent, err := loadersFrom(ctx).grants.Load(ctx, id)
		conflict := r.conflict(tongueOf(ctx), graph.UserErrorCodeWrongState, []string{"grantId"}, &spent, nil)
		return &graph.GrantPayload{UserErrors: []graph.UserError{conflict}}, err
	}
	if err != nil {
		userErrors, err := r.userErrors(ctx, "", aboutKey(err, input.IdempotencyKey))
		return &graph.GrantPayload{UserErrors: userErrors}, err
	}
	return &graph.GrantPayload{Grant: &grant, Balance: &balance}, nil
}

// Active is by the database's clock, as redeeming is.
func (r *promotionResolver) Active(ctx context.Context, promotion *models.Promotion) (bool, error) {
	return loadersFrom(ctx).active.Load(ctx, promotion.ID)
}

// Redemptions are told to administrators only.
func (r *promotionResolver) Redemptions(ctx context.Context, promotion *models.Promotion) (*int, error) {
	if !isAdministrator(auth.ViewerFrom(ctx)) {
		return nil, nil
	}
	return &promotion.Redemptions, nil
}

func (r *grantResolver) Promotion(ctx context.Context, grant *models.Grant) (*models.Promotion, error) {
	return loadersFrom(ctx).redeemed.Find(ctx, grant.ID)
}

func (r *Resolver) Promotion() graph.PromotionResolver { return &promotionResolver{r} }

type promotionResolver struct{ *Resolver }
