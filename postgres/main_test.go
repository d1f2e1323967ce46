package postgres

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// holdServer, as the first argument, makes the test binary start an embedded server on the directory that follows and
// hold it until its standard input ends.
const holdServer = "hold-server"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == holdServer {
		os.Exit(hold(os.Args[2]))
	}
	// Far from UTC, so that a time in the machine's zone shows.
	time.Local = time.FixedZone("far", 5*3600)
	code := m.Run()
	if shared.server != nil {
		_ = shared.server.Stop(context.Background())
	}
	_ = os.RemoveAll(shared.dir)
	os.Exit(code)
}

// hold prints the server's address and process id, or why there is none.
func hold(dir string) int {
	e, err := StartEmbedded(context.Background(), EmbeddedOptions{DataDir: dir})
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	fmt.Println(e.URL("postgres"), e.PID())
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	if err := e.Stop(context.Background()); err != nil {
		fmt.Println("error:", err)
		return 1
	}
	return 0
}

// within is a context for one step of a test.
func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

// openDir is a directory that every account may search, which t.TempDir is not for all umasks.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := makeOpenDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// makeOpenDir makes it in memory, if the system has such a place, because making a cluster on a disk takes seconds.
func makeOpenDir() (string, error) {
	dir, err := os.MkdirTemp("/dev/shm", "postgres-test-")
	if err != nil {
		dir, err = os.MkdirTemp("/tmp", "postgres-test-")
	}
	return dir, errors.Join(err, os.Chmod(dir, 0o755))
}

// startServer starts an embedded server that is stopped when the test ends, unless the test stops it.
func startServer(t *testing.T, o EmbeddedOptions) *Embedded {
	t.Helper()
	began := time.Now()
	e, err := StartEmbedded(within(t, time.Minute), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("started in %d ms", time.Since(began).Milliseconds())
	t.Cleanup(func() { _ = e.Stop(context.Background()) })
	return e
}

// shared is the fast server of the tests that are not about the server, started by the first of them.
var shared struct {
	once   sync.Once
	dir    string
	server *Embedded
	err    error
}

func sharedServer(t *testing.T) *Embedded {
	t.Helper()
	shared.once.Do(func() {
		if shared.dir, shared.err = makeOpenDir(); shared.err == nil {
			shared.server, shared.err = StartEmbedded(within(t, time.Minute), EmbeddedOptions{DataDir: shared.dir, Fast: true})
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// emptyDatabase makes a database on the shared server.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	s := sharedServer(t)
	name := strings.ToLower(t.Name())
	if err := s.CreateDatabase(within(t, time.Minute), name, ""); err != nil {
		t.Fatal(err)
	}
	return s.URL(name)
}

// openEmpty opens a database of the test's own.
func openEmpty(t *testing.T, o Options) *DB {
	t.Helper()
	o.AllowUnsafe = true
	db, err := Open(within(t, time.Minute), emptyDatabase(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// records keeps what is logged.
type records struct {
	mu   sync.Mutex // protects text
	text strings.Builder
}

func (r *records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *records) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func (r *records) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{Level: level}))
}

// await waits for a condition that another process brings about.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(15 * time.Second)
	defer deadline.Stop()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for !holds() {
		select {
		case <-poll.C:
		case <-deadline.C:
			t.Fatalf("waited 15 s: %s", what)
		}
	}
}
