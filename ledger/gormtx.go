package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
)

// inTransaction runs fn in one GORM transaction and hands it that transaction's connection as a pgx.Tx, so that a
// batch's statements can be sent together and the job queue can insert in the same transaction. GORM alone begins and
// ends it. It returns ErrInDoubt where the commit was sent and nothing was heard of it.
//
// fn waits no longer than the deadline of ctx, the transaction ends commitTimeout later: database/sql rolls back when
// the transaction's context ends, beneath a statement that still runs.
func inTransaction(ctx context.Context, db *gorm.DB, fn func(tx pgx.Tx) error) error {
	deadline, ok := ctx.Deadline()
	if !ok {
		return errors.New("a transaction needs a deadline")
	}
	outer, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline.Add(commitTimeout))
	defer cancel()
	return db.WithContext(outer).Connection(func(pinned *gorm.DB) error {
		conn, ok := pinned.Statement.ConnPool.(*sql.Conn)
		if !ok {
			return errors.New("the database is not opened over pgx")
		}
		committing := false
		err := pinned.Transaction(func(*gorm.DB) error {
			var raw *pgx.Conn
			// Raw holds the connection's lock while it runs, so fn runs behind it: the connection stays pinned to this
			// goroutine until the transaction ends.
			err := conn.Raw(func(driver any) error {
				raw = driver.(*stdlib.Conn).Conn()
				return nil
			})
			if err != nil {
				return err
			}
			if err := fn(borrowedTx{raw}); err != nil {
				return err
			}
			committing = true
			return nil
		})
		var refused *pgconn.PgError
		if err != nil && committing && !errors.As(err, &refused) {
			return fmt.Errorf("%w: %w", ErrInDoubt, err)
		}
		return err
	})
}

// borrowedTx is a pgx.Tx over a connection whose transaction belongs to GORM: it runs statements and ends nothing.
type borrowedTx struct{ conn *pgx.Conn }

var errBorrowed = errors.New("the transaction belongs to GORM")

func (t borrowedTx) Begin(context.Context) (pgx.Tx, error) { return nil, errBorrowed }
func (t borrowedTx) Commit(context.Context) error          { return errBorrowed }
func (t borrowedTx) Rollback(context.Context) error        { return errBorrowed }
func (t borrowedTx) LargeObjects() pgx.LargeObjects        { return pgx.LargeObjects{} }
func (t borrowedTx) Conn() *pgx.Conn                       { return t.conn }

func (t borrowedTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return t.conn.CopyFrom(ctx, table, columns, rows)
}

func (t borrowedTx) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	return t.conn.SendBatch(ctx, batch)
}

func (t borrowedTx) Prepare(ctx context.Context, name, query string) (*pgconn.StatementDescription, error) {
	return t.conn.Prepare(ctx, name, query)
}

func (t borrowedTx) Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	return t.conn.Exec(ctx, query, args...)
}

func (t borrowedTx) Query(ctx context.Context, query string, args ...any) (pgx.Rows, error) {
	return t.conn.Query(ctx, query, args...)
}

func (t borrowedTx) QueryRow(ctx context.Context, query string, args ...any) pgx.Row {
	return t.conn.QueryRow(ctx, query, args...)
}
