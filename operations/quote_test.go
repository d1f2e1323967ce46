package operations

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/provider"
)

// situation is a random state of a team: tokens, limits, and operations that run on its products.
type situation struct {
	*team
	random   *rand.Rand
	desk     *process
	products []models.ProductID
}

func (s *situation) limit() models.Limit {
	if s.random.IntN(2) == 0 {
		return models.NoLimit()
	}
	return models.LimitOf(models.Tokens(s.random.IntN(300)))
}

func (s *situation) operation() models.Operation {
	all := models.Operations()
	return all[s.random.IntN(len(all))]
}

// arrange makes the situation.
func (s *situation) arrange() {
	if tokens := s.random.IntN(300); tokens > 0 {
		s.issue(models.Tokens(tokens))
	}
	s.products = s.team.products(4)
	for range s.random.IntN(3) {
		_, _, err := s.desk.Run(within(s.t), s.request(s.products[s.random.IntN(4)], s.operation()))
		var refusal *models.Refusal
		if err != nil && !errors.As(err, &refusal) {
			s.t.Fatal(err)
		}
	}
	unlimited, limit := s.random.IntN(8) == 0, s.limit()
	s.change(func(tx *ledger.Tx) error {
		tx.SetPlatformLimits(unlimited, true, limit)
		return nil
	})
	if own, ok := s.limit().Tokens(); ok {
		s.exec(`UPDATE balances SET own_daily_limit = $2 WHERE team_id = $1`, s.id, own)
	}
	if member, ok := s.limit().Tokens(); ok {
		s.exec(`UPDATE memberships SET daily_limit = $2 WHERE user_id = $1`, s.owner, member)
	}
}

// do asks for the operation on the products, with one or with many as the API would.
func (s *situation) do(operation models.Operation, products []models.ProductID) (models.Balance, error) {
	if len(products) == 1 {
		_, balance, err := s.desk.Run(within(s.t), s.request(products[0], operation))
		return balance, err
	}
	_, balance, err := s.desk.RunMany(within(s.t), s.many(products, operation))
	return balance, err
}

func TestAQuoteIsWhatTheMutationThenAnswers(t *testing.T) {
	p := newPlatform(t)
	limits := quickLimits()
	limits.Failures = 1
	down := p.processWith(failing(provider.Down, models.PartPrices).providers(limits), 1)
	up := p.process(&studio{}, 0)
	breaks := p.team(10)
	down.finished(breaks.run(down, breaks.product(), models.OperationSearchPrices).ID)
	down.halt() // its circuit breaker stays open; nobody works jobs off
	desks := []*process{up, up, up, p.processWith(down.providers, 0)}

	accepted, refused, alternatives := 0, 0, 0
	for seed := range uint64(80) {
		random := rand.New(rand.NewPCG(seed, 1))
		s := &situation{team: p.team(0), random: random, desk: desks[random.IntN(len(desks))]}
		s.arrange()
		operation, products := s.operation(), s.products[:1+random.IntN(3)]
		ask := func(operation models.Operation) Quote {
			quote, err := s.desk.Quote(within(t), QuoteRequest{Actor: s.owner, Team: s.id, Operation: operation, Products: products})
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			return quote
		}
		quote := ask(operation)
		want(t, "tokens", quote.Tokens, CostOf(operation)*models.Tokens(len(products)))
		for _, other := range models.Operations() {
			if other == operation {
				continue
			}
			listed := strings.Contains(fmt.Sprint(quote.Affordable), string(other))
			want(t, fmt.Sprintf("seed %d: %s is offered instead", seed, other), listed, len(ask(other).Blockers) == 0)
		}
		alternatives += len(quote.Affordable)

		balance, err := s.do(operation, products)
		var refusal *models.Refusal
		switch {
		case err == nil && len(quote.Blockers) == 0:
			accepted++
			quote.After.UpdatedAt, quote.After.Version = balance.UpdatedAt, balance.Version
			if diff := cmp.Diff(balance, quote.After, cmp.AllowUnexported(models.Limit{}, models.Date{})); diff != "" {
				t.Errorf("seed %d: the balance behind it (-is +quoted):\n%s", seed, diff)
			}
		case errors.As(err, &refusal):
			refused++
			if diff := cmp.Diff(refusal.Blockers, quote.Blockers); diff != "" {
				t.Errorf("seed %d: blockers (-answered +quoted):\n%s", seed, diff)
			}
		default:
			t.Errorf("seed %d: quoted %v, answered %v", seed, quote.Blockers, err)
		}
	}
	t.Logf("%d accepted, %d refused, %d alternatives", accepted, refused, alternatives)
	if accepted < 10 || refused < 10 || alternatives < 10 {
		t.Error("the situations are one-sided")
	}
}

func TestAQuoteNamesProductsThatAreNotTheTeams(t *testing.T) {
	p := newPlatform(t)
	tm, other, desk := p.team(100), p.team(100), p.process(&studio{}, 0)
	mine, deleted := tm.product(), tm.product()
	p.exec(`UPDATE products SET deleted_at = now() WHERE id = $1`, deleted)
	_, err := desk.Quote(within(t), QuoteRequest{
		Actor: tm.owner, Team: tm.id, Operation: models.OperationSearchImages,
		Products: []models.ProductID{mine, other.product(), deleted, "product_x"},
	})
	want(t, "quote", codes(err), "bad input: productIds.1: INVALID, productIds.2: INVALID, productIds.3: INVALID")
	_, err = desk.Quote(within(t), QuoteRequest{
		Actor: tm.owner, Team: tm.id, Operation: models.OperationSearchImages, Products: []models.ProductID{mine, mine},
	})
	want(t, "twice", codes(err), "bad input: productIds.1: INVALID")
}
