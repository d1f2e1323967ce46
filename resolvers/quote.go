package resolvers

import (
	"context"

	"productgenerator/graph"
	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/operations"
)

func (r *queryResolver) OperationCosts(ctx context.Context) ([]graph.OperationCost, error) {
	costs := make([]graph.OperationCost, 0, len(models.Operations()))
	for _, operation := range models.Operations() {
		costs = append(costs, graph.OperationCost{
			Operation: operation, Tokens: operations.CostOf(operation), Parts: partCosts(operations.PartCosts(operation)),
			Description: r.messages.say(tongueOf(ctx), nil, "operation."+string(operation)),
		})
	}
	return costs, nil
}

func (r *queryResolver) Quote(ctx context.Context, input graph.QuoteInput) (*graph.Quote, error) {
	team, err := r.teamFor(ctx, input.TeamID, models.RoleMember)
	if err != nil {
		return nil, err
	}
	viewer, err := viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	quote, err := r.Operations.Quote(ctx, operations.QuoteRequest{
		Actor: viewer.User.ID, Team: team, Operation: input.Operation, Products: idsOf[models.ProductID](input.ProductIds.Value()),
	})
	if err != nil {
		return nil, err
	}
	blockers, err := r.blockers(ctx, team, quote.Blockers)
	if err != nil {
		return nil, err
	}
	return &graph.Quote{
		Operation: quote.Operation, Tokens: quote.Tokens, Parts: partCosts(quote.Parts), Allowed: len(blockers) == 0,
		Blockers: blockers, Affordable: quote.Affordable, Warnings: r.quoteWarnings(ctx, quote),
		AvailableAfter: quote.After.Available.API(), RemainingTodayAfter: quote.After.RemainingToday.API(),
		BalanceVersion: quote.After.Version,
	}, nil
}

// quoteWarnings says what to think of before spending.
func (r *Resolver) quoteWarnings(ctx context.Context, quote operations.Quote) []graph.QuoteWarning {
	warnings := make([]graph.QuoteWarning, len(quote.Warnings))
	for i, warning := range quote.Warnings {
		f := figures{
			"available": quote.After.Available.API(), "remaining": quote.After.RemainingToday.API(),
			"resets": moment{quote.After.ResetsAt, quote.After.TimeZone}, "products": len(warning.Products),
		}
		products := make([]string, len(warning.Products))
		for at, id := range warning.Products {
			products[at] = string(id)
		}
		warnings[i] = graph.QuoteWarning{
			Kind: graph.QuoteWarningKind(warning.Kind), ProductIds: products,
			Message: r.messages.say(tongueOf(ctx), f, "warning."+string(warning.Kind)),
		}
	}
	return warnings
}

func partCosts(costs []ledger.PartCost) []graph.PartCost {
	parts := make([]graph.PartCost, len(costs))
	for i, cost := range costs {
		parts[i] = graph.PartCost{Part: cost.Part, Tokens: cost.Tokens}
	}
	return parts
}
