package reports

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

// captured is one CAPTURE line of the ledger, with what its reservation says.
type captured struct {
	Team       models.TeamID
	Generation models.GenerationID
	Day        models.Date
	Member     models.UserID
	Product    models.ProductID
	Operation  models.Operation
	Part       models.Part
	Tokens     models.Tokens
}

func (p *past) captures() []captured {
	p.t.Helper()
	rows, err := p.db.Pool.Query(p.t.Context(), `
SELECT e.team_id, e.generation_id, r.day, r.actor_id, r.product_id, r.operation, e.part, e.amount
FROM ledger_entries e
JOIN reservations r USING (generation_id)
WHERE e.kind = 'CAPTURE'`)
	if err != nil {
		p.t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowToStructByPos[captured])
	if err != nil {
		p.t.Fatal(err)
	}
	return lines
}

// happen lets random things happen to the teams: reservations, captures and releases of single parts at any time later.
func (p *past) happen(chance *rand.Rand, teams []*team, events int) {
	p.t.Helper()
	open := map[*team][]*running{}
	for range events {
		p.pass(time.Duration(chance.Int64N(int64(20 * time.Hour))))
		tm := teams[chance.IntN(len(teams))]
		for range 1 + chance.IntN(3) {
			operations := models.Operations()
			open[tm] = append(open[tm], tm.reserve(tm.members[chance.IntN(len(tm.members))],
				tm.products[chance.IntN(1+chance.IntN(len(tm.products)))], operations[chance.IntN(len(operations))]))
		}
		for range chance.IntN(5) {
			if len(open[tm]) == 0 {
				break
			}
			at := chance.IntN(len(open[tm]))
			g := open[tm][at]
			some := 1 + chance.IntN(len(g.open))
			chance.Shuffle(len(g.open), func(i, j int) { g.open[i], g.open[j] = g.open[j], g.open[i] })
			tm.settle(g, chance.IntN(4) > 0, g.open[:some]...)
			if g.open = g.open[some:]; len(g.open) == 0 {
				open[tm] = slices.Delete(open[tm], at, at+1)
			}
		}
	}
}

// bucketName is how people call the bucket of a date, by the standard library's calendar.
func bucketName(granularity models.Granularity, date models.Date) string {
	switch granularity {
	case models.GranularityWeek:
		year, week := date.Midnight().ISOWeek()
		return fmt.Sprint(year, "-W", week)
	case models.GranularityMonth:
		return date.String()[:7]
	default:
		return date.String()
	}
}

// expected is the report by adding up the lines of the ledger one by one.
func expected(lines []captured, team models.TeamID, q Query) models.ConsumptionReport {
	lines = slices.DeleteFunc(slices.Clone(lines), func(l captured) bool {
		return l.Team != team || l.Day.Before(q.Period.From) || q.Period.To.Before(l.Day) ||
			q.Operations != nil && !slices.Contains(q.Operations, l.Operation) ||
			q.Members != nil && !slices.Contains(q.Members, l.Member)
	})
	top := rowsOf(lines, q.By, nil)
	var listed []string
	for _, row := range top {
		listed = append(listed, row.Key)
	}
	if len(listed) > 20 {
		listed = listed[:20]
		top = rowsOf(lines, q.By, listed)
	}
	report := models.ConsumptionReport{Top: top}
	report.Total, report.Count = sumOf(lines)
	name := ""
	for day := q.Period.From; !q.Period.To.Before(day); day = day.AddDays(1) {
		if next := bucketName(q.Granularity, day); next != name {
			name = next
			report.Buckets = append(report.Buckets, models.ConsumptionBucket{From: day})
		}
		report.Buckets[len(report.Buckets)-1].To = day
	}
	for i := range report.Buckets {
		bucket := &report.Buckets[i]
		inside := slices.DeleteFunc(slices.Clone(lines), func(l captured) bool { return l.Day.Before(bucket.From) || bucket.To.Before(l.Day) })
		bucket.Tokens, bucket.Count = sumOf(inside)
		bucket.Rows = rowsOf(inside, q.By, listed)
	}
	return report
}

func sumOf(lines []captured) (tokens models.Tokens, generations int) {
	seen := map[models.GenerationID]bool{}
	for _, l := range lines {
		tokens += l.Tokens
		seen[l.Generation] = true
	}
	return tokens, len(seen)
}

// rowsOf is the rows of lines; with a list, those that are not on it are one.
func rowsOf(lines []captured, by models.ReportDimension, listed []string) []models.ConsumptionRow {
	byKey := map[string][]captured{}
	for _, l := range lines {
		key := map[models.ReportDimension]string{
			models.ByOperation: string(l.Operation), models.ByPart: string(l.Part),
			models.ByMember: string(l.Member), models.ByProduct: string(l.Product),
		}[by]
		if listed != nil && !slices.Contains(listed, key) {
			key = models.OtherRows
		}
		byKey[key] = append(byKey[key], l)
	}
	whole, _ := sumOf(lines)
	rows := []models.ConsumptionRow{}
	for key, some := range byKey {
		tokens, count := sumOf(some)
		rows = append(rows, models.ConsumptionRow{
			Dimension: by, Key: key, Tokens: tokens, Count: count, Share: float64(tokens) / float64(whole),
		})
	}
	slices.SortFunc(rows, func(a, b models.ConsumptionRow) int {
		otherLast := func(row models.ConsumptionRow) int { return map[bool]int{true: 1}[row.Key == models.OtherRows] }
		if order := otherLast(a) - otherLast(b); order != 0 {
			return order
		}
		return cmp.Or(cmp.Compare(b.Tokens, a.Tokens), cmp.Compare(a.Key, b.Key))
	})
	return rows
}

func drawQuery(chance *rand.Rand, tm *team, last models.Date) Query {
	q := Query{
		Granularity: []models.Granularity{models.GranularityDay, models.GranularityWeek, models.GranularityMonth}[chance.IntN(3)],
		By:          []models.ReportDimension{models.ByOperation, models.ByPart, models.ByMember, models.ByProduct}[chance.IntN(4)],
	}
	q.Period.To = last.AddDays(20 - chance.IntN(250))
	q.Period.From = q.Period.To.AddDays(-chance.IntN(1 + chance.IntN(300)))
	if chance.IntN(3) == 0 {
		q.Operations = models.Operations()[:chance.IntN(5)]
	}
	if chance.IntN(3) == 0 {
		q.Members = append([]models.UserID{"user_x"}, tm.members...)[:chance.IntN(2+len(tm.members))]
	}
	return q
}

func TestReportsEqualTheSumOverTheLedgerForRandomHistoriesInRandomZones(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	p := newPast(t, time.Date(2027, 10, 1, 12, 0, 0, 0, time.UTC))
	teams := []*team{
		p.addTeam("Pacific/Kiritimati", 3, 40), p.addTeam("America/Santiago", 25, 5), p.addTeam("Pacific/Pago_Pago", 1, 1),
	}
	p.happen(chance, teams, 500)
	lines := p.captures()
	queries := 400
	if testing.Short() {
		queries = 100
	}
	nothing := 0
	for range queries {
		tm := teams[chance.IntN(len(teams))]
		q := drawQuery(chance, tm, tm.day())
		if chance.IntN(3) == 0 { // more products than a report lists, ranked by months and days
			tm, q.By, q.Operations, q.Members = teams[0], models.ByProduct, nil, nil
		}
		got, err := p.reports.Consumption(t.Context(), tm.id, q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		want := expected(lines, tm.id, q)
		if got.Total == 0 {
			nothing++
		}
		checkSums(t, got)
		checkCSV(t, got)
		if diff := gocmp.Diff(want, got, cmpopts.IgnoreFields(models.ConsumptionRow{}, "Name")); diff != "" {
			t.Fatalf("%s by %+v (-ledger +report):\n%s", tm.id, q, diff)
		}
	}
	if nothing > queries/2 {
		t.Errorf("%d of %d reports had nothing to add up", nothing, queries)
	}
}

// checkSums checks that rows add up to their bucket, and buckets to the report.
func checkSums(t *testing.T, report models.ConsumptionReport) {
	t.Helper()
	add := func(what string, rows []models.ConsumptionRow, whole models.Tokens) {
		var tokens models.Tokens
		var shares float64
		for _, row := range rows {
			tokens += row.Tokens
			shares += row.Share
		}
		if tokens != whole {
			t.Errorf("the rows of %s have %d of %d tokens", what, tokens, whole)
		}
		if whole > 0 && math.Abs(shares-1) > 1e-9 {
			t.Errorf("the shares of %s are %f together", what, shares)
		}
	}
	add("the report", report.Top, report.Total)
	var tokens models.Tokens
	for _, bucket := range report.Buckets {
		add(bucket.From.String(), bucket.Rows, bucket.Tokens)
		tokens += bucket.Tokens
	}
	if tokens != report.Total {
		t.Errorf("the buckets have %d of %d tokens", tokens, report.Total)
	}
}

// checkCSV reads a report's CSV back and compares the figures.
func checkCSV(t *testing.T, report models.ConsumptionReport) {
	t.Helper()
	text, err := CSV(&report, func(row *models.ConsumptionRow) string { return row.Name })
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got, want := lines[1:], [][]string{}
	for _, bucket := range report.Buckets {
		begin := []string{bucket.From.String(), bucket.To.String()}
		for _, row := range bucket.Rows {
			want = append(want, append(slices.Clone(begin), row.Key, row.Name, fmt.Sprint(row.Tokens), strconv.Itoa(row.Count)))
		}
		if len(bucket.Rows) == 0 {
			want = append(want, append(slices.Clone(begin), "", "", "0", "0"))
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("CSV (-report +read back):\n%s", diff)
	}
}
