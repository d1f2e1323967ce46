package operations

import (
	"github.com/jackc/pgx/v5"

	"productgenerator/ledger"
	"productgenerator/models"
)

// lookups are what changes read under the team's lock.
type lookups struct {
	products    *ledger.Lookup[models.ProductID, knownProduct]
	templates   *ledger.Lookup[models.TemplateID, knownTemplate]
	running     *ledger.Lookup[models.ProductID, runningParts]
	generations *ledger.Lookup[models.GenerationID, *models.Generation]
}

// knownProduct is what a request needs of a product that is not deleted.
type knownProduct struct {
	team models.TeamID
	name string
}

// runningParts is which generation runs each unfinished part of a product.
type runningParts map[models.Part]models.GenerationID

// knownTemplate is a template's texts, which a writer follows.
type knownTemplate struct {
	team    models.TeamID
	outline string
}

// generationsSQL reads generations with their parts, a row for each part, in the order of the API's enum.
const generationsSQL = `
SELECT g.id, g.team_id, g.batch_id, g.product_id, g.product_name, g.actor_id, g.operation, g.status, g.language, g.tone,
	g.instructions, g.outline, g.attempts, g.lease_holder, g.lease_until, g.started_at, g.created_at, g.finished_at,
	p.part, p.status, p.tokens, p.attempts, p.provider, p.text, p.failure, p.model, p.input_tokens, p.output_tokens,
	p.finished_at
FROM generations g
JOIN generation_parts p ON p.generation_id = g.id
WHERE g.id = ANY($1)
ORDER BY g.id, array_position('{SHORT_DESCRIPTION,LONG_DESCRIPTION,IMAGES,PRICES}', p.part)`

func makeLookups() lookups {
	return lookups{
		products: &ledger.Lookup[models.ProductID, knownProduct]{
			SQL:  `SELECT id, team_id, name FROM products WHERE id = ANY($1) AND deleted_at IS NULL`,
			Scan: scanProduct,
		},
		templates: &ledger.Lookup[models.TemplateID, knownTemplate]{
			SQL:  `SELECT id, team_id, short_description, long_description FROM templates WHERE id = ANY($1)`,
			Scan: scanTemplate,
		},
		running: &ledger.Lookup[models.ProductID, runningParts]{
			SQL: `
SELECT product_id, part, generation_id
FROM generation_parts
WHERE product_id = ANY($1) AND status IN ('QUEUED', 'RUNNING')`,
			Scan: scanRunning,
		},
		generations: &ledger.Lookup[models.GenerationID, *models.Generation]{SQL: generationsSQL, Scan: scanGeneration},
	}
}

func scanProduct(row pgx.CollectableRow, into map[models.ProductID]knownProduct) error {
	var id models.ProductID
	var product knownProduct
	err := row.Scan(&id, &product.team, &product.name)
	into[id] = product
	return err
}

func scanTemplate(row pgx.CollectableRow, into map[models.TemplateID]knownTemplate) error {
	var id models.TemplateID
	var template knownTemplate
	var short, long string
	err := row.Scan(&id, &template.team, &short, &long)
	template.outline = short + "\n\n" + long
	into[id] = template
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
