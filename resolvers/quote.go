package resolvers

import (
	"context"
	"fmt"

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
	_, team, err := r.teamFor(ctx, input.TeamID, models.RoleMember)
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
	warnings, err := r.quoteWarnings(ctx, quote, len(input.ProductIds.Value()))
	if err != nil {
		return nil, err
	}
	return &graph.Quote{
		Operation: quote.Operation, Tokens: quote.Tokens, Parts: partCosts(quote.Parts), Allowed: len(blockers) == 0,
		Blockers: blockers, Affordable: quote.Affordable, Warnings: warnings,
		AvailableAfter: quote.After.Available.API(), RemainingTodayAfter: quote.After.RemainingToday.API(),
		BalanceVersion: quote.After.Version,
	}, nil
}

// quoteWarnings says what to think of before spending.
func (r *Resolver) quoteWarnings(ctx context.Context, quote operations.Quote, asked int) ([]graph.QuoteWarning, error) {
	warnings := make([]graph.QuoteWarning, len(quote.Warnings))
	for i, warning := range quote.Warnings {
		f := figures{
			"available": quote.After.Available.API(), "threshold": quote.After.LowBalanceThreshold,
			"limit": warning.Limit, "remaining": warning.Remaining, "resets": moment{quote.After.ResetsAt, quote.After.TimeZone},
			"products": len(warning.Products), "operation": warning.Operation, "ago": warning.Ago,
		}
		key := "warning." + string(warning.Kind)
		variant := key
		switch {
		case warning.Own:
			variant += ".member"
		case asked > 1:
			variant += ".many"
		}
		if warning.Colleague != "" {
			colleague, err := loadersFrom(ctx).users.Load(ctx, warning.Colleague)
			if err != nil {
				return nil, fmt.Errorf("read who started it: %w", err)
			}
			f["who"] = colleague.Name
		}
		products := make([]string, len(warning.Products))
		for at, id := range warning.Products {
			products[at] = string(id)
		}
		warnings[i] = graph.QuoteWarning{
			Kind: graph.QuoteWarningKind(warning.Kind), ProductIds: products,
			Message: r.messages.say(tongueOf(ctx), f, variant, key),
		}
	}
	return warnings, nil
}

func partCosts(costs []ledger.PartCost) []graph.PartCost {
	parts := make([]graph.PartCost, len(costs))
	for i, cost := range costs {
		parts[i] = graph.PartCost{Part: cost.Part, Tokens: cost.Tokens}
	}
	return parts
}
