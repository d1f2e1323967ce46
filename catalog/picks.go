package catalog

import (
	"context"
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"productgenerator/models"
)

// MaxShown is how many images, or prices, of a product are shown and may be picked.
const MaxShown = 20

// foundSQL reads, for each product, the picked rows of a table of search results and then those of its newest search.
const foundSQL = `
	SELECT * FROM (
		SELECT found.*, row_number() OVER (
			PARTITION BY found.product_id ORDER BY found.picked DESC, found.generation_id DESC, found.position) AS place
		FROM %[1]s found
		JOIN (
			SELECT product_id, max(generation_id) AS generation_id FROM %[1]s
			WHERE team_id = ? AND product_id = ANY(?) GROUP BY product_id
		) newest ON newest.product_id = found.product_id
		WHERE found.team_id = ? AND found.product_id = ANY(?)
			AND (found.picked OR found.generation_id = newest.generation_id)
	) shown
	WHERE place <= ? ORDER BY product_id, place`

// Images are each product's images, for data loaders: the picked ones, then those of the newest search, MaxShown at most.
func (c *Catalog) Images(ctx context.Context, team models.TeamID, products []models.ProductID) (map[models.ProductID][]models.ProductImage, error) {
	rows, err := found[models.ProductImage](ctx, c.db, team, products)
	if err != nil {
		return nil, fmt.Errorf("read images: %w", err)
	}
	images := make(map[models.ProductID][]models.ProductImage, len(products))
	for _, image := range rows {
		images[image.ProductID] = append(images[image.ProductID], image)
	}
	return images, nil
}

// Prices are each product's prices, for data loaders: the picked ones, then those of the newest search, MaxShown at most.
func (c *Catalog) Prices(ctx context.Context, team models.TeamID, products []models.ProductID) (map[models.ProductID][]models.ProductPrice, error) {
	rows, err := found[models.ProductPrice](ctx, c.db, team, products)
	if err != nil {
		return nil, fmt.Errorf("read prices: %w", err)
	}
	prices := make(map[models.ProductID][]models.ProductPrice, len(products))
	for _, price := range rows {
		prices[price.ProductID] = append(prices[price.ProductID], price)
	}
	return prices, nil
}

// PickImages makes exactly these of the product's images the picked ones; none clears them. It returns models.FieldErrors that
// name the ids which are not the product's, or models.ErrNotFound.
func (c *Catalog) PickImages(ctx context.Context, team models.TeamID, product models.ProductID, images []models.ImageID) error {
	return c.pick(ctx, models.ProductImage{}, "imageIds", team, product, *ids(images))
}

// PickPrices is PickImages for prices.
func (c *Catalog) PickPrices(ctx context.Context, team models.TeamID, product models.ProductID, prices []models.PriceID) error {
	return c.pick(ctx, models.ProductPrice{}, "priceIds", team, product, *ids(prices))
}

// searchResult is a row of a table of search results.
type searchResult interface {
	models.ProductImage | models.ProductPrice
	TableName() string
}

func found[R searchResult](ctx context.Context, db *gorm.DB, team models.TeamID, products []models.ProductID) ([]R, error) {
	var result R
	list := ids(products)
	return gorm.G[R](db).Raw(fmt.Sprintf(foundSQL, result.TableName()), team, list, team, list, MaxShown).Find(ctx)
}

// pick checks the ids and sets the marks. Search results are never taken away, so that what was checked stays true.
func (c *Catalog) pick(ctx context.Context, table interface{ TableName() string }, field string, team models.TeamID, product models.ProductID, picked []string) error {
	if len(picked) > MaxShown {
		return models.FieldErrors{{Path: []string{field}, Code: models.FieldTooMany, Limit: MaxShown}}
	}
	if _, err := c.Product(ctx, team, product); err != nil {
		return err
	}
	var known []string
	db := c.db.WithContext(ctx)
	err := db.Raw(`SELECT id FROM `+table.TableName()+` WHERE team_id = ? AND product_id = ? AND id = ANY(?)`,
		team, product, &picked).Scan(&known).Error
	if err != nil {
		return fmt.Errorf("read what is picked for %s: %w", product, err)
	}
	isKnown := make(map[string]bool, len(known))
	for _, id := range known {
		isKnown[id] = true
	}
	var faults models.FieldErrors
	for i, id := range picked {
		if !isKnown[id] {
			faults.Add(models.FieldInvalid, 0, field, strconv.Itoa(i))
		}
	}
	if err := faults.Err(); err != nil {
		return err
	}
	err = db.Exec(`
		UPDATE `+table.TableName()+` SET picked = (id = ANY(?))
		WHERE team_id = ? AND product_id = ? AND picked <> (id = ANY(?))`, &picked, team, product, &picked).Error
	if err != nil {
		return fmt.Errorf("pick for %s: %w", product, err)
	}
	return nil
}
