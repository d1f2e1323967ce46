package resolvers

import (
	"context"

	"productgenerator/graph"
	"productgenerator/models"
)

func (r *productResolver) ContentVersions(ctx context.Context, product *models.Product, part models.Part, first *int, after *string) (*models.Connection[models.Content], error) {
	page, err := models.NewPage(first, after, nil, nil)
	if err != nil {
		return nil, err
	}
	versions, err := r.Catalog.Versions(ctx, product.TeamID, product.ID, part, page)
	return &versions, err
}

func (r *mutationResolver) EditContent(ctx context.Context, input graph.EditContentInput) (*graph.ProductPayload, error) {
	return r.changeProduct(ctx, input.ProductID, func(product *models.Product, viewer models.UserID) error {
		_, err := r.Catalog.EditContent(ctx, product.TeamID, product.ID, input.Part, input.Text, input.ExpectedVersion.Value(), viewer)
		return err
	})
}

func (r *mutationResolver) MarkReviewed(ctx context.Context, input graph.MarkReviewedInput) (*graph.ProductPayload, error) {
	return r.changeProduct(ctx, input.ProductID, func(product *models.Product, viewer models.UserID) error {
		_, err := r.Catalog.MarkReviewed(ctx, product.TeamID, product.ID, input.Part, input.Version, viewer)
		return err
	})
}

func (r *mutationResolver) RestoreContent(ctx context.Context, input graph.RestoreContentInput) (*graph.ProductPayload, error) {
	return r.changeProduct(ctx, input.ProductID, func(product *models.Product, viewer models.UserID) error {
		_, err := r.Catalog.RestoreContent(ctx, product.TeamID, product.ID, input.Part, input.Version, viewer)
		return err
	})
}

func (r *mutationResolver) PickImages(ctx context.Context, input graph.PickImagesInput) (*graph.ProductPayload, error) {
	return r.changeProduct(ctx, input.ProductID, func(product *models.Product, _ models.UserID) error {
		return r.Catalog.PickImages(ctx, product.TeamID, product.ID, idsOf[models.ImageID](input.ImageIds))
	})
}

func (r *mutationResolver) PickPrices(ctx context.Context, input graph.PickPricesInput) (*graph.ProductPayload, error) {
	return r.changeProduct(ctx, input.ProductID, func(product *models.Product, _ models.UserID) error {
		return r.Catalog.PickPrices(ctx, product.TeamID, product.ID, idsOf[models.PriceID](input.PriceIds))
	})
}

// changeProduct lets a MEMBER change what belongs to a product, and answers with the product.
func (r *Resolver) changeProduct(ctx context.Context, id string, change func(*models.Product, models.UserID) error) (*graph.ProductPayload, error) {
	product, err := r.product(ctx, id, models.RoleMember)
	if err != nil {
		return nil, err
	}
	viewer, err := viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	return r.productPayload(ctx, product.TeamID, product, change(product, viewer.User.ID))
}

// idsOf takes ids of the API's as ids of that type.
func idsOf[T ~string](ids []string) []T {
	typed := make([]T, len(ids))
	for i, id := range ids {
		typed[i] = T(id)
	}
	return typed
}

func (r *contentResolver) Author(ctx context.Context, content *models.Content) (*models.User, error) {
	return r.user(ctx, content.AuthorID)
}

func (r *contentResolver) ReviewedBy(ctx context.Context, content *models.Content) (*models.User, error) {
	return r.user(ctx, content.ReviewedBy)
}

func (r *contentResolver) Generation(ctx context.Context, content *models.Content) (*models.Generation, error) {
	if content.GenerationID == nil {
		return nil, nil
	}
	generation, err := loadersFrom(ctx).generations.Load(ctx, *content.GenerationID)
	return &generation, err
}

// user is the user with that id, where there is one.
func (r *Resolver) user(ctx context.Context, id *models.UserID) (*models.User, error) {
	if id == nil {
		return nil, nil
	}
	user, err := loadersFrom(ctx).users.Load(ctx, *id)
	return &user, err
}

func (r *Resolver) Content() graph.ContentResolver { return &contentResolver{r} }

type contentResolver struct{ *Resolver }
