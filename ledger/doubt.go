package ledger

import (
	"context"
	"fmt"
)

const (
	// stillRunningSQL asks for a transaction by its number. After a crash the number may be unknown or belong to
	// another transaction, so it says when to look, never what to find.
	stillRunningSQL = `SELECT coalesce(pg_xact_status($1::text::xid8) = 'in progress', false)`
	witnessSQL      = `SELECT EXISTS (SELECT FROM ledger_entries WHERE id = $1)`

	codeInvalidParameter = "22023" // a transaction number that the database has not given out
)

// resolve finds out what became of a transaction whose commit was not answered: whether the line it posted is there. A
// transaction that posted none counts as not committed, because carrying out its changes again ends in the same state
// or is answered from their keys. It returns ErrInDoubt when the database does not tell before ctx ends.
func (b *batch) resolve(ctx context.Context) (committed bool, err error) {
	if b.witness == "" || b.xid == nil {
		return false, nil
	}
	for try := 1; ; try++ {
		committed, running, err := b.lookForWitness(ctx)
		if err == nil && !running {
			return committed, nil
		}
		if ctx.Err() != nil {
			return false, fmt.Errorf("%w: %w", ErrInDoubt, ctx.Err())
		}
		pause(ctx, try)
	}
}

func (b *batch) lookForWitness(ctx context.Context) (found, running bool, err error) {
	pool := b.ledger.pool
	if err := pool.QueryRow(ctx, stillRunningSQL, *b.xid).Scan(&running); err != nil && !isCode(err, codeInvalidParameter) {
		return false, false, fmt.Errorf("ask for a transaction: %w", err)
	}
	if running {
		return false, true, nil
	}
	if err := pool.QueryRow(ctx, witnessSQL, string(b.witness)).Scan(&found); err != nil {
		return false, false, fmt.Errorf("look for a line: %w", err)
	}
	return found, false, nil
}
