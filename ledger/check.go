package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

const (
	// checkTimeout is how long one invariant may take, over all teams there are.
	checkTimeout = 10 * time.Minute
	// maxDiscrepancies is how many discrepancies of one invariant a report lists.
	maxDiscrepancies = 100
)

// Report says what was checked, and everything that does not add up.
type Report struct {
	TeamsChecked   int
	EntriesChecked int64
	Invariants     []string      // that were checked, as sentences
	Discrepancies  []Discrepancy // at most 100 for each invariant
	CheckedAt      time.Time     // the instant of the snapshot
}

// Discrepancy is one breach of an invariant.
type Discrepancy struct {
	Team      models.TeamID
	Invariant string // what must hold, as a sentence
	Expected  string
	Found     string
}

// invariant is something that must hold for every team at every instant.
type invariant struct {
	name string
	// breaches selects team_id, expected and found for each breach.
	breaches string
}

// Check tests all invariants of one team or, with nil, of all teams, in one snapshot: it sees the state of one instant
// while changes go on, and stops none of them.
func (l *Ledger) Check(ctx context.Context, team *models.TeamID) (Report, error) {
	return l.check(ctx, team, invariants())
}

// invariants are all that must hold.
func invariants() []invariant {
	return slices.Concat(tokenInvariants(), operationInvariants, fundingInvariants)
}

// tokenInvariants are those of the ledger's own tables.
func tokenInvariants() []invariant {
	return slices.Concat(balanceInvariants, entryInvariants, grantInvariants, reclaimInvariants, reservationInvariants, warningInvariants,
		consumptionInvariants, sumInvariants)
}

func (l *Ledger) check(ctx context.Context, team *models.TeamID, invariants []invariant) (report Report, err error) {
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, l.pool, snapshot, func(tx pgx.Tx) error {
		if err := l.countChecked(ctx, tx, team, &report); err != nil {
			return err
		}
		for _, invariant := range invariants {
			found, err := invariant.find(ctx, tx, team)
			if err != nil {
				return fmt.Errorf("check that %s: %w", invariant.name, err)
			}
			report.Invariants = append(report.Invariants, invariant.name)
			report.Discrepancies = append(report.Discrepancies, found...)
		}
		return nil
	})
	if err != nil {
		return Report{}, fmt.Errorf("check the ledger: %w", err)
	}
	return report, nil
}

// countChecked raises the time and the memory that statements may take, and counts what there is to check. Compiling the
// statements would take longer than running them on most databases; joins of millions of rows that do not fit into the
// usual memory go through files.
func (l *Ledger) countChecked(ctx context.Context, tx pgx.Tx, team *models.TeamID, report *Report) error {
	settings := fmt.Sprintf("SET LOCAL statement_timeout = %d; SET LOCAL jit = off; SET LOCAL work_mem = '64MB'; SET LOCAL %s = %d",
		checkTimeout.Milliseconds(), settingCheapest, l.cheapest)
	if _, err := tx.Exec(ctx, settings); err != nil {
		return err
	}
	return tx.QueryRow(ctx, `
SELECT now(),
	(SELECT count(*) FROM teams WHERE $1::text IS NULL OR id = $1),
	(SELECT count(*) FROM ledger_entries WHERE $1::text IS NULL OR team_id = $1)`, (*string)(team)).
		Scan(&report.CheckedAt, &report.TeamsChecked, &report.EntriesChecked)
}

func (i invariant) find(ctx context.Context, tx pgx.Tx, team *models.TeamID) ([]Discrepancy, error) {
	sql := "SELECT team_id, coalesce(expected::text, 'nothing'), coalesce(found::text, 'nothing') FROM (" + i.breaches + ") AS breach"
	var args []any
	if team != nil {
		sql = ofOneTeamSQL + sql + " WHERE team_id = $1"
		args = append(args, string(*team))
	}
	rows, err := tx.Query(ctx, fmt.Sprintf("%s LIMIT %d", sql, maxDiscrepancies), args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Discrepancy, error) {
		d := Discrepancy{Invariant: i.name}
		err := row.Scan(&d.Team, &d.Expected, &d.Found)
		return d, err
	})
}
