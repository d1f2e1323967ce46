package operations

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"productgenerator/models"
)

// queueName is the queue that generations wait in.
const queueName = "generations"

// Bounds of the queue. A job may run as long as a generation may work in all, and a little longer to settle.
const (
	jobTimeout    = maxWork + time.Minute
	fetchCooldown = 5 * time.Millisecond
	fetchInterval = time.Second // finds what a lost notification has left lying
	never         = time.Hour   // between notifications inside of transactions, which would serialize commits
	wakeInterval  = 5 * time.Millisecond
	retention     = time.Hour // of jobs that are done: what they were about stands on their generations
)

// Priorities of jobs, the most urgent first: what was interrupted has waited before, and a run over a whole catalogue
// shall not keep a single product waiting.
const (
	priorityAgain = 1 + iota
	priorityOne
	priorityMany
)

// Job says that there is something to do for a generation. What, and whether it is still to be done, stands on the
// generation: a job may come twice.
type Job struct {
	Generation models.GenerationID `json:"generation"`
	Team       models.TeamID       `json:"team"`

	priority int
}

// Kind names the job in the queue.
func (Job) Kind() string { return "generation" }

// InsertOpts puts the job into its queue.
func (j Job) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueName, Priority: j.priority}
}

// makeQueue makes the client that stores jobs and, where this process works any off, the one that works.
func (o *Operations) makeQueue() error {
	driver := riverpgxv5.New(o.pool)
	log := slog.New(quiet{o.log.Handler()})
	inserter, err := river.NewClient(driver, &river.Config{
		FetchCooldown: never, FetchPollInterval: never, Logger: log,
	})
	if err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	o.inserter = inserter
	if o.workers == 0 {
		return nil
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{operations: o})
	o.worker, err = river.NewClient(driver, &river.Config{
		Queues:                      map[string]river.QueueConfig{queueName: {MaxWorkers: o.workers}},
		Workers:                     workers,
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           fetchInterval,
		JobTimeout:                  jobTimeout,
		RescueStuckJobsAfter:        jobTimeout + time.Minute,
		CompletedJobRetentionPeriod: retention,
		Logger:                      log,
	})
	if err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	return nil
}

// insertJobs stores the jobs of staged generations in the transaction that makes them wait. It is the queue's insert
// that reads the database's clock: a job dated by a process whose clock is ahead would wait until then.
func (o *Operations) insertJobs(ctx context.Context, tx pgx.Tx, jobs []Job) error {
	params := make([]river.InsertManyParams, len(jobs))
	for i, job := range jobs {
		params[i].Args = job
	}
	_, err := o.inserter.InsertManyTx(ctx, tx, params)
	return err
}

// quiet passes on what the queue warns of. What it says besides is of its own workings.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }

// Start begins to work jobs off and to watch over leases, until Stop. ctx bounds the start alone.
func (o *Operations) Start(ctx context.Context) error {
	o.goes.Go(func() { o.waker.run(o.stopping) })
	if o.worker == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := o.worker.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start workers: %w", err)
	}
	o.started = true
	o.goes.Go(func() { o.sweepUntil(o.stopping) })
	return nil
}

// Stop takes no more jobs and hands back those that run: their leases end and other processes go on with them. It
// returns when the last worker has done so, or when ctx ends. The ledger must be open until then.
func (o *Operations) Stop(ctx context.Context) (err error) {
	if o.started {
		err = o.worker.StopAndCancel(ctx)
	}
	o.stop()
	o.goes.Wait()
	return err
}

// waker tells the workers of all processes, after a commit, that jobs have come: at once after a pause, and a few
// milliseconds' worth of requests at a time under load.
type waker struct {
	pool *pgxpool.Pool
	log  *slog.Logger
	due  chan struct{} // capacity 1: wakes merge
}

func newWaker(pool *pgxpool.Pool, log *slog.Logger) *waker {
	return &waker{pool: pool, log: log, due: make(chan struct{}, 1)}
}

func (w *waker) wake() {
	select {
	case w.due <- struct{}{}:
	default:
	}
}

// wakeSQL sends what River's own insert would send, outside of the money transaction.
const wakeSQL = `SELECT pg_notify(current_schema() || '.river_insert', '{"queue": "` + queueName + `"}')`

// run sends wakes until ctx ends, and then the one that is still due.
func (w *waker) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			w.sendLast()
			return
		case <-w.due:
		}
		w.send(ctx)
		pause := time.NewTimer(wakeInterval)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}

func (w *waker) send(ctx context.Context) {
	if _, err := w.pool.Exec(ctx, wakeSQL); err != nil && ctx.Err() == nil {
		w.log.Warn("workers were not woken, they will look by themselves", "error", err)
	}
}

// sendLast wakes other processes for what this one has handed back.
func (w *waker) sendLast() {
	select {
	case <-w.due:
		ctx, cancel := context.WithTimeout(context.Background(), fetchInterval)
		defer cancel()
		w.send(ctx)
	default:
	}
}
