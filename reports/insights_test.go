package reports

import (
	"math/rand/v2"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"productgenerator/models"
)

// version is one version of a text of a product.
type version struct {
	source     models.ContentSource
	generation models.GenerationID
	paid       bool
	born       time.Time // when a generated text was generated
	at         time.Time // when the version was stored
}

// shelf is a team whose texts are stored as they would be, and remembered.
type shelf struct {
	*team
	texts   map[models.ProductID]map[models.Part][]version
	deleted map[models.ProductID]time.Time
}

func newShelf(tm *team) *shelf {
	s := &shelf{tm, map[models.ProductID]map[models.Part][]version{}, map[models.ProductID]time.Time{}}
	for _, product := range tm.products {
		s.texts[product] = map[models.Part][]version{}
	}
	return s
}

func (s *shelf) store(product models.ProductID, part models.Part, v version, restoredFrom *int) {
	s.t.Helper()
	v.at = s.now
	if v.paid {
		v.born = s.now
	}
	s.texts[product][part] = append(s.texts[product][part], v)
	var generation *string
	if v.source == models.ContentGenerated {
		generation = (*string)(&v.generation)
	}
	s.exec(`
INSERT INTO contents (id, team_id, product_id, part, version, text, source, generation_id, restored_from, created_at)
VALUES ($1, $2, $3, $4, $5, 'Text.', $6, $7, $8, now())`,
		s.past.id("content"), s.team.id, product, part, len(s.texts[product][part]), v.source, generation, restoredFrom)
}

// generate runs an operation and delivers all of its parts.
func (s *shelf) generate(member models.UserID, product models.ProductID, operation models.Operation) {
	s.t.Helper()
	g := s.reserve(member, product, operation)
	s.settle(g, true, operation.Parts()...)
	for _, part := range operation.Parts() {
		if part.IsText() {
			s.store(product, part, version{source: models.ContentGenerated, generation: g.id, paid: true}, nil)
		}
	}
}

// byHand stores a text that nobody paid.
func (s *shelf) byHand(product models.ProductID, part models.Part, source models.ContentSource) {
	s.t.Helper()
	s.store(product, part, version{source: source}, nil)
}

// restore stores an earlier version once more.
func (s *shelf) restore(product models.ProductID, part models.Part, number int) {
	s.t.Helper()
	v := s.texts[product][part][number-1]
	v.paid = false
	s.store(product, part, v, &number)
}

func (s *shelf) delete(product models.ProductID) {
	s.t.Helper()
	s.deleted[product] = s.now
	s.exec(`UPDATE products SET deleted_at = now() WHERE id = $1`, product)
}

const week = 7 * 24 * time.Hour

// judged is what the tokens of captures were good for, by looking at the texts one after the other.
func (s *shelf) judged(lines []captured, at map[models.GenerationID]time.Time, p Period) (regenerated, discarded, kept models.Tokens) {
	for _, l := range lines {
		if l.Team != s.team.id || l.Day.Before(p.From) || p.To.Before(l.Day) {
			continue
		}
		again, away := false, false
		if gone, ok := s.deleted[l.Product]; ok && gone.Sub(at[l.Generation]) <= week {
			away = true
		}
		versions := s.texts[l.Product][l.Part]
		for i, v := range versions {
			if !v.paid || v.generation != l.Generation {
				continue
			}
			if i > 0 && versions[i-1].source == models.ContentGenerated && v.at.Sub(versions[i-1].born) <= week {
				again = true
			}
			if i+1 < len(versions) && versions[i+1].source != models.ContentGenerated && versions[i+1].at.Sub(v.at) <= week {
				away = true
			}
		}
		switch {
		case again:
			regenerated += l.Tokens
		case away:
			discarded += l.Tokens
		default:
			kept += l.Tokens
		}
	}
	return regenerated, discarded, kept
}

func TestInsightsJudgeEachTokenOnce(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	p := newPast(t, time.Date(2027, 12, 1, 12, 0, 0, 0, time.UTC))
	s := newShelf(p.addTeam("America/Havana", 3, 12))
	other := newShelf(p.addTeam("Asia/Tokyo", 1, 2))
	at := map[models.GenerationID]time.Time{}
	for range 400 {
		p.pass(time.Duration(chance.Int64N(int64(6 * time.Hour))))
		product := s.products[chance.IntN(len(s.products))]
		if _, gone := s.deleted[product]; gone {
			continue
		}
		part := []models.Part{models.PartShortDescription, models.PartLongDescription}[chance.IntN(2)]
		switch chance.IntN(12) {
		case 0:
			s.byHand(product, part, models.ContentManual)
		case 1:
			s.byHand(product, part, models.ContentTemplate)
		case 2, 3:
			if n := len(s.texts[product][part]); n > 0 {
				s.restore(product, part, 1+chance.IntN(n))
			}
		case 4:
			if len(s.deleted) < 8 && chance.IntN(3) == 0 {
				s.delete(product)
			}
		case 5:
			other.generate(other.members[0], other.products[0], models.OperationGenerateAll)
			other.byHand(other.products[0], part, models.ContentManual)
		default:
			s.generate(s.members[chance.IntN(3)], product, models.Operations()[chance.IntN(4)])
		}
	}
	lines := p.captures()
	rows, err := p.db.Pool.Query(t.Context(), `SELECT generation_id, created_at FROM reservations`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var id models.GenerationID
		var when time.Time
		if err := rows.Scan(&id, &when); err != nil {
			t.Fatal(err)
		}
		at[id] = when
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	var sum models.Insights
	for range 60 {
		period := Period{To: s.day().AddDays(10 - chance.IntN(70))}
		period.From = period.To.AddDays(-chance.IntN(60))
		got, err := p.reports.Insights(t.Context(), s.team.id, period)
		if err != nil {
			t.Fatal(err)
		}
		var want models.Insights
		want.Regenerated, want.Discarded, want.Kept = s.judged(lines, at, period)
		want.ByMember = expected(lines, s.team.id, Query{Period: period, By: models.ByMember}).Top
		ignore := gocmp.Options{cmpopts.IgnoreFields(models.ConsumptionRow{}, "Name"), cmpopts.IgnoreFields(models.Insights{}, "Separate")}
		if diff := gocmp.Diff(want, got, ignore); diff != "" {
			t.Fatalf("%v (-judged +insights):\n%s", period, diff)
		}
		sum.Regenerated += got.Regenerated
		sum.Discarded += got.Discarded
		sum.Kept += got.Kept
	}
	if sum.Regenerated == 0 || sum.Discarded == 0 || sum.Kept == 0 {
		t.Errorf("the history has nothing of a kind: %+v", sum)
	}
}

func TestATextCountsAsReplacedWithinSevenDaysToTheInstant(t *testing.T) {
	for _, c := range []struct {
		name                   string
		after                  time.Duration
		regenerated, discarded models.Tokens
	}{
		{"a week to the instant", week, 45, 45},
		{"an instant more than a week", week + time.Microsecond, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPast(t, time.Date(2028, 2, 20, 12, 0, 0, 0, time.UTC))
			s := newShelf(p.addTeam("UTC", 1, 3))
			for _, product := range s.products {
				s.generate(s.members[0], product, models.OperationGenerateTexts)
			}
			p.pass(c.after)
			s.generate(s.members[0], s.products[0], models.OperationGenerateTexts)
			s.byHand(s.products[1], models.PartShortDescription, models.ContentManual)
			s.byHand(s.products[1], models.PartLongDescription, models.ContentTemplate)
			got, err := p.reports.Insights(t.Context(), s.team.id, Period{s.day().AddDays(-20), s.day()})
			if err != nil {
				t.Fatal(err)
			}
			if got.Regenerated != c.regenerated || got.Discarded != c.discarded || got.Kept != 4*45-c.regenerated-c.discarded {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestThreeOperationsWithinAnHourAreSeparateOnce(t *testing.T) {
	const texts, images, prices = models.OperationGenerateTexts, models.OperationSearchImages, models.OperationSearchPrices
	type run struct {
		minute    int
		operation models.Operation
	}
	for _, c := range []struct {
		name string
		runs []run
		want int
	}{
		{"one by one", []run{{0, texts}, {5, images}, {60, prices}}, 1},
		{"in any order", []run{{0, prices}, {5, texts}, {6, images}}, 1},
		{"a minute too late", []run{{0, texts}, {5, images}, {61, prices}}, 0},
		{"two of them", []run{{0, texts}, {5, images}, {10, texts}}, 0},
		{"twice", []run{{0, texts}, {1, images}, {2, prices}, {3, texts}, {4, images}, {5, prices}}, 2},
		{"each counts once", []run{{0, texts}, {1, images}, {2, prices}, {3, prices}, {4, images}}, 1},
		{"what came too early does not stand in the way", []run{{0, texts}, {55, images}, {70, texts}, {75, prices}}, 1},
		{"nothing", nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var operations []models.Operation
			var at []time.Time
			for _, r := range c.runs {
				operations = append(operations, r.operation)
				at = append(at, time.Unix(int64(r.minute)*60, 0))
			}
			if got := countSeparate(operations, at); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestInsightsCountSeparateRunsByProductAndDelivery(t *testing.T) {
	p := newPast(t, time.Date(2027, 5, 1, 12, 0, 0, 0, time.UTC))
	tm := p.addTeam("UTC", 2, 3)
	run := func(product int, deliver bool, operations ...models.Operation) {
		for _, operation := range operations {
			g := tm.reserve(tm.members[product%2], tm.products[product], operation)
			tm.settle(g, deliver, operation.Parts()...)
			p.pass(time.Minute)
		}
	}
	singles := models.Operations()[:3]
	run(0, true, singles...)
	run(1, true, singles[:2]...)
	run(1, false, singles[2]) // delivered nothing
	run(2, true, singles[0], singles[1], models.OperationGenerateAll)
	got, err := p.reports.Insights(t.Context(), tm.id, Period{tm.day(), tm.day()})
	if err != nil || got.Separate != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	before, err := p.reports.Insights(t.Context(), tm.id, Period{tm.day().AddDays(-2), tm.day().AddDays(-1)})
	if err != nil || before.Separate != 0 || before.Kept != 0 {
		t.Errorf("the days before: %+v, %v", before, err)
	}
}

func TestAdviceNamesWhatWeighsMostFirst(t *testing.T) {
	for _, c := range []struct {
		name     string
		insights models.Insights
		want     []Advice
	}{
		{"nothing was consumed", models.Insights{}, nil},
		{"all is well", models.Insights{Kept: 905, Regenerated: 94, Separate: 2}, nil},
		{
			"a tenth was regenerated",
			models.Insights{Kept: 900, Regenerated: 100},
			[]Advice{{Kind: AdviseReview, Percent: 10, Tokens: 100}},
		},
		{
			"everything",
			models.Insights{Kept: 200, Regenerated: 300, Discarded: 500, Separate: 7},
			[]Advice{
				{Kind: AdviseTemplates, Percent: 50, Tokens: 500},
				{Kind: AdviseReview, Percent: 30, Tokens: 300},
				{Kind: AdviseGenerateAll, Times: 7},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := gocmp.Diff(c.want, Advise(&c.insights)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
