package provider

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxFacts bounds the facts that a text is seeded with.
const maxFacts = 6

// Texts writes texts by the first of its providers that can. It is safe for concurrent use.
type Texts struct{ chain *chain[TextProvider] }

// NewTexts makes a chain of text providers in order of preference.
func NewTexts(limits Limits, log *slog.Logger, providers ...TextProvider) *Texts {
	return &Texts{newChain(limits, log, providers)}
}

// Available says whether a request would reach a provider now; if not, retryAt is when one may be tried again (zero:
// none is configured).
func (t *Texts) Available() (ok bool, retryAt time.Time) { return t.chain.available() }

// Write writes a text; Text.Provider says who did. emit is called from the calling goroutine with everything written
// so far; when a provider fails on the way, the next one starts anew and so does what emit is given. It fails with an
// *Error of kind NothingFound, Down, TimedOut or Refused, or with the context's cause when ctx was cancelled.
func (t *Texts) Write(ctx context.Context, request TextRequest, emit func(soFar string)) (Text, error) {
	text, servedBy, err := serve(ctx, t.chain, func(ctx context.Context, p TextProvider) (Text, error) {
		text, err := p.WriteText(ctx, request, emit)
		if err == nil && strings.TrimSpace(text.Text) == "" {
			err = &Error{Provider: p.Name(), Kind: Malformed, Err: errors.New("text is empty")}
		}
		return text, err
	})
	if err != nil {
		return Text{}, err
	}
	text.Provider = servedBy
	return text, nil
}

// Images finds images by the first of its providers that finds any. It is safe for concurrent use.
type Images struct{ chain *chain[ImageProvider] }

// NewImages makes a chain of image providers in order of preference.
func NewImages(limits Limits, log *slog.Logger, providers ...ImageProvider) *Images {
	return &Images{newChain(limits, log, providers)}
}

// Available is as that of Texts.
func (i *Images) Available() (ok bool, retryAt time.Time) { return i.chain.available() }

// Find returns 1 to query.Limit images and the name of the provider that found them. Its errors are as Texts.Write's.
func (i *Images) Find(ctx context.Context, query ImageQuery) (images []Image, servedBy string, err error) {
	return serve(ctx, i.chain, func(ctx context.Context, p ImageProvider) ([]Image, error) {
		images, err := p.FindImages(ctx, query)
		return atMost(query.Limit, images, p.Name(), err)
	})
}

// Prices finds offers by the first of its providers that finds any. It is safe for concurrent use.
type Prices struct{ chain *chain[PriceProvider] }

// NewPrices makes a chain of price providers in order of preference.
func NewPrices(limits Limits, log *slog.Logger, providers ...PriceProvider) *Prices {
	return &Prices{newChain(limits, log, providers)}
}

// Available is as that of Texts.
func (p *Prices) Available() (ok bool, retryAt time.Time) { return p.chain.available() }

// Find returns 1 to query.Limit offers and the name of the provider that found them. Its errors are as Texts.Write's.
func (p *Prices) Find(ctx context.Context, query PriceQuery) (offers []Offer, servedBy string, err error) {
	return serve(ctx, p.chain, func(ctx context.Context, p PriceProvider) ([]Offer, error) {
		offers, err := p.FindPrices(ctx, query)
		return atMost(query.Limit, offers, p.Name(), err)
	})
}

// atMost keeps the first limit of what a search found; nothing found is a failure.
func atMost[T any](limit int, found []T, provider string, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, &Error{Provider: provider, Kind: NothingFound}
	}
	return found[:min(len(found), max(limit, 1))], nil
}

// Facts gathers what is known about a product from all of its providers. It is safe for concurrent use.
type Facts struct {
	// chains hold one provider each: all are asked, none stands in for another.
	chains []*chain[FactProvider]
	log    *slog.Logger
}

// NewFacts makes a gatherer of facts; the facts of the providers named first come first.
func NewFacts(limits Limits, log *slog.Logger, providers ...FactProvider) *Facts {
	facts := &Facts{log: log}
	for _, p := range providers {
		facts.chains = append(facts.chains, newChain(limits, log, []FactProvider{p}))
	}
	return facts
}

// Find asks all providers at once and returns at most six facts. It never fails: who fails or is late is left out.
func (f *Facts) Find(ctx context.Context, query FactQuery) []Fact {
	found := make([][]Fact, len(f.chains))
	var asked sync.WaitGroup
	for i, one := range f.chains {
		asked.Go(func() { found[i] = f.ask(ctx, one, query) })
	}
	asked.Wait()
	facts := slices.Concat(found...)
	return facts[:min(len(facts), maxFacts)]
}

// ask returns one provider's facts, none if it failed.
func (f *Facts) ask(ctx context.Context, one *chain[FactProvider], query FactQuery) []Fact {
	facts, servedBy, err := serve(ctx, one, func(ctx context.Context, p FactProvider) ([]Fact, error) {
		return p.FindFacts(ctx, query)
	})
	if err != nil {
		f.log.DebugContext(ctx, "facts are left out", "error", err)
		return nil
	}
	for i := range facts {
		facts[i].Provider = servedBy
	}
	return facts
}
