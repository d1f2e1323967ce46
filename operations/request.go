package operations

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
)

// Request asks to run one operation on one product.
type Request struct {
	Actor     models.UserID
	Product   models.ProductID
	Operation models.Operation
	Key       ledger.Key
	Style     Style
}

// Style is how texts shall be written. Its zero value is the writer's own.
type Style struct {
	Language     string // BCP 47, such as en or es-MX; empty: en
	Tone         string
	Instructions string
	Template     models.TemplateID // whose texts are the outline that the writer follows; empty: none
}

// RequestMany asks to run one operation on several products of a team.
type RequestMany struct {
	Actor     models.UserID
	Team      models.TeamID
	Products  []models.ProductID
	Operation models.Operation
	Key       ledger.Key
	Style     Style
}

// Run reserves the operation's cost, stores the generation and its job, and returns at once. A key that was used for
// the same before gives that generation as it is now.
//
// It returns models.FieldErrors, models.ErrNotFound, models.ErrForbidden, a *models.Refusal with every blocker, or
// ledger.ErrKeyConflict.
func (o *Operations) Run(ctx context.Context, r Request) (models.Generation, models.Balance, error) {
	var none models.Generation
	if err := checkRequest(r.Key, r.Style); err != nil {
		return none, models.Balance{}, err
	}
	team, err := o.TeamOf(ctx, r.Product)
	if err != nil {
		return none, models.Balance{}, err
	}
	down := o.downBlockers(r.Operation)
	var made models.Generation
	outcome, err := o.ledger.Update(ctx, ledger.Change{
		Team: team, Actor: r.Actor, Key: &r.Key, Weight: 1 + len(r.Operation.Parts()),
		Lookups: o.wants(r.Style, r.Product),
		Decide: func(tx *ledger.Tx) error {
			plan := plan{Request: r, down: down}
			generations, err := o.decide(tx, plan, []models.ProductID{r.Product}, nil)
			if err != nil {
				return err
			}
			made = generations[0]
			tx.Made(string(made.ID))
			return nil
		},
	})
	if err := o.mayHear(ctx, team, r.Actor, outcome, err); err != nil {
		return none, models.Balance{}, err
	}
	if outcome.Replayed {
		made, err = o.Generation(ctx, models.GenerationID(outcome.Subject))
		return made, outcome.Balance, err
	}
	o.waker.wake()
	return made, outcome.Balance, nil
}

// RunMany reserves the cost for all products and stores a generation and a job for each, or does nothing. It returns
// what Run returns; a bad product is named by its place in the list.
func (o *Operations) RunMany(ctx context.Context, r RequestMany) (models.GenerationBatch, models.Balance, error) {
	var none models.GenerationBatch
	if err := checkMany(r); err != nil {
		return none, models.Balance{}, err
	}
	down := o.downBlockers(r.Operation)
	var made models.GenerationBatch
	outcome, err := o.ledger.Update(ctx, ledger.Change{
		Team: r.Team, Actor: r.Actor, Key: &r.Key, Weight: len(r.Products) * (1 + len(r.Operation.Parts())),
		Lookups: o.wants(r.Style, r.Products...),
		Decide: func(tx *ledger.Tx) error {
			batch := models.GenerationBatch{
				ID: models.NewBatchID(tx.Now()), TeamID: r.Team, ActorID: r.Actor, Operation: r.Operation,
				Total: len(r.Products), CreatedAt: tx.Now(),
			}
			plan := plan{Request: Request{Actor: r.Actor, Operation: r.Operation, Style: r.Style}, down: down}
			if _, err := o.decide(tx, plan, r.Products, &batch); err != nil {
				return err
			}
			made = batch
			tx.Made(string(batch.ID))
			return nil
		},
	})
	if errors.Is(err, ledger.ErrNoAccount) {
		err = models.ErrNotFound // as of a team that the caller is not in
	}
	if err := o.mayHear(ctx, r.Team, r.Actor, outcome, err); err != nil {
		return none, models.Balance{}, err
	}
	if outcome.Replayed {
		made, err = o.Batch(ctx, models.BatchID(outcome.Subject))
		return made, outcome.Balance, err
	}
	o.waker.wake()
	parts := len(r.Operation.Parts()) * len(r.Products)
	made.Tally = models.BatchTally{Queued: made.Total, Parts: parts, Reserved: CostOf(r.Operation) * models.Tokens(made.Total)}
	return made, outcome.Balance, nil
}

// mayHear passes err on, unless the answer may be one that a key has kept and its caller has left the team since: keys
// outlive memberships, and whoever was removed learns nothing more.
func (o *Operations) mayHear(ctx context.Context, team models.TeamID, actor models.UserID, outcome ledger.Outcome, err error) error {
	var refusal *models.Refusal
	if !outcome.Replayed && !errors.Is(err, ledger.ErrKeyConflict) && !errors.As(err, &refusal) {
		return err
	}
	var seated bool
	const sql = `SELECT EXISTS (SELECT FROM memberships WHERE team_id = $1 AND user_id = $2)`
	if err := o.pool.QueryRow(ctx, sql, string(team), string(actor)).Scan(&seated); err != nil {
		return fmt.Errorf("read a membership: %w", err)
	}
	if !seated {
		return models.ErrNotFound
	}
	return err
}

// wants is what decide reads under the lock.
func (o *Operations) wants(style Style, products ...models.ProductID) []ledger.Want {
	wants := []ledger.Want{o.rows.products.Want(products...), o.rows.running.Want(products...)}
	if style.Template != "" {
		wants = append(wants, o.rows.templates.Want(style.Template))
	}
	return wants
}

// plan is a request with what was found out for it before the lock.
type plan struct {
	Request
	down []models.Blocker
}

// decide checks rights, products and blockers under the lock, and then stages everything: the reservations, the
// generations with their parts, and the jobs.
func (o *Operations) decide(tx *ledger.Tx, p plan, products []models.ProductID, batch *models.GenerationBatch) ([]models.Generation, error) {
	if err := tx.Member(p.Actor).Role.Require(models.RoleMember); err != nil {
		return nil, err
	}
	var faults models.FieldErrors
	var blockers []models.Blocker
	names := make([]string, len(products))
	for i, id := range products {
		product, ok := o.rows.products.Get(tx, id)
		switch {
		case ok && product.team == tx.Team():
			names[i] = product.name
		case batch == nil:
			return nil, models.ErrNotFound
		default:
			faults.Add(models.FieldInvalid, 0, "productIds", strconv.Itoa(i))
		}
		running, _ := o.rows.running.Get(tx, id)
		blockers = append(blockers, runningBlockers(running, p.Operation, batch != nil, i)...)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	outline, err := o.outline(tx, p.Style.Template)
	if err != nil {
		return nil, err
	}
	cost := CostOf(p.Operation) * models.Tokens(len(products))
	blockers = append(tx.Blockers(p.Actor, cost), append(blockers, p.down...)...)
	if len(blockers) > 0 {
		return nil, &models.Refusal{Blockers: blockers}
	}
	requests := make([]ledger.ReserveRequest, len(products))
	for i, product := range products {
		requests[i] = ledger.ReserveRequest{
			// Ids made at one instant have no order; a run lists its generations in that of its products.
			Generation: models.NewGenerationID(tx.Now().Add(time.Duration(i) * time.Microsecond)),
			Product:    product, Operation: p.Operation, Parts: PartCosts(p.Operation),
		}
	}
	if err := tx.Reserve(p.Actor, requests...); err != nil {
		return nil, err
	}
	if batch != nil {
		o.rows.insertBatches.Stage(tx, *batch)
	}
	generations := make([]models.Generation, len(products))
	for i, id := range products {
		generations[i] = o.stage(tx, p, requests[i], models.Generation{
			ProductID: id, ProductName: names[i], Outline: outline,
		}, batch)
	}
	return generations, nil
}

// stage stores a generation of which the product and the outline are given, its parts and its job, and marks its parts
// as running on the product for the requests that follow in the same transaction.
func (o *Operations) stage(tx *ledger.Tx, p plan, r ledger.ReserveRequest, generation models.Generation, batch *models.GenerationBatch) models.Generation {
	generation.ID, generation.TeamID, generation.ActorID = r.Generation, tx.Team(), p.Actor
	generation.Operation, generation.Status, generation.CreatedAt = p.Operation, models.GenerationQueued, tx.Now()
	generation.Language, generation.Tone, generation.Instructions = p.Style.Language, p.Style.Tone, p.Style.Instructions
	job := Job{Generation: generation.ID, Team: generation.TeamID, priority: priorityOne}
	if batch != nil {
		generation.BatchID, job.priority = &batch.ID, priorityMany
	}
	running, _ := o.rows.running.Get(tx, generation.ProductID)
	if running == nil {
		running = runningParts{}
	}
	for _, cost := range r.Parts {
		part := models.GenerationPart{
			GenerationID: generation.ID, Part: cost.Part, TeamID: generation.TeamID, ProductID: generation.ProductID,
			Status: models.PartQueued, Tokens: cost.Tokens,
		}
		generation.Parts = append(generation.Parts, part)
		running[cost.Part] = generation.ID
	}
	o.rows.running.Put(tx, generation.ProductID, running)
	o.rows.insertGenerations.Stage(tx, generation)
	o.rows.insertParts.Stage(tx, generation.Parts...)
	o.rows.insertJobs.Stage(tx, job)
	return generation
}

// outline is the texts of the template that the writer shall follow; empty: none is named.
func (o *Operations) outline(tx *ledger.Tx, id models.TemplateID) (string, error) {
	template, ok := o.rows.templates.Get(tx, id)
	if id != "" && (!ok || template.team != tx.Team()) {
		return "", models.FieldErrors{{Path: []string{"templateId"}, Code: models.FieldInvalid}}
	}
	return template.outline, nil
}
