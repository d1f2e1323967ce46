package reports

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

// The statements answer with one row for each series (its key and name, its days, and each day's tokens and count);
// the row without a key is all consumption together, its count the generations with a captured part.

// seriesSQL adds consumption up by its column %[1]s with counts of %[2]s, out of the table %[3]s under the condition
// %[4]s; names are looked up in %[5]s. $1: team, $2 and $3: first and last day, $4: operations, $5: members,
// $6: how many.
const seriesSQL = `
WITH used AS (
	SELECT day, %[1]s AS key, sum(tokens) AS tokens, sum(%[2]s) AS count, sum(generations) AS generations
	FROM %[3]s
	WHERE team_id = $1 AND day BETWEEN $2 AND $3 AND %[4]s
	GROUP BY day, %[1]s
), ranked AS (
	SELECT key
	FROM used
	GROUP BY key
	ORDER BY sum(tokens) DESC, key COLLATE "C"
	LIMIT $6
)
SELECT '' AS key, '' AS name, array_agg(day), array_agg(tokens::bigint), array_agg(generations::bigint)
FROM (SELECT day, sum(tokens) AS tokens, sum(generations) AS generations FROM used GROUP BY day) AS total
UNION ALL
SELECT key, coalesce(%[5]s, ''), days, tokens, counts
FROM (
	SELECT key, array_agg(day) AS days, array_agg(tokens::bigint) AS tokens, array_agg(count::bigint) AS counts
	FROM used
	JOIN ranked USING (key)
	GROUP BY key
) AS listed`

// productsSQL ranks a team's products by their months, corrected by the days that the period cuts off, and reads the
// days of the first ones. Only products that may be among the first are corrected: those that reach, with all that may
// have to be added, what the last of the first has at least. $1: team, $2 and $3: first and last day, $4: how many, $5:
// the first month, $6 and $7: the first and the last month that count as a whole, $8 to $11: months with the days to
// add to their sums or to take from them.
const productsSQL = `
WITH cuts AS (
	SELECT month, sign, first_day, last_day
	FROM unnest($8::date[], $9::bigint[], $10::date[], $11::date[]) AS cut (month, sign, first_day, last_day)
	WHERE EXISTS (SELECT FROM consumption_days c WHERE c.team_id = $1 AND c.day BETWEEN first_day AND last_day)
), sums AS (
	SELECT product_id,
		coalesce(sum(tokens) FILTER (WHERE month BETWEEN $6 AND $7), 0)::bigint AS tokens,
		coalesce(sum(tokens) FILTER (WHERE month IN (SELECT month FROM cuts WHERE sign > 0)), 0)::bigint AS most_to_add,
		coalesce(sum(tokens) FILTER (WHERE month IN (SELECT month FROM cuts WHERE sign < 0)), 0)::bigint AS most_to_take
	FROM product_months
	WHERE team_id = $1 AND month BETWEEN $5 AND $3
	GROUP BY product_id
), ranked AS (
	SELECT product_id
	FROM sums
	CROSS JOIN LATERAL (
		SELECT coalesce(sum(cuts.sign * d.tokens), 0) AS tokens
		FROM cuts
		JOIN product_days d ON d.team_id = $1 AND d.product_id = sums.product_id AND d.day BETWEEN first_day AND last_day
	) AS corrected
	WHERE sums.tokens + most_to_add >= (
		SELECT min(least)
		FROM (SELECT tokens - most_to_take AS least FROM sums ORDER BY least DESC LIMIT $4) AS first_ones
	)
	ORDER BY sums.tokens + corrected.tokens DESC, product_id COLLATE "C"
	LIMIT $4
)
SELECT '' AS key, '' AS name, array_agg(day), array_agg(tokens::bigint), array_agg(generations::bigint)
FROM (
	SELECT day, sum(tokens) AS tokens, sum(generations) AS generations
	FROM consumption_days
	WHERE team_id = $1 AND day BETWEEN $2 AND $3
	GROUP BY day
) AS total
UNION ALL
SELECT product_id, coalesce((SELECT name FROM products WHERE id = product_id), ''), days, tokens, counts
FROM ranked
CROSS JOIN LATERAL (
	SELECT array_agg(day) AS days, array_agg(tokens) AS tokens, array_agg(generations) AS counts
	FROM product_days d
	WHERE d.team_id = $1 AND d.product_id = ranked.product_id AND d.day BETWEEN $2 AND $3
) AS listed`

// someProductsSQL is productsSQL for some operations and members, under the condition %[1]s: it reads all that they did in
// the period. $1: team, $2 and $3: first and last day, $4: operations, $5: members, $6: how many.
const someProductsSQL = `
WITH ranked AS (
	SELECT product_id
	FROM product_consumption
	WHERE team_id = $1 AND day BETWEEN $2 AND $3 AND %[1]s
	GROUP BY product_id
	ORDER BY sum(tokens) DESC, product_id COLLATE "C"
	LIMIT $6
)
SELECT '' AS key, '' AS name, array_agg(day), array_agg(tokens::bigint), array_agg(generations::bigint)
FROM (
	SELECT day, sum(tokens) AS tokens, sum(generations) AS generations
	FROM consumption
	WHERE team_id = $1 AND day BETWEEN $2 AND $3 AND %[1]s
	GROUP BY day
) AS total
UNION ALL
SELECT product_id, coalesce((SELECT name FROM products WHERE id = product_id), ''), array_agg(day),
	array_agg(tokens::bigint), array_agg(generations::bigint)
FROM (
	SELECT product_id, day, sum(tokens) AS tokens, sum(generations) AS generations
	FROM product_consumption
	WHERE team_id = $1 AND day BETWEEN $2 AND $3 AND %[1]s AND product_id = ANY(ARRAY(SELECT product_id FROM ranked))
	GROUP BY product_id, day
) AS listed
GROUP BY product_id`

// How a statement is planned. A few rows a day are read alike whatever the team. Of larger tables it depends on the team
// and the period which way is short: a plan for all of them takes ten times as long on the largest teams.
const (
	planOnce = pgx.QueryExecModeCacheStatement
	planEach = pgx.QueryExecModeCacheDescribe
)

// statement is what answers the query, with how it is planned and its parameters.
func (q Query) statement(team models.TeamID) (sql string, args []any) {
	first, last := q.Period.From.Midnight(), q.Period.To.Midnight()
	table, condition, plan := "consumption_days", q.condition(), planOnce
	if q.Members != nil || q.By == models.ByMember {
		table, plan = "consumption", planEach
	}
	some := []any{plan, string(team), first, last, texts(q.Operations), texts(q.Members), maxRows}
	const nameless, ofUser = `NULL::text`, `(SELECT name FROM users WHERE id = key)`
	switch {
	case q.By == models.ByPart:
		return fmt.Sprintf(seriesSQL, "part", "parts", table, condition, nameless), some
	case q.By == models.ByMember:
		return fmt.Sprintf(seriesSQL, "user_id", "generations", table, condition, ofUser), some
	case q.By == models.ByProduct && (q.Operations != nil || q.Members != nil):
		some[0] = planEach
		return fmt.Sprintf(someProductsSQL, condition), some
	case q.By == models.ByProduct:
		month := firstOfMonth(q.Period.From).Midnight()
		return productsSQL, append([]any{planEach, string(team), first, last, maxRows, month}, q.Period.monthCuts().parameters()...)
	default:
		return fmt.Sprintf(seriesSQL, "operation", "generations", table, condition, nameless), some
	}
}

// condition narrows statements down to some operations and members. What is not asked for is not compared with, so that
// what is can be looked up in an index.
func (q Query) condition() string {
	operations, members := "$4::text[] IS NULL", "$5::text[] IS NULL"
	if q.Operations != nil {
		operations = "operation = ANY($4::text[])"
	}
	if q.Members != nil {
		members = "user_id = ANY($5::text[])"
	}
	return operations + " AND " + members
}

// parameters are those of productsSQL that say how months make the period.
func (c monthCuts) parameters() []any {
	months, signs := make([]time.Time, len(c.cuts)), make([]int64, len(c.cuts))
	firsts, lasts := make([]time.Time, len(c.cuts)), make([]time.Time, len(c.cuts))
	for i, cut := range c.cuts {
		months[i], signs[i] = cut.month.Midnight(), int64(cut.sign)
		firsts[i], lasts[i] = cut.days.From.Midnight(), cut.days.To.Midnight()
	}
	return []any{c.first.Midnight(), c.last.Midnight(), months, signs, firsts, lasts}
}
