package ledger

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"productgenerator/models"
)

// A rush is a team's members at work around midnight: each change asks for operationsAtOnce images.
const (
	rushWorkers      = 50
	changesEach      = 20
	operationsAtOnce = 10
	rushTime         = 2 * time.Second
)

// rushed is a team in a rush, with what was refused.
type rushed struct {
	*team
	limit   models.Tokens // of a day; 0: none
	mu      sync.Mutex    // protects refused
	refused []refusedAt
}

// refusedAt is where an account stood when it refused an operation.
type refusedAt struct {
	at       time.Time
	day      models.Date
	sequence int64
	refusal  *models.Refusal
}

// work asks for operations, each worker's evenly over the time of the rush. Behind midnight it lets go of the first one
// that it had accepted before.
func (r *rushed) work(t *testing.T, ledger *Ledger, changes int, midnight time.Time) {
	tick := time.NewTicker(rushTime / time.Duration(changes))
	defer tick.Stop()
	var early models.GenerationID
	for range changes {
		var at time.Time
		ids, requests := rushRequests()
		outcome, err := ledger.Update(t.Context(), Change{Team: r.id, Actor: r.owner, Decide: func(tx *Tx) error {
			err := tx.Reserve(r.owner, requests...)
			var refusal *models.Refusal
			if errors.As(err, &refusal) {
				r.refuse(refusedAt{tx.Now(), tx.Day(), tx.balance.Sequence, refusal})
			}
			at = tx.Now()
			return err
		}})
		var refusal *models.Refusal
		switch {
		case err != nil && !errors.As(err, &refusal):
			t.Error(err)
			return
		case err == nil && at.Before(midnight) && early == "":
			early = ids[0]
		case err == nil && early != "" && !outcome.Balance.UpdatedAt.Before(midnight):
			r.letGo(t, ledger, early)
			early = ""
		}
		<-tick.C
	}
}

func (r *rushed) refuse(refused refusedAt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused = append(r.refused, refused)
}

func (r *rushed) letGo(t *testing.T, ledger *Ledger, id models.GenerationID) {
	_, err := ledger.Update(t.Context(), Change{
		Team: r.id, Actor: r.owner, Reservations: []models.GenerationID{id},
		Decide: func(tx *Tx) error { return tx.Release(id, models.PartImages) },
	})
	if err != nil {
		t.Error(err)
	}
}

func rushRequests() (ids []models.GenerationID, requests []ReserveRequest) {
	for range operationsAtOnce {
		id := models.NewGenerationID(time.Now())
		ids, requests = append(ids, id), append(requests, request(id, models.OperationSearchImages))
	}
	return ids, requests
}

// check holds every line and every refusal against the dates that the zone's clocks show.
func (r *rushed) check(seen *calendar, midnight time.Time) {
	r.t.Helper()
	used := map[models.Date]models.Tokens{}
	usedBy := make([]map[models.Date]models.Tokens, 1) // by sequence
	usedBy[0] = map[models.Date]models.Tokens{}
	reserved := map[models.GenerationID]models.Date{}
	counted := map[models.Date]int{}
	released := 0
	for _, entry := range r.entries() {
		switch entry.Kind {
		case models.EntryReserve:
			if day := seen.dayAt(entry.OccurredAt); entry.Day != day {
				r.t.Fatalf("line %d of %s counts for %s, it was %s", entry.Sequence, entry.OccurredAt, entry.Day, day)
			}
			reserved[*entry.GenerationID] = entry.Day
			counted[entry.Day]++
		case models.EntryRelease:
			released++
			if day := reserved[*entry.GenerationID]; entry.Day != day || entry.OccurredAt.Before(midnight) {
				r.t.Fatalf("line %d gives back to %s what was counted on %s", entry.Sequence, entry.Day, day)
			}
		}
		used[entry.Day] += entry.Usage
		if r.limit > 0 && used[entry.Day] > r.limit {
			r.t.Fatalf("behind line %d, %d of %d are used on %s", entry.Sequence, used[entry.Day], r.limit, entry.Day)
		}
		standing := map[models.Date]models.Tokens{}
		for day, tokens := range used {
			standing[day] = tokens
		}
		usedBy = append(usedBy, standing)
	}
	for _, refused := range r.refused {
		if day := seen.dayAt(refused.at); refused.day != day {
			r.t.Fatalf("refused on %s, at %s it was %s", refused.day, refused.at, day)
		}
		left := r.limit - usedBy[refused.sequence][refused.day]
		blocker := refused.refusal.Blockers[0]
		if r.limit == 0 || left >= 10*operationsAtOnce || blocker.RemainingToday != left || !blocker.ClearsAt.Equal(seen.endOf(refused.at)) {
			r.t.Fatalf("refused at %s with %+v, %d were left", refused.at, blocker, left)
		}
	}
	r.t.Logf("counted %v, %d refused, %d given back behind midnight", counted, len(r.refused), released)
	if len(counted) != 2 || released == 0 {
		r.t.Errorf("all were counted on one day, or nothing came back: %v", counted)
	}
}

func TestTenThousandOperationsAroundMidnightCountOnTheirDays(t *testing.T) {
	// On that day there is no midnight in Santiago: the date begins at one o'clock.
	midnight := time.Date(2026, time.September, 6, 4, 0, 0, 0, time.UTC)
	zone, err := time.LoadLocation("America/Santiago")
	if err != nil {
		t.Fatal(err)
	}
	seen := newCalendar(zone, midnight.AddDate(0, 0, -3), midnight.AddDate(0, 0, 3))
	before := time.Until(midnight.Add(-time.Hour))
	url, shift := clockedDatabase(t, "interval", "pg_catalog.clock_timestamp() + value", before)
	p := platformOn(t, openDatabase(t, url))
	ledgers := []*Ledger{p.ledger, p.newLedger(openDatabase(t, url))}
	free, limited := &rushed{team: p.team("America/Santiago")}, &rushed{team: p.team("America/Santiago"), limit: 5_000}
	for _, r := range []*rushed{free, limited} {
		r.must(Change{Decide: func(tx *Tx) error {
			tx.Issue(gift(1_000_000, nil), nil)
			limit := models.NoLimit()
			if r.limit > 0 {
				limit = models.LimitOf(r.limit)
			}
			tx.SetPlatformLimits(false, true, limit)
			return nil
		}})
	}
	began := time.Now()
	shift(time.Until(midnight.Add(-rushTime / 2)))
	atOnce(rushWorkers+10, func(i int) {
		r, changes := free, changesEach
		if i >= rushWorkers {
			r, changes = limited, 2*changesEach
		}
		r.work(t, ledgers[i%2], changes, midnight)
	})
	t.Logf("%d operations asked for in %s", rushWorkers*changesEach*operationsAtOnce+10*2*changesEach*operationsAtOnce, time.Since(began))
	if t.Failed() {
		return
	}
	free.check(seen, midnight)
	limited.check(seen, midnight)
	for _, kind := range []models.LimitWarningKind{models.WarningDailyLimitNear, models.WarningDailyLimitReached} {
		for _, day := range []models.Date{{Year: 2026, Month: time.September, Day: 5}, {Year: 2026, Month: time.September, Day: 6}} {
			end := seen.endOf(seen.begins[slices.Index(seen.dates, day)])
			want(t, string(kind)+" on "+day.String(), one[int](p, `
SELECT count(*) FROM limit_warnings WHERE team_id = $1 AND kind = $2 AND clears_at = $3`, limited.id, kind, end), 1)
		}
	}
	want(t, "warnings", one[int](p, `SELECT count(*) FROM limit_warnings`), 4)
	p.checkTokens()
}
