package ledger

// What corruptions of funding begin with: a paid purchase of which the team's grant is not the own, one of which it is,
// and a promotion that was redeemed.
const (
	plantPurchase = `
INSERT INTO purchases (id, team_id, buyer_id, package_id, package_name, tokens, price_minor, currency, provider, live, status,
	refunded_tokens, grant_id, paid_at, checkout_ends_at, created_at, updated_at)
SELECT 'purchase_x', :team, :owner, 'package_x', 'Starter', 100, 900, 'EUR', 'invoice', false, 'PAID', 0, :grant, now(), now(), now(), now();`

	plantBought = plantPurchase + `
UPDATE grants SET source = 'PURCHASE', effect_key = 'purchase:purchase_x' WHERE id = :grant;`

	plantPromotion = `
INSERT INTO promotions (id, code, kind, name, terms, tokens, starts_at, redemptions, created_at, updated_at)
VALUES ('promotion_x', 'X', 'GIFT', 'Gift', '-', 100, now(), 1, now(), now());
INSERT INTO redemptions VALUES ('promotion_x', :team, :owner, :grant, now());`
)

// plantsOfFunding is corruptions of what was taken back, and of why grants were issued.
var plantsOfFunding = []plant{
	{
		"tokens revoked for no grant's sake",
		`UPDATE grants SET revoked = 1, remaining = remaining - 1 WHERE id = :grant`,
		[]string{"what was revoked of a grant was taken for some grant's sake", "available is what remains of the grants"},
	},
	{
		"more corrected than is taken back",
		`UPDATE grants SET corrected = 1 WHERE id = :grant`,
		[]string{"what is taken back of a grant is found in grants, waited for, has lapsed or is debt"},
	},
	{
		"lapsed tokens of a grant of which nothing is taken back",
		`UPDATE grants SET reclaim_void = 1 WHERE expired > 0`,
		[]string{
			"what is taken back of a grant is found in grants, waited for, has lapsed or is debt",
			"debt is what could not be taken back, less what grants have paid of it",
		},
	},
	{
		"more waits than only held tokens can meet",
		`UPDATE grants SET reclaimed = 1, reclaim_held = 1, reclaim_reason = 'REFUND' WHERE id = :grant`,
		[]string{
			"what is taken back of a grant is found in grants, waited for, has lapsed or is debt",
			"what is taken back of a grant is what its lines say",
		},
	},
	{
		"tokens taken back without a reason",
		`UPDATE grants SET reclaimed = 1, reclaim_void = 1 WHERE expired > 0`,
		[]string{
			"what is taken back of a grant is found in grants, waited for, has lapsed or is debt",
			"what is taken back of a grant is what its lines say",
		},
	},
	{
		"tokens taken back without a line",
		`UPDATE grants SET reclaimed = 1, reclaim_void = 1, reclaim_reason = 'REFUND' WHERE expired > 0`,
		[]string{"what is taken back of a grant is what its lines say"},
	},
	{
		"tokens taken from nobody's grant",
		`INSERT INTO reclaims VALUES (:team, :grant, 'grant_x', 0)`,
		[]string{"what was taken from a grant for another's sake is of the same team, and not less than nothing"},
	},
	{
		"less than nothing taken from a grant, and as much more from itself",
		`INSERT INTO reclaims SELECT :team, :grant, id, CASE WHEN id = :grant THEN 1 ELSE -1 END FROM grants`,
		[]string{
			"what was taken from a grant for another's sake is of the same team, and not less than nothing",
			"what was revoked of a grant was taken for some grant's sake",
		},
	},
	{
		"tokens taken back that are neither found nor debt",
		`UPDATE grants SET reclaimed = 1, reclaim_reason = 'REFUND' WHERE id = :grant`,
		[]string{
			"debt is what could not be taken back, less what grants have paid of it",
			"what is taken back of a grant is what its lines say",
		},
	},
	{
		"a line with a reason that has none",
		`UPDATE ledger_entries SET reason = 'REFUND' WHERE sequence = 6`,
		[]string{"a line changes what its kind changes"},
	},
	{
		"a paid purchase whose grant is not its own",
		plantPurchase,
		[]string{"a paid purchase has one grant of its size, and such a grant its purchase"},
	},
	{
		"a paid purchase whose grant is gone",
		plantPurchase + `UPDATE purchases SET grant_id = 'grant_x'`,
		[]string{"a paid purchase has one grant of its size, and such a grant its purchase"},
	},
	{
		"a paid purchase of another size",
		plantBought + `UPDATE purchases SET tokens = 101`,
		[]string{"a paid purchase has one grant of its size, and such a grant its purchase"},
	},
	{
		"a purchase paid with a gift",
		plantBought + `UPDATE grants SET source = 'GIFT' WHERE id = :grant`,
		[]string{"a paid purchase has one grant of its size, and such a grant its purchase"},
	},
	{
		"a grant for a purchase that nobody made",
		plantBought + `DELETE FROM purchases`,
		[]string{"a paid purchase has one grant of its size, and such a grant its purchase"},
	},
	{
		"a pending purchase with a grant",
		plantBought + `UPDATE purchases SET status = 'PENDING'`,
		[]string{"a purchase that was not paid has no grant, and every other one"},
	},
	{
		"a grant before the payment",
		plantBought + `UPDATE purchases SET paid_at = NULL`,
		[]string{"a purchase that was not paid has no grant, and every other one"},
	},
	{
		"a refund of which nothing was taken back",
		plantBought + `UPDATE purchases SET refunded_tokens = 1, status = 'PARTIALLY_REFUNDED'`,
		[]string{"what was paid back of a purchase is taken back of its grant"},
	},
	{
		"an event's code that gave a gift",
		plantPromotion + `UPDATE promotions SET kind = 'EVENT' WHERE id = 'promotion_x'`,
		[]string{"a redemption has its grant of the promotion's kind"},
	},
	{
		"a redemption whose grant is gone",
		plantPromotion + `UPDATE redemptions SET grant_id = 'grant_x'`,
		[]string{"a redemption has its grant of the promotion's kind"},
	},
	{
		"a promotion that forgot a redemption",
		plantPromotion + `UPDATE promotions SET redemptions = 0 WHERE id = 'promotion_x'`,
		[]string{"a promotion counts its redemptions, and the referrals that it rewards"},
	},
	{
		"a referral rewarded with a gift",
		plantBought + `
INSERT INTO referrals (id, inviter_id, invited_id, user_id, tokens, purchase_id, invited_grant_id, created_at, rewarded_at)
VALUES ('referral_x', 'team_x', :team, :owner, 100, 'purchase_x', :grant, now(), now())`,
		[]string{"a referral's grants are its teams', of its size, and such a grant its referral's"},
	},
	{
		"a reward without a referral",
		`UPDATE grants SET source = 'REFERRAL', effect_key = 'referral:referral_x:inviter' WHERE id = :grant`,
		[]string{"a referral's grants are its teams', of its size, and such a grant its referral's"},
	},
	{
		"a reward of another size",
		`UPDATE grants SET source = 'REFERRAL', effect_key = 'referral:referral_x:invited' WHERE id = :grant;
INSERT INTO referrals (id, inviter_id, invited_id, user_id, tokens, invited_grant_id, created_at)
VALUES ('referral_x', 'team_x', :team, :owner, 99, :grant, now())`,
		[]string{
			"a referral's grants are its teams', of its size, and such a grant its referral's",
			"a referral is rewarded for a paid purchase of the invited team",
		},
	},
	{
		"a reward that outlives its purchase",
		plantPurchase + `
UPDATE grants SET source = 'REFERRAL', effect_key = 'referral:referral_x:invited' WHERE id = :grant;
UPDATE purchases SET refunded_tokens = 50 WHERE id = 'purchase_x';
INSERT INTO referrals (id, inviter_id, invited_id, user_id, tokens, purchase_id, invited_grant_id, created_at, rewarded_at)
VALUES ('referral_x', 'team_x', :team, :owner, 100, 'purchase_x', :grant, now(), now())`,
		[]string{
			"a reward is taken back by the share of its purchase that is not kept, unless something is due",
			"a paid purchase has one grant of its size, and such a grant its purchase",
			"what was paid back of a purchase is taken back of its grant",
		},
	},
	{
		"a reward for a purchase that nobody made",
		`INSERT INTO referrals (id, inviter_id, invited_id, user_id, tokens, purchase_id, created_at, rewarded_at)
VALUES ('referral_x', 'team_x', :team, :owner, 100, 'purchase_x', now(), now())`,
		[]string{"a referral is rewarded for a paid purchase of the invited team"},
	},
	{
		"a reward without a purchase",
		`UPDATE grants SET source = 'REFERRAL', effect_key = 'referral:referral_x:invited' WHERE id = :grant;
INSERT INTO referrals (id, inviter_id, invited_id, user_id, tokens, invited_grant_id, created_at)
VALUES ('referral_x', 'team_x', :team, :owner, 100, :grant, now())`,
		[]string{"a referral is rewarded for a paid purchase of the invited team"},
	},
}
