package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"productgenerator/catalog"
	"productgenerator/graph"
	"productgenerator/models"
)

// product is the product with that id, for a viewer with that role in its team.
func (r *Resolver) product(ctx context.Context, id string, role models.TeamRole) (*models.Product, error) {
	product, err := idOf[models.ProductID](id, models.PrefixProduct)
	if err != nil {
		return nil, unlessAnonymous(ctx, err)
	}
	team, err := r.Operations.TeamOf(ctx, product)
	if err != nil {
		return nil, unlessAnonymous(ctx, err)
	}
	if _, err := r.member(ctx, team, role); err != nil {
		return nil, err
	}
	found, err := loadersFrom(ctx).products.Load(ctx, productKey{team, product})
	return &found, err
}

func (r *queryResolver) Product(ctx context.Context, id string) (*models.Product, error) {
	product, err := r.product(ctx, id, models.RoleViewer)
	if err != nil {
		return nil, err
	}
	return product, nil
}

func (r *teamResolver) Products(ctx context.Context, team *models.Team, search *string, first *int, after *string) (*models.Connection[models.Product], error) {
	page, err := forwardPage(first, after, models.PrefixProduct)
	if err != nil {
		return nil, err
	}
	words := ""
	if search != nil {
		words = *search
	}
	products, err := r.Catalog.List(ctx, team.ID, words, page)
	return &products, err
}

func (r *mutationResolver) CreateProduct(ctx context.Context, input graph.CreateProductInput) (*graph.ProductPayload, error) {
	_, team, err := r.teamFor(ctx, input.TeamID, models.RoleMember)
	if err != nil {
		return nil, err
	}
	product, err := r.Catalog.CreateProduct(ctx, team, catalog.NewProduct{
		Name: input.Name, SKU: input.Sku.Value(), Brand: input.Brand.Value(), Category: input.Category.Value(),
		Attributes: attributesOf(input.Attributes.Value()),
	})
	return r.productPayload(ctx, team, &product, err)
}

func (r *mutationResolver) UpdateProduct(ctx context.Context, input graph.UpdateProductInput) (*graph.ProductPayload, error) {
	product, err := r.product(ctx, input.ID, models.RoleMember)
	if err != nil {
		return nil, err
	}
	change := catalog.ProductChange{
		Name: changeOf(input.Name), SKU: changeOf(input.Sku), Brand: changeOf(input.Brand), Category: changeOf(input.Category),
	}
	if attributes, set := input.Attributes.ValueOK(); set {
		change.Attributes = catalog.Set(attributesOf(attributes))
	}
	changed, err := r.Catalog.UpdateProduct(ctx, product.TeamID, product.ID, change)
	return r.productPayload(ctx, product.TeamID, &changed, err)
}

func (r *mutationResolver) DeleteProduct(ctx context.Context, input graph.DeleteProductInput) (*graph.ProductPayload, error) {
	product, err := r.product(ctx, input.ID, models.RoleMember)
	if err != nil {
		return nil, err
	}
	deleted, err := r.Catalog.DeleteProduct(ctx, product.TeamID, product.ID)
	return r.productPayload(ctx, product.TeamID, &deleted, err)
}

func (r *mutationResolver) ImportProducts(ctx context.Context, input graph.ImportProductsInput) (*graph.ImportProductsPayload, error) {
	_, team, err := r.teamFor(ctx, input.TeamID, models.RoleMember)
	if err != nil {
		return nil, err
	}
	done, err := r.Catalog.Import(ctx, catalog.ImportRequest{
		TeamID: team, Reader: input.File.File, DryRun: input.DryRun, DefaultCurrency: r.FeedCurrency,
	})
	if err != nil {
		userErrors, err := r.userErrors(ctx, team, err)
		return &graph.ImportProductsPayload{UserErrors: userErrors}, err
	}
	products := done.Products
	if products == nil || input.DryRun {
		products = []models.Product{}
	}
	return &graph.ImportProductsPayload{
		Created: &done.Created, Updated: &done.Updated, Unchanged: &done.Unchanged, Products: products,
	}, nil
}

// productPayload is a product, or what the user ran into.
func (r *Resolver) productPayload(ctx context.Context, team models.TeamID, product *models.Product, err error) (*graph.ProductPayload, error) {
	if err != nil {
		userErrors, err := r.userErrors(ctx, team, err)
		if err != nil {
			return nil, err
		}
		return &graph.ProductPayload{UserErrors: userErrors}, nil
	}
	return &graph.ProductPayload{Product: product}, nil
}

func attributesOf(inputs []graph.AttributeInput) []models.Attribute {
	attributes := make([]models.Attribute, len(inputs))
	for i, input := range inputs {
		attributes[i] = models.Attribute(input)
	}
	return attributes
}

// changeOf is a field of an update: what is left out stays, null clears.
func changeOf[T any](field graphql.Omittable[T]) catalog.Optional[T] {
	if value, set := field.ValueOK(); set {
		return catalog.Set(value)
	}
	return catalog.Optional[T]{}
}

func (r *productResolver) Team(ctx context.Context, product *models.Product) (*models.Team, error) {
	team, err := loadersFrom(ctx).teams.Load(ctx, product.TeamID)
	return &team, err
}

func (r *productResolver) ShortDescription(ctx context.Context, product *models.Product) (*models.Content, error) {
	texts, err := r.textsOf(ctx, product)
	return texts.Short, err
}

func (r *productResolver) LongDescription(ctx context.Context, product *models.Product) (*models.Content, error) {
	texts, err := r.textsOf(ctx, product)
	return texts.Long, err
}

// textsOf is the texts in use; a product without any has none.
func (r *Resolver) textsOf(ctx context.Context, product *models.Product) (catalog.Texts, error) {
	return orNone(loadersFrom(ctx).texts.Load(ctx, productKey{product.TeamID, product.ID}))
}

func (r *productResolver) Images(ctx context.Context, product *models.Product) ([]models.ProductImage, error) {
	return orNone(loadersFrom(ctx).images.Load(ctx, productKey{product.TeamID, product.ID}))
}

func (r *productResolver) Prices(ctx context.Context, product *models.Product) ([]models.ProductPrice, error) {
	return orNone(loadersFrom(ctx).prices.Load(ctx, productKey{product.TeamID, product.ID}))
}

func (r *Resolver) Product() graph.ProductResolver { return &productResolver{r} }

type productResolver struct{ *Resolver }
