package reports

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"productgenerator/models"
	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
)

// A generation has about five ledger lines: a reservation and, on average over the operations, two to four settlements.
const linesOfGeneration = 5

// addYear writes the consumption of a team that requested that many random generations in the year up to 23 November
// 2026, of 12 members and 2,000 products: the rows that the ledger would have added up.
func addYear(b *testing.B, db *postgres.DB, team models.TeamID, generations int) {
	b.Helper()
	for _, sql := range []string{
		`SET statement_timeout = 0`,
		`SET work_mem = '256MB'`,
		`CREATE TEMP TABLE parts (operation text, part text, tokens bigint, first bigint)`,
		`INSERT INTO parts VALUES ('GENERATE_TEXTS', 'SHORT_DESCRIPTION', 15, 1), ('GENERATE_TEXTS', 'LONG_DESCRIPTION', 30, 0),
			('SEARCH_IMAGES', 'IMAGES', 10, 1), ('SEARCH_PRICES', 'PRICES', 10, 1), ('GENERATE_ALL', 'SHORT_DESCRIPTION', 15, 1),
			('GENERATE_ALL', 'LONG_DESCRIPTION', 30, 0), ('GENERATE_ALL', 'IMAGES', 10, 0), ('GENERATE_ALL', 'PRICES', 10, 0)`,
		fmt.Sprintf(`CREATE TEMP TABLE requested AS
			SELECT '%s' AS team_id, date '2026-11-23' - (n %% 365) AS day, 'user_' || lpad(floor(random() * 12)::text, 26, '0') AS user_id,
				'product_' || lpad(floor(random() * 2000)::text, 26, '0') AS product_id,
				(ARRAY['GENERATE_TEXTS', 'SEARCH_IMAGES', 'SEARCH_PRICES', 'GENERATE_ALL'])[1 + floor(random() * 4)::int] AS operation
			FROM generate_series(1, %d) n`, team, generations),
		`INSERT INTO consumption SELECT team_id, day, user_id, operation, part, sum(tokens), count(*), sum(first)
			FROM requested JOIN parts USING (operation) GROUP BY 1, 2, 3, 4, 5 ORDER BY 2`,
		`INSERT INTO product_consumption SELECT team_id, day, product_id, user_id, operation, sum(tokens), count(*)
			FROM requested JOIN (SELECT operation, sum(tokens) AS tokens FROM parts GROUP BY 1) p USING (operation) GROUP BY 1, 2, 3, 4, 5 ORDER BY 2`,
		`INSERT INTO consumption_days SELECT team_id, day, operation, part, sum(tokens), sum(parts), sum(generations)
			FROM consumption WHERE team_id = (SELECT team_id FROM requested LIMIT 1) GROUP BY 1, 2, 3, 4 ORDER BY 2`,
		`INSERT INTO product_days SELECT team_id, product_id, day, sum(tokens), sum(generations)
			FROM product_consumption WHERE team_id = (SELECT team_id FROM requested LIMIT 1) GROUP BY 1, 2, 3 ORDER BY 3`,
		`INSERT INTO product_months SELECT team_id, date_trunc('month', day::timestamp), product_id, sum(tokens), sum(generations)
			FROM product_days WHERE team_id = (SELECT team_id FROM requested LIMIT 1) GROUP BY 1, 2, 3 ORDER BY 2`,
		`DROP TABLE parts, requested`,
		`VACUUM ANALYZE`,
		`RESET ALL`,
	} {
		if _, err := db.Pool.Exec(b.Context(), sql); err != nil {
			b.Fatalf("%v: %s", err, sql)
		}
	}
}

// BenchmarkReport measures reports of teams whose ledgers have ten thousand and ten million lines; its figure is the
// median.
func BenchmarkReport(b *testing.B) {
	db := pgtest.NewWith(b, postgres.Options{MaxConns: 1})
	reports := New(db.Pool)
	teams := []struct {
		id    models.TeamID
		lines int
	}{
		{models.TeamID("team_" + fmt.Sprintf("%026d", 1)), 10_000},
		{models.TeamID("team_" + fmt.Sprintf("%026d", 2)), 10_000_000},
	}
	for _, team := range teams {
		addYear(b, db, team.id, team.lines/linesOfGeneration)
	}
	year := Period{models.Date{Year: 2025, Month: 11, Day: 24}, models.Date{Year: 2026, Month: 11, Day: 23}}
	month := Period{models.Date{Year: 2026, Month: 10, Day: 1}, models.Date{Year: 2026, Month: 10, Day: 31}}
	member := []models.UserID{models.UserID("user_" + fmt.Sprintf("%026d", 3))}
	search := []models.Operation{models.OperationSearchImages}
	for _, c := range []struct {
		name  string
		query Query
	}{
		{"month", Query{Period: month, By: models.ByOperation}},
		{"month/member", Query{Period: month, By: models.ByMember}},
		{"month/product", Query{Period: month, By: models.ByProduct}},
		{"year", Query{Period: year, By: models.ByOperation}},
		{"year/part", Query{Period: year, By: models.ByPart}},
		{"year/member", Query{Period: year, By: models.ByMember}},
		{"year/product", Query{Period: year, By: models.ByProduct}},
		{"year/operation/of-one-member", Query{Period: year, By: models.ByOperation, Members: member}},
		{"year/product/of-one-member-and-operation", Query{Period: year, By: models.ByProduct, Members: member, Operations: search}},
	} {
		for _, team := range teams {
			b.Run(fmt.Sprintf("%s/lines=%d", c.name, team.lines), func(b *testing.B) {
				measure(b, func() error {
					_, err := reports.Consumption(b.Context(), team.id, c.query)
					return err
				})
			})
		}
	}
}

// measure reports the median time of what it calls.
func measure(b *testing.B, call func() error) {
	b.Helper()
	var times []time.Duration
	for b.Loop() {
		began := time.Now()
		if err := call(); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1e3, "ms/median")
}
