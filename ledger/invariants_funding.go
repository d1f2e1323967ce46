package ledger

// reclaimInvariants say where what is taken back of grants was found.
var reclaimInvariants = []invariant{
	{"what was revoked of a grant was taken for some grant's sake", `
SELECT g.team_id, format('%s of %s', coalesce(r.tokens, 0), g.id) AS expected, g.revoked AS found
FROM grants g
LEFT JOIN (SELECT team_id, from_grant_id AS id, sum(tokens) AS tokens FROM reclaims GROUP BY team_id, from_grant_id) r USING (team_id, id)
WHERE g.revoked <> coalesce(r.tokens, 0)`},

	{"what is taken back of a grant is found in grants, waited for, has lapsed or is debt", `
SELECT g.team_id, format('at most %s of %s, %s of it corrected', g.reclaimed, g.id, g.corrected) AS expected,
	format('%s of %s in grants, %s waited for, %s lapsed', coalesce(r.tokens, 0), g.tokens, g.reclaim_held, g.reclaim_void) AS found
FROM grants g
LEFT JOIN (SELECT team_id, grant_id AS id, sum(tokens) AS tokens FROM reclaims GROUP BY team_id, grant_id) r USING (team_id, id)
WHERE coalesce(r.tokens, 0) + g.reclaim_held + g.reclaim_void > g.reclaimed
	OR g.reclaimed NOT BETWEEN g.corrected AND g.tokens
	OR g.reclaim_held NOT BETWEEN 0 AND greatest(0, g.reclaimed + g.held - g.tokens)
	OR g.reclaim_void NOT BETWEEN 0 AND g.expired
	OR g.reclaimed > 0 AND g.reclaim_reason IS NULL`},

	{"what is taken back of a grant is what its lines say", `
SELECT team_id, format('%s of %s', coalesce(e.tokens, 0), id) AS expected, coalesce(g.reclaimed, 0) AS found
FROM (SELECT team_id, id, reclaimed FROM grants) g
FULL JOIN (
	SELECT team_id, grant_id AS id, sum(CASE kind WHEN 'REVOKE' THEN amount ELSE -amount END) AS tokens
	FROM ledger_entries
	WHERE kind IN ('REVOKE', 'REINSTATE') AND generation_id IS NULL
	GROUP BY team_id, grant_id
) e USING (team_id, id)
WHERE coalesce(g.reclaimed, 0) <> coalesce(e.tokens, 0)`},

	{"what was taken from a grant for another's sake is of the same team, and not less than nothing", `
SELECT r.team_id, format('at least 0 from %s for %s of %s', r.from_grant_id, r.grant_id, r.team_id) AS expected,
	format('%s from one of %s for one of %s', r.tokens, o.team_id, g.team_id) AS found
FROM reclaims r
LEFT JOIN grants g ON g.id = r.grant_id
LEFT JOIN grants o ON o.id = r.from_grant_id
WHERE r.tokens < 0 OR (g.team_id, o.team_id) IS DISTINCT FROM (r.team_id, r.team_id)`},

	{"debt is what could not be taken back, less what grants have paid of it", `
SELECT b.team_id, coalesce(g.incurred, 0) - coalesce(r.tokens, 0) - coalesce(g.paid, 0) AS expected, b.debt AS found
FROM balances b
LEFT JOIN (
	SELECT team_id, sum(reclaimed - reclaim_held - reclaim_void) AS incurred, sum(paid_debt) AS paid FROM grants GROUP BY team_id
) g USING (team_id)
LEFT JOIN (SELECT team_id, sum(tokens) AS tokens FROM reclaims GROUP BY team_id) r USING (team_id)
WHERE b.debt <> coalesce(g.incurred, 0) - coalesce(r.tokens, 0) - coalesce(g.paid, 0)`},
}

// fundingInvariants tie grants to why they were issued.
var fundingInvariants = []invariant{
	{"a paid purchase has one grant of its size, and such a grant its purchase", `
SELECT team_id, format('%s by PURCHASE as %s for %s', p.tokens, id, p.effect_key) AS expected,
	format('%s by %s for %s', g.tokens, g.source, g.effect_key) AS found
FROM (
	SELECT team_id, grant_id AS id, tokens, 'purchase:' || id AS effect_key FROM purchases WHERE grant_id IS NOT NULL
) p
FULL JOIN (SELECT team_id, id, tokens, source, effect_key FROM grants WHERE effect_key LIKE 'purchase:%') g USING (team_id, id)
WHERE (p.tokens, p.effect_key, 'PURCHASE') IS DISTINCT FROM (g.tokens, g.effect_key, g.source)`},

	{"a purchase that was not paid has no grant, and every other one", `
SELECT team_id, format('a grant just when it is paid, %s', id) AS expected,
	format('%s, %s', status, coalesce(grant_id, 'without a grant')) AS found
FROM purchases
WHERE (grant_id IS NULL) <> (paid_at IS NULL) OR (grant_id IS NULL) <> (status IN ('PENDING', 'FAILED', 'CANCELLED', 'EXPIRED'))`},

	{"what was paid back of a purchase is taken back of its grant", `
SELECT p.team_id, format('%s of %s for %s', greatest(p.refunded_tokens, g.corrected), p.grant_id, p.id) AS expected, g.reclaimed AS found
FROM purchases p
JOIN grants g ON g.team_id = p.team_id AND g.id = p.grant_id
WHERE g.reclaimed <> greatest(p.refunded_tokens, g.corrected)`},

	{"a redemption has its grant of the promotion's kind", `
SELECT r.team_id, format('%s by %s for %s', r.grant_id, p.kind, r.promotion_id) AS expected,
	format('%s by %s', coalesce(g.id, 'no grant'), g.source) AS found
FROM redemptions r
LEFT JOIN promotions p ON p.id = r.promotion_id
LEFT JOIN grants g ON g.team_id = r.team_id AND g.id = r.grant_id
WHERE g.source IS DISTINCT FROM p.kind OR g.id IS NULL`},

	// Other teams' redemptions count as well, so this one looks past those of the team.
	{"a promotion counts its redemptions, and the referrals that it rewards", `
SELECT DISTINCT ON (p.id) coalesce(r.team_id, '') AS team_id, format('%s of %s', counted.redemptions, p.id) AS expected, p.redemptions AS found
FROM promotions p
LEFT JOIN redemptions r ON r.promotion_id = p.id
CROSS JOIN LATERAL (
	SELECT (SELECT count(*) FROM public.redemptions WHERE promotion_id = p.id)
		+ (SELECT count(*) FROM public.referrals WHERE promotion_id = p.id)
) AS counted (redemptions)
WHERE p.redemptions <> counted.redemptions`},

	{"a referral's grants are its teams', of its size, and such a grant its referral's", `
SELECT team_id, format('%s by REFERRAL as %s for %s', r.tokens, id, r.effect_key) AS expected,
	format('%s by %s for %s', g.tokens, g.source, g.effect_key) AS found
FROM (
	SELECT inviter_id AS team_id, inviter_grant_id AS id, tokens, format('referral:%s:inviter', id) AS effect_key FROM referrals
	UNION ALL
	SELECT invited_id, invited_grant_id, tokens, format('referral:%s:invited', id) FROM referrals
) r
FULL JOIN (SELECT team_id, id, tokens, source, effect_key FROM grants WHERE effect_key LIKE 'referral:%') g USING (team_id, id)
WHERE id IS NOT NULL AND (r.tokens, r.effect_key, 'REFERRAL') IS DISTINCT FROM (g.tokens, g.effect_key, g.source)`},

	// The purchase is the invited team's, so this one looks past those of the team.
	{"a reward is taken back by the share of its purchase that is not kept, unless something is due", `
SELECT g.team_id, format('%s of %s for %s', greatest(r.tokens - share.kept, g.corrected), g.id, r.id) AS expected, g.reclaimed AS found
FROM referrals r
JOIN public.purchases p ON p.id = r.purchase_id
JOIN grants g ON g.id IN (r.inviter_grant_id, r.invited_grant_id)
CROSS JOIN LATERAL (SELECT floor(r.tokens::numeric * (p.tokens - p.refunded_tokens) / p.tokens)::bigint) AS share (kept)
WHERE r.due_at IS NULL AND g.reclaimed <> greatest(r.tokens - share.kept, g.corrected)`},

	{"a referral is rewarded for a paid purchase of the invited team", `
SELECT r.invited_id AS team_id, format('a paid purchase for %s', r.id) AS expected,
	format('%s, granted by %s', r.purchase_id, coalesce(p.grant_id, 'nothing')) AS found
FROM referrals r
LEFT JOIN purchases p ON p.team_id = r.invited_id AND p.id = r.purchase_id
WHERE r.purchase_id IS NOT NULL AND p.grant_id IS NULL
	OR r.purchase_id IS NULL AND coalesce(r.inviter_grant_id, r.invited_grant_id) IS NOT NULL`},
}
