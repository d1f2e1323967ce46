package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

const warningColumns = `id, team_id, sequence, kind, rule_id, member_id, grant_id, threshold, value, daily_limit,
	clears_at, balance_version, raised_at, acknowledged_at, acknowledged_by, dispatched_at`

// Warnings reads one page of a team's warnings, the newest first; acknowledged nil: both those that somebody took note
// of and those that nobody did. Its cursors are sequences, so a page stays the same while new warnings arrive.
func (l *Ledger) Warnings(ctx context.Context, team models.TeamID, acknowledged *bool, page models.Page) (models.Connection[models.LimitWarning], error) {
	var none models.Connection[models.LimitWarning]
	where, args := "team_id = $1", []any{string(team), page.Size + 1}
	if page.Cursor != "" {
		before, err := strconv.ParseInt(page.Cursor, 10, 64)
		if err != nil {
			return none, models.ErrPageCursor
		}
		where += " AND sequence < $3"
		args = append(args, before)
	}
	switch {
	case acknowledged == nil:
	case *acknowledged:
		where += " AND acknowledged_at IS NOT NULL"
	default:
		where += " AND acknowledged_at IS NULL"
	}
	warnings, err := l.readWarnings(ctx, where+" ORDER BY sequence DESC LIMIT $2", args...)
	if err != nil {
		return none, err
	}
	return models.Connect(page, warnings, func(w models.LimitWarning) string { return strconv.FormatInt(w.Sequence, 10) }), nil
}

// Warning reads a warning, or returns models.ErrNotFound.
func (l *Ledger) Warning(ctx context.Context, id models.LimitWarningID) (models.LimitWarning, error) {
	warnings, err := l.readWarnings(ctx, "id = $1", string(id))
	if err != nil {
		return models.LimitWarning{}, err
	}
	if len(warnings) == 0 {
		return models.LimitWarning{}, models.ErrNotFound
	}
	return warnings[0], nil
}

// WarningsAfter reads at most limit of a team's warnings behind a sequence, in the order of the team's changes.
func (l *Ledger) WarningsAfter(ctx context.Context, team models.TeamID, sequence int64, limit int) ([]models.LimitWarning, error) {
	return l.readWarnings(ctx, "team_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3", string(team), sequence, limit)
}

// EntriesAfter reads at most limit lines of a team's ledger behind a sequence, in their order.
func (l *Ledger) EntriesAfter(ctx context.Context, team models.TeamID, sequence int64, limit int) ([]models.LedgerEntry, error) {
	rows, err := l.pool.Query(ctx, `
SELECT `+entryColumns+`
FROM ledger_entries
WHERE team_id = $1 AND sequence > $2
ORDER BY sequence
LIMIT $3`, string(team), sequence, limit)
	if err != nil {
		return nil, fmt.Errorf("read the ledger of %s: %w", team, err)
	}
	entries, err := pgx.CollectRows(rows, scanEntry)
	if err != nil {
		return nil, fmt.Errorf("read the ledger of %s: %w", team, err)
	}
	return entries, nil
}

// NewestWarning reads the sequence of a team's newest warning, 0 where there is none. It returns ErrNoAccount for a
// team that does not exist.
func (l *Ledger) NewestWarning(ctx context.Context, team models.TeamID) (int64, error) {
	return l.newest(ctx, "warnings", team)
}

// NewestEntry reads the sequence of a team's newest ledger line, 0 where there is none. It returns ErrNoAccount for a
// team that does not exist.
func (l *Ledger) NewestEntry(ctx context.Context, team models.TeamID) (int64, error) {
	return l.newest(ctx, "sequence", team)
}

func (l *Ledger) newest(ctx context.Context, counter string, team models.TeamID) (sequence int64, err error) {
	err = l.pool.QueryRow(ctx, "SELECT "+counter+" FROM balances WHERE team_id = $1", string(team)).Scan(&sequence)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrNoAccount
	}
	if err != nil {
		return 0, fmt.Errorf("read the newest of the %s of %s: %w", counter, team, err)
	}
	return sequence, nil
}

func (l *Ledger) readWarnings(ctx context.Context, where string, args ...any) ([]models.LimitWarning, error) {
	rows, err := l.pool.Query(ctx, "SELECT "+warningColumns+" FROM limit_warnings WHERE "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read warnings: %w", err)
	}
	warnings, err := pgx.CollectRows(rows, scanWarning)
	if err != nil {
		return nil, fmt.Errorf("read warnings: %w", err)
	}
	return warnings, nil
}

func scanWarning(row pgx.CollectableRow) (w models.LimitWarning, err error) {
	err = row.Scan(&w.ID, &w.TeamID, &w.Sequence, &w.Kind, &w.RuleID, &w.MemberID, &w.GrantID, &w.Threshold, &w.Value,
		&w.DailyLimit, &w.ClearsAt, &w.BalanceVersion, &w.RaisedAt, &w.AcknowledgedAt, &w.AcknowledgedBy, &w.DispatchedAt)
	return w, err
}
