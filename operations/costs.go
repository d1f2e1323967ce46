package operations

import (
	"productgenerator/ledger"
	"productgenerator/models"
)

// What each part costs, in tokens. Generate all carries no discount: 15 + 30 + 10 + 10 = 65.
const (
	CostShortDescription models.Tokens = 15
	CostLongDescription  models.Tokens = 30
	CostImages           models.Tokens = 10
	CostPrices           models.Tokens = 10
)

// CheapestCost is what the cheapest operation costs.
const CheapestCost = min(CostImages, CostPrices, CostShortDescription+CostLongDescription)

// PartCostOf is what a part costs.
func PartCostOf(part models.Part) models.Tokens {
	switch part {
	case models.PartShortDescription:
		return CostShortDescription
	case models.PartLongDescription:
		return CostLongDescription
	case models.PartImages:
		return CostImages
	default:
		return CostPrices
	}
}

// PartCosts is what each part of an operation costs, in the order in which they are paid.
func PartCosts(operation models.Operation) []ledger.PartCost {
	parts := operation.Parts()
	costs := make([]ledger.PartCost, len(parts))
	for i, part := range parts {
		costs[i] = ledger.PartCost{Part: part, Tokens: PartCostOf(part)}
	}
	return costs
}

// CostOf is what an operation costs.
func CostOf(operation models.Operation) (total models.Tokens) {
	for _, part := range operation.Parts() {
		total += PartCostOf(part)
	}
	return total
}
