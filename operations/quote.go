package operations

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"productgenerator/ledger"
	"productgenerator/models"
)

// QuoteRequest asks what an operation would cost and whether it could run.
type QuoteRequest struct {
	Actor     models.UserID
	Team      models.TeamID
	Operation models.Operation
	Products  []models.ProductID // none: one product, whichever
}

// Quote is the answer: what the mutation would be answered now, before anything is spent.
type Quote struct {
	Operation  models.Operation
	Tokens     models.Tokens
	Parts      []ledger.PartCost // of all products together
	Blockers   []models.Blocker  // none: it could run
	Affordable []models.Operation
	Warnings   []Warning
	After      models.Balance // the balance behind it; as it is now if it is blocked
}

// WarningKind is something to think of before spending. The values are the API's.
type WarningKind string

// The kinds of warnings, as the schema describes them.
const (
	WarnNearLimit          WarningKind = "NEAR_LIMIT"
	WarnLowBalance         WarningKind = "LOW_BALANCE_AFTER"
	WarnUnreviewed         WarningKind = "REGENERATES_UNREVIEWED_CONTENT"
	WarnTemplateWouldDo    WarningKind = "TEMPLATE_WOULD_DO"
	WarnPartAlreadyPresent WarningKind = "PART_ALREADY_PRESENT"
)

// Warning is something to think of before spending, and on which products; none: all.
type Warning struct {
	Kind     WarningKind
	Products []models.ProductID
}

// Quote foretells what the operation would be answered. It holds nothing: another member may be quicker.
//
// It returns models.FieldErrors, which name a product that is not the team's by its place, or ledger.ErrNoAccount.
func (o *Operations) Quote(ctx context.Context, r QuoteRequest) (Quote, error) {
	if err := checkProducts(r.Products).Err(); err != nil {
		return Quote{}, err
	}
	account, err := o.ledger.Account(ctx, r.Team, r.Actor)
	if err != nil {
		return Quote{}, fmt.Errorf("quote: %w", err)
	}
	state, err := o.stateOf(ctx, r.Team, r.Products)
	if err != nil {
		return Quote{}, err
	}
	count := models.Tokens(max(1, len(r.Products)))
	quote := Quote{Operation: r.Operation, Tokens: CostOf(r.Operation) * count}
	for _, part := range PartCosts(r.Operation) {
		part.Tokens *= count
		quote.Parts = append(quote.Parts, part)
	}
	quote.Blockers = o.blockers(account, r, r.Operation, state)
	quote.Affordable = o.affordable(account, r, state)
	quote.After = account.Balance()
	if len(quote.Blockers) == 0 {
		if err := account.Reserve(r.Actor, o.wholeCost(account, r)); err != nil {
			return Quote{}, fmt.Errorf("quote: %w", err)
		}
		version := quote.After.Version
		quote.After = account.Balance()
		quote.After.Version = version
	}
	quote.Warnings = warnings(r, state, quote.After)
	return quote, nil
}

// wholeCost is one reservation of what all products cost together, to see the balance behind it.
func (o *Operations) wholeCost(account *ledger.Account, r QuoteRequest) ledger.ReserveRequest {
	request := ledger.ReserveRequest{Generation: models.NewGenerationID(account.Now()), Operation: r.Operation}
	for _, part := range PartCosts(r.Operation) {
		part.Tokens *= models.Tokens(max(1, len(r.Products)))
		request.Parts = append(request.Parts, part)
	}
	return request
}

// blockers is everything that stands in an operation's way, as the mutation would say it.
func (o *Operations) blockers(account *ledger.Account, r QuoteRequest, operation models.Operation, states []productState) []models.Blocker {
	cost := CostOf(operation) * models.Tokens(max(1, len(r.Products)))
	blockers := account.Blockers(r.Actor, cost)
	for i, state := range states {
		running := runningBlockers(state.running, operation, true, i)
		if len(r.Products) == 1 {
			running = runningBlockers(state.running, operation, false, i)
		}
		blockers = append(blockers, running...)
	}
	return append(blockers, o.downBlockers(operation)...)
}

// affordable lists what could run now on the same products instead, the dearest first.
func (o *Operations) affordable(account *ledger.Account, r QuoteRequest, states []productState) []models.Operation {
	operations := models.Operations()
	slices.SortStableFunc(operations, func(a, b models.Operation) int { return int(CostOf(b) - CostOf(a)) })
	return slices.DeleteFunc(operations, func(operation models.Operation) bool {
		return operation == r.Operation || len(o.blockers(account, r, operation, states)) > 0
	})
}

// productState is what a quote needs to know of a product.
type productState struct {
	id         models.ProductID
	running    runningParts
	present    []models.Part // delivered before, or written by hand
	unreviewed []models.Part // the text in use was generated and nobody has reviewed it
	templates  bool          // the team has templates
}

const stateSQL = `
SELECT p.id, p.team_id = $2 AND p.deleted_at IS NULL,
	coalesce((SELECT jsonb_object_agg(g.part, g.generation_id) FROM generation_parts g
		WHERE g.product_id = p.id AND g.status IN ('QUEUED', 'RUNNING')), '{}'),
	ARRAY(SELECT DISTINCT c.part FROM contents c WHERE c.product_id = p.id)
		|| CASE WHEN EXISTS (SELECT FROM product_images i WHERE i.product_id = p.id) THEN '{IMAGES}' ELSE '{}'::text[] END
		|| CASE WHEN EXISTS (SELECT FROM product_prices i WHERE i.product_id = p.id) THEN '{PRICES}' ELSE '{}'::text[] END,
	ARRAY(SELECT newest.part FROM (
		SELECT DISTINCT ON (c.part) c.part, c.source, c.reviewed_at FROM contents c
		WHERE c.product_id = p.id ORDER BY c.part, c.version DESC) AS newest
		WHERE newest.source = 'GENERATED' AND newest.reviewed_at IS NULL),
	EXISTS (SELECT FROM templates t WHERE t.team_id = $2)
FROM products p
WHERE p.id = ANY($1)`

// stateOf reads what a quote needs of products, in their order.
func (o *Operations) stateOf(ctx context.Context, team models.TeamID, products []models.ProductID) ([]productState, error) {
	if len(products) == 0 {
		return nil, nil
	}
	rows, err := o.pool.Query(ctx, stateSQL, ledger.Column(products, func(id models.ProductID) string { return string(id) }), string(team))
	if err != nil {
		return nil, fmt.Errorf("quote: %w", err)
	}
	defer rows.Close()
	found := map[models.ProductID]productState{}
	for rows.Next() {
		var state productState
		var ours bool
		if err := rows.Scan(&state.id, &ours, &state.running, &state.present, &state.unreviewed, &state.templates); err != nil {
			return nil, fmt.Errorf("quote: %w", err)
		}
		if ours {
			found[state.id] = state
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("quote: %w", err)
	}
	states := make([]productState, len(products))
	var faults models.FieldErrors
	for i, id := range products {
		state, ok := found[id]
		if !ok || slices.Contains(products[:i], id) {
			faults.Add(models.FieldInvalid, 0, "productIds", strconv.Itoa(i))
		}
		states[i] = state
	}
	return states, faults.Err()
}

// warnings is what to think of before spending.
func warnings(r QuoteRequest, states []productState, after models.Balance) (warnings []Warning) {
	if limit, limited := after.DailyLimit.Tokens(); limited && after.ConsumedToday*100 >= limit*ledger.NearLimitPercent {
		warnings = append(warnings, Warning{Kind: WarnNearLimit})
	}
	if available, owns := after.Available.Tokens(); owns && available <= after.LowBalanceThreshold {
		warnings = append(warnings, Warning{Kind: WarnLowBalance})
	}
	parts := r.Operation.Parts()
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
	return warnings
}

func intersects(a, b []models.Part) bool {
	return slices.ContainsFunc(a, func(part models.Part) bool { return slices.Contains(b, part) })
}
