package ledger

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"productgenerator/models"
	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
)

const (
	// cheapest is what the cheapest operation costs.
	cheapest = models.Tokens(10)
	// patience is how long a test waits for what has to happen.
	patience = 30 * time.Second
)

// platform is a database with a ledger on it, and the rows that others would have written.
type platform struct {
	t      testing.TB
	db     *postgres.DB
	ledger *Ledger
	heard  *heard
}

// newPlatform opens a ledger on a database of the test's own. Both are closed when the test ends.
func newPlatform(t testing.TB) *platform {
	t.Helper()
	return platformOn(t, pgtest.New(t))
}

func platformOn(t testing.TB, db *postgres.DB) *platform {
	t.Helper()
	p := &platform{t: t, db: db, heard: &heard{topics: map[string]int{}}}
	p.ledger = p.newLedger(db)
	return p
}

// newLedger opens one more ledger, as another process would.
func (p *platform) newLedger(db *postgres.DB) *Ledger {
	ledger := New(db.Gorm, db.Pool, p.heard, Options{Cheapest: cheapest, Log: slog.New(slog.DiscardHandler)})
	p.t.Cleanup(ledger.Close)
	return ledger
}

// heard counts the signals of a ledger by topic.
type heard struct {
	mu     sync.Mutex // protects topics
	topics map[string]int
}

func (h *heard) Publish(topics ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, topic := range topics {
		h.topics[topic]++
	}
}

func (h *heard) of(topic string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.topics[topic]
}

// team is a team with its owner, and what most tests do to it.
type team struct {
	*platform
	id    models.TeamID
	owner models.UserID
}

// team makes a team with an owner and opens its account in a zone.
func (p *platform) team(zone string) *team {
	p.t.Helper()
	tm := &team{platform: p, id: models.NewTeamID(time.Now()), owner: p.user()}
	p.exec(`INSERT INTO teams (id, name, created_by, created_at) VALUES ($1, 'Team', $2, now())`, tm.id, tm.owner)
	tm.join(tm.owner, models.RoleOwner)
	tm.must(Change{Open: &Opening{TimeZone: zone}, Decide: func(*Tx) error { return nil }})
	return tm
}

// funded is a team in UTC with a gift of so many tokens that never lapse, and no daily limit.
func (p *platform) funded(tokens models.Tokens) *team {
	p.t.Helper()
	tm := p.team("UTC")
	tm.must(Change{Decide: func(tx *Tx) error {
		tx.SetPlatformLimits(false, true, models.NoLimit())
		if tokens > 0 {
			tx.Issue(gift(tokens, nil), nil)
		}
		return nil
	}})
	return tm
}

func (p *platform) user() models.UserID {
	p.t.Helper()
	id := models.NewUserID(time.Now())
	p.exec(`INSERT INTO users (id, email, name, password_hash, created_at) VALUES ($1, $1 || '@example.com', 'User', '-', now())`, id)
	return id
}

func (tm *team) join(user models.UserID, role models.TeamRole) {
	tm.t.Helper()
	tm.exec(`INSERT INTO memberships (id, team_id, user_id, role, joined_at) VALUES ($1, $2, $3, $4, now())`,
		models.NewMembershipID(time.Now()), tm.id, user, role)
}

// exec runs a statement beside the ledger, as another session.
func (p *platform) exec(sql string, args ...any) {
	p.t.Helper()
	if _, err := p.db.Pool.Exec(p.t.Context(), sql, args...); err != nil {
		p.t.Fatalf("%v\n%s", err, sql)
	}
}

// one reads a single value.
func one[T any](p *platform, sql string, args ...any) (value T) {
	p.t.Helper()
	if err := p.db.Pool.QueryRow(p.t.Context(), sql, args...).Scan(&value); err != nil {
		p.t.Fatalf("%v\n%s", err, sql)
	}
	return value
}

// update runs a change of the team, by its owner unless it names another actor.
func (tm *team) update(change Change) (Outcome, error) {
	change.Team = tm.id
	if change.Actor == "" {
		change.Actor = tm.owner
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return tm.ledger.Update(ctx, change)
}

func (tm *team) must(change Change) Outcome {
	tm.t.Helper()
	outcome, err := tm.update(change)
	if err != nil {
		tm.t.Fatalf("update: %v", err)
	}
	return outcome
}

// reserve asks for an operation and returns its generation.
func (tm *team) reserve(operation models.Operation) (models.GenerationID, error) {
	id := models.NewGenerationID(time.Now())
	_, err := tm.update(Change{Decide: func(tx *Tx) error { return tx.Reserve(tm.owner, request(id, operation)) }})
	return id, err
}

func (tm *team) mustReserve(operation models.Operation) models.GenerationID {
	tm.t.Helper()
	id, err := tm.reserve(operation)
	if err != nil {
		tm.t.Fatalf("reserve: %v", err)
	}
	return id
}

func (tm *team) capture(id models.GenerationID, part models.Part) (Outcome, error) {
	return tm.update(Change{
		Reservations: []models.GenerationID{id},
		Decide:       func(tx *Tx) error { return tx.Capture(id, part) },
	})
}

func (tm *team) release(id models.GenerationID, part models.Part) (Outcome, error) {
	return tm.update(Change{
		Reservations: []models.GenerationID{id},
		Decide:       func(tx *Tx) error { return tx.Release(id, part) },
	})
}

// balance is what the team sees now.
func (tm *team) balance() models.Balance {
	tm.t.Helper()
	balance, err := tm.ledger.Balance(tm.t.Context(), tm.id)
	if err != nil {
		tm.t.Fatalf("balance: %v", err)
	}
	return balance
}

// entries is the team's whole ledger, the oldest line first.
func (tm *team) entries() []models.LedgerEntry {
	tm.t.Helper()
	page, err := tm.ledger.Entries(tm.t.Context(), tm.id, Filter{}, models.Page{Size: 100_000, Backward: true})
	if err != nil {
		tm.t.Fatalf("entries: %v", err)
	}
	entries := page.Nodes()
	for i, j := 0, len(entries)-1; i < j; i, j = i+1, j-1 {
		entries[i], entries[j] = entries[j], entries[i]
	}
	return entries
}

func gift(tokens models.Tokens, expiresAt *time.Time) models.Grant {
	return models.Grant{
		ID: models.NewGrantID(time.Now()), Source: models.SourceGift, Tokens: tokens, ExpiresAt: expiresAt,
	}
}

// costs is what each part costs.
func costs(part models.Part) models.Tokens {
	switch part {
	case models.PartShortDescription:
		return 15
	case models.PartLongDescription:
		return 30
	default:
		return 10
	}
}

// request asks for all parts of an operation.
func request(id models.GenerationID, operation models.Operation) ReserveRequest {
	r := ReserveRequest{Generation: id, Operation: operation}
	for _, part := range operation.Parts() {
		r.Parts = append(r.Parts, PartCost{part, costs(part)})
	}
	return r
}

// keyOf is a caller's key for an input.
func keyOf(caller models.UserID, key, input string) *Key {
	hash := sha256.Sum256([]byte(input))
	return &Key{Caller: caller, Key: key, Mutation: "generateAll", InputHash: hash[:]}
}

// tokens reads a limit that must be one.
func tokens(t testing.TB, limit models.Limit) models.Tokens {
	t.Helper()
	amount, ok := limit.Tokens()
	if !ok {
		t.Fatal("no limit where there must be one")
	}
	return amount
}

// want compares two values that print well.
func want[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, fmt.Sprint(got), fmt.Sprint(want))
	}
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("it never happened that %s", what)
		}
	}
}
