package resolvers

import (
	"context"

	"productgenerator/funding"
	"productgenerator/graph"
	"productgenerator/models"
)

func (r *queryResolver) TokenPackages(ctx context.Context) ([]models.TokenPackage, error) {
	return r.Funding.Packages(ctx)
}

func (r *administrationResolver) Packages(ctx context.Context, _ *graph.Administration) ([]models.TokenPackage, error) {
	return r.Funding.AllPackages(ctx)
}

func (r *mutationResolver) SetTokenPackage(ctx context.Context, input graph.TokenPackageInput) (*graph.TokenPackagePayload, error) {
	if _, err := administrator(ctx); err != nil {
		return nil, err
	}
	set := funding.PackageInput{
		Name: input.Name, Tokens: input.Tokens, PriceMinor: input.PriceMinor, Currency: input.Currency,
		Active: input.Active, ExpiresAfterDays: input.ExpiresAfterDays.Value(),
	}
	if given := input.ID.Value(); given != nil {
		id, err := idOf[models.TokenPackageID](*given, models.PrefixTokenPackage)
		if err != nil {
			return nil, err
		}
		set.ID = &id
	}
	stored, err := r.Funding.SetPackage(ctx, set)
	if err != nil {
		userErrors, err := r.userErrors(ctx, "", err)
		return &graph.TokenPackagePayload{UserErrors: userErrors}, err
	}
	return &graph.TokenPackagePayload{TokenPackage: &stored}, nil
}

// Packages are those that bring what is missing.
func (r *insufficientTokensErrorResolver) Packages(ctx context.Context, e *graph.InsufficientTokensError) ([]models.TokenPackage, error) {
	return r.Funding.PackagesFor(ctx, e.Missing)
}

// Packages are those that bring more than is owed.
func (r *debtErrorResolver) Packages(ctx context.Context, e *graph.DebtError) ([]models.TokenPackage, error) {
	return r.Funding.PackagesFor(ctx, e.Debt+1)
}

func (r *Resolver) InsufficientTokensError() graph.InsufficientTokensErrorResolver {
	return &insufficientTokensErrorResolver{r}
}

func (r *Resolver) DebtError() graph.DebtErrorResolver { return &debtErrorResolver{r} }

type (
	insufficientTokensErrorResolver struct{ *Resolver }
	debtErrorResolver               struct{ *Resolver }
)
