package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"productgenerator/models"
)

// How long a transaction may take until it commits, its commit on top of that, and how often one is tried when the
// database asks for it again: less often where it has waited for a lock each time.
const (
	batchTimeout  = 10 * time.Second
	commitTimeout = 5 * time.Second
	maxTries      = 6
	maxLockTries  = 2
)

// laneShare is the part of the pool's connections that may wait for rows that someone else holds: one in so many.
const laneShare = 4

// stats counts what the committer did.
type stats struct {
	batches, changes, retries atomic.Int64
}

// Stats is what a ledger has done since it was made.
type Stats struct {
	Transactions int64 // that were committed
	Changes      int64 // that were answered by them
	Retries      int64 // transactions that were tried again
}

// Stats counts the ledger's work.
func (l *Ledger) Stats() Stats {
	return Stats{l.stats.batches.Load(), l.stats.changes.Load(), l.stats.retries.Load()}
}

// commitQueued is the committer: it takes whatever waits, commits it as one transaction, and takes what has come
// meanwhile. Nothing waits for a transaction to fill.
func (l *Ledger) commitQueued() {
	defer l.queue.goes.Done()
	for {
		<-l.queue.wake
		changes, open := l.queue.take()
		if len(changes) > 0 {
			l.serve(changes)
		}
		if !open {
			return
		}
	}
}

// serve answers changes of whatever teams. Those whose row someone else holds go to a lane of their own.
func (l *Ledger) serve(changes []*pending) {
	skipped := l.commit(changes, false)
	for _, team := range l.queue.detour(skipped) {
		go l.serveLane(team)
	}
}

// serveLane answers the changes of one team whose row is contended, waiting for the row each time, until none is left.
func (l *Ledger) serveLane(team models.TeamID) {
	defer l.queue.goes.Done()
	for {
		l.waiters <- struct{}{}
		changes := l.queue.takeLane(team)
		l.commit(changes, true)
		<-l.waiters
		if len(changes) == 0 {
			return
		}
	}
}

// commit runs changes in one transaction and answers them, but for those that come back as skipped because someone
// else holds what they need. It tries again what the database asks to be tried again. A transaction that fails for
// another reason is split in halves, until whichever change is to blame fails alone.
func (l *Ledger) commit(changes []*pending, wait bool) (skipped []*pending) {
	changes = dropGone(changes)
	if len(changes) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	for try := 1; ; try++ {
		skipped, err := l.try(ctx, changes, wait)
		switch {
		case err == nil:
			return skipped
		case isCode(err, codeLockNotAvailable) && !wait:
			return changes
		case retryable(err) && try < triesFor(err) && ctx.Err() == nil:
			l.stats.retries.Add(1)
			pause(ctx, try)
		case len(changes) > 1 && !concernsAll(err):
			half := len(changes) / 2
			return append(l.commit(changes[:half], wait), l.commit(changes[half:], wait)...)
		default:
			l.refuse(changes, err)
			return nil
		}
	}
}

func triesFor(err error) int {
	if isCode(err, codeLockNotAvailable) {
		return maxLockTries
	}
	return maxTries
}

// try runs one transaction and, once it is committed, publishes its signals and answers its changes.
func (l *Ledger) try(ctx context.Context, changes []*pending, wait bool) (skipped []*pending, err error) {
	for _, p := range changes {
		p.outcome, p.err, p.topics, p.unclean = Outcome{}, nil, nil, false
	}
	b := newBatch(l, changes, wait)
	skipped, err = b.run(ctx)
	if errors.Is(err, ErrInDoubt) {
		err = l.resolve(b, err)
	}
	if err != nil {
		return nil, err
	}
	l.stats.batches.Add(1)
	l.stats.changes.Add(int64(len(changes) - len(skipped)))
	if topics := b.topics(); len(topics) > 0 {
		l.signals.Publish(topics...)
	}
	undecided := make(map[*pending]bool, len(skipped))
	for _, p := range skipped {
		undecided[p] = true
	}
	for _, p := range changes {
		if !undecided[p] {
			p.finish(nil)
		}
	}
	return skipped, nil
}

// resolve returns nil if the transaction was committed after all, the error that left it in doubt if it was not, and
// ErrInDoubt if nobody can tell.
func (l *Ledger) resolve(b *batch, cause error) error {
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	committed, err := b.resolve(ctx)
	switch {
	case err != nil:
		l.log.Error("a commit was not answered", "changes", len(b.pending), "error", err)
		return err
	case committed:
		return nil
	default:
		return fmt.Errorf("%w: %v", errNotCommitted, cause)
	}
}

// refuse answers changes whose transaction has failed for good.
func (l *Ledger) refuse(changes []*pending, err error) {
	switch {
	case errors.Is(err, ErrInDoubt):
	case errors.Is(err, errUnclean) && changes[0].err != nil: // it is alone: such a transaction was split
		err = changes[0].err
		l.log.Error("a change was refused after it had changed something", "team", changes[0].change.Team, "error", err)
	case isCode(err, codeLockNotAvailable), isCode(err, codeQueryCanceled), errors.Is(err, context.DeadlineExceeded):
		err = ErrBusy
	}
	for _, p := range changes {
		p.finish(err)
	}
}

// dropGone answers the changes whose callers have gone before anything began.
func dropGone(changes []*pending) []*pending {
	kept := changes[:0:0]
	for _, p := range changes {
		if err := p.ctx.Err(); err != nil {
			p.finish(err)
			continue
		}
		kept = append(kept, p)
	}
	return kept
}

// pause waits before another try, longer each time and never in step with others.
func pause(ctx context.Context, try int) {
	timer := time.NewTimer(time.Duration(rand.Int64N(int64(try*try) * int64(4*time.Millisecond))))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
