package catalog

import (
	"time"

	"gorm.io/gorm"

	"productgenerator/catalog/feed"
)

// Catalog reads and changes what teams sell. It is safe for concurrent use.
type Catalog struct {
	db  *gorm.DB
	now func() time.Time
}

// New is a catalog in that database. now is the clock that new rows are dated by.
func New(db *gorm.DB, now func() time.Time) *Catalog {
	return &Catalog{db: db, now: now}
}

// instant is the present as the database stores it: to the microsecond.
func (c *Catalog) instant() time.Time { return c.now().UTC().Truncate(time.Microsecond) }

// ImportErrors is why a file was not imported, each problem with its line and column.
type ImportErrors = feed.Problems

// ImportError is one problem of a file.
type ImportError = feed.Problem

// Optional is a field of a change: the zero value leaves the field as it is.
type Optional[T any] struct {
	value T
	set   bool
}

// Set changes the field to the value.
func Set[T any](value T) Optional[T] { return Optional[T]{value: value, set: true} }

// or is the field's new value, else the old one.
func (o Optional[T]) or(old T) T {
	if o.set {
		return o.value
	}
	return old
}

// productSelect is what reads of products select: every column but the search index that no one reads.
const productSelect = `id, team_id, name, handle, sku, brand, category, description, attributes, feed_images, feed_offers,
	words, created_at, updated_at, deleted_at`

// ids is a list in the form that the database takes as one array parameter.
func ids[T ~string](list []T) *[]string {
	plain := make([]string, len(list))
	for i, id := range list {
		plain[i] = string(id)
	}
	return &plain
}
