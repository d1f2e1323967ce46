package resolvers

import (
	"context"
	"errors"
	"time"

	"productgenerator/auth"
	"productgenerator/funding"
	"productgenerator/graph"
	"productgenerator/models"
)

func (r *queryResolver) Purchase(ctx context.Context, id string) (*models.Purchase, error) {
	_, purchase, err := r.purchase(ctx, id)
	if err != nil {
		return nil, err
	}
	return purchase, nil
}

// purchase is the purchase with that id, for a viewer of its team.
func (r *Resolver) purchase(ctx context.Context, id string) (*auth.Viewer, *models.Purchase, error) {
	read, err := idOf[models.PurchaseID](id, models.PrefixPurchase)
	if err != nil {
		return nil, nil, unlessAnonymous(ctx, err)
	}
	purchase, err := r.Funding.PurchaseByID(ctx, read)
	if err != nil {
		return nil, nil, unlessAnonymous(ctx, err)
	}
	viewer, err := r.reader(ctx, purchase.TeamID)
	return viewer, &purchase, err
}

func (r *teamResolver) Purchases(ctx context.Context, team *models.Team, first *int, after *string) (*models.Connection[models.Purchase], error) {
	page, err := forwardPage(first, after, models.PrefixPurchase)
	if err != nil {
		return nil, err
	}
	purchases, err := r.Funding.TeamPurchases(ctx, team.ID, page)
	return &purchases, err
}

func (r *administrationResolver) Purchases(ctx context.Context, _ *graph.Administration, status []models.PurchaseStatus, attention *bool, first *int, after *string) (*models.Connection[models.Purchase], error) {
	page, err := forwardPage(first, after, models.PrefixPurchase)
	if err != nil {
		return nil, err
	}
	filter := funding.PurchaseFilter{Status: status, Attention: attention != nil && *attention}
	purchases, err := r.Funding.SearchPurchases(ctx, filter, page)
	return &purchases, err
}

func (r *mutationResolver) PurchaseTokens(ctx context.Context, input graph.PurchaseTokensInput) (*graph.PurchasePayload, error) {
	viewer, team, err := r.teamFor(ctx, input.TeamID, models.RoleAdmin)
	if err != nil {
		return nil, err
	}
	purchase, balance, err := r.Funding.Purchase(ctx, viewer.User.ID, funding.PurchaseInput{
		// What is no package's id names none, which is said at the field.
		Team: team, Package: models.TokenPackageID(input.PackageID), ReturnURL: input.ReturnURL.Value(),
		Key: keyOf(viewer.User.ID, "purchaseTokens", input.IdempotencyKey, input),
	})
	return r.purchasePayload(ctx, purchase, balance, aboutKey(err, input.IdempotencyKey), "purchase")
}

func (r *mutationResolver) CancelPurchase(ctx context.Context, input graph.CancelPurchaseInput) (*graph.PurchasePayload, error) {
	_, known, err := r.purchase(ctx, input.ID)
	if err != nil {
		return nil, err
	}
	viewer, err := r.member(ctx, known.TeamID, models.RoleAdmin)
	if err != nil {
		return nil, err
	}
	purchase, balance, err := r.Funding.CancelPurchase(ctx, viewer.User.ID, known.ID)
	return r.purchasePayload(ctx, purchase, balance, err, "cancel")
}

func (r *mutationResolver) ConfirmPurchase(ctx context.Context, input graph.ConfirmPurchaseInput) (*graph.PurchasePayload, error) {
	viewer, id, err := administratorAbout[models.PurchaseID](ctx, input.PurchaseID, models.PrefixPurchase)
	if err != nil {
		return nil, err
	}
	purchase, balance, err := r.Funding.ConfirmPurchase(ctx, viewer.User.ID, funding.ConfirmInput{
		Purchase: id, Note: input.Note, Key: keyOf(viewer.User.ID, "confirmPurchase", input.IdempotencyKey, input),
	})
	return r.purchasePayload(ctx, purchase, balance, aboutKey(err, input.IdempotencyKey), "confirm")
}

func (r *mutationResolver) RefundPurchase(ctx context.Context, input graph.RefundPurchaseInput) (*graph.PurchasePayload, error) {
	viewer, id, err := administratorAbout[models.PurchaseID](ctx, input.PurchaseID, models.PrefixPurchase)
	if err != nil {
		return nil, err
	}
	purchase, balance, err := r.Funding.RefundPurchase(ctx, viewer.User.ID, funding.RefundInput{
		Purchase: id, AmountMinor: input.AmountMinor.Value(), Note: input.Note,
		Key: keyOf(viewer.User.ID, "refundPurchase", input.IdempotencyKey, input),
	})
	return r.purchasePayload(ctx, purchase, balance, aboutKey(err, input.IdempotencyKey), "refund")
}

// purchasePayload is a purchase with the balance behind it, or why that was not done to it.
func (r *Resolver) purchasePayload(ctx context.Context, purchase models.Purchase, balance models.Balance, err error, done string) (*graph.PurchasePayload, error) {
	t := tongueOf(ctx)
	state, isState := errors.AsType[*funding.StateError](err)
	failure, isPayment := errors.AsType[*funding.PaymentError](err)
	switch {
	case err == nil:
		return &graph.PurchasePayload{Purchase: &purchase, Balance: &balance}, nil
	case isState:
		return &graph.PurchasePayload{UserErrors: []graph.UserError{r.purchaseInTheWay(t, &state.Purchase, done)}}, nil
	case isPayment:
		key := "payment." + done
		if failure.Retryable() {
			key += ".retry"
		}
		return &graph.PurchasePayload{UserErrors: []graph.UserError{&graph.PaymentError{
			Code: graph.UserErrorCodePaymentFailed, Path: []string{}, Provider: failure.Provider,
			Message: r.messages.say(t, nil, key, string(graph.UserErrorCodePaymentFailed)),
		}}}, nil
	default:
		userErrors, err := r.userErrors(ctx, purchase.TeamID, err)
		return &graph.PurchasePayload{UserErrors: userErrors}, err
	}
}

// purchaseInTheWay says why that cannot be done to a purchase as it is.
func (r *Resolver) purchaseInTheWay(t tongue, purchase *models.Purchase, done string) *graph.ConflictError {
	code, path := graph.UserErrorCodeWrongState, "purchaseId"
	switch done {
	case "cancel":
		path = "id"
		if purchase.Status != models.PurchasePending {
			code = graph.UserErrorCodeFinished
		}
	case "confirm":
		if purchase.GrantID != nil {
			code = graph.UserErrorCodeFinished
		}
	}
	return &graph.ConflictError{
		Code: code, Path: []string{path}, ConflictsWith: purchase,
		Message: r.messages.say(t, nil, string(code)+"."+done, string(code)),
	}
}

func (r *subscriptionResolver) PurchaseChanged(ctx context.Context, id string) (<-chan *models.Purchase, error) {
	viewer, purchase, err := r.purchase(ctx, id)
	if err != nil {
		return nil, err
	}
	states, err := r.Purchases.Subscribe(ctx, purchase.ID)
	if err != nil {
		return nil, err
	}
	return follow(ctx, r.Resolver, purchase.TeamID, viewer, states), nil
}

func (r *purchaseResolver) Team(ctx context.Context, purchase *models.Purchase) (*models.Team, error) {
	team, err := loadersFrom(ctx).teams.Load(ctx, purchase.TeamID)
	return &team, err
}

func (r *purchaseResolver) Package(ctx context.Context, purchase *models.Purchase) (*models.TokenPackage, error) {
	bought, err := loadersFrom(ctx).packages.Load(ctx, purchase.PackageID)
	return &bought, err
}

// CheckoutURL is the provider's page; an invoice's is ours.
func (r *purchaseResolver) CheckoutURL(_ context.Context, purchase *models.Purchase) (*string, error) {
	switch {
	case !purchase.Payable():
		return nil, nil
	case funding.ByInvoice(*purchase):
		return r.pageOf(purchase), nil
	default:
		return purchase.CheckoutURL, nil
	}
}

// pageOf is the page of a purchase that can be printed.
func (r *Resolver) pageOf(purchase *models.Purchase) *string {
	page := r.PublicURL + "/purchases/" + string(purchase.ID)
	return &page
}

func (r *purchaseResolver) CheckoutEndsAt(_ context.Context, purchase *models.Purchase) (*time.Time, error) {
	if !purchase.Payable() {
		return nil, nil
	}
	return &purchase.CheckoutEndsAt, nil
}

func (r *purchaseResolver) Buyer(ctx context.Context, purchase *models.Purchase) (*models.User, error) {
	return r.user(ctx, &purchase.BuyerID)
}

func (r *purchaseResolver) Grant(ctx context.Context, purchase *models.Purchase) (*models.Grant, error) {
	if purchase.GrantID == nil {
		return nil, nil
	}
	grant, err := loadersFrom(ctx).grants.Load(ctx, *purchase.GrantID)
	return &grant, err
}

// ReceiptURL is our own page, which leads to the provider's receipt where there is one.
func (r *purchaseResolver) ReceiptURL(_ context.Context, purchase *models.Purchase) (*string, error) {
	if purchase.PaidAt == nil {
		return nil, nil
	}
	return r.pageOf(purchase), nil
}

// Failure is a sentence; codes of the providers that have none are a refusal by the bank.
func (r *purchaseResolver) Failure(ctx context.Context, purchase *models.Purchase) (*string, error) {
	if purchase.Status != models.PurchaseFailed {
		return nil, nil
	}
	code := ""
	if purchase.Failure != nil {
		code = *purchase.Failure
	}
	text := r.messages.say(tongueOf(ctx), nil, "purchase.failure."+code, "purchase.failure")
	return &text, nil
}

func (r *purchaseResolver) Attention(ctx context.Context, purchase *models.Purchase) (*models.PurchaseAttention, error) {
	if _, err := administrator(ctx); err != nil {
		return nil, nil
	}
	return purchase.Attention, nil
}

func (r *grantResolver) Purchase(ctx context.Context, grant *models.Grant) (*models.Purchase, error) {
	if !grant.Source.Bought() {
		return nil, nil
	}
	return loadersFrom(ctx).bought.Find(ctx, grant.ID)
}

func (r *ledgerEntryResolver) Purchase(ctx context.Context, entry *models.LedgerEntry) (*models.Purchase, error) {
	if entry.GrantID == nil {
		return nil, nil
	}
	return loadersFrom(ctx).bought.Find(ctx, *entry.GrantID)
}

func (r *Resolver) Purchase() graph.PurchaseResolver { return &purchaseResolver{r} }

type purchaseResolver struct{ *Resolver }
