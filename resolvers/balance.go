package resolvers

import (
	"context"

	"productgenerator/graph"
	"productgenerator/models"
	"productgenerator/operations"
)

func (r *balanceResolver) Team(ctx context.Context, balance *models.Balance) (*models.Team, error) {
	team, err := loadersFrom(ctx).teams.Load(ctx, balance.TeamID)
	return &team, err
}

func (r *balanceResolver) Available(_ context.Context, balance *models.Balance) (models.Tokens, error) {
	return balance.Available.API(), nil
}

func (r *balanceResolver) Spendable(_ context.Context, balance *models.Balance) (models.Tokens, error) {
	return balance.Spendable().API(), nil
}

func (r *balanceResolver) DailyLimit(_ context.Context, balance *models.Balance) (models.Tokens, error) {
	return balance.DailyLimit.API(), nil
}

func (r *balanceResolver) RemainingToday(_ context.Context, balance *models.Balance) (models.Tokens, error) {
	return balance.RemainingToday.API(), nil
}

// StatusReason is one sentence: what is tight, and what clears it.
func (r *balanceResolver) StatusReason(ctx context.Context, balance *models.Balance) (string, error) {
	f := figures{
		"debt": balance.Debt, "threshold": balance.LowBalanceThreshold, "consumed": balance.ConsumedToday,
		"available": balance.Available.API(), "limit": balance.DailyLimit.API(),
		"remaining": balance.RemainingToday.API(), "resets": moment{balance.ResetsAt, balance.TimeZone},
	}
	key := "status." + string(balance.Reason)
	if balance.Reason == models.ReasonLimitReached && !balance.DailyLimit.Allows(operations.CheapestCost) {
		key += ".never"
	}
	return r.messages.say(tongueOf(ctx), f, key), nil
}

// OperationsLeft is how often each operation could still be run now, if nothing else were.
func (r *balanceResolver) OperationsLeft(_ context.Context, balance *models.Balance) ([]graph.OperationsLeft, error) {
	spendable, limited := balance.Spendable().Tokens()
	list := make([]graph.OperationsLeft, 0, len(models.Operations()))
	for _, operation := range models.Operations() {
		times := models.UnlimitedTokens
		if limited {
			times = spendable / operations.CostOf(operation)
		}
		list = append(list, graph.OperationsLeft{Operation: operation, Times: times})
	}
	return list, nil
}

func (r *subscriptionResolver) BalanceChanged(ctx context.Context, teamID string) (<-chan *models.Balance, error) {
	viewer, team, err := r.teamFor(ctx, teamID, models.RoleViewer)
	if err != nil {
		return nil, err
	}
	balances, err := r.Balances.Subscribe(ctx, team)
	if err != nil {
		return nil, err
	}
	return follow(ctx, r.Resolver, team, viewer, balances), nil
}

func (r *Resolver) Balance() graph.BalanceResolver { return &balanceResolver{r} }

type balanceResolver struct{ *Resolver }
