package operations

import (
	"context"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"productgenerator/ledger"
	"productgenerator/models"
)

// Generation reads a generation with its parts and what they delivered, or returns models.ErrNotFound.
func (o *Operations) Generation(ctx context.Context, id models.GenerationID) (models.Generation, error) {
	generations, err := o.Generations(ctx, []models.GenerationID{id})
	if err != nil {
		return models.Generation{}, err
	}
	generation, ok := generations[id]
	if !ok {
		return models.Generation{}, models.ErrNotFound
	}
	return generation, nil
}

// Generations reads generations. Those that do not exist are left out.
func (o *Operations) Generations(ctx context.Context, ids []models.GenerationID) (map[models.GenerationID]models.Generation, error) {
	rows, err := o.pool.Query(ctx, generationsSQL, ledger.Column(ids, func(id models.GenerationID) string { return string(id) }))
	if err != nil {
		return nil, fmt.Errorf("read generations: %w", err)
	}
	found := map[models.GenerationID]*models.Generation{}
	for rows.Next() {
		if err := scanGeneration(rows, found); err != nil {
			rows.Close()
			return nil, fmt.Errorf("read generations: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read generations: %w", err)
	}
	if err := o.addResults(ctx, found); err != nil {
		return nil, err
	}
	generations := make(map[models.GenerationID]models.Generation, len(found))
	for id, generation := range found {
		generations[id] = *generation
	}
	return generations, nil
}

// addResults reads what delivered searches have found.
func (o *Operations) addResults(ctx context.Context, generations map[models.GenerationID]*models.Generation) error {
	searched := map[models.Part][]models.GenerationID{}
	for id, generation := range generations {
		for _, part := range generation.Parts {
			if !part.Part.IsText() && part.Status == models.PartSucceeded {
				searched[part.Part] = append(searched[part.Part], id)
			}
		}
	}
	if ids := searched[models.PartImages]; len(ids) > 0 {
		images, err := gorm.G[models.ProductImage](o.db).Where("generation_id IN ?", ids).Order("generation_id, position").Find(ctx)
		if err != nil {
			return fmt.Errorf("read images: %w", err)
		}
		for _, image := range images {
			part := partOf(generations[image.GenerationID], models.PartImages)
			part.Images = append(part.Images, image)
		}
	}
	if ids := searched[models.PartPrices]; len(ids) > 0 {
		prices, err := gorm.G[models.ProductPrice](o.db).Where("generation_id IN ?", ids).Order("generation_id, position").Find(ctx)
		if err != nil {
			return fmt.Errorf("read prices: %w", err)
		}
		for _, price := range prices {
			part := partOf(generations[price.GenerationID], models.PartPrices)
			part.Prices = append(part.Prices, price)
		}
	}
	return nil
}

// List says which generations are wanted: those of a team and, where they are given, of a product, a run or statuses.
type List struct {
	Team     models.TeamID
	Product  models.ProductID
	Batch    models.BatchID
	Statuses []models.GenerationStatus // empty: of any status
	// OldestFirst turns the order round: a run lists its generations in the order of the products asked for.
	OldestFirst bool
}

// Page reads one page of generations, the newest first. It returns models.ErrPageCursor for a foreign cursor.
func (o *Operations) Page(ctx context.Context, list List, page models.Page) (models.Connection[models.Generation], error) {
	var none models.Connection[models.Generation]
	if prefix, ok := models.PrefixOf(page.Cursor); page.Cursor != "" && (!ok || prefix != models.PrefixGeneration) {
		return none, models.ErrPageCursor
	}
	sql, args := list.query(page)
	rows, err := o.pool.Query(ctx, sql, args...)
	ids, err := collectIDs[models.GenerationID](rows, err)
	if err != nil {
		return none, fmt.Errorf("list generations: %w", err)
	}
	byID, err := o.Generations(ctx, ids)
	if err != nil {
		return none, err
	}
	generations := make([]models.Generation, 0, len(ids))
	for _, id := range ids {
		generations = append(generations, byID[id])
	}
	return models.Connect(page, generations, func(g models.Generation) string { return string(g.ID) }), nil
}

// query reads the ids of a page and one more, in the direction of reading. It names only what is asked for, so that the
// database can choose the index.
func (l List) query(page models.Page) (sql string, args []any) {
	sql, args = "SELECT id FROM generations WHERE team_id = $1", []any{string(l.Team)}
	narrow := func(condition string, arg any) {
		args = append(args, arg)
		sql += fmt.Sprintf(" AND "+condition, len(args))
	}
	if l.Product != "" {
		narrow("product_id = $%d", string(l.Product))
	}
	if l.Batch != "" {
		narrow("batch_id = $%d", string(l.Batch))
	}
	if len(l.Statuses) > 0 {
		narrow("status = ANY($%d)", ledger.Column(l.Statuses, func(s models.GenerationStatus) string { return string(s) }))
	}
	comparison, order := "<", "DESC"
	if l.OldestFirst != page.Backward {
		comparison, order = ">", "ASC"
	}
	if page.Cursor != "" {
		narrow("id "+comparison+" $%d", page.Cursor)
	}
	args = append(args, page.Size+1)
	return sql + fmt.Sprintf(" ORDER BY id %s LIMIT $%d", order, len(args)), args
}

// Batch reads a run over many products with its tally, or returns models.ErrNotFound.
func (o *Operations) Batch(ctx context.Context, id models.BatchID) (models.GenerationBatch, error) {
	batches, err := o.Batches(ctx, []models.BatchID{id})
	if err != nil {
		return models.GenerationBatch{}, err
	}
	batch, ok := batches[id]
	if !ok {
		return models.GenerationBatch{}, models.ErrNotFound
	}
	return batch, nil
}

// batchesSQL reads runs over many products and sums up their generations.
const batchesSQL = `
SELECT b.id, b.team_id, b.actor_id, b.operation, b.total, b.created_at,
	count(*) FILTER (WHERE g.status = 'QUEUED'), count(*) FILTER (WHERE g.status = 'RUNNING'),
	count(*) FILTER (WHERE g.status = 'SUCCEEDED'), count(*) FILTER (WHERE g.status = 'PARTIALLY_SUCCEEDED'),
	count(*) FILTER (WHERE g.status = 'FAILED'), count(*) FILTER (WHERE g.status = 'CANCELLED'),
	sum(p.parts), sum(p.settled), sum(p.reserved), sum(p.captured), sum(p.released),
	CASE WHEN bool_and(g.finished_at IS NOT NULL) THEN max(g.finished_at) END
FROM generation_batches b
JOIN generations g ON g.batch_id = b.id
CROSS JOIN LATERAL (
	SELECT count(*) AS parts, count(finished_at) AS settled, sum(tokens) AS reserved,
		coalesce(sum(tokens) FILTER (WHERE status = 'SUCCEEDED'), 0) AS captured,
		coalesce(sum(tokens) FILTER (WHERE finished_at IS NOT NULL AND status <> 'SUCCEEDED'), 0) AS released
	FROM generation_parts WHERE generation_id = g.id) p
WHERE b.id = ANY($1)
GROUP BY b.id`

// Batches reads runs over many products with their tallies. Those that do not exist are left out.
func (o *Operations) Batches(ctx context.Context, ids []models.BatchID) (map[models.BatchID]models.GenerationBatch, error) {
	rows, err := o.pool.Query(ctx, batchesSQL, ledger.Column(ids, func(id models.BatchID) string { return string(id) }))
	if err != nil {
		return nil, fmt.Errorf("read batches: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanBatch)
	if err != nil {
		return nil, fmt.Errorf("read batches: %w", err)
	}
	batches := make(map[models.BatchID]models.GenerationBatch, len(list))
	for _, batch := range list {
		batches[batch.ID] = batch
	}
	return batches, nil
}

func scanBatch(row pgx.CollectableRow) (b models.GenerationBatch, err error) {
	t := &b.Tally
	return b, row.Scan(&b.ID, &b.TeamID, &b.ActorID, &b.Operation, &b.Total, &b.CreatedAt,
		&t.Queued, &t.Running, &t.Succeeded, &t.PartiallySucceeded, &t.Failed, &t.Cancelled,
		&t.Parts, &t.SettledParts, &t.Reserved, &t.Captured, &t.Released, &t.FinishedAt)
}

// GenerationChanged says whether a newer reading of a generation shows anything new. Who works on it, and until when,
// is nothing to show.
func GenerationChanged(old, new models.Generation) bool {
	old.LeaseHolder, old.LeaseUntil = new.LeaseHolder, new.LeaseUntil
	return !reflect.DeepEqual(old, new)
}

// BatchChanged says whether a newer reading of a run shows anything new.
func BatchChanged(old, new models.GenerationBatch) bool { return !reflect.DeepEqual(old, new) }

// collectIDs reads rows of one text column.
func collectIDs[T ~string](rows pgx.Rows, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[T])
}
