package ledger

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

// How the sweep works through teams: so many are looked for at once, and so many are posted at once.
const (
	sweepBatch    = 500
	sweepParallel = 16
)

// defaultSweepEvery is how often the sweep runs where no option says otherwise.
const defaultSweepEvery = 30 * time.Second

// dueSQL finds the teams behind $1 that time has done something to which nobody has posted: a grant has expired with
// tokens remaining, or has come under an alert rule that has not warned of it. now() stands still within a statement,
// unlike clock_timestamp(), so the index on expiries serves.
const dueSQL = `
SELECT team_id
FROM (
	SELECT team_id
	FROM grants
	WHERE remaining > 0 AND expires_at <= now() AND team_id > $1
	UNION
	SELECT g.team_id
	FROM grants g
	JOIN alert_rules r ON r.team_id = g.team_id AND r.metric = 'GRANT_EXPIRES_WITHIN_DAYS' AND r.enabled
	WHERE g.remaining > 0 AND g.team_id > $1
		AND g.expires_at <= now() + make_interval(hours => 24 * (
			SELECT max(threshold) FROM alert_rules WHERE metric = 'GRANT_EXPIRES_WITHIN_DAYS' AND enabled))
		AND g.expires_at <= now() + make_interval(hours => 24 * r.threshold)
		AND NOT r.warned_of ? g.id
) AS due
ORDER BY team_id
LIMIT $2`

// Sweep posts what time alone has done to teams that nobody changes: it closes the grants that have expired and warns
// of those that soon will. It returns how many teams it has posted. Several processes may sweep at once. A team that
// cannot be posted now keeps nobody else waiting; the next sweep finds it again.
func (l *Ledger) Sweep(ctx context.Context) (posted int, err error) {
	last := models.TeamID("")
	for {
		due, err := l.dueAfter(ctx, last)
		if err != nil || len(due) == 0 {
			return posted, err
		}
		posted += l.postAll(ctx, due)
		if len(due) < sweepBatch || ctx.Err() != nil {
			return posted, ctx.Err()
		}
		last = due[len(due)-1]
	}
}

func (l *Ledger) dueAfter(ctx context.Context, last models.TeamID) ([]models.TeamID, error) {
	rows, err := l.pool.Query(ctx, dueSQL, string(last), sweepBatch)
	if err != nil {
		return nil, fmt.Errorf("find the teams that time has changed: %w", err)
	}
	due, err := pgx.CollectRows(rows, pgx.RowTo[models.TeamID])
	if err != nil {
		return nil, fmt.Errorf("find the teams that time has changed: %w", err)
	}
	return due, nil
}

// postAll posts what time has done to those teams and returns to how many. Changes that wait together share a
// transaction, so a few are asked for at once.
func (l *Ledger) postAll(ctx context.Context, due []models.TeamID) (posted int) {
	teams := make(chan models.TeamID)
	var mu sync.Mutex // protects posted
	var workers sync.WaitGroup
	for range min(sweepParallel, len(due)) {
		workers.Go(func() {
			for team := range teams {
				err := l.PostTime(ctx, team)
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					l.log.Warn("what time has done to a team was not posted, the next sweep tries again", "team", team, "error", err)
					continue
				}
				mu.Lock()
				posted++
				mu.Unlock()
			}
		})
	}
feed:
	for _, team := range due {
		select {
		case teams <- team:
		case <-ctx.Done():
			break feed
		}
	}
	close(teams)
	workers.Wait()
	return posted
}

// SweepUntil sweeps at once and then every 30 s, or as the ledger's option says, until ctx ends.
func (l *Ledger) SweepUntil(ctx context.Context) {
	tick := time.NewTicker(l.sweepEvery)
	defer tick.Stop()
	for {
		if _, err := l.Sweep(ctx); err != nil && ctx.Err() == nil {
			l.log.Warn("the sweep was not finished, it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
