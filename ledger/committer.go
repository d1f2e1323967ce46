package ledger

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"productgenerator/models"
)

// How long a transaction may take, and how often one is tried when the database asks for it again.
const (
	batchTimeout = 10 * time.Second
	maxTries     = 6
)

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
		changes := l.queue.takeLane(team)
		if len(changes) == 0 {
			return
		}
		l.commit(changes, true)
	}
}

// commit runs changes in one transaction and answers them. It tries again what the database asks to be tried again;
// if the transaction fails as a whole, its changes run one by one, so that each fails or succeeds by itself.
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
		case retryable(err) && try < maxTries && ctx.Err() == nil:
			l.stats.retries.Add(1)
			pause(ctx, try)
		case len(changes) > 1:
			for _, p := range changes {
				l.commit([]*pending{p}, true)
			}
			return nil
		default:
			changes[0].finish(l.presentable(changes[0], err))
			return nil
		}
	}
}

// try runs one transaction and, once it is committed, publishes its signals and answers its changes.
func (l *Ledger) try(ctx context.Context, changes []*pending, wait bool) (skipped []*pending, err error) {
	for _, p := range changes {
		p.outcome, p.err, p.topics, p.unclean = Outcome{}, nil, nil, false
	}
	skipped, err = newBatch(l, changes, wait).run(ctx)
	if err != nil {
		return nil, err
	}
	undecided := make(map[*pending]bool, len(skipped))
	for _, p := range skipped {
		undecided[p] = true
	}
	l.stats.batches.Add(1)
	l.stats.changes.Add(int64(len(changes) - len(skipped)))
	var topics []string
	for _, p := range changes {
		topics = append(topics, p.topics...)
	}
	if len(topics) > 0 {
		l.signals.Publish(topics...)
	}
	for _, p := range changes {
		if !undecided[p] {
			p.finish(nil)
		}
	}
	return skipped, nil
}

// presentable is the error of a change that failed alone: its own where it has one.
func (l *Ledger) presentable(p *pending, err error) error {
	switch {
	case errors.Is(err, errUnclean) && p.err != nil:
		l.log.Error("a change was refused after it had changed something", "team", p.change.Team, "error", p.err)
		return p.err
	case isCode(err, codeLockNotAvailable):
		return ErrBusy
	default:
		return err
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

// PostgreSQL's codes of errors after which a transaction may be tried again as a whole.
const (
	codeSerializationFailure = "40001"
	codeDeadlock             = "40P01"
	codeLockNotAvailable     = "55P03"
	codeAdminShutdown        = "57P01"
	codeCrashShutdown        = "57P02"
	codeCannotConnectNow     = "57P03"
	codeIdleInTransaction    = "25P03"
)

// retryable says whether the transaction may be tried again as a whole. That is safe even where the commit's answer
// was lost: a change that has a key is answered from it, and one that has none settles or issues what is unique.
func retryable(err error) bool {
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		return !errors.Is(err, errUnclean) && !errors.Is(err, errRowCount) // the connection failed
	}
	switch answer.Code {
	case codeSerializationFailure, codeDeadlock, codeLockNotAvailable, codeAdminShutdown, codeCrashShutdown,
		codeCannotConnectNow, codeIdleInTransaction:
		return true
	default:
		return false
	}
}

func isCode(err error, code string) bool {
	var answer *pgconn.PgError
	return errors.As(err, &answer) && answer.Code == code
}
