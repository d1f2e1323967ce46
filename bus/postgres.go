package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel is the notification channel. PostgreSQL keeps those of each database apart.
const channel = "productgenerator_signals"

const (
	flushLimit  = time.Second            // how long Close waits for the last signals
	hangUpLimit = 500 * time.Millisecond // how long the farewell to the server may take
)

// timing is how long the bus waits for what.
type timing struct {
	window time.Duration // between notifications: what is published in it goes together
	ping   time.Duration // between looks at a quiet connection
	limit  time.Duration // for one exchange with the database, after which the connection counts as dead
}

// A connection that died silently is noticed after ping and limit together.
var defaultTiming = timing{window: 3 * time.Millisecond, ping: 2 * time.Second, limit: 2 * time.Second}

// ErrDown says that signals don't reach other processes, or theirs don't reach this one.
var ErrDown = errors.New("bus: not connected")

// Postgres is a bus through PostgreSQL's LISTEN and NOTIFY. It holds two connections of its own, one to hear and one to
// tell, and opens them anew for ever. While it has none, signals wait, bounded: too many of them become one that wakes
// everybody.
//
// Both connections must reach the server itself: a pooler that hands a session to another client after each
// transaction loses the LISTEN.
type Postgres struct {
	*hub
	listener *listener
	notifier *notifier
	stop     context.CancelFunc
	running  sync.WaitGroup
}

var _ Bus = (*Postgres)(nil)

// Listen opens a bus on the database that url names (a connection string of PostgreSQL). The context bounds the start
// alone; it fails if the database can't be reached at first. Close ends it.
func Listen(ctx context.Context, url string, log *slog.Logger) (*Postgres, error) {
	return listenWith(ctx, url, log, defaultTiming)
}

func listenWith(ctx context.Context, url string, log *slog.Logger, t timing) (*Postgres, error) {
	hears, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	hears.RuntimeParams["application_name"] = "productgenerator bus listen"

	tells := hears.Copy()
	tells.RuntimeParams["application_name"] = "productgenerator bus notify"
	// A signal is not data: its commit need not wait for the disk.
	tells.RuntimeParams["synchronous_commit"] = "off"

	h, instance := newHub(), rand.Text()
	p := &Postgres{
		hub: h,
		listener: &listener{
			line:     &line{name: "listen", config: hears, timing: t, prepare: listen, log: log},
			instance: instance,
			hub:      h,
		},
		notifier: &notifier{
			line:     &line{name: "notify", config: tells, timing: t, log: log},
			instance: instance,
			backlog:  newBacklog(),
		},
	}
	if err := p.start(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// start connects and starts the two goroutines that Close ends.
func (p *Postgres) start(ctx context.Context) error {
	hears, err := p.listener.line.open(ctx)
	if err != nil {
		return err
	}
	tells, err := p.notifier.line.open(ctx)
	if err != nil {
		p.listener.line.hangUp(hears)
		return err
	}
	running, stop := context.WithCancel(context.Background())
	p.stop = stop
	p.running.Go(func() { p.listener.run(running, hears) })
	p.running.Go(func() { p.notifier.run(running, tells) })
	return nil
}

// Publish wakes the subscribers of this process and leaves the rest to the notifier.
func (p *Postgres) Publish(topics ...string) {
	p.wake(topics)
	p.notifier.backlog.add(topics)
}

// Ready returns nil while both connections stand, and otherwise an ErrDown that says why they don't. It waits for
// nothing: a connection that died silently counts as standing until the next look at it.
func (p *Postgres) Ready(context.Context) error {
	if err := errors.Join(p.listener.line.err(), p.notifier.line.err()); err != nil {
		return fmt.Errorf("%w: %w", ErrDown, err)
	}
	return nil
}

// Close sends what is left, within a second if the database answers, and closes the connections. Subscriptions stay
// silent from then on but for what this process publishes itself. It may be called more than once.
func (p *Postgres) Close() {
	p.stop()
	p.running.Wait()
}
