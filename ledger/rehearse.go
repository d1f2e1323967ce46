package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

// Errors of rehearsals.
var (
	// ErrHasHistory says that the team's ledger has lines already: a made-up history would mix with it.
	ErrHasHistory = errors.New("the team has a history already")
	// ErrFuture says that a made-up history has reached the present.
	ErrFuture = errors.New("a history cannot reach into the future")
)

// rehearsalChunk is how many ledger lines of a rehearsal are written at a time: what it keeps in memory.
const rehearsalChunk = 10_000

// Rehearsal is a made-up history while it is played: a team's account that stands in the past, and the rows of other
// packages that belong to it. It is for one goroutine.
type Rehearsal struct {
	account *Account
	present time.Time // the database's clock when it began
	chunk   *chunk
	chunks  chan<- *chunk
	failed  <-chan struct{} // closed when writing has failed or the caller has gone
	lines   int64
}

// Rehearse writes a made-up history, for measurements, into a team that has none. The history begins at the given
// instant, as if the account had been opened then; play lets it happen, with the same rules that real changes obey. It
// is one transaction, which keeps the team's balance locked, and it is written while it is played, in chunks: of a
// history that fails or whose ctx ends, nothing stays.
//
// What it raises counts as delivered: nobody is written to because of a warning that was made up. It returns
// ErrHasHistory, ErrNoAccount, ErrFuture, or the error of play.
func (l *Ledger) Rehearse(ctx context.Context, team models.TeamID, begin time.Time, play func(*Rehearsal) error) error {
	err := pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		// A long history takes minutes, in which the transaction also waits for what is being made up.
		if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
			return err
		}
		b := newBatch(l, []*pending{{change: &Change{Team: team}}}, true)
		account, err := b.loadAsOf(ctx, tx, begin)
		if err != nil {
			return err
		}
		r := &Rehearsal{account: account, present: b.now, chunk: newChunk()}
		if err := r.perform(ctx, tx, play); err != nil {
			return err
		}
		if err := b.write(ctx, tx); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, dispatchedSQL, string(team))
		return err
	})
	if err != nil {
		return fmt.Errorf("rehearse a history of %s: %w", team, err)
	}
	l.signals.Publish(string(team))
	return nil
}

const dispatchedSQL = `UPDATE limit_warnings SET dispatched_at = raised_at WHERE team_id = $1 AND dispatched_at IS NULL`

// loadAsOf locks the batch's one team and makes its account as if it had been opened at that instant.
func (b *batch) loadAsOf(ctx context.Context, tx pgx.Tx, begin time.Time) (*Account, error) {
	teams := b.needs().teams
	queries := &pgx.Batch{}
	b.queueLock(queries, teams)
	b.queueClock(queries)
	b.queueRules(queries, teams)
	if err := tx.SendBatch(ctx, queries).Close(); err != nil {
		return nil, err
	}
	if len(b.loaded.balances) == 0 {
		return nil, ErrNoAccount
	}
	row := b.loaded.balances[0]
	if row.Sequence > 0 {
		return nil, ErrHasHistory
	}
	today, err := b.ledger.accountOf(row, b.loaded.defaultLimit)
	if err != nil {
		return nil, err
	}
	row.Day, row.LastEntryAt, row.UpdatedAt = today.calendar.DayAt(begin), begin, begin
	for _, on := range []**models.Date{&row.LimitReachedOn, &row.BalanceEmptyOn} {
		if *on != nil {
			*on = &row.Day
		}
	}
	account := newAccount(row, today.platform, today.calendar)
	for _, rule := range b.loaded.rules {
		if rule.RaisedOn != nil {
			rule.RaisedOn = &row.Day
		}
		account.addRule(rule)
	}
	b.accounts[row.TeamID] = account
	return account, nil
}

// perform plays while another goroutine, which it ends, writes what has been played.
func (r *Rehearsal) perform(ctx context.Context, tx pgx.Tx, play func(*Rehearsal) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	chunks, written := make(chan *chunk), make(chan error, 1)
	r.chunks, r.failed = chunks, ctx.Done()
	go func() {
		defer cancel()
		for c := range chunks {
			if err := c.write(ctx, tx); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	err := func() error {
		defer close(chunks)
		if err := play(r); err != nil {
			return err
		}
		return r.hand()
	}()
	if failed := <-written; failed != nil {
		return failed
	}
	return err
}

// At lets one change happen to the account, not before the one that came last. What time has done by then is posted
// first, and the change's warnings are raised behind it. Its error is change's, which must have changed nothing then.
func (r *Rehearsal) At(now time.Time, change func(a *Account) error) error {
	if now.After(r.present) {
		return ErrFuture
	}
	before := r.account.balance.Sequence
	r.account.advanceTo(now)
	err := change(r.account)
	if err == nil {
		r.account.Warn()
	}
	r.lines += r.account.balance.Sequence - before
	if err == nil && len(r.account.posted.entries) >= rehearsalChunk {
		err = r.hand()
	}
	return err
}

// Lines is how many ledger lines have been played.
func (r *Rehearsal) Lines() int64 { return r.lines }

// hand gives what has been played to whoever writes it.
func (r *Rehearsal) hand() error {
	r.chunk.take(r.account)
	select {
	case r.chunks <- r.chunk:
		r.chunk = newChunk()
		return nil
	case <-r.failed:
		return context.Canceled
	}
}
