package rehearsal

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/operations"
)

// provider is who is said to have written and found everything.
const provider = "local"

// generation is one operation with what will become of it.
type generation struct {
	models.Generation
	product *product
	pace    []time.Duration // how long after the request each part is settled
	settled int             // how many parts are
}

// due is when the next part is settled.
func (g *generation) due() time.Time { return g.CreatedAt.Add(g.pace[g.settled]) }

// newGeneration makes up who asks for what, and what will come of it; nil where the product is busy.
func (s *story) newGeneration(at time.Time) *generation {
	p := s.products[s.random.IntN(len(s.products))]
	if p.busy {
		return nil
	}
	started := at.Add(time.Duration(50+s.random.IntN(1000)) * time.Millisecond)
	g := &generation{product: p, Generation: models.Generation{
		ID: models.NewGenerationID(at), TeamID: s.Cast.Team, ProductID: p.ID, ProductName: p.Name, ActorID: s.actor(),
		Operation: s.operation(), Attempts: 1, StartedAt: &started, CreatedAt: at,
	}}
	cancelled := s.random.IntN(200) == 0
	pace := started.Sub(at)
	for _, cost := range costsOf(g.Operation) {
		part := models.GenerationPart{
			GenerationID: g.ID, Part: cost.Part, TeamID: g.TeamID, ProductID: g.ProductID, Tokens: cost.Tokens, Attempts: 1,
			Status: models.PartSucceeded,
		}
		switch {
		case cancelled:
			part.Status, part.Failure = models.PartCancelled, failed(models.FailureCancelled)
		case s.random.IntN(40) == 0 && !cost.Part.IsText():
			part.Status, part.Failure = models.PartFailed, failed(models.FailureNothingFound)
		case s.random.IntN(60) == 0:
			part.Status, part.Failure = models.PartFailed, failed(models.FailureTimedOut)
		}
		g.Parts = append(g.Parts, part)
		pace += time.Duration(200+s.random.IntN(6000)) * time.Millisecond
		g.pace = append(g.pace, pace)
	}
	return g
}

func failed(failure models.PartFailure) *models.PartFailure { return &failure }

// actor is one of those who may spend, the first ones more often.
func (s *story) actor() models.UserID {
	spenders := len(s.Cast.Members) - 1
	return s.Cast.Members[min(s.random.IntN(spenders), s.random.IntN(spenders))]
}

// operation is GENERATE_ALL more often than not.
func (s *story) operation() models.Operation {
	switch n := s.random.IntN(100); {
	case n < 70:
		return models.OperationGenerateAll
	case n < 85:
		return models.OperationGenerateTexts
	case n < 93:
		return models.OperationSearchImages
	default:
		return models.OperationSearchPrices
	}
}

func costsOf(operation models.Operation) []ledger.PartCost { return operations.PartCosts(operation) }

// store stages a generation that is finished, with what its captured parts have delivered.
func (s *story) store(g *generation) {
	g.Status, g.FinishedAt = g.Outcome(), g.Parts[len(g.Parts)-1].FinishedAt
	for i := range g.Parts {
		if part := &g.Parts[i]; part.Status == models.PartSucceeded {
			s.deliver(g, part)
		}
	}
	s.tables.generations.Stage(s.rehearsal, g.Generation)
	s.tables.parts.Stage(s.rehearsal, g.Parts...)
}

func (s *story) deliver(g *generation, part *models.GenerationPart) {
	at, by := *part.FinishedAt, provider
	part.Provider = &by
	switch part.Part {
	case models.PartImages:
		s.tables.images.Stage(s.rehearsal, models.ProductImage{
			ID: models.NewImageID(at), TeamID: g.TeamID, ProductID: g.ProductID, GenerationID: g.ID,
			URL: "https://images.example.com/" + string(g.ID) + ".jpg", Title: g.ProductName, Provider: by, CreatedAt: at,
		})
	case models.PartPrices:
		s.tables.prices.Stage(s.rehearsal, models.ProductPrice{
			ID: models.NewPriceID(at), TeamID: g.TeamID, ProductID: g.ProductID, GenerationID: g.ID, Seller: "Example",
			AmountMinor: int64(500 + s.random.IntN(50_000)), Currency: "EUR", ObservedAt: at, Provider: by, CreatedAt: at,
		})
	default:
		text := g.product.text(part.Part)
		part.Text = &text
		s.tables.contents.Stage(s.rehearsal, models.Content{
			ID: models.NewContentID(at), TeamID: g.TeamID, ProductID: g.ProductID, Part: part.Part,
			Version: g.product.nextVersion(part.Part), Text: text, Source: models.ContentGenerated, AuthorID: &g.ActorID,
			GenerationID: &g.ID, CreatedAt: at,
		})
	}
}

// product is one of the team's, with what has been done to it.
type product struct {
	models.Product
	busy     bool // an operation is under way
	versions map[models.Part]int
}

func (p *product) nextVersion(part models.Part) int {
	p.versions[part]++
	return p.versions[part]
}

// text is a short made-up one.
func (p *product) text(part models.Part) string {
	if part == models.PartShortDescription {
		return p.Name + ", made to last."
	}
	return p.Name + " by " + *p.Brand + ". Made to last, easy to clean, at home in every " + strings.ToLower(*p.Category) + "."
}

func makeProducts(random *rand.Rand, team models.TeamID, begin time.Time) []*product {
	brands := []string{"Alba", "Brisa", "Cierzo", "Duero", "Encina"}
	categories := []string{"Kitchen", "Garden", "Office", "Bathroom"}
	things := []string{"Kettle", "Lamp", "Chair", "Mug", "Shelf", "Clock", "Basket", "Vase"}
	products := make([]*product, productCount)
	for i := range products {
		at := begin.Add(-time.Hour).Add(time.Duration(i) * time.Millisecond)
		brand, category := brands[random.IntN(len(brands))], categories[random.IntN(len(categories))]
		sku := fmt.Sprintf("H-%04d", i+1)
		name := fmt.Sprintf("%s %s %d", brand, things[random.IntN(len(things))], i+1)
		products[i] = &product{versions: map[models.Part]int{}, Product: models.Product{
			ID: models.NewProductID(at), TeamID: team, Name: name, SKU: &sku, Brand: &brand, Category: &category,
			Words: strings.ToLower(name + " " + category + " h" + sku[2:]), CreatedAt: at, UpdatedAt: at,
		}}
	}
	return products
}
