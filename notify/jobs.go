package notify

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"productgenerator/models"
)

// The queues that deliveries wait in, one for each channel: however long strangers' servers take, e-mails go on.
const (
	emailQueue   = "notifications_email"
	webhookQueue = "notifications_webhook"
)

// Bounds of the queues.
const (
	maxEmails   = 10        // at once, in one process
	maxRequests = 20        // at once, in one process
	maxAttempts = 23        // whose waits add up to about a day
	never       = time.Hour // between notifications inside of transactions, which would serialize commits
	retention   = time.Hour // of jobs that are done
)

// Job is one delivery of one warning: an e-mail to the recipient, or a request to the rule's webhook.
type Job struct {
	Warning   models.LimitWarningID `json:"warning"`
	Recipient models.UserID         `json:"recipient,omitempty"`
	Rule      models.AlertRuleID    `json:"rule,omitempty"`
}

// Kind names the job in the queue.
func (Job) Kind() string { return "warning_delivery" }

// InsertOpts puts the job into its queue.
func (j Job) InsertOpts() river.InsertOpts {
	queue := emailQueue
	if j.channel() == ByWebhook {
		queue = webhookQueue
	}
	return river.InsertOpts{Queue: queue, MaxAttempts: maxAttempts}
}

// channel is the way that the delivery takes.
func (j Job) channel() Channel {
	if j.Rule != "" {
		return ByWebhook
	}
	return ByEmail
}

// makeQueue makes the client that stores jobs and the one that works them off. The latter looks by itself, so that it
// holds no connection and nobody has to notify it.
func (n *Notifier) makeQueue() (err error) {
	driver := riverpgxv5.New(n.pool)
	log := slog.New(quiet{n.log.Handler()})
	n.inserter, err = river.NewClient(driver, &river.Config{FetchCooldown: never, FetchPollInterval: never, Logger: log})
	if err != nil {
		return fmt.Errorf("delivery queue: %w", err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{notifier: n})
	n.worker, err = river.NewClient(driver, &river.Config{
		Queues: map[string]river.QueueConfig{
			emailQueue: {MaxWorkers: maxEmails}, webhookQueue: {MaxWorkers: maxRequests},
		},
		Workers:                     workers,
		PollOnly:                    true,
		FetchCooldown:               min(n.timing.fetch, river.FetchCooldownDefault),
		FetchPollInterval:           n.timing.fetch,
		JobTimeout:                  n.timing.delivery,
		SoftStopTimeout:             n.timing.grace,
		CompletedJobRetentionPeriod: retention,
		Logger:                      log,
	})
	if err != nil {
		return fmt.Errorf("delivery queue: %w", err)
	}
	return nil
}

// quiet passes on what the queue warns of. What it says besides is of its own workings.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }

// worker is the queue's way into the notifier.
type worker struct {
	river.WorkerDefaults[Job]
	notifier *Notifier
}

// NextRetry is when a delivery that has failed is tried again.
func (w *worker) NextRetry(job *river.Job[Job]) time.Time {
	return w.notifier.now().Add(jitter(w.notifier.timing.wait(job.Attempt)))
}

// wait is the mean wait behind that attempt, which counts from 1.
func (t timing) wait(attempt int) time.Duration {
	wait := t.firstRetry
	for range attempt - 1 {
		wait = min(2*wait, t.lastRetry)
	}
	return wait
}

// jitter spreads waits by a fifth to either side, so that what failed together is not tried again together.
func jitter(wait time.Duration) time.Duration {
	return wait - wait/5 + rand.N(2*wait/5+1)
}

// putBackUntil puts back what dead processes have begun, until ctx ends.
func (n *Notifier) putBackUntil(ctx context.Context) {
	tick := time.NewTicker(n.timing.sweep)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := n.putBack(ctx); err != nil && ctx.Err() == nil {
			n.log.Warn("deliveries of dead processes were not put back, it is tried again", "error", err)
		}
	}
}

// putBack has deliveries tried again that have been running for longer than any can: their process is dead. The queue's
// own rescue may fall to a client that knows other jobs only, which discards what it does not know; this comes first.
func (n *Notifier) putBack(ctx context.Context) error {
	_, err := n.pool.Exec(ctx, `
UPDATE river_job
SET state = 'available', scheduled_at = now()
WHERE state = 'running' AND queue IN ($1, $2) AND attempted_at < now() - make_interval(secs => $3)`,
		emailQueue, webhookQueue, n.timing.abandoned.Seconds())
	return err
}
