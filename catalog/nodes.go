package catalog

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"productgenerator/models"
)

// The readings below name no team: they are how the team is found that a thing belongs to. Whoever calls them asks
// whether the viewer may see that team before anything is shown. They return models.ErrNotFound.

// ContentNode reads a version of a text by its id alone.
func (c *Catalog) ContentNode(ctx context.Context, id models.ContentID) (models.Content, error) {
	return node[models.Content](ctx, c.db, string(id))
}

// ImageNode reads an image by its id alone.
func (c *Catalog) ImageNode(ctx context.Context, id models.ImageID) (models.ProductImage, error) {
	return node[models.ProductImage](ctx, c.db, string(id))
}

// PriceNode reads a price by its id alone.
func (c *Catalog) PriceNode(ctx context.Context, id models.PriceID) (models.ProductPrice, error) {
	return node[models.ProductPrice](ctx, c.db, string(id))
}

// TemplateNode reads a template by its id alone.
func (c *Catalog) TemplateNode(ctx context.Context, id models.TemplateID) (models.Template, error) {
	return node[models.Template](ctx, c.db, string(id))
}

func node[R any](ctx context.Context, db *gorm.DB, id string) (R, error) {
	row, err := gorm.G[R](db).Where("id = ?", id).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, fmt.Errorf("%s: %w", id, models.ErrNotFound)
	}
	return row, err
}
