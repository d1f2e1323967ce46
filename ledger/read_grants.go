package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

// grantStatusSQL is how a grant's status reads in SQL; models.Grant.StatusAt is the same rule for one grant.
const grantStatusSQL = `
CASE WHEN (revoked > 0 OR reclaimed = tokens) AND remaining + held = 0 THEN 'REVOKED'
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
