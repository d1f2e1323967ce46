package operations

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/ledger"
	"productgenerator/models"
)

const sweepEvery = 5 * time.Second

// sweepSQL finds generations that nobody works on: their lease has lapsed, they have waited too long, or they wait
// although no job of theirs is left in the queue.
const sweepSQL = `
SELECT id, team_id
FROM generations
WHERE finished_at IS NULL AND (
	lease_until < clock_timestamp()
	OR status = 'QUEUED' AND created_at < clock_timestamp() - make_interval(secs => $1)
	OR status = 'QUEUED' AND created_at < clock_timestamp() - interval '15 seconds' AND NOT EXISTS (
		SELECT FROM river_job
		WHERE queue = '` + queueName + `' AND state IN ('available', 'scheduled', 'retryable')))
ORDER BY id
LIMIT 500`

// sweepUntil puts back what dead workers have left behind, until ctx ends.
func (o *Operations) sweepUntil(ctx context.Context) {
	defer o.goes.Done()
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := o.Sweep(ctx); err != nil && ctx.Err() == nil {
			o.log.Warn("lapsed leases were not swept, it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sweep puts every generation whose lease has lapsed back into the queue, or ends it where it has had all attempts.
func (o *Operations) Sweep(ctx context.Context) error {
	rows, err := o.pool.Query(ctx, sweepSQL, queueLife.Seconds())
	if err != nil {
		return err
	}
	lapsed, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (job Job, err error) {
		err = row.Scan(&job.Generation, &job.Team)
		return job, err
	})
	if err != nil {
		return err
	}
	for _, job := range lapsed {
		if err := o.putBack(ctx, job); err != nil && !errors.Is(err, errNotOurs) {
			return err
		}
	}
	if len(lapsed) > 0 {
		o.log.Info("generations whose worker was lost were put back", "count", len(lapsed))
		o.waker.wake()
	}
	return nil
}

func (o *Operations) putBack(ctx context.Context, job Job) error {
	_, err := o.ledger.Update(ctx, ledger.Change{
		Team: job.Team, Reservations: []models.GenerationID{job.Generation}, Weight: 4,
		Lookups: []ledger.Want{o.rows.generations.Want(job.Generation)},
		Decide: func(tx *ledger.Tx) error {
			g, ok := o.rows.generations.Get(tx, job.Generation)
			switch {
			case !ok || g.Status.Finished() || leased(g, tx.Now()):
				return errNotOurs
			case spent(g, tx.Now()):
				return o.endUnsettled(tx, g, models.PartFailed, models.FailureInterrupted)
			}
			o.requeue(tx, g)
			o.rows.insertJobs.Stage(tx, job)
			return nil
		},
	})
	return err
}
