package ledger

// reservationInvariants tie reservations to their parts and their lines.
var reservationInvariants = []invariant{
	{"a reservation is captured, released and held part by part", `
SELECT r.team_id, format('%s = %s captured + %s released + %s held in %s', p.tokens, p.captured, p.released, p.held, r.generation_id) AS expected,
	format('%s = %s captured + %s released + %s held', r.tokens, r.captured, r.released, r.tokens - r.captured - r.released) AS found
FROM reservations r
CROSS JOIN LATERAL (
	SELECT sum(tokens) AS tokens,
		coalesce(sum(tokens) FILTER (WHERE state = 'CAPTURED'), 0) AS captured,
		coalesce(sum(tokens) FILTER (WHERE state = 'RELEASED'), 0) AS released,
		coalesce(sum(tokens) FILTER (WHERE state = 'HELD'), 0) AS held
	FROM jsonb_to_recordset(r.parts) AS part (tokens bigint, state text)
) p
WHERE (r.tokens, r.captured, r.released) IS DISTINCT FROM (p.tokens, p.captured, p.released)`},

	{"a finished reservation holds nothing, an open one something", `
SELECT team_id, 'finished just when 0 are held by ' || generation_id AS expected,
	format('%s held, finished %s', tokens - captured - released, finished_at) AS found
FROM reservations
WHERE (finished_at IS NOT NULL) <> (captured + released = tokens)`},

	{"a part draws its whole cost on grants, or nothing where the team was unlimited", `
SELECT r.team_id, format('%s by %s of %s', CASE WHEN r.unlimited THEN 0 ELSE (part ->> 'tokens')::bigint END, part ->> 'part', r.generation_id) AS expected,
	drawn.tokens AS found
FROM reservations r, jsonb_path_query(r.parts, '$[*]') AS part
CROSS JOIN LATERAL (
	SELECT coalesce(sum(draw::bigint), 0) FROM jsonb_path_query(part, '$.draws[*].tokens') AS draw
) AS drawn (tokens)
WHERE drawn.tokens <> CASE WHEN r.unlimited THEN 0 ELSE (part ->> 'tokens')::bigint END`},

	{"a reservation has one line of its size, day and actor, and such a line its reservation", `
SELECT team_id, format('%s by %s on %s for %s', r.tokens, r.actor_id, r.day, generation_id) AS expected,
	format('%s by %s on %s', e.amount, e.actor_id, e.day) AS found
FROM reservations r
FULL JOIN (SELECT * FROM ledger_entries WHERE kind = 'RESERVE') e USING (team_id, generation_id)
WHERE (r.tokens, r.actor_id, r.day, r.operation) IS DISTINCT FROM (e.amount, e.actor_id, e.day, e.operation)`},

	{"a settled part has one line, and such a line its part", `
SELECT team_id, format('%s of %s %s: %s', p.tokens, part, generation_id, p.state) AS expected,
	format('%s: %s', e.amount, e.state) AS found
FROM (
	SELECT r.team_id, r.generation_id, p.part, p.tokens, p.state, r.actor_id, r.day
	FROM reservations r, jsonb_to_recordset(r.parts) AS p (part text, tokens bigint, state text)
	WHERE p.state <> 'HELD'
) p
FULL JOIN (
	SELECT team_id, generation_id, part, amount, CASE kind WHEN 'CAPTURE' THEN 'CAPTURED' ELSE 'RELEASED' END AS state, actor_id, day
	FROM ledger_entries
	WHERE kind IN ('CAPTURE', 'RELEASE')
) e USING (team_id, generation_id, part)
WHERE (p.tokens, p.state, p.actor_id, p.day) IS DISTINCT FROM (e.amount, e.state, e.actor_id, e.day)`},

	{"a reservation's line drew what its parts drew on each grant", `
SELECT r.team_id, format('%s by %s', parts.draws, r.generation_id) AS expected, line.draws AS found
FROM reservations r
JOIN ledger_entries e ON e.team_id = r.team_id AND e.generation_id = r.generation_id AND e.kind = 'RESERVE'
CROSS JOIN LATERAL (
	SELECT coalesce(jsonb_object_agg(id, tokens), '{}')
	FROM (
		SELECT draw ->> 'grant', sum((draw ->> 'tokens')::bigint)
		FROM jsonb_path_query(r.parts, '$[*].draws[*]') AS draw
		WHERE jsonb_typeof(draw) = 'object'
		GROUP BY draw ->> 'grant'
	) AS drawn (id, tokens)
) AS parts (draws)
CROSS JOIN LATERAL (
	SELECT coalesce(jsonb_object_agg(draw ->> 'grant', (draw ->> 'tokens')::bigint), '{}') FROM jsonb_array_elements(e.draws) AS draw
) AS line (draws)
WHERE parts.draws <> line.draws`},

	{"a settled part's line has the draws of its part", `
SELECT r.team_id, format('%s by %s of %s', coalesce(nullif(p.draws, 'null'), '[]'), p.part, r.generation_id) AS expected, e.draws AS found
FROM reservations r
CROSS JOIN LATERAL jsonb_to_recordset(r.parts) AS p (part text, state text, draws jsonb)
JOIN ledger_entries e ON e.team_id = r.team_id AND e.generation_id = r.generation_id AND e.part = p.part AND e.kind IN ('CAPTURE', 'RELEASE')
WHERE coalesce(nullif(p.draws, 'null'), '[]') <> e.draws`},

	{"a part is settled once", `
SELECT team_id, format('1 settlement of %s %s', part, generation_id) AS expected, count(*) AS found
FROM ledger_entries
WHERE kind IN ('CAPTURE', 'RELEASE')
GROUP BY team_id, generation_id, part
HAVING count(*) > 1`},
}

// operationInvariants tie what operations stored to what they were charged.
var operationInvariants = []invariant{
	{"a generation has its reservation, and a reservation its generation", `
SELECT team_id, format('%s of %s by %s for generation %s', g.operation, g.product_id, g.actor_id, id) AS expected,
	format('%s of %s by %s', r.operation, r.product_id, r.actor_id) AS found
FROM generations g
FULL JOIN (SELECT *, generation_id AS id FROM reservations) r USING (team_id, id)
WHERE (g.operation, g.product_id, g.actor_id) IS DISTINCT FROM (r.operation, r.product_id, r.actor_id)`},

	{"a part that is captured succeeded, one that is released did not, one that is held goes on", `
SELECT team_id, format('%s for %s of %s, which is %s', r.tokens, part, generation_id, r.state) AS expected,
	format('%s, which is %s', p.tokens, p.status) AS found
FROM generation_parts p
FULL JOIN (
	SELECT r.team_id, r.generation_id, p.part, p.tokens, p.state
	FROM reservations r, jsonb_to_recordset(r.parts) AS p (part text, tokens bigint, state text)
) r USING (team_id, generation_id, part)
WHERE p.tokens IS DISTINCT FROM r.tokens
	OR r.state IS DISTINCT FROM CASE
		WHEN p.status = 'SUCCEEDED' THEN 'CAPTURED'
		WHEN p.status IN ('FAILED', 'CANCELLED') THEN 'RELEASED'
		WHEN p.status IN ('QUEUED', 'RUNNING') THEN 'HELD'
	END`},

	{"a generation ends with its last part, as its parts ended", `
SELECT g.team_id, format('%s for %s', p.status, g.id) AS expected, g.status AS found
FROM generations g
CROSS JOIN LATERAL (
	SELECT CASE
		WHEN bool_or(status IN ('QUEUED', 'RUNNING')) THEN 'QUEUED or RUNNING'
		WHEN bool_or(status = 'CANCELLED') THEN 'CANCELLED'
		WHEN bool_and(status = 'SUCCEEDED') THEN 'SUCCEEDED'
		WHEN bool_or(status = 'SUCCEEDED') THEN 'PARTIALLY_SUCCEEDED'
		ELSE 'FAILED'
	END AS status
	FROM generation_parts
	WHERE generation_id = g.id
) p
WHERE CASE WHEN g.status IN ('QUEUED', 'RUNNING') THEN 'QUEUED or RUNNING' ELSE g.status END <> p.status`},

	{"a captured part has its stored result, and a stored result its captured part", `
SELECT team_id, CASE WHEN c.part IS NULL THEN 'no ' || part ELSE part END || ' of ' || generation_id AS expected,
	CASE WHEN s.part IS NULL THEN 'no result' ELSE 'a result' END AS found
FROM (
	SELECT r.team_id, r.generation_id, p.part
	FROM reservations r, jsonb_to_recordset(r.parts) AS p (part text, state text)
	WHERE p.state = 'CAPTURED'
) c
FULL JOIN (
	SELECT team_id, generation_id, part FROM contents WHERE generation_id IS NOT NULL AND restored_from IS NULL
	UNION
	SELECT team_id, generation_id, 'IMAGES' FROM product_images
	UNION
	SELECT team_id, generation_id, 'PRICES' FROM product_prices
) s USING (team_id, generation_id, part)
WHERE c.part IS NULL OR s.part IS NULL`},

	{"a run over many products has as many generations as it says", `
SELECT b.team_id, format('%s in %s', b.total, b.id) AS expected, count(g.id) AS found
FROM generation_batches b
LEFT JOIN generations g ON g.batch_id = b.id AND g.team_id = b.team_id
GROUP BY b.team_id, b.id, b.total
HAVING count(g.id) <> b.total`},
}

// sumInvariants tie the sums that reports read to the consumption that they add up.
var sumInvariants = []invariant{
	{"a day's consumption is that of all members", `
SELECT team_id, format('%s in %s parts of %s generations: %s of %s on %s', c.tokens, c.parts, c.generations, part, operation, day) AS expected,
	format('%s in %s of %s', d.tokens, d.parts, d.generations) AS found
FROM consumption_days d
FULL JOIN (
	SELECT team_id, day, operation, part, sum(tokens) AS tokens, sum(parts) AS parts, sum(generations) AS generations
	FROM consumption
	GROUP BY team_id, day, operation, part
) c USING (team_id, day, operation, part)
WHERE (d.tokens, d.parts, d.generations) IS DISTINCT FROM (c.tokens, c.parts, c.generations)`},

	{"a product's day is what all members had done to it", `
SELECT team_id, format('%s of %s generations for %s on %s', c.tokens, c.generations, product_id, day) AS expected,
	format('%s of %s', d.tokens, d.generations) AS found
FROM product_days d
FULL JOIN (
	SELECT team_id, product_id, day, sum(tokens) AS tokens, sum(generations) AS generations
	FROM product_consumption
	GROUP BY team_id, product_id, day
) c USING (team_id, product_id, day)
WHERE (d.tokens, d.generations) IS DISTINCT FROM (c.tokens, c.generations)`},

	{"a product's month is its days", `
SELECT team_id, format('%s of %s generations for %s in the month of %s', d.tokens, d.generations, product_id, month) AS expected,
	format('%s of %s', m.tokens, m.generations) AS found
FROM product_months m
FULL JOIN (
	SELECT team_id, product_id, date_trunc('month', day::timestamp)::date AS month, sum(tokens) AS tokens, sum(generations) AS generations
	FROM product_days
	GROUP BY team_id, product_id, month
) d USING (team_id, product_id, month)
WHERE (m.tokens, m.generations) IS DISTINCT FROM (d.tokens, d.generations)`},
}
