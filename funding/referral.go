package funding

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/ledger"
	"productgenerator/models"
)

// ReferralRider links the team that somebody signs up with to the one that invited it, by that team's code. Its Decide
// refuses nothing.
//
// It returns a *PromotionRefusedError, UNKNOWN_CODE, where it is no team's code.
func (f *Funding) ReferralRider(ctx context.Context, code string) (ledger.Rider, error) {
	var inviter models.TeamID
	err := f.pool.QueryRow(ctx, `SELECT id FROM teams WHERE referral_code = $1`, codeOf(code)).Scan(&inviter)
	if errors.Is(err, pgx.ErrNoRows) {
		return ledger.Rider{}, &PromotionRefusedError{Rule: Rule{Code: models.RefusedUnknownCode}}
	}
	if err != nil {
		return ledger.Rider{}, fmt.Errorf("look for an inviting team: %w", err)
	}
	return ledger.Rider{Decide: func(tx *ledger.Tx) error {
		f.link(tx, inviter, "")
		return nil
	}}, nil
}

// link notes that the account's team was invited. user is who entered the code; empty: who creates the team.
func (f *Funding) link(tx *ledger.Tx, inviter models.TeamID, user models.UserID) models.ReferralID {
	referral := models.Referral{
		ID: models.NewReferralID(tx.Now()), InviterID: inviter, InvitedID: tx.Team(), UserID: user, CreatedAt: tx.Now(),
	}
	f.rows.insertReferrals.Stage(tx, referral)
	f.rows.referrals.Put(tx, tx.Team(), referral)
	f.rows.inviters.Put(tx, string(tx.Team()), inviter)
	tx.Signal(string(inviter))
	return referral.ID
}

// referralWants are the look-ups of followReferral.
func (f *Funding) referralWants(team models.TeamID) []ledger.Want {
	return []ledger.Want{f.rows.referrals.Want(team), f.rows.promotions.Want(string(team))}
}

// followReferral does for the referral of the account's team what has become of its purchase: the first one that is paid
// freezes the reward, and whatever is kept of that purchase is kept of the reward. Both teams' grants are due then:
// whoever calls it wakes the work behind the commit.
func (f *Funding) followReferral(tx *ledger.Tx, purchase *models.Purchase) {
	if purchase.PaidAt == nil {
		return
	}
	f.rows.paid.Put(tx, purchase.TeamID, true)
	referral, invited := f.rows.referrals.Get(tx, purchase.TeamID)
	switch {
	case !invited:
		return
	case referral.PurchaseID == nil:
		f.freeze(tx, &referral, purchase)
	case *referral.PurchaseID != purchase.ID:
		return
	}
	if now := tx.Now(); *referral.Tokens > 0 {
		referral.DueAt = &now
	}
	f.rows.followReferrals.Stage(tx, referral)
	f.rows.referrals.Put(tx, purchase.TeamID, referral)
}

// freeze settles what the referral brings: what the campaign in force says, and counts it; without one nothing, for good.
func (f *Funding) freeze(tx *ledger.Tx, referral *models.Referral, purchase *models.Purchase) {
	now, tokens := tx.Now(), models.Tokens(0)
	campaigns, _ := f.rows.promotions.Get(tx, referralCampaigns)
	if at := inForce(campaigns, now); at >= 0 {
		campaigns[at].Redemptions++
		f.rows.countRedemptions.Stage(tx, campaigns[at])
		f.rows.promotions.Put(tx, referralCampaigns, campaigns)
		referral.PromotionID, referral.ExpiresAfterDays = &campaigns[at].ID, campaigns[at].GrantExpiresAfterDays
		tokens = campaigns[at].Tokens
	}
	referral.PurchaseID, referral.RewardedAt, referral.Tokens = &purchase.ID, &now, &tokens
}

// inForce is which of the campaigns says what referrals bring: of those that run the one that began last; -1: none.
func inForce(campaigns []models.Promotion, now time.Time) int {
	newest := -1
	for at, campaign := range campaigns {
		if campaign.ActiveAt(now) && (newest < 0 || !campaign.StartsAt.Before(campaigns[newest].StartsAt)) {
			newest = at
		}
	}
	return newest
}

// Referrals reads, of each of the teams, its code for inviting others and what it brought. Teams that do not exist are
// left out.
func (f *Funding) Referrals(ctx context.Context, teams []models.TeamID) (map[models.TeamID]models.ReferralSummary, error) {
	campaigns, err := f.readPromotions(ctx, `kind = 'REFERRAL' ORDER BY id`)
	if err != nil {
		return nil, err
	}
	rows, err := f.pool.Query(ctx, `
SELECT teams.id, clock_timestamp(), teams.referral_code, count(referrals.id),
	count(*) FILTER (WHERE referrals.tokens > 0), coalesce(sum(grants.tokens - grants.reclaimed), 0)::bigint
FROM teams
LEFT JOIN referrals ON referrals.inviter_id = teams.id
LEFT JOIN grants ON grants.id = referrals.inviter_grant_id
WHERE teams.id = ANY($1)
GROUP BY teams.id`, texts(teams))
	if err != nil {
		return nil, fmt.Errorf("read referrals: %w", err)
	}
	summaries := make(map[models.TeamID]models.ReferralSummary, len(teams))
	var team models.TeamID
	var now time.Time
	var s models.ReferralSummary
	_, err = pgx.ForEachRow(rows, []any{&team, &now, &s.Code, &s.Invited, &s.Rewarded, &s.TokensEarned}, func() error {
		s.URL = f.publicURL + "/?referral=" + url.QueryEscape(s.Code)
		s.TokensPerReferral = 0
		if at := inForce(campaigns, now); at >= 0 {
			s.TokensPerReferral = campaigns[at].Tokens
		}
		summaries[team] = s
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read referrals: %w", err)
	}
	return summaries, nil
}
