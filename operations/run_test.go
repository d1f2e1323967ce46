package operations

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"productgenerator/models"
	"productgenerator/provider"
)

// allParts are those of GENERATE_ALL, in the order of the API's enum.
var allParts = models.OperationGenerateAll.Parts()

// stored is how many results of a generation's part are stored where others read them.
func stored(p *platform, id models.GenerationID, part models.Part) int {
	switch part {
	case models.PartImages:
		return one[int](p, `SELECT count(*) FROM product_images WHERE generation_id = $1`, id)
	case models.PartPrices:
		return one[int](p, `SELECT count(*) FROM product_prices WHERE generation_id = $1`, id)
	default:
		return one[int](p, `SELECT count(*) FROM contents WHERE generation_id = $1 AND part = $2`, id, part)
	}
}

// choosy is a studio that fails at the parts whose bits are in the number that a product's name ends with.
func choosy(kind provider.Kind) *studio {
	whole := &studio{}
	fails := func(name string, part models.Part) error {
		bits, _ := strconv.Atoi(name[strings.LastIndex(name, " ")+1:])
		for i, known := range allParts {
			if known == part && bits>>i&1 == 1 {
				return &provider.Error{Provider: "choosy", Kind: kind, Err: errors.New("as told")}
			}
		}
		return nil
	}
	return &studio{
		write: func(ctx context.Context, r provider.TextRequest, emit func(string)) (provider.Text, error) {
			if err := fails(r.Product.Name, models.Part(r.Kind)); err != nil {
				return provider.Text{}, err
			}
			return whole.WriteText(ctx, r, emit)
		},
		images: func(ctx context.Context, q provider.ImageQuery) ([]provider.Image, error) {
			if err := fails(q.Product.Name, models.PartImages); err != nil {
				return nil, err
			}
			return whole.FindImages(ctx, q)
		},
		prices: func(ctx context.Context, q provider.PriceQuery) ([]provider.Offer, error) {
			if err := fails(q.Product.Name, models.PartPrices); err != nil {
				return nil, err
			}
			return whole.FindPrices(ctx, q)
		},
	}
}

func TestEveryPartIsPaidExactlyIfItWasDelivered(t *testing.T) {
	p := newPlatform(t)
	tm, works := p.team(16*65), p.process(choosy(provider.Down), 4)
	products := tm.products(16)
	for bits, product := range products {
		p.exec(`UPDATE products SET name = 'Cup ' || $2::text WHERE id = $1`, product, strconv.Itoa(bits))
	}
	ids := make([]models.GenerationID, 16)
	for bits, product := range products {
		ids[bits] = tm.run(works, product, models.OperationGenerateAll).ID
	}
	var paid models.Tokens
	for bits, id := range ids {
		t.Run(fmt.Sprintf("failing %04b", bits), func(t *testing.T) {
			g := works.finished(id)
			var captured models.Tokens
			for i, part := range g.Parts {
				fails := bits>>i&1 == 1
				want(t, string(part.Part)+" failed", part.Status == models.PartFailed, fails)
				want(t, string(part.Part)+" succeeded", part.Status == models.PartSucceeded, !fails)
				want(t, string(part.Part)+" says why", part.Failure != nil && *part.Failure == models.FailureProviderDown, fails)
				want(t, string(part.Part)+" is stored", stored(p, id, part.Part) > 0, !fails)
				want(t, string(part.Part)+" shows its images", len(part.Images), shown(part, models.PartImages, 2))
				want(t, string(part.Part)+" shows its prices", len(part.Prices), shown(part, models.PartPrices, 1))
				want(t, string(part.Part)+" shows its text", part.Text != nil, part.Part.IsText() && !fails)
				want(t, string(part.Part)+" names its provider", part.Provider != nil, !fails)
				if !fails {
					captured += PartCostOf(part.Part)
				}
			}
			want(t, "captured", g.Captured(), captured)
			want(t, "released", g.Released(), 65-captured)
			status := models.GenerationPartiallySucceeded
			switch bits {
			case 0:
				status = models.GenerationSucceeded
			case 15:
				status = models.GenerationFailed
			}
			want(t, "status", g.Status, status)
			want(t, "attempts", g.Attempts, 1)
			want(t, "progress", g.Progress(), 1)
			paid += captured
		})
	}
	tm.holds(16*65-paid, 0)
	want(t, "used today", tm.balance().ConsumedToday, paid)
}

// shown is how many results a part shows.
func shown(part models.GenerationPart, of models.Part, results int) int {
	if part.Part == of && part.Status == models.PartSucceeded {
		return results
	}
	return 0
}

func TestAPartThatIsNotDeliveredSaysWhy(t *testing.T) {
	p := newPlatform(t)
	tm := p.team(1000)
	for kind, failure := range map[provider.Kind]models.PartFailure{
		provider.NothingFound: models.FailureNothingFound, provider.Down: models.FailureProviderDown,
		provider.Malformed: models.FailureProviderDown, provider.TimedOut: models.FailureTimedOut,
		provider.Refused: models.FailureRefused,
	} {
		works := p.process(failing(kind, models.PartImages), 1)
		g := works.finished(tm.run(works, tm.product(), models.OperationSearchImages).ID)
		want(t, string(kind), *g.Parts[0].Failure, failure)
		want(t, "status", g.Status, models.GenerationFailed)
		works.halt()
	}
	tm.holds(1000, 0)
}

func TestASearchThatFindsNothingCostsNothing(t *testing.T) {
	p := newPlatform(t)
	s := &studio{prices: func(context.Context, provider.PriceQuery) ([]provider.Offer, error) { return nil, nil }}
	tm, works := p.team(100), p.process(s, 1)
	g := works.finished(tm.run(works, tm.product(), models.OperationSearchPrices).ID)
	want(t, "failure", *g.Parts[0].Failure, models.FailureNothingFound)
	tm.holds(100, 0)
}

func TestAProviderThatPanicsHasNotDelivered(t *testing.T) {
	p := newPlatform(t)
	s := &studio{write: func(context.Context, provider.TextRequest, func(string)) (provider.Text, error) { panic("strange") }}
	tm, works := p.team(100), p.process(s, 1)
	g := works.finished(tm.run(works, tm.product(), models.OperationGenerateAll).ID)
	want(t, "short", *g.Parts[0].Failure, models.FailureProviderDown)
	want(t, "status", g.Status, models.GenerationPartiallySucceeded)
	tm.holds(80, 0)
	works.finished(tm.run(works, tm.product(), models.OperationSearchImages).ID) // the worker lives
}

func TestAnAnswerThatCannotBeStoredWasNotDelivered(t *testing.T) {
	p := newPlatform(t)
	s := &studio{
		write: func(_ context.Context, r provider.TextRequest, _ func(string)) (provider.Text, error) {
			if r.Kind == provider.ShortDescription {
				return provider.Text{Text: "cut\x00off"}, nil
			}
			return provider.Text{Text: "broken \xff\xfe"}, nil
		},
		prices: func(context.Context, provider.PriceQuery) ([]provider.Offer, error) {
			return []provider.Offer{{Seller: "Shop", AmountMinor: -1, Currency: "EUR"}}, nil
		},
	}
	tm, works := p.team(100), p.process(s, 1)
	g := works.finished(tm.run(works, tm.product(), models.OperationGenerateAll).ID)
	want(t, "status", g.Status, models.GenerationPartiallySucceeded)
	for _, part := range g.Parts {
		want(t, string(part.Part)+" delivered", part.Status == models.PartSucceeded, part.Part == models.PartImages)
	}
	want(t, "attempts", g.Attempts, 1)
	tm.holds(90, 0)
}

func TestATextIsShownEverywhereWhileItIsWritten(t *testing.T) {
	p := newPlatform(t)
	clock := &handClock{now: time.Now()}
	said, seen := make(chan string), make(chan struct{})
	s := &studio{write: func(ctx context.Context, r provider.TextRequest, emit func(string)) (provider.Text, error) {
		for soFar := range said {
			emit(soFar)
			seen <- struct{}{}
		}
		return provider.Text{Text: "one two three four"}, nil
	}}
	tm, other := p.team(100), p.process(&studio{}, 0)
	works := newProcess(t, p.open(), p.bus, p.log, s.providers(quickLimits()), 1)
	works.now = clock.read
	t.Cleanup(works.halt)
	if err := works.Start(within(t)); err != nil {
		t.Fatal(err)
	}
	generation := tm.run(other, tm.product(), models.OperationGenerateTexts)
	hears := p.bus.Subscribe(string(generation.ID))
	defer hears.Close()

	say := func(soFar string) {
		said <- soFar
		<-seen
	}
	texts := func() string {
		g, err := other.Generation(within(t), generation.ID)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, part := range g.Parts {
			if part.Text != nil {
				list = append(list, *part.Text)
			}
		}
		return strings.Join(list, "|")
	}
	other.await(generation.ID, func(g models.Generation) bool { return g.Status == models.GenerationRunning })
	say("one") // within 250 ms of the beginning: not stored
	want(t, "at once", texts(), "")
	clock.advance(showInterval)
	drain(hears.C)
	// Two parts are written side by side: whichever hears it stores it.
	say("one two")
	want(t, "after 250 ms", texts(), "one two")
	select {
	case <-hears.C:
	default:
		t.Error("the text was not signalled")
	}
	for range 10 { // of the two parts, each stores one more at most before time goes on
		say("one two three")
	}
	if n := strings.Count(texts(), "three"); n > 1 {
		t.Errorf("stored more than four times a second: %q", texts())
	}
	close(said)
	g := works.finished(generation.ID)
	want(t, "in the end", *g.Parts[0].Text+*g.Parts[1].Text, "one two three fourone two three four")
}

func drain(c <-chan struct{}) {
	select {
	case <-c:
	default:
	}
}

// handClock goes on when the test says so.
type handClock struct {
	mu  sync.Mutex // protects now
	now time.Time
}

func (c *handClock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

func TestWhatAGenerationBecomesIsSignalled(t *testing.T) {
	p := newPlatform(t)
	g := newGate()
	tm, works := p.team(100), p.process(behind(g), 1)
	batch, _, err := works.RunMany(within(t), RequestMany{
		Actor: tm.owner, Team: tm.id, Products: tm.products(1), Operation: models.OperationSearchImages, Key: freshKey(tm.owner),
	})
	if err != nil {
		t.Fatal(err)
	}
	id := one[models.GenerationID](p, `SELECT id FROM generations`)
	<-g.arrived
	one, run, balance := p.bus.Subscribe(string(id)), p.bus.Subscribe(string(batch.ID)), p.bus.Subscribe(string(tm.id))
	close(g.open)
	for what, c := range map[string]<-chan struct{}{"generation": one.C, "run": run.C, "team": balance.C} {
		select {
		case <-c:
		case <-time.After(patience):
			t.Errorf("the %s was not signalled", what)
		}
	}
}

func TestAProviderSeesOneKeyForAPartAndWhatIsKnownOfTheProduct(t *testing.T) {
	p := newPlatform(t)
	asked := make(chan provider.PriceQuery, 1)
	s := &studio{prices: func(_ context.Context, q provider.PriceQuery) ([]provider.Offer, error) {
		asked <- q
		return nil, nil
	}}
	tm, works := p.team(100), p.process(s, 1)
	product := tm.product()
	p.exec(`
UPDATE products SET brand = 'Acme', attributes = '[{"name":"Colour","value":"blue"},{"name":"Tags","value":"steel, cold "}]',
	feed_offers = '[{"amountMinor":1500,"currency":"EUR"}]'
WHERE id = $1`, product)
	generation := tm.run(works, product, models.OperationSearchPrices)
	q := <-asked
	want(t, "key", q.RequestKey, string(generation.ID)+":PRICES")
	want(t, "brand", q.Product.Brand, "Acme")
	want(t, "attributes", fmt.Sprint(q.Product.Attributes), "[{Colour blue}]")
	want(t, "tags", strings.Join(q.Product.Tags, "|"), "steel|cold")
	want(t, "currency", q.Currency, "EUR")
	want(t, "whose", q.TeamID+q.ProductID, string(tm.id)+string(product))
	works.finished(generation.ID)
}
