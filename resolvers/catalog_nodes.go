package resolvers

import (
	"context"

	"productgenerator/graph"
	"productgenerator/models"
)

// catalogNode is a product, something that belongs to one, or a template.
func (r *Resolver) catalogNode(ctx context.Context, prefix, id string) (graph.Node, error) {
	switch prefix {
	case models.PrefixProduct:
		product, err := r.product(ctx, id, models.RoleViewer)
		if err != nil {
			return nil, err
		}
		return product, nil
	case models.PrefixContent:
		content, err := r.Catalog.ContentNode(ctx, models.ContentID(id))
		return visible(ctx, r, &content, content.TeamID, models.RoleViewer, err)
	case models.PrefixImage:
		image, err := r.Catalog.ImageNode(ctx, models.ImageID(id))
		return visible(ctx, r, &image, image.TeamID, models.RoleViewer, err)
	case models.PrefixPrice:
		price, err := r.Catalog.PriceNode(ctx, models.PriceID(id))
		return visible(ctx, r, &price, price.TeamID, models.RoleViewer, err)
	case models.PrefixTemplate:
		template, err := r.Catalog.TemplateNode(ctx, models.TemplateID(id))
		return visible(ctx, r, &template, template.TeamID, models.RoleViewer, err)
	default:
		return nil, models.ErrNotFound
	}
}
