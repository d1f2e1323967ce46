package reports

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

const (
	// MaxInsightDays is how many days insights cover at most.
	MaxInsightDays = 400
	// insightTimeout is how long one of their statements may take, and insightMemory what one of its sorts may keep in
	// memory: they look at every text of the period.
	insightTimeout = time.Minute
	insightMemory  = "64MB"
	// togetherWithin is how close three operations have to lie to count as one that was run one by one.
	togetherWithin = time.Hour
)

// wasteSQL says what was captured in a period, and how much of it was regenerated and discarded. A part is only ever one
// of the two. $1: team, $2 and $3: first and last day, $4 and $5: between which instants the period's texts, and what
// replaced or was replaced by them within 7 days, were stored.
const wasteSQL = `
WITH versions AS (
	SELECT generation_id, part, created_at, source = 'GENERATED' AND restored_from IS NULL AS paid,
		lag(generation_id) OVER history AS generation_before,
		CASE WHEN lag(restored_from) OVER history IS NULL THEN lag(created_at) OVER history END AS generated_before,
		lead(source) OVER history AS source_after,
		lead(created_at) OVER history AS created_after
	FROM contents
	WHERE team_id = $1 AND created_at BETWEEN $4 AND $5
	WINDOW history AS (PARTITION BY product_id, part ORDER BY version)
), regenerated AS (
	SELECT generation_id, part
	FROM versions
	WHERE paid AND generation_before IS NOT NULL AND created_at <= interval '7 days' + coalesce(generated_before, (
		SELECT original.created_at
		FROM contents original
		WHERE original.generation_id = generation_before AND original.part = versions.part AND original.restored_from IS NULL
	))
), discarded AS (
	SELECT generation_id, part
	FROM versions
	WHERE paid AND source_after IN ('MANUAL', 'TEMPLATE') AND created_after <= created_at + interval '7 days'
	UNION
	SELECT e.generation_id, e.part
	FROM products p
	JOIN generations g ON g.product_id = p.id
	JOIN ledger_entries e ON e.generation_id = g.id AND e.kind = 'CAPTURE'
	WHERE p.team_id = $1 AND p.deleted_at BETWEEN $4 AND $5 AND p.deleted_at <= e.occurred_at + interval '7 days'
	EXCEPT
	SELECT generation_id, part FROM regenerated
), wasted AS (
	SELECT generation_id, part, true AS again FROM regenerated
	UNION ALL
	SELECT generation_id, part, false FROM discarded
)
SELECT (SELECT coalesce(sum(tokens), 0)::bigint FROM consumption_days WHERE team_id = $1 AND day BETWEEN $2 AND $3),
	coalesce(sum(e.amount) FILTER (WHERE again), 0)::bigint,
	coalesce(sum(e.amount) FILTER (WHERE NOT again), 0)::bigint
FROM wasted
JOIN ledger_entries e USING (generation_id, part)
WHERE e.team_id = $1 AND e.kind = 'CAPTURE' AND e.day BETWEEN $2 AND $3`

// singlesSQL lists when single operations delivered something, by product.
const singlesSQL = `
SELECT array_agg(operation), array_agg(created_at)
FROM (
	SELECT product_id, operation, created_at
	FROM reservations
	WHERE team_id = $1 AND day BETWEEN $2 AND $3 AND captured > 0 AND operation <> 'GENERATE_ALL'
	ORDER BY product_id, created_at, generation_id
) AS singles
GROUP BY product_id`

// Insights reports what a team's tokens were good for, in one snapshot. It returns models.FieldErrors for a period that
// ends before it begins or has more than 400 days.
func (r *Reports) Insights(ctx context.Context, team models.TeamID, period Period) (insights models.Insights, err error) {
	var faults models.FieldErrors
	period.check(MaxInsightDays, &faults)
	if err := faults.Err(); err != nil {
		return models.Insights{}, err
	}
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, r.pool, snapshot, func(tx pgx.Tx) error {
		limits := fmt.Sprintf("SET LOCAL statement_timeout = %d; SET LOCAL work_mem = '%s'", insightTimeout.Milliseconds(), insightMemory)
		if _, err := tx.Exec(ctx, limits); err != nil {
			return err
		}
		insights, err = readInsights(ctx, tx, team, period)
		return err
	})
	if err != nil {
		return models.Insights{}, fmt.Errorf("insights into %s: %w", team, err)
	}
	return insights, nil
}

func readInsights(ctx context.Context, tx pgx.Tx, team models.TeamID, period Period) (models.Insights, error) {
	var insights models.Insights
	first, last := period.From.Midnight(), period.To.Midnight()
	// A day of a team lies within a day around the same one in UTC, its texts are stored within two days, and what they
	// replace or are replaced by lies within another seven.
	begin, end := first.AddDate(0, 0, -1-7), last.AddDate(0, 0, 1+1+2+7)
	var captured models.Tokens
	err := tx.QueryRow(ctx, wasteSQL, planEach, string(team), first, last, begin, end).
		Scan(&captured, &insights.Regenerated, &insights.Discarded)
	if err != nil {
		return models.Insights{}, err
	}
	insights.Kept = captured - insights.Regenerated - insights.Discarded
	rows, err := tx.Query(ctx, singlesSQL, planEach, string(team), first, last)
	if err != nil {
		return models.Insights{}, err
	}
	var operations []models.Operation
	var at []time.Time
	_, err = pgx.ForEachRow(rows, []any{&operations, &at}, func() error {
		insights.Separate += countSeparate(operations, at)
		return nil
	})
	if err != nil {
		return models.Insights{}, err
	}
	members := Query{Period: period, Granularity: models.GranularityMonth, By: models.ByMember}
	total, list, err := readSeries(ctx, tx, team, members)
	if err != nil {
		return models.Insights{}, err
	}
	insights.ByMember = members.report(total, list).Top
	return insights, nil
}

// countSeparate counts how many times all three single operations ran on a product within an hour, by the instants at
// which they were requested, in order. Each counts once: with the first of the others that come behind it.
func countSeparate(operations []models.Operation, at []time.Time) (times int) {
	used := make([]bool, len(at))
	for first := range at {
		if used[first] {
			continue
		}
		trio := map[models.Operation]int{operations[first]: first}
		for next := first + 1; next < len(at) && len(trio) < 3 && at[next].Sub(at[first]) <= togetherWithin; next++ {
			if _, there := trio[operations[next]]; !there && !used[next] {
				trio[operations[next]] = next
			}
		}
		if len(trio) == 3 {
			times++
			for _, place := range trio {
				used[place] = true
			}
		}
	}
	return times
}
