package operations

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/provider"
)

// result is what became of a part: what a provider delivered, or why nothing was delivered.
type result struct {
	part     models.Part
	provider string
	text     string
	usage    *provider.ModelUsage
	images   []provider.Image
	offers   []provider.Offer
	failure  models.PartFailure // empty: delivered
}

// settle stores results and captures their parts, or releases the parts that were not delivered, all in one change. It
// returns errNotOurs, and nothing has changed, once the lease is not the worker's any more.
//
// A result that the database refuses to store, such as a text with a character that it does not take, was not
// delivered.
func (o *Operations) settle(ctx context.Context, l lease, results []result) error {
	err := o.settleAsIs(ctx, l, results)
	if !unstorable(err) {
		return err
	}
	for _, of := range results {
		err := o.settleAsIs(ctx, l, []result{of})
		if unstorable(err) {
			o.log.Error("an answer cannot be stored", "generation", l.job.Generation, "part", of.part, "provider", of.provider, "error", err)
			err = o.settleAsIs(ctx, l, []result{{part: of.part, failure: models.FailureProviderDown}})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unstorable says whether the database refused the values themselves: whenever they are tried, it will again.
func unstorable(err error) bool {
	const classDataException, checkViolation = "22", "23514"
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code[:2] == classDataException || refused.Code == checkViolation)
}

func (o *Operations) settleAsIs(ctx context.Context, l lease, results []result) error {
	_, err := o.ledger.Update(ctx, ledger.Change{
		Team: l.job.Team, Reservations: []models.GenerationID{l.job.Generation}, Weight: 4 * len(results),
		Lookups: []ledger.Want{o.rows.generations.Want(l.job.Generation)},
		Decide: func(tx *ledger.Tx) error {
			g, ok := o.rows.generations.Get(tx, l.job.Generation)
			if !ok || !holds(g, l.holder, tx.Now()) {
				return errNotOurs
			}
			for _, result := range results {
				if err := o.settlePart(tx, g, result); err != nil {
					return err
				}
			}
			o.finish(tx, g)
			o.save(tx, g)
			return nil
		},
	})
	return err
}

// settlePart captures or releases one part and stages what was delivered. A part that is settled already stays so.
func (o *Operations) settlePart(tx *ledger.Tx, g *models.Generation, r result) error {
	part := partOf(g, r.part)
	if part.Status.Finished() {
		return nil
	}
	if r.failure != "" {
		return o.releasePart(tx, g, part, models.PartFailed, r.failure)
	}
	if err := tx.Capture(g.ID, r.part); err != nil {
		return err
	}
	now := tx.Now()
	part.Status, part.Provider, part.FinishedAt = models.PartSucceeded, &r.provider, &now
	if r.part.IsText() {
		part.Text = &r.text
	}
	if r.usage != nil {
		part.Model, part.InputTokens, part.OutputTokens = &r.usage.Model, &r.usage.InputTokens, &r.usage.OutputTokens
	}
	o.rows.updateParts.Stage(tx, *part)
	switch {
	case r.part.IsText():
		o.rows.insertContents.Stage(tx, contentOf(g, r, now))
	case r.part == models.PartImages:
		o.rows.insertImages.Stage(tx, imagesOf(g, r, now)...)
	default:
		o.rows.insertPrices.Stage(tx, pricesOf(g, r, now)...)
	}
	return nil
}

// releasePart gives a part's tokens back and says why.
func (o *Operations) releasePart(tx *ledger.Tx, g *models.Generation, part *models.GenerationPart, status models.PartStatus, failure models.PartFailure) error {
	if err := tx.Release(g.ID, part.Part); err != nil {
		return err
	}
	now := tx.Now()
	part.Status, part.Failure, part.FinishedAt = status, &failure, &now
	o.rows.updateParts.Stage(tx, *part)
	return nil
}

// endUnsettled releases every part that is not settled and finishes the generation.
func (o *Operations) endUnsettled(tx *ledger.Tx, g *models.Generation, status models.PartStatus, failure models.PartFailure) error {
	for i := range g.Parts {
		if part := &g.Parts[i]; !part.Status.Finished() {
			if err := o.releasePart(tx, g, part, status, failure); err != nil {
				return err
			}
		}
	}
	o.finish(tx, g)
	o.save(tx, g)
	return nil
}

// finish ends the generation if its last part is settled.
func (o *Operations) finish(tx *ledger.Tx, g *models.Generation) {
	for _, part := range g.Parts {
		if !part.Status.Finished() {
			return
		}
	}
	now := tx.Now()
	g.Status, g.LeaseHolder, g.LeaseUntil, g.FinishedAt = g.Outcome(), nil, nil, &now
}

func partOf(g *models.Generation, part models.Part) *models.GenerationPart {
	for i := range g.Parts {
		if g.Parts[i].Part == part {
			return &g.Parts[i]
		}
	}
	panic("no part " + string(part) + " in " + string(g.ID)) // results are made for the generation's own parts only
}

func contentOf(g *models.Generation, r result, now time.Time) models.Content {
	return models.Content{
		ID: models.NewContentID(now), TeamID: g.TeamID, ProductID: g.ProductID, Part: r.part, Text: r.text,
		Source: models.ContentGenerated, AuthorID: &g.ActorID, GenerationID: &g.ID, CreatedAt: now,
	}
}

func imagesOf(g *models.Generation, r result, now time.Time) []models.ProductImage {
	images := make([]models.ProductImage, len(r.images))
	for i, found := range r.images {
		images[i] = models.ProductImage{
			ID: models.NewImageID(now), TeamID: g.TeamID, ProductID: g.ProductID, GenerationID: g.ID, Position: i,
			URL: found.URL, ThumbnailURL: known(found.ThumbnailURL), Title: found.Title,
			SourceURL: known(found.SourceURL), License: known(found.License), Width: known(found.Width),
			Height: known(found.Height), Provider: r.provider, CreatedAt: now,
		}
	}
	return images
}

func pricesOf(g *models.Generation, r result, now time.Time) []models.ProductPrice {
	prices := make([]models.ProductPrice, len(r.offers))
	for i, offer := range r.offers {
		observedAt := offer.ObservedAt
		if observedAt.IsZero() {
			observedAt = now
		}
		prices[i] = models.ProductPrice{
			ID: models.NewPriceID(now), TeamID: g.TeamID, ProductID: g.ProductID, GenerationID: g.ID, Position: i,
			Seller: offer.Seller, AmountMinor: offer.AmountMinor, Currency: offer.Currency, URL: known(offer.URL),
			ObservedAt: observedAt, Provider: r.provider, CreatedAt: now,
		}
	}
	return prices
}

// known is a value that may be missing: nil for the zero one.
func known[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}
