package catalog

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"productgenerator/models"
)

// chunk is how many products one statement writes: few statements, none near the statement's time limit.
const chunk = 2_000

// productRow is a product in the form in which a whole list of them is one parameter of a statement.
type productRow struct {
	ID          models.ProductID   `json:"id"`
	TeamID      models.TeamID      `json:"team_id"`
	Name        string             `json:"name"`
	Handle      *string            `json:"handle"`
	SKU         *string            `json:"sku"`
	Brand       *string            `json:"brand"`
	Category    *string            `json:"category"`
	Description string             `json:"description"`
	Attributes  []models.Attribute `json:"attributes"`
	FeedImages  []models.FeedImage `json:"feed_images"`
	FeedOffers  []models.FeedOffer `json:"feed_offers"`
	Words       string             `json:"words"`
	CreatedAt   time.Time          `json:"created_at"`
	UpdatedAt   time.Time          `json:"updated_at"`
}

// productRows is the parameter's type as the database reads it.
const productRows = `jsonb_to_recordset(?::jsonb) AS row (
	id text, team_id text, name text, handle text, sku text, brand text, category text, description text,
	attributes jsonb, feed_images jsonb, feed_offers jsonb, words text, created_at timestamptz, updated_at timestamptz)`

// encode turns products into the parameter of productRows.
func encode(products []models.Product) (string, error) {
	rows := make([]productRow, len(products))
	for i, p := range products {
		rows[i] = productRow{
			ID: p.ID, TeamID: p.TeamID, Name: p.Name, Handle: p.Handle, SKU: p.SKU, Brand: p.Brand, Category: p.Category,
			Description: p.Description, Attributes: p.Attributes, FeedImages: p.FeedImages,
			FeedOffers: p.FeedOffers, Words: p.Words, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
		}
	}
	encoded, err := json.Marshal(rows)
	return string(encoded), err
}

// orEmpty writes a list as [] rather than null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// insertProducts stores new products, some thousand with each statement.
func insertProducts(tx *gorm.DB, products []models.Product) error {
	const columns = `id, team_id, name, handle, sku, brand, category, description, attributes, feed_images, feed_offers,
		words, created_at, updated_at`
	for part := range slices.Chunk(products, chunk) {
		rows, err := encode(part)
		if err != nil {
			return fmt.Errorf("encode products: %w", err)
		}
		err = tx.Exec(`INSERT INTO products (`+columns+`) SELECT `+columns+` FROM `+productRows, rows).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// updateProducts stores changed products of the team. It returns errChanged if one of them is gone.
func updateProducts(tx *gorm.DB, team models.TeamID, products []models.Product) error {
	for part := range slices.Chunk(products, chunk) {
		rows, err := encode(part)
		if err != nil {
			return fmt.Errorf("encode products: %w", err)
		}
		result := tx.Exec(`
			UPDATE products SET
				name = row.name, handle = row.handle, sku = row.sku, brand = row.brand, category = row.category,
				description = row.description, attributes = row.attributes, feed_images = row.feed_images,
				feed_offers = row.feed_offers, words = row.words, updated_at = row.updated_at
			FROM `+productRows+`
			WHERE products.id = row.id AND products.team_id = ? AND products.deleted_at IS NULL`, rows, team)
		if result.Error != nil {
			return result.Error
		}
		if result.RowsAffected != int64(len(part)) {
			return errChanged
		}
	}
	return nil
}
