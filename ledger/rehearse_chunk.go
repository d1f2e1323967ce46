package ledger

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

// Copied is a table that a rehearsal writes besides the ledger's own.
type Copied[R any] struct {
	Table   string
	Columns []string
	// Values are a row's, in the order of Columns.
	Values func(row R) ([]any, error)
}

// Stage hands rows over to be written with the ledger lines that are played around them. Tables are written in the
// order in which they are staged: what is referred to has to be staged first.
func (c *Copied[R]) Stage(r *Rehearsal, rows ...R) {
	staged, ok := r.chunk.staged[c].(*copiedRows[R])
	if !ok {
		staged = &copiedRows[R]{table: c}
		r.chunk.staged[c] = staged
		r.chunk.tables = append(r.chunk.tables, staged)
	}
	staged.rows = append(staged.rows, rows...)
}

type copiedRows[R any] struct {
	table *Copied[R]
	rows  []R
}

func (c *copiedRows[R]) copy(ctx context.Context, tx pgx.Tx) error {
	source := pgx.CopyFromSlice(len(c.rows), func(i int) ([]any, error) { return c.table.Values(c.rows[i]) })
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{c.table.Table}, c.table.Columns, source); err != nil {
		return fmt.Errorf("copy %s: %w", c.table.Table, err)
	}
	return nil
}

// chunk is a piece of a rehearsal on its way to the database.
type chunk struct {
	entries            []models.LedgerEntry
	reservations       []*models.Reservation
	warnings           []models.LimitWarning
	consumption        []models.Consumption
	productConsumption []models.ProductConsumption
	staged             map[any]any
	tables             []interface {
		copy(ctx context.Context, tx pgx.Tx) error
	}
}

func newChunk() *chunk { return &chunk{staged: map[any]any{}} }

// take moves out of the account what will not change any more: lines, finished reservations, warnings, and the
// consumption of months in which nothing is reserved any longer: sums by month are written once. The rest stays in it,
// to be written in the end.
func (c *chunk) take(a *Account) {
	c.entries, a.posted.entries = a.posted.entries, make([]models.LedgerEntry, 0, rehearsalChunk+rehearsalChunk/10)
	c.warnings, a.posted.warnings = a.posted.warnings, nil
	open := a.balance.Day
	for id := range a.posted.reservations {
		reservation := a.reservations[id]
		if reservation.FinishedAt == nil {
			if reservation.Day.Before(open) {
				open = reservation.Day
			}
			continue
		}
		c.reservations = append(c.reservations, reservation)
		delete(a.reservations, id)
		delete(a.posted.reservations, id)
	}
	c.takeConsumption(a, models.Date{Year: open.Year, Month: open.Month, Day: 1})
}

// takeConsumption moves the consumption of the days before that one out of the account.
func (c *chunk) takeConsumption(a *Account, before models.Date) {
	gone := map[consumptionKey]consumed{}
	for key, sum := range a.posted.consumed {
		if key.day.Before(before) {
			gone[key] = sum
			delete(a.posted.consumed, key)
		}
	}
	going := a.posted.consumed
	a.posted.consumed = gone
	c.consumption, c.productConsumption = a.consumption(), a.productConsumption()
	a.posted.consumed = going
}

func (c *chunk) write(ctx context.Context, tx pgx.Tx) error {
	entries := &copiedRows[models.LedgerEntry]{copiedEntries(), c.entries}
	if err := entries.copy(ctx, tx); err != nil {
		return err
	}
	reservations := &copiedRows[*models.Reservation]{copiedReservations(), c.reservations}
	if err := reservations.copy(ctx, tx); err != nil {
		return err
	}
	for i := range c.warnings {
		c.warnings[i].ID = models.NewLimitWarningID(c.warnings[i].RaisedAt)
	}
	queries := &pgx.Batch{}
	queueRows(queries, insertWarningsSQL, c.warnings, columnsOfWarnings)
	queueRows(queries, raiseConsumptionSQL, c.consumption, columnsOfConsumption)
	queueRows(queries, raiseProductConsumptionSQL, c.productConsumption, columnsOfProductConsumption)
	if queries.Len() > 0 {
		if err := tx.SendBatch(ctx, queries).Close(); err != nil {
			return err
		}
	}
	for _, table := range c.tables {
		if err := table.copy(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

func copiedEntries() *Copied[models.LedgerEntry] {
	return &Copied[models.LedgerEntry]{
		Table: "ledger_entries",
		Columns: []string{
			"id", "team_id", "sequence", "balance_version", "kind", "amount", "tokens", "balance_after", "operation", "part",
			"actor_id", "generation_id", "grant_id", "draws", "debt", "day", "usage", "note", "reason", "occurred_at",
		},
		Values: func(e models.LedgerEntry) ([]any, error) {
			draws, err := json.Marshal(append([]models.Draw{}, e.Draws...))
			return []any{
				string(models.NewLedgerEntryID(e.OccurredAt)), string(e.TeamID), e.Sequence, e.BalanceVersion, string(e.Kind),
				int64(e.Amount), int64(e.Tokens), int64(e.BalanceAfter), (*string)(e.Operation), (*string)(e.Part),
				(*string)(e.ActorID), (*string)(e.GenerationID), (*string)(e.GrantID), draws, int64(e.Debt), e.Day.Midnight(),
				int64(e.Usage), e.Note, (*string)(e.Reason), e.OccurredAt,
			}, err
		},
	}
}

func copiedReservations() *Copied[*models.Reservation] {
	return &Copied[*models.Reservation]{
		Table: "reservations",
		Columns: []string{
			"generation_id", "team_id", "actor_id", "product_id", "operation", "day", "unlimited", "tokens", "captured",
			"released", "parts", "created_at", "finished_at",
		},
		Values: func(r *models.Reservation) ([]any, error) {
			parts, err := json.Marshal(r.Parts)
			return []any{
				string(r.GenerationID), string(r.TeamID), string(r.ActorID), string(r.ProductID), string(r.Operation),
				r.Day.Midnight(), r.Unlimited, int64(r.Tokens), int64(r.Captured), int64(r.Released), parts, r.CreatedAt,
				r.FinishedAt,
			}, err
		},
	}
}
