package ledger

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/models"
)

func sequences(page models.Connection[models.LedgerEntry]) (sequences []int64) {
	for _, entry := range page.Nodes() {
		sequences = append(sequences, entry.Sequence)
	}
	return sequences
}

func TestTheLedgerIsPagedNewestFirstInBothDirections(t *testing.T) {
	tm := newPlatform(t).funded(0)
	for range 7 {
		tm.must(Change{Decide: func(tx *Tx) error { tx.Issue(gift(1, nil), nil); return nil }})
	}
	read := func(page models.Page) models.Connection[models.LedgerEntry] {
		t.Helper()
		connection, err := tm.ledger.Entries(t.Context(), tm.id, Filter{}, page)
		if err != nil {
			t.Fatal(err)
		}
		return connection
	}
	for _, c := range []struct {
		page           models.Page
		sequences      []int64
		next, previous bool
	}{
		{models.Page{Size: 3}, []int64{7, 6, 5}, true, false},
		{models.Page{Size: 3, Cursor: "5"}, []int64{4, 3, 2}, true, true},
		{models.Page{Size: 3, Cursor: "2"}, []int64{1}, false, true},
		{models.Page{Size: 3, Backward: true}, []int64{3, 2, 1}, false, true},
		{models.Page{Size: 3, Cursor: "3", Backward: true}, []int64{6, 5, 4}, true, true},
		{models.Page{Size: 100}, []int64{7, 6, 5, 4, 3, 2, 1}, false, false},
	} {
		page := read(c.page)
		if diff := cmp.Diff(c.sequences, sequences(page)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.page, diff)
		}
		want(t, "next", page.PageInfo.HasNextPage, c.next)
		want(t, "previous", page.PageInfo.HasPreviousPage, c.previous)
	}
	if _, err := tm.ledger.Entries(t.Context(), tm.id, Filter{}, models.Page{Size: 3, Cursor: "x"}); err != models.ErrPageCursor {
		t.Errorf("got %v, want ErrPageCursor", err)
	}
}

func TestTheLedgerIsNarrowedDownByEveryFilter(t *testing.T) {
	p := newPlatform(t)
	tm, other := p.funded(1000), p.funded(1000)
	other.mustReserve(models.OperationSearchImages)
	grant := gift(5, nil)
	tm.must(Change{Decide: func(tx *Tx) error { tx.Issue(grant, &tm.owner); return nil }})
	images := tm.mustReserve(models.OperationSearchImages)
	texts := tm.mustReserve(models.OperationGenerateTexts)
	if _, err := tm.capture(images, models.PartImages); err != nil {
		t.Fatal(err)
	}
	entries := tm.entries()
	fourth, after := entries[3].OccurredAt, entries[4].OccurredAt
	for name, c := range map[string]struct {
		filter    Filter
		sequences []int64
	}{
		"everything": {Filter{}, []int64{5, 4, 3, 2, 1}},
		"kinds":      {Filter{Kinds: []models.LedgerEntryKind{models.EntryReserve, models.EntryCapture}}, []int64{5, 4, 3}},
		"no kinds":   {Filter{Kinds: []models.LedgerEntryKind{}}, nil},
		"operations": {Filter{Operations: []models.Operation{models.OperationGenerateTexts}}, []int64{4}},
		"actor":      {Filter{Actor: tm.owner}, []int64{5, 4, 3, 2}},
		"generation": {Filter{Generation: images}, []int64{5, 3}},
		"grant":      {Filter{Grant: grant.ID}, []int64{2}},
		"time":       {Filter{From: &fourth, To: &after}, []int64{4}},
		"all of it": {Filter{
			Kinds: []models.LedgerEntryKind{models.EntryReserve}, Actor: tm.owner, Generation: texts, From: &fourth,
		}, []int64{4}},
	} {
		page, err := tm.ledger.Entries(t.Context(), tm.id, c.filter, models.Page{Size: 10})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.sequences, sequences(page)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	entry, err := tm.ledger.Entry(t.Context(), entries[4].ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(entries[4], entry); diff != "" {
		t.Errorf("one entry (-in the list +alone):\n%s", diff)
	}
	if _, err := tm.ledger.Entry(t.Context(), "entry_unknown"); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("an unknown entry: %v", err)
	}
}

func TestGrantsArePagedAndTheirStatusInSQLIsTheirStatus(t *testing.T) {
	tm := newPlatform(t).funded(0)
	soon, later := time.Now().Add(time.Hour), time.Now().Add(time.Hour)
	spent, lapsed, unswept, live := gift(10, nil), gift(20, &soon), gift(30, &later), gift(40, nil)
	taken, refunded, partly := gift(50, nil), gift(60, nil), gift(70, nil)
	for _, grant := range []models.Grant{spent, lapsed, unswept, live, taken, refunded, partly} {
		tm.must(Change{Decide: func(tx *Tx) error { tx.Issue(grant, nil); return nil }})
	}
	tm.exec(`UPDATE grants SET remaining = 0, consumed = tokens WHERE id = $1`, spent.ID)
	tm.exec(`UPDATE grants SET remaining = 0, expired = tokens, expires_at = now() WHERE id = $1`, lapsed.ID)
	tm.exec(`UPDATE grants SET expires_at = now() WHERE id = $1`, unswept.ID)
	tm.exec(`UPDATE grants SET remaining = 0, consumed = 20, revoked = 30 WHERE id = $1`, taken.ID)
	tm.exec(`UPDATE grants SET remaining = 0, consumed = tokens, reclaimed = tokens WHERE id = $1`, refunded.ID)
	tm.exec(`UPDATE grants SET remaining = 0, consumed = tokens, reclaimed = 10 WHERE id = $1`, partly.ID)
	for status, ids := range map[models.GrantStatus][]models.GrantID{
		"":                  {partly.ID, refunded.ID, taken.ID, live.ID, unswept.ID, lapsed.ID, spent.ID},
		models.GrantActive:  {live.ID},
		models.GrantExpired: {unswept.ID, lapsed.ID},
		models.GrantSpent:   {partly.ID, spent.ID},
		models.GrantRevoked: {refunded.ID, taken.ID},
	} {
		var filter *models.GrantStatus
		if status != "" {
			filter = &status
		}
		var found []models.GrantID
		cursor := ""
		for more := true; more; {
			page, err := tm.ledger.Grants(t.Context(), tm.id, filter, models.Page{Size: 1, Cursor: cursor})
			if err != nil {
				t.Fatal(err)
			}
			for _, grant := range page.Nodes() {
				found = append(found, grant.ID)
				cursor = string(grant.ID)
				if status != "" {
					want(t, "status", grant.StatusAt(time.Now()), status)
				}
			}
			more = page.PageInfo.HasNextPage
		}
		if diff := cmp.Diff(ids, found); diff != "" {
			t.Errorf("%q (-want +got):\n%s", status, diff)
		}
	}
}

func TestAnAccountThatIsReadForetellsWhatAChangeWouldAnswer(t *testing.T) {
	tm := newPlatform(t).funded(100)
	tm.exec(`UPDATE memberships SET daily_limit = 60 WHERE user_id = $1`, tm.owner)
	tm.mustReserve(models.OperationSearchImages)
	account, err := tm.ledger.Account(t.Context(), tm.id, tm.owner, tm.user())
	if err != nil {
		t.Fatal(err)
	}
	want(t, "the member's use", account.Member(tm.owner).Used, 10)
	want(t, "role", account.Member(tm.owner).Role, models.RoleOwner)
	want(t, "left for the member", tokens(t, account.MemberRemaining(tm.owner)), 50)
	want(t, "blockers of 50", len(account.Blockers(tm.owner, 50)), 0)
	want(t, "blockers of 65", len(account.Blockers(tm.owner, 65)), 1)
	want(t, "blockers of 100", len(account.Blockers(tm.owner, 100)), 2)
}

func TestBalancesOfManyTeamsAreReadTogetherWithoutThoseThatDoNotExist(t *testing.T) {
	p := newPlatform(t)
	one, two := p.funded(10), p.funded(20)
	balances, err := p.ledger.Balances(t.Context(), []models.TeamID{one.id, "team_none", two.id})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "balances", len(balances), 2)
	want(t, "the first", tokens(t, balances[one.id].Available), 10)
	want(t, "the second", tokens(t, balances[two.id].Available), 20)
}
