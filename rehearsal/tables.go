package rehearsal

import (
	"productgenerator/ledger"
	"productgenerator/models"
)

// tables are what a history writes besides the ledger's own, in the order in which they refer to each other.
type tables struct {
	products    *ledger.Copied[models.Product]
	generations *ledger.Copied[models.Generation]
	parts       *ledger.Copied[models.GenerationPart]
	contents    *ledger.Copied[models.Content]
	images      *ledger.Copied[models.ProductImage]
	prices      *ledger.Copied[models.ProductPrice]
}

func newTables() tables {
	return tables{
		products: &ledger.Copied[models.Product]{
			Table:   "products",
			Columns: []string{"id", "team_id", "name", "sku", "brand", "category", "words", "created_at", "updated_at"},
			Values: func(p models.Product) ([]any, error) {
				return []any{
					string(p.ID), string(p.TeamID), p.Name, p.SKU, p.Brand, p.Category, p.Words, p.CreatedAt, p.UpdatedAt,
				}, nil
			},
		},
		generations: &ledger.Copied[models.Generation]{
			Table: "generations",
			Columns: []string{
				"id", "team_id", "product_id", "product_name", "actor_id", "operation", "status", "attempts", "started_at",
				"created_at", "finished_at",
			},
			Values: func(g models.Generation) ([]any, error) {
				return []any{
					string(g.ID), string(g.TeamID), string(g.ProductID), g.ProductName, string(g.ActorID), string(g.Operation),
					string(g.Status), int32(g.Attempts), g.StartedAt, g.CreatedAt, g.FinishedAt,
				}, nil
			},
		},
		parts: &ledger.Copied[models.GenerationPart]{
			Table: "generation_parts",
			Columns: []string{
				"generation_id", "part", "team_id", "product_id", "status", "tokens", "attempts", "provider", "text", "failure",
				"finished_at",
			},
			Values: func(p models.GenerationPart) ([]any, error) {
				return []any{
					string(p.GenerationID), string(p.Part), string(p.TeamID), string(p.ProductID), string(p.Status),
					int64(p.Tokens), int32(p.Attempts), p.Provider, p.Text, (*string)(p.Failure), p.FinishedAt,
				}, nil
			},
		},
		contents: &ledger.Copied[models.Content]{
			Table: "contents",
			Columns: []string{
				"id", "team_id", "product_id", "part", "version", "text", "source", "author_id", "generation_id", "created_at",
			},
			Values: func(c models.Content) ([]any, error) {
				return []any{
					string(c.ID), string(c.TeamID), string(c.ProductID), string(c.Part), int32(c.Version), c.Text,
					string(c.Source), (*string)(c.AuthorID), (*string)(c.GenerationID), c.CreatedAt,
				}, nil
			},
		},
		images: &ledger.Copied[models.ProductImage]{
			Table: "product_images",
			Columns: []string{
				"id", "team_id", "product_id", "generation_id", "position", "url", "title", "provider", "created_at",
			},
			Values: func(i models.ProductImage) ([]any, error) {
				return []any{
					string(i.ID), string(i.TeamID), string(i.ProductID), string(i.GenerationID), int32(i.Position), i.URL, i.Title,
					i.Provider, i.CreatedAt,
				}, nil
			},
		},
		prices: &ledger.Copied[models.ProductPrice]{
			Table: "product_prices",
			Columns: []string{
				"id", "team_id", "product_id", "generation_id", "position", "seller", "amount_minor", "currency", "observed_at",
				"provider", "created_at",
			},
			Values: func(p models.ProductPrice) ([]any, error) {
				return []any{
					string(p.ID), string(p.TeamID), string(p.ProductID), string(p.GenerationID), int32(p.Position), p.Seller,
					p.AmountMinor, p.Currency, p.ObservedAt, p.Provider, p.CreatedAt,
				}, nil
			},
		},
	}
}
