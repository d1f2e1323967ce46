package catalog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"productgenerator/catalog/feed"
	"productgenerator/models"
)

// NewProduct is a product as a member writes it.
type NewProduct struct {
	Name                 string
	SKU, Brand, Category *string
	Attributes           []models.Attribute
}

// ProductChange changes the fields that are set; nil clears one that may be empty.
type ProductChange struct {
	Name, SKU, Brand, Category Optional[*string]
	Attributes                 Optional[[]models.Attribute]
}

// CreateProduct adds a product to the team. It returns models.FieldErrors, or a *TakenError if another one has the SKU.
func (c *Catalog) CreateProduct(ctx context.Context, team models.TeamID, input NewProduct) (models.Product, error) {
	now := c.instant()
	product := models.Product{
		ID: models.NewProductID(c.now()), TeamID: team, Name: input.Name, SKU: input.SKU, Brand: input.Brand,
		Category: input.Category, Attributes: input.Attributes, CreatedAt: now, UpdatedAt: now,
	}
	if err := tidyProduct(&product); err != nil {
		return models.Product{}, err
	}
	err := c.transact(ctx, func(tx *gorm.DB) error {
		if err := checkSKU(ctx, tx, product); err != nil {
			return err
		}
		return insertProducts(tx, []models.Product{product})
	})
	if err != nil {
		return models.Product{}, fmt.Errorf("create a product: %w", err)
	}
	return product, nil
}

// UpdateProduct changes a product. It returns models.FieldErrors, models.ErrNotFound, or a *TakenError if another one has the SKU.
func (c *Catalog) UpdateProduct(ctx context.Context, team models.TeamID, id models.ProductID, change ProductChange) (models.Product, error) {
	var after models.Product
	err := c.transact(ctx, func(tx *gorm.DB) error {
		before, err := lockProduct(ctx, tx, team, id)
		if err != nil {
			return err
		}
		after = before
		after.Name = deref(change.Name.or(&before.Name))
		after.SKU = change.SKU.or(before.SKU)
		after.Brand = change.Brand.or(before.Brand)
		after.Category = change.Category.or(before.Category)
		after.Attributes = change.Attributes.or(before.Attributes)
		if err := tidyProduct(&after); err != nil {
			return err
		}
		if feed.Same(before, after) {
			return nil
		}
		if err := checkSKU(ctx, tx, after); err != nil {
			return err
		}
		after.UpdatedAt = c.instant()
		return updateProducts(tx, team, []models.Product{after})
	})
	if err != nil {
		return models.Product{}, fmt.Errorf("update product %s: %w", id, err)
	}
	return after, nil
}

// DeleteProduct takes a product off the team's lists and returns its last state; its generations keep its name. It
// returns models.ErrNotFound, or a *RunningError while a generation on it is unfinished.
func (c *Catalog) DeleteProduct(ctx context.Context, team models.TeamID, id models.ProductID) (models.Product, error) {
	var product models.Product
	err := c.transact(ctx, func(tx *gorm.DB) error {
		// Whoever reserves tokens for a new generation holds the team's balance row from its decision to its commit. Behind
		// the same lock, no generation can begin between the look and the deletion.
		if err := tx.Exec(`SELECT FROM balances WHERE team_id = ? FOR UPDATE`, team).Error; err != nil {
			return err
		}
		var err error
		if product, err = lockProduct(ctx, tx, team, id); err != nil {
			return err
		}
		running, err := gorm.G[models.Generation](tx).Select("id").
			Where("team_id = ? AND product_id = ? AND finished_at IS NULL", team, id).Order("id").Limit(1).Find(ctx)
		if err != nil {
			return err
		}
		if len(running) > 0 {
			return &RunningError{GenerationID: running[0].ID}
		}
		deleted := c.instant()
		product.DeletedAt = &deleted
		return tx.Exec(`UPDATE products SET deleted_at = ? WHERE team_id = ? AND id = ?`, deleted, team, id).Error
	})
	if err != nil {
		return models.Product{}, fmt.Errorf("delete product %s: %w", id, err)
	}
	return product, nil
}

// lockProduct reads a product and keeps others from changing it until the transaction ends. The lock is the weak one:
// texts and images of the product can be stored meanwhile.
func lockProduct(ctx context.Context, tx *gorm.DB, team models.TeamID, id models.ProductID) (models.Product, error) {
	product, err := gorm.G[models.Product](tx).Raw(`
		SELECT `+productSelect+` FROM products
		WHERE team_id = ? AND id = ? AND deleted_at IS NULL FOR NO KEY UPDATE`, team, id).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Product{}, models.ErrNotFound
	}
	return product, err
}

// checkSKU returns a *TakenError if another product of the team has the product's SKU.
func checkSKU(ctx context.Context, tx *gorm.DB, product models.Product) error {
	if product.SKU == nil {
		return nil
	}
	others, err := gorm.G[models.Product](tx).Select("id").
		Where("team_id = ? AND sku = ? AND id <> ? AND deleted_at IS NULL", product.TeamID, *product.SKU, product.ID).Find(ctx)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return &TakenError{Field: "sku", Value: *product.SKU, Product: others[0].ID}
	}
	return nil
}

// tidyProduct trims what a member typed, turns blank fields into absent ones, checks all of them, and returns
// models.FieldErrors that list everything wrong.
func tidyProduct(p *models.Product) error {
	var faults models.FieldErrors
	p.Name = strings.TrimSpace(p.Name)
	requireLine(&faults, p.Name, models.MaxProductName, "name")
	p.SKU = optionalLine(&faults, p.SKU, models.MaxSKU, "sku")
	p.Brand = optionalLine(&faults, p.Brand, models.MaxBrand, "brand")
	p.Category = optionalLine(&faults, p.Category, models.MaxCategory, "category")
	if len(p.Attributes) > models.MaxAttributes {
		faults.Add(models.FieldTooMany, models.MaxAttributes, "attributes")
		return faults.Err()
	}
	attributes := make([]models.Attribute, len(p.Attributes))
	for i, attribute := range p.Attributes {
		at := strconv.Itoa(i)
		attributes[i] = models.Attribute{
			Name: strings.TrimSpace(attribute.Name), Value: strings.TrimSpace(attribute.Value),
		}
		requireLine(&faults, attributes[i].Name, models.MaxAttributeName, "attributes", at, "name")
		requireLine(&faults, attributes[i].Value, models.MaxAttributeValue, "attributes", at, "value")
	}
	p.Attributes = attributes
	complete(p)
	return faults.Err()
}

// complete fills in what follows from the other fields, and the lists as the database gives them back.
func complete(p *models.Product) {
	p.Words = searchWords([]string{p.Name, deref(p.Brand), deref(p.Category)}, deref(p.SKU))
	p.Attributes, p.FeedImages, p.FeedOffers = orEmpty(p.Attributes), orEmpty(p.FeedImages), orEmpty(p.FeedOffers)
}

// requireLine checks a line that must not be empty.
func requireLine(faults *models.FieldErrors, line string, limit int, path ...string) {
	if line == "" {
		faults.Add(models.FieldRequired, 0, path...)
		return
	}
	if code := models.CheckLine(line, limit); code != "" {
		faults.Add(code, limit, path...)
	}
}

// optionalLine trims and checks a line that may be absent; a blank one is.
func optionalLine(faults *models.FieldErrors, line *string, limit int, path ...string) *string {
	if line == nil {
		return nil
	}
	trimmed := strings.TrimSpace(*line)
	if trimmed == "" {
		return nil
	}
	if code := models.CheckLine(trimmed, limit); code != "" {
		faults.Add(code, limit, path...)
	}
	return &trimmed
}
