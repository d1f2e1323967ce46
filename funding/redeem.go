package funding

import (
	"context"
	"errors"
	"fmt"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
)

// RedeemInput is a code that somebody redeems for a team.
type RedeemInput struct {
	Team models.TeamID
	Code string // of a promotion, or of a team that invites; in any case, with blanks around it
	Key  ledger.Key
}

// Redeem redeems a code for a team on behalf of an ADMIN, once for the key: a repetition gives the first grant as it is
// now. A promotion's tokens come at once. The code of a team that invites links both teams, and the grant is nil: both
// are rewarded with the invited team's first paid purchase.
//
// It returns models.FieldErrors; models.ErrNotFound to who is no member of the team; models.ErrForbidden; a
// *PromotionRefusedError, which is not remembered with the key; or ledger.ErrKeyConflict.
func (f *Funding) Redeem(ctx context.Context, actor models.UserID, input RedeemInput) (*models.Grant, models.Balance, error) {
	var faults models.FieldErrors
	input.Key.Check(&faults)
	if err := faults.Err(); err != nil {
		return nil, models.Balance{}, err
	}
	code := codeOf(input.Code)
	outcome, err := f.ledger.Update(ctx, ledger.Change{
		Team: input.Team, Actor: actor, Key: &input.Key, Lookups: f.claimWants(input.Team, code),
		Decide: func(tx *ledger.Tx) error {
			claim := f.lookUpClaim(tx, actor, code)
			if err := claim.role.Require(models.RoleAdmin); err != nil {
				return err
			}
			if err := claim.refusal(); err != nil {
				return err
			}
			if claim.inviter != "" {
				tx.Made(string(f.link(tx, claim.inviter, actor)))
				return nil
			}
			tx.Made(string(f.redeem(tx, *claim.promotion, actor)))
			return nil
		},
	})
	if errors.Is(err, ledger.ErrNoAccount) {
		return nil, models.Balance{}, models.ErrNotFound
	}
	if err != nil {
		return nil, models.Balance{}, fmt.Errorf("redeem a code for %s: %w", input.Team, err)
	}
	if made, _ := models.PrefixOf(outcome.Subject); made == models.PrefixReferral {
		return nil, outcome.Balance, nil
	}
	id := models.GrantID(outcome.Subject)
	grants, err := f.ledger.GrantsByID(ctx, []models.GrantID{id})
	if err != nil {
		return nil, models.Balance{}, fmt.Errorf("read what was granted: %w", err)
	}
	grant := grants[id]
	return &grant, outcome.Balance, nil
}

// redeem issues what the promotion brings, and counts it. The database has one redemption for each team and promotion.
func (f *Funding) redeem(tx *ledger.Tx, promotion models.Promotion, actor models.UserID) models.GrantID {
	id := models.NewGrantID(tx.Now())
	tx.Issue(models.Grant{
		ID: id, Source: promotion.Kind.Source(), Tokens: promotion.Tokens, Note: &promotion.Name,
		ExpiresAt: expiry(tx.Now(), promotion.GrantExpiresAfterDays),
	}, &actor)
	f.rows.insertRedemptions.Stage(tx, models.Redemption{
		PromotionID: promotion.ID, TeamID: tx.Team(), UserID: actor, GrantID: id, RedeemedAt: tx.Now(),
	})
	redemptions, _ := f.rows.redemptions.Get(tx, tx.Team())
	if redemptions == nil {
		redemptions = map[models.PromotionID]time.Time{}
	}
	redemptions[promotion.ID] = tx.Now()
	f.rows.redemptions.Put(tx, tx.Team(), redemptions)
	promotion.Redemptions++
	f.rows.countRedemptions.Stage(tx, promotion)
	f.rows.promotions.Put(tx, promotion.Code, []models.Promotion{promotion})
	return id
}

// expiry is when tokens lapse that come now and live for some days; nil: never.
func expiry(now time.Time, days *int) *time.Time {
	if days == nil {
		return nil
	}
	at := now.AddDate(0, 0, *days)
	return &at
}
