package notify

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"productgenerator/models"
)

// batch is how many warnings one transaction dispatches.
const batch = 100

// dispatchUntil dispatches what is raised, woken by who raises it and every few seconds besides, until ctx ends.
func (n *Notifier) dispatchUntil(ctx context.Context) {
	poll := time.NewTicker(n.timing.poll)
	defer poll.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		if err := n.dispatchAll(ctx); err != nil && ctx.Err() == nil {
			n.log.Warn("warnings were not dispatched, it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-n.due:
		case <-poll.C:
		}
		pause.Reset(n.timing.pause)
	}
}

// undispatchedSQL says whether there is anything to dispatch, in one round trip.
const undispatchedSQL = `SELECT EXISTS (SELECT FROM limit_warnings WHERE dispatched_at IS NULL)`

// dispatchAll dispatches warnings until there are none left that no other process is at.
func (n *Notifier) dispatchAll(ctx context.Context) error {
	var some bool
	if err := n.pool.QueryRow(ctx, undispatchedSQL).Scan(&some); err != nil {
		return err
	}
	for some {
		dispatched, err := n.dispatch(ctx)
		if err != nil {
			return err
		}
		some = dispatched == batch
	}
	return nil
}

// dispatch takes the oldest warnings that have not been dispatched and that no other process is at, stores a job for
// each of their deliveries, and marks them as dispatched, all in one transaction. It returns how many they were.
func (n *Notifier) dispatch(ctx context.Context) (count int, err error) {
	err = pgx.BeginFunc(ctx, n.pool, func(tx pgx.Tx) error {
		raised, err := takeRaised(ctx, tx)
		if err != nil || len(raised) == 0 {
			return err
		}
		count = len(raised)
		routes, err := readRoutes(ctx, tx, raised)
		if err != nil {
			return err
		}
		var jobs []river.InsertManyParams
		for _, w := range raised {
			for _, job := range routes[w.team].deliveries(w) {
				jobs = append(jobs, river.InsertManyParams{Args: job})
			}
		}
		if len(jobs) > 0 {
			if _, err := n.inserter.InsertManyTx(ctx, tx, jobs); err != nil {
				return err
			}
		}
		return markDispatched(ctx, tx, raised)
	})
	return count, err
}

// raised is what decides where a warning goes.
type raised struct {
	id     models.LimitWarningID
	team   models.TeamID
	kind   models.LimitWarningKind
	rule   *models.AlertRuleID
	member *models.UserID
}

func takeRaised(ctx context.Context, tx pgx.Tx) ([]raised, error) {
	rows, err := tx.Query(ctx, `
SELECT id, team_id, kind, rule_id, member_id
FROM limit_warnings
WHERE dispatched_at IS NULL
ORDER BY raised_at
LIMIT $1
FOR UPDATE SKIP LOCKED`, batch)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (w raised, err error) {
		err = row.Scan(&w.id, &w.team, &w.kind, &w.rule, &w.member)
		return w, err
	})
}

func markDispatched(ctx context.Context, tx pgx.Tx, dispatched []raised) error {
	ids := make([]string, len(dispatched))
	for i, w := range dispatched {
		ids[i] = string(w.id)
	}
	_, err := tx.Exec(ctx, `UPDATE limit_warnings SET dispatched_at = now() WHERE id = ANY($1)`, ids)
	return err
}

// readRoutes reads where the teams' warnings may go as things are now.
func readRoutes(ctx context.Context, tx pgx.Tx, of []raised) (map[models.TeamID]*routes, error) {
	teams := make([]string, 0, len(of))
	found := map[models.TeamID]*routes{}
	for _, w := range of {
		if found[w.team] == nil {
			found[w.team] = &routes{}
			teams = append(teams, string(w.team))
		}
	}
	return found, errors.Join(readRules(ctx, tx, teams, found), readLeads(ctx, tx, teams, found))
}

func readRules(ctx context.Context, tx pgx.Tx, teams []string, into map[models.TeamID]*routes) error {
	rows, err := tx.Query(ctx, `
SELECT team_id, id, metric, email, coalesce(webhook_url, '')
FROM alert_rules
WHERE team_id = ANY($1) AND enabled
ORDER BY id`, teams)
	if err != nil {
		return err
	}
	var team models.TeamID
	var r rule
	_, err = pgx.ForEachRow(rows, []any{&team, &r.id, &r.metric, &r.email, &r.url}, func() error {
		into[team].rules = append(into[team].rules, r)
		return nil
	})
	return err
}

func readLeads(ctx context.Context, tx pgx.Tx, teams []string, into map[models.TeamID]*routes) error {
	rows, err := tx.Query(ctx, `
SELECT team_id, user_id
FROM memberships
WHERE team_id = ANY($1) AND role IN ('ADMIN', 'OWNER')
ORDER BY id`, teams)
	if err != nil {
		return err
	}
	var team models.TeamID
	var user models.UserID
	_, err = pgx.ForEachRow(rows, []any{&team, &user}, func() error {
		into[team].leads = append(into[team].leads, user)
		return nil
	})
	return err
}
