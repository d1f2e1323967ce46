package reports

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

const (
	// MaxDays is how many days a report of consumption covers at most: three years.
	MaxDays = 1_100
	// MaxMembers is how many members a report can be narrowed down to by name.
	MaxMembers = 100
	// maxRows is how many members or products a report lists one by one. The rest is one row.
	maxRows = 20
)

// Query says which consumption to report.
type Query struct {
	Period      Period
	Granularity models.Granularity
	By          models.ReportDimension
	Operations  []models.Operation // nil: all; empty: none
	Members     []models.UserID    // nil: all; empty: none
}

// check says what is wrong with the query: models.FieldErrors at period, operations or memberIds.
func (q Query) check() error {
	var faults models.FieldErrors
	q.Period.check(MaxDays, &faults)
	if most := len(models.Operations()); len(q.Operations) > most {
		faults.Add(models.FieldTooMany, most, "operations")
	}
	if len(q.Members) > MaxMembers {
		faults.Add(models.FieldTooMany, MaxMembers, "memberIds")
	}
	return faults.Err()
}

// Consumption reports what a team's captured parts cost, each on the day of its reservation. It returns
// models.FieldErrors for a query that cannot be answered.
func (r *Reports) Consumption(ctx context.Context, team models.TeamID, query Query) (models.ConsumptionReport, error) {
	if err := query.check(); err != nil {
		return models.ConsumptionReport{}, err
	}
	total, rows, err := readSeries(ctx, r.pool, team, query)
	if err != nil {
		return models.ConsumptionReport{}, fmt.Errorf("report consumption of %s: %w", team, err)
	}
	return query.report(total, rows), nil
}

// series is what was consumed day by day: of one key, or of all together.
type series struct {
	key, name string
	points    []point
}

// point is what was consumed on one day.
type point struct {
	day    models.Date
	tokens models.Tokens
	count  int
}

// querier runs statements: the pool, or one transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// readSeries reads all consumption that a query asks for, and that of the keys that a report lists one by one. It is
// one statement, so they are of the same instant.
func readSeries(ctx context.Context, from querier, team models.TeamID, query Query) (total series, rows []series, err error) {
	sql, args := query.statement(team)
	found, err := from.Query(ctx, sql, args...)
	if err != nil {
		return series{}, nil, err
	}
	all, err := pgx.CollectRows(found, scanSeries)
	if err != nil {
		return series{}, nil, err
	}
	for _, s := range all {
		if s.key == "" {
			total = s
		} else {
			rows = append(rows, s)
		}
	}
	return total, rows, nil
}

func scanSeries(row pgx.CollectableRow) (s series, err error) {
	var days []time.Time
	var tokens, counts []int64
	if err := row.Scan(&s.key, &s.name, &days, &tokens, &counts); err != nil {
		return series{}, err
	}
	s.points = make([]point, len(days))
	for i, day := range days {
		s.points[i] = point{models.DateOf(day), models.Tokens(tokens[i]), int(counts[i])}
	}
	return s, nil
}

// sum is what a row has come to.
type sum struct {
	tokens models.Tokens
	count  int
}

func (s sum) plus(p point) sum { return sum{s.tokens + p.tokens, s.count + p.count} }

func (s sum) minus(other sum) sum { return sum{s.tokens - other.tokens, s.count - other.count} }

// report adds the series up by bucket and as a whole.
func (q Query) report(total series, rows []series) models.ConsumptionReport {
	buckets := q.Period.buckets(q.Granularity)
	places := bucketOf(buckets)
	firstDay := dayNumber(q.Period.From)
	addUp := func(s series) (whole sum, byBucket []sum) {
		byBucket = make([]sum, len(buckets))
		for _, p := range s.points {
			place := places[dayNumber(p.day)-firstDay]
			byBucket[place] = byBucket[place].plus(p)
			whole = whole.plus(p)
		}
		return whole, byBucket
	}
	whole, byBucket := addUp(total)
	wholeOf := make([]sum, len(rows))
	byBucketOf := make([][]sum, len(rows))
	for i, s := range rows {
		wholeOf[i], byBucketOf[i] = addUp(s)
	}
	report := models.ConsumptionReport{
		Total: whole.tokens, Count: whole.count, Top: q.rank(rows, whole, func(row int) sum { return wholeOf[row] }),
		Buckets: make([]models.ConsumptionBucket, len(buckets)),
	}
	for place, bucket := range buckets {
		report.Buckets[place] = models.ConsumptionBucket{
			From: bucket.From, To: bucket.To, Tokens: byBucket[place].tokens, Count: byBucket[place].count,
			Rows: q.rank(rows, byBucket[place], func(row int) sum { return byBucketOf[row][place] }),
		}
	}
	return report
}

// rank makes rows of what each series has come to, the most tokens first, and one of what the whole has besides.
func (q Query) rank(rows []series, whole sum, of func(row int) sum) []models.ConsumptionRow {
	list := []models.ConsumptionRow{}
	rest := whole
	for i, s := range rows {
		figures := of(i)
		if figures.tokens == 0 {
			continue
		}
		rest = rest.minus(figures)
		list = append(list, models.ConsumptionRow{
			Dimension: q.By, Key: s.key, Name: s.name, Tokens: figures.tokens, Count: figures.count,
			Share: share(figures.tokens, whole.tokens),
		})
	}
	slices.SortFunc(list, func(a, b models.ConsumptionRow) int {
		return cmp.Or(cmp.Compare(b.Tokens, a.Tokens), cmp.Compare(a.Key, b.Key))
	})
	if rest.tokens > 0 {
		list = append(list, models.ConsumptionRow{
			Dimension: q.By, Key: models.OtherRows, Tokens: rest.tokens, Count: rest.count,
			Share: share(rest.tokens, whole.tokens),
		})
	}
	return list
}
