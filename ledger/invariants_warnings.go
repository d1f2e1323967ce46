package ledger

// settingCheapest is a setting of the checking transaction: the cost of the cheapest operation, which the statements
// below read.
const settingCheapest = "ledger.cheapest"

// warningInvariants tie warnings, and the lines that they tell of, to the balance.
var warningInvariants = []invariant{
	{"warnings are numbered from 1 without a gap", `
SELECT team_id, previous + 1 AS expected, sequence AS found
FROM (
	SELECT team_id, sequence, lag(sequence, 1, 0::bigint) OVER (PARTITION BY team_id ORDER BY sequence) AS previous
	FROM limit_warnings
) AS warning
WHERE sequence <> previous + 1`},

	{"the balance knows its newest warning", `
SELECT team_id, coalesce(w.sequence, 0) AS expected, b.warnings AS found
FROM balances b
FULL JOIN (SELECT team_id, max(sequence) AS sequence FROM limit_warnings GROUP BY team_id) w USING (team_id)
WHERE b.warnings IS DISTINCT FROM coalesce(w.sequence, 0)`},

	{"a warning is no newer than its balance, and no older than the one before", `
SELECT w.team_id, format('version %s to %s, not before %s in warning %s', w.previous, b.version, w.earlier, w.sequence) AS expected,
	format('version %s at %s', w.balance_version, w.raised_at) AS found
FROM (
	SELECT team_id, sequence, balance_version, raised_at,
		lag(balance_version, 1, 0::bigint) OVER (PARTITION BY team_id ORDER BY sequence) AS previous,
		lag(raised_at) OVER (PARTITION BY team_id ORDER BY sequence) AS earlier
	FROM limit_warnings
) w
JOIN balances b USING (team_id)
WHERE w.balance_version NOT BETWEEN w.previous AND b.version OR w.raised_at < w.earlier`},

	{"no line was crossed on a day that is yet to come", `
SELECT team_id, 'no later than ' || day AS expected, crossed AS found
FROM (
	SELECT team_id, day, greatest(limit_reached_on, balance_empty_on) AS crossed FROM balances
	UNION ALL
	SELECT team_id, b.day, r.raised_on FROM alert_rules r JOIN balances b USING (team_id)
) AS lines
WHERE crossed > day`},

	{"a balance is empty where the cheapest operation cannot be paid, and nowhere else", `
SELECT team_id, CASE WHEN empty THEN 'empty' ELSE 'not empty' END AS expected,
	format('%s available, empty since %s', available, coalesce(balance_empty_on::text, 'no day')) AS found
FROM balances, LATERAL (SELECT NOT unlimited AND available < current_setting('` + settingCheapest + `')::bigint) AS cheapest (empty)
WHERE (balance_empty_on IS NOT NULL) <> empty`},

	{"a rule on available tokens knows whether its line is crossed", `
SELECT team_id, format('%s at %s tokens: %s', r.id, r.threshold, CASE WHEN b.available <= r.threshold THEN 'crossed' ELSE 'armed' END) AS expected,
	format('%s available, crossed on %s', b.available, coalesce(r.raised_on::text, 'no day')) AS found
FROM alert_rules r
JOIN balances b USING (team_id)
WHERE r.metric = 'AVAILABLE_TOKENS_BELOW' AND NOT b.unlimited
	AND CASE WHEN r.raised_on IS NULL
		THEN r.enabled AND r.threshold >= current_setting('` + settingCheapest + `')::bigint AND b.available <= r.threshold
		ELSE b.available > r.threshold
	END`},

	{"a rule remembers no grant of which nothing is left", `
SELECT team_id, 'a grant with tokens' AS expected, format('%s of %s', warned, r.id) AS found
FROM alert_rules r, jsonb_array_elements_text(r.warned_of) AS warned
WHERE NOT EXISTS (SELECT FROM grants g WHERE g.team_id = r.team_id AND g.id = warned AND g.remaining + g.held > 0)`},

	{"a team has at most 20 alert rules", `
SELECT team_id, 20 AS expected, count(*) AS found
FROM alert_rules
GROUP BY team_id
HAVING count(*) > 20`},

	{"a change of time zone goes to another zone, and has not happened yet", `
SELECT team_id, format('another zone than %s, behind %s', time_zone, last_entry_at) AS expected,
	format('%s at %s, %s its last day', pending_time_zone, pending_time_zone_at, pending_last_day) AS found
FROM balances
WHERE pending_time_zone IS NOT NULL AND (
	pending_time_zone = time_zone OR pending_time_zone_at <= last_entry_at OR day > pending_last_day
	OR coalesce(time_zone_changed_at > updated_at, true))`},
}

// consumptionInvariants tie what the reports read to the ledger.
var consumptionInvariants = []invariant{
	{"consumption is what the lines captured", `
SELECT team_id, format('%s in %s parts of %s generations: %s of %s by %s on %s', e.tokens, e.parts, e.generations, part, operation, user_id, day) AS expected,
	format('%s in %s of %s', c.tokens, c.parts, c.generations) AS found
FROM consumption c
FULL JOIN (
	SELECT team_id, day, actor_id AS user_id, operation, part, sum(amount) AS tokens, count(*) AS parts,
		count(*) FILTER (WHERE sequence = first) AS generations
	FROM (
		SELECT *, min(sequence) OVER (PARTITION BY team_id, generation_id) AS first
		FROM ledger_entries
		WHERE kind = 'CAPTURE'
	) AS captured
	GROUP BY team_id, day, actor_id, operation, part
) e USING (team_id, day, user_id, operation, part)
WHERE (c.tokens, c.parts, c.generations) IS DISTINCT FROM (e.tokens, e.parts, e.generations)`},

	{"a product's consumption is what its reservations captured", `
SELECT team_id, format('%s of %s generations for %s by %s with %s on %s', r.tokens, r.generations, product_id, user_id, operation, day) AS expected,
	format('%s of %s', c.tokens, c.generations) AS found
FROM product_consumption c
FULL JOIN (
	SELECT team_id, day, product_id, actor_id AS user_id, operation, sum(captured) AS tokens, count(*) AS generations
	FROM reservations
	WHERE captured > 0
	GROUP BY team_id, day, product_id, actor_id, operation
) r USING (team_id, day, product_id, user_id, operation)
WHERE (c.tokens, c.generations) IS DISTINCT FROM (r.tokens, r.generations)`},
}
