package operations

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/provider"
)

// What searches are asked for, and how often the text that is being written is stored.
const (
	maxImages    = 20
	maxOffers    = 20
	showInterval = 250 * time.Millisecond
)

// runParts asks the providers for every unsettled part at once, outside of any transaction, and settles each as it
// comes; results that come together are settled together.
func (o *Operations) runParts(ctx context.Context, l lease, g models.Generation, drop context.CancelCauseFunc) error {
	product, err := o.catalog.Product(ctx, g.TeamID, g.ProductID)
	if err != nil && ctx.Err() != nil {
		return o.giveUp(ctx, l)
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", g.ID, err)
	}
	run := run{Operations: o, lease: l, generation: g, product: describe(product), drop: drop}
	run.currency = currencyOf(product)
	results := make(chan result)
	var goes sync.WaitGroup
	unsettled := 0
	facts := sync.OnceValue(func() []provider.Fact { return run.facts(ctx) })
	for _, part := range g.Parts {
		if part.Status.Finished() {
			continue
		}
		unsettled++
		goes.Go(func() {
			select {
			case results <- run.partSafely(ctx, part.Part, facts):
			case <-ctx.Done():
			}
		})
	}
	err = o.settleAll(ctx, l, unsettled, results)
	drop(err)
	goes.Wait()
	return err
}

// settleAll settles that many results as they come, and gives up when ctx ends first.
func (o *Operations) settleAll(ctx context.Context, l lease, unsettled int, results <-chan result) error {
	for unsettled > 0 {
		var batch []result
		select {
		case first := <-results:
			batch = append(batch, first)
		case <-ctx.Done():
			return o.giveUp(ctx, l)
		}
		for more := true; more; {
			select {
			case next := <-results:
				batch = append(batch, next)
			default:
				more = false
			}
		}
		if ctx.Err() != nil {
			return o.giveUp(ctx, l)
		}
		unsettled -= len(batch)
		settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		err := o.settle(settling, l, batch)
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

// giveUp ends a worker's claim when its context has ended. Nothing is left to do where the lease was lost; what has had
// all its time ends; and where the process stops, the generation goes back to the queue.
func (o *Operations) giveUp(ctx context.Context, l lease) error {
	settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errNotOurs):
		return errNotOurs
	case errors.Is(cause, errOutOfTime):
		return o.leave(settling, l, func(tx *ledger.Tx, g *models.Generation) error {
			return o.endUnsettled(tx, g, models.PartFailed, models.FailureInterrupted)
		})
	default:
		return o.leave(settling, l, o.handBack)
	}
}

// run is one attempt at a generation.
type run struct {
	*Operations
	lease      lease
	generation models.Generation
	product    provider.Product
	currency   string
	drop       context.CancelCauseFunc
}

// partSafely asks the providers for one part; a provider that panics has failed, and the process lives on.
func (r *run) partSafely(ctx context.Context, part models.Part, facts func() []provider.Fact) (of result) {
	defer func() {
		if cause := recover(); cause != nil {
			r.log.Error("a provider panicked", "generation", r.generation.ID, "part", part, "cause", cause, "stack", string(debug.Stack()))
			of = result{part: part, failure: models.FailureProviderDown}
		}
	}()
	return r.part(ctx, part, facts)
}

func (r *run) part(ctx context.Context, part models.Part, facts func() []provider.Fact) result {
	switch part {
	case models.PartImages:
		images, servedBy, err := r.providers.Images.Find(ctx, provider.ImageQuery{
			RequestKey: r.requestKey(part), TeamID: string(r.generation.TeamID),
			ProductID: string(r.generation.ProductID), Product: r.product, Limit: maxImages,
		})
		return result{part: part, provider: servedBy, images: images, failure: r.failureOf(part, err)}
	case models.PartPrices:
		offers, servedBy, err := r.providers.Prices.Find(ctx, provider.PriceQuery{
			RequestKey: r.requestKey(part), TeamID: string(r.generation.TeamID),
			ProductID: string(r.generation.ProductID), Product: r.product, Limit: maxOffers, Currency: r.currency,
		})
		return result{part: part, provider: servedBy, offers: offers, failure: r.failureOf(part, err)}
	default:
		text, err := r.providers.Texts.Write(ctx, r.textRequest(part, facts()), r.shower(ctx, part))
		return result{part: part, provider: text.Provider, text: text.Text, usage: text.Usage, failure: r.failureOf(part, err)}
	}
}

// requestKey is the same for every attempt at a part, so that a provider can recognise a repetition.
func (r *run) requestKey(part models.Part) string {
	return string(r.generation.ID) + ":" + string(part)
}

func (r *run) textRequest(part models.Part, facts []provider.Fact) provider.TextRequest {
	kind := provider.ShortDescription
	if part == models.PartLongDescription {
		kind = provider.LongDescription
	}
	return provider.TextRequest{
		RequestKey: r.requestKey(part), Product: r.product, Kind: kind, Language: r.generation.Language,
		Tone: r.generation.Tone, Instructions: r.generation.Instructions, Outline: r.generation.Outline, Facts: facts,
	}
}

// facts is what is known about the product; nothing is no failure.
func (r *run) facts(ctx context.Context) []provider.Fact {
	return r.providers.Facts.Find(ctx, provider.FactQuery{
		TeamID: string(r.generation.TeamID), Product: r.product, Language: r.generation.Language,
	})
}

// shower stores what has been written of a text so far, a few times a second, and signals it, so that every process
// can show it. It notices when the generation is no longer this worker's.
func (r *run) shower(ctx context.Context, part models.Part) func(soFar string) {
	shown := r.now()
	return func(soFar string) {
		if r.now().Sub(shown) < showInterval {
			return
		}
		shown = r.now()
		tag, err := r.pool.Exec(ctx, `
UPDATE generation_parts p
SET text = $4
FROM generations g
WHERE p.generation_id = $1 AND p.part = $2 AND p.team_id = $5 AND p.status = 'RUNNING'
	AND g.id = p.generation_id AND g.lease_holder = $3`,
			string(r.generation.ID), string(part), r.lease.holder, soFar, string(r.generation.TeamID))
		switch {
		case err != nil && ctx.Err() == nil:
			r.log.Warn("a text's progress was not stored", "generation", r.generation.ID, "error", err)
		case err == nil && tag.RowsAffected() == 0:
			r.drop(errNotOurs)
		default:
			r.signals.Publish(string(r.generation.ID))
		}
	}
}

// failureOf says why a part was not delivered, in the API's words.
func (r *run) failureOf(part models.Part, err error) models.PartFailure {
	if err == nil {
		return ""
	}
	kind := provider.KindOf(err)
	r.log.Info("a part was not delivered", "generation", r.generation.ID, "part", part, "kind", kind, "error", err)
	switch kind {
	case provider.NothingFound:
		return models.FailureNothingFound
	case provider.TimedOut:
		return models.FailureTimedOut
	case provider.Refused:
		return models.FailureRefused
	default:
		return models.FailureProviderDown
	}
}
