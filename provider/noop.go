package provider

import "context"

// Noop answers every request at once with the same small answer. It stands in for all four kinds of provider where only
// the work around them is to be measured.
type Noop struct{}

// Name is "noop".
func (Noop) Name() string { return "noop" }

// WriteText returns one fixed sentence without emitting it.
func (Noop) WriteText(_ context.Context, request TextRequest, _ func(string)) (Text, error) {
	text := "A fixed text for measuring."
	if request.Kind == LongDescription {
		text = "## Overview\n\nA fixed text for measuring."
	}
	return Text{Text: text, Provider: "noop"}, nil
}

// FindImages returns one fixed image.
func (Noop) FindImages(context.Context, ImageQuery) ([]Image, error) {
	return []Image{{URL: "https://images.example/noop.jpg", Title: "Fixed image", License: "CC0 1.0", Width: 640, Height: 480}}, nil
}

// FindPrices returns one fixed offer.
func (Noop) FindPrices(context.Context, PriceQuery) ([]Offer, error) {
	return []Offer{{Seller: "noop", AmountMinor: 1000, Currency: "USD", URL: "https://offers.example/noop", Title: "Fixed offer"}}, nil
}

// FindFacts knows nothing.
func (Noop) FindFacts(context.Context, FactQuery) ([]Fact, error) {
	return nil, &Error{Provider: "noop", Kind: NothingFound}
}
