package resolvers

import (
	"context"

	"productgenerator/auth"
	"productgenerator/graph"
	"productgenerator/models"
	"productgenerator/operations"
)

func (r *teamResolver) Generations(ctx context.Context, team *models.Team, status []models.GenerationStatus, first *int, after *string) (*models.Connection[models.Generation], error) {
	return r.generationsOf(ctx, operations.List{Team: team.ID, Statuses: status}, first, after)
}

func (r *productResolver) Generations(ctx context.Context, product *models.Product, first *int, after *string) (*models.Connection[models.Generation], error) {
	return r.generationsOf(ctx, operations.List{Team: product.TeamID, Product: product.ID}, first, after)
}

func (r *generationBatchResolver) Generations(ctx context.Context, batch *models.GenerationBatch, status []models.GenerationStatus, first *int, after *string) (*models.Connection[models.Generation], error) {
	return r.generationsOf(ctx, operations.List{Team: batch.TeamID, Batch: batch.ID, Statuses: status, OldestFirst: true}, first, after)
}

func (r *Resolver) generationsOf(ctx context.Context, list operations.List, first *int, after *string) (*models.Connection[models.Generation], error) {
	page, err := forwardPage(first, after, models.PrefixGeneration)
	if err != nil {
		return nil, err
	}
	generations, err := r.Operations.Page(ctx, list, page)
	return &generations, err
}

// Product is null once it is deleted.
func (r *generationResolver) Product(ctx context.Context, generation *models.Generation) (*models.Product, error) {
	return loadersFrom(ctx).products.Find(ctx, productKey{generation.TeamID, generation.ProductID})
}

func (r *generationResolver) Batch(ctx context.Context, generation *models.Generation) (*models.GenerationBatch, error) {
	if generation.BatchID == nil {
		return nil, nil
	}
	batch, err := loadersFrom(ctx).batches.Load(ctx, *generation.BatchID)
	return &batch, err
}

// Draws is which grants paid what was captured, each named once.
func (r *generationResolver) Draws(ctx context.Context, generation *models.Generation) ([]models.Draw, error) {
	reservation, err := loadersFrom(ctx).reservations.Load(ctx, generation.ID)
	if err != nil {
		return nil, err
	}
	return reservation.Paid(), nil
}

func (r *generationResolver) Actor(ctx context.Context, generation *models.Generation) (*models.User, error) {
	return r.user(ctx, &generation.ActorID)
}

func (r *generationBatchResolver) Actor(ctx context.Context, batch *models.GenerationBatch) (*models.User, error) {
	return r.user(ctx, &batch.ActorID)
}

// Error says why a part was not delivered.
func (r *generationPartResolver) Error(ctx context.Context, part *models.GenerationPart) (*string, error) {
	if part.Failure == nil {
		return nil, nil
	}
	sentence := r.messages.say(tongueOf(ctx), figures{"part": part.Part}, "failure."+string(*part.Failure))
	return &sentence, nil
}

// ModelUsage is for platform administrators.
func (r *generationPartResolver) ModelUsage(ctx context.Context, part *models.GenerationPart) (*graph.ModelUsage, error) {
	if part.Model == nil || part.InputTokens == nil || part.OutputTokens == nil || !isAdministrator(auth.ViewerFrom(ctx)) {
		return nil, nil
	}
	return &graph.ModelUsage{Model: *part.Model, InputTokens: *part.InputTokens, OutputTokens: *part.OutputTokens}, nil
}

func (r *Resolver) Generation() graph.GenerationResolver { return &generationResolver{r} }

func (r *Resolver) GenerationBatch() graph.GenerationBatchResolver {
	return &generationBatchResolver{r}
}

func (r *Resolver) GenerationPart() graph.GenerationPartResolver { return &generationPartResolver{r} }

type (
	generationResolver      struct{ *Resolver }
	generationBatchResolver struct{ *Resolver }
	generationPartResolver  struct{ *Resolver }
)
