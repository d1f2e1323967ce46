package resolvers

import (
	"context"
	"errors"

	"productgenerator/funding"
	"productgenerator/ledger"
	"productgenerator/models"
)

func (r *teamResolver) Referral(ctx context.Context, team *models.Team) (*models.ReferralSummary, error) {
	referral, err := loadersFrom(ctx).referrals.Load(ctx, team.ID)
	return &referral, err
}

// invitedBy links the team that somebody signs up with to the one whose code it is. It returns models.FieldErrors at
// referralCode where it is nobody's, or where who signs up joins a team instead.
func (r *Resolver) invitedBy(ctx context.Context, code string, joins bool) ([]ledger.Rider, error) {
	if code == "" {
		return nil, nil
	}
	unfit := models.FieldErrors{{Path: []string{"referralCode"}, Code: models.FieldInvalid}}
	if joins {
		return nil, unfit
	}
	rider, err := r.Funding.ReferralRider(ctx, code)
	if _, refused := errors.AsType[*funding.PromotionRefusedError](err); refused {
		return nil, unfit
	}
	if err != nil {
		return nil, err
	}
	return []ledger.Rider{rider}, nil
}
