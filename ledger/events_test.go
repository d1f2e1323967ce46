package ledger

import (
	"errors"
	"slices"
	"testing"
	"time"

	"productgenerator/models"
)

// raise plants so many warnings beside the ledger.
func (tm *team) raise(count int) {
	tm.t.Helper()
	tm.exec(`
INSERT INTO limit_warnings (id, team_id, sequence, kind, threshold, value, balance_version, raised_at)
SELECT 'warning_' || right($1, 20) || lpad(($2 + n)::text, 6, '0'), $1, $2 + n, 'BALANCE_LOW', 1, 1, 1, now()
FROM generate_series(1, $3::bigint) AS n`, tm.id, one[int64](tm.platform, `SELECT warnings FROM balances WHERE team_id = $1`, tm.id), count)
	tm.exec(`UPDATE balances SET warnings = warnings + $2 WHERE team_id = $1`, tm.id, count)
}

func TestWarningsArePagedNewestFirstWhileNewOnesArrive(t *testing.T) {
	tm := newPlatform(t).team("UTC")
	tm.raise(9)
	tm.exec(`UPDATE limit_warnings SET acknowledged_at = now(), acknowledged_by = $2 WHERE team_id = $1 AND sequence % 3 = 0`, tm.id, tm.owner)
	for _, list := range []struct {
		acknowledged *bool
		want         []int64
	}{
		{nil, []int64{9, 8, 7, 6, 5, 4, 3, 2, 1}},
		{ptr(true), []int64{9, 6, 3}},
		{ptr(false), []int64{8, 7, 5, 4, 2, 1}},
	} {
		page := models.Page{Size: 2}
		var got []int64
		for {
			warnings, err := tm.ledger.Warnings(t.Context(), tm.id, list.acknowledged, page)
			if err != nil {
				t.Fatal(err)
			}
			for _, warning := range warnings.Nodes() {
				got = append(got, warning.Sequence)
			}
			if !warnings.PageInfo.HasNextPage {
				break
			}
			next, err := models.NewPage(ptr(2), warnings.PageInfo.EndCursor, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			page = next
			tm.raise(1)
		}
		if !slices.Equal(got, list.want) {
			t.Errorf("acknowledged %v: got %v", list.acknowledged, got)
		}
		tm.exec(`DELETE FROM limit_warnings WHERE team_id = $1 AND sequence > 9`, tm.id)
		tm.exec(`UPDATE balances SET warnings = 9 WHERE team_id = $1`, tm.id)
	}
	if _, err := tm.ledger.Warnings(t.Context(), tm.id, nil, models.Page{Size: 2, Cursor: "x"}); !errors.Is(err, models.ErrPageCursor) {
		t.Errorf("a wrong cursor: %v", err)
	}
}

func TestWhatLiesBehindASequenceIsReadInOrderAndItsTeamsAlone(t *testing.T) {
	p := newPlatform(t)
	tm, other := p.funded(1_000), p.funded(1_000)
	tm.raise(5)
	other.raise(3)
	for range 4 {
		tm.mustReserve(models.OperationSearchImages)
		other.mustReserve(models.OperationSearchImages)
	}
	warnings, err := tm.ledger.WarningsAfter(t.Context(), tm.id, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 2 || warnings[0].Sequence != 3 || warnings[1].Sequence != 4 || warnings[0].TeamID != tm.id {
		t.Errorf("warnings: %+v", warnings)
	}
	entries, err := tm.ledger.EntriesAfter(t.Context(), tm.id, 2, 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 3 || entries[0].Sequence != 3 || entries[2].Sequence != 5 || entries[0].TeamID != tm.id {
		t.Errorf("entries: %+v", entries)
	}
	newest, err := tm.ledger.NewestEntry(t.Context(), tm.id)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "newest line", newest, 5)
	if newest, err = tm.ledger.NewestWarning(t.Context(), tm.id); err != nil {
		t.Fatal(err)
	}
	want(t, "newest warning", newest, 5)
	if _, err := tm.ledger.NewestEntry(t.Context(), models.NewTeamID(time.Now())); !errors.Is(err, ErrNoAccount) {
		t.Errorf("the newest of no team: %v", err)
	}
	if _, err := tm.ledger.Warning(t.Context(), models.NewLimitWarningID(time.Now())); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("a warning that does not exist: %v", err)
	}
}
