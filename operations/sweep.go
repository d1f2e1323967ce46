package operations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/ledger"
	"productgenerator/models"
)

const sweepEvery = 5 * time.Second

// sweepSQL finds generations that nobody works on: their lease has lapsed, they have waited too long, or they wait
// although no job of theirs is in the queue. Only the oldest that wait are looked at for that: whichever has lost its
// job becomes one of them. A job that has been fetched is given a minute to claim its generation; one that is to be
// tried again much later, by the clock of the process that failed, does not count.
const sweepSQL = `
SELECT id, team_id
FROM generations
WHERE finished_at IS NULL AND (
	lease_until <= now()
	OR status = 'QUEUED' AND created_at <= now() - make_interval(secs => $1))
UNION
SELECT id, team_id
FROM (
	SELECT id, team_id
	FROM generations
	WHERE finished_at IS NULL AND status = 'QUEUED' AND created_at <= now() - interval '15 seconds'
	ORDER BY id
	LIMIT 200
) AS waiting
WHERE NOT EXISTS (
	SELECT FROM river_job
	WHERE args ->> 'generation' = waiting.id AND queue = '` + queueName + `' AND (
		state IN ('available', 'scheduled', 'retryable') AND scheduled_at <= now() + interval '1 minute'
		OR state = 'running' AND attempted_at > now() - interval '1 minute'))
LIMIT 500`

// sweepUntil puts back what dead workers have left behind, until ctx ends.
func (o *Operations) sweepUntil(ctx context.Context) {
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

// Sweep puts every generation that nobody works on back into the queue, or ends it where it has had all attempts or all
// its time. One that cannot be put back does not keep the others waiting.
func (o *Operations) Sweep(ctx context.Context) error {
	rows, err := o.pool.Query(ctx, sweepSQL, queueLife.Seconds())
	if err != nil {
		return err
	}
	lost, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (job Job, err error) {
		err = row.Scan(&job.Generation, &job.Team)
		return job, err
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, job := range lost {
		if err := o.putBack(ctx, job); err != nil && !errors.Is(err, errNotOurs) {
			failed = append(failed, fmt.Errorf("put back %s: %w", job.Generation, err))
		}
	}
	if len(lost) > 0 {
		o.log.Info("generations without a worker were put back", "count", len(lost)-len(failed))
		o.waker.wake()
	}
	return errors.Join(failed...)
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
			return nil
		},
	})
	return err
}
