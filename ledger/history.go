package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

// Filter narrows a ledger down; its zero value lets every line through.
type Filter struct {
	Kinds      []models.LedgerEntryKind
	Operations []models.Operation
	Actor      models.UserID
	Generation models.GenerationID
	Grant      models.GrantID
	From       *time.Time // inclusive
	To         *time.Time // exclusive
}

const entryColumns = `id, team_id, sequence, balance_version, kind, amount, tokens, balance_after, operation, part,
	actor_id, generation_id, grant_id, draws, debt, day, usage, note, occurred_at`

// Entries reads one page of a team's ledger, the newest lines first. Its cursors are sequences, so a page stays the
// same while new lines arrive.
func (l *Ledger) Entries(ctx context.Context, team models.TeamID, filter Filter, page models.Page) (models.Connection[models.LedgerEntry], error) {
	var none models.Connection[models.LedgerEntry]
	where, args, err := filter.conditions(team)
	if err != nil {
		return none, err
	}
	order := "DESC"
	if page.Backward {
		order = "ASC"
	}
	if page.Cursor != "" {
		sequence, err := strconv.ParseInt(page.Cursor, 10, 64)
		if err != nil {
			return none, models.ErrPageCursor
		}
		comparison := "<"
		if page.Backward {
			comparison = ">"
		}
		args = append(args, sequence)
		where += fmt.Sprintf(" AND sequence %s $%d", comparison, len(args))
	}
	args = append(args, page.Size+1)
	sql := fmt.Sprintf("SELECT %s FROM ledger_entries WHERE %s ORDER BY sequence %s LIMIT $%d", entryColumns, where, order, len(args))
	rows, err := l.pool.Query(ctx, sql, args...)
	if err != nil {
		return none, fmt.Errorf("read the ledger of %s: %w", team, err)
	}
	entries, err := pgx.CollectRows(rows, scanEntry)
	if err != nil {
		return none, fmt.Errorf("read the ledger of %s: %w", team, err)
	}
	return models.Connect(page, entries, func(e models.LedgerEntry) string { return strconv.FormatInt(e.Sequence, 10) }), nil
}

func (f Filter) conditions(team models.TeamID) (where string, args []any, err error) {
	args = []any{string(team)}
	conditions := []string{"team_id = $1"}
	add := func(condition string, arg any) {
		args = append(args, arg)
		conditions = append(conditions, condition+" $"+strconv.Itoa(len(args)))
	}
	if f.Kinds != nil {
		add("kind = ANY", Column(f.Kinds, func(k models.LedgerEntryKind) string { return string(k) }))
	}
	if f.Operations != nil {
		add("operation = ANY", Column(f.Operations, func(o models.Operation) string { return string(o) }))
	}
	if f.Actor != "" {
		add("actor_id =", string(f.Actor))
	}
	if f.Generation != "" {
		add("generation_id =", string(f.Generation))
	}
	if f.Grant != "" {
		add("grant_id =", string(f.Grant))
	}
	if f.From != nil {
		add("occurred_at >=", *f.From)
	}
	if f.To != nil {
		add("occurred_at <", *f.To)
	}
	for i, condition := range conditions {
		if name, parameter, array := strings.Cut(condition, "ANY "); array {
			conditions[i] = name + "ANY(" + parameter + ")"
		}
	}
	return strings.Join(conditions, " AND "), args, nil
}

// Entry reads one line of a team's ledger, or returns pgx.ErrNoRows.
func (l *Ledger) Entry(ctx context.Context, id models.LedgerEntryID) (models.LedgerEntry, error) {
	rows, err := l.pool.Query(ctx, "SELECT "+entryColumns+" FROM ledger_entries WHERE id = $1", string(id))
	if err != nil {
		return models.LedgerEntry{}, fmt.Errorf("read %s: %w", id, err)
	}
	return pgx.CollectExactlyOneRow(rows, scanEntry)
}

func scanEntry(row pgx.CollectableRow) (e models.LedgerEntry, err error) {
	var draws []byte
	err = row.Scan(&e.ID, &e.TeamID, &e.Sequence, &e.BalanceVersion, &e.Kind, &e.Amount, &e.Tokens, &e.BalanceAfter,
		&e.Operation, &e.Part, &e.ActorID, &e.GenerationID, &e.GrantID, &draws, &e.Debt, &e.Day, &e.Usage, &e.Note,
		&e.OccurredAt)
	if err != nil {
		return e, err
	}
	return e, json.Unmarshal(draws, &e.Draws)
}

// grantStatusSQL is how a grant's status reads in SQL; models.Grant.StatusAt is the same rule for one grant.
const grantStatusSQL = `
CASE WHEN revoked > 0 AND remaining + held = 0 THEN 'REVOKED'
	WHEN expired > 0 AND remaining + held = 0 OR remaining > 0 AND expires_at <= clock_timestamp() THEN 'EXPIRED'
	WHEN remaining + held = 0 THEN 'SPENT'
	ELSE 'ACTIVE' END`

// Grants reads one page of a team's grants, the newest first; status nil: of every status.
func (l *Ledger) Grants(ctx context.Context, team models.TeamID, status *models.GrantStatus, page models.Page) (models.Connection[models.Grant], error) {
	rows, err := l.pool.Query(ctx, `
SELECT `+grantColumns+`
FROM grants
WHERE team_id = $1 AND ($2::text IS NULL OR `+grantStatusSQL+` = $2) AND ($3 = '' OR id < $3)
ORDER BY id DESC
LIMIT $4`, string(team), (*string)(status), page.Cursor, page.Size+1)
	if err != nil {
		return models.Connection[models.Grant]{}, fmt.Errorf("read the grants of %s: %w", team, err)
	}
	grants, err := pgx.CollectRows(rows, scanGrantValue)
	if err != nil {
		return models.Connection[models.Grant]{}, fmt.Errorf("read the grants of %s: %w", team, err)
	}
	return models.Connect(page, grants, func(g models.Grant) string { return string(g.ID) }), nil
}

// GrantsByID reads grants. Those that do not exist are left out.
func (l *Ledger) GrantsByID(ctx context.Context, ids []models.GrantID) (map[models.GrantID]models.Grant, error) {
	rows, err := l.pool.Query(ctx, "SELECT "+grantColumns+" FROM grants WHERE id = ANY($1)",
		Column(ids, func(id models.GrantID) string { return string(id) }))
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	grants, err := pgx.CollectRows(rows, scanGrantValue)
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	byID := make(map[models.GrantID]models.Grant, len(grants))
	for _, grant := range grants {
		byID[grant.ID] = grant
	}
	return byID, nil
}

func scanGrantValue(row pgx.CollectableRow) (models.Grant, error) {
	grant, err := scanGrant(row)
	if err != nil {
		return models.Grant{}, err
	}
	return *grant, nil
}

// ReservationsByGeneration reads the reservations of generations, for what they drew on.
func (l *Ledger) ReservationsByGeneration(ctx context.Context, ids []models.GenerationID) (map[models.GenerationID]models.Reservation, error) {
	rows, err := l.pool.Query(ctx, reservationsSQL, Column(ids, func(id models.GenerationID) string { return string(id) }))
	if err != nil {
		return nil, fmt.Errorf("read reservations: %w", err)
	}
	reservations, err := pgx.CollectRows(rows, scanReservation)
	if err != nil {
		return nil, fmt.Errorf("read reservations: %w", err)
	}
	byID := make(map[models.GenerationID]models.Reservation, len(reservations))
	for _, reservation := range reservations {
		byID[reservation.GenerationID] = *reservation
	}
	return byID, nil
}
