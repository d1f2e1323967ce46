package ledger

// The statements of the transaction that moves tokens. Each loads or writes the rows of every change in it at once;
// arrays keep one prepared statement for every size.
const (
	// Planning these statements takes longer than running them, and every one goes by a key whatever its parameters: a
	// plan that is made once is as good. It must not be one that was made while a table was small and reads all of it: that
	// would be kept while the table grows, until its statistics are taken anew. The checks of foreign keys are planned by
	// the same settings.
	planOnceSQL = `SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)`

	// The day is UTC's until the change that opens the account has worked out that of the account's zone: the database's
	// list of zones may be another than Go's.
	openSQL = `
INSERT INTO balances (team_id, time_zone, day, last_entry_at, updated_at)
SELECT team_id, time_zone, (now() AT TIME ZONE 'UTC')::date, now(), now()
FROM unnest($1::text[], $2::text[]) AS opening (team_id, time_zone)
ON CONFLICT (team_id) DO NOTHING
RETURNING team_id`

	withdrawOpeningSQL = `DELETE FROM balances WHERE team_id = ANY($1)`

	balanceColumns = `team_id, version, available, reserved, debt, unlimited, custom_daily_limit,
	custom_daily_unlimited, own_daily_limit, low_balance_threshold, time_zone, pending_time_zone, pending_time_zone_at,
	pending_last_day, time_zone_changed_at, day, used, limit_reached_on, balance_empty_on, sequence, warnings,
	last_entry_at, updated_at`

	lockSQL       = `SELECT ` + balanceColumns + ` FROM balances WHERE team_id = ANY($1) ORDER BY team_id FOR UPDATE`
	lockUnheldSQL = lockSQL + ` SKIP LOCKED`
	clockSQL      = `SELECT clock_timestamp(), (SELECT default_daily_limit FROM settings), pg_current_xact_id_if_assigned()::text`
	grantColumns  = `id, team_id, source, tokens, remaining, held, consumed, expired, revoked, paid_debt, expires_at, note, effect_key, created_by, created_at,
	reclaimed, reclaim_held, reclaim_void, corrected, reclaim_reason`
	liveGrantsSQL  = `SELECT ` + grantColumns + ` FROM grants WHERE team_id = ANY($1) AND remaining > 0`
	drawnGrantsSQL = `
SELECT ` + grantColumns + `
FROM grants
WHERE id IN (
	SELECT jsonb_path_query(parts, '$[*].draws[*].grant') #>> '{}'
	FROM reservations
	WHERE generation_id = ANY($1)
)`
	// What taking grants back can touch besides what is live: the grants themselves and those that tokens were taken from
	// for them, and those that have paid debt.
	reclaimedGrantsSQL = `
SELECT ` + grantColumns + `
FROM grants
WHERE id IN (SELECT unnest($1::text[]) UNION SELECT from_grant_id FROM reclaims WHERE grant_id = ANY($1))`
	payingGrantsSQL = `SELECT ` + grantColumns + ` FROM grants WHERE team_id = ANY($1) AND paid_debt > 0`
	reclaimsSQL     = `SELECT team_id, grant_id, from_grant_id, tokens FROM reclaims WHERE grant_id = ANY($1) AND tokens > 0`

	reservationColumns = `generation_id, team_id, actor_id, product_id, operation, day, unlimited, tokens, captured, released, parts, created_at, finished_at`
	reservationsSQL    = `SELECT ` + reservationColumns + ` FROM reservations WHERE generation_id = ANY($1)`

	// Use is read for the days around today: which of them is the team's own is known once the clock is read.
	membersSQL = `
SELECT asked.team_id, asked.user_id, coalesce(m.role, ''), m.daily_limit, u.day, coalesce(u.used, 0)
FROM unnest($1::text[], $2::text[]) AS asked (team_id, user_id)
LEFT JOIN memberships m ON m.team_id = asked.team_id AND m.user_id = asked.user_id
LEFT JOIN member_usage u ON u.team_id = asked.team_id AND u.user_id = asked.user_id
	AND u.day BETWEEN (now() AT TIME ZONE 'UTC')::date - 3 AND (now() AT TIME ZONE 'UTC')::date + 2`

	ruleColumns = `id, team_id, metric, threshold, email, webhook_url, webhook_secret, enabled, raised_on, warned_of, created_at, updated_at`
	rulesSQL    = `SELECT ` + ruleColumns + ` FROM alert_rules WHERE team_id = ANY($1) ORDER BY id`

	keysSQL = `
SELECT k.caller_id, k.team_id, k.key, k.mutation, k.input_hash, k.subject, k.refusal, k.created_at
FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (caller_id, team_id, key)
JOIN idempotency_keys k ON k.caller_id = asked.caller_id AND k.team_id = asked.team_id AND k.key = asked.key`

	updateBalancesSQL = `
UPDATE balances b
SET version = n.version, available = n.available, reserved = n.reserved, debt = n.debt, day = n.day, used = n.used,
	limit_reached_on = n.limit_reached_on, balance_empty_on = n.balance_empty_on, sequence = n.sequence,
	warnings = n.warnings, last_entry_at = n.last_entry_at, updated_at = n.updated_at
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::date[], $7::bigint[], $8::date[],
	$9::date[], $10::bigint[], $11::bigint[], $12::timestamptz[], $13::timestamptz[])
	AS n (team_id, version, available, reserved, debt, day, used, limit_reached_on, balance_empty_on, sequence, warnings,
		last_entry_at, updated_at)
WHERE b.team_id = n.team_id`

	updateSettingsSQL = `
UPDATE balances b
SET unlimited = n.unlimited, custom_daily_limit = n.custom_daily_limit,
	custom_daily_unlimited = n.custom_daily_unlimited, own_daily_limit = n.own_daily_limit,
	low_balance_threshold = n.low_balance_threshold, time_zone = n.time_zone, pending_time_zone = n.pending_time_zone,
	pending_time_zone_at = n.pending_time_zone_at, pending_last_day = n.pending_last_day,
	time_zone_changed_at = n.time_zone_changed_at
FROM unnest($1::text[], $2::bool[], $3::bigint[], $4::bool[], $5::bigint[], $6::bigint[], $7::text[], $8::text[],
	$9::timestamptz[], $10::date[], $11::timestamptz[])
	AS n (team_id, unlimited, custom_daily_limit, custom_daily_unlimited, own_daily_limit, low_balance_threshold,
		time_zone, pending_time_zone, pending_time_zone_at, pending_last_day, time_zone_changed_at)
WHERE b.team_id = n.team_id`

	insertGrantsSQL = `
INSERT INTO grants (` + grantColumns + `)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
	$8::bigint[], $9::bigint[], $10::bigint[], $11::timestamptz[], $12::text[], $13::text[], $14::text[], $15::timestamptz[],
	$16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::text[])`

	updateGrantsSQL = `
UPDATE grants g
SET remaining = n.remaining, held = n.held, consumed = n.consumed, expired = n.expired, revoked = n.revoked,
	paid_debt = n.paid_debt, reclaimed = n.reclaimed, reclaim_held = n.reclaim_held, reclaim_void = n.reclaim_void,
	corrected = n.corrected, reclaim_reason = n.reclaim_reason
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
	$8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::text[])
	AS n (id, remaining, held, consumed, expired, revoked, paid_debt, reclaimed, reclaim_held, reclaim_void, corrected,
		reclaim_reason)
WHERE g.id = n.id`

	raiseReclaimsSQL = `
INSERT INTO reclaims AS r (team_id, grant_id, from_grant_id, tokens)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
ON CONFLICT (grant_id, from_grant_id) DO UPDATE SET tokens = r.tokens + excluded.tokens`

	lowerReclaimsSQL = `
UPDATE reclaims r
SET tokens = r.tokens + n.tokens
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS n (team_id, grant_id, from_grant_id, tokens)
WHERE r.grant_id = n.grant_id AND r.from_grant_id = n.from_grant_id`

	insertEntriesSQL = `
INSERT INTO ledger_entries (id, team_id, sequence, balance_version, kind, amount, tokens, balance_after, operation,
	part, actor_id, generation_id, grant_id, draws, debt, day, usage, note, reason, occurred_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[],
	$8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::jsonb[], $15::bigint[],
	$16::date[], $17::bigint[], $18::text[], $19::text[], $20::timestamptz[])`

	insertReservationsSQL = `
INSERT INTO reservations (` + reservationColumns + `)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::bool[],
	$8::bigint[], $9::bigint[], $10::bigint[], $11::jsonb[], $12::timestamptz[], $13::timestamptz[])`

	updateReservationsSQL = `
UPDATE reservations r
SET captured = n.captured, released = n.released, parts = n.parts, finished_at = n.finished_at
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::jsonb[], $5::timestamptz[])
	AS n (generation_id, captured, released, parts, finished_at)
WHERE r.generation_id = n.generation_id`

	raiseUsageSQL = `
INSERT INTO member_usage AS u (team_id, user_id, day, used)
SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::bigint[])
ON CONFLICT (team_id, user_id, day) DO UPDATE SET used = u.used + excluded.used`

	lowerUsageSQL = `
UPDATE member_usage u
SET used = u.used + n.used
FROM unnest($1::text[], $2::text[], $3::date[], $4::bigint[]) AS n (team_id, user_id, day, used)
WHERE u.team_id = n.team_id AND u.user_id = n.user_id AND u.day = n.day`

	// One statement adds the captures up for all reports: by member, and by day alone.
	raiseConsumptionSQL = `
WITH captured AS (
	SELECT *
	FROM unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[])
		AS c (team_id, day, user_id, operation, part, tokens, parts, generations)
), of_days AS (
	INSERT INTO consumption_days AS c (team_id, day, operation, part, tokens, parts, generations)
	SELECT team_id, day, operation, part, sum(tokens), sum(parts), sum(generations)
	FROM captured
	GROUP BY team_id, day, operation, part
	ON CONFLICT (team_id, day, operation, part) DO UPDATE
	SET tokens = c.tokens + excluded.tokens, parts = c.parts + excluded.parts,
		generations = c.generations + excluded.generations
)
INSERT INTO consumption AS c (team_id, day, user_id, operation, part, tokens, parts, generations)
SELECT * FROM captured
ON CONFLICT (team_id, day, user_id, operation, part) DO UPDATE
SET tokens = c.tokens + excluded.tokens, parts = c.parts + excluded.parts,
	generations = c.generations + excluded.generations`

	// Likewise by product: by member and operation, by day, and by month. A generation counts with its first captured
	// part: what its others add finds the row.
	raiseProductConsumptionSQL = `
WITH captured AS (
	SELECT *
	FROM unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
		AS c (team_id, day, product_id, user_id, operation, tokens, generations)
), of_days AS (
	INSERT INTO product_days AS c (team_id, product_id, day, tokens, generations)
	SELECT team_id, product_id, day, sum(tokens), sum(generations)
	FROM captured
	GROUP BY team_id, product_id, day
	ON CONFLICT (team_id, product_id, day) DO UPDATE
	SET tokens = c.tokens + excluded.tokens, generations = c.generations + excluded.generations
), of_months AS (
	INSERT INTO product_months AS c (team_id, month, product_id, tokens, generations)
	SELECT team_id, date_trunc('month', day::timestamp), product_id, sum(tokens), sum(generations)
	FROM captured
	GROUP BY team_id, date_trunc('month', day::timestamp), product_id
	ON CONFLICT (team_id, month, product_id) DO UPDATE
	SET tokens = c.tokens + excluded.tokens, generations = c.generations + excluded.generations
)
INSERT INTO product_consumption AS c (team_id, day, product_id, user_id, operation, tokens, generations)
SELECT * FROM captured
ON CONFLICT (team_id, day, product_id, user_id, operation) DO UPDATE
SET tokens = c.tokens + excluded.tokens, generations = c.generations + excluded.generations`

	insertWarningsSQL = `
INSERT INTO limit_warnings (id, team_id, sequence, kind, rule_id, member_id, grant_id, threshold, value, daily_limit,
	clears_at, balance_version, raised_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
	$9::bigint[], $10::bigint[], $11::timestamptz[], $12::bigint[], $13::timestamptz[])`

	putRulesSQL = `
INSERT INTO alert_rules (` + ruleColumns + `)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::bool[], $6::text[], $7::text[], $8::bool[],
	$9::date[], $10::jsonb[], $11::timestamptz[], $12::timestamptz[])
ON CONFLICT (id) DO UPDATE
SET metric = excluded.metric, threshold = excluded.threshold, email = excluded.email,
	webhook_url = excluded.webhook_url, webhook_secret = excluded.webhook_secret, enabled = excluded.enabled,
	raised_on = excluded.raised_on, warned_of = excluded.warned_of, updated_at = excluded.updated_at`

	deleteRulesSQL = `DELETE FROM alert_rules WHERE id = ANY($1)`

	insertKeysSQL = `
INSERT INTO idempotency_keys (caller_id, team_id, key, mutation, input_hash, subject, refusal, created_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::jsonb[],
	$8::timestamptz[])`
)
