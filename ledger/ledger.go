package ledger

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"gorm.io/gorm"

	"productgenerator/models"
)

// Signals is where the ledger tells, after a commit, that things have changed.
type Signals interface {
	Publish(topics ...string)
}

// Options are what a ledger needs besides its database.
type Options struct {
	// Cheapest is the cost of the cheapest operation: a balance that cannot pay it is EMPTY.
	Cheapest models.Tokens
	// SweepEvery is how often SweepUntil sweeps, 30 s by default.
	SweepEvery time.Duration
	// MayReach says whether alert rules may have webhooks at an address; nil: at any.
	MayReach func(address string) bool
	// Log hears of faults; nil is silent.
	Log *slog.Logger
}

// Ledger moves tokens. Its methods may be called from many goroutines.
type Ledger struct {
	db         *gorm.DB
	pool       *pgxpool.Pool
	signals    Signals
	cheapest   models.Tokens
	log        *slog.Logger
	zones      zones
	queue      *queue
	alerts     alertRows
	sweepEvery time.Duration
	mayReach   func(address string) bool
	waiters    chan struct{} // as many as may wait for contended rows at once
	stats      stats
}

// New makes a ledger and starts its committer, which Close ends. db and pool are the same database: changes are made in
// GORM's transactions, accounts and history are read from the pool.
func New(db *gorm.DB, pool *pgxpool.Pool, signals Signals, o Options) *Ledger {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.SweepEvery <= 0 {
		o.SweepEvery = defaultSweepEvery
	}
	if o.MayReach == nil {
		o.MayReach = func(string) bool { return true }
	}
	l := &Ledger{
		db: db, pool: pool, signals: signals, cheapest: o.Cheapest, log: o.Log, alerts: newAlertRows(),
		sweepEvery: o.SweepEvery, mayReach: o.MayReach, queue: newQueue(),
	}
	l.waiters = make(chan struct{}, max(1, pool.Config().MaxConns/laneShare))
	l.queue.goes.Add(1)
	go l.commitQueued()
	return l
}

// Close takes no more changes, finishes those that wait, and returns when the last one is answered.
func (l *Ledger) Close() { l.queue.close() }

// Update locks the team's balance row in a GORM transaction, lets the change decide on the account, checks and writes
// what it posted and staged, commits, and then signals the bus. Changes that arrive together share the transaction; a
// change whose row someone else holds waits without stalling the others.
//
// It returns the change's own error, a *models.Refusal above all; ErrKeyConflict where the change's key was used for
// something else; ErrNoAccount, ErrBusy, ErrInDoubt or ErrClosed. When ctx ends first, Update returns its error and the change may
// still happen: only its key tells.
func (l *Ledger) Update(ctx context.Context, change Change) (Outcome, error) {
	p := &pending{ctx: ctx, change: &change, done: make(chan struct{})}
	if err := l.queue.add(p); err != nil {
		return Outcome{}, err
	}
	select {
	case <-p.done:
		return p.outcome, p.err
	case <-ctx.Done():
		select {
		case <-p.done: // both at once: what is known counts
			return p.outcome, p.err
		default:
			return Outcome{}, ctx.Err()
		}
	}
}

// accountOf makes an account of a balance row.
func (l *Ledger) accountOf(row models.BalanceRow, defaultLimit models.Limit) (*Account, error) {
	zone, err := l.zones.load(row.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("time zone of %s: %w", row.TeamID, err)
	}
	calendar := models.Calendar{Zone: zone}
	if row.PendingTimeZone != nil {
		next, err := l.zones.load(*row.PendingTimeZone)
		if err != nil {
			return nil, fmt.Errorf("pending time zone of %s: %w", row.TeamID, err)
		}
		calendar.Next = &models.ZoneChange{Zone: next, At: *row.PendingTimeZoneAt, LastDay: *row.PendingLastDay}
	}
	return newAccount(row, Platform{DailyLimit: defaultLimit, Cheapest: l.cheapest}, calendar), nil
}

// zones keeps the time zones that were loaded: reading one costs more than a whole change.
type zones struct{ loaded sync.Map }

func (z *zones) load(name string) (*time.Location, error) {
	if zone, ok := z.loaded.Load(name); ok {
		return zone.(*time.Location), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, err
	}
	z.loaded.Store(name, zone)
	return zone, nil
}
