package funding

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
)

// patience is how long a test waits for what has to happen.
const patience = 30 * time.Second

// world is funding on a database of its own, with an administrator and a team.
type world struct {
	*Funding
	t             *testing.T
	db            *postgres.DB
	team          models.TeamID
	administrator models.UserID
}

// silence is a bus that nobody listens to.
type silence struct{}

func (silence) Publish(...string) {}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := pgtest.New(t)
	l := ledger.New(db.Gorm, db.Pool, silence{}, ledger.Options{Cheapest: 10})
	t.Cleanup(l.Close)
	now := time.Now()
	w := &world{
		Funding: New(Options{DB: db.Gorm, Pool: db.Pool, Ledger: l, Provider: payment.NewInvoice(true), Now: time.Now}), t: t, db: db, team: models.NewTeamID(now), administrator: models.NewUserID(now),
	}
	w.exec(`INSERT INTO users (id, email, name, password_hash, platform_role, created_at)
		VALUES ($1, 'admin@example.com', 'Admin', '-', 'ADMINISTRATOR', now())`, w.administrator)
	w.exec(`INSERT INTO teams (id, name, created_by, created_at) VALUES ($1, 'Team', $2, now())`, w.team, w.administrator)
	_, err := l.Update(w.ctx(), ledger.Change{
		Team: w.team, Open: &ledger.Opening{TimeZone: "UTC"}, Decide: func(*ledger.Tx) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	w.t.Cleanup(cancel)
	return ctx
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Pool.Exec(w.ctx(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

// input gives 100 tokens under that key.
func (w *world) input(key string) GrantInput {
	return GrantInput{
		Team: w.team, Tokens: 100, Source: models.SourceGift, Note: "for testing",
		Key: ledger.Key{Caller: w.administrator, Key: key, Mutation: "grantTokens", InputHash: []byte(strings.Repeat("h", 32))},
	}
}

func (w *world) available() models.Tokens {
	w.t.Helper()
	balance, err := w.ledger.Balance(w.ctx(), w.team)
	if err != nil {
		w.t.Fatal(err)
	}
	return balance.Available.API()
}

func TestAGrantMayBeOfOneTokenOrOfTheMost(t *testing.T) {
	w := newWorld(t)
	for _, tokens := range []models.Tokens{1, MaxGrant} {
		input := w.input(fmt.Sprint(tokens))
		input.Tokens = tokens
		input.Note = strings.Repeat("é", MaxNote)
		if grant, _, err := w.Grant(w.ctx(), w.administrator, input); err != nil || grant.Remaining != tokens {
			t.Errorf("%d: %+v, %v", tokens, grant, err)
		}
	}
}

func TestAGrantNamesWhoGaveItAndWhy(t *testing.T) {
	w := newWorld(t)
	input := w.input("k")
	input.Note = "  sorry for the outage \n"
	lapses := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	input.ExpiresAt = &lapses
	grant, balance, err := w.Grant(w.ctx(), w.administrator, input)
	if err != nil {
		t.Fatal(err)
	}
	if *grant.Note != "sorry for the outage" || *grant.CreatedBy != w.administrator || !grant.ExpiresAt.Equal(lapses) ||
		grant.Source != models.SourceGift || grant.Remaining != 100 {
		t.Errorf("grant: %+v", grant)
	}
	if balance.Available.API() != 100 || balance.Bonus != 100 || balance.NextExpiry() == nil {
		t.Errorf("balance: %+v", balance)
	}
	entries, err := w.ledger.Entries(w.ctx(), w.team, ledger.Filter{}, models.Page{Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	entry := entries.Edges[0].Node
	if entry.Kind != models.EntryGrant || *entry.ActorID != w.administrator || *entry.Note != "sorry for the outage" {
		t.Errorf("entry: %+v", entry)
	}
	report, err := w.ledger.Check(w.ctx(), nil)
	if err != nil || len(report.Discrepancies) > 0 {
		t.Errorf("check: %v, %+v", err, report.Discrepancies)
	}
}

func TestOneKeyGrantsOnceAndGivesTheSameGrantAgain(t *testing.T) {
	w := newWorld(t)
	grants := make([]models.Grant, 8)
	errs := make([]error, len(grants))
	var running sync.WaitGroup
	for i := range grants {
		running.Go(func() { grants[i], _, errs[i] = w.Grant(w.ctx(), w.administrator, w.input("k")) })
	}
	running.Wait()
	for i := range grants {
		if errs[i] != nil || grants[i].ID != grants[0].ID {
			t.Errorf("%d: %s, %v; the first: %s", i, grants[i].ID, errs[i], grants[0].ID)
		}
	}
	if available := w.available(); available != 100 {
		t.Errorf("available: %d", available)
	}
	other := w.input("k")
	other.Tokens, other.Key.InputHash = 200, []byte(strings.Repeat("o", 32))
	if _, _, err := w.Grant(w.ctx(), w.administrator, other); !errors.Is(err, ledger.ErrKeyConflict) {
		t.Errorf("the key with another input: %v", err)
	}
	if _, _, err := w.Grant(w.ctx(), w.administrator, w.input("another")); err != nil {
		t.Errorf("another key: %v", err)
	}
	if available := w.available(); available != 200 {
		t.Errorf("available in the end: %d", available)
	}
}

func TestWhatCannotBeGrantedGrantsNothing(t *testing.T) {
	w := newWorld(t)
	past := time.Now().Add(-time.Second)
	for _, test := range []struct {
		change func(*GrantInput)
		faults string
	}{
		{func(i *GrantInput) { i.Tokens = 0 }, "bad input: tokens: OUT_OF_RANGE"},
		{func(i *GrantInput) { i.Tokens = -5 }, "bad input: tokens: OUT_OF_RANGE"},
		{func(i *GrantInput) { i.Tokens = MaxGrant + 1 }, "bad input: tokens: OUT_OF_RANGE"},
		{func(i *GrantInput) { i.Source = models.SourcePurchase }, "bad input: source: INVALID"},
		{func(i *GrantInput) { i.Note = " " }, "bad input: note: REQUIRED"},
		{func(i *GrantInput) { i.Note = strings.Repeat("ñ", 501) }, "bad input: note: TOO_LONG"},
		{func(i *GrantInput) { i.Note = "a\x00b" }, "bad input: note: INVALID"},
		{func(i *GrantInput) { i.Key.Key = "" }, "bad input: idempotencyKey: REQUIRED"},
		{func(i *GrantInput) { i.Key.Key = strings.Repeat("k", 256) }, "bad input: idempotencyKey: TOO_LONG"},
		{func(i *GrantInput) { i.ExpiresAt = &past }, "bad input: expiresAt: OUT_OF_RANGE"},
		{func(i *GrantInput) { i.Tokens, i.Note = 0, "" }, "bad input: tokens: OUT_OF_RANGE, note: REQUIRED"},
	} {
		input := w.input("k")
		test.change(&input)
		_, _, err := w.Grant(w.ctx(), w.administrator, input)
		faults, ok := errors.AsType[models.FieldErrors](err)
		if !ok || faults.Error() != test.faults {
			t.Errorf("got %v, want %s", err, test.faults)
		}
	}
	if available := w.available(); available != 0 {
		t.Errorf("available: %d", available)
	}
	// Input that was never decided has not used the key up.
	if _, _, err := w.Grant(w.ctx(), w.administrator, w.input("k")); err != nil {
		t.Errorf("the key afterwards: %v", err)
	}
	missing := w.input("k")
	missing.Team = models.NewTeamID(time.Now())
	if _, _, err := w.Grant(w.ctx(), w.administrator, missing); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("a team that does not exist: %v", err)
	}
}

func TestTheLargestGrantIsTaken(t *testing.T) {
	w := newWorld(t)
	input := w.input("k")
	input.Tokens = MaxGrant
	if _, _, err := w.Grant(w.ctx(), w.administrator, input); err != nil {
		t.Fatal(err)
	}
	if available := w.available(); available != MaxGrant {
		t.Errorf("available: %d", available)
	}
}
