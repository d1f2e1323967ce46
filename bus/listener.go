package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// listener hears the signals of other processes and wakes the subscribers of this one.
type listener struct {
	line     *line
	instance string // whose signals to skip: this process has heard them already
	hub      *hub
}

// listen has the connection receive signals. It is the line's prepare.
func listen(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "LISTEN "+channel)
	return err
}

// run hears until the context ends, on this connection and its successors. Whatever was signalled while there was no
// connection is lost, so each new one wakes every subscriber once.
func (l *listener) run(ctx context.Context, conn *pgx.Conn) {
	for conn != nil {
		err := l.hear(ctx, conn)
		l.line.hangUp(conn)
		if ctx.Err() != nil {
			break
		}
		conn = l.line.reopen(ctx, err)
		l.hub.wakeAll()
	}
	l.line.setLost(ErrClosed)
}

// hear passes signals on until the connection fails or the context ends, and returns why.
func (l *listener) hear(ctx context.Context, conn *pgx.Conn) error {
	for {
		payload, err := l.next(ctx, conn)
		switch {
		case err == nil:
			l.pass(payload)
		case errors.Is(err, errQuiet):
			if err := l.line.ping(ctx, conn); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// errQuiet says that nothing was heard for a while on a connection that may be in order.
var errQuiet = errors.New("nothing heard")

// next waits for a notification until it is time to look after the connection, which errQuiet says.
func (l *listener) next(ctx context.Context, conn *pgx.Conn) (payload string, err error) {
	wait, cancel := context.WithTimeout(ctx, l.line.timing.ping)
	defer cancel()
	n, err := conn.WaitForNotification(wait)
	if err == nil {
		return n.Payload, nil
	}
	if ctx.Err() == nil && wait.Err() != nil && !conn.IsClosed() {
		return "", errQuiet
	}
	return "", fmt.Errorf("bus: listen: %w", err)
}

// pass wakes the subscribers that a payload names, unless it is this process's own.
func (l *listener) pass(payload string) {
	instance, topics, all := unpack(payload)
	switch {
	case instance == l.instance:
	case all:
		l.hub.wakeAll()
	default:
		l.hub.wake(topics)
	}
}
