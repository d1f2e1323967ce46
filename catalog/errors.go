package catalog

import (
	"fmt"
	"strings"

	"productgenerator/models"
)

// ErrNotFound says that the team has no such product, template or version: deleted, another team's, or never there.
var ErrNotFound = models.ErrNotFound

// FieldError is one thing wrong with an input.
type FieldError struct {
	Path  []string // into the input, such as attributes, 2, name
	Code  models.FieldCode
	Limit int    // TOO_LONG: characters, TOO_MANY: entries
	Place string // templates: where in the text, as line:column
	Token string // templates: what stands there and is not allowed or not known
}

// FieldErrors is everything wrong with an input; nothing was stored.
type FieldErrors []FieldError

// Error lists the places and codes, for logs.
func (e FieldErrors) Error() string {
	list := make([]string, len(e))
	for i, field := range e {
		list[i] = strings.Join(field.Path, ".") + ": " + string(field.Code)
	}
	return "bad input: " + strings.Join(list, ", ")
}

// err is the errors as an error, nil when there are none.
func (e FieldErrors) err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// TakenError says that another product of the team has the handle or the SKU.
type TakenError struct {
	Field   string // handle or sku
	Value   string
	Product models.ProductID
}

// Error names the product that has it.
func (e *TakenError) Error() string {
	return fmt.Sprintf("%s %q belongs to %s", e.Field, e.Value, e.Product)
}

// RunningError says that a generation on the product is unfinished.
type RunningError struct{ GenerationID models.GenerationID }

// Error names the generation.
func (e *RunningError) Error() string { return fmt.Sprintf("%s is unfinished", e.GenerationID) }

// StaleVersionError says that the text is no longer the version that the editor saw.
type StaleVersionError struct {
	Current int // 0: there is no text yet
}

// Error names the version in use.
func (e *StaleVersionError) Error() string {
	return fmt.Sprintf("the text is at version %d by now", e.Current)
}
