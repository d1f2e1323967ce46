package resolvers

import "github.com/99designs/gqlgen/graphql"

// textOr is an optional text, or what it is where it is absent or null.
func textOr(text graphql.Omittable[*string], otherwise string) string {
	if value := text.Value(); value != nil {
		return *value
	}
	return otherwise
}
