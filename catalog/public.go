package catalog

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"productgenerator/catalog/feed"
	"productgenerator/models"
)

// publicFeed is the public catalogue: invented products of common kinds, as a plain CSV with offers of several sellers.
//
//go:embed feeds/public.csv
var publicFeed []byte

// demoFeed is what a small shop exports from Shopify: the products of the demonstration team.
//
//go:embed feeds/demo.csv
var demoFeed string

// DemoFeed is a Shopify export of a small shop for outdoor and home, to be imported for a demonstration.
func DemoFeed() io.Reader { return strings.NewReader(demoFeed) }

// publicRow is an entry of the public catalogue in the form that the database reads a list of them.
type publicRow struct {
	Handle      *string            `json:"handle"`
	Name        string             `json:"name"`
	Brand       *string            `json:"brand"`
	Category    *string            `json:"category"`
	Description string             `json:"description"`
	Attributes  []models.Attribute `json:"attributes"`
	FeedImages  []models.FeedImage `json:"feed_images"`
	FeedOffers  []models.FeedOffer `json:"feed_offers"`
	Words       string             `json:"words"`
}

// LoadPublicCatalogue brings the public catalogue to the state that this release ships. It may run at every start, in
// several processes at once: what is the same stays untouched.
func (c *Catalog) LoadPublicCatalogue(ctx context.Context) error {
	file, err := feed.Read(bytes.NewReader(publicFeed), "USD")
	if err != nil {
		return fmt.Errorf("read the public catalogue: %w", err)
	}
	rows := make([]publicRow, len(file.Products))
	handles := make([]string, len(file.Products))
	for i, row := range file.Products {
		p := row.Product
		complete(&p)
		rows[i] = publicRow{
			Handle: p.Handle, Name: p.Name, Brand: p.Brand, Category: p.Category, Description: p.Description,
			Attributes: p.Attributes, FeedImages: p.FeedImages, FeedOffers: p.FeedOffers,
			Words: p.Words,
		}
		handles[i] = deref(p.Handle)
	}
	encoded, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("encode the public catalogue: %w", err)
	}
	// One statement and one order of rows: processes that start together wait for each other instead of deadlocking.
	err = c.db.WithContext(ctx).Exec(`
		WITH shipped AS (
			SELECT * FROM jsonb_to_recordset(?::jsonb) AS row (
				handle text, name text, brand text, category text, description text, attributes jsonb, feed_images jsonb,
				feed_offers jsonb, words text)
		), gone AS (
			DELETE FROM public_products WHERE handle <> ALL(?)
		)
		INSERT INTO public_products AS known
			(handle, name, brand, category, description, attributes, feed_images, feed_offers, words)
		SELECT * FROM shipped ORDER BY handle
		ON CONFLICT (handle) DO UPDATE SET
			name = excluded.name, brand = excluded.brand, category = excluded.category,
			description = excluded.description, attributes = excluded.attributes, feed_images = excluded.feed_images,
			feed_offers = excluded.feed_offers, words = excluded.words
		WHERE (known.name, known.brand, known.category, known.description, known.attributes, known.feed_images, known.feed_offers, known.words)
			IS DISTINCT FROM
			(excluded.name, excluded.brand, excluded.category, excluded.description, excluded.attributes, excluded.feed_images,
				excluded.feed_offers, excluded.words)`, string(encoded), &handles).Error
	if err != nil {
		return fmt.Errorf("load the public catalogue: %w", err)
	}
	return nil
}
