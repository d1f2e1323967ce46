package operations

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"productgenerator/bus"
	"productgenerator/catalog"
	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
	"productgenerator/provider"
)

// patience is how long a test waits for what has to happen.
const patience = 30 * time.Second

// platform is a database that several processes share, and the bus between them.
type platform struct {
	t   testing.TB
	url string
	db  *postgres.DB
	bus bus.Memory
	log *slog.Logger
}

func newPlatform(t testing.TB) *platform {
	t.Helper()
	return platformOn(t, pgtest.NewURL(t))
}

func platformOn(t testing.TB, url string) *platform {
	t.Helper()
	p := &platform{t: t, url: url, bus: bus.NewMemory(), log: slog.New(slog.DiscardHandler)}
	p.db = p.open()
	return p
}

func (p *platform) open() *postgres.DB {
	p.t.Helper()
	db, err := postgres.Open(within(p.t), p.url, postgres.Options{AllowUnsafe: true, Log: p.log})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(db.Close)
	return db
}

// process is what one process has of the product: a pool, a ledger and operations of its own.
type process struct {
	*Operations
	t      testing.TB
	db     *postgres.DB
	books  *ledger.Ledger
	halted bool
}

// process starts a process whose parts the studio delivers, with so many workers. It stops with the test.
func (p *platform) process(s *studio, workers int) *process {
	p.t.Helper()
	return p.processWith(s.providers(quickLimits()), workers)
}

func (p *platform) processWith(providers Providers, workers int) *process {
	p.t.Helper()
	proc := newProcess(p.t, p.open(), p.bus, p.log, providers, workers)
	p.t.Cleanup(proc.halt)
	if err := proc.Start(within(p.t)); err != nil {
		p.t.Fatal(err)
	}
	return proc
}

func newProcess(t testing.TB, db *postgres.DB, signals ledger.Signals, log *slog.Logger, providers Providers, workers int) *process {
	t.Helper()
	books := ledger.New(db.Gorm, db.Pool, signals, ledger.Options{Cheapest: CheapestCost, Log: log})
	ops, err := New(Options{
		DB: db.Gorm, Pool: db.Pool, Ledger: books, Catalog: catalog.New(db.Gorm, time.Now), Providers: providers,
		Signals: signals, Log: log, Workers: workers, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &process{Operations: ops, t: t, db: db, books: books}
}

// halt stops the process as a shutdown does: workers first, then the ledger.
func (p *process) halt() {
	p.t.Helper()
	if p.halted {
		return
	}
	p.halted = true
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.Stop(ctx); err != nil {
		p.t.Errorf("stop: %v", err)
	}
	p.books.Close()
}

// within is a context with the test's patience.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// quickLimits call each provider once, and open no breaker soon.
func quickLimits() provider.Limits {
	return provider.Limits{
		Whole: patience, Attempt: patience, Attempts: 1, FirstWait: time.Millisecond, LongestWait: time.Millisecond,
		Failures: 1_000_000, Rest: time.Minute,
	}
}

// team is a team with its owner, whose books are checked when the test ends.
type team struct {
	*platform
	id    models.TeamID
	owner models.UserID
	books *ledger.Ledger
}

// team is a team with so many tokens and no daily limit.
func (p *platform) team(tokens models.Tokens) *team {
	p.t.Helper()
	books := ledger.New(p.db.Gorm, p.db.Pool, p.bus, ledger.Options{Cheapest: CheapestCost})
	p.t.Cleanup(books.Close)
	tm := &team{platform: p, id: models.NewTeamID(time.Now()), owner: p.user(), books: books}
	p.exec(`INSERT INTO teams (id, name, created_by, created_at) VALUES ($1, 'Team', $2, now())`, tm.id, tm.owner)
	tm.seat(tm.owner, models.RoleOwner)
	_, err := books.Update(within(p.t), ledger.Change{
		Team: tm.id, Open: &ledger.Opening{TimeZone: "UTC"},
		Decide: func(tx *ledger.Tx) error {
			tx.SetPlatformLimits(false, true, models.NoLimit())
			if tokens > 0 {
				tx.Issue(models.Grant{ID: models.NewGrantID(time.Now()), Source: models.SourceGift, Tokens: tokens}, nil)
			}
			return nil
		},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(tm.check)
	return tm
}

// change changes the team's account as others do.
func (tm *team) change(decide func(tx *ledger.Tx) error) {
	tm.t.Helper()
	if _, err := tm.books.Update(within(tm.t), ledger.Change{Team: tm.id, Decide: decide}); err != nil {
		tm.t.Fatal(err)
	}
}

func (tm *team) issue(tokens models.Tokens) {
	tm.t.Helper()
	tm.change(func(tx *ledger.Tx) error {
		tx.Issue(models.Grant{ID: models.NewGrantID(time.Now()), Source: models.SourceGift, Tokens: tokens}, nil)
		return nil
	})
}

// check holds the team's books against all invariants.
func (tm *team) check() {
	tm.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	report, err := tm.books.Check(ctx, &tm.id)
	if err != nil {
		tm.t.Errorf("check: %v", err)
	}
	for _, d := range report.Discrepancies {
		tm.t.Errorf("check: %s: expected %s, found %s", d.Invariant, d.Expected, d.Found)
	}
}

func (tm *team) balance() models.Balance {
	tm.t.Helper()
	balance, err := tm.books.Balance(within(tm.t), tm.id)
	if err != nil {
		tm.t.Fatal(err)
	}
	return balance
}

// holds compares what the team owns and has reserved.
func (tm *team) holds(available, reserved models.Tokens) {
	tm.t.Helper()
	balance := tm.balance()
	if got, _ := balance.Available.Tokens(); got != available || balance.Reserved != reserved {
		tm.t.Errorf("balance: got %d available and %d reserved, want %d and %d", got, balance.Reserved, available, reserved)
	}
}

func (p *platform) user() models.UserID {
	p.t.Helper()
	id := models.NewUserID(time.Now())
	p.exec(`INSERT INTO users (id, email, name, password_hash, created_at) VALUES ($1, $1 || '@example.com', 'User', '-', now())`, id)
	return id
}

func (tm *team) seat(user models.UserID, role models.TeamRole) models.UserID {
	tm.t.Helper()
	tm.exec(`INSERT INTO memberships (id, team_id, user_id, role, joined_at) VALUES ($1, $2, $3, $4, now())`,
		models.NewMembershipID(time.Now()), tm.id, user, role)
	return user
}

// products makes so many products.
func (tm *team) products(count int) []models.ProductID {
	tm.t.Helper()
	ids := make([]models.ProductID, count)
	texts := make([]string, count)
	for i := range ids {
		ids[i] = models.NewProductID(time.Now())
		texts[i] = string(ids[i])
	}
	tm.exec(`
INSERT INTO products (id, team_id, name, created_at, updated_at)
SELECT id, $2, 'Steel bottle ' || right(id, 4), now(), now()
FROM unnest($1::text[]) AS id`, texts, tm.id)
	return ids
}

func (tm *team) product() models.ProductID {
	tm.t.Helper()
	return tm.products(1)[0]
}

// exec runs a statement beside everything else, as another session.
func (p *platform) exec(sql string, args ...any) {
	p.t.Helper()
	if _, err := p.db.Pool.Exec(within(p.t), sql, args...); err != nil {
		p.t.Fatalf("%v\n%s", err, sql)
	}
}

// one reads a single value.
func one[T any](p *platform, sql string, args ...any) (value T) {
	p.t.Helper()
	if err := p.db.Pool.QueryRow(within(p.t), sql, args...).Scan(&value); err != nil {
		p.t.Fatalf("%v\n%s", err, sql)
	}
	return value
}

var keys atomic.Int64

// keyOf is a key of the user's for an input.
func keyOf(user models.UserID, key, input string) ledger.Key {
	hash := sha256.Sum256([]byte(input))
	return ledger.Key{Caller: user, Key: key, Mutation: "generate", InputHash: hash[:]}
}

func freshKey(user models.UserID) ledger.Key {
	key := fmt.Sprintf("key-%d", keys.Add(1))
	return keyOf(user, key, key)
}

// request is the owner's request with a fresh key.
func (tm *team) request(product models.ProductID, operation models.Operation) Request {
	return Request{Actor: tm.owner, Product: product, Operation: operation, Key: freshKey(tm.owner)}
}

// run requests an operation that must be accepted.
func (tm *team) run(by *process, product models.ProductID, operation models.Operation) models.Generation {
	tm.t.Helper()
	generation, _, err := by.Run(within(tm.t), tm.request(product, operation))
	if err != nil {
		tm.t.Fatalf("run: %v", err)
	}
	return generation
}

// await waits until the generation is as wanted, and returns it.
func (p *process) await(id models.GenerationID, wanted func(models.Generation) bool) models.Generation {
	p.t.Helper()
	ctx := within(p.t)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		generation, err := p.Generation(ctx, id)
		if err != nil {
			p.t.Fatalf("await: %v; last seen %+v", err, generation)
		}
		if wanted(generation) {
			return generation
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			p.t.Fatalf("the generation never became what was waited for: %+v", generation)
		}
	}
}

// finished waits for the generation's end.
func (p *process) finished(id models.GenerationID) models.Generation {
	p.t.Helper()
	return p.await(id, func(g models.Generation) bool { return g.Status.Finished() })
}

// want compares two values that print well.
func want[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
