package operations

import (
	"slices"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
)

// WarningKind is something to think of before spending. The values are the API's.
type WarningKind string

// The kinds of warnings, as the schema describes them.
const (
	WarnNearLimit          WarningKind = "NEAR_LIMIT"
	WarnLowBalance         WarningKind = "LOW_BALANCE_AFTER"
	WarnUnreviewed         WarningKind = "REGENERATES_UNREVIEWED_CONTENT"
	WarnTemplateWouldDo    WarningKind = "TEMPLATE_WOULD_DO"
	WarnPartAlreadyPresent WarningKind = "PART_ALREADY_PRESENT"
	WarnStartedByColleague WarningKind = "STARTED_BY_COLLEAGUE"
)

// Warning is something to think of before spending, and on which products; none: all.
type Warning struct {
	Kind     WarningKind
	Products []models.ProductID

	Limit     models.Tokens // NEAR_LIMIT: which limit
	Remaining models.Tokens // NEAR_LIMIT: what will be left of it
	Own       bool          // NEAR_LIMIT: it is the member's own

	Colleague models.UserID    // STARTED_BY_COLLEAGUE: who
	Operation models.Operation // STARTED_BY_COLLEAGUE: what
	Ago       time.Duration    // STARTED_BY_COLLEAGUE: how long ago, the last time
}

// balanceWarnings is what to think of for the sake of the balance behind an operation, which the account already shows.
// An operation that is blocked leaves no balance behind it: what is short then is said by its blockers.
func balanceWarnings(account *ledger.Account, actor models.UserID) (warnings []Warning) {
	after := account.Balance()
	near := func(limit models.Limit, used models.Tokens, own bool) {
		if tokens, limited := limit.Tokens(); limited && used*100 >= tokens*ledger.NearLimitPercent {
			warnings = append(warnings, Warning{Kind: WarnNearLimit, Limit: tokens, Remaining: max(0, tokens-used), Own: own})
		}
	}
	near(after.DailyLimit, after.ConsumedToday, false)
	member := account.Member(actor)
	near(member.Limit, member.Used, true)
	if available, owns := after.Available.Tokens(); owns && available <= after.LowBalanceThreshold {
		warnings = append(warnings, Warning{Kind: WarnLowBalance})
	}
	return warnings
}

// productWarnings is what to think of for the sake of the products.
func productWarnings(operation models.Operation, states []productState, now time.Time) (warnings []Warning) {
	parts := operation.Parts()
	add := func(kind WarningKind, concerns func(productState) bool) {
		var concerned []models.ProductID
		for _, state := range states {
			if concerns(state) {
				concerned = append(concerned, state.id)
			}
		}
		if len(concerned) > 0 {
			warnings = append(warnings, Warning{Kind: kind, Products: concerned})
		}
	}
	add(WarnUnreviewed, func(s productState) bool { return intersects(parts, s.unreviewed) })
	add(WarnTemplateWouldDo, func(s productState) bool {
		return s.templates && slices.ContainsFunc(parts, models.Part.IsText) && !slices.ContainsFunc(s.present, models.Part.IsText)
	})
	add(WarnPartAlreadyPresent, func(s productState) bool { return intersects(parts, s.present) })
	return append(warnings, colleagueWarnings(states, now)...)
}

// colleagueWarnings tells what other members have started on the products a moment ago: each of their operations once.
func colleagueWarnings(states []productState, now time.Time) (warnings []Warning) {
	for _, state := range states {
		recent := state.recent
		if recent.member == "" {
			continue
		}
		at := slices.IndexFunc(warnings, func(w Warning) bool {
			return w.Colleague == recent.member && w.Operation == recent.operation
		})
		if at < 0 {
			at = len(warnings)
			warnings = append(warnings, Warning{
				Kind: WarnStartedByColleague, Colleague: recent.member, Operation: recent.operation, Ago: recently,
			})
		}
		warning := &warnings[at]
		warning.Products = append(warning.Products, state.id)
		warning.Ago = max(0, min(warning.Ago, now.Sub(recent.at)))
	}
	return warnings
}

func intersects(a, b []models.Part) bool {
	return slices.ContainsFunc(a, func(part models.Part) bool { return slices.Contains(b, part) })
}
