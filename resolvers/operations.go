package resolvers

import (
	"context"
	"fmt"
	"productgenerator/graph"
	"productgenerator/models"
)

func (r *generationResolver) Product(ctx context.Context, obj *models.Generation) (*models.Product, error) {
	panic(fmt.Errorf("not implemented: Product - product"))
}

func (r *generationResolver) Batch(ctx context.Context, obj *models.Generation) (*models.GenerationBatch, error) {
	panic(fmt.Errorf("not implemented: Batch - batch"))
}

func (r *generationResolver) Draws(ctx context.Context, obj *models.Generation) ([]models.Draw, error) {
	panic(fmt.Errorf("not implemented: Draws - draws"))
}

func (r *generationResolver) Actor(ctx context.Context, obj *models.Generation) (*models.User, error) {
	panic(fmt.Errorf("not implemented: Actor - actor"))
}

func (r *generationBatchResolver) Actor(ctx context.Context, obj *models.GenerationBatch) (*models.User, error) {
	panic(fmt.Errorf("not implemented: Actor - actor"))
}

func (r *generationBatchResolver) Generations(ctx context.Context, obj *models.GenerationBatch, status []models.GenerationStatus, first *int, after *string) (*models.Connection[models.Generation], error) {
	panic(fmt.Errorf("not implemented: Generations - generations"))
}

func (r *generationPartResolver) Error(ctx context.Context, obj *models.GenerationPart) (*string, error) {
	panic(fmt.Errorf("not implemented: Error - error"))
}

func (r *generationPartResolver) ModelUsage(ctx context.Context, obj *models.GenerationPart) (*graph.ModelUsage, error) {
	panic(fmt.Errorf("not implemented: ModelUsage - modelUsage"))
}

func (r *mutationResolver) GenerateTexts(ctx context.Context, input graph.GenerateInput) (*graph.GenerationPayload, error) {
	panic(fmt.Errorf("not implemented: GenerateTexts - generateTexts"))
}

func (r *mutationResolver) SearchImages(ctx context.Context, input graph.GenerateInput) (*graph.GenerationPayload, error) {
	panic(fmt.Errorf("not implemented: SearchImages - searchImages"))
}

func (r *mutationResolver) SearchPrices(ctx context.Context, input graph.GenerateInput) (*graph.GenerationPayload, error) {
	panic(fmt.Errorf("not implemented: SearchPrices - searchPrices"))
}

func (r *mutationResolver) GenerateAll(ctx context.Context, input graph.GenerateInput) (*graph.GenerationPayload, error) {
	panic(fmt.Errorf("not implemented: GenerateAll - generateAll"))
}

func (r *mutationResolver) GenerateMany(ctx context.Context, input graph.GenerateManyInput) (*graph.GenerateManyPayload, error) {
	panic(fmt.Errorf("not implemented: GenerateMany - generateMany"))
}

func (r *mutationResolver) CancelGeneration(ctx context.Context, input graph.CancelGenerationInput) (*graph.GenerationPayload, error) {
	panic(fmt.Errorf("not implemented: CancelGeneration - cancelGeneration"))
}

func (r *mutationResolver) CancelGenerationBatch(ctx context.Context, input graph.CancelGenerationBatchInput) (*graph.GenerateManyPayload, error) {
	panic(fmt.Errorf("not implemented: CancelGenerationBatch - cancelGenerationBatch"))
}

func (r *productResolver) Generations(ctx context.Context, obj *models.Product, first *int, after *string) (*models.Connection[models.Generation], error) {
	panic(fmt.Errorf("not implemented: Generations - generations"))
}

func (r *queryResolver) OperationCosts(ctx context.Context) ([]graph.OperationCost, error) {
	panic(fmt.Errorf("not implemented: OperationCosts - operationCosts"))
}

func (r *queryResolver) Quote(ctx context.Context, input graph.QuoteInput) (*graph.Quote, error) {
	panic(fmt.Errorf("not implemented: Quote - quote"))
}

func (r *queryResolver) Generation(ctx context.Context, id string) (*models.Generation, error) {
	panic(fmt.Errorf("not implemented: Generation - generation"))
}

func (r *subscriptionResolver) GenerationProgress(ctx context.Context, id string) (<-chan *models.Generation, error) {
	panic(fmt.Errorf("not implemented: GenerationProgress - generationProgress"))
}

func (r *subscriptionResolver) GenerationBatchProgress(ctx context.Context, id string) (<-chan *models.GenerationBatch, error) {
	panic(fmt.Errorf("not implemented: GenerationBatchProgress - generationBatchProgress"))
}

func (r *teamResolver) Generations(ctx context.Context, obj *models.Team, status []models.GenerationStatus, first *int, after *string) (*models.Connection[models.Generation], error) {
	panic(fmt.Errorf("not implemented: Generations - generations"))
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
