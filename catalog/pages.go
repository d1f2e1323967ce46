package catalog

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"productgenerator/models"
)

// condition is what rows must meet: SQL and the values bound to it.
type condition struct {
	sql  string
	args []any
}

func where(sql string, args ...any) condition { return condition{sql: sql, args: args} }

// and narrows the condition; the one it is made of stays as it is.
func (c condition) and(sql string, args ...any) condition {
	return condition{sql: c.sql + " AND " + sql, args: slices.Concat(c.args, args)}
}

// readPage reads one row more than the page holds, in the direction of reading; a list begins with the highest key.
// cursor is the page's, in the type of the key.
func readPage[T any](ctx context.Context, db *gorm.DB, columns string, matches condition, page models.Page, key string, cursor any) ([]T, error) {
	beyond, order := key+" < ?", key+" DESC"
	if page.Backward {
		beyond, order = key+" > ?", key
	}
	if page.Cursor != "" {
		matches = matches.and(beyond, cursor)
	}
	return gorm.G[T](db).Select(columns).Where(matches.sql, matches.args...).Order(order).Limit(page.Size + 1).Find(ctx)
}
