package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"productgenerator/models"
	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
)

// atOnce runs the same many times at once and waits for all.
func atOnce(n int, do func(i int)) {
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-begin
			do(i)
		})
	}
	close(begin)
	all.Wait()
}

// checkTokens checks the invariants of the ledger's own tables.
func (p *platform) checkTokens() {
	p.t.Helper()
	p.checkClean(p.ledger, tokenInvariants())
}

func TestOf64AtOnceJustAsManySucceedAsThereAreTokensFor(t *testing.T) {
	const enough = 7
	tm := newPlatform(t).funded(enough*65 + 64)
	var accepted, refused atomic.Int64
	atOnce(64, func(int) {
		_, err := tm.reserve(models.OperationGenerateAll)
		var refusal *models.Refusal
		switch {
		case err == nil:
			accepted.Add(1)
		case errors.As(err, &refusal):
			refused.Add(1)
		default:
			t.Error(err)
		}
	})
	want(t, "accepted", accepted.Load(), enough)
	want(t, "refused", refused.Load(), 64-enough)
	want(t, "available", tokens(t, tm.balance().Available), 64)
	tm.checkTokens()
}

func TestOf64FirstRequestsOfABrandNewTeamJustAsManySucceed(t *testing.T) {
	p := newPlatform(t)
	tm := &team{platform: p, id: models.NewTeamID(time.Now()), owner: p.user()}
	p.exec(`INSERT INTO teams (id, name, created_by, created_at) VALUES ($1, 'Team', $2, now())`, tm.id, tm.owner)
	tm.join(tm.owner, models.RoleOwner)
	welcome := "welcome"
	var accepted atomic.Int64
	atOnce(64, func(int) {
		_, err := tm.update(Change{
			Open: &Opening{TimeZone: "UTC"},
			Key:  keyOf(tm.owner, welcome, welcome),
			Decide: func(tx *Tx) error {
				grant := gift(130, nil)
				grant.EffectKey = &welcome
				tx.Issue(grant, nil)
				tx.Made(string(grant.ID))
				return nil
			},
		})
		if err != nil {
			t.Error(err)
		}
		if _, err := tm.reserve(models.OperationGenerateAll); err == nil {
			accepted.Add(1)
		}
	})
	want(t, "accepted", accepted.Load(), 2)
	want(t, "grants", one[int](p, `SELECT count(*) FROM grants`), 1)
	p.checkTokens()
}

func TestFiftyTeamsAtOnceEachSpendTheirOwn(t *testing.T) {
	p := newPlatform(t)
	teams := make([]*team, 50)
	for i := range teams {
		teams[i] = p.funded(models.Tokens(i%4) * 65)
	}
	accepted := make([]atomic.Int64, len(teams))
	atOnce(len(teams)*6, func(i int) {
		at := i % len(teams)
		if _, err := teams[at].reserve(models.OperationGenerateAll); err == nil {
			accepted[at].Add(1)
		}
	})
	for i := range teams {
		want(t, fmt.Sprintf("accepted of team %d", i), accepted[i].Load(), int64(i%4))
	}
	p.checkTokens()
}

func TestTwoProcessesShareHotTeamsExactlyAndNeitherStarves(t *testing.T) {
	const writers, rounds = 16, 25
	url := pgtest.NewURL(t)
	var dbs [2]*postgres.DB
	for i := range dbs {
		dbs[i] = openDatabase(t, url)
	}
	p := platformOn(t, dbs[0])
	ledgers := [2]*Ledger{p.ledger, p.newLedger(dbs[1])}
	teams := []*team{p.funded(1_000_000), p.funded(1_000_000), p.funded(1_000_000)}
	var slowest [2]atomic.Int64
	atOnce(2*writers, func(i int) {
		which := i % 2
		for n := range rounds {
			tm := *teams[(i/2+n)%len(teams)]
			shared := *tm.platform
			shared.ledger = ledgers[which]
			tm.platform = &shared
			began := time.Now()
			id, err := tm.reserve(models.OperationSearchImages)
			if err == nil {
				_, err = tm.capture(id, models.PartImages)
			}
			if err != nil {
				t.Errorf("process %d: %v", which, err)
			}
			for took := int64(time.Since(began)); took > slowest[which].Load(); {
				slowest[which].Store(took)
			}
		}
	})
	consumed := models.Tokens(0)
	for _, tm := range teams {
		consumed += tm.balance().ConsumedToday
	}
	want(t, "consumed", consumed, 2*writers*rounds*10)
	want(t, "versions", one[int](p, `SELECT count(DISTINCT (team_id, balance_version)) FROM ledger_entries`),
		len(teams)+2*2*writers*rounds)
	for which := range slowest {
		stats := ledgers[which].Stats()
		t.Logf("process %d: %+v, slowest %s", which, stats, time.Duration(slowest[which].Load()))
		if stats.Changes < writers*rounds*2 {
			t.Errorf("process %d answered %d changes", which, stats.Changes)
		}
	}
	p.checkTokens()
}

func TestAKeyUsedEightTimesAtOnceHasOneEffectAndOneAnswer(t *testing.T) {
	tm := newPlatform(t).funded(1000)
	for round := range 10 {
		var mu sync.Mutex
		var answers []string
		var firsts int
		atOnce(8, func(int) {
			id := models.NewGenerationID(time.Now())
			outcome, err := tm.update(Change{
				Key: keyOf(tm.owner, fmt.Sprint("key ", round), "input"),
				Decide: func(tx *Tx) error {
					tx.Made(string(id))
					return tx.Reserve(tm.owner, request(id, models.OperationSearchImages))
				},
			})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			answers = append(answers, outcome.Subject)
			if !outcome.Replayed {
				firsts++
			}
		})
		slices.Sort(answers)
		want(t, "different answers", len(slices.Compact(answers)), 1)
		want(t, "effects", firsts, 1)
	}
	want(t, "reserved", tm.balance().Reserved, 100)
	tm.checkTokens()
}

// holdRow locks a team's balance as a session that has nothing to do with the ledger, until release is called.
func (tm *team) holdRow() (release func()) {
	tm.t.Helper()
	conn, err := pgx.ConnectConfig(context.Background(), tm.db.Pool.Config().ConnConfig.Copy())
	if err != nil {
		tm.t.Fatal(err)
	}
	run := func(sql string, args ...any) {
		if _, err := conn.Exec(context.Background(), sql, args...); err != nil {
			tm.t.Error(err)
		}
	}
	run(`SET idle_in_transaction_session_timeout = 0`)
	run(`BEGIN`)
	run(`SELECT FROM balances WHERE team_id = $1 FOR UPDATE`, tm.id)
	var once sync.Once
	release = func() { once.Do(func() { run(`ROLLBACK`); conn.Close(context.Background()) }) }
	tm.t.Cleanup(release)
	return release
}

func TestARowThatSomeoneElseHoldsStallsNobodyElse(t *testing.T) {
	p := newPlatform(t)
	other := p.funded(100_000)
	release := make([]func(), 30) // more than the pool has connections
	held := make([]*team, len(release))
	for i := range held {
		held[i] = p.funded(100)
		release[i] = held[i].holdRow()
	}
	var answered atomic.Int64
	var stalled sync.WaitGroup
	for _, tm := range held {
		stalled.Go(func() {
			if _, err := tm.reserve(models.OperationSearchImages); err != nil {
				t.Errorf("a held team: %v", err)
			}
			answered.Add(1)
		})
	}
	began := time.Now()
	for range 100 {
		other.mustReserve(models.OperationSearchImages)
		other.balance()
	}
	took := time.Since(began)
	want(t, "held teams that were answered", answered.Load(), 0)
	// A change that waits for a held row does so for 2 s.
	if took > 10*time.Second {
		t.Errorf("100 changes of a free team took %s", took)
	}
	for _, let := range release {
		let()
	}
	stalled.Wait()
	p.checkTokens()
}

func TestARowThatIsHeldForTooLongMakesTheTeamBusyAndNothingHappens(t *testing.T) {
	tm := newPlatform(t).funded(100)
	release := tm.holdRow()
	began := time.Now()
	atOnce(20, func(int) {
		if _, err := tm.reserve(models.OperationSearchImages); !errors.Is(err, ErrBusy) {
			t.Errorf("got %v, want ErrBusy", err)
		}
	})
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("it took %s to say so", took)
	}
	release()
	want(t, "reserved", tm.balance().Reserved, 0)
	tm.mustReserve(models.OperationSearchImages)
	tm.checkTokens()
}

func TestAChangeThatMisbehavesFailsAlone(t *testing.T) {
	tm := newPlatform(t).funded(10_000)
	torn := errors.New("refused after a change")
	failing := &Statement[int]{
		Rank:    RankAfter,
		SQL:     `INSERT INTO settings (id) SELECT true FROM unnest($1::int[])`, // there is a row already
		Columns: func(rows []int) []any { return []any{rows} },
	}
	panicking := &Statement[int]{
		Rank:    RankAfter,
		SQL:     `SELECT FROM unnest($1::int[])`,
		Columns: func([]int) []any { panic("columns") },
	}
	misbehave := []func(tx *Tx) error{
		func(*Tx) error { panic("decide") },
		func(tx *Tx) error { tx.Issue(gift(1, nil), nil); return torn },
		func(tx *Tx) error { failing.Stage(tx, 1); return torn },
		func(tx *Tx) error { failing.Stage(tx, 1); return nil },
		func(tx *Tx) error { panicking.Stage(tx, 1); return nil },
		func(tx *Tx) error { tx.Issue(models.Grant{ID: "", Tokens: 0}, nil); return nil },
	}
	const each = 8
	var wellBehaved atomic.Int64
	atOnce(each*2*len(misbehave), func(i int) {
		if i%2 == 0 {
			if _, err := tm.reserve(models.OperationSearchImages); err != nil {
				t.Errorf("a change that behaves: %v", err)
			} else {
				wellBehaved.Add(1)
			}
			return
		}
		if _, err := tm.update(Change{Decide: misbehave[i/2%len(misbehave)]}); err == nil {
			t.Errorf("misbehaviour %d was accepted", i/2%len(misbehave))
		}
	})
	want(t, "reserved", tm.balance().Reserved, models.Tokens(10*wellBehaved.Load()))
	want(t, "lines", len(tm.entries()), int(1+wellBehaved.Load()))
	tm.checkTokens()
}

func TestARefusalAfterAChangeIsAnsweredWithItsOwnError(t *testing.T) {
	tm := newPlatform(t).funded(0)
	torn := errors.New("refused after a change")
	_, err := tm.update(Change{Decide: func(tx *Tx) error { tx.Issue(gift(1, nil), nil); return torn }})
	if !errors.Is(err, torn) {
		t.Errorf("got %v", err)
	}
	want(t, "lines", len(tm.entries()), 0)
}

func TestACallerWhoLeavesStopsNobodyAndItsKeyTellsWhatHappened(t *testing.T) {
	tm := newPlatform(t).funded(1000)
	inside, leave := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	key := keyOf(tm.owner, "key", "input")
	id := models.NewGenerationID(time.Now())
	decide := func(tx *Tx) error {
		tx.Made(string(id))
		return tx.Reserve(tm.owner, request(id, models.OperationSearchImages))
	}
	gone := make(chan error, 1)
	go func() {
		_, err := tm.ledger.Update(ctx, Change{Team: tm.id, Actor: tm.owner, Key: key, Decide: func(tx *Tx) error {
			close(inside)
			<-leave
			return decide(tx)
		}})
		gone <- err
	}()
	<-inside
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the caller's own end", err)
	}
	close(leave)
	outcome := tm.must(Change{Key: key, Decide: decide})
	want(t, "replayed", outcome.Replayed, true)
	want(t, "subject", outcome.Subject, string(id))

	_, err := tm.ledger.Update(ctx, Change{Team: tm.id, Actor: tm.owner, Decide: func(*Tx) error {
		t.Error("a change was decided whose caller had gone before")
		return nil
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the caller's own end", err)
	}
	tm.must(Change{Decide: func(*Tx) error { return nil }})
	want(t, "reserved", tm.balance().Reserved, 10)
}

func TestCloseAnswersWhatWaitsAndTakesNoMore(t *testing.T) {
	p := newPlatform(t)
	tm := p.funded(100_000)
	before := goleak.IgnoreCurrent()
	ledger := p.newLedger(p.db)
	shared := *p
	shared.ledger = ledger
	tm.platform = &shared

	inside, goOn := make(chan struct{}), make(chan struct{})
	var changes sync.WaitGroup
	var answered atomic.Int64
	changes.Go(func() {
		tm.must(Change{Decide: func(*Tx) error { close(inside); <-goOn; return nil }})
	})
	<-inside
	for range 100 {
		changes.Go(func() {
			if _, err := tm.reserve(models.OperationSearchImages); err != nil {
				t.Error(err)
			}
			answered.Add(1)
		})
	}
	eventually(t, "all changes wait", func() bool { return waiting(ledger) == 100 })
	closed := make(chan struct{})
	go func() { ledger.Close(); close(closed) }()
	close(goOn)
	select {
	case <-closed:
	case <-time.After(patience):
		t.Fatal("Close does not return")
	}
	changes.Wait()
	want(t, "answered", answered.Load(), 100)
	if _, err := tm.reserve(models.OperationSearchImages); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
	ledger.Close()
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
}

func waiting(l *Ledger) int {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	return len(l.queue.waiting)
}
