package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/models"
)

// rehearsed is a team with a made-up history of a month, by several people.
func rehearsed(t testing.TB, changes int) (*team, []models.UserID) {
	t.Helper()
	tm := newPlatform(t).team("Europe/Madrid")
	people := []models.UserID{tm.owner, tm.user(), tm.user(), tm.user()}
	for _, who := range people[1:] {
		tm.join(who, models.RoleMember)
	}
	tm.exec(`UPDATE memberships SET joined_at = joined_at - interval '1 year'`)
	random := rand.New(rand.NewPCG(1, 2))
	at := time.Now().UTC().Truncate(time.Microsecond).AddDate(0, 0, -30)
	step := 29 * 24 * time.Hour / time.Duration(changes)
	err := tm.ledger.Rehearse(t.Context(), tm.id, at, func(r *Rehearsal) error {
		open := []models.GenerationID{}
		err := r.At(at, func(a *Account) error {
			a.SetPlatformLimits(false, true, models.NoLimit())
			a.Issue(gift(1_000_000, nil), nil)
			return nil
		})
		for i := 0; i < changes && err == nil; i++ {
			if random.IntN(3) > 0 { // else at the same instant
				at = at.Add(time.Duration(random.Int64N(int64(step))))
			}
			err = r.At(at, func(a *Account) error { return randomChange(a, random, people, &open) })
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tm.checkClean(tm.ledger, tokenInvariants())
	return tm, people
}

// randomChange lets a grant come in or be taken back, an operation be asked for, or a part be settled. Only the first of the people
// searches for prices, so that some filters match nothing.
func randomChange(a *Account, random *rand.Rand, people []models.UserID, open *[]models.GenerationID) error {
	switch n := random.IntN(20); {
	case n == 0:
		expiresAt := a.Now().Add(3 * time.Hour)
		a.Issue(gift(50, &expiresAt), &people[0])
	case n == 1:
		grants := slices.Sorted(maps.Keys(a.grants))
		grant := a.grants[grants[random.IntN(len(grants))]]
		target := min(grant.Tokens, 50) * models.Tokens(random.IntN(2))
		return a.Reclaim(grant.ID, target, Cause{Actor: &people[0], Reason: models.ReasonDispute})
	case n < 8 || len(*open) == 0:
		actor, operation := random.IntN(len(people)), models.Operations()[random.IntN(4)]
		if operation == models.OperationSearchPrices {
			actor = 0
		}
		id := models.NewGenerationID(a.Now())
		*open = append(*open, id)
		return a.Reserve(people[actor], request(id, operation))
	default:
		at := random.IntN(len(*open))
		id := (*open)[at]
		reservation, _ := a.Reservation(id)
		for _, part := range reservation.Parts {
			if part.State != models.PartHeld {
				continue
			}
			if random.IntN(10) == 0 {
				return a.Release(id, part.Part)
			}
			return a.Capture(id, part.Part)
		}
		*open = slices.Delete(*open, at, at+1)
	}
	return nil
}

// matches is what a filter lets through, line by line.
func (f Filter) matches(e models.LedgerEntry) bool {
	return (f.Kinds == nil || slices.Contains(f.Kinds, e.Kind)) &&
		(f.Operations == nil || e.Operation != nil && slices.Contains(f.Operations, *e.Operation)) &&
		(f.Actor == "" || e.ActorID != nil && *e.ActorID == f.Actor) &&
		(f.Generation == "" || e.GenerationID != nil && *e.GenerationID == f.Generation) &&
		(f.Grant == "" || e.GrantID != nil && *e.GrantID == f.Grant) &&
		(f.From == nil || !e.OccurredAt.Before(*f.From)) &&
		(f.To == nil || e.OccurredAt.Before(*f.To))
}

// randomFilter narrows a ledger down in any of its ways, by values of its lines or by ones that it lacks.
func randomFilter(random *rand.Rand, entries []models.LedgerEntry, people []models.UserID) (f Filter) {
	some := func() models.LedgerEntry { return entries[random.IntN(len(entries))] }
	if random.IntN(2) == 0 {
		f.Kinds = pick(random, models.LedgerEntryKinds())
	}
	if random.IntN(2) == 0 {
		f.Operations = pick(random, models.Operations())
	}
	if random.IntN(3) == 0 {
		f.Actor = append(people, "user_nobody")[random.IntN(len(people)+1)]
	}
	if random.IntN(6) == 0 {
		if id := some().GenerationID; id != nil {
			f.Generation = *id
		}
	}
	if random.IntN(6) == 0 {
		f.Grant = "grant_none"
		if id := some().GrantID; id != nil {
			f.Grant = *id
		}
	}
	if random.IntN(3) == 0 {
		at := some().OccurredAt.Add(time.Duration(random.IntN(3)-1) * time.Microsecond)
		f.From = &at
	}
	if random.IntN(3) == 0 {
		at := some().OccurredAt.Add(time.Duration(random.IntN(3)-1) * time.Microsecond)
		f.To = &at
	}
	return f
}

// pick takes some of the list, perhaps none, perhaps one of them twice.
func pick[T any](random *rand.Rand, list []T) []T {
	picked := []T{}
	for range random.IntN(len(list)) {
		picked = append(picked, list[random.IntN(len(list))])
	}
	return picked
}

// keepPosting posts lines, a few hundred, or until the context ends.
func (tm *team) keepPosting(ctx context.Context) error {
	for i := 0; i < 300 && ctx.Err() == nil; i++ {
		_, err := tm.update(Change{Decide: func(tx *Tx) error {
			tx.Issue(gift(1, nil), &tm.owner)
			return tx.Reserve(tm.owner, request(models.NewGenerationID(tx.Now()), models.OperationSearchImages))
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

func TestPagesOfAnyFilterInBothDirectionsAreTheFilteredLedgerWhileLinesArrive(t *testing.T) {
	tm, people := rehearsed(t, 400)
	before := tm.entries()
	ctx, stop := context.WithCancel(t.Context())
	posted := make(chan error, 1)
	go func() { posted <- tm.keepPosting(ctx) }()
	defer func() {
		stop()
		if err := <-posted; err != nil {
			t.Error(err)
		}
	}()
	random := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		filter := randomFilter(random, before, people)
		name := fmt.Sprintf("%+v", filter)
		var wanted []models.LedgerEntry
		for _, entry := range slices.Backward(before) {
			if filter.matches(entry) {
				wanted = append(wanted, entry)
			}
		}
		size := 1 + random.IntN(models.MaxPageSize)
		if diff := cmp.Diff(wanted, tm.readDown(name, filter, size, before)); diff != "" {
			t.Fatalf("%s, %d at a time, forwards (-want +got):\n%s", name, size, diff)
		}
		if diff := cmp.Diff(wanted, tm.readUp(name, filter, size, before)); diff != "" {
			t.Fatalf("%s, %d at a time, backwards (-want +got):\n%s", name, size, diff)
		}
	}
}

// readDown pages from the newest line to the oldest, and returns the lines that were there before.
func (tm *team) readDown(name string, filter Filter, size int, before []models.LedgerEntry) (lines []models.LedgerEntry) {
	tm.t.Helper()
	page := models.Page{Size: size}
	for {
		connection, err := tm.ledger.Entries(tm.t.Context(), tm.id, filter, page)
		if err != nil {
			tm.t.Fatalf("%s: %v", name, err)
		}
		want(tm.t, name+": has a previous page", connection.PageInfo.HasPreviousPage, page.Cursor != "")
		for _, entry := range connection.Nodes() {
			if entry.Sequence <= int64(len(before)) {
				lines = append(lines, entry)
			}
		}
		if !connection.PageInfo.HasNextPage {
			return lines
		}
		page.Cursor = cursorOf(tm.t, connection.PageInfo.EndCursor)
	}
}

// readUp pages from the oldest line to the newest, until it meets one that was not there before.
func (tm *team) readUp(name string, filter Filter, size int, before []models.LedgerEntry) (lines []models.LedgerEntry) {
	tm.t.Helper()
	page := models.Page{Size: size, Backward: true}
	for {
		connection, err := tm.ledger.Entries(tm.t.Context(), tm.id, filter, page)
		if err != nil {
			tm.t.Fatalf("%s: %v", name, err)
		}
		want(tm.t, name+": has a next page", connection.PageInfo.HasNextPage, page.Cursor != "")
		for _, entry := range slices.Backward(connection.Nodes()) {
			if entry.Sequence > int64(len(before)) {
				slices.Reverse(lines)
				return lines
			}
			lines = append(lines, entry)
		}
		if !connection.PageInfo.HasPreviousPage {
			slices.Reverse(lines)
			return lines
		}
		page.Cursor = cursorOf(tm.t, connection.PageInfo.StartCursor)
	}
}

// cursorOf is what a page's cursor says.
func cursorOf(t testing.TB, encoded *string) string {
	t.Helper()
	cursor, err := base64.RawURLEncoding.DecodeString(*encoded)
	if err != nil {
		t.Fatal(err)
	}
	return string(cursor)
}

func TestAPageKnowsWhatLiesBeyondItFromAnyCursor(t *testing.T) {
	tm, people := rehearsed(t, 300)
	entries := tm.entries()
	random := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		filter := randomFilter(random, entries, people)
		cursor := random.Int64N(int64(len(entries)+2)) + 1
		page := models.Page{Size: 1 + random.IntN(10), Cursor: strconv.FormatInt(cursor, 10), Backward: random.IntN(2) == 0}
		connection, err := tm.ledger.Entries(t.Context(), tm.id, filter, page)
		if err != nil {
			t.Fatal(err)
		}
		newer, older := 0, 0 // than the cursor, of the matching lines; its own line is on the side that is left
		for _, entry := range entries {
			switch own := entry.Sequence == cursor; {
			case !filter.matches(entry):
			case entry.Sequence > cursor || own && !page.Backward:
				newer++
			default:
				older++
			}
		}
		name := fmt.Sprintf("%+v of %+v", page, filter)
		if page.Backward {
			want(t, name+": next", connection.PageInfo.HasNextPage, older > 0)
			want(t, name+": previous", connection.PageInfo.HasPreviousPage, newer > page.Size)
		} else {
			want(t, name+": next", connection.PageInfo.HasNextPage, older > page.Size)
			want(t, name+": previous", connection.PageInfo.HasPreviousPage, newer > 0)
		}
	}
}

func TestARehearsalHappensToTeamsWithoutAHistoryOnlyAndNotInTheFuture(t *testing.T) {
	tm, _ := rehearsed(t, 10)
	nothing := func(*Rehearsal) error { return nil }
	if err := tm.ledger.Rehearse(t.Context(), tm.id, time.Now(), nothing); !errors.Is(err, ErrHasHistory) {
		t.Errorf("a second history: %v", err)
	}
	if err := tm.ledger.Rehearse(t.Context(), models.NewTeamID(time.Now()), time.Now(), nothing); !errors.Is(err, ErrNoAccount) {
		t.Errorf("no team: %v", err)
	}
	fresh := tm.platform.team("UTC")
	give := func(a *Account) error { a.Issue(gift(1, nil), nil); return nil }
	err := tm.ledger.Rehearse(t.Context(), fresh.id, time.Now().Add(-time.Hour), func(r *Rehearsal) error {
		if err := r.At(time.Now().Add(-time.Hour), give); err != nil {
			return err
		}
		return r.At(time.Now().Add(time.Hour), give)
	})
	if !errors.Is(err, ErrFuture) {
		t.Errorf("a history that reaches into the future: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = tm.ledger.Rehearse(ctx, fresh.id, time.Now().Add(-time.Hour), func(r *Rehearsal) error {
		cancel()
		return r.At(time.Now().Add(-time.Hour), give)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a history whose caller goes: %v", err)
	}
	if lines := fresh.entries(); len(lines) > 0 {
		t.Errorf("%d lines stay of histories that failed", len(lines))
	}
}
