package notify

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"productgenerator/models"
)

// Options are what deliveries need.
type Options struct {
	DB   *gorm.DB
	Pool *pgxpool.Pool // the same database
	// Mail is how e-mails are sent; nil: they are logged, marked as not sent.
	Mail *Mail
	// PublicURL is where e-mails link to.
	PublicURL string
	// AllowPrivate lets webhooks go to private addresses too, and to those without TLS.
	AllowPrivate bool
	// Describe is a warning's sentence in a language, with times told in a zone (an IANA name).
	Describe func(w models.LimitWarning, zone, locale string) string
	// Observe hears of every attempt; nil: nobody does. It is called from many goroutines.
	Observe func(Channel, Outcome)
	Log     *slog.Logger // nil is silent
	// Now is the clock of retries and of the instants that requests are signed for.
	Now func() time.Time
}

// Mail is a mail server and whom its e-mails come from.
type Mail struct {
	Server SMTP
	From   mail.Address
}

// Channel is a way in which warnings are delivered.
type Channel string

// The channels.
const (
	ByEmail   Channel = "email"
	ByWebhook Channel = "webhook"
)

// Outcome is how one attempt to deliver ended.
type Outcome string

// The outcomes.
const (
	Delivered Outcome = "delivered"
	NotSent   Outcome = "not_sent" // no mail server is set, the e-mail was logged
	Dropped   Outcome = "dropped"  // whoever it was for is not to get it any more
	Failed    Outcome = "failed"   // it is tried again
	GivenUp   Outcome = "given_up" // it is not tried again
)

// timing is how long deliveries wait for what.
type timing struct {
	pause      time.Duration // between looks at the outbox: what was raised in it goes together
	poll       time.Duration // between looks that nothing has asked for
	fetch      time.Duration // between looks at the queue
	sweep      time.Duration // between looks for deliveries that a dead process has begun
	abandoned  time.Duration // how long a delivery may run before its process counts as dead
	delivery   time.Duration // for one attempt
	webhook    time.Duration // for one request and its answer
	smtp       time.Duration // for reaching the mail server, and again for giving it the e-mail
	firstRetry time.Duration
	lastRetry  time.Duration // waits double from the first up to this
	grace      time.Duration // for deliveries that run when the process stops
}

func defaultTiming() timing {
	return timing{
		pause: 100 * time.Millisecond, poll: 3 * time.Second, fetch: 500 * time.Millisecond,
		sweep: 20 * time.Second, abandoned: time.Minute,
		delivery: 45 * time.Second, webhook: 10 * time.Second, smtp: 15 * time.Second,
		firstRetry: 5 * time.Second, lastRetry: 2 * time.Hour, grace: 5 * time.Second,
	}
}

// outside is what tests replace of the world: nil is the machine's own.
type outside struct {
	resolver *net.Resolver
	roots    *x509.CertPool
}

// Notifier delivers warnings. Whatever process has one delivers those of all.
type Notifier struct {
	db        *gorm.DB
	pool      *pgxpool.Pool
	mailer    *mailer // nil: e-mails are logged
	writer    *writer
	requester *requester
	describe  func(w models.LimitWarning, zone, locale string) string
	observe   func(Channel, Outcome)
	log       *slog.Logger
	now       func() time.Time
	timing    timing

	inserter *river.Client[pgx.Tx]
	worker   *river.Client[pgx.Tx]
	due      chan struct{} // capacity 1: wakes merge
	started  bool
	stopping context.Context
	stop     context.CancelFunc
	goes     sync.WaitGroup
}

// New makes a notifier; Start begins to deliver.
func New(o Options) (*Notifier, error) { return newWith(o, defaultTiming(), outside{}) }

func newWith(o Options, t timing, world outside) (*Notifier, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(Channel, Outcome) {}
	}
	writer, err := newWriter(strings.TrimSuffix(o.PublicURL, "/") + "/")
	if err != nil {
		return nil, fmt.Errorf("e-mails: %w", err)
	}
	n := &Notifier{
		db: o.DB, pool: o.Pool, writer: writer, requester: newRequester(o.AllowPrivate, t.webhook, world),
		describe: o.Describe, observe: o.Observe, log: o.Log, now: o.Now, timing: t, due: make(chan struct{}, 1),
	}
	if o.Mail != nil {
		n.mailer = &mailer{server: o.Mail.Server, from: o.Mail.From, limit: t.smtp, world: world}
	}
	n.stopping, n.stop = context.WithCancel(context.Background())
	if err := n.makeQueue(); err != nil {
		return nil, err
	}
	return n, nil
}

// Start puts back what a dead process has begun, and begins to deliver, until Stop. ctx bounds the start alone.
//
// It has to be called before any other queue's worker starts in this process: those discard a job of ours that has been
// running for very long, because they don't know its kind.
func (n *Notifier) Start(ctx context.Context) error {
	if err := n.putBack(ctx); err != nil {
		return fmt.Errorf("put deliveries back: %w", err)
	}
	if err := n.worker.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start deliveries: %w", err)
	}
	n.started = true
	n.goes.Go(func() { n.dispatchUntil(n.stopping) })
	n.goes.Go(func() { n.putBackUntil(n.stopping) })
	return nil
}

// Wake has the dispatcher look for warnings soon. It never blocks, and calls merge.
func (n *Notifier) Wake() {
	select {
	case n.due <- struct{}{}:
	default:
	}
}

// Stop takes up no more deliveries, gives those that run a few seconds to end, and hands back what has not. It returns
// when the last has done so, or when ctx ends.
func (n *Notifier) Stop(ctx context.Context) (err error) {
	n.stop()
	n.goes.Wait()
	if n.started {
		err = n.worker.Stop(ctx)
	}
	return err
}
