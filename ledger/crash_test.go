package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"

	"productgenerator/models"
	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
)

func TestTerminatedConnectionsLoseAndDoubleNothing(t *testing.T) {
	const writers, changes, strikes = 16, 40, 40
	p := newPlatform(t)
	teams := []*team{p.funded(1_000_000), p.funded(1_000_000)}
	done := make(chan struct{})
	var struck sync.WaitGroup
	struck.Go(func() {
		pause := time.NewTicker(10 * time.Millisecond)
		defer pause.Stop()
		for range strikes {
			select {
			case <-done:
				return
			case <-pause.C:
				_, _ = p.db.Pool.Exec(context.Background(), `
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'`) // it may strike itself next
			}
		}
	})
	var issued, doubtful atomic.Int64
	atOnce(writers, func(i int) {
		tm := teams[i%len(teams)]
		for n := range changes {
			// A grant without a key, so that nothing but the ledger itself keeps it from being doubled.
			switch _, err := tm.update(Change{Decide: func(tx *Tx) error { tx.Issue(gift(1, nil), nil); return nil }}); {
			case err == nil:
				issued.Add(1)
			case errors.Is(err, ErrInDoubt):
				doubtful.Add(1)
			}
			id := models.NewGenerationID(time.Now())
			reserve := Change{Key: keyOf(tm.owner, fmt.Sprint(i, "/", n), "input"), Decide: func(tx *Tx) error {
				tx.Made(string(id))
				return tx.Reserve(tm.owner, request(id, models.OperationSearchImages))
			}}
			eventually(t, "a change goes through", func() bool {
				_, err := tm.update(reserve)
				return err == nil
			})
		}
	})
	close(done)
	struck.Wait()
	stats := p.ledger.Stats()
	t.Logf("%d strikes at most, %+v, %d in doubt", strikes, stats, doubtful.Load())
	if stats.Retries == 0 {
		t.Error("no transaction was struck")
	}
	want(t, "reservations", one[int](p, `SELECT count(*) FROM reservations`), writers*changes)
	lines := one[int64](p, `SELECT count(*) FROM ledger_entries WHERE kind = 'GRANT'`) - int64(len(teams))
	if lines < issued.Load() || lines > issued.Load()+doubtful.Load() {
		t.Errorf("%d grants, %d acknowledged, %d in doubt", lines, issued.Load(), doubtful.Load())
	}
	p.checkTokens()
}

// cuttable is a connection that is cut at its next commit, once it is armed.
type cuttable struct {
	net.Conn
	arm *atomic.Int32
}

// When a connection is cut.
const (
	never int32 = iota
	beforeCommit
	behindCommit // the database gets the commit, its answer gets lost
)

func (c *cuttable) Write(b []byte) (int, error) {
	if !bytes.Contains(b, []byte("commit\x00")) {
		return c.Conn.Write(b)
	}
	switch c.arm.Swap(never) {
	case beforeCommit:
		c.Conn.Close()
		return 0, errors.New("cut before the commit")
	case behindCommit:
		n, err := c.Conn.Write(b)
		_, _ = c.Conn.Read(make([]byte, 1)) // the database has committed once it answers
		c.Conn.Close()
		return n, err
	default:
		return c.Conn.Write(b)
	}
}

// cuttablePlatform is a platform whose connections can be cut.
func cuttablePlatform(t *testing.T) (*platform, *atomic.Int32) {
	t.Helper()
	config, err := pgxpool.ParseConfig(pgtest.NewURL(t))
	if err != nil {
		t.Fatal(err)
	}
	arm := &atomic.Int32{}
	dial := config.ConnConfig.DialFunc
	config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return &cuttable{conn, arm}, err
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	orm, err := gorm.Open(gormpostgres.New(gormpostgres.Config{Conn: stdlib.OpenDBFromPool(pool)}), &gorm.Config{
		SkipDefaultTransaction: true, TranslateError: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	db := &postgres.DB{Pool: pool, Gorm: orm}
	t.Cleanup(db.Close)
	return platformOn(t, db), arm
}

func TestALinkThatIsCutAroundTheCommitLosesAndDoublesNothing(t *testing.T) {
	p, arm := cuttablePlatform(t)
	tm := p.funded(100)
	for i, when := range []int32{beforeCommit, behindCommit, behindCommit, beforeCommit} {
		arm.Store(when)
		decided := 0
		outcome, err := tm.update(Change{Decide: func(tx *Tx) error {
			decided++
			tx.Issue(gift(10, nil), nil)
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "cut", arm.Load(), never)
		want(t, "decisions", decided, map[int32]int{beforeCommit: 2, behindCommit: 1}[when])
		want(t, "available", tokens(t, outcome.Balance.Available), models.Tokens(110+10*i))
		want(t, "available as stored", tokens(t, tm.balance().Available), models.Tokens(110+10*i))
	}
	p.checkTokens()
}

func TestAKeyedChangeThatPostsNothingIsAnsweredFromItsKeyAfterALostCommit(t *testing.T) {
	p, arm := cuttablePlatform(t)
	tm := p.funded(100)
	arm.Store(behindCommit)
	outcome := tm.must(Change{Key: keyOf(tm.owner, "key", "input"), Decide: func(tx *Tx) error {
		tx.SetPlatformLimits(false, true, models.LimitOf(70))
		tx.Made("done")
		return nil
	}})
	want(t, "replayed", outcome.Replayed, true)
	want(t, "subject", outcome.Subject, "done")
	want(t, "limit", tokens(t, tm.balance().DailyLimit), 70)
}

func TestADatabaseThatIsGoneIsAnErrorForEveryChangeAndReturns(t *testing.T) {
	p := newPlatform(t)
	tm := p.funded(1000)
	name := one[string](p, `SELECT current_database()`)
	admin, err := pgxpool.NewWithConfig(t.Context(), adminConfig(t, p))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	allow := func(allowed bool) {
		sql := fmt.Sprintf("ALTER DATABASE %q WITH ALLOW_CONNECTIONS %t", name, allowed)
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	allow(false)
	if _, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, name); err != nil {
		t.Fatal(err)
	}
	atOnce(64, func(int) {
		if _, err := tm.reserve(models.OperationSearchImages); err == nil {
			t.Error("a change went through without a database")
		}
	})
	allow(true)
	eventually(t, "changes go through again", func() bool {
		_, err := tm.reserve(models.OperationSearchImages)
		return err == nil
	})
	want(t, "reserved", tm.balance().Reserved, 10)
	p.checkTokens()
}

func adminConfig(t *testing.T, p *platform) *pgxpool.Config {
	t.Helper()
	config := p.db.Pool.Config().Copy()
	config.ConnConfig.Database = "postgres"
	config.MaxConns = 1
	return config
}
