package ledger

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"productgenerator/models"
)

// history is a team that has been through everything a check looks at: a grant that is live, one that was spent in
// part, one that lapsed, a generation that delivered half of its parts, and one that is still queued.
type history struct {
	*team
	grant           models.GrantID
	done, queued    models.GenerationID
	product, second models.ProductID
}

func newHistory(t testing.TB) *history {
	t.Helper()
	h := &history{team: newPlatform(t).funded(0)}
	grant := gift(100, nil)
	h.grant = grant.ID
	h.must(Change{Decide: func(tx *Tx) error {
		soon := tx.Now().Add(time.Microsecond)
		tx.Issue(grant, nil)
		tx.Issue(gift(40, &soon), nil)
		return nil
	}})
	h.product, h.second = h.addProduct("Lamp"), h.addProduct("Chair")
	h.done, h.queued = h.request(models.OperationGenerateAll, h.product), h.request(models.OperationSearchImages, h.second)
	h.addGeneration(h.done, models.OperationGenerateAll, h.product)
	h.addGeneration(h.queued, models.OperationSearchImages, h.second)
	for _, part := range []models.Part{models.PartShortDescription, models.PartImages} {
		if _, err := h.capture(h.done, part); err != nil {
			t.Fatal(err)
		}
	}
	for _, part := range []models.Part{models.PartLongDescription, models.PartPrices} {
		if _, err := h.release(h.done, part); err != nil {
			t.Fatal(err)
		}
	}
	h.deliver()
	return h
}

// request reserves an operation on a product.
func (tm *team) request(operation models.Operation, product models.ProductID) models.GenerationID {
	tm.t.Helper()
	r := request(models.NewGenerationID(time.Now()), operation)
	r.Product = product
	tm.must(Change{Decide: func(tx *Tx) error { return tx.Reserve(tm.owner, r) }})
	return r.Generation
}

func (tm *team) addProduct(name string) models.ProductID {
	tm.t.Helper()
	id := models.NewProductID(time.Now())
	tm.exec(`INSERT INTO products (id, team_id, name, created_at, updated_at) VALUES ($1, $2, $3, now(), now())`, id, tm.id, name)
	return id
}

// addGeneration writes the rows of an operation that has just been requested.
func (tm *team) addGeneration(id models.GenerationID, operation models.Operation, product models.ProductID) {
	tm.t.Helper()
	tm.exec(`
INSERT INTO generations (id, team_id, product_id, product_name, actor_id, operation, status, created_at)
VALUES ($1, $2, $3, '-', $4, $5, 'QUEUED', now())`, id, tm.id, product, tm.owner, operation)
	for _, part := range operation.Parts() {
		tm.exec(`
INSERT INTO generation_parts (generation_id, part, team_id, product_id, status, tokens)
VALUES ($1, $2, $3, $4, 'QUEUED', $5)`, id, part, tm.id, product, costs(part))
	}
}

// deliver writes what the finished generation delivered.
func (h *history) deliver() {
	h.t.Helper()
	h.exec(`
UPDATE generation_parts
SET status = CASE WHEN part IN ('SHORT_DESCRIPTION', 'IMAGES') THEN 'SUCCEEDED' ELSE 'FAILED' END,
	failure = CASE WHEN part IN ('LONG_DESCRIPTION', 'PRICES') THEN 'NOTHING_FOUND' END,
	provider = 'local', finished_at = now()
WHERE generation_id = $1`, h.done)
	h.exec(`UPDATE generations SET status = 'PARTIALLY_SUCCEEDED', finished_at = now() WHERE id = $1`, h.done)
	h.exec(`
INSERT INTO contents (id, team_id, product_id, part, version, text, source, generation_id, created_at)
VALUES ($1, $2, $3, 'SHORT_DESCRIPTION', 1, 'A lamp.', 'GENERATED', $4, now())`,
		models.NewContentID(time.Now()), h.id, h.product, h.done)
	h.exec(`
INSERT INTO product_images (id, team_id, product_id, generation_id, position, url, title, provider, created_at)
VALUES ($1, $2, $3, $4, 0, 'https://example.com/lamp.jpg', 'Lamp', 'local', now())`,
		models.NewImageID(time.Now()), h.id, h.product, h.done)
}

// plant changes rows behind the database's back: no trigger and no constraint stops it.
func (h *history) plant(sql string) {
	h.t.Helper()
	sql = strings.NewReplacer(":team", quote(h.id), ":owner", quote(h.owner), ":grant", quote(h.grant),
		":done", quote(h.done), ":queued", quote(h.queued), ":product", quote(h.product)).Replace(sql)
	err := pgx.BeginFunc(h.t.Context(), h.db.Pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(h.t.Context(), `
DO $$
DECLARE c record;
BEGIN
	DROP INDEX ledger_entries_settled_once;
	FOR c IN SELECT conrelid::regclass AS belongs, conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace
	LOOP
		EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.belongs, c.conname);
	END LOOP;
END $$;
SET LOCAL session_replication_role = replica;
`+sql)
		return err
	})
	if err != nil {
		h.t.Fatalf("plant: %v\n%s", err, sql)
	}
}

func quote[S ~string](s S) string { return "'" + string(s) + "'" }

// breached is the invariants that a report names, each once.
func breached(report Report) []string {
	var names []string
	for _, d := range report.Discrepancies {
		names = append(names, d.Invariant)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (p *platform) checkClean(ledger *Ledger, invariants ...[]invariant) Report {
	p.t.Helper()
	report, err := ledger.check(p.t.Context(), nil, slices.Concat(invariants...))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, d := range report.Discrepancies {
		p.t.Errorf("%s: %s: expected %s, found %s", d.Team, d.Invariant, d.Expected, d.Found)
	}
	return report
}

func TestTheCheckOfAnHonestHistoryIsClean(t *testing.T) {
	h := newHistory(t)
	report, err := h.ledger.Check(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "teams", report.TeamsChecked, 1)
	want(t, "entries", report.EntriesChecked, 9)
	if age := time.Since(report.CheckedAt); age < 0 || age > time.Minute {
		t.Errorf("checked at %v", report.CheckedAt)
	}
	for _, d := range report.Discrepancies {
		t.Errorf("%s: expected %s, found %s", d.Invariant, d.Expected, d.Found)
	}
}

func TestTheCheckNamesEveryPlantedCorruption(t *testing.T) {
	for _, plant := range slices.Concat(plants, plantsOfWarnings, plantsOfFunding) {
		t.Run(plant.corruption, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t)
			h.plant(plant.sql)
			for _, scope := range []*models.TeamID{nil, &h.id} {
				report, err := h.ledger.Check(t.Context(), scope)
				if err != nil {
					t.Fatal(err)
				}
				named := slices.Sorted(slices.Values(plant.breaches))
				if diff := cmp.Diff(named, breached(report)); diff != "" {
					t.Errorf("invariants (-want +named):\n%s\n%s", diff, listed(report))
				}
				for _, d := range report.Discrepancies {
					want(t, "team", d.Team, h.id)
				}
			}
		})
	}
}

func listed(report Report) string {
	var list strings.Builder
	for _, d := range report.Discrepancies {
		fmt.Fprintf(&list, "%s: expected %s, found %s\n", d.Invariant, d.Expected, d.Found)
	}
	return list.String()
}

func TestEveryInvariantHasACorruptionThatBreaksIt(t *testing.T) {
	named := map[string]bool{}
	for _, plant := range slices.Concat(plants, plantsOfWarnings, plantsOfFunding) {
		for _, name := range plant.breaches {
			named[name] = true
		}
	}
	for _, i := range invariants() {
		if !named[i.name] {
			t.Errorf("no corruption breaks %q", i.name)
		}
	}
}

func TestACheckOfOneTeamSeesNoOther(t *testing.T) {
	h := newHistory(t)
	other := h.funded(10)
	h.plant(`UPDATE balances SET reserved = reserved + 1 WHERE team_id = :team`)
	report, err := h.ledger.Check(t.Context(), &other.id)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "teams", report.TeamsChecked, 1)
	want(t, "entries", report.EntriesChecked, 1)
	want(t, "discrepancies", len(report.Discrepancies), 0)
}

func TestACheckOfOneTeamReadsNoOthersRowsOfAnyTable(t *testing.T) {
	p := newPlatform(t)
	rows, err := p.db.Pool.Query(t.Context(), `SELECT table_name FROM information_schema.columns WHERE column_name = 'team_id'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		named := regexp.MustCompile(`\b` + table + `\b`)
		for _, i := range invariants() {
			if named.MatchString(i.breaches) && !strings.Contains(ofOneTeamSQL, table+" AS NOT MATERIALIZED") {
				t.Errorf("%q reads all of %s", i.name, table)
			}
		}
	}
}

func TestTheCheckIsCleanWhileChangesGoOn(t *testing.T) {
	p := newPlatform(t)
	teams := []*team{p.funded(1_000_000), p.funded(1_000_000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		atOnce(16, func(i int) {
			tm := teams[i%len(teams)]
			for range 30 {
				id, err := tm.reserve(models.OperationGenerateTexts)
				if err == nil {
					_, err = tm.capture(id, models.PartShortDescription)
				}
				if err == nil {
					_, err = tm.release(id, models.PartLongDescription)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}()
	checks := 0
	for going := true; going; checks++ {
		select {
		case <-done:
			going = false
		default:
		}
		p.checkTokens()
	}
	t.Logf("%d checks", checks)
}

func TestTheDatabaseItselfRefusesTampering(t *testing.T) {
	h := newHistory(t)
	const restrict, unique, check = "23001", "23505", "23514"
	for _, attempt := range []struct{ what, sql, code string }{
		{"a line changed", `UPDATE ledger_entries SET note = 'x'`, restrict},
		{"a line changed that does not exist", `UPDATE ledger_entries SET note = 'x' WHERE false`, restrict},
		{"a line deleted", `DELETE FROM ledger_entries WHERE sequence = 9`, restrict},
		{"all lines gone", `TRUNCATE ledger_entries`, restrict},
		{"a second settlement of a part", `
INSERT INTO ledger_entries (id, team_id, sequence, balance_version, kind, amount, tokens, balance_after, part, generation_id, day, occurred_at)
SELECT 'entry_x', team_id, 10, 99, 'CAPTURE', amount, 0, 0, part, generation_id, day, now() FROM ledger_entries WHERE kind = 'RELEASE' LIMIT 1`, unique},
		{"a line with a used number", `
INSERT INTO ledger_entries (id, team_id, sequence, balance_version, kind, amount, tokens, balance_after, day, occurred_at)
SELECT 'entry_x', team_id, 9, 99, 'EXPIRE', 0, 0, 0, day, now() FROM balances`, unique},
		{"a balance below nothing", `UPDATE balances SET available = -1`, check},
		{"reserved below nothing", `UPDATE balances SET reserved = -1`, check},
		{"debt beside available tokens", `UPDATE balances SET debt = 1`, check},
		{"a grant that does not add up", `UPDATE grants SET remaining = remaining + 1`, check},
		{"a reservation captured twice over", `UPDATE reservations SET captured = tokens, released = tokens`, check},
		{"a finished reservation reopened", `UPDATE reservations SET finished_at = NULL`, check},
		{"a grant for the same effect twice", `
INSERT INTO grants (id, team_id, source, tokens, remaining, effect_key, created_at)
SELECT id || n, team_id, source, 1, 1, 'welcome', now() FROM grants, generate_series(1, 2) AS n`, unique},
	} {
		_, err := h.db.Pool.Exec(t.Context(), attempt.sql)
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != attempt.code {
			t.Errorf("%s: got %v, want code %s", attempt.what, err, attempt.code)
		}
	}
	h.checkClean(h.ledger, invariants())
}
