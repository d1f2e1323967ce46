package postgres

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// connect opens one connection that the test closes.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(within(t, 10*time.Second), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func run(t *testing.T, url, statement string) {
	t.Helper()
	if _, err := connect(t, url).Exec(within(t, 10*time.Second), statement); err != nil {
		t.Fatal(err)
	}
}

func ask[T any](t *testing.T, url, query string) T {
	t.Helper()
	var answer T
	if err := connect(t, url).QueryRow(within(t, 10*time.Second), query).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestASecondStartFindsWhatTheFirstWrote(t *testing.T) {
	dir := openDir(t)
	first := startServer(t, EmbeddedOptions{DataDir: dir})
	if err := first.CreateDatabase(within(t, time.Minute), "kept", ""); err != nil {
		t.Fatal(err)
	}
	run(t, first.URL("kept"), "CREATE TABLE note AS SELECT 'still here' AS text")
	if err := first.Stop(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(first.sockets); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket directory stays after an orderly stop: %v", err)
	}
	select {
	case <-first.Done():
	default:
		t.Error("Done is not closed after Stop")
	}

	second := startServer(t, EmbeddedOptions{DataDir: dir})
	if err := second.CreateDatabase(within(t, time.Minute), "kept", ""); err != nil {
		t.Fatalf("creating a database that exists: %v", err)
	}
	if text := ask[string](t, second.URL("kept"), "SELECT text FROM note"); text != "still here" {
		t.Errorf("read %q", text)
	}
}

func TestAProcessIsRefusedADirectoryItUsesAlready(t *testing.T) {
	dir := openDir(t)
	startServer(t, EmbeddedOptions{DataDir: dir, Fast: true})
	_, err := StartEmbedded(within(t, time.Minute), EmbeddedOptions{DataDir: dir, Fast: true})
	var inUse *InUseError
	if !errors.As(err, &inUse) {
		t.Errorf("got %v, want an InUseError", err)
	}
}

func TestAStopWithoutTimeLosesNothing(t *testing.T) {
	dir := openDir(t)
	e := startServer(t, EmbeddedOptions{DataDir: dir})
	run(t, e.URL("postgres"), "CREATE TABLE note AS SELECT 'acknowledged' AS text")
	expired, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.Stop(expired); err != nil && !errors.Is(err, ErrStoppedAtOnce) {
		t.Errorf("got %v, want nil or ErrStoppedAtOnce", err)
	}
	again := startServer(t, EmbeddedOptions{DataDir: dir})
	if text := ask[string](t, again.URL("postgres"), "SELECT text FROM note"); text != "acknowledged" {
		t.Errorf("read %q", text)
	}
}

func TestAStopEndsClientsInTheMiddleOfAStatement(t *testing.T) {
	e := startServer(t, EmbeddedOptions{DataDir: openDir(t), Fast: true})
	conn := connect(t, e.URL("postgres"))
	ended := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.Background(), "SELECT pg_sleep(600)")
		ended <- err
	}()
	await(t, "the statement runs", func() bool {
		return ask[bool](t, e.URL("postgres"),
			"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active')")
	})
	if err := e.Stop(within(t, 20*time.Second)); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("the statement ended as if nothing had happened")
	}
}

func TestAHalfMadeClusterIsMadeAnew(t *testing.T) {
	dir := openDir(t)
	half := filepath.Join(dir, unfinishedName)
	if err := os.MkdirAll(filepath.Join(half, "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(half, "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	startServer(t, EmbeddedOptions{DataDir: dir, Fast: true})
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the half-made cluster stays: %v", err)
	}
}

func TestAServerThatCannotStartSaysWhyAndGivesTheDirectoryUp(t *testing.T) {
	dir := openDir(t)
	_, err := StartEmbedded(within(t, time.Minute),
		EmbeddedOptions{DataDir: dir, Fast: true, Params: map[string]string{"shared_buffers": "nonsense"}})
	if err == nil || !strings.Contains(err.Error(), "shared_buffers") {
		t.Fatalf("got %v, want the server's own words about shared_buffers", err)
	}
	startServer(t, EmbeddedOptions{DataDir: dir, Fast: true})
}

func TestDataOfAnotherReleaseIsRefusedByName(t *testing.T) {
	dir := openDir(t)
	if err := os.Mkdir(filepath.Join(dir, clusterName), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, clusterName, "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := StartEmbedded(within(t, time.Minute), EmbeddedOptions{DataDir: dir})
	if err == nil || !strings.Contains(err.Error(), "PostgreSQL 9, which made the data directory, was not found") {
		t.Errorf("got %v", err)
	}
}
