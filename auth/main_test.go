package auth

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"productgenerator/models"
	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

const (
	annEmail    = "Ann@example.com"
	annPassword = "correct horse battery staple"
)

// clock is the time of a test: it stands still unless it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// reads counts the reads of sessions, and can hold their answers back.
type reads struct {
	mu    sync.Mutex
	count int
	hold  chan struct{} // an answer waits until it is closed; nil: none waits
	held  chan struct{} // gets a value for each answer that waits
}

type readKey struct{}

func (r *reads) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if !strings.Contains(data.SQL, "FROM sessions s") {
		return ctx
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	return context.WithValue(ctx, readKey{}, true)
}

func (r *reads) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	r.mu.Lock()
	hold := r.hold
	r.mu.Unlock()
	if ctx.Value(readKey{}) == nil || hold == nil {
		return
	}
	r.held <- struct{}{}
	<-hold
}

// holdBack makes answers wait from now on, and returns what lets them go.
func (r *reads) holdBack() (letGo func()) {
	hold := make(chan struct{})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hold, r.held = hold, make(chan struct{}, 100)
	return func() {
		r.mu.Lock()
		r.hold = nil
		r.mu.Unlock()
		close(hold)
	}
}

func (r *reads) total() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

// world is all of the package on a database of its own.
type world struct {
	t         *testing.T
	db        *gorm.DB
	clock     *clock
	reads     *reads
	passwords *Passwords
	sessions  *Sessions
	accounts  *Accounts
	derived   *derivations
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, clock: newClock(), reads: &reads{}, derived: &derivations{}}
	w.db = pgtest.NewWith(t, postgres.Options{Tracer: w.reads}).Gorm
	w.passwords = w.derived.count(NewPasswords(2))
	w.sessions = NewSessions(w.db, w.clock.Now)
	w.accounts = NewAccounts(w.db, w.passwords, w.sessions, w.clock.Now)
	return w
}

// another is a second process on the same database.
func (w *world) another() *Sessions { return NewSessions(w.db, w.clock.Now) }

func (w *world) user(email, password string) models.User {
	w.t.Helper()
	hash := must(w.passwords.Hash(w.t.Context(), password))(w.t)
	user := models.User{
		ID: models.NewUserID(w.clock.Now()), Email: email, Name: "Ann", Locale: "en", PasswordHash: hash,
		PlatformRole: models.PlatformUser, CreatedAt: w.clock.Now(),
	}
	check(w.t, gorm.G[models.User](w.db).Create(w.t.Context(), &user))
	w.derived.reset()
	return user
}

// session is a new user's session.
func (w *world) session() (models.User, string) {
	w.t.Helper()
	user := w.user(annEmail, annPassword)
	token, _, err := w.sessions.Start(w.t.Context(), user.ID)
	check(w.t, err)
	return user, token
}

func (w *world) storedSessions() int64 {
	w.t.Helper()
	var count int64
	check(w.t, w.db.WithContext(w.t.Context()).Raw(`SELECT count(*) FROM sessions`).Scan(&count).Error)
	return count
}

// derivations counts how often a key is derived, and the most at once.
type derivations struct {
	mu                  sync.Mutex
	total, running, top int
}

func (d *derivations) count(p *Passwords) *Passwords {
	derive := p.derive
	p.derive = func(password, salt []byte, with parameters) []byte {
		d.mu.Lock()
		d.total++
		d.running++
		d.top = max(d.top, d.running)
		d.mu.Unlock()
		defer func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.running--
		}()
		return derive(password, salt, with)
	}
	return p
}

func (d *derivations) reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.total, d.top = 0, 0
}

func (d *derivations) figures() (total, top int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.total, d.top
}

func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		check(t, err)
		return value
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// within waits for the signal.
func within(t *testing.T, signal <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-signal:
	case <-time.After(patience):
		t.Fatalf("not within %s: %s", patience, what)
	}
}

// withViewer is the context with another viewer, or with none if viewer is nil.
func withViewer(ctx context.Context, viewer *Viewer) context.Context {
	return withCaller(ctx, &caller{address: callerFrom(ctx).address}, viewer)
}
