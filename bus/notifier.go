package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// notifier tells other processes what was published in this one. The first signal after a pause goes at once; those
// that follow within the window go together.
type notifier struct {
	line     *line
	instance string
	backlog  *backlog
}

// run sends what is published until the context ends, then what is left.
func (n *notifier) run(ctx context.Context, conn *pgx.Conn) {
	check := time.NewTicker(n.line.timing.ping)
	defer check.Stop()
	for conn != nil {
		var err error
		select {
		case <-ctx.Done():
			n.flush(conn)
			return
		case <-check.C:
			err = n.line.ping(context.WithoutCancel(ctx), conn)
		case <-n.backlog.filled:
			err = n.send(conn, n.line.timing.limit)
		}
		if err == nil {
			sleep(ctx, n.line.timing.window)
			continue
		}
		if ctx.Err() != nil {
			n.flush(conn)
			return
		}
		n.line.hangUp(conn)
		conn = n.line.reopen(ctx, err)
	}
}

// send empties the backlog into one statement. What could not be sent goes back; a signal that was sent nevertheless
// then comes twice, which is harmless.
//
// Neither this nor the ping is cut short by Close: pgx drops a connection whose exchange is cancelled, and the last
// signals need it.
func (n *notifier) send(conn *pgx.Conn, limit time.Duration) error {
	topics, all := n.backlog.take()
	payloads := pack(n.instance, topics)
	if all {
		payloads = packAll(n.instance)
	}
	if len(payloads) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	_, err := conn.Exec(ctx, "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", channel, payloads)
	if err == nil {
		return nil
	}
	n.backlog.add(topics)
	if all {
		n.backlog.addAll()
	}
	return fmt.Errorf("bus: notify: %w", err)
}

// flush sends what is left, if that goes quickly, and closes the connection.
func (n *notifier) flush(conn *pgx.Conn) {
	if err := n.send(conn, flushLimit); err != nil {
		n.line.log.Warn("the bus closed with signals unsent, other processes hear of the changes later", "error", err)
	}
	n.line.hangUp(conn)
	n.line.setLost(ErrClosed)
}
