package operations

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"productgenerator/models"
	"productgenerator/provider"
)

// studio is a provider of everything that delivers at once, but for what a test tells it to do instead.
type studio struct {
	write  func(ctx context.Context, r provider.TextRequest, emit func(string)) (provider.Text, error)
	images func(ctx context.Context, q provider.ImageQuery) ([]provider.Image, error)
	prices func(ctx context.Context, q provider.PriceQuery) ([]provider.Offer, error)

	mu    sync.Mutex     // protects asked
	asked map[string]int // how often by request key
}

func (s *studio) Name() string { return "studio" }

func (s *studio) note(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == nil {
		s.asked = map[string]int{}
	}
	s.asked[key]++
}

// times is how often a part was asked for.
func (s *studio) times(generation models.GenerationID, part models.Part) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[string(generation)+":"+string(part)]
}

// keysAsked is how many different parts were asked for.
func (s *studio) keysAsked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func (s *studio) WriteText(ctx context.Context, r provider.TextRequest, emit func(string)) (provider.Text, error) {
	s.note(r.RequestKey)
	if s.write != nil {
		return s.write(ctx, r, emit)
	}
	return provider.Text{
		Text: string(r.Kind) + " of " + r.Product.Name, Usage: &provider.ModelUsage{Model: "m1", InputTokens: 7, OutputTokens: 9},
	}, nil
}

func (s *studio) FindImages(ctx context.Context, q provider.ImageQuery) ([]provider.Image, error) {
	s.note(q.RequestKey)
	if s.images != nil {
		return s.images(ctx, q)
	}
	return []provider.Image{
		{URL: "https://images.example/1.jpg", Title: "One", License: "CC0 1.0", Width: 640, Height: 480},
		{URL: "https://images.example/2.jpg", Title: "Two"},
	}, nil
}

func (s *studio) FindPrices(ctx context.Context, q provider.PriceQuery) ([]provider.Offer, error) {
	s.note(q.RequestKey)
	if s.prices != nil {
		return s.prices(ctx, q)
	}
	return []provider.Offer{{Seller: "Shop", AmountMinor: 1999, Currency: "EUR", URL: "https://shop.example/1"}}, nil
}

func (s *studio) providers(limits provider.Limits) Providers {
	log := slog.New(slog.DiscardHandler)
	return Providers{
		Texts:  provider.NewTexts(limits, log, s),
		Images: provider.NewImages(limits, log, s),
		Prices: provider.NewPrices(limits, log, s),
		Facts:  provider.NewFacts(limits, log),
	}
}

// failing is a studio that fails at those parts in that way.
func failing(kind provider.Kind, parts ...models.Part) *studio {
	fails := map[models.Part]bool{}
	for _, part := range parts {
		fails[part] = true
	}
	failure := &provider.Error{Provider: "studio", Kind: kind, Err: errors.New("as told")}
	whole := &studio{}
	return &studio{
		write: func(ctx context.Context, r provider.TextRequest, emit func(string)) (provider.Text, error) {
			if fails[models.Part(r.Kind)] {
				return provider.Text{}, failure
			}
			return whole.WriteText(ctx, r, emit)
		},
		images: func(ctx context.Context, q provider.ImageQuery) ([]provider.Image, error) {
			if fails[models.PartImages] {
				return nil, failure
			}
			return whole.FindImages(ctx, q)
		},
		prices: func(ctx context.Context, q provider.PriceQuery) ([]provider.Offer, error) {
			if fails[models.PartPrices] {
				return nil, failure
			}
			return whole.FindPrices(ctx, q)
		},
	}
}

// gate lets nobody through until it opens.
type gate struct {
	arrived chan string // the request keys of those who wait
	open    chan struct{}
}

func newGate() *gate { return &gate{arrived: make(chan string, 10_000), open: make(chan struct{})} }

func (g *gate) pass(ctx context.Context, key string) error {
	g.arrived <- key
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return &provider.Error{Provider: "studio", Kind: provider.TimedOut, Err: ctx.Err()}
	}
}

// behind is a studio whose every part waits at the gate.
func behind(g *gate) *studio {
	whole := &studio{}
	return &studio{
		write: func(ctx context.Context, r provider.TextRequest, emit func(string)) (provider.Text, error) {
			if err := g.pass(ctx, r.RequestKey); err != nil {
				return provider.Text{}, err
			}
			return whole.WriteText(ctx, r, emit)
		},
		images: func(ctx context.Context, q provider.ImageQuery) ([]provider.Image, error) {
			if err := g.pass(ctx, q.RequestKey); err != nil {
				return nil, err
			}
			return whole.FindImages(ctx, q)
		},
		prices: func(ctx context.Context, q provider.PriceQuery) ([]provider.Offer, error) {
			if err := g.pass(ctx, q.RequestKey); err != nil {
				return nil, err
			}
			return whole.FindPrices(ctx, q)
		},
	}
}
