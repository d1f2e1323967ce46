package operations

import (
	"context"
	"errors"

	"productgenerator/catalog"
	"productgenerator/models"
	"productgenerator/provider"
)

// Local is the local catalogue as a provider of images, prices and facts: the team's own imports and the catalogue that
// the platform ships.
type Local struct{ Catalog *catalog.Catalog }

// Name is "local".
func (Local) Name() string { return "local" }

// FindImages finds images of the product and of similar ones.
func (l Local) FindImages(ctx context.Context, query provider.ImageQuery) ([]provider.Image, error) {
	found, err := l.Catalog.FindImages(ctx, models.TeamID(query.TeamID), models.ProductID(query.ProductID), "", query.Limit)
	if err != nil {
		return nil, l.failure(provider.Down, err)
	}
	var images []provider.Image
	for _, image := range found {
		address, err := provider.SafeURL(image.URL)
		if err != nil {
			continue
		}
		images = append(images, provider.Image{URL: address, Title: image.Title, License: image.License})
	}
	if len(images) == 0 {
		return nil, l.failure(provider.NothingFound, errNothingLikeIt)
	}
	return images, nil
}

// FindPrices finds what the product and those of its kind are sold for.
func (l Local) FindPrices(ctx context.Context, query provider.PriceQuery) ([]provider.Offer, error) {
	found, err := l.Catalog.FindOffers(ctx, models.TeamID(query.TeamID), models.ProductID(query.ProductID), "", query.Currency, query.Limit)
	if err != nil {
		return nil, l.failure(provider.Down, err)
	}
	offers := make([]provider.Offer, len(found))
	for i, offer := range found {
		offers[i] = provider.Offer{
			Seller: offer.Seller, Title: offer.Title, AmountMinor: offer.AmountMinor, Currency: offer.Currency,
			ObservedAt: offer.ObservedAt,
		}
	}
	if len(offers) == 0 {
		return nil, l.failure(provider.NothingFound, errNothingLikeIt)
	}
	return offers, nil
}

// FindFacts finds statements about the product's kind.
func (l Local) FindFacts(ctx context.Context, query provider.FactQuery) ([]provider.Fact, error) {
	found, err := l.Catalog.FindFacts(ctx, query.Product.Name, maxLocalFacts)
	if err != nil {
		return nil, l.failure(provider.Down, err)
	}
	facts := make([]provider.Fact, len(found))
	for i, fact := range found {
		facts[i] = provider.Fact{Statement: fact.Statement, Provider: l.Name()}
	}
	if len(facts) == 0 {
		return nil, l.failure(provider.NothingFound, errNothingLikeIt)
	}
	return facts, nil
}

const maxLocalFacts = 3

var errNothingLikeIt = errors.New("nothing like it is in the catalogues")

func (l Local) failure(kind provider.Kind, err error) error {
	return &provider.Error{Provider: l.Name(), Kind: kind, Err: err}
}
