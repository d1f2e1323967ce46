package feed

import (
	"slices"

	"productgenerator/models"
)

// Fields is what a file speaks of: the columns that it has, filled or not. What it does not speak of stays as it is on
// a product that is already known.
type Fields struct {
	SKU, Brand, Category, Description, Images, Offers bool

	// AllAttributes says that the file's attributes are all there are; else Attributes has the column keys of those that
	// it speaks of.
	AllAttributes bool
	Attributes    map[string]bool
}

// Merge is what the known product becomes by the row: what the file speaks of is as the row says, empty where it is
// empty there. A handle, once given, stays.
func (f Fields) Merge(known models.Product, row Row) models.Product {
	merged, said := known, row.Product
	merged.Name = said.Name
	if merged.Handle == nil {
		merged.Handle = said.Handle
	}
	if f.SKU {
		merged.SKU = said.SKU
	}
	if f.Brand {
		merged.Brand = said.Brand
	}
	if f.Category {
		merged.Category = said.Category
	}
	if f.Description {
		merged.Description = said.Description
	}
	if f.Images {
		merged.FeedImages = said.FeedImages
	}
	if f.Offers {
		merged.FeedOffers = said.FeedOffers
	}
	merged.Attributes = f.mergeAttributes(known.Attributes, said.Attributes)
	return merged
}

// mergeAttributes keeps the attributes that the file does not speak of, such as those that a member added by hand, and
// the order of those that are known; what is new comes last.
func (f Fields) mergeAttributes(known, said []models.Attribute) []models.Attribute {
	if f.AllAttributes {
		return said
	}
	fresh := slices.Clone(said)
	merged := make([]models.Attribute, 0, len(known)+len(fresh))
	for _, attribute := range known {
		key := columnKey(attribute.Name)
		if !f.Attributes[key] {
			merged = append(merged, attribute)
			continue
		}
		i := slices.IndexFunc(fresh, func(a models.Attribute) bool { return columnKey(a.Name) == key })
		if i >= 0 {
			merged = append(merged, fresh[i])
			fresh = slices.Delete(fresh, i, i+1)
		}
	}
	return append(merged, fresh...)
}

// Same says whether two products agree in every field that a file can name.
func Same(a, b models.Product) bool {
	return a.Name == b.Name && same(a.Handle, b.Handle) && same(a.SKU, b.SKU) && same(a.Brand, b.Brand) &&
		same(a.Category, b.Category) && a.Description == b.Description && slices.Equal(a.Attributes, b.Attributes) &&
		slices.Equal(a.FeedImages, b.FeedImages) && slices.Equal(a.FeedOffers, b.FeedOffers)
}

func same(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
