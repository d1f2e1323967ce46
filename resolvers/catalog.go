package resolvers

import (
	"context"
	"fmt"
	"productgenerator/graph"
	"productgenerator/models"
)

func (r *contentResolver) Author(ctx context.Context, obj *models.Content) (*models.User, error) {
	panic(fmt.Errorf("not implemented: Author - author"))
}

func (r *contentResolver) Generation(ctx context.Context, obj *models.Content) (*models.Generation, error) {
	panic(fmt.Errorf("not implemented: Generation - generation"))
}

func (r *contentResolver) ReviewedBy(ctx context.Context, obj *models.Content) (*models.User, error) {
	panic(fmt.Errorf("not implemented: ReviewedBy - reviewedBy"))
}

func (r *mutationResolver) CreateProduct(ctx context.Context, input graph.CreateProductInput) (*graph.ProductPayload, error) {
	panic(fmt.Errorf("not implemented: CreateProduct - createProduct"))
}

func (r *mutationResolver) UpdateProduct(ctx context.Context, input graph.UpdateProductInput) (*graph.ProductPayload, error) {
	panic(fmt.Errorf("not implemented: UpdateProduct - updateProduct"))
}

func (r *mutationResolver) DeleteProduct(ctx context.Context, input graph.DeleteProductInput) (*graph.ProductPayload, error) {
	panic(fmt.Errorf("not implemented: DeleteProduct - deleteProduct"))
}

func (r *mutationResolver) ImportProducts(ctx context.Context, input graph.ImportProductsInput) (*graph.ImportProductsPayload, error) {
	panic(fmt.Errorf("not implemented: ImportProducts - importProducts"))
}

func (r *mutationResolver) EditContent(ctx context.Context, input graph.EditContentInput) (*graph.ProductPayload, error) {
	panic(fmt.Errorf("not implemented: EditContent - editContent"))
}

func (r *mutationResolver) MarkReviewed(ctx context.Context, input graph.MarkReviewedInput) (*graph.ProductPayload, error) {
	panic(fmt.Errorf("not implemented: MarkReviewed - markReviewed"))
}

func (r *mutationResolver) RestoreContent(ctx context.Context, input graph.RestoreContentInput) (*graph.ProductPayload, error) {
	panic(fmt.Errorf("not implemented: RestoreContent - restoreContent"))
}

func (r *mutationResolver) PickImages(ctx context.Context, input graph.PickImagesInput) (*graph.ProductPayload, error) {
	panic(fmt.Errorf("not implemented: PickImages - pickImages"))
}

func (r *mutationResolver) PickPrices(ctx context.Context, input graph.PickPricesInput) (*graph.ProductPayload, error) {
	panic(fmt.Errorf("not implemented: PickPrices - pickPrices"))
}

func (r *mutationResolver) CreateTemplate(ctx context.Context, input graph.CreateTemplateInput) (*graph.TemplatePayload, error) {
	panic(fmt.Errorf("not implemented: CreateTemplate - createTemplate"))
}

func (r *mutationResolver) UpdateTemplate(ctx context.Context, input graph.UpdateTemplateInput) (*graph.TemplatePayload, error) {
	panic(fmt.Errorf("not implemented: UpdateTemplate - updateTemplate"))
}

func (r *mutationResolver) DeleteTemplate(ctx context.Context, input graph.DeleteTemplateInput) (*graph.TemplatePayload, error) {
	panic(fmt.Errorf("not implemented: DeleteTemplate - deleteTemplate"))
}

func (r *mutationResolver) ApplyTemplate(ctx context.Context, input graph.ApplyTemplateInput) (*graph.ProductPayload, error) {
	panic(fmt.Errorf("not implemented: ApplyTemplate - applyTemplate"))
}

func (r *productResolver) Team(ctx context.Context, obj *models.Product) (*models.Team, error) {
	panic(fmt.Errorf("not implemented: Team - team"))
}

func (r *productResolver) ShortDescription(ctx context.Context, obj *models.Product) (*models.Content, error) {
	panic(fmt.Errorf("not implemented: ShortDescription - shortDescription"))
}

func (r *productResolver) LongDescription(ctx context.Context, obj *models.Product) (*models.Content, error) {
	panic(fmt.Errorf("not implemented: LongDescription - longDescription"))
}

func (r *productResolver) ContentVersions(ctx context.Context, obj *models.Product, part models.Part, first *int, after *string) (*models.Connection[models.Content], error) {
	panic(fmt.Errorf("not implemented: ContentVersions - contentVersions"))
}

func (r *productResolver) Images(ctx context.Context, obj *models.Product) ([]models.ProductImage, error) {
	panic(fmt.Errorf("not implemented: Images - images"))
}

func (r *productResolver) Prices(ctx context.Context, obj *models.Product) ([]models.ProductPrice, error) {
	panic(fmt.Errorf("not implemented: Prices - prices"))
}

func (r *queryResolver) Product(ctx context.Context, id string) (*models.Product, error) {
	panic(fmt.Errorf("not implemented: Product - product"))
}

func (r *queryResolver) TemplatePreview(ctx context.Context, input graph.TemplatePreviewInput) (*graph.TemplatePreview, error) {
	panic(fmt.Errorf("not implemented: TemplatePreview - templatePreview"))
}

func (r *teamResolver) Products(ctx context.Context, obj *models.Team, search *string, first *int, after *string) (*models.Connection[models.Product], error) {
	panic(fmt.Errorf("not implemented: Products - products"))
}

func (r *teamResolver) Templates(ctx context.Context, obj *models.Team, first *int, after *string) (*models.Connection[models.Template], error) {
	panic(fmt.Errorf("not implemented: Templates - templates"))
}

func (r *Resolver) Content() graph.ContentResolver { return &contentResolver{r} }

func (r *Resolver) Product() graph.ProductResolver { return &productResolver{r} }

type (
	contentResolver struct{ *Resolver }
	productResolver struct{ *Resolver }
)
