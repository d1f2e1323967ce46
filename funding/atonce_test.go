package funding

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"productgenerator/models"
	"productgenerator/payment"
	"productgenerator/payment/stripetest"
)

// paidNews is the news that a purchase was paid, and so much of it paid back.
func paidNews(p models.Purchase, refunded int64) payment.News {
	facts := payment.Payment{Received: []payment.Money{{AmountMinor: p.PriceMinor, Currency: p.Currency, Live: p.Live}}}
	if refunded > 0 {
		facts.Refunds = map[string]payment.Refund{"re_1": {AmountMinor: refunded, State: payment.RefundSucceeded}}
	}
	id := "pi_" + string(p.ID)
	return payment.News{
		Subject: payment.Subject{PurchaseID: string(p.ID), PaymentID: id},
		Facts:   payment.Facts{Payments: map[string]payment.Payment{id: facts}},
	}
}

func TestNewsOfAPaymentAndItsRefundMayComeAtOnce(t *testing.T) {
	s := newShop(t)
	other := s.process(s.stripe)
	half := books{Status: models.PurchasePartiallyRefunded, RefundedMinor: 450, RefundedTokens: 325, Grants: 1, Available: 325}
	for range 10 {
		team := s.newTeam(0)
		p := s.buy(team, "k")
		var all sync.WaitGroup
		for i := range 16 {
			process, refunded := s.funding, int64(0)
			if i%2 == 0 {
				process = other
			}
			if i%3 == 0 {
				refunded = 450
			}
			all.Go(func() {
				if err := process.learn(s.ctx(), p.ID, paidNews(p, refunded)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		s.expect(team, p.ID, half)
	}
	s.check()
}

func TestWhatWasPaidAndPaidBackBeforeAnybodyHeardOfItIsInTheBooksAllTheSame(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	p := s.buy(team, "k")
	if err := s.funding.learn(s.ctx(), p.ID, paidNews(p, boughtFor)); err != nil {
		t.Fatal(err)
	}
	s.expect(team, p.ID, books{Status: models.PurchaseRefunded, RefundedMinor: 900, RefundedTokens: 650, Grants: 1})
	s.check()
}

func TestTwoProcessesFollowEachPurchaseOnce(t *testing.T) {
	s := newShop(t)
	other := s.process(s.stripe)
	for range 20 {
		s.buy(s.newTeam(0), "k")
	}
	s.exec(`UPDATE purchases SET due_at = now()`)
	var both sync.WaitGroup
	claimed := make([]map[models.PurchaseID]bool, 4)
	for i := range claimed {
		process := s.funding
		if i%2 == 0 {
			process = other
		}
		claimed[i] = map[models.PurchaseID]bool{}
		both.Go(func() {
			for {
				purchases, err := process.claimPurchases(s.ctx())
				if err != nil {
					t.Error(err)
				}
				for _, p := range purchases {
					claimed[i][p.ID] = true
				}
				if len(purchases) == 0 {
					return
				}
			}
		})
	}
	both.Wait()
	seen := map[models.PurchaseID]int{}
	for _, ids := range claimed {
		for id := range ids {
			seen[id]++
		}
	}
	if len(seen) != 20 {
		t.Errorf("%d of 20 were claimed", len(seen))
	}
	for id, times := range seen {
		if times > 1 {
			t.Errorf("%s was claimed %d times", id, times)
		}
	}
}

func TestRefundsThatAreAskedForAtOnceSeeEachOther(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	p := s.bought(team)
	s.server.Fail(slices.Repeat([]stripetest.Fault{unsent()}, 100)...) // all stay under way
	const atOnce = 16
	var accepted atomic.Int32
	var asking sync.WaitGroup
	for i := range atOnce {
		asking.Go(func() {
			_, _, err := s.funding.RefundPurchase(s.ctx(), s.buyer, s.refundInput(p, minor(300), fmt.Sprint(i)))
			if faults, refused := errors.AsType[models.FieldErrors](err); refused && faults.Error() == "bad input: amountMinor: OUT_OF_RANGE" {
				return
			}
			if err != nil {
				t.Error(err)
			}
			accepted.Add(1)
		})
	}
	asking.Wait()
	if accepted.Load() != 3 {
		t.Errorf("%d refunds of 300 were accepted, of 900", accepted.Load())
	}
	if sum := s.count(`SELECT sum(amount_minor) FROM refund_requests`); sum != int(boughtFor) {
		t.Errorf("%d are asked to be paid back", sum)
	}
}
