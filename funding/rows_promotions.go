package funding

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/ledger"
	"productgenerator/models"
)

// promotionRows are the statements and look-ups of promotions and referrals.
type promotionRows struct {
	countRedemptions  *ledger.Statement[models.Promotion]
	insertRedemptions *ledger.Statement[models.Redemption]
	insertReferrals   *ledger.Statement[models.Referral]
	followReferrals   *ledger.Statement[models.Referral]
	noteRewards       *ledger.Statement[reward]

	promotions  *ledger.Lookup[string, []models.Promotion]
	redemptions *ledger.Lookup[models.TeamID, map[models.PromotionID]time.Time]
	inviters    *ledger.Lookup[string, models.TeamID]
	related     *ledger.Lookup[models.TeamID, map[models.TeamID]bool]
	referrals   *ledger.Lookup[models.TeamID, models.Referral]
	paid        *ledger.Lookup[models.TeamID, bool]
	rewards     *ledger.Lookup[models.ReferralID, reward]
}

// referralCampaigns is the key under which all promotions of kind REFERRAL are looked up; no code is like it.
const referralCampaigns = "referral campaigns"

const (
	promotionColumns = `id, code, kind, name, terms, tokens, starts_at, ends_at, max_redemptions, redemptions,
	grant_expires_after_days, created_by, created_at, updated_at`
	referralColumns = `id, inviter_id, invited_id, user_id, promotion_id, tokens, expires_after_days, purchase_id,
	inviter_grant_id, invited_grant_id, due_at, attempts, created_at, rewarded_at`
)

func (r *rows) addPromotions() {
	r.addPromotionLookups()
	r.addReferralLookups()
	r.countRedemptions = &ledger.Statement[models.Promotion]{
		Rank: rankPromotions,
		SQL: `
UPDATE promotions
SET redemptions = n.redemptions
FROM unnest($1::text[], $2::int[]) AS n (id, redemptions)
WHERE promotions.id = n.id`,
		Key: func(p models.Promotion) string { return string(p.ID) },
		Columns: func(promotions []models.Promotion) []any {
			return []any{
				ledger.Column(promotions, func(p models.Promotion) string { return string(p.ID) }),
				ledger.Column(promotions, func(p models.Promotion) int { return p.Redemptions }),
			}
		},
	}
	r.insertRedemptions = &ledger.Statement[models.Redemption]{
		Rank: rankRedemptions,
		SQL: `
INSERT INTO redemptions (promotion_id, team_id, user_id, grant_id, redeemed_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])`,
		Columns: func(redemptions []models.Redemption) []any {
			type row = models.Redemption
			return []any{
				ledger.Column(redemptions, func(r row) string { return string(r.PromotionID) }),
				ledger.Column(redemptions, func(r row) string { return string(r.TeamID) }),
				ledger.Column(redemptions, func(r row) string { return string(r.UserID) }),
				ledger.Column(redemptions, func(r row) string { return string(r.GrantID) }),
				ledger.Column(redemptions, func(r row) time.Time { return r.RedeemedAt }),
			}
		},
	}
	r.addReferralStatements()
}

func (r *rows) addPromotionLookups() {
	// Promotions by code; and, for a team whose referral waits for its first paid purchase, all that reward referrals. A
	// promotion's row is locked behind the balances, so that its redemptions are counted one after the other: by one
	// statement for all, in the order of the ids. Not FOR UPDATE: redemptions refer to it.
	r.promotions = &ledger.Lookup[string, []models.Promotion]{
		SQL: `
SELECT ` + promotionColumns + `
FROM promotions
WHERE id IN (
	SELECT id
	FROM promotions
	WHERE code = ANY($1)
	UNION ALL
	SELECT id
	FROM promotions
	WHERE kind = 'REFERRAL' AND EXISTS (SELECT FROM referrals WHERE invited_id = ANY($1) AND tokens IS NULL)
)
ORDER BY id
FOR NO KEY UPDATE`,
		Scan: func(row pgx.CollectableRow, into map[string][]models.Promotion) error {
			promotion, err := pgx.RowToStructByName[models.Promotion](row)
			if err != nil {
				return err
			}
			into[promotion.Code] = []models.Promotion{promotion}
			if promotion.Kind == models.PromotionReferral {
				into[referralCampaigns] = append(into[referralCampaigns], promotion)
			}
			return nil
		},
	}
	r.redemptions = &ledger.Lookup[models.TeamID, map[models.PromotionID]time.Time]{
		SQL: `SELECT team_id, promotion_id, redeemed_at FROM redemptions WHERE team_id = ANY($1)`,
		Scan: func(row pgx.CollectableRow, into map[models.TeamID]map[models.PromotionID]time.Time) error {
			var team models.TeamID
			var promotion models.PromotionID
			var at time.Time
			if err := row.Scan(&team, &promotion, &at); err != nil {
				return err
			}
			if into[team] == nil {
				into[team] = map[models.PromotionID]time.Time{}
			}
			into[team][promotion] = at
			return nil
		},
	}
}

func (r *rows) addReferralLookups() {
	// Whose a referral code is; and, from that team up, who invited whom, by the invited team's id.
	r.inviters = &ledger.Lookup[string, models.TeamID]{
		SQL: `
WITH RECURSIVE invitations AS (
	SELECT referrals.invited_id, referrals.inviter_id
	FROM teams
	JOIN referrals ON referrals.invited_id = teams.id
	WHERE teams.referral_code = ANY($1)
	UNION
	SELECT referrals.invited_id, referrals.inviter_id
	FROM invitations
	JOIN referrals ON referrals.invited_id = invitations.inviter_id
)
SELECT referral_code, id FROM teams WHERE referral_code = ANY($1)
UNION ALL
SELECT invited_id, inviter_id FROM invitations`,
		Scan: func(row pgx.CollectableRow, into map[string]models.TeamID) error {
			var key string
			var inviter models.TeamID
			err := row.Scan(&key, &inviter)
			into[key] = inviter
			return err
		},
	}
	// The teams that share a member with one.
	r.related = &ledger.Lookup[models.TeamID, map[models.TeamID]bool]{
		SQL: `
SELECT DISTINCT one.team_id, other.team_id
FROM memberships AS one
JOIN memberships AS other ON other.user_id = one.user_id AND other.team_id <> one.team_id
WHERE one.team_id = ANY($1)`,
		Scan: func(row pgx.CollectableRow, into map[models.TeamID]map[models.TeamID]bool) error {
			var one, other models.TeamID
			if err := row.Scan(&one, &other); err != nil {
				return err
			}
			if into[one] == nil {
				into[one] = map[models.TeamID]bool{}
			}
			into[one][other] = true
			return nil
		},
	}
	// By which a team was invited.
	r.referrals = &ledger.Lookup[models.TeamID, models.Referral]{
		SQL:  `SELECT ` + referralColumns + ` FROM referrals WHERE invited_id = ANY($1)`,
		Scan: scanInto(func(r models.Referral) models.TeamID { return r.InvitedID }),
	}
	// Whether a team has ever paid for a purchase.
	r.paid = &ledger.Lookup[models.TeamID, bool]{
		SQL: `
SELECT asked.id, EXISTS (SELECT FROM purchases WHERE team_id = asked.id AND paid_at IS NOT NULL)
FROM unnest($1::text[]) AS asked (id)`,
		Scan: func(row pgx.CollectableRow, into map[models.TeamID]bool) error {
			var team models.TeamID
			var paid bool
			err := row.Scan(&team, &paid)
			into[team] = paid
			return err
		},
	}
	// Rewarded referrals with what is kept of their purchase.
	r.rewards = &ledger.Lookup[models.ReferralID, reward]{
		SQL: `
SELECT referrals.id, referrals.tokens, referrals.expires_after_days, referrals.inviter_grant_id,
	referrals.invited_grant_id, purchases.tokens AS bought, purchases.refunded_tokens AS refunded
FROM referrals
JOIN purchases ON purchases.id = referrals.purchase_id
WHERE referrals.id = ANY($1)`,
		Scan: scanInto(func(r reward) models.ReferralID { return r.ID }),
	}
}

func (r *rows) addReferralStatements() {
	r.insertReferrals = &ledger.Statement[models.Referral]{Rank: rankReferrals, Run: insertReferrals}
	// What the invited team's purchases do to its referral, under the lock of that team's balance.
	r.followReferrals = &ledger.Statement[models.Referral]{
		Rank: rankReferrals,
		SQL: `
UPDATE referrals
SET promotion_id = n.promotion_id, tokens = n.tokens, expires_after_days = n.expires_after_days,
	purchase_id = n.purchase_id, rewarded_at = n.rewarded_at, due_at = n.due_at, attempts = 0
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::int[], $5::text[], $6::timestamptz[], $7::timestamptz[])
	AS n (id, promotion_id, tokens, expires_after_days, purchase_id, rewarded_at, due_at)
WHERE referrals.id = n.id`,
		Key: func(r models.Referral) string { return string(r.ID) },
		Columns: func(referrals []models.Referral) []any {
			type row = models.Referral
			return []any{
				ledger.Column(referrals, func(r row) string { return string(r.ID) }),
				ledger.Column(referrals, func(r row) *string { return (*string)(r.PromotionID) }),
				ledger.Column(referrals, func(r row) *int64 { return (*int64)(r.Tokens) }),
				ledger.Column(referrals, func(r row) *int { return r.ExpiresAfterDays }),
				ledger.Column(referrals, func(r row) *string { return (*string)(r.PurchaseID) }),
				ledger.Column(referrals, func(r row) *time.Time { return r.RewardedAt }),
				ledger.Column(referrals, func(r row) *time.Time { return r.DueAt }),
			}
		},
	}
	// Each of both teams' grants is noted in a transaction of its own.
	r.noteRewards = &ledger.Statement[reward]{
		Rank: rankReferrals,
		SQL: `
UPDATE referrals
SET inviter_grant_id = coalesce(n.inviter_grant_id, referrals.inviter_grant_id),
	invited_grant_id = coalesce(n.invited_grant_id, referrals.invited_grant_id)
FROM unnest($1::text[], $2::text[], $3::text[]) AS n (id, inviter_grant_id, invited_grant_id)
WHERE referrals.id = n.id`,
		Key: func(r reward) string { return string(r.ID) },
		Columns: func(rewards []reward) []any {
			return []any{
				ledger.Column(rewards, func(r reward) string { return string(r.ID) }),
				ledger.Column(rewards, func(r reward) *string { return (*string)(r.InviterGrantID) }),
				ledger.Column(rewards, func(r reward) *string { return (*string)(r.InvitedGrantID) }),
			}
		},
	}
}

// invitingLock is held while teams are linked: what it protects is that nobody invites, however indirectly, the team
// that invited them. It is the last lock that a transaction takes.
const invitingLock = 0x7265666572 // "refer"

// insertReferrals links teams, one transaction after the other. Those who are linked at the same time see nothing of
// each other when they decide, so that the whole line of inviters is looked at again. Who signs up with a code is the
// creator of the team that signs up.
//
// It returns a *PromotionRefusedError for a loop.
func insertReferrals(ctx context.Context, tx pgx.Tx, referrals []models.Referral) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, invitingLock); err != nil {
		return err
	}
	linked, err := tx.Exec(ctx, `
INSERT INTO referrals (id, inviter_id, invited_id, user_id, created_at)
SELECT n.id, n.inviter_id, n.invited_id, coalesce(nullif(n.user_id, ''), teams.created_by), n.created_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
	AS n (id, inviter_id, invited_id, user_id, created_at)
JOIN teams ON teams.id = n.invited_id`,
		ledger.Column(referrals, func(r models.Referral) string { return string(r.ID) }),
		ledger.Column(referrals, func(r models.Referral) string { return string(r.InviterID) }),
		ledger.Column(referrals, func(r models.Referral) string { return string(r.InvitedID) }),
		ledger.Column(referrals, func(r models.Referral) string { return string(r.UserID) }),
		ledger.Column(referrals, func(r models.Referral) time.Time { return r.CreatedAt }),
	)
	if err != nil {
		return err
	}
	if got := linked.RowsAffected(); got != int64(len(referrals)) {
		return fmt.Errorf("%d of %d teams were linked", got, len(referrals))
	}
	var loop bool
	err = tx.QueryRow(ctx, `
WITH RECURSIVE line AS (
	SELECT invited_id, inviter_id
	FROM referrals
	WHERE id = ANY($1)
	UNION
	SELECT line.invited_id, referrals.inviter_id
	FROM line
	JOIN referrals ON referrals.invited_id = line.inviter_id
)
SELECT EXISTS (SELECT FROM line WHERE invited_id = inviter_id)`,
		ledger.Column(referrals, func(r models.Referral) string { return string(r.ID) })).Scan(&loop)
	if err != nil {
		return err
	}
	if loop {
		return &PromotionRefusedError{Rule: Rule{Code: models.RefusedNotEligible, About: AboutLoop}}
	}
	return nil
}
