package ledger

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/models"
)

func TestAReservationIsCapturedAndReleasedPartByPart(t *testing.T) {
	tm := newPlatform(t).funded(100)
	id := tm.mustReserve(models.OperationGenerateAll)
	balance := tm.balance()
	want(t, "available after reserve", tokens(t, balance.Available), 35)
	want(t, "reserved after reserve", balance.Reserved, 65)
	want(t, "used after reserve", balance.ConsumedToday, 65)

	for _, part := range []models.Part{models.PartShortDescription, models.PartImages} {
		if _, err := tm.capture(id, part); err != nil {
			t.Fatal(err)
		}
	}
	for _, part := range []models.Part{models.PartLongDescription, models.PartPrices} {
		if _, err := tm.release(id, part); err != nil {
			t.Fatal(err)
		}
	}
	balance = tm.balance()
	want(t, "available in the end", tokens(t, balance.Available), 75)
	want(t, "reserved in the end", balance.Reserved, 0)
	want(t, "used in the end", balance.ConsumedToday, 25)

	reservations, err := tm.ledger.ReservationsByGeneration(t.Context(), []models.GenerationID{id})
	if err != nil {
		t.Fatal(err)
	}
	reservation := reservations[id]
	want(t, "captured", reservation.Captured, 25)
	want(t, "released", reservation.Released, 40)
	if reservation.FinishedAt == nil {
		t.Error("the reservation is not finished")
	}

	entries := tm.entries()
	var kinds []models.LedgerEntryKind
	for i, entry := range entries {
		want(t, "sequence", entry.Sequence, int64(i+1))
		kinds = append(kinds, entry.Kind)
	}
	order := []models.LedgerEntryKind{
		models.EntryGrant, models.EntryReserve, models.EntryCapture, models.EntryCapture, models.EntryRelease,
		models.EntryRelease,
	}
	if diff := cmp.Diff(order, kinds); diff != "" {
		t.Errorf("kinds of the lines (-want +got):\n%s", diff)
	}
	want(t, "balance behind the last line", entries[5].BalanceAfter, 75)
	want(t, "version of the balance", balance.Version, entries[5].BalanceVersion)
}

func TestASettledPartSettlesNoSecondTime(t *testing.T) {
	tm := newPlatform(t).funded(100)
	id := tm.mustReserve(models.OperationGenerateTexts)
	if _, err := tm.capture(id, models.PartShortDescription); err != nil {
		t.Fatal(err)
	}
	before := tm.balance()
	if _, err := tm.capture(id, models.PartShortDescription); !errors.Is(err, ErrSettled) {
		t.Errorf("second capture: %v", err)
	}
	if _, err := tm.release(id, models.PartShortDescription); !errors.Is(err, ErrSettled) {
		t.Errorf("release after capture: %v", err)
	}
	if _, err := tm.release(id, models.PartImages); !errors.Is(err, ErrNotReserved) {
		t.Errorf("release of a part that was not reserved: %v", err)
	}
	if _, err := tm.release(models.NewGenerationID(time.Now()), models.PartImages); !errors.Is(err, ErrNotReserved) {
		t.Errorf("release of what was never reserved: %v", err)
	}
	if diff := cmp.Diff(before, tm.balance(), cmp.AllowUnexported(models.Limit{})); diff != "" {
		t.Errorf("the balance has changed (-before +after):\n%s", diff)
	}
}

func TestAnotherTeamsReservationCannotBeSettled(t *testing.T) {
	p := newPlatform(t)
	mine, theirs := p.funded(100), p.funded(100)
	id := theirs.mustReserve(models.OperationSearchImages)
	if _, err := mine.capture(id, models.PartImages); !errors.Is(err, ErrNotReserved) {
		t.Errorf("capture: %v", err)
	}
	want(t, "their reserved", theirs.balance().Reserved, 10)
}

func TestARefusalListsEveryBlockerAndLeavesNothing(t *testing.T) {
	tm := newPlatform(t).team("UTC")
	tm.must(Change{Decide: func(tx *Tx) error {
		tx.SetPlatformLimits(false, true, models.LimitOf(40))
		tx.Issue(gift(30, nil), nil)
		return nil
	}})
	tm.exec(`UPDATE memberships SET daily_limit = 20 WHERE user_id = $1`, tm.owner)
	before, lines := tm.balance(), len(tm.entries())

	_, err := tm.reserve(models.OperationGenerateAll)
	var refusal *models.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v, want a refusal", err)
	}
	var codes []string
	for _, blocker := range refusal.Blockers {
		codes = append(codes, string(blocker.Code)+"/"+string(blocker.MemberID))
		want(t, "required", blocker.Required, 65)
	}
	all := []string{
		"INSUFFICIENT_TOKENS/", "DAILY_LIMIT_REACHED/", "DAILY_LIMIT_REACHED/" + string(tm.owner),
	}
	if diff := cmp.Diff(all, codes); diff != "" {
		t.Errorf("blockers (-want +got):\n%s", diff)
	}
	want(t, "lines", len(tm.entries()), lines)
	if diff := cmp.Diff(before, tm.balance(), cmp.AllowUnexported(models.Limit{})); diff != "" {
		t.Errorf("the balance has changed (-before +after):\n%s", diff)
	}
}

func TestAnUnlimitedTeamIsRecordedButNotCharged(t *testing.T) {
	tm := newPlatform(t).funded(20)
	tm.must(Change{Decide: func(tx *Tx) error {
		tx.SetPlatformLimits(true, true, models.NoLimit())
		return nil
	}})
	id := tm.mustReserve(models.OperationGenerateAll)
	tm.must(Change{Decide: func(tx *Tx) error {
		tx.SetPlatformLimits(false, true, models.NoLimit())
		return nil
	}})
	if _, err := tm.capture(id, models.PartShortDescription); err != nil {
		t.Fatal(err)
	}
	if _, err := tm.release(id, models.PartLongDescription); err != nil {
		t.Fatal(err)
	}
	balance := tm.balance()
	want(t, "available", tokens(t, balance.Available), 20)
	want(t, "used", balance.ConsumedToday, 35)
	want(t, "reserved", balance.Reserved, 20)
	for _, entry := range tm.entries()[1:] {
		want(t, "tokens of "+string(entry.Kind), entry.Tokens, 0)
		want(t, "draws of "+string(entry.Kind), len(entry.Draws), 0)
	}
}

func TestExpiredTokensCannotBeSpentBeforeAnythingSweptThem(t *testing.T) {
	tm := newPlatform(t).funded(0)
	later := time.Now().Add(time.Hour)
	grant := gift(100, &later)
	tm.must(Change{Decide: func(tx *Tx) error { tx.Issue(grant, nil); return nil }})
	id := tm.mustReserve(models.OperationGenerateTexts)
	tm.exec(`UPDATE grants SET expires_at = clock_timestamp() WHERE id = $1`, grant.ID)

	stored := one[int64](tm.platform, `SELECT version FROM balances WHERE team_id = $1`, tm.id)
	balance := tm.balance()
	want(t, "available as read", tokens(t, balance.Available), 0)
	want(t, "version as read", balance.Version, stored)
	if _, err := tm.reserve(models.OperationSearchImages); err == nil {
		t.Error("expired tokens were reserved")
	}
	signalled := tm.heard.of(string(tm.id))
	if _, err := tm.capture(id, models.PartShortDescription); err != nil {
		t.Errorf("capture of what was reserved before: %v", err)
	}
	if _, err := tm.release(id, models.PartLongDescription); err != nil {
		t.Errorf("release of what was reserved before: %v", err)
	}
	want(t, "signals", tm.heard.of(string(tm.id)), signalled+2)
	want(t, "available in the end", tokens(t, tm.balance().Available), 0)
	grants, err := tm.ledger.GrantsByID(t.Context(), []models.GrantID{grant.ID})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "consumed", grants[grant.ID].Consumed, 15)
	want(t, "expired", grants[grant.ID].Expired, 85)
}

func TestWhatTimeAloneHasDoneIsPostedAndSignalledOnce(t *testing.T) {
	tm := newPlatform(t).funded(100)
	tm.mustReserve(models.OperationGenerateAll)
	tm.exec(`UPDATE balances SET day = day - 1, last_entry_at = last_entry_at - interval '1 day' WHERE team_id = $1`, tm.id)
	tm.exec(`UPDATE grants SET expires_at = clock_timestamp() WHERE team_id = $1`, tm.id)
	before, signalled := tm.balance(), tm.heard.of(string(tm.id))
	for range 2 {
		if err := tm.ledger.PostTime(t.Context(), tm.id); err != nil {
			t.Fatal(err)
		}
	}
	after := tm.balance()
	want(t, "signals", tm.heard.of(string(tm.id)), signalled+1)
	want(t, "version", after.Version, before.Version+1)
	want(t, "used", after.ConsumedToday, 0)
	want(t, "available", tokens(t, after.Available), 0)
	entries := tm.entries()
	want(t, "last line", entries[len(entries)-1].Kind, models.EntryExpire)
}

func TestARefusedChangeStillSignalsWhatTimeHasDone(t *testing.T) {
	tm := newPlatform(t).funded(100)
	tm.exec(`UPDATE grants SET expires_at = clock_timestamp() WHERE team_id = $1`, tm.id)
	signalled := tm.heard.of(string(tm.id))
	if _, err := tm.reserve(models.OperationGenerateAll); err == nil {
		t.Fatal("expired tokens were reserved")
	}
	want(t, "signals", tm.heard.of(string(tm.id)), signalled+1)
}

func TestANewDayResetsTheAllowanceAndAReleaseReturnsToItsOwnDay(t *testing.T) {
	tm := newPlatform(t).team("UTC")
	tm.must(Change{Decide: func(tx *Tx) error { tx.Issue(gift(1000, nil), nil); return nil }})
	id := tm.mustReserve(models.OperationGenerateAll)
	tm.exec(`UPDATE balances SET day = day - 1 WHERE team_id = $1`, tm.id)
	tm.exec(`UPDATE reservations SET day = day - 1 WHERE team_id = $1`, tm.id)
	tm.exec(`UPDATE member_usage SET day = day - 1 WHERE team_id = $1`, tm.id)

	want(t, "used as read", tm.balance().ConsumedToday, 0)
	tm.mustReserve(models.OperationSearchImages)
	if _, err := tm.release(id, models.PartLongDescription); err != nil {
		t.Fatal(err)
	}
	want(t, "used today", tm.balance().ConsumedToday, 10)
	want(t, "used yesterday", one[int64](tm.platform,
		`SELECT used FROM member_usage WHERE team_id = $1 AND day = (SELECT day - 1 FROM balances WHERE team_id = $1)`, tm.id), 35)
}

func TestAnAccountThatDoesNotExistIsNamed(t *testing.T) {
	p := newPlatform(t)
	stranger := &team{platform: p, id: models.NewTeamID(time.Now()), owner: p.user()}
	if _, err := stranger.reserve(models.OperationSearchImages); !errors.Is(err, ErrNoAccount) {
		t.Errorf("reserve: %v", err)
	}
	if _, err := p.ledger.Balance(t.Context(), stranger.id); !errors.Is(err, ErrNoAccount) {
		t.Errorf("balance: %v", err)
	}
	if _, err := p.ledger.Account(t.Context(), stranger.id); !errors.Is(err, ErrNoAccount) {
		t.Errorf("account: %v", err)
	}
}

func TestARefusedOpeningLeavesNoAccountAndAGoodOneAnOpenOne(t *testing.T) {
	p := newPlatform(t)
	tm := &team{platform: p, id: models.NewTeamID(time.Now()), owner: p.user()}
	refused := errors.New("refused")
	_, err := tm.update(Change{Open: &Opening{TimeZone: "UTC"}, Decide: func(*Tx) error { return refused }})
	if !errors.Is(err, refused) {
		t.Errorf("got %v, want the change's own error", err)
	}
	want(t, "accounts", one[int](p, `SELECT count(*) FROM balances`), 0)

	insertTeam := &Statement[*team]{
		Rank: RankBefore,
		SQL:  `INSERT INTO teams (id, name, created_by, created_at) SELECT id, 'Team', by, now() FROM unnest($1::text[], $2::text[]) AS t (id, by)`,
		Columns: func(rows []*team) []any {
			return []any{
				Column(rows, func(t *team) string { return string(t.id) }),
				Column(rows, func(t *team) string { return string(t.owner) }),
			}
		},
	}
	outcome := tm.must(Change{Open: &Opening{TimeZone: "Asia/Tokyo"}, Decide: func(tx *Tx) error {
		insertTeam.Stage(tx, tm)
		tx.Issue(gift(195, nil), nil)
		return nil
	}})
	want(t, "available", tokens(t, outcome.Balance.Available), 195)
	want(t, "zone", outcome.Balance.TimeZone, "Asia/Tokyo")
	want(t, "status", outcome.Balance.Status, models.StatusSufficient)
}

func TestAnAccountIsOpenedOnTheDayOfItsZoneWhateverZonesTheDatabaseKnows(t *testing.T) {
	p := newPlatform(t)
	for name, east := range map[string]time.Duration{"Nowhere/First": 14 * time.Hour, "Nowhere/Last": -12 * time.Hour} {
		zone := time.FixedZone(name, int(east.Seconds()))
		p.ledger.zones.loaded.Store(name, zone)
		before := models.DayAt(time.Now(), zone)
		tm := p.team(name)
		opened := one[models.Date](p, `SELECT day FROM balances WHERE team_id = $1`, tm.id)
		if after := models.DayAt(time.Now(), zone); opened != before && opened != after {
			t.Errorf("%s: opened on %v, where it is %v", name, opened, after)
		}
		want(t, "version", tm.balance().Version, 1)
	}
}
