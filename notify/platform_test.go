package notify

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"productgenerator/bus"
	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
)

// patience is how long a test waits for what has to happen.
const patience = 30 * time.Second

// quickTiming waits for little, and tries again at once.
func quickTiming() timing {
	return timing{
		pause: 5 * time.Millisecond, poll: 100 * time.Millisecond, fetch: 20 * time.Millisecond,
		sweep: 50 * time.Millisecond, abandoned: 2 * time.Minute,
		delivery: patience, webhook: patience, smtp: patience,
		firstRetry: 10 * time.Millisecond, lastRetry: 50 * time.Millisecond, grace: patience,
	}
}

// platform is a database that several processes share.
type platform struct {
	t     testing.TB
	url   string
	db    *postgres.DB
	books *ledger.Ledger
}

func newPlatform(t testing.TB) *platform {
	t.Helper()
	p := &platform{t: t, url: pgtest.NewURL(t)}
	p.db = p.open()
	p.books = ledger.New(p.db.Gorm, p.db.Pool, bus.NewMemory(), ledger.Options{Cheapest: 10})
	t.Cleanup(p.books.Close)
	return p
}

func (p *platform) open() *postgres.DB {
	p.t.Helper()
	db, err := postgres.Open(within(p.t), p.url, postgres.Options{AllowUnsafe: true})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(db.Close)
	return db
}

// describe is a sentence from which one sees what it was made of.
func describe(w models.LimitWarning, zone, locale string) string {
	return fmt.Sprintf("<%s> of %d in %s, %s", w.Kind, w.Value, zone, locale)
}

// process is a notifier of its own, with what it has logged and counted.
type process struct {
	*Notifier
	t       testing.TB
	log     *record
	halting sync.Once

	mu       sync.Mutex // protects outcomes
	outcomes map[Outcome]int
}

// settings are what a test changes of a process.
type settings struct {
	Options
	timing timing
	world  outside
}

// process starts a notifier that may reach this machine. It stops with the test.
func (p *platform) process(change func(*settings)) *process {
	p.t.Helper()
	proc := &process{t: p.t, log: new(record), outcomes: map[Outcome]int{}}
	db := p.open()
	s := settings{timing: quickTiming(), Options: Options{
		DB: db.Gorm, Pool: db.Pool, PublicURL: "https://tokens.example.com", AllowPrivate: true, Describe: describe,
		Log: slog.New(slog.NewTextHandler(proc.log, nil)), Now: time.Now, Observe: proc.count,
	}}
	if change != nil {
		change(&s)
	}
	n, err := newWith(s.Options, s.timing, s.world)
	if err != nil {
		p.t.Fatal(err)
	}
	proc.Notifier = n
	p.t.Cleanup(proc.halt)
	if err := n.Start(within(p.t)); err != nil {
		p.t.Fatal(err)
	}
	return proc
}

func (p *process) halt() {
	p.halting.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			p.t.Errorf("stop: %v", err)
		}
	})
}

func (p *process) count(_ Channel, o Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outcomes[o]++
}

func (p *process) counted(o Outcome) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.outcomes[o]
}

// record keeps what is logged.
type record struct {
	mu   sync.Mutex // protects text
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// team is a team with an account and no alert rules.
type team struct {
	*platform
	id       models.TeamID
	sequence int
}

func (p *platform) team(name string) *team {
	p.t.Helper()
	tm := &team{platform: p, id: models.NewTeamID(time.Now())}
	p.exec(`INSERT INTO teams (id, name, created_by, created_at) VALUES ($1, $2, $3, now())`, tm.id, name, p.user("en"))
	_, err := p.books.Update(within(p.t), ledger.Change{
		Team: tm.id, Open: &ledger.Opening{TimeZone: "Europe/Madrid"}, Decide: func(*ledger.Tx) error { return nil },
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.exec(`DELETE FROM alert_rules WHERE team_id = $1`, tm.id)
	return tm
}

// addressOf is a user's e-mail address.
func addressOf(user models.UserID) string { return string(user) + "@example.com" }

func (p *platform) user(locale string) models.UserID {
	p.t.Helper()
	id := models.NewUserID(time.Now())
	p.exec(`INSERT INTO users (id, email, name, locale, password_hash, created_at) VALUES ($1, $2, 'User', $3, '-', now())`,
		id, addressOf(id), locale)
	return id
}

// seat gives the team a member, who is new.
func (tm *team) seat(role models.TeamRole, locale string) models.UserID {
	tm.t.Helper()
	user := tm.user(locale)
	tm.exec(`INSERT INTO memberships (id, team_id, user_id, role, joined_at) VALUES ($1, $2, $3, $4, now())`,
		models.NewMembershipID(time.Now()), tm.id, user, role)
	return user
}

// rule gives the team an alert rule: with a webhook unless url is empty.
func (tm *team) rule(metric models.AlertMetric, email bool, url string) models.AlertRuleID {
	tm.t.Helper()
	id := models.NewAlertRuleID(time.Now())
	tm.exec(`
INSERT INTO alert_rules (id, team_id, metric, threshold, email, webhook_url, webhook_secret, enabled, created_at, updated_at)
VALUES ($1, $2, $3, 80, $4, nullif($5, ''), CASE WHEN $5 <> '' THEN $6 END, true, now(), now())`,
		id, tm.id, metric, email, url, secretOf(id))
	return id
}

// raise stores a warning as the ledger does.
func (tm *team) raise(change func(*models.LimitWarning)) models.LimitWarning {
	tm.t.Helper()
	tm.sequence++
	now := time.Now().UTC().Truncate(time.Microsecond)
	limit := models.Tokens(650)
	w := models.LimitWarning{
		ID: models.NewLimitWarningID(now), TeamID: tm.id, Sequence: int64(tm.sequence), Kind: models.WarningDailyLimitReached,
		Threshold: 650, Value: 645, DailyLimit: &limit, BalanceVersion: 7, RaisedAt: now,
	}
	if change != nil {
		change(&w)
	}
	if err := tm.db.Gorm.WithContext(within(tm.t)).Create(&w).Error; err != nil {
		tm.t.Fatal(err)
	}
	return w
}

// exec runs a statement beside everything else.
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

// settled waits until all warnings are dispatched and all deliveries have ended.
func (p *platform) settled() {
	p.t.Helper()
	await(p.t, "every delivery has ended", func() bool {
		return one[bool](p, `
SELECT NOT EXISTS (SELECT FROM limit_warnings WHERE dispatched_at IS NULL)
	AND NOT EXISTS (SELECT FROM river_job WHERE state NOT IN ('completed', 'cancelled', 'discarded'))`)
	})
}

// states are how many deliveries are in which state.
func (p *platform) states() map[string]int {
	p.t.Helper()
	states := map[string]int{}
	rows, err := p.db.Pool.Query(within(p.t), `SELECT state::text, count(*)::int FROM river_job GROUP BY state`)
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var state string
		var count int
		if err := rows.Scan(&state, &count); err != nil {
			p.t.Fatal(err)
		}
		states[state] = count
	}
	return states
}

// within is a context with the test's patience.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// await looks until the condition holds.
func await(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(patience)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !condition() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("waited %s in vain until %s", patience, what)
		}
	}
}
