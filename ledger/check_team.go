package ledger

// ofOneTeamSQL goes in front of an invariant that is tested for one team: it puts the team's rows in the place of each
// table, so that no others are read, however the invariant joins and sums up. What has no index on its team is found
// through what it belongs to.
const ofOneTeamSQL = `
WITH teams AS NOT MATERIALIZED (SELECT * FROM teams WHERE id = $1),
memberships AS NOT MATERIALIZED (SELECT * FROM memberships WHERE team_id = $1),
balances AS NOT MATERIALIZED (SELECT * FROM balances WHERE team_id = $1),
ledger_entries AS NOT MATERIALIZED (SELECT * FROM ledger_entries WHERE team_id = $1),
grants AS NOT MATERIALIZED (SELECT * FROM grants WHERE team_id = $1),
reclaims AS NOT MATERIALIZED (
	SELECT * FROM reclaims WHERE grant_id IN (SELECT id FROM grants) AND team_id = $1
),
reservations AS NOT MATERIALIZED (SELECT * FROM reservations WHERE team_id = $1),
member_usage AS NOT MATERIALIZED (SELECT * FROM member_usage WHERE team_id = $1),
alert_rules AS NOT MATERIALIZED (SELECT * FROM alert_rules WHERE team_id = $1),
limit_warnings AS NOT MATERIALIZED (SELECT * FROM limit_warnings WHERE team_id = $1),
consumption AS NOT MATERIALIZED (SELECT * FROM consumption WHERE team_id = $1),
consumption_days AS NOT MATERIALIZED (SELECT * FROM consumption_days WHERE team_id = $1),
product_consumption AS NOT MATERIALIZED (SELECT * FROM product_consumption WHERE team_id = $1),
product_days AS NOT MATERIALIZED (SELECT * FROM product_days WHERE team_id = $1),
product_months AS NOT MATERIALIZED (SELECT * FROM product_months WHERE team_id = $1),
products AS NOT MATERIALIZED (
	SELECT * FROM products WHERE team_id = $1 AND deleted_at IS NULL
	UNION ALL
	SELECT * FROM products WHERE team_id = $1 AND deleted_at IS NOT NULL
),
contents AS NOT MATERIALIZED (SELECT * FROM contents WHERE team_id = $1),
product_images AS NOT MATERIALIZED (
	SELECT * FROM product_images WHERE product_id IN (SELECT id FROM products) AND team_id = $1
),
product_prices AS NOT MATERIALIZED (
	SELECT * FROM product_prices WHERE product_id IN (SELECT id FROM products) AND team_id = $1
),
generations AS NOT MATERIALIZED (SELECT * FROM generations WHERE team_id = $1),
generation_parts AS NOT MATERIALIZED (
	SELECT * FROM generation_parts WHERE generation_id IN (SELECT id FROM generations) AND team_id = $1
),
generation_batches AS NOT MATERIALIZED (SELECT * FROM generation_batches WHERE team_id = $1),
purchases AS NOT MATERIALIZED (SELECT * FROM purchases WHERE team_id = $1),
redemptions AS NOT MATERIALIZED (SELECT * FROM redemptions WHERE team_id = $1),
referrals AS NOT MATERIALIZED (SELECT * FROM referrals WHERE $1 IN (inviter_id, invited_id))
`
