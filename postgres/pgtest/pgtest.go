//go:build unix

// Package pgtest gives every test a migrated PostgreSQL database of its own, on an embedded server that the tests of a
// package share. It owns the server and the databases; what is in them is the tests'.
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
//	func TestSomething(t *testing.T) {
//		db := pgtest.New(t)
//		…
//	}
//
// The server starts with the first test that needs it. Its data is thrown away at the end, so it does not wait for the
// disk; a test that is about not losing data asks for NewDurable.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"productgenerator/postgres"
)

// limit bounds each thing done here, a server's start included.
const limit = 2 * time.Minute

// closeLimit is how long a test's connections may take to be given back after it has ended.
const closeLimit = 20 * time.Second

// Main runs a package's tests and ends the process with their result. It is all that TestMain has to call.
func Main(m *testing.M) {
	os.Exit(Run(m))
}

// Run runs a package's tests, stops the servers they started, and returns the exit code: Main for a TestMain that has
// more to do.
func Run(m *testing.M) int {
	running.open()
	code := m.Run()
	if err := running.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		return max(code, 1)
	}
	return code
}

// New returns a migrated database that no other test sees. It is closed and dropped when the test ends.
func New(t testing.TB) *postgres.DB {
	t.Helper()
	return openDB(t, NewURL(t), postgres.Options{AllowUnsafe: true})
}

// NewWith is New with options of the test's own, such as a tracer.
func NewWith(t testing.TB, o postgres.Options) *postgres.DB {
	t.Helper()
	o.AllowUnsafe = true
	return openDB(t, NewURL(t), o)
}

// NewDurable is New on a server with production's settings, which waits for the disk at every commit.
func NewDurable(t testing.TB) *postgres.DB {
	t.Helper()
	return openDB(t, NewDurableURL(t), postgres.Options{})
}

// NewURL returns the connection string of a migrated database, for tests that start processes. It is dropped when the
// test ends, whoever is still connected.
func NewURL(t testing.TB) string {
	t.Helper()
	return newURL(t, throwAway)
}

// NewDurableURL is NewURL on a server with production's settings.
func NewDurableURL(t testing.TB) string {
	t.Helper()
	return newURL(t, durable)
}

// NewEmptyURL returns the connection string of a database without a schema, dropped when the test ends.
func NewEmptyURL(t testing.TB) string {
	t.Helper()
	return newDatabase(t, throwAway, "")
}

func newURL(t testing.TB, d durability) string {
	t.Helper()
	return newDatabase(t, d, templateName)
}

func newDatabase(t testing.TB, d durability, template string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	s, err := running.server(ctx, d)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	name, err := s.create(ctx, template)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		if err := s.drop(ctx, name); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return s.embedded.URL(name)
}

func openDB(t testing.TB, url string, o postgres.Options) *postgres.DB {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	db, err := postgres.Open(ctx, url, o)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() { closeDB(t, db) })
	return db
}

// closeDB fails the test that kept a connection, rather than waiting for it for ever.
func closeDB(t testing.TB, db *postgres.DB) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		db.Close()
	}()
	select {
	case <-closed:
	case <-time.After(closeLimit):
		t.Errorf("pgtest: %d connections were not given back", db.Pool.Stat().AcquiredConns())
	}
}
