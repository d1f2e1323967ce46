//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// EmbeddedOptions says where the embedded server lives. DataDir is required, all else has a default.
type EmbeddedOptions struct {
	// DataDir holds the database's files and their lock; it is made if it is missing. It may lie anywhere, also where
	// the account that the server runs as may not go.
	DataDir string
	// BinDir is where postgres and initdb are; empty looks for them, and fetches them if the machine has none.
	BinDir string
	// CacheDir keeps fetched binaries; empty is the user's cache, for root /var/cache.
	CacheDir string
	// SocketDir is where the server's socket goes; empty makes a private one in /tmp. A path of more than 80 bytes is
	// too long for a socket.
	SocketDir string
	// Fast gives up durability for speed: a machine that stops may leave a broken database. For throw-away data only.
	Fast bool
	// Params are further server settings, as in postgresql.conf.
	Params map[string]string
	// Log hears of restarts and downloads, and at Debug of the server's own messages; nil is silent.
	Log *slog.Logger
}

// Embedded is a PostgreSQL server that runs as a child of this process on a private socket. A server that dies is
// started again on the same socket, until Stop.
type Embedded struct {
	sockets string
	server  *server
}

// StartEmbedded starts a server on the data directory, makes its cluster the first time, and returns once it answers.
// What a killed process left behind is cleared away first: its server, its socket, a half-made cluster. The error is an
// *InUseError if a live process uses the directory.
func StartEmbedded(ctx context.Context, o EmbeddedOptions) (_ *Embedded, err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.DataDir, err = filepath.Abs(o.DataDir); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := os.MkdirAll(o.DataDir, 0o755); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	lock, abandoned, err := lockDataDir(o.DataDir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			lock.release()
		}
	}()
	c, err := prepareCluster(ctx, o)
	if err != nil {
		return nil, err
	}
	removeSockets(abandoned)
	sockets, err := makeSockets(o.SocketDir, c.account)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			removeSockets(sockets)
		}
	}()
	if err := lock.record(sockets); err != nil {
		return nil, err
	}
	e := &Embedded{sockets: sockets, server: newServer(c, serverSettings(o, sockets), o.Log)}
	e.server.cleanUp = func() {
		removeSockets(sockets)
		lock.release()
	}
	go e.server.supervise()
	if err := e.awaitReady(ctx); err != nil {
		e.server.stop(ctx)
		return nil, fmt.Errorf("start PostgreSQL on %s: %w", o.DataDir, err)
	}
	return e, nil
}

// prepareCluster leaves a cluster on which no server runs.
func prepareCluster(ctx context.Context, o EmbeddedOptions) (*cluster, error) {
	dir := filepath.Join(o.DataDir, clusterName)
	major, err := clusterMajor(dir)
	if err != nil {
		return nil, fmt.Errorf("data directory %s: %w", o.DataDir, err)
	}
	runAs, err := serverAccount(dir)
	if err != nil {
		return nil, err
	}
	wanted := search{binDir: o.BinDir, cacheDir: o.CacheDir, major: major, account: runAs, log: o.Log}
	bin, err := wanted.find(ctx)
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir, account: runAs, bin: bin, fast: o.Fast}
	if major == 0 {
		return c, c.create(ctx)
	}
	return c, stopLeftover(ctx, dir)
}

// URL returns the connection string of one of the server's databases. It holds no secret: who reaches the socket
// directory, which is closed to other accounts, is trusted.
func (e *Embedded) URL(database string) string {
	u := url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: url.Values{
		"host": {e.sockets}, "port": {socketPort}, "user": {Superuser}, "sslmode": {"disable"},
	}.Encode()}
	return u.Scheme + "://" + u.EscapedPath() + "?" + u.RawQuery
}

// PID returns the process id of the server, 0 while there is none.
func (e *Embedded) PID() int { return e.server.currentPID() }

// Done is closed when the server has ended for good: after Stop.
func (e *Embedded) Done() <-chan struct{} { return e.server.done }

// Stop disconnects every client and shuts the server down, its data safely written. If ctx ends first the server stops
// at once, to recover at its next start; the error then says so. Stop may be called more than once.
func (e *Embedded) Stop(ctx context.Context) error {
	return e.server.stop(ctx)
}

// CreateDatabase makes a database unless it exists; as a copy of another one, on which nobody may be connected, if
// template is not empty.
func (e *Embedded) CreateDatabase(ctx context.Context, name, template string) error {
	conn, err := pgx.Connect(ctx, e.URL("postgres"))
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	if exists {
		return nil
	}
	statement := "CREATE DATABASE " + pgx.Identifier{name}.Sanitize()
	if template != "" {
		statement += " TEMPLATE " + pgx.Identifier{template}.Sanitize()
	}
	if c := e.server.cluster; c.fast && c.bin.major >= 15 {
		statement += " STRATEGY FILE_COPY" // a third of the time, but two checkpoints, cheap only where nothing is synced
	}
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// awaitReady returns once the server answers, or with the end of its output once it has given up.
func (e *Embedded) awaitReady(ctx context.Context) error {
	retry := time.NewTicker(10 * time.Millisecond)
	defer retry.Stop()
	for {
		conn, err := pgx.Connect(ctx, e.URL("postgres"))
		if err == nil {
			e.server.served.Store(true)
			return conn.Close(ctx)
		}
		select {
		case <-e.server.done:
			return fmt.Errorf("it ended: %w\n%s", e.server.failure, e.server.output)
		case <-ctx.Done():
			return fmt.Errorf("%w\n%s", errors.Join(ctx.Err(), err), e.server.output)
		case <-retry.C:
		}
	}
}
