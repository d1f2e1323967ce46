package ledger

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
)

// What goes through PostgreSQL: teams at work at the same time, each with commandsAMove between two moves of the clock.
const (
	workingTeams = 16
	clockMoves   = 80
)

// timedPlatform is a platform whose database's clock shows what the test sets: in each session, a schema in front of
// PostgreSQL's own has the functions that tell the time.
func timedPlatform(t testing.TB, at time.Time) (p *platform, set func(time.Time)) {
	t.Helper()
	url := pgtest.NewURL(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	run := func(sql string, args ...any) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
	}
	run(`
CREATE SCHEMA given_time;
CREATE TABLE given_time.instant (at timestamptz NOT NULL);
CREATE FUNCTION given_time.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql AS 'SELECT at FROM given_time.instant';
CREATE FUNCTION given_time.now() RETURNS timestamptz STABLE LANGUAGE sql AS 'SELECT at FROM given_time.instant';
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = given_time, pg_catalog, public', current_database()); END $$`)
	run(`INSERT INTO given_time.instant VALUES ($1)`, at)
	db, err := postgres.Open(t.Context(), url, postgres.Options{AllowUnsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return platformOn(t, db), func(at time.Time) { run(`UPDATE given_time.instant SET at = $1`, at) }
}

// storedTrial holds a team's stored account against the model.
type storedTrial struct {
	*trial
	team *team
}

func (tr *storedTrial) step(now time.Time) string {
	var c command
	switch n := tr.chance.IntN(100); {
	case n < 16:
		c = tr.issue()
	case n < 50:
		c = tr.reserve()
	case n < 92:
		c = tr.settle()
	default:
		c = tr.decree()
	}
	tr.model.advance(now)
	if c.sql != "" {
		_, err := tr.team.db.Pool.Exec(context.Background(), c.sql, append([]any{tr.team.id}, c.args...)...)
		return c.expect(err)
	}
	change := Change{Actor: c.actor, Decide: func(tx *Tx) error { return c.apply(tx.Account) }}
	if c.reservation != "" {
		change.Reservations = []models.GenerationID{c.reservation}
	}
	outcome, err := tr.team.update(change)
	if fault := c.expect(err); fault != "" {
		return fault
	}
	if err != nil {
		return ""
	}
	return tr.balanceFault(outcome.Balance)
}

// differs compares what is stored with the model.
func (tr *storedTrial) differs(ctx context.Context) string {
	account, err := tr.team.ledger.Account(ctx, tr.team.id, tr.people...)
	if err != nil {
		return err.Error()
	}
	if fault := tr.balanceFault(account.Balance()); fault != "" {
		return "as read: " + fault
	}
	for _, who := range tr.people {
		if used := account.Member(who).Used; int(used) != tr.model.used(tr.model.day(), who) {
			return fmt.Sprintf("%s used %d, in the model %d", who, used, tr.model.used(tr.model.day(), who))
		}
	}
	ids := make([]models.GrantID, len(tr.model.grants))
	for i, g := range tr.model.grants {
		ids[i] = g.id
	}
	grants, err := tr.team.ledger.GrantsByID(ctx, ids)
	if err != nil {
		return err.Error()
	}
	for _, g := range tr.model.grants {
		if fault := g.fault(grants[g.id]); fault != "" {
			return fault
		}
	}
	return ""
}

func TestRandomHistoriesThroughPostgreSQLEqualTheModel(t *testing.T) {
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	all := calendars(t)
	now := oddTimes[0]
	until := now.AddDate(0, 0, historyDays)
	p, setClock := timedPlatform(t, now)
	trials := make([]*storedTrial, workingTeams)
	for i := range trials {
		tm := p.team(oddZones[i%len(oddZones)])
		people := []models.UserID{tm.owner, p.user(), p.user()}
		for _, who := range people[1:] {
			tm.join(who, models.RoleMember)
		}
		tr := newTrial(rand.New(rand.NewPCG(seed, uint64(i))), all[oddZones[i%len(oddZones)]][0], now, people)
		tr.model.defaultLimit = models.LimitOf(650)
		tr.tag = fmt.Sprintf("%02d", i)
		trials[i] = &storedTrial{tr, tm}
	}
	for move := range clockMoves {
		var teams sync.WaitGroup
		for i, tr := range trials {
			teams.Go(func() {
				for n := range commandsAMove {
					if fault := tr.step(now); fault != "" {
						t.Errorf("seed %d, team %d, move %d, command %d, %s: %s", seed, i, move, n, now, fault)
						return
					}
				}
			})
		}
		teams.Wait()
		if t.Failed() {
			return
		}
		step := time.Duration(random.IntN(26*60)) * time.Minute
		if end := trials[random.IntN(len(trials))].model.calendar.endOf(now); random.IntN(3) == 0 {
			step = end.Sub(now)
		}
		if now.Add(step).Before(until) {
			now = now.Add(step)
			setClock(now)
		}
	}
	for i, tr := range trials {
		tr.model.advance(now)
		if fault := tr.differs(t.Context()); fault != "" {
			t.Errorf("seed %d, team %d in the end: %s", seed, i, fault)
		}
		if err := p.ledger.PostTime(t.Context(), tr.team.id); err != nil {
			t.Fatal(err)
		}
		if fault := tr.differs(t.Context()); fault != "" {
			t.Errorf("seed %d, team %d once time is posted: %s", seed, i, fault)
		}
	}
	report := p.checkClean(p.ledger, balanceInvariants, entryInvariants, grantInvariants, reservationInvariants, sumInvariants)
	stats := p.ledger.Stats()
	t.Logf("%d commands in %d transactions, %d lines", workingTeams*clockMoves*commandsAMove, stats.Transactions, report.EntriesChecked)
}
