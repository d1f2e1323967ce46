package ledger

// balanceInvariants tie a team's balance to its lines, grants and reservations.
var balanceInvariants = []invariant{
	{"every team has an account", `
SELECT t.id AS team_id, 'an account' AS expected, NULL AS found
FROM teams t
WHERE NOT EXISTS (SELECT FROM balances b WHERE b.team_id = t.id)`},

	{"available is the sum of the lines", `
SELECT b.team_id, coalesce(e.tokens, 0) AS expected, b.available AS found
FROM balances b
LEFT JOIN (SELECT team_id, sum(tokens) AS tokens FROM ledger_entries GROUP BY team_id) e USING (team_id)
WHERE b.available <> coalesce(e.tokens, 0)`},

	{"available is what remains of the grants", `
SELECT b.team_id, coalesce(g.remaining, 0) AS expected, b.available AS found
FROM balances b
LEFT JOIN (SELECT team_id, sum(remaining) AS remaining FROM grants GROUP BY team_id) g USING (team_id)
WHERE b.available <> coalesce(g.remaining, 0)`},

	{"reserved is what open reservations hold", `
SELECT b.team_id, coalesce(r.held, 0) AS expected, b.reserved AS found
FROM balances b
LEFT JOIN (
	SELECT team_id, sum(tokens - captured - released) AS held FROM reservations WHERE finished_at IS NULL GROUP BY team_id
) r USING (team_id)
WHERE b.reserved <> coalesce(r.held, 0)`},

	{"debt is what was incurred and not paid", `
SELECT b.team_id, coalesce(e.debt, 0) AS expected, b.debt AS found
FROM balances b
LEFT JOIN (SELECT team_id, sum(debt) AS debt FROM ledger_entries GROUP BY team_id) e USING (team_id)
WHERE b.debt <> coalesce(e.debt, 0)`},

	{"a team in debt has nothing available", `
SELECT team_id, 0 AS expected, available AS found
FROM balances
WHERE debt > 0 AND available > 0`},

	{"no balance is negative", `
SELECT team_id, 'nothing below 0' AS expected, least(available, reserved, debt, used) AS found
FROM balances
WHERE least(available, reserved, debt, used) < 0`},

	{"no limit is negative", `
SELECT team_id, 'nothing below 0' AS expected, tokens AS found
FROM (
	SELECT team_id, least(custom_daily_limit, own_daily_limit, low_balance_threshold) AS tokens FROM balances
	UNION ALL
	SELECT team_id, daily_limit FROM memberships
	UNION ALL
	SELECT team_id, default_daily_limit FROM balances, settings
) AS limits
WHERE tokens < 0`},

	{"used today is the use of the day's lines", `
SELECT b.team_id, coalesce(e.usage, 0) AS expected, b.used AS found
FROM balances b
LEFT JOIN (SELECT team_id, day, sum(usage) AS usage FROM ledger_entries GROUP BY team_id, day) e USING (team_id, day)
WHERE b.used <> coalesce(e.usage, 0)`},

	{"a member's use of a day is the use of the member's lines", `
SELECT team_id, format('%s by %s on %s', coalesce(e.usage, 0), user_id, day) AS expected, coalesce(u.used, 0) AS found
FROM member_usage u
FULL JOIN (
	SELECT team_id, actor_id AS user_id, day, sum(usage) AS usage
	FROM ledger_entries
	WHERE kind IN ('RESERVE', 'RELEASE')
	GROUP BY team_id, actor_id, day
) e USING (team_id, user_id, day)
WHERE coalesce(u.used, 0) <> coalesce(e.usage, 0)`},

	{"the version is at least the newest line's", `
SELECT b.team_id, 'at least ' || e.version AS expected, b.version AS found
FROM balances b
JOIN (SELECT team_id, max(balance_version) AS version FROM ledger_entries GROUP BY team_id) e USING (team_id)
WHERE b.version < e.version`},

	{"the balance knows its newest line", `
SELECT b.team_id, coalesce(e.sequence, 0) AS expected, b.sequence AS found
FROM balances b
LEFT JOIN (SELECT team_id, max(sequence) AS sequence FROM ledger_entries GROUP BY team_id) e USING (team_id)
WHERE b.sequence <> coalesce(e.sequence, 0)`},

	{"the balance is no older than its newest line", `
SELECT b.team_id, 'no earlier than ' || e.occurred_at AS expected, b.last_entry_at AS found
FROM balances b
JOIN (SELECT team_id, max(occurred_at) AS occurred_at FROM ledger_entries GROUP BY team_id) e USING (team_id)
WHERE b.last_entry_at < e.occurred_at`},
}

// entryInvariants hold along the lines of a team's ledger.
var entryInvariants = []invariant{
	{"lines are numbered from 1 without a gap", `
SELECT team_id, previous + 1 AS expected, sequence AS found
FROM (
	SELECT team_id, sequence, lag(sequence, 1, 0::bigint) OVER (PARTITION BY team_id ORDER BY sequence) AS previous
	FROM ledger_entries
) AS line
WHERE sequence <> previous + 1`},

	{"time never decreases along the lines", `
SELECT team_id, format('no earlier than %s in line %s', previous, sequence) AS expected, occurred_at AS found
FROM (
	SELECT team_id, sequence, occurred_at, lag(occurred_at) OVER (PARTITION BY team_id ORDER BY sequence) AS previous
	FROM ledger_entries
) AS line
WHERE occurred_at < previous`},

	{"the version never decreases along the lines", `
SELECT team_id, format('at least %s in line %s', previous, sequence) AS expected, balance_version AS found
FROM (
	SELECT team_id, sequence, balance_version, lag(balance_version) OVER (PARTITION BY team_id ORDER BY sequence) AS previous
	FROM ledger_entries
) AS line
WHERE balance_version < previous`},

	{"the balance behind a line is the sum of the lines up to it", `
SELECT team_id, format('%s behind line %s', total, sequence) AS expected, balance_after AS found
FROM (
	SELECT team_id, sequence, balance_after, sum(tokens) OVER (PARTITION BY team_id ORDER BY sequence) AS total
	FROM ledger_entries
) AS line
WHERE balance_after <> total`},

	{"a line changes what its kind changes", `
SELECT e.team_id, format('%s in line %s', rule.expected, e.sequence) AS expected,
	format('amount %s, tokens %s, drawn %s, debt %s, usage %s', amount, tokens, drawn.total, debt, usage) AS found
FROM ledger_entries e
CROSS JOIN LATERAL (
	SELECT coalesce(sum((draw ->> 'tokens')::bigint), 0) FROM jsonb_array_elements(e.draws) AS draw
) AS drawn (total)
CROSS JOIN LATERAL (
	SELECT CASE kind
		WHEN 'GRANT' THEN tokens = amount + debt AND debt <= 0 AND usage = 0 AND drawn.total = 0
		WHEN 'RESERVE' THEN tokens = -drawn.total AND drawn.total IN (0, amount) AND debt = 0 AND usage = amount
		WHEN 'CAPTURE' THEN tokens = 0 AND drawn.total IN (0, amount) AND debt = 0 AND usage = 0
		WHEN 'RELEASE' THEN tokens = drawn.total + debt AND drawn.total IN (0, amount) AND debt <= 0 AND usage = -amount
		WHEN 'EXPIRE' THEN tokens = -amount AND debt = 0 AND usage = 0 AND drawn.total = 0
		WHEN 'REVOKE' THEN tokens = -drawn.total AND debt >= 0 AND drawn.total + debt <= amount AND usage = 0
		WHEN 'REINSTATE' THEN tokens BETWEEN 0 AND drawn.total AND debt <= 0 AND tokens - debt BETWEEN drawn.total AND amount AND usage = 0
	END AND (kind IN ('REVOKE', 'REINSTATE')) = (reason IS NOT NULL) AS kept, 'the figures of ' || kind AS expected
) AS rule
WHERE rule.kept IS NOT TRUE`},

	{"a line that an operation caused names a member of then", `
SELECT e.team_id, 'a member in line ' || e.sequence AS expected, e.actor_id AS found
FROM ledger_entries e
WHERE e.kind IN ('RESERVE', 'CAPTURE', 'RELEASE')
	AND NOT EXISTS (
		SELECT FROM memberships m
		WHERE m.team_id = e.team_id AND m.user_id = e.actor_id AND m.joined_at <= e.occurred_at)`},

	{"every line belongs to an account", `
SELECT DISTINCT e.team_id, 'an account' AS expected, NULL AS found
FROM ledger_entries e
WHERE NOT EXISTS (SELECT FROM balances b WHERE b.team_id = e.team_id)`},
}

// grantInvariants say where the tokens of a grant went.
var grantInvariants = []invariant{
	{"a grant's tokens add up", `
SELECT team_id, format('%s of %s', tokens, id) AS expected, remaining + held + consumed + expired + revoked + paid_debt AS found
FROM grants
WHERE tokens <> remaining + held + consumed + expired + revoked + paid_debt`},

	{"nothing of a grant is negative", `
SELECT team_id, 'nothing below 0 of ' || id AS expected, least(remaining, held, consumed, expired, revoked, paid_debt) AS found
FROM grants
WHERE least(remaining, held, consumed, expired, revoked, paid_debt) < 0`},

	{"what a grant holds and has paid is what parts drew on it", `
SELECT g.team_id, format('held %s, consumed %s of %s', coalesce(d.held, 0), coalesce(d.consumed, 0), g.id) AS expected,
	format('held %s, consumed %s', g.held, g.consumed) AS found
FROM grants g
LEFT JOIN (
	SELECT r.team_id, draw ->> 'grant' AS id,
		sum((draw ->> 'tokens')::bigint) FILTER (WHERE part ->> 'state' = 'HELD') AS held,
		sum((draw ->> 'tokens')::bigint) FILTER (WHERE part ->> 'state' = 'CAPTURED') AS consumed
	FROM reservations r, jsonb_path_query(r.parts, '$[*]') AS part, jsonb_path_query(part, '$.draws[*]') AS draw
	WHERE jsonb_typeof(draw) = 'object'
	GROUP BY r.team_id, draw ->> 'grant'
) d USING (team_id, id)
WHERE g.held <> coalesce(d.held, 0) OR g.consumed <> coalesce(d.consumed, 0)`},

	{"a grant has one line of its size, and such a line its grant", `
SELECT team_id, format('%s by grant %s', g.tokens, id) AS expected, format('%s in %s lines', e.amount, coalesce(e.lines, 0)) AS found
FROM (SELECT team_id, id, tokens FROM grants) g
FULL JOIN (
	SELECT team_id, grant_id AS id, sum(amount) AS amount, count(*) AS lines
	FROM ledger_entries
	WHERE kind = 'GRANT'
	GROUP BY team_id, grant_id
) e USING (team_id, id)
WHERE g.tokens IS DISTINCT FROM e.amount OR e.lines <> 1`},

	{"what has expired of a grant has its lines", `
SELECT team_id, format('%s of %s', coalesce(e.amount, 0), id) AS expected, g.expired AS found
FROM (SELECT team_id, id, expired FROM grants) g
FULL JOIN (
	SELECT team_id, grant_id AS id, sum(amount) AS amount FROM ledger_entries WHERE kind = 'EXPIRE' GROUP BY team_id, grant_id
) e USING (team_id, id)
WHERE coalesce(g.expired, 0) <> coalesce(e.amount, 0)`},
}
