package ledger

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
)

// clockedDatabase is a database whose clock shows what an SQL expression says of the interval or instant in a table,
// which set replaces. A schema in front of PostgreSQL's own has the functions that tell the time, in every session that
// begins from now on.
func clockedDatabase(t testing.TB, kind, expression string, first any) (url string, set func(value any)) {
	t.Helper()
	url = pgtest.NewURL(t)
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
CREATE TABLE given_time.clock (value ` + kind + ` NOT NULL);
CREATE FUNCTION given_time.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql
	AS 'SELECT ` + expression + ` FROM given_time.clock';
CREATE FUNCTION given_time.now() RETURNS timestamptz STABLE LANGUAGE sql AS 'SELECT ` + expression + ` FROM given_time.clock';
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = given_time, pg_catalog, public', current_database()); END $$`)
	run(`INSERT INTO given_time.clock VALUES ($1)`, first)
	return url, func(value any) {
		t.Helper()
		run(`UPDATE given_time.clock SET value = $1`, value)
	}
}

// timedPlatform is a platform whose database's clock stands at what the test sets.
func timedPlatform(t testing.TB, at time.Time) (p *platform, set func(time.Time)) {
	t.Helper()
	url, set0 := clockedDatabase(t, "timestamptz", "value", at)
	return platformOn(t, openDatabase(t, url)), func(at time.Time) { set0(at) }
}

// openDatabase opens a pool of its own on a database.
func openDatabase(t testing.TB, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, postgres.Options{AllowUnsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}
