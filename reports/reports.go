package reports

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"productgenerator/models"
)

// Reports reads reports. It is safe for concurrent use.
type Reports struct{ pool *pgxpool.Pool }

// New reads reports from that database.
func New(pool *pgxpool.Pool) *Reports { return &Reports{pool: pool} }

// texts is a list as a parameter of a statement; nil stays null.
func texts[T ~string](list []T) []string {
	if list == nil {
		return nil
	}
	column := make([]string, len(list))
	for i, value := range list {
		column[i] = string(value)
	}
	return column
}

// share is which part of the whole the tokens are, 0 to 1; nothing of nothing is 0.
func share(tokens, whole models.Tokens) float64 {
	if whole == 0 {
		return 0
	}
	return float64(tokens) / float64(whole)
}
