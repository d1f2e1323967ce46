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
	rows, err := o.pool.Query(ctx, o.rows.generations.SQL, ledger.Column(ids, func(id models.GenerationID) string { return string(id) }))
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

// Page reads one page of generations.
func (o *Operations) Page(ctx context.Context, list List, page models.Page) (models.Connection[models.Generation], error) {
	var none models.Connection[models.Generation]
	comparison, order := "<", "DESC"
	if list.OldestFirst {
		comparison, order = ">", "ASC"
	}
	sql := fmt.Sprintf(`
SELECT id
FROM generations
WHERE team_id = $1 AND ($2 = '' OR product_id = $2) AND ($3 = '' OR batch_id = $3)
	AND (cardinality($4::text[]) = 0 OR status = ANY($4)) AND ($5 = '' OR id %s $5)
ORDER BY id %s
LIMIT $6`, comparison, order)
	statuses := ledger.Column(list.Statuses, func(s models.GenerationStatus) string { return string(s) })
	rows, err := o.pool.Query(ctx, sql, string(list.Team), string(list.Product), string(list.Batch), statuses, page.Cursor, page.Size+1)
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

// Batch reads a run over many products with its tally, or returns models.ErrNotFound.
func (o *Operations) Batch(ctx context.Context, id models.BatchID) (models.GenerationBatch, error) {
	var b models.GenerationBatch
	t := &b.Tally
	err := o.pool.QueryRow(ctx, `
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
WHERE b.id = $1
GROUP BY b.id`, string(id)).Scan(&b.ID, &b.TeamID, &b.ActorID, &b.Operation, &b.Total, &b.CreatedAt,
		&t.Queued, &t.Running, &t.Succeeded, &t.PartiallySucceeded, &t.Failed, &t.Cancelled,
		&t.Parts, &t.SettledParts, &t.Reserved, &t.Captured, &t.Released, &t.FinishedAt)
	if err != nil {
		return models.GenerationBatch{}, notFound(err)
	}
	return b, nil
}

// GenerationChanged says whether a newer reading of a generation shows anything new.
func GenerationChanged(old, new models.Generation) bool { return !reflect.DeepEqual(old, new) }

// BatchChanged says whether a newer reading of a run shows anything new.
func BatchChanged(old, new models.GenerationBatch) bool { return !reflect.DeepEqual(old, new) }

// collectIDs reads rows of one text column.
func collectIDs[T ~string](rows pgx.Rows, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[T])
}
