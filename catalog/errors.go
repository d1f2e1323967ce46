package catalog

import (
	"fmt"

	"productgenerator/models"
)

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
