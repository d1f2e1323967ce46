package resolvers

import (
	"context"

	"productgenerator/graph"
	"productgenerator/models"
)

// catalogNode is a product, or something that belongs to one.
func (r *Resolver) catalogNode(ctx context.Context, prefix, id string) (graph.Node, error) {
	if prefix != models.PrefixProduct {
		return nil, models.ErrNotFound
	}
	team, err := r.Operations.TeamOf(ctx, models.ProductID(id))
	if err != nil {
		return nil, err
	}
	product, err := loadersFrom(ctx).products.Load(ctx, productKey{team, models.ProductID(id)})
	return visible(ctx, r, &product, team, models.RoleViewer, err)
}
