package pgtest_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
)

func TestMain(m *testing.M) {
	abandoned, err := plantAbandoned()
	if err != nil {
		panic(err)
	}
	code := pgtest.Run(m)
	if _, err := os.Stat(abandoned); err == nil {
		println("pgtest: what a killed test process left behind stays:", abandoned)
		code = 1
	}
	os.Exit(code)
}

// plantAbandoned makes what a killed test process leaves behind: a directory whose lock nobody holds.
func plantAbandoned() (string, error) {
	dir, err := os.MkdirTemp("/tmp", "pgtest-")
	if err != nil {
		return "", err
	}
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o755); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "data", "postgres.lock"), []byte("1\n"), 0o644)
}

func tables(t *testing.T, db *postgres.DB) int {
	t.Helper()
	var n int
	err := db.Pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEachTestHasAMigratedDatabaseOfItsOwn(t *testing.T) {
	first, second := pgtest.New(t), pgtest.New(t)
	if err := postgres.Migrated(t.Context(), first); err != nil {
		t.Error(err)
	}
	before := tables(t, second)
	if before == 0 {
		t.Error("a migrated database has no tables")
	}
	if _, err := first.Pool.Exec(t.Context(), "CREATE TABLE mine (id int)"); err != nil {
		t.Fatal(err)
	}
	if after := tables(t, second); after != before {
		t.Errorf("the other database has %d tables, had %d", after, before)
	}
}

func TestADatabaseIsDroppedWithItsTestWhoeverIsConnected(t *testing.T) {
	outer := pgtest.New(t)
	var name string
	var stayed *pgx.Conn
	t.Run("inner", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), pgtest.NewURL(t))
		if err != nil {
			t.Fatal(err)
		}
		stayed, name = conn, conn.Config().Database
	})
	defer stayed.Close(context.Background())
	var exists bool
	err := outer.Pool.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err != nil || exists {
		t.Errorf("database %s exists: %v, %v", name, exists, err)
	}
}

func TestAnEmptyDatabaseHasNoSchema(t *testing.T) {
	db, err := postgres.Open(t.Context(), pgtest.NewEmptyURL(t), postgres.Options{AllowUnsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if n := tables(t, db); n != 0 {
		t.Errorf("it has %d tables", n)
	}
}

// Opening without AllowUnsafe is the check: NewDurable does.
func TestADurableDatabaseHasProductionsSettings(t *testing.T) {
	db := pgtest.NewDurable(t)
	if err := postgres.Migrated(t.Context(), db); err != nil {
		t.Error(err)
	}
	var fsync string
	if err := db.Pool.QueryRow(t.Context(), "SHOW fsync").Scan(&fsync); err != nil || fsync != "on" {
		t.Errorf("fsync is %q, %v", fsync, err)
	}
}

func TestATestMayBringItsOwnTracer(t *testing.T) {
	var seen tracer
	db := pgtest.NewWith(t, postgres.Options{Tracer: &seen})
	if _, err := db.Pool.Exec(t.Context(), "SELECT 'traced'"); err != nil {
		t.Fatal(err)
	}
	if seen.last != "SELECT 'traced'" {
		t.Errorf("the tracer saw %q", seen.last)
	}
}

// tracer keeps the last statement of a pool that one goroutine uses.
type tracer struct{ last string }

func (t *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	t.last = data.SQL
	return ctx
}

func (t *tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func BenchmarkNew(b *testing.B) {
	pgtest.NewURL(b) // starts the server
	for b.Loop() {
		pgtest.NewURL(b)
	}
}
