package operations

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"productgenerator/ledger"
	"productgenerator/models"
)

// The bounds of a generation's work.
const (
	leaseLife     = 30 * time.Second // from the moment a worker claims it
	renewEvery    = 10 * time.Second
	maxAttempts   = 3
	maxWork       = 10 * time.Minute // in all, from the first claim
	queueLife     = 24 * time.Hour   // a reservation lives so long without a worker
	settleTimeout = 30 * time.Second
)

// errNotOurs says that the generation is not this worker's any more, or never was: somebody else has it, it was
// cancelled, or the lease has lapsed.
var errNotOurs = errors.New("the generation is not this worker's")

// errOutOfTime says that the generation has been worked on for as long as it may be.
var errOutOfTime = errors.New("the generation has had all its time")

// worker is the queue's way into the operations.
type worker struct {
	river.WorkerDefaults[Job]
	operations *Operations
}

// Work runs a generation. It returns an error only where the database failed: then the queue tries again.
func (w *worker) Work(ctx context.Context, job *river.Job[Job]) error {
	err := w.operations.work(ctx, job.Args)
	if errors.Is(err, errNotOurs) {
		return nil
	}
	return err
}

// work claims a generation, runs its unsettled parts and settles each.
func (o *Operations) work(ctx context.Context, job Job) error {
	lease := lease{holder: rand.Text(), job: job}
	generation, left, err := o.claim(ctx, lease)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, left, errOutOfTime)
	defer cancel()
	ctx, drop := context.WithCancelCause(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		o.renew(ctx, lease, drop)
	}()
	err = o.runParts(ctx, lease, generation, drop)
	drop(nil)
	<-renewed
	return err
}

// lease is a worker's claim on a generation; its holder is unique to the claim.
type lease struct {
	holder string
	job    Job
}

// claim makes the generation this worker's and says how long it may be worked on, or returns errNotOurs. A generation
// that has been tried too often or for too long is ended instead: what it still holds goes back.
//
// A claim that has begun is waited for, whether or not the process stops meanwhile: else nobody would know of it until
// its lease lapses.
func (o *Operations) claim(ctx context.Context, l lease) (models.Generation, time.Duration, error) {
	if ctx.Err() != nil {
		return models.Generation{}, 0, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	var claimed models.Generation
	var left time.Duration
	_, err := o.ledger.Update(ctx, ledger.Change{
		Team: l.job.Team, Reservations: []models.GenerationID{l.job.Generation}, Weight: 2,
		Lookups: []ledger.Want{o.rows.generations.Want(l.job.Generation)},
		Decide: func(tx *ledger.Tx) error {
			claimed.ID = ""
			g, ok := o.rows.generations.Get(tx, l.job.Generation)
			if !ok || g.Status.Finished() || leased(g, tx.Now()) {
				return errNotOurs
			}
			if spent(g, tx.Now()) {
				return o.endUnsettled(tx, g, models.PartFailed, models.FailureInterrupted)
			}
			o.begin(tx, g, l.holder)
			claimed, left = *g, maxWork-tx.Now().Sub(*g.StartedAt)
			claimed.Parts = slices.Clone(g.Parts)
			return nil
		},
	})
	switch {
	case err != nil:
		return models.Generation{}, 0, err
	case claimed.ID == "":
		return models.Generation{}, 0, errNotOurs
	default:
		return claimed, left, nil
	}
}

// leased says whether a worker holds the generation.
func leased(g *models.Generation, now time.Time) bool {
	return g.Status == models.GenerationRunning && g.LeaseUntil.After(now)
}

// spent says whether the generation has had all the attempts and the time that it gets.
func spent(g *models.Generation, now time.Time) bool {
	if g.StartedAt == nil {
		return !g.CreatedAt.Add(queueLife).After(now)
	}
	return g.Attempts >= maxAttempts || !g.StartedAt.Add(maxWork).After(now)
}

// begin gives the lease to the holder and marks the unsettled parts as running.
func (o *Operations) begin(tx *ledger.Tx, g *models.Generation, holder string) {
	now := tx.Now()
	until := now.Add(leaseLife)
	g.Status, g.LeaseHolder, g.LeaseUntil = models.GenerationRunning, &holder, &until
	g.Attempts++
	if g.StartedAt == nil {
		g.StartedAt = &now
	}
	for i := range g.Parts {
		part := &g.Parts[i]
		if !part.Status.Finished() {
			part.Status = models.PartRunning
			part.Attempts++
			o.rows.updateParts.Stage(tx, *part)
		}
	}
	o.save(tx, g)
}

// save stages the generation as it is now and signals it, with the run that it belongs to.
func (o *Operations) save(tx *ledger.Tx, g *models.Generation) {
	o.rows.updateGenerations.Stage(tx, *g)
	tx.Signal(string(g.ID))
	if g.BatchID != nil {
		tx.Signal(string(*g.BatchID))
	}
}

// renew keeps the lease alive while ctx lasts, and drops the work with errNotOurs when it is lost.
func (o *Operations) renew(ctx context.Context, l lease, drop context.CancelCauseFunc) {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		held, err := o.extend(ctx, l)
		switch {
		case err == nil && !held:
			drop(errNotOurs)
			return
		case err != nil && ctx.Err() == nil:
			o.log.Warn("a lease was not renewed, it is tried again", "generation", l.job.Generation, "error", err)
		}
	}
}

// extend lets the lease begin anew, and says whether it was still held.
func (o *Operations) extend(ctx context.Context, l lease) (held bool, err error) {
	tag, err := o.pool.Exec(ctx, `
UPDATE generations
SET lease_until = clock_timestamp() + make_interval(secs => $4)
WHERE id = $1 AND team_id = $2 AND lease_holder = $3 AND lease_until > clock_timestamp()`,
		string(l.job.Generation), string(l.job.Team), l.holder, leaseLife.Seconds())
	return tag.RowsAffected() == 1, err
}

// leave ends a claim: the generation becomes what then makes of it. It returns errNotOurs where the claim has ended
// before.
func (o *Operations) leave(ctx context.Context, l lease, then func(*ledger.Tx, *models.Generation) error) error {
	_, err := o.ledger.Update(ctx, ledger.Change{
		Team: l.job.Team, Reservations: []models.GenerationID{l.job.Generation}, Weight: 4,
		Lookups: []ledger.Want{o.rows.generations.Want(l.job.Generation)},
		Decide: func(tx *ledger.Tx) error {
			g, ok := o.rows.generations.Get(tx, l.job.Generation)
			if !ok || !holds(g, l.holder, tx.Now()) {
				return errNotOurs
			}
			return then(tx, g)
		},
	})
	if err == nil {
		o.waker.wake()
	}
	return err
}

// handBack makes the generation wait again as if this attempt had not been: it is not its fault that the process stops.
func (o *Operations) handBack(tx *ledger.Tx, g *models.Generation) error {
	g.Attempts--
	if g.Attempts == 0 {
		g.StartedAt = nil
	}
	for i := range g.Parts {
		if part := &g.Parts[i]; part.Status == models.PartRunning {
			part.Attempts--
		}
	}
	o.requeue(tx, g)
	return nil
}

// requeue makes a generation wait for a worker again, with a job of its own.
func (o *Operations) requeue(tx *ledger.Tx, g *models.Generation) {
	g.Status, g.LeaseHolder, g.LeaseUntil = models.GenerationQueued, nil, nil
	for i := range g.Parts {
		if part := &g.Parts[i]; part.Status == models.PartRunning {
			part.Status = models.PartQueued
			o.rows.updateParts.Stage(tx, *part)
		}
	}
	o.rows.insertJobs.Stage(tx, Job{Generation: g.ID, Team: g.TeamID, priority: priorityAgain})
	o.save(tx, g)
}

// holds says whether the lease is the holder's and has not lapsed.
func holds(g *models.Generation, holder string, now time.Time) bool {
	return leased(g, now) && *g.LeaseHolder == holder
}
