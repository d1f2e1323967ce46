package funding

import (
	"context"
	"testing"
	"time"

	"productgenerator/models"
	"productgenerator/payment"
	"productgenerator/payment/stripetest"
)

// A crash is simulated by giving a process up between two steps: what it had stored is all that is left of it. Another
// process on the same database goes on from there, and in the end everything is as if nothing had happened.

// crash is where a purchase is cut off, and what becomes of it.
type crash struct {
	name string
	// until does everything up to the crash.
	until func(s *shop, team models.TeamID) models.PurchaseID
}

// lost loses the answer of the next request, which is done; of one that is unsent nothing is done.
func lost() stripetest.Fault   { return stripetest.Fault{Status: 500, AfterWork: true} }
func unsent() stripetest.Fault { return stripetest.Fault{Status: 500} }

// cutOff begins a purchase whose provider fails so.
func (s *shop) cutOff(team models.TeamID, fault stripetest.Fault) models.PurchaseID {
	s.t.Helper()
	s.server.Fail(fault)
	p, _, err := s.funding.Purchase(s.ctx(), s.buyer, s.order(team, "k"))
	if err == nil {
		s.t.Fatal("nothing failed")
	}
	return p.ID
}

func crashesOfAPurchase() []crash {
	return []crash{
		{"the row is committed", func(s *shop, team models.TeamID) models.PurchaseID {
			return s.cutOff(team, unsent())
		}},
		{"the page is opened and not stored", func(s *shop, team models.TeamID) models.PurchaseID {
			return s.cutOff(team, lost())
		}},
		{"the page is stored and not answered", func(s *shop, team models.TeamID) models.PurchaseID {
			return s.buy(team, "k").ID
		}},
		{"the page is opened and not stored, and paid by whoever found it", func(s *shop, team models.TeamID) models.PurchaseID {
			id := s.cutOff(team, lost())
			s.pay(s.onlySession())
			return id
		}},
		{"the page is opened and not stored, and found by comparing", func(s *shop, team models.TeamID) models.PurchaseID {
			id := s.cutOff(team, lost())
			if _, err := s.funding.Reconcile(s.ctx()); err != nil {
				s.t.Fatal(err)
			}
			return id
		}},
		{"it is paid and the notice is lost", func(s *shop, team models.TeamID) models.PurchaseID {
			p := s.buy(team, "k")
			s.payPage(p)
			s.drop()
			return p.ID
		}},
		{"the notice is stored and not processed", func(s *shop, team models.TeamID) models.PurchaseID {
			p := s.buy(team, "k")
			s.payPage(p)
			s.deliver()
			return p.ID
		}},
		{"the notice is learnt and not marked", func(s *shop, team models.TeamID) models.PurchaseID {
			p := s.buy(team, "k")
			s.payPage(p)
			s.deliver()
			if err := s.funding.ask(s.ctx(), s.purchase(p.ID)); err != nil {
				s.t.Fatal(err)
			}
			return p.ID
		}},
	}
}

// onlySession is the one session that the provider has.
func (s *shop) onlySession() payment.Session {
	s.t.Helper()
	var ids []string
	for news, err := range s.stripe.Sessions(s.ctx(), s.clock.now().AddDate(0, 0, -1)) {
		if err != nil {
			s.t.Fatal(err)
		}
		ids = append(ids, news.SessionID)
	}
	if len(ids) != 1 {
		s.t.Fatalf("%d sessions", len(ids))
	}
	return payment.Session{ID: ids[0]}
}

func TestACrashBetweenAnyTwoStepsOfAPurchaseChangesNothingInTheEnd(t *testing.T) {
	for _, c := range crashesOfAPurchase() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			team := s.newTeam(0)
			id := c.until(s, team)
			s.restart()
			if p := s.purchase(id); p.Status == models.PurchasePending {
				if p.SessionID == nil || p.CheckoutURL == nil {
					t.Fatalf("nobody can pay it: %+v", p)
				}
				if again := s.buy(team, "k"); again.ID != id || *again.CheckoutURL != *p.CheckoutURL {
					t.Errorf("the key again gives %+v, not %+v", again, p)
				}
				if session := s.onlySession(); s.server.Object(session.ID)["status"] == "open" {
					s.payPage(p)
				}
			}
			s.takeIn()
			s.restart()
			s.expect(team, id, paidBooks())
			if again := s.buy(team, "k"); again.ID != id || again.Status != models.PurchasePaid {
				t.Errorf("the key at last gives %+v", again)
			}
			s.check()
		})
	}
}

func crashesOfARefund() []crash {
	refund := func(fault ...stripetest.Fault) func(s *shop, team models.TeamID) models.PurchaseID {
		return func(s *shop, team models.TeamID) models.PurchaseID {
			p := s.bought(team)
			s.server.Fail(fault...)
			if now := s.refund(p, nil, "r"); len(fault) > 0 && (now.Status != models.PurchasePaid || now.DueAt == nil) {
				s.t.Errorf("the provider did not fail: %+v", now)
			}
			return p.ID
		}
	}
	return []crash{
		{"it is requested", refund(unsent())},
		{"it is sent and not learnt", refund(lost())},
		{"it is learnt", refund()},
		{"it is sent, not learnt, and its notice comes first", func(s *shop, team models.TeamID) models.PurchaseID {
			id := refund(lost())(s, team)
			s.takeIn()
			return id
		}},
		{"it is sent and not learnt for so long that its key is forgotten", func(s *shop, team models.TeamID) models.PurchaseID {
			id := refund(lost())(s, team)
			s.server.ForgetKeys()
			s.drop()
			s.exec(`UPDATE refund_requests SET created_at = created_at - interval '3 days'`)
			return id
		}},
		{"it is requested and its key is forgotten", func(s *shop, team models.TeamID) models.PurchaseID {
			id := refund(unsent())(s, team)
			s.exec(`UPDATE refund_requests SET created_at = created_at - interval '3 days'`)
			return id
		}},
	}
}

// bought is a purchase that is paid.
func (s *shop) bought(team models.TeamID) models.Purchase {
	s.t.Helper()
	p := s.buy(team, "bought")
	s.payPage(p)
	s.takeIn()
	return s.purchase(p.ID)
}

// refund has an administrator pay back so much of a purchase, nil: all.
func (s *shop) refund(p models.Purchase, amount *int64, key string) models.Purchase {
	s.t.Helper()
	refunded, _, err := s.funding.RefundPurchase(s.ctx(), s.buyer, s.refundInput(p, amount, key))
	if err != nil {
		s.t.Fatal(err)
	}
	return refunded
}

func (s *shop) refundInput(p models.Purchase, amount *int64, key string) RefundInput {
	return RefundInput{Purchase: p.ID, AmountMinor: amount, Note: "did not work", Key: s.key(key, "refundPurchase")}
}

func TestACrashBetweenAnyTwoStepsOfARefundPaysItBackOnce(t *testing.T) {
	for _, c := range crashesOfARefund() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			team := s.newTeam(0)
			id := c.until(s, team)
			s.restart()
			s.takeIn()
			s.restart()
			if again := s.refund(s.purchase(id), nil, "r"); again.Status != models.PurchaseRefunded {
				t.Errorf("the key again gives %+v", again)
			}
			s.expect(team, id, books{
				Status: models.PurchaseRefunded, RefundedMinor: boughtFor, RefundedTokens: boughtTokens, Grants: 1,
			})
			requests, err := s.funding.RefundRequests(s.ctx(), []models.PurchaseID{id})
			if err != nil || len(requests[id]) != 1 || requests[id][0].State != models.RefundTaken {
				t.Errorf("requests: %v, %+v", err, requests)
			}
			if p := s.purchase(id); p.DueAt != nil || p.Attention != nil {
				t.Errorf("at last: %+v", p)
			}
			s.check()
		})
	}
}

// What else was paid back of a payment says nothing of a refund that may have been sent.
func TestARefundWhoseKeyIsForgottenIsTheOnlyOneThatCounts(t *testing.T) {
	for _, test := range []struct {
		name   string
		fault  stripetest.Fault
		others func(s *shop, p models.Purchase)
	}{
		{"one before it failed, and it was sent", lost(), func(s *shop, p models.Purchase) {
			s.refund(p, new(int64(100)), "before")
			facts, err := factsOf(s.purchase(p.ID))
			if err != nil {
				s.t.Fatal(err)
			}
			for id := range facts.Payments[*p.PaymentID].Refunds {
				if err := s.server.FailRefund(id); err != nil {
					s.t.Fatal(err)
				}
			}
		}},
		{"the provider's people paid as much back, and it was not sent", unsent(), func(s *shop, p models.Purchase) {
			if _, err := s.server.Refund(*p.PaymentID, 100); err != nil {
				s.t.Fatal(err)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t)
			p := s.bought(s.newTeam(0))
			test.others(s, p)
			s.takeIn()
			before := s.refundsMade()
			s.server.Fail(test.fault)
			s.refund(p, new(int64(100)), "r")
			s.server.ForgetKeys()
			s.drop()
			s.exec(`UPDATE refund_requests SET created_at = created_at - interval '3 days'`)
			s.restart()
			s.takeIn()
			s.restart()
			if now := s.refundsMade(); now != before+1 {
				t.Errorf("%d refunds were made, not one", now-before)
			}
			s.check()
		})
	}
}

// refundsMade counts the refunds that the provider has made.
func (s *shop) refundsMade() (count int) {
	s.t.Helper()
	for notice, err := range s.stripe.Notices(s.ctx(), time.Now().Add(-time.Hour)) {
		if err != nil {
			s.t.Fatal(err)
		}
		if notice.Type == "refund.created" {
			count++
		}
	}
	return count
}

func TestALostPageThatIsOpenedTooLateIsGivenUpAndNotOpenedTwice(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	id := s.cutOff(team, lost())
	s.server.ForgetKeys()
	s.exec(`UPDATE purchases SET created_at = created_at - interval '23 hours', checkout_ends_at = checkout_ends_at - interval '23 hours'`)
	s.restart()
	p := s.purchase(id)
	if p.Status != models.PurchaseFailed || *p.Failure != failureUnreachable || p.DueAt != nil {
		t.Errorf("given up: %+v", p)
	}
	s.pay(s.onlySession()) // whoever has found the page
	s.takeIn()
	s.expect(team, id, paidBooks())
	s.check()
}

func TestAStepThatPanicsIsTriedAgain(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	id := s.cutOff(team, unsent())
	s.funding = s.process(panicking{s.stripe})
	s.exec(`UPDATE purchases SET due_at = now()`)
	if _, err := s.funding.followPurchases(s.ctx()); err == nil {
		t.Error("nothing was said about it")
	}
	s.restart()
	if p := s.purchase(id); p.CheckoutURL == nil {
		t.Errorf("no page: %+v", p)
	}
}

// panicking is a provider with a bug.
type panicking struct{ payment.Provider }

func (panicking) StartCheckout(context.Context, payment.Checkout) (payment.Session, error) {
	panic("a bug")
}
