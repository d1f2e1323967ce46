package operations

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"productgenerator/ledger"
	"productgenerator/models"
)

// rows are the statements and look-ups that operations add to the ledger's transactions.
type rows struct {
	products    *ledger.Lookup[models.ProductID, knownProduct]
	running     *ledger.Lookup[models.ProductID, runningParts]
	generations *ledger.Lookup[models.GenerationID, *models.Generation]

	insertBatches     *ledger.Statement[models.GenerationBatch]
	insertGenerations *ledger.Statement[models.Generation]
	insertParts       *ledger.Statement[models.GenerationPart]
	insertJobs        *ledger.Statement[Job]
	updateGenerations *ledger.Statement[models.Generation]
	updateParts       *ledger.Statement[models.GenerationPart]
	insertContents    *ledger.Statement[models.Content]
	insertImages      *ledger.Statement[models.ProductImage]
	insertPrices      *ledger.Statement[models.ProductPrice]
}

// knownProduct is what a request needs of a product that is not deleted.
type knownProduct struct {
	team models.TeamID
	name string
}

// runningParts is which generation runs each unfinished part of a product.
type runningParts map[models.Part]models.GenerationID

func (o *Operations) makeRows() rows {
	return rows{
		products: &ledger.Lookup[models.ProductID, knownProduct]{
			SQL:  `SELECT id, team_id, name FROM products WHERE id = ANY($1) AND deleted_at IS NULL`,
			Scan: scanProduct,
		},
		running: &ledger.Lookup[models.ProductID, runningParts]{
			SQL: `
SELECT product_id, part, generation_id
FROM generation_parts
WHERE product_id = ANY($1) AND status IN ('QUEUED', 'RUNNING')`,
			Scan: scanRunning,
		},
		generations: &ledger.Lookup[models.GenerationID, *models.Generation]{
			SQL: `
SELECT g.id, g.team_id, g.batch_id, g.product_id, g.product_name, g.actor_id, g.operation, g.status, g.language, g.tone,
	g.instructions, g.outline, g.attempts, g.lease_holder, g.lease_until, g.started_at, g.created_at, g.finished_at,
	p.part, p.status, p.tokens, p.attempts, p.provider, p.text, p.failure, p.model, p.input_tokens, p.output_tokens,
	p.finished_at
FROM generations g
JOIN generation_parts p ON p.generation_id = g.id
WHERE g.id = ANY($1)
ORDER BY g.id, array_position('{SHORT_DESCRIPTION,LONG_DESCRIPTION,IMAGES,PRICES}', p.part)`,
			Scan: scanGeneration,
		},
		insertBatches: &ledger.Statement[models.GenerationBatch]{
			Rank: ledger.RankAfter,
			SQL: `
INSERT INTO generation_batches (id, team_id, actor_id, operation, total, created_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::timestamptz[])`,
			Columns: columnsOfBatches,
		},
		insertGenerations: &ledger.Statement[models.Generation]{
			Rank: ledger.RankAfter + 1,
			SQL: `
INSERT INTO generations (id, team_id, batch_id, product_id, product_name, actor_id, operation, status, language, tone,
	instructions, outline, created_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
	$9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[])`,
			Columns: columnsOfNewGenerations,
		},
		insertParts: &ledger.Statement[models.GenerationPart]{
			Rank: ledger.RankAfter + 2,
			SQL: `
INSERT INTO generation_parts (generation_id, part, team_id, product_id, status, tokens)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])`,
			Columns: columnsOfNewParts,
		},
		// Settled parts are written before results and before the parts of a request that follows on the same product,
		// so that at no time two unfinished parts of a kind are on one product.
		updateParts: &ledger.Statement[models.GenerationPart]{
			Rank: ledger.RankBefore,
			SQL: `
UPDATE generation_parts p
SET status = n.status, attempts = n.attempts, provider = n.provider, text = coalesce(n.text, p.text),
	failure = n.failure, model = n.model, input_tokens = n.input_tokens, output_tokens = n.output_tokens,
	finished_at = n.finished_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[],
	$10::int[], $11::timestamptz[]) AS n (generation_id, part, status, attempts, provider, text, failure, model,
	input_tokens, output_tokens, finished_at)
WHERE p.generation_id = n.generation_id AND p.part = n.part`,
			Columns: columnsOfParts,
			Key:     func(p models.GenerationPart) string { return string(p.GenerationID) + string(p.Part) },
		},
		updateGenerations: &ledger.Statement[models.Generation]{
			Rank: ledger.RankBefore + 1,
			SQL: `
UPDATE generations g
SET status = n.status, attempts = n.attempts, lease_holder = n.lease_holder, lease_until = n.lease_until,
	started_at = n.started_at, finished_at = n.finished_at
FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[])
	AS n (id, status, attempts, lease_holder, lease_until, started_at, finished_at)
WHERE g.id = n.id`,
			Columns: columnsOfGenerations,
			Key:     func(g models.Generation) string { return string(g.ID) },
		},
		insertContents: &ledger.Statement[models.Content]{
			Rank: ledger.RankAfter + 3,
			SQL: `
INSERT INTO contents (id, team_id, product_id, part, version, text, source, author_id, generation_id, created_at)
SELECT n.id, n.team_id, n.product_id, n.part,
	1 + coalesce((SELECT max(c.version) FROM contents c WHERE c.product_id = n.product_id AND c.part = n.part), 0),
	n.text, 'GENERATED', n.author_id, n.generation_id, n.created_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
	AS n (id, team_id, product_id, part, text, author_id, generation_id, created_at)`,
			Columns: columnsOfContents,
		},
		insertImages: &ledger.Statement[models.ProductImage]{
			Rank: ledger.RankAfter + 3,
			SQL: `
INSERT INTO product_images (id, team_id, product_id, generation_id, position, url, thumbnail_url, title, source_url,
	license, width, height, provider, created_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[],
	$9::text[], $10::text[], $11::int[], $12::int[], $13::text[], $14::timestamptz[])`,
			Columns: columnsOfImages,
		},
		insertPrices: &ledger.Statement[models.ProductPrice]{
			Rank: ledger.RankAfter + 3,
			SQL: `
INSERT INTO product_prices (id, team_id, product_id, generation_id, position, seller, amount_minor, currency, url,
	observed_at, provider, created_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::bigint[], $8::text[],
	$9::text[], $10::timestamptz[], $11::text[], $12::timestamptz[])`,
			Columns: columnsOfPrices,
		},
		insertJobs: &ledger.Statement[Job]{Rank: ledger.RankAfter + 4, Run: o.insertJobs},
	}
}

func scanProduct(row pgx.CollectableRow, into map[models.ProductID]knownProduct) error {
	var id models.ProductID
	var product knownProduct
	err := row.Scan(&id, &product.team, &product.name)
	into[id] = product
	return err
}

func scanRunning(row pgx.CollectableRow, into map[models.ProductID]runningParts) error {
	var product models.ProductID
	var part models.Part
	var generation models.GenerationID
	if err := row.Scan(&product, &part, &generation); err != nil {
		return err
	}
	if into[product] == nil {
		into[product] = runningParts{}
	}
	into[product][part] = generation
	return nil
}

func scanGeneration(row pgx.CollectableRow, into map[models.GenerationID]*models.Generation) error {
	var g models.Generation
	var p models.GenerationPart
	err := row.Scan(&g.ID, &g.TeamID, &g.BatchID, &g.ProductID, &g.ProductName, &g.ActorID, &g.Operation, &g.Status,
		&g.Language, &g.Tone, &g.Instructions, &g.Outline, &g.Attempts, &g.LeaseHolder, &g.LeaseUntil, &g.StartedAt,
		&g.CreatedAt, &g.FinishedAt, &p.Part, &p.Status, &p.Tokens, &p.Attempts, &p.Provider, &p.Text, &p.Failure,
		&p.Model, &p.InputTokens, &p.OutputTokens, &p.FinishedAt)
	if err != nil {
		return err
	}
	p.GenerationID, p.TeamID, p.ProductID = g.ID, g.TeamID, g.ProductID
	known := into[g.ID]
	if known == nil {
		known = &g
		into[g.ID] = known
	}
	known.Parts = append(known.Parts, p)
	return nil
}

// insertJobs stores the jobs of staged generations in the transaction that reserves their tokens.
func (o *Operations) insertJobs(ctx context.Context, tx pgx.Tx, jobs []Job) error {
	params := make([]river.InsertManyParams, len(jobs))
	for i, job := range jobs {
		params[i].Args = job
	}
	_, err := o.inserter.InsertManyFastTx(ctx, tx, params)
	return err
}

func columnsOfBatches(rows []models.GenerationBatch) []any {
	type row = models.GenerationBatch
	return []any{
		ledger.Column(rows, func(r row) string { return string(r.ID) }),
		ledger.Column(rows, func(r row) string { return string(r.TeamID) }),
		ledger.Column(rows, func(r row) string { return string(r.ActorID) }),
		ledger.Column(rows, func(r row) string { return string(r.Operation) }),
		ledger.Column(rows, func(r row) int { return r.Total }),
		ledger.Column(rows, func(r row) time.Time { return r.CreatedAt }),
	}
}

func columnsOfNewGenerations(rows []models.Generation) []any {
	type row = models.Generation
	return []any{
		ledger.Column(rows, func(r row) string { return string(r.ID) }),
		ledger.Column(rows, func(r row) string { return string(r.TeamID) }),
		ledger.Column(rows, func(r row) *string { return (*string)(r.BatchID) }),
		ledger.Column(rows, func(r row) string { return string(r.ProductID) }),
		ledger.Column(rows, func(r row) string { return r.ProductName }),
		ledger.Column(rows, func(r row) string { return string(r.ActorID) }),
		ledger.Column(rows, func(r row) string { return string(r.Operation) }),
		ledger.Column(rows, func(r row) string { return string(r.Status) }),
		ledger.Column(rows, func(r row) string { return r.Language }),
		ledger.Column(rows, func(r row) string { return r.Tone }),
		ledger.Column(rows, func(r row) string { return r.Instructions }),
		ledger.Column(rows, func(r row) string { return r.Outline }),
		ledger.Column(rows, func(r row) time.Time { return r.CreatedAt }),
	}
}

func columnsOfGenerations(rows []models.Generation) []any {
	type row = models.Generation
	return []any{
		ledger.Column(rows, func(r row) string { return string(r.ID) }),
		ledger.Column(rows, func(r row) string { return string(r.Status) }),
		ledger.Column(rows, func(r row) int { return r.Attempts }),
		ledger.Column(rows, func(r row) *string { return r.LeaseHolder }),
		ledger.Column(rows, func(r row) *time.Time { return r.LeaseUntil }),
		ledger.Column(rows, func(r row) *time.Time { return r.StartedAt }),
		ledger.Column(rows, func(r row) *time.Time { return r.FinishedAt }),
	}
}

func columnsOfNewParts(rows []models.GenerationPart) []any {
	type row = models.GenerationPart
	return []any{
		ledger.Column(rows, func(r row) string { return string(r.GenerationID) }),
		ledger.Column(rows, func(r row) string { return string(r.Part) }),
		ledger.Column(rows, func(r row) string { return string(r.TeamID) }),
		ledger.Column(rows, func(r row) string { return string(r.ProductID) }),
		ledger.Column(rows, func(r row) string { return string(r.Status) }),
		ledger.Column(rows, func(r row) int64 { return int64(r.Tokens) }),
	}
}

func columnsOfParts(rows []models.GenerationPart) []any {
	type row = models.GenerationPart
	return []any{
		ledger.Column(rows, func(r row) string { return string(r.GenerationID) }),
		ledger.Column(rows, func(r row) string { return string(r.Part) }),
		ledger.Column(rows, func(r row) string { return string(r.Status) }),
		ledger.Column(rows, func(r row) int { return r.Attempts }),
		ledger.Column(rows, func(r row) *string { return r.Provider }),
		ledger.Column(rows, func(r row) *string { return r.Text }),
		ledger.Column(rows, func(r row) *string { return (*string)(r.Failure) }),
		ledger.Column(rows, func(r row) *string { return r.Model }),
		ledger.Column(rows, func(r row) *int { return r.InputTokens }),
		ledger.Column(rows, func(r row) *int { return r.OutputTokens }),
		ledger.Column(rows, func(r row) *time.Time { return r.FinishedAt }),
	}
}

func columnsOfContents(rows []models.Content) []any {
	type row = models.Content
	return []any{
		ledger.Column(rows, func(r row) string { return string(r.ID) }),
		ledger.Column(rows, func(r row) string { return string(r.TeamID) }),
		ledger.Column(rows, func(r row) string { return string(r.ProductID) }),
		ledger.Column(rows, func(r row) string { return string(r.Part) }),
		ledger.Column(rows, func(r row) string { return r.Text }),
		ledger.Column(rows, func(r row) *string { return (*string)(r.AuthorID) }),
		ledger.Column(rows, func(r row) *string { return (*string)(r.GenerationID) }),
		ledger.Column(rows, func(r row) time.Time { return r.CreatedAt }),
	}
}

func columnsOfImages(rows []models.ProductImage) []any {
	type row = models.ProductImage
	return []any{
		ledger.Column(rows, func(r row) string { return string(r.ID) }),
		ledger.Column(rows, func(r row) string { return string(r.TeamID) }),
		ledger.Column(rows, func(r row) string { return string(r.ProductID) }),
		ledger.Column(rows, func(r row) string { return string(r.GenerationID) }),
		ledger.Column(rows, func(r row) int { return r.Position }),
		ledger.Column(rows, func(r row) string { return r.URL }),
		ledger.Column(rows, func(r row) *string { return r.ThumbnailURL }),
		ledger.Column(rows, func(r row) string { return r.Title }),
		ledger.Column(rows, func(r row) *string { return r.SourceURL }),
		ledger.Column(rows, func(r row) *string { return r.License }),
		ledger.Column(rows, func(r row) *int { return r.Width }),
		ledger.Column(rows, func(r row) *int { return r.Height }),
		ledger.Column(rows, func(r row) string { return r.Provider }),
		ledger.Column(rows, func(r row) time.Time { return r.CreatedAt }),
	}
}

func columnsOfPrices(rows []models.ProductPrice) []any {
	type row = models.ProductPrice
	return []any{
		ledger.Column(rows, func(r row) string { return string(r.ID) }),
		ledger.Column(rows, func(r row) string { return string(r.TeamID) }),
		ledger.Column(rows, func(r row) string { return string(r.ProductID) }),
		ledger.Column(rows, func(r row) string { return string(r.GenerationID) }),
		ledger.Column(rows, func(r row) int { return r.Position }),
		ledger.Column(rows, func(r row) string { return r.Seller }),
		ledger.Column(rows, func(r row) int64 { return r.AmountMinor }),
		ledger.Column(rows, func(r row) string { return r.Currency }),
		ledger.Column(rows, func(r row) *string { return r.URL }),
		ledger.Column(rows, func(r row) time.Time { return r.ObservedAt }),
		ledger.Column(rows, func(r row) string { return r.Provider }),
		ledger.Column(rows, func(r row) time.Time { return r.CreatedAt }),
	}
}
