package catalog

import (
	"time"

	"productgenerator/catalog/feed"
	"productgenerator/models"
)

// importPlan is what an import does to the team's products.
type importPlan struct {
	create    []models.Product
	update    []models.Product
	freeSKUs  []models.ProductID // products whose SKU changes: they let go of the old one first, so that two may swap
	unchanged int
	touched   []models.Product // created and updated, in the order of the file, the first maxTouched
}

// maxTouched is how many of the products that an import touched are shown.
const maxTouched = 100

// idStep is how far apart in time the ids of an import's products are: ids made within less sort by chance.
const idStep = 250 * time.Nanosecond

// planImport decides what becomes of each product of the file, given those of the team's products that bear one of its
// handles or SKUs. It returns *ImportErrors where the file claims what belongs to another product.
func planImport(team models.TeamID, file *feed.File, known []models.Product, now time.Time) (importPlan, error) {
	matches := matchRows(file, known)
	if err := checkOwners(file, known, matches); err != nil {
		return importPlan{}, err
	}
	var plan importPlan
	stored := now.UTC().Truncate(time.Microsecond)
	for i, row := range file.Products {
		match := matches[i]
		if match == nil {
			product := row.Product
			// The first product of the file gets the highest id, so that a list, the newest first, shows the file's order.
			product.ID = models.NewProductID(now.Add(time.Duration(len(file.Products)-i) * idStep))
			product.TeamID, product.CreatedAt, product.UpdatedAt = team, stored, stored
			complete(&product)
			plan.create = append(plan.create, product)
			plan.touch(product)
			continue
		}
		merged := file.Fields.Merge(*match, row)
		if feed.Same(*match, merged) {
			plan.unchanged++
			continue
		}
		merged.UpdatedAt = stored
		complete(&merged)
		if match.SKU != nil && deref(match.SKU) != deref(merged.SKU) {
			plan.freeSKUs = append(plan.freeSKUs, match.ID)
		}
		plan.update = append(plan.update, merged)
		plan.touch(merged)
	}
	return plan, nil
}

func (p *importPlan) touch(product models.Product) {
	if len(p.touched) < maxTouched {
		p.touched = append(p.touched, product)
	}
}

// matchRows finds, for each product of the file, the known one that it means: by its handle, else by its SKU unless
// both have handles that differ. No known product is meant twice.
func matchRows(file *feed.File, known []models.Product) []*models.Product {
	byHandle, bySKU := index(known)
	matches := make([]*models.Product, len(file.Products))
	meant := map[models.ProductID]bool{}
	for i, row := range file.Products {
		if match := byHandle[deref(row.Product.Handle)]; match != nil {
			matches[i], meant[match.ID] = match, true
		}
	}
	for i, row := range file.Products {
		match := bySKU[deref(row.Product.SKU)]
		if matches[i] != nil || match == nil || meant[match.ID] || match.Handle != nil && row.Product.Handle != nil {
			continue
		}
		matches[i], meant[match.ID] = match, true
	}
	return matches
}

// index finds products by their handle and by their SKU.
func index(products []models.Product) (byHandle, bySKU map[string]*models.Product) {
	byHandle, bySKU = map[string]*models.Product{}, map[string]*models.Product{}
	for i := range products {
		product := &products[i]
		if product.Handle != nil {
			byHandle[*product.Handle] = product
		}
		if product.SKU != nil {
			bySKU[*product.SKU] = product
		}
	}
	return byHandle, bySKU
}

// checkOwners reports each SKU of the file that a product keeps which the file does not mean by it.
func checkOwners(file *feed.File, known []models.Product, matches []*models.Product) error {
	_, bySKU := index(known)
	letGo := map[models.ProductID]bool{}
	for i, match := range matches {
		if match != nil && file.Fields.SKU && deref(match.SKU) != deref(file.Products[i].Product.SKU) {
			letGo[match.ID] = true
		}
	}
	problems := &ImportErrors{}
	for i, row := range file.Products {
		owner := bySKU[deref(row.Product.SKU)]
		if owner == nil || owner == matches[i] || matches[i] != nil && owner.ID == matches[i].ID || letGo[owner.ID] {
			continue
		}
		problems.Add(ImportError{
			Code: models.FieldTaken, Reason: feed.ReasonInCatalogue, Line: row.SKULine, Column: file.SKUColumn,
			Product: owner.ID, Value: *row.Product.SKU,
		})
	}
	return problems.Err()
}
