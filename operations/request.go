package operations

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/ledger"
	"productgenerator/models"
)

// Bounds of a request's words, in characters, and of a run over many products.
const (
	MaxTone         = 100
	MaxInstructions = 2_000
	MaxOutline      = 26_000
	MaxLanguage     = 35
	MaxBatch        = 1_000
	MaxKey          = 255
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
	outline, err := o.outline(ctx, team, r.Style.Template)
	if err != nil {
		return none, models.Balance{}, err
	}
	down := o.downBlockers(r.Operation)
	var made models.Generation
	outcome, err := o.ledger.Update(ctx, ledger.Change{
		Team: team, Actor: r.Actor, Key: &r.Key, Weight: 1 + len(r.Operation.Parts()),
		Lookups: []ledger.Want{o.rows.products.Want(r.Product), o.rows.running.Want(r.Product)},
		Decide: func(tx *ledger.Tx) error {
			plan := plan{Request: r, outline: outline, down: down}
			generations, err := o.decide(tx, plan, []models.ProductID{r.Product}, nil)
			if err != nil {
				return err
			}
			made = generations[0]
			tx.Made(string(made.ID))
			return nil
		},
	})
	if err != nil {
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
		Lookups: []ledger.Want{o.rows.products.Want(r.Products...), o.rows.running.Want(r.Products...)},
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
	if err != nil {
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

// plan is a request with what was found out for it before the lock.
type plan struct {
	Request
	outline string
	down    []models.Blocker
}

// decide checks rights, products and blockers under the lock, and then stages everything: the reservations, the
// generations with their parts, and the jobs.
func (o *Operations) decide(tx *ledger.Tx, p plan, products []models.ProductID, batch *models.GenerationBatch) ([]models.Generation, error) {
	if err := maySpend(tx.Member(p.Actor).Role); err != nil {
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
	cost := CostOf(p.Operation) * models.Tokens(len(products))
	blockers = append(tx.Blockers(p.Actor, cost), append(blockers, p.down...)...)
	if len(blockers) > 0 {
		return nil, &models.Refusal{Blockers: blockers}
	}
	requests := make([]ledger.ReserveRequest, len(products))
	for i := range products {
		requests[i] = ledger.ReserveRequest{
			Generation: models.NewGenerationID(tx.Now()), Operation: p.Operation, Parts: PartCosts(p.Operation),
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
		generations[i] = o.stage(tx, p, requests[i], id, names[i], batch)
	}
	return generations, nil
}

// stage stores a generation, its parts and its job, and marks its parts as running on the product for the requests
// that follow in the same transaction.
func (o *Operations) stage(tx *ledger.Tx, p plan, r ledger.ReserveRequest, product models.ProductID, name string, batch *models.GenerationBatch) models.Generation {
	generation := models.Generation{
		ID: r.Generation, TeamID: tx.Team(), ProductID: product, ProductName: name, ActorID: p.Actor,
		Operation: p.Operation, Status: models.GenerationQueued, Language: p.Style.Language, Tone: p.Style.Tone,
		Instructions: p.Style.Instructions, Outline: p.outline, CreatedAt: tx.Now(),
	}
	if batch != nil {
		generation.BatchID = &batch.ID
	}
	running, _ := o.rows.running.Get(tx, product)
	if running == nil {
		running = runningParts{}
	}
	for _, cost := range r.Parts {
		part := models.GenerationPart{
			GenerationID: generation.ID, Part: cost.Part, TeamID: generation.TeamID, ProductID: product,
			Status: models.PartQueued, Tokens: cost.Tokens,
		}
		generation.Parts = append(generation.Parts, part)
		running[cost.Part] = generation.ID
	}
	o.rows.running.Put(tx, product, running)
	o.rows.insertGenerations.Stage(tx, generation)
	o.rows.insertParts.Stage(tx, generation.Parts...)
	o.rows.insertJobs.Stage(tx, Job{Generation: generation.ID, Team: generation.TeamID})
	return generation
}

// maySpend is the rule of who may spend a team's tokens: MEMBERs. Who is not even in the team learns nothing of it.
func maySpend(role models.TeamRole) error {
	switch {
	case role == "":
		return models.ErrNotFound
	case !role.Includes(models.RoleMember):
		return models.ErrForbidden
	default:
		return nil
	}
}

// runningBlockers is what already runs on a product of what the operation would run, by generation.
func runningBlockers(running runningParts, operation models.Operation, many bool, place int) (blockers []models.Blocker) {
	named := map[models.GenerationID]bool{}
	for _, part := range operation.Parts() {
		id, runs := running[part]
		if !runs || named[id] {
			continue
		}
		named[id] = true
		path := []string{"productId"}
		if many {
			path = []string{"productIds", strconv.Itoa(place)}
		}
		blockers = append(blockers, models.Blocker{
			Code: models.BlockerAlreadyRunning, Path: path, GenerationID: id, Part: part,
		})
	}
	return blockers
}

// downBlockers says which parts no provider could serve now: what is known to fail is refused before it is reserved.
func (o *Operations) downBlockers(operation models.Operation) []models.Blocker {
	blocker := models.Blocker{Code: models.BlockerProviderDown}
	for _, part := range operation.Parts() {
		ok, retryAt := o.available(part)
		if ok {
			continue
		}
		blocker.Parts = append(blocker.Parts, part)
		if !retryAt.IsZero() && (blocker.ClearsAt == nil || retryAt.After(*blocker.ClearsAt)) {
			blocker.ClearsAt = &retryAt
		}
	}
	if len(blocker.Parts) == 0 {
		return nil
	}
	return []models.Blocker{blocker}
}

func (o *Operations) available(part models.Part) (ok bool, retryAt time.Time) {
	chain := interface{ Available() (bool, time.Time) }(o.providers.Texts)
	switch part {
	case models.PartImages:
		chain = o.providers.Images
	case models.PartPrices:
		chain = o.providers.Prices
	}
	return chain.Available()
}

// outline is the texts of the template that the writer shall follow.
func (o *Operations) outline(ctx context.Context, team models.TeamID, id models.TemplateID) (string, error) {
	if id == "" {
		return "", nil
	}
	template, err := o.catalog.Template(ctx, team, id)
	if errors.Is(err, models.ErrNotFound) {
		return "", models.FieldErrors{{Path: []string{"templateId"}, Code: models.FieldInvalid}}
	}
	if err != nil {
		return "", fmt.Errorf("outline: %w", err)
	}
	return template.ShortDescription + "\n\n" + template.LongDescription, nil
}

func checkRequest(key ledger.Key, style Style) error {
	var faults models.FieldErrors
	checkKey(&faults, key.Key)
	faults.Add(models.CheckLine(style.Tone, MaxTone), MaxTone, "tone")
	faults.Add(models.CheckText(style.Instructions, MaxInstructions), MaxInstructions, "instructions")
	faults.Add(checkLanguage(style.Language), MaxLanguage, "language")
	return faults.Err()
}

func checkMany(r RequestMany) error {
	var faults models.FieldErrors
	switch {
	case len(r.Products) == 0:
		faults.Add(models.FieldRequired, 0, "productIds")
	case len(r.Products) > MaxBatch:
		faults.Add(models.FieldTooMany, MaxBatch, "productIds")
	}
	seen := map[models.ProductID]bool{}
	for i, id := range r.Products {
		if seen[id] && len(faults) < MaxBatch {
			faults.Add(models.FieldInvalid, 0, "productIds", strconv.Itoa(i))
		}
		seen[id] = true
	}
	if err := faults.Err(); err != nil {
		return err
	}
	return checkRequest(r.Key, r.Style)
}

func checkKey(faults *models.FieldErrors, key string) {
	if key == "" {
		faults.Add(models.FieldRequired, 0, "idempotencyKey")
		return
	}
	faults.Add(models.CheckLine(key, MaxKey), MaxKey, "idempotencyKey")
}

// checkLanguage accepts what has the form of a BCP 47 tag; whether somebody writes it is the providers' to say.
func checkLanguage(tag string) models.FieldCode {
	if len(tag) > MaxLanguage {
		return models.FieldTooLong
	}
	for i, r := range tag {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i < 2 || r != '-' && (r < '0' || r > '9')) {
			return models.FieldInvalid
		}
	}
	if len(tag) == 1 {
		return models.FieldInvalid
	}
	return ""
}

func notFound(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return models.ErrNotFound
	}
	return err
}
