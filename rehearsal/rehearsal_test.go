package rehearsal

import (
	"errors"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/operations"
	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
)

// silence is a bus that nobody listens to.
type silence struct{}

func (silence) Publish(...string) {}

func booksOn(t testing.TB, db *postgres.DB) *ledger.Ledger {
	t.Helper()
	books := ledger.New(db.Gorm, db.Pool, silence{}, ledger.Options{Cheapest: operations.CheapestCost})
	t.Cleanup(books.Close)
	return books
}

func scriptOf(t testing.TB, books *ledger.Ledger, lines int64) Script {
	t.Helper()
	end := time.Now().UTC().Truncate(time.Second)
	begin := end.AddDate(0, 0, -Days)
	cast, err := Found(t.Context(), books, Owner{Email: "owner@example.com"}, begin)
	if err != nil {
		t.Fatal(err)
	}
	return Script{Cast: cast, Lines: lines, Begin: begin, End: end, Seed: 1}
}

func checkClean(t testing.TB, books *ledger.Ledger) ledger.Report {
	t.Helper()
	report, err := books.Check(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range report.Discrepancies {
		t.Errorf("%s: expected %s, found %s", found.Invariant, found.Expected, found.Found)
	}
	return report
}

func TestAMadeUpHistoryKeepsEveryInvariantAndTheTeamGoesOn(t *testing.T) {
	db := pgtest.New(t)
	books := booksOn(t, db)
	script := scriptOf(t, books, 20_000)
	lines, err := Play(t.Context(), books, script)
	if err != nil {
		t.Fatal(err)
	}
	if lines < 19_000 || lines > 21_000 {
		t.Errorf("%d lines instead of about 20000", lines)
	}
	if report := checkClean(t, books); report.EntriesChecked != lines {
		t.Errorf("%d lines are stored, %d were played", report.EntriesChecked, lines)
	}
	for name, sql := range map[string]string{
		"lines of every kind":      `SELECT count(DISTINCT kind) = 5 FROM ledger_entries`,
		"lines of every operation": `SELECT count(DISTINCT operation) = 4 FROM ledger_entries`,
		"grants of four sources":   `SELECT count(DISTINCT source) = 4 FROM grants`,
		"a year":                   `SELECT count(DISTINCT day) >= 364 FROM ledger_entries`,
		"warnings of four kinds":   `SELECT count(DISTINCT kind) >= 4 FROM limit_warnings`,
		"nothing to deliver":       `SELECT count(*) = 0 FROM limit_warnings WHERE dispatched_at IS NULL`,
		"some parts released":      `SELECT avg((kind = 'RELEASE')::int) BETWEEN 0.01 AND 0.05 FROM ledger_entries`,
	} {
		var holds bool
		if err := db.Pool.QueryRow(t.Context(), sql).Scan(&holds); err != nil || !holds {
			t.Errorf("it has no %s: %v", name, err)
		}
	}

	product, generation := script.Cast.Members[0], models.NewGenerationID(time.Now())
	_, err = books.Update(t.Context(), ledger.Change{
		Team: script.Cast.Team, Actor: product,
		Decide: func(tx *ledger.Tx) error {
			tx.Issue(models.Grant{ID: models.NewGrantID(tx.Now()), Source: models.SourceGift, Tokens: 100}, nil)
			return tx.Reserve(product, ledger.ReserveRequest{
				Generation: generation, Operation: models.OperationSearchImages, Parts: costsOf(models.OperationSearchImages),
			})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = books.Update(t.Context(), ledger.Change{
		Team: script.Cast.Team, Reservations: []models.GenerationID{generation},
		Decide: func(tx *ledger.Tx) error { return tx.Release(generation, models.PartImages) },
	})
	if err != nil {
		t.Fatal(err)
	}
	balance, err := books.Balance(t.Context(), script.Cast.Team)
	if err != nil {
		t.Fatal(err)
	}
	if balance.Reserved != 0 || balance.TimeZone != TimeZone {
		t.Errorf("the balance is %+v", balance)
	}
	if _, err := Play(t.Context(), books, script); !errors.Is(err, ledger.ErrHasHistory) {
		t.Errorf("a second history: %v", err)
	}
}

func BenchmarkPlay(b *testing.B) {
	db := pgtest.NewDurable(b)
	books := booksOn(b, db)
	script := scriptOf(b, books, 100_000)
	b.ResetTimer()
	lines, err := Play(b.Context(), books, script)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "lines/s")
	b.StopTimer()
}
