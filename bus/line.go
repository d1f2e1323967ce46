package bus

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// The pauses between attempts to reach the database. The longest one is also how late the bus can be after the database
// has come back.
const (
	reopenFirst = 50 * time.Millisecond
	reopenMost  = 2 * time.Second
)

// line is how one of the bus's two goroutines reaches the database: it opens the connection, opens it again when it was
// lost, and knows whether it stands. The goroutine owns the connection itself.
type line struct {
	name    string // for logs and errors: "listen" or "notify"
	config  *pgx.ConnConfig
	timing  timing
	prepare func(ctx context.Context, conn *pgx.Conn) error // brings a new connection into use; may be nil
	log     *slog.Logger

	mu   sync.Mutex // guards lost
	lost error      // why there is no connection; nil while there is one
}

// open connects once.
func (l *line) open(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timing.limit)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, l.config)
	if err != nil {
		return nil, fmt.Errorf("bus: %s: %w", l.name, err)
	}
	if l.prepare == nil {
		return conn, nil
	}
	if err := l.prepare(ctx, conn); err != nil {
		l.hangUp(conn)
		return nil, fmt.Errorf("bus: %s: %w", l.name, err)
	}
	return conn, nil
}

// reopen connects anew after a failure, however long that takes. It returns nil when the context ended first.
func (l *line) reopen(ctx context.Context, cause error) *pgx.Conn {
	l.setLost(cause)
	l.log.WarnContext(ctx, "the bus lost its connection, signals to or from other processes wait",
		"line", l.name, "error", cause)
	pause := backoff{first: reopenFirst, most: reopenMost}
	for sleep(ctx, pause.next()) {
		conn, err := l.open(ctx)
		if err == nil {
			l.setLost(nil)
			l.log.InfoContext(ctx, "the bus is connected again", "line", l.name)
			return conn
		}
		l.setLost(err)
	}
	return nil
}

// ping asks whether the other side is still there: a connection can die without a word.
func (l *line) ping(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, l.timing.limit)
	defer cancel()
	if err := conn.Ping(ctx); err != nil {
		return fmt.Errorf("bus: %s: ping: %w", l.name, err)
	}
	return nil
}

// hangUp closes a connection, whatever state it is in.
func (l *line) hangUp(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), hangUpLimit)
	defer cancel()
	if err := conn.Close(ctx); err != nil {
		l.log.DebugContext(ctx, "the bus closed a broken connection", "line", l.name, "error", err)
	}
}

// err returns why the line is down, nil while it stands.
func (l *line) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

func (l *line) setLost(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = err
}
