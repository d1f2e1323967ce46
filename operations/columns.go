package operations

import (
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
)

// The columns of staged rows, as arrays for the statements that write them.

func columnsOfBatches(rows []models.GenerationBatch) []any {
	type row = models.GenerationBatch
	return []any{
		ledger.Column(rows, func(r row) string { return string(r.ID) }),
		ledger.Column(rows, func(r row) string { return string(r.TeamID) }),
		ledger.Column(rows, func(r row) string { return string(r.ActorID) }),
		ledger.Column(rows, func(r row) string { return string(r.Operation) }),
		ledger.Column(rows, func(r row) int { return r.Total }),
		ledger.Column(rows, func(r row) time.Time { return r.CreatedAt }),
	}
}

func columnsOfNewGenerations(rows []models.Generation) []any {
	type row = models.Generation
	return []any{
		ledger.Column(rows, func(r row) string { return string(r.ID) }),
		ledger.Column(rows, func(r row) string { return string(r.TeamID) }),
		ledger.Column(rows, func(r row) *string { return (*string)(r.BatchID) }),
		ledger.Column(rows, func(r row) string { return string(r.ProductID) }),
		ledger.Column(rows, func(r row) string { return r.ProductName }),
		ledger.Column(rows, func(r row) string { return string(r.ActorID) }),
		ledger.Column(rows, func(r row) string { return string(r.Operation) }),
		ledger.Column(rows, func(r row) string { return string(r.Status) }),
		ledger.Column(rows, func(r row) string { return r.Language }),
		ledger.Column(rows, func(r row) string { return r.Tone }),
		ledger.Column(rows, func(r row) string { return r.Instructions }),
		ledger.Column(rows, func(r row) string { return r.Outline }),
		ledger.Column(rows, func(r row) time.Time { return r.CreatedAt }),
	}
}

func columnsOfGenerations(rows []models.Generation) []any {
	type row = models.Generation
	return []any{
		ledger.Column(rows, func(r row) string { return string(r.ID) }),
		ledger.Column(rows, func(r row) string { return string(r.Status) }),
		ledger.Column(rows, func(r row) int { return r.Attempts }),
		ledger.Column(rows, func(r row) *string { return r.LeaseHolder }),
		ledger.Column(rows, func(r row) *time.Time { return r.LeaseUntil }),
		ledger.Column(rows, func(r row) *time.Time { return r.StartedAt }),
		ledger.Column(rows, func(r row) *time.Time { return r.FinishedAt }),
	}
}

func columnsOfNewParts(rows []models.GenerationPart) []any {
	type row = models.GenerationPart
	return []any{
		ledger.Column(rows, func(r row) string { return string(r.GenerationID) }),
		ledger.Column(rows, func(r row) string { return string(r.Part) }),
		ledger.Column(rows, func(r row) string { return string(r.TeamID) }),
		ledger.Column(rows, func(r row) string { return string(r.ProductID) }),
		ledger.Column(rows, func(r row) string { return string(r.Status) }),
		ledger.Column(rows, func(r row) int64 { return int64(r.Tokens) }),
	}
}

func columnsOfParts(rows []models.GenerationPart) []any {
	type row = models.GenerationPart
	return []any{
		ledger.Column(rows, func(r row) string { return string(r.GenerationID) }),
		ledger.Column(rows, func(r row) string { return string(r.Part) }),
		ledger.Column(rows, func(r row) string { return string(r.Status) }),
		ledger.Column(rows, func(r row) int { return r.Attempts }),
		ledger.Column(rows, func(r row) *string { return r.Provider }),
		ledger.Column(rows, func(r row) *string { return r.Text }),
		ledger.Column(rows, func(r row) *string { return (*string)(r.Failure) }),
		ledger.Column(rows, func(r row) *string { return r.Model }),
		ledger.Column(rows, func(r row) *int { return r.InputTokens }),
		ledger.Column(rows, func(r row) *int { return r.OutputTokens }),
		ledger.Column(rows, func(r row) *time.Time { return r.FinishedAt }),
	}
}

func columnsOfImages(rows []models.ProductImage) []any {
	type row = models.ProductImage
	return []any{
		ledger.Column(rows, func(r row) string { return string(r.ID) }),
		ledger.Column(rows, func(r row) string { return string(r.TeamID) }),
		ledger.Column(rows, func(r row) string { return string(r.ProductID) }),
		ledger.Column(rows, func(r row) string { return string(r.GenerationID) }),
		ledger.Column(rows, func(r row) int { return r.Position }),
		ledger.Column(rows, func(r row) string { return r.URL }),
		ledger.Column(rows, func(r row) *string { return r.ThumbnailURL }),
		ledger.Column(rows, func(r row) string { return r.Title }),
		ledger.Column(rows, func(r row) *string { return r.SourceURL }),
		ledger.Column(rows, func(r row) *string { return r.License }),
		ledger.Column(rows, func(r row) *int { return r.Width }),
		ledger.Column(rows, func(r row) *int { return r.Height }),
		ledger.Column(rows, func(r row) string { return r.Provider }),
		ledger.Column(rows, func(r row) time.Time { return r.CreatedAt }),
	}
}

func columnsOfPrices(rows []models.ProductPrice) []any {
	type row = models.ProductPrice
	return []any{
		ledger.Column(rows, func(r row) string { return string(r.ID) }),
		ledger.Column(rows, func(r row) string { return string(r.TeamID) }),
		ledger.Column(rows, func(r row) string { return string(r.ProductID) }),
		ledger.Column(rows, func(r row) string { return string(r.GenerationID) }),
		ledger.Column(rows, func(r row) int { return r.Position }),
		ledger.Column(rows, func(r row) string { return r.Seller }),
		ledger.Column(rows, func(r row) int64 { return r.AmountMinor }),
		ledger.Column(rows, func(r row) string { return r.Currency }),
		ledger.Column(rows, func(r row) *string { return r.URL }),
		ledger.Column(rows, func(r row) time.Time { return r.ObservedAt }),
		ledger.Column(rows, func(r row) string { return r.Provider }),
		ledger.Column(rows, func(r row) time.Time { return r.CreatedAt }),
	}
}
