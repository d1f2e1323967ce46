package resolvers

import (
	"context"
	"errors"

	"productgenerator/funding"
	"productgenerator/graph"
	"productgenerator/models"
)

func (r *mutationResolver) SetAutoTopUp(ctx context.Context, input graph.AutoTopUpInput) (*graph.TeamPayload, error) {
	viewer, team, err := r.teamFor(ctx, input.TeamID, models.RoleOwner)
	if err != nil {
		return nil, err
	}
	set := funding.AutoTopUpInput{
		Team: team, Enabled: input.Enabled, Threshold: input.Threshold.Value(), MonthlyCapMinor: input.MonthlyCapMinor.Value(),
	}
	if id := input.PackageID.Value(); id != nil {
		chosen := models.TokenPackageID(*id) // what is no package's id cannot be bought
		set.Package = &chosen
	}
	_, err = r.Funding.SetAutoTopUp(ctx, viewer.User.ID, set)
	if refused, ok := errors.AsType[*funding.PaymentError](err); ok {
		return &graph.TeamPayload{UserErrors: []graph.UserError{r.noAutoTopUp(ctx, refused)}}, nil
	}
	if err != nil {
		userErrors, err := r.userErrors(ctx, team, err)
		return &graph.TeamPayload{UserErrors: userErrors}, err
	}
	changed, err := loadersFrom(ctx).teams.Load(ctx, team)
	if err != nil {
		return nil, err
	}
	return &graph.TeamPayload{Team: &changed}, nil
}

// noAutoTopUp says that the payment provider takes no payments without the buyer.
func (r *Resolver) noAutoTopUp(ctx context.Context, refused *funding.PaymentError) *graph.PaymentError {
	return &graph.PaymentError{
		Code: graph.UserErrorCodePaymentFailed, Path: []string{"enabled"}, Provider: refused.Provider,
		Message: r.messages.say(tongueOf(ctx), nil, "topUp.provider"),
	}
}

// AutoTopUp is null where it was never set.
func (r *teamResolver) AutoTopUp(ctx context.Context, team *models.Team) (*models.AutoTopUp, error) {
	topUp, err := loadersFrom(ctx).topUps.Find(ctx, team.ID)
	if topUp == nil || err != nil {
		return nil, err
	}
	return &topUp.AutoTopUp, nil
}

func (r *autoTopUpResolver) Package(ctx context.Context, topUp *models.AutoTopUp) (*models.TokenPackage, error) {
	known, err := loadersFrom(ctx).topUps.Load(ctx, topUp.TeamID)
	return known.Package, err
}

func (r *autoTopUpResolver) SpentThisMonthMinor(ctx context.Context, topUp *models.AutoTopUp) (int64, error) {
	known, err := loadersFrom(ctx).topUps.Load(ctx, topUp.TeamID)
	return known.SpentThisMonthMinor, err
}

// PausedReason is one sentence: why it buys nothing, and what to do.
func (r *autoTopUpResolver) PausedReason(ctx context.Context, topUp *models.AutoTopUp) (*string, error) {
	known, err := loadersFrom(ctx).topUps.Load(ctx, topUp.TeamID)
	if err != nil || known.Pause == nil {
		return nil, err
	}
	sentence := r.messages.say(tongueOf(ctx), nil, "topUp."+string(*known.Pause))
	return &sentence, nil
}

func (r *Resolver) AutoTopUp() graph.AutoTopUpResolver { return &autoTopUpResolver{r} }

type autoTopUpResolver struct{ *Resolver }
