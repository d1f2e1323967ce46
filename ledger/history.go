package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

// Filter narrows a ledger down; its zero value lets every line through.
type Filter struct {
	Kinds      []models.LedgerEntryKind // nil: all; empty: none
	Operations []models.Operation       // nil: all and lines that no operation caused; empty: none
	Actor      models.UserID
	Generation models.GenerationID
	Grant      models.GrantID
	From       *time.Time // inclusive
	To         *time.Time // exclusive
}

const entryColumns = `id, team_id, sequence, balance_version, kind, amount, tokens, balance_after, operation, part,
	actor_id, generation_id, grant_id, draws, debt, day, usage, note, reason, occurred_at`

// Entries reads one page of a team's ledger, the newest lines first. Its cursors are sequences, so a page stays the
// same while new lines arrive; whether there is more is looked for on both sides.
func (l *Ledger) Entries(ctx context.Context, team models.TeamID, filter Filter, page models.Page) (models.Connection[models.LedgerEntry], error) {
	var none models.Connection[models.LedgerEntry]
	reading := entryReading{team: team, filter: filter, upwards: page.Backward, limit: page.Size + 1}
	queries := &pgx.Batch{}
	var behind bool
	if page.Cursor != "" {
		cursor, err := strconv.ParseInt(page.Cursor, 10, 64)
		if err != nil {
			return none, models.ErrPageCursor
		}
		reading.cursor = &cursor
		// The line itself, because EXISTS would drop the order and with it the index.
		sql, args := reading.turned().sql()
		queries.Queue(sql, args...).Query(func(rows pgx.Rows) error {
			behind = rows.Next()
			rows.Close()
			return rows.Err()
		})
	}
	var entries []models.LedgerEntry
	sql, args := reading.sql()
	queries.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		entries, err = pgx.CollectRows(rows, scanEntry)
		return err
	})
	if err := l.pool.SendBatch(ctx, queries).Close(); err != nil {
		return none, fmt.Errorf("read the ledger of %s: %w", team, err)
	}
	connection := models.Connect(page, entries, func(e models.LedgerEntry) string { return strconv.FormatInt(e.Sequence, 10) })
	if page.Backward {
		connection.PageInfo.HasNextPage = behind
	} else {
		connection.PageInfo.HasPreviousPage = behind
	}
	return connection, nil
}

// Entry reads one line of a team's ledger, or returns models.ErrNotFound.
func (l *Ledger) Entry(ctx context.Context, id models.LedgerEntryID) (models.LedgerEntry, error) {
	rows, err := l.pool.Query(ctx, "SELECT "+entryColumns+" FROM ledger_entries WHERE id = $1", string(id))
	if err != nil {
		return models.LedgerEntry{}, fmt.Errorf("read %s: %w", id, err)
	}
	entry, err := pgx.CollectExactlyOneRow(rows, scanEntry)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return models.LedgerEntry{}, models.ErrNotFound
	case err != nil:
		return models.LedgerEntry{}, fmt.Errorf("read %s: %w", id, err)
	default:
		return entry, nil
	}
}

func scanEntry(row pgx.CollectableRow) (e models.LedgerEntry, err error) {
	var draws []byte
	err = row.Scan(&e.ID, &e.TeamID, &e.Sequence, &e.BalanceVersion, &e.Kind, &e.Amount, &e.Tokens, &e.BalanceAfter,
		&e.Operation, &e.Part, &e.ActorID, &e.GenerationID, &e.GrantID, &draws, &e.Debt, &e.Day, &e.Usage, &e.Note,
		&e.Reason, &e.OccurredAt)
	if err != nil {
		return e, err
	}
	return e, json.Unmarshal(draws, &e.Draws)
}
