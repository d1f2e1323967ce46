package resolvers

import (
	"context"

	"productgenerator/graph"
	"productgenerator/ledger"
	"productgenerator/models"
)

func (r *teamResolver) Balance(ctx context.Context, team *models.Team) (*models.Balance, error) {
	balance, err := loadersFrom(ctx).balances.Load(ctx, team.ID)
	return &balance, err
}

func (r *teamResolver) Grants(ctx context.Context, team *models.Team, status *models.GrantStatus, first *int, after *string) (*models.Connection[models.Grant], error) {
	page, err := models.NewPage(first, after, nil, nil)
	if err != nil {
		return nil, err
	}
	if prefix, ok := models.PrefixOf(page.Cursor); page.Cursor != "" && (!ok || prefix != models.PrefixGrant) {
		return nil, models.ErrPageCursor
	}
	grants, err := r.Deps.Ledger.Grants(ctx, team.ID, status, page)
	return &grants, err
}

func (r *teamResolver) Ledger(ctx context.Context, team *models.Team, filter *graph.LedgerFilter, first *int, after *string, last *int, before *string) (*models.Connection[models.LedgerEntry], error) {
	page, err := models.NewPage(first, after, last, before)
	if err != nil {
		return nil, err
	}
	wanted, possible, err := ledgerFilter(filter)
	if err != nil {
		return nil, err
	}
	if !possible {
		none := models.Connect(page, []models.LedgerEntry{}, func(models.LedgerEntry) string { return "" })
		return &none, nil
	}
	entries, err := r.Deps.Ledger.Entries(ctx, team.ID, wanted, page)
	return &entries, err
}

// ledgerFilter reads which lines are wanted. possible is false where no line can be: an id that names nothing.
func ledgerFilter(input *graph.LedgerFilter) (filter ledger.Filter, possible bool, err error) {
	if input == nil {
		return filter, true, nil
	}
	filter.Kinds, filter.Operations = input.Kinds.Value(), input.Operations.Value()
	filter.From, filter.To = input.From.Value(), input.To.Value()
	if filter.From != nil && filter.To != nil && !filter.From.Before(*filter.To) {
		return filter, false, errFilterPeriod
	}
	possible = readID(input.ActorID.Value(), models.PrefixUser, &filter.Actor) &&
		readID(input.GenerationID.Value(), models.PrefixGeneration, &filter.Generation) &&
		readID(input.GrantID.Value(), models.PrefixGrant, &filter.Grant)
	return filter, possible, nil
}

// readID reads an optional id; false: it is none of that type.
func readID[T ~string](id *string, prefix string, into *T) bool {
	if id == nil {
		return true
	}
	read, err := idOf[T](*id, prefix)
	*into = read
	return err == nil
}

func (r *grantResolver) Status(ctx context.Context, grant *models.Grant) (models.GrantStatus, error) {
	now, err := loadersFrom(ctx).clocks.Load(ctx, grant.TeamID)
	if err != nil {
		return "", err
	}
	return grant.StatusAt(now), nil
}

func (r *grantDrawResolver) Grant(ctx context.Context, draw *models.Draw) (*models.Grant, error) {
	grant, err := loadersFrom(ctx).grants.Load(ctx, draw.GrantID)
	return &grant, err
}

func (r *ledgerEntryResolver) Actor(ctx context.Context, entry *models.LedgerEntry) (*models.User, error) {
	return r.user(ctx, entry.ActorID)
}

func (r *ledgerEntryResolver) Generation(ctx context.Context, entry *models.LedgerEntry) (*models.Generation, error) {
	if entry.GenerationID == nil {
		return nil, nil
	}
	generation, err := loadersFrom(ctx).generations.Load(ctx, *entry.GenerationID)
	return &generation, err
}

func (r *ledgerEntryResolver) Grant(ctx context.Context, entry *models.LedgerEntry) (*models.Grant, error) {
	if entry.GrantID == nil {
		return nil, nil
	}
	grant, err := loadersFrom(ctx).grants.Load(ctx, *entry.GrantID)
	return &grant, err
}

// Note is why, in the words of who did it; where nobody said so, a sentence of our own.
func (r *ledgerEntryResolver) Note(ctx context.Context, entry *models.LedgerEntry) (*string, error) {
	if entry.Note != nil || entry.Reason == nil {
		return entry.Note, nil
	}
	note := r.messages.say(tongueOf(ctx), nil, string(entry.Kind)+"."+string(*entry.Reason))
	return &note, nil
}

func (r *Resolver) Grant() graph.GrantResolver { return &grantResolver{r} }

func (r *Resolver) GrantDraw() graph.GrantDrawResolver { return &grantDrawResolver{r} }

func (r *Resolver) LedgerEntry() graph.LedgerEntryResolver { return &ledgerEntryResolver{r} }

type (
	grantResolver       struct{ *Resolver }
	grantDrawResolver   struct{ *Resolver }
	ledgerEntryResolver struct{ *Resolver }
)
