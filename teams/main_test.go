package teams

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
)

func TestMain(m *testing.M) {
	code := pgtest.Run(m)
	// The servers have stopped and every test has closed its ledger: whatever runs now has no owner.
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

const (
	// welcomeTokens is what a user's first team gets.
	welcomeTokens = models.Tokens(195)
	// patience is how long a test waits for what has to happen.
	patience = 30 * time.Second
)

// world is teams on a database of their own.
type world struct {
	*Teams
	t  *testing.T
	db *postgres.DB
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := pgtest.New(t)
	return &world{Teams: newTeams(t, db), t: t, db: db}
}

// newTeams is one process on that database.
func newTeams(t *testing.T, db *postgres.DB) *Teams {
	t.Helper()
	l := ledger.New(db.Gorm, db.Pool, silence{}, ledger.Options{Cheapest: 10})
	t.Cleanup(l.Close)
	return New(db.Gorm, l, Options{WelcomeTokens: welcomeTokens, Now: time.Now})
}

// silence is a bus that nobody listens to.
type silence struct{}

func (silence) Publish(...string) {}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	w.t.Cleanup(cancel)
	return ctx
}

// signUp is a new user with a team.
func (w *world) signUp(name string) (models.User, models.Team) {
	w.t.Helper()
	user, err := w.SignUp(w.ctx(), newUser(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return user, w.teamOf(user)
}

// teamOf is the first team of a user.
func (w *world) teamOf(user models.User) models.Team {
	w.t.Helper()
	places, err := w.MembershipsOf(w.ctx(), []models.UserID{user.ID}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	team, err := w.Team(w.ctx(), places[user.ID][0].TeamID)
	if err != nil {
		w.t.Fatal(err)
	}
	return team
}

func newUser(name string) NewUser {
	return NewUser{
		Email: name + "@example.com", Name: name, PasswordHash: "-", Locale: "en", TeamName: name + "'s team",
		TimeZone: "Europe/Madrid",
	}
}

// join makes the user a member of the team as that.
func (w *world) join(team models.Team, user models.User, role models.TeamRole) models.Membership {
	w.t.Helper()
	token := w.invite(team, role)
	member, err := w.AcceptInvitation(w.ctx(), user.ID, token)
	if err != nil {
		w.t.Fatal(err)
	}
	return member
}

// invite is the token of an invitation by the team's creator.
func (w *world) invite(team models.Team, role models.TeamRole) string {
	w.t.Helper()
	_, token, err := w.Invite(w.ctx(), Invite{Team: team.ID, Inviter: team.CreatedBy, Email: "guest@example.com", Role: role})
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

func (w *world) balance(team models.TeamID) models.Balance {
	w.t.Helper()
	balance, err := w.ledger.Balance(w.ctx(), team)
	if err != nil {
		w.t.Fatal(err)
	}
	return balance
}

func (w *world) available(team models.TeamID) models.Tokens {
	w.t.Helper()
	return w.balance(team).Available.API()
}

// count is the number that a query selects.
func (w *world) count(sql string, args ...any) (count int) {
	w.t.Helper()
	if err := w.db.Pool.QueryRow(w.t.Context(), sql, args...).Scan(&count); err != nil {
		w.t.Fatal(err)
	}
	return count
}

// waitFor asks until the count that a query selects is more than none.
func (w *world) waitFor(sql string) {
	w.t.Helper()
	ctx := w.ctx()
	for w.count(sql) == 0 {
		if ctx.Err() != nil {
			w.t.Fatalf("it never came to that: %s", sql)
		}
	}
}

// checked fails the test where the books do not add up.
func (w *world) checked() {
	w.t.Helper()
	report, err := w.ledger.Check(w.ctx(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, found := range report.Discrepancies {
		w.t.Errorf("%s: %s: want %s, got %s", found.Team, found.Invariant, found.Expected, found.Found)
	}
}

// atOnce runs all at the same moment and gives their errors.
func atOnce(times int, run func(i int) error) []error {
	errs := make([]error, times)
	start := make(chan struct{})
	var running sync.WaitGroup
	for i := range times {
		running.Go(func() {
			<-start
			errs[i] = run(i)
		})
	}
	close(start)
	running.Wait()
	return errs
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
