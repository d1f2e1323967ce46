package resolvers

import (
	"context"
	"errors"

	"productgenerator/auth"
	"productgenerator/graph"
	"productgenerator/models"
	"productgenerator/operations"
)

func (r *mutationResolver) GenerateTexts(ctx context.Context, input graph.GenerateInput) (*graph.GenerationPayload, error) {
	return r.generate(ctx, models.OperationGenerateTexts, "generateTexts", input)
}

func (r *mutationResolver) SearchImages(ctx context.Context, input graph.GenerateInput) (*graph.GenerationPayload, error) {
	return r.generate(ctx, models.OperationSearchImages, "searchImages", input)
}

func (r *mutationResolver) SearchPrices(ctx context.Context, input graph.GenerateInput) (*graph.GenerationPayload, error) {
	return r.generate(ctx, models.OperationSearchPrices, "searchPrices", input)
}

func (r *mutationResolver) GenerateAll(ctx context.Context, input graph.GenerateInput) (*graph.GenerationPayload, error) {
	return r.generate(ctx, models.OperationGenerateAll, "generateAll", input)
}

// generate runs one operation on a product. Who may is decided under the ledger's lock.
func (r *Resolver) generate(ctx context.Context, operation models.Operation, mutation string, input graph.GenerateInput) (*graph.GenerationPayload, error) {
	viewer, err := viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	product, err := idOf[models.ProductID](input.ProductID, models.PrefixProduct)
	if err != nil {
		return nil, err
	}
	generation, balance, err := r.Operations.Run(ctx, operations.Request{
		Actor: viewer.User.ID, Product: product, Operation: operation,
		Key: keyOf(viewer.User.ID, mutation, input.IdempotencyKey, input),
		Style: operations.Style{
			Language: textOr(input.Language, ""), Tone: textOr(input.Tone, ""),
			Instructions: textOr(input.Instructions, ""), Template: models.TemplateID(idOr(input.TemplateID.Value())),
		},
	})
	if err != nil {
		team, _ := r.Operations.TeamOf(ctx, product)
		userErrors, err := r.userErrors(ctx, team, aboutKey(err, input.IdempotencyKey))
		return &graph.GenerationPayload{UserErrors: userErrors}, unlessReader(ctx, r, team, err)
	}
	return &graph.GenerationPayload{Generation: &generation, Balance: &balance}, nil
}

func (r *mutationResolver) GenerateMany(ctx context.Context, input graph.GenerateManyInput) (*graph.GenerateManyPayload, error) {
	viewer, err := viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	team, err := idOf[models.TeamID](input.TeamID, models.PrefixTeam)
	if err != nil {
		return nil, err
	}
	batch, balance, err := r.Operations.RunMany(ctx, operations.RequestMany{
		Actor: viewer.User.ID, Team: team, Products: idsOf[models.ProductID](input.ProductIds), Operation: input.Operation,
		Key:   keyOf(viewer.User.ID, "generateMany", input.IdempotencyKey, input),
		Style: operations.Style{Language: textOr(input.Language, ""), Tone: textOr(input.Tone, "")},
	})
	if err != nil {
		userErrors, err := r.userErrors(ctx, team, aboutKey(err, input.IdempotencyKey))
		return &graph.GenerateManyPayload{UserErrors: userErrors}, unlessReader(ctx, r.Resolver, team, err)
	}
	return &graph.GenerateManyPayload{Batch: &batch, Balance: &balance}, nil
}

func (r *mutationResolver) CancelGeneration(ctx context.Context, input graph.CancelGenerationInput) (*graph.GenerationPayload, error) {
	viewer, generation, err := r.generation(ctx, input.ID)
	if err != nil {
		return nil, err
	}
	cancelled, balance, err := r.Operations.Cancel(ctx, viewer.User.ID, *generation)
	if err != nil {
		userErrors, err := r.userErrors(ctx, generation.TeamID, err)
		return &graph.GenerationPayload{UserErrors: userErrors}, unlessReader(ctx, r.Resolver, generation.TeamID, err)
	}
	return &graph.GenerationPayload{Generation: &cancelled, Balance: &balance}, nil
}

func (r *mutationResolver) CancelGenerationBatch(ctx context.Context, input graph.CancelGenerationBatchInput) (*graph.GenerateManyPayload, error) {
	viewer, batch, err := r.batch(ctx, input.ID)
	if err != nil {
		return nil, err
	}
	cancelled, balance, err := r.Operations.CancelBatch(ctx, viewer.User.ID, *batch)
	if err != nil {
		userErrors, err := r.userErrors(ctx, batch.TeamID, err)
		return &graph.GenerateManyPayload{UserErrors: userErrors}, unlessReader(ctx, r.Resolver, batch.TeamID, err)
	}
	return &graph.GenerateManyPayload{Batch: &cancelled, Balance: &balance}, nil
}

// unlessReader says that an administrator who is no member may not spend, where the ledger only knows that the actor
// is nobody there: administrators read any team.
func unlessReader(ctx context.Context, r *Resolver, team models.TeamID, err error) error {
	if errors.Is(err, models.ErrNotFound) && isAdministrator(auth.ViewerFrom(ctx)) {
		if _, reads := r.reader(ctx, team); reads == nil {
			return models.ErrForbidden
		}
	}
	return err
}

// generation is the generation with that id, for a viewer of its team.
func (r *Resolver) generation(ctx context.Context, id string) (*auth.Viewer, *models.Generation, error) {
	read, err := idOf[models.GenerationID](id, models.PrefixGeneration)
	if err != nil {
		return nil, nil, unlessAnonymous(ctx, err)
	}
	generation, err := r.Operations.Generation(ctx, read)
	if err != nil {
		return nil, nil, unlessAnonymous(ctx, err)
	}
	viewer, err := r.reader(ctx, generation.TeamID)
	return viewer, &generation, err
}

// batch is the run with that id, for a viewer of its team.
func (r *Resolver) batch(ctx context.Context, id string) (*auth.Viewer, *models.GenerationBatch, error) {
	read, err := idOf[models.BatchID](id, models.PrefixBatch)
	if err != nil {
		return nil, nil, unlessAnonymous(ctx, err)
	}
	batch, err := r.Operations.Batch(ctx, read)
	if err != nil {
		return nil, nil, unlessAnonymous(ctx, err)
	}
	viewer, err := r.reader(ctx, batch.TeamID)
	return viewer, &batch, err
}

func (r *queryResolver) Generation(ctx context.Context, id string) (*models.Generation, error) {
	_, generation, err := r.generation(ctx, id)
	if err != nil {
		return nil, err
	}
	return generation, nil
}

func (r *subscriptionResolver) GenerationProgress(ctx context.Context, id string) (<-chan *models.Generation, error) {
	viewer, generation, err := r.generation(ctx, id)
	if err != nil {
		return nil, err
	}
	states, err := r.Generations.Subscribe(ctx, generation.ID)
	if err != nil {
		return nil, err
	}
	return follow(ctx, r.Resolver, generation.TeamID, viewer, states), nil
}

func (r *subscriptionResolver) GenerationBatchProgress(ctx context.Context, id string) (<-chan *models.GenerationBatch, error) {
	viewer, batch, err := r.batch(ctx, id)
	if err != nil {
		return nil, err
	}
	states, err := r.Batches.Subscribe(ctx, batch.ID)
	if err != nil {
		return nil, err
	}
	return follow(ctx, r.Resolver, batch.TeamID, viewer, states), nil
}

// idOr is an optional id, empty where there is none.
func idOr(id *string) string {
	if id == nil {
		return ""
	}
	return *id
}
