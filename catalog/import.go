package catalog

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"gorm.io/gorm"

	"productgenerator/catalog/feed"
	"productgenerator/models"
)

// ImportRequest is a file to import into a team's catalogue.
type ImportRequest struct {
	TeamID          models.TeamID
	Reader          io.Reader // at most feed.MaxFileBytes
	DryRun          bool      // say what would happen, store nothing
	DefaultCurrency string    // ISO 4217, of prices that name none; empty: USD
}

// ImportResult counts what became of the file's products.
type ImportResult struct {
	Created, Updated, Unchanged int
	Products                    []models.Product // created or updated, in the file's order, the first 100
}

// Import stores all products of a Shopify export or a plain CSV, or none: then it returns *ImportErrors that name each
// problem's line and column. A product that the team has, by its handle, else by its SKU, is updated where the file
// says something else; texts, images and prices that operations delivered stay as they are. Importing a file twice
// changes nothing, also when two members do it at the same time.
func (c *Catalog) Import(ctx context.Context, request ImportRequest) (ImportResult, error) {
	currency, ok := feed.ParseCurrency(cmp.Or(request.DefaultCurrency, "USD"))
	if !ok {
		return ImportResult{}, fmt.Errorf("import: %q is no currency", request.DefaultCurrency)
	}
	file, err := feed.Read(request.Reader, currency)
	if err != nil {
		return ImportResult{}, fmt.Errorf("import: %w", err)
	}
	var plan importPlan
	if request.DryRun {
		plan, err = c.plan(ctx, c.db, request.TeamID, file, "")
	} else {
		err = c.transact(ctx, func(tx *gorm.DB) error {
			if err := lockImports(tx, request.TeamID); err != nil {
				return err
			}
			if plan, err = c.plan(ctx, tx, request.TeamID, file, "FOR NO KEY UPDATE"); err != nil {
				return err
			}
			return plan.store(tx, request.TeamID)
		})
	}
	if err != nil {
		return ImportResult{}, fmt.Errorf("import: %w", err)
	}
	return ImportResult{
		Created: len(plan.create), Updated: len(plan.update), Unchanged: plan.unchanged, Products: plan.touched,
	}, nil
}

// lockImports lets one import of the team run at a time. It may wait for a large one and then write a large one, longer
// than other statements are given.
func lockImports(tx *gorm.DB, team models.TeamID) error {
	if err := tx.Exec(`SET LOCAL lock_timeout = '30s'`).Error; err != nil {
		return err
	}
	if err := tx.Exec(`SET LOCAL statement_timeout = '60s'`).Error; err != nil {
		return err
	}
	return tx.Exec(`SELECT pg_advisory_xact_lock(hashtextextended('catalog import ' || ?, 0))`, string(team)).Error
}

// plan reads the products that the file may mean, locked if wanted, and decides.
func (c *Catalog) plan(ctx context.Context, db *gorm.DB, team models.TeamID, file *feed.File, lock string) (importPlan, error) {
	var handles, skus []string
	for _, row := range file.Products {
		if row.Product.Handle != nil {
			handles = append(handles, *row.Product.Handle)
		}
		if row.Product.SKU != nil {
			skus = append(skus, *row.Product.SKU)
		}
	}
	// Two statements, each sure of its index: for one with OR the planner may compare every row with every value.
	known, err := bearers(ctx, db, team, "handle", handles, lock)
	if err != nil {
		return importPlan{}, err
	}
	bySKU, err := bearers(ctx, db, team, "sku", skus, lock)
	if err != nil {
		return importPlan{}, err
	}
	seen := map[models.ProductID]bool{}
	known = slices.DeleteFunc(append(known, bySKU...), func(p models.Product) bool {
		again := seen[p.ID]
		seen[p.ID] = true
		return again
	})
	return planImport(team, file, known, c.now())
}

// bearers are the team's products that have one of the values in the column.
func bearers(ctx context.Context, db *gorm.DB, team models.TeamID, column string, values []string, lock string) ([]models.Product, error) {
	products, err := gorm.G[models.Product](db).Raw(`
		SELECT `+productSelect+` FROM products
		WHERE team_id = ? AND `+column+` = ANY(?) AND deleted_at IS NULL
		ORDER BY id `+lock, team, &values).Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the known products by %s: %w", column, err)
	}
	return products, nil
}

// store writes the plan with a few statements, however many products there are.
func (p importPlan) store(tx *gorm.DB, team models.TeamID) error {
	if len(p.freeSKUs) > 0 {
		err := tx.Exec(`UPDATE products SET sku = NULL WHERE team_id = ? AND id = ANY(?)`, team, ids(p.freeSKUs)).Error
		if err != nil {
			return err
		}
	}
	if err := updateProducts(tx, team, p.update); err != nil {
		return err
	}
	return insertProducts(tx, p.create)
}
