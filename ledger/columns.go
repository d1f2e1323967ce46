package ledger

import (
	"encoding/json"
	"fmt"
	"time"

	"productgenerator/models"
)

// Column collects one column of rows into the array that a bulk statement takes.
func Column[R, C any](rows []R, of func(R) C) []C {
	column := make([]C, len(rows))
	for i, row := range rows {
		column[i] = of(row)
	}
	return column
}

// JSONColumn is Column for values that a bulk statement takes as jsonb.
func JSONColumn[R, C any](rows []R, of func(R) C) []string {
	return Column(rows, func(row R) string {
		text, err := json.Marshal(of(row))
		if err != nil {
			panic(fmt.Sprintf("%T cannot be written as JSON: %v", of(row), err)) // plain data always can
		}
		return string(text)
	})
}

func columnsOfBalances(rows []*models.BalanceRow) []any {
	type row = *models.BalanceRow
	return []any{
		Column(rows, func(r row) string { return string(r.TeamID) }),
		Column(rows, func(r row) int64 { return r.Version }),
		Column(rows, func(r row) int64 { return int64(r.Available) }),
		Column(rows, func(r row) int64 { return int64(r.Reserved) }),
		Column(rows, func(r row) int64 { return int64(r.Debt) }),
		Column(rows, func(r row) time.Time { return r.Day.Midnight() }),
		Column(rows, func(r row) int64 { return int64(r.Used) }),
		Column(rows, func(r row) *time.Time { return midnightOf(r.LimitReachedOn) }),
		Column(rows, func(r row) *time.Time { return midnightOf(r.BalanceEmptyOn) }),
		Column(rows, func(r row) int64 { return r.Sequence }),
		Column(rows, func(r row) int64 { return r.Warnings }),
		Column(rows, func(r row) time.Time { return r.LastEntryAt }),
		Column(rows, func(r row) time.Time { return r.UpdatedAt }),
	}
}

func columnsOfSettings(rows []*models.BalanceRow) []any {
	type row = *models.BalanceRow
	return []any{
		Column(rows, func(r row) string { return string(r.TeamID) }),
		Column(rows, func(r row) bool { return r.Unlimited }),
		Column(rows, func(r row) *int64 { return (*int64)(r.CustomDailyLimit) }),
		Column(rows, func(r row) bool { return r.CustomDailyUnlimited }),
		Column(rows, func(r row) *int64 { return (*int64)(r.OwnDailyLimit) }),
		Column(rows, func(r row) int64 { return int64(r.LowBalanceThreshold) }),
		Column(rows, func(r row) string { return r.TimeZone }),
		Column(rows, func(r row) *string { return r.PendingTimeZone }),
		Column(rows, func(r row) *time.Time { return r.PendingTimeZoneAt }),
		Column(rows, func(r row) *time.Time { return midnightOf(r.PendingLastDay) }),
		Column(rows, func(r row) *time.Time { return r.TimeZoneChangedAt }),
	}
}

func midnightOf(day *models.Date) *time.Time {
	if day == nil {
		return nil
	}
	midnight := day.Midnight()
	return &midnight
}

func columnsOfNewGrants(rows []*models.Grant) []any {
	type row = *models.Grant
	return []any{
		Column(rows, func(r row) string { return string(r.ID) }),
		Column(rows, func(r row) string { return string(r.TeamID) }),
		Column(rows, func(r row) string { return string(r.Source) }),
		Column(rows, func(r row) int64 { return int64(r.Tokens) }),
		Column(rows, func(r row) int64 { return int64(r.Remaining) }),
		Column(rows, func(r row) int64 { return int64(r.Held) }),
		Column(rows, func(r row) int64 { return int64(r.Consumed) }),
		Column(rows, func(r row) int64 { return int64(r.Expired) }),
		Column(rows, func(r row) int64 { return int64(r.Revoked) }),
		Column(rows, func(r row) int64 { return int64(r.PaidDebt) }),
		Column(rows, func(r row) *time.Time { return r.ExpiresAt }),
		Column(rows, func(r row) *string { return r.Note }),
		Column(rows, func(r row) *string { return r.EffectKey }),
		Column(rows, func(r row) *string { return (*string)(r.CreatedBy) }),
		Column(rows, func(r row) time.Time { return r.CreatedAt }),
		Column(rows, func(r row) int64 { return int64(r.Reclaimed) }),
		Column(rows, func(r row) int64 { return int64(r.ReclaimHeld) }),
		Column(rows, func(r row) int64 { return int64(r.ReclaimVoid) }),
		Column(rows, func(r row) int64 { return int64(r.Corrected) }),
		Column(rows, func(r row) *string { return (*string)(r.ReclaimReason) }),
	}
}

func columnsOfOldGrants(rows []*models.Grant) []any {
	type row = *models.Grant
	return []any{
		Column(rows, func(r row) string { return string(r.ID) }),
		Column(rows, func(r row) int64 { return int64(r.Remaining) }),
		Column(rows, func(r row) int64 { return int64(r.Held) }),
		Column(rows, func(r row) int64 { return int64(r.Consumed) }),
		Column(rows, func(r row) int64 { return int64(r.Expired) }),
		Column(rows, func(r row) int64 { return int64(r.Revoked) }),
		Column(rows, func(r row) int64 { return int64(r.PaidDebt) }),
		Column(rows, func(r row) int64 { return int64(r.Reclaimed) }),
		Column(rows, func(r row) int64 { return int64(r.ReclaimHeld) }),
		Column(rows, func(r row) int64 { return int64(r.ReclaimVoid) }),
		Column(rows, func(r row) int64 { return int64(r.Corrected) }),
		Column(rows, func(r row) *string { return (*string)(r.ReclaimReason) }),
	}
}

func columnsOfReclaims(rows []models.Reclaim) []any {
	type row = models.Reclaim
	return []any{
		Column(rows, func(r row) string { return string(r.TeamID) }),
		Column(rows, func(r row) string { return string(r.GrantID) }),
		Column(rows, func(r row) string { return string(r.FromGrantID) }),
		Column(rows, func(r row) int64 { return int64(r.Tokens) }),
	}
}

func columnsOfEntries(rows []models.LedgerEntry) []any {
	type row = models.LedgerEntry
	return []any{
		Column(rows, func(r row) string { return string(r.ID) }),
		Column(rows, func(r row) string { return string(r.TeamID) }),
		Column(rows, func(r row) int64 { return r.Sequence }),
		Column(rows, func(r row) int64 { return r.BalanceVersion }),
		Column(rows, func(r row) string { return string(r.Kind) }),
		Column(rows, func(r row) int64 { return int64(r.Amount) }),
		Column(rows, func(r row) int64 { return int64(r.Tokens) }),
		Column(rows, func(r row) int64 { return int64(r.BalanceAfter) }),
		Column(rows, func(r row) *string { return (*string)(r.Operation) }),
		Column(rows, func(r row) *string { return (*string)(r.Part) }),
		Column(rows, func(r row) *string { return (*string)(r.ActorID) }),
		Column(rows, func(r row) *string { return (*string)(r.GenerationID) }),
		Column(rows, func(r row) *string { return (*string)(r.GrantID) }),
		JSONColumn(rows, func(r row) []models.Draw { return append([]models.Draw{}, r.Draws...) }),
		Column(rows, func(r row) int64 { return int64(r.Debt) }),
		Column(rows, func(r row) time.Time { return r.Day.Midnight() }),
		Column(rows, func(r row) int64 { return int64(r.Usage) }),
		Column(rows, func(r row) *string { return r.Note }),
		Column(rows, func(r row) *string { return (*string)(r.Reason) }),
		Column(rows, func(r row) time.Time { return r.OccurredAt }),
	}
}

func columnsOfNewReservations(rows []*models.Reservation) []any {
	type row = *models.Reservation
	return []any{
		Column(rows, func(r row) string { return string(r.GenerationID) }),
		Column(rows, func(r row) string { return string(r.TeamID) }),
		Column(rows, func(r row) string { return string(r.ActorID) }),
		Column(rows, func(r row) string { return string(r.ProductID) }),
		Column(rows, func(r row) string { return string(r.Operation) }),
		Column(rows, func(r row) time.Time { return r.Day.Midnight() }),
		Column(rows, func(r row) bool { return r.Unlimited }),
		Column(rows, func(r row) int64 { return int64(r.Tokens) }),
		Column(rows, func(r row) int64 { return int64(r.Captured) }),
		Column(rows, func(r row) int64 { return int64(r.Released) }),
		JSONColumn(rows, func(r row) []models.ReservedPart { return r.Parts }),
		Column(rows, func(r row) time.Time { return r.CreatedAt }),
		Column(rows, func(r row) *time.Time { return r.FinishedAt }),
	}
}

func columnsOfOldReservations(rows []*models.Reservation) []any {
	type row = *models.Reservation
	return []any{
		Column(rows, func(r row) string { return string(r.GenerationID) }),
		Column(rows, func(r row) int64 { return int64(r.Captured) }),
		Column(rows, func(r row) int64 { return int64(r.Released) }),
		JSONColumn(rows, func(r row) []models.ReservedPart { return r.Parts }),
		Column(rows, func(r row) *time.Time { return r.FinishedAt }),
	}
}

func columnsOfUsage(rows []models.MemberUsage) []any {
	type row = models.MemberUsage
	return []any{
		Column(rows, func(r row) string { return string(r.TeamID) }),
		Column(rows, func(r row) string { return string(r.UserID) }),
		Column(rows, func(r row) time.Time { return r.Day.Midnight() }),
		Column(rows, func(r row) int64 { return int64(r.Used) }),
	}
}

func columnsOfConsumption(rows []models.Consumption) []any {
	type row = models.Consumption
	return []any{
		Column(rows, func(r row) string { return string(r.TeamID) }),
		Column(rows, func(r row) time.Time { return r.Day.Midnight() }),
		Column(rows, func(r row) string { return string(r.UserID) }),
		Column(rows, func(r row) string { return string(r.Operation) }),
		Column(rows, func(r row) string { return string(r.Part) }),
		Column(rows, func(r row) int64 { return int64(r.Tokens) }),
		Column(rows, func(r row) int64 { return r.Parts }),
		Column(rows, func(r row) int64 { return r.Generations }),
	}
}

func columnsOfProductConsumption(rows []models.ProductConsumption) []any {
	type row = models.ProductConsumption
	return []any{
		Column(rows, func(r row) string { return string(r.TeamID) }),
		Column(rows, func(r row) time.Time { return r.Day.Midnight() }),
		Column(rows, func(r row) string { return string(r.ProductID) }),
		Column(rows, func(r row) string { return string(r.UserID) }),
		Column(rows, func(r row) string { return string(r.Operation) }),
		Column(rows, func(r row) int64 { return int64(r.Tokens) }),
		Column(rows, func(r row) int64 { return r.Generations }),
	}
}

func columnsOfWarnings(rows []models.LimitWarning) []any {
	type row = models.LimitWarning
	return []any{
		Column(rows, func(r row) string { return string(r.ID) }),
		Column(rows, func(r row) string { return string(r.TeamID) }),
		Column(rows, func(r row) int64 { return r.Sequence }),
		Column(rows, func(r row) string { return string(r.Kind) }),
		Column(rows, func(r row) *string { return (*string)(r.RuleID) }),
		Column(rows, func(r row) *string { return (*string)(r.MemberID) }),
		Column(rows, func(r row) *string { return (*string)(r.GrantID) }),
		Column(rows, func(r row) int64 { return int64(r.Threshold) }),
		Column(rows, func(r row) int64 { return int64(r.Value) }),
		Column(rows, func(r row) *int64 { return (*int64)(r.DailyLimit) }),
		Column(rows, func(r row) *time.Time { return r.ClearsAt }),
		Column(rows, func(r row) int64 { return r.BalanceVersion }),
		Column(rows, func(r row) time.Time { return r.RaisedAt }),
	}
}

func columnsOfRules(rows []*models.AlertRule) []any {
	type row = *models.AlertRule
	return []any{
		Column(rows, func(r row) string { return string(r.ID) }),
		Column(rows, func(r row) string { return string(r.TeamID) }),
		Column(rows, func(r row) string { return string(r.Metric) }),
		Column(rows, func(r row) int { return r.Threshold }),
		Column(rows, func(r row) bool { return r.Email }),
		Column(rows, func(r row) *string { return r.WebhookURL }),
		Column(rows, func(r row) *string { return r.WebhookSecret }),
		Column(rows, func(r row) bool { return r.Enabled }),
		Column(rows, func(r row) *time.Time { return midnightOf(r.RaisedOn) }),
		JSONColumn(rows, func(r row) []models.GrantID { return r.WarnedOf }),
		Column(rows, func(r row) time.Time { return r.CreatedAt }),
		Column(rows, func(r row) time.Time { return r.UpdatedAt }),
	}
}

func columnsOfKeys(rows []*models.IdempotencyKey) []any {
	type row = *models.IdempotencyKey
	return []any{
		Column(rows, func(r row) string { return string(r.CallerID) }),
		Column(rows, func(r row) string { return string(r.TeamID) }),
		Column(rows, func(r row) string { return r.Key }),
		Column(rows, func(r row) string { return r.Mutation }),
		Column(rows, func(r row) []byte { return r.InputHash }),
		Column(rows, func(r row) *string { return r.Subject }),
		Column(rows, func(r row) *string { return refusalText(r.Refusal) }),
		Column(rows, func(r row) time.Time { return r.CreatedAt }),
	}
}

func refusalText(refusal *models.Refusal) *string {
	if refusal == nil {
		return nil
	}
	text := JSONColumn([]*models.Refusal{refusal}, func(r *models.Refusal) *models.Refusal { return r })[0]
	return &text
}
