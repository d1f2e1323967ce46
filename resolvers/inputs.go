package resolvers

import (
	"github.com/99designs/gqlgen/graphql"

	"productgenerator/models"
)

// textOr is an optional text, or what it is where it is absent or null.
func textOr(text graphql.Omittable[*string], otherwise string) string {
	if value := text.Value(); value != nil {
		return *value
	}
	return otherwise
}

// forwardPage reads the arguments of a list that is read forwards and whose cursors are ids of that type.
func forwardPage(first *int, after *string, prefix string) (models.Page, error) {
	page, err := models.NewPage(first, after, nil, nil)
	if err != nil {
		return models.Page{}, err
	}
	if found, ok := models.PrefixOf(page.Cursor); page.Cursor != "" && (!ok || found != prefix) {
		return models.Page{}, models.ErrPageCursor
	}
	return page, nil
}
