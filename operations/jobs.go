package operations

import (
	"context"
	"fmt"
	"log/slog"
	"time"

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
)

// Job says that there is something to do for a generation. What, and whether it is still to be done, stands on the
// generation: a job may come twice.
type Job struct {
	Generation models.GenerationID `json:"generation"`
	Team       models.TeamID       `json:"team"`
}

// Kind names the job in the queue.
func (Job) Kind() string { return "generation" }

// InsertOpts puts the job into its queue.
func (Job) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: queueName} }

// makeQueue makes the client that stores jobs and, where this process works any off, the one that works.
func (o *Operations) makeQueue() error {
	driver := riverpgxv5.New(o.pool)
	inserter, err := river.NewClient(driver, &river.Config{
		FetchCooldown: never, FetchPollInterval: never, Logger: o.log,
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
		Queues:               map[string]river.QueueConfig{queueName: {MaxWorkers: o.workers}},
		Workers:              workers,
		FetchCooldown:        fetchCooldown,
		FetchPollInterval:    fetchInterval,
		JobTimeout:           jobTimeout,
		RescueStuckJobsAfter: jobTimeout + time.Minute,
		Logger:               o.log,
	})
	if err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	return nil
}

// Start begins to work jobs off and to watch over leases, until Stop.
func (o *Operations) Start(ctx context.Context) error {
	o.goes.Add(1)
	go o.waker.run(o.stopping, &o.goes)
	if o.worker == nil {
		return nil
	}
	if err := o.worker.Start(ctx); err != nil {
		return fmt.Errorf("start workers: %w", err)
	}
	o.goes.Add(1)
	go o.sweepUntil(o.stopping)
	return nil
}

// Stop takes no more jobs and hands back those that run: their leases end and other processes go on with them. It
// returns when the last worker has done so, or when ctx ends.
func (o *Operations) Stop(ctx context.Context) error {
	o.stop()
	o.goes.Wait()
	if o.worker == nil {
		return nil
	}
	return o.worker.StopAndCancel(ctx)
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

func (w *waker) run(ctx context.Context, goes interface{ Done() }) {
	defer goes.Done()
	pause := time.NewTicker(wakeInterval)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.due:
		}
		if _, err := w.pool.Exec(ctx, wakeSQL); err != nil && ctx.Err() == nil {
			w.log.Warn("workers were not woken, they will look by themselves", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
	}
}
