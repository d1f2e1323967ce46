package funding

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"productgenerator/ledger"
	"productgenerator/models"
)

// PurchaseFilter says which purchases are wanted.
type PurchaseFilter struct {
	Status    []models.PurchaseStatus // empty: of every status
	Attention bool                    // only those that an administrator has to look at
}

// PurchaseChanged says whether a purchase as it was read is newer than another time it was read.
func PurchaseChanged(old, now models.Purchase) bool { return now.Version > old.Version }

// PurchaseByID reads a purchase. It returns models.ErrNotFound if there is none.
func (f *Funding) PurchaseByID(ctx context.Context, id models.PurchaseID) (models.Purchase, error) {
	purchases, err := f.PurchasesByID(ctx, []models.PurchaseID{id})
	if err != nil {
		return models.Purchase{}, err
	}
	purchase, known := purchases[id]
	if !known {
		return models.Purchase{}, models.ErrNotFound
	}
	return purchase, nil
}

// PurchasesByID reads purchases. Those that do not exist are left out.
func (f *Funding) PurchasesByID(ctx context.Context, ids []models.PurchaseID) (map[models.PurchaseID]models.Purchase, error) {
	purchases, err := f.readPurchases(ctx, `WHERE id = ANY($1)`,
		ledger.Column(ids, func(id models.PurchaseID) string { return string(id) }))
	if err != nil {
		return nil, err
	}
	byID := make(map[models.PurchaseID]models.Purchase, len(purchases))
	for _, p := range purchases {
		byID[p.ID] = p
	}
	return byID, nil
}

// PurchasesByGrant reads the purchases that brought grants. Grants that were not bought are left out.
func (f *Funding) PurchasesByGrant(ctx context.Context, ids []models.GrantID) (map[models.GrantID]models.Purchase, error) {
	purchases, err := f.readPurchases(ctx, `WHERE grant_id = ANY($1)`,
		ledger.Column(ids, func(id models.GrantID) string { return string(id) }))
	if err != nil {
		return nil, err
	}
	byGrant := make(map[models.GrantID]models.Purchase, len(purchases))
	for _, p := range purchases {
		byGrant[*p.GrantID] = p
	}
	return byGrant, nil
}

// TeamPurchases reads one page of a team's purchases, the newest first.
func (f *Funding) TeamPurchases(ctx context.Context, team models.TeamID, page models.Page) (models.Connection[models.Purchase], error) {
	purchases, err := f.readPurchases(ctx, `WHERE team_id = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`,
		string(team), page.Cursor, page.Size+1)
	if err != nil {
		return models.Connection[models.Purchase]{}, err
	}
	return models.Connect(page, purchases, placeOfPurchase), nil
}

// SearchPurchases reads one page of the purchases of all teams, the newest first.
func (f *Funding) SearchPurchases(ctx context.Context, filter PurchaseFilter, page models.Page) (models.Connection[models.Purchase], error) {
	purchases, err := f.readPurchases(ctx, `
WHERE (cardinality($1::text[]) = 0 OR status = ANY($1)) AND (NOT $2 OR attention IS NOT NULL) AND ($3 = '' OR id < $3)
ORDER BY id DESC
LIMIT $4`, ledger.Column(filter.Status, func(s models.PurchaseStatus) string { return string(s) }),
		filter.Attention, page.Cursor, page.Size+1)
	if err != nil {
		return models.Connection[models.Purchase]{}, err
	}
	return models.Connect(page, purchases, placeOfPurchase), nil
}

// RefundRequests reads the refunds that were asked for of purchases, the oldest first.
func (f *Funding) RefundRequests(ctx context.Context, ids []models.PurchaseID) (map[models.PurchaseID][]models.RefundRequest, error) {
	rows, err := f.pool.Query(ctx, f.rows.refunds.SQL, ledger.Column(ids, func(id models.PurchaseID) string { return string(id) }))
	if err != nil {
		return nil, fmt.Errorf("read refunds: %w", err)
	}
	refunds, err := pgx.CollectRows(rows, pgx.RowToStructByName[models.RefundRequest])
	if err != nil {
		return nil, fmt.Errorf("read refunds: %w", err)
	}
	byPurchase := map[models.PurchaseID][]models.RefundRequest{}
	for _, refund := range refunds {
		byPurchase[refund.PurchaseID] = append(byPurchase[refund.PurchaseID], refund)
	}
	return byPurchase, nil
}

func placeOfPurchase(p models.Purchase) string { return string(p.ID) }

func (f *Funding) readPurchases(ctx context.Context, where string, args ...any) ([]models.Purchase, error) {
	rows, err := f.pool.Query(ctx, `SELECT `+purchaseColumns+` FROM purchases `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read purchases: %w", err)
	}
	purchases, err := pgx.CollectRows(rows, pgx.RowToStructByName[models.Purchase])
	if err != nil {
		return nil, fmt.Errorf("read purchases: %w", err)
	}
	return purchases, nil
}
