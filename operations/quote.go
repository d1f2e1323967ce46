package operations

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

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
	state, err := o.stateOf(ctx, r, account.Now())
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
		quote.Warnings = balanceWarnings(account, r.Actor)
	}
	quote.Warnings = append(quote.Warnings, productWarnings(r.Operation, state, account.Now())...)
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
	recent     recentRun     // the newest of another member's that began a moment ago
}

// recentRun is an operation that somebody started; without a member there is none.
type recentRun struct {
	member    models.UserID
	operation models.Operation
	at        time.Time
}

// recently is how long ago an operation began that a colleague should still hear of.
const recently = 2 * time.Minute

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
	EXISTS (SELECT FROM templates t WHERE t.team_id = $2),
	coalesce(recent.actor_id, ''), coalesce(recent.operation, ''), coalesce(recent.created_at, to_timestamp(0))
FROM products p
LEFT JOIN LATERAL (
	SELECT g.actor_id, g.operation, g.created_at
	FROM generations g
	WHERE g.product_id = p.id AND (g.product_id, g.id) > (p.id, $5) AND g.created_at > $4
		AND g.actor_id <> $3 AND g.status <> 'CANCELLED'
	ORDER BY g.id DESC
	LIMIT 1) AS recent ON true
WHERE p.id = ANY($1)`

// stateOf reads what a quote needs of its products, in their order. Ids begin with their time: the id of the oldest
// moment that counts keeps the database from reading a product's whole past. It is compared together with the product,
// or the planner would rather read the latest operations on all products.
func (o *Operations) stateOf(ctx context.Context, r QuoteRequest, now time.Time) ([]productState, error) {
	products, since := r.Products, now.Add(-recently)
	if len(products) == 0 {
		return nil, nil
	}
	rows, err := o.pool.Query(ctx, stateSQL, ledger.Column(products, func(id models.ProductID) string { return string(id) }),
		string(r.Team), string(r.Actor), since, string(models.NewGenerationID(since)))
	if err != nil {
		return nil, fmt.Errorf("quote: %w", err)
	}
	defer rows.Close()
	found := map[models.ProductID]productState{}
	for rows.Next() {
		var state productState
		var ours bool
		if err := rows.Scan(&state.id, &ours, &state.running, &state.present, &state.unreviewed, &state.templates,
			&state.recent.member, &state.recent.operation, &state.recent.at); err != nil {
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
