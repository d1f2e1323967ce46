package operations

import (
	"productgenerator/catalog"
	"productgenerator/ledger"
	"productgenerator/models"
)

// rows are the statements and look-ups that operations add to the ledger's transactions.
type rows struct {
	lookups

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

func (o *Operations) makeRows() rows {
	return rows{
		lookups: makeLookups(),

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
		insertContents: &ledger.Statement[models.Content]{Rank: ledger.RankAfter + 4, Run: catalog.AddVersions},
		insertJobs:     &ledger.Statement[Job]{Rank: ledger.RankAfter + 5, Run: o.insertJobs},
	}
}
