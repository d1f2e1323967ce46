package funding

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"productgenerator/models"
	"productgenerator/payment"
)

func (s *shop) cancel(p models.Purchase) (models.Purchase, error) {
	s.t.Helper()
	purchase, _, err := s.funding.CancelPurchase(s.ctx(), s.buyer, p.ID)
	return purchase, err
}

// conflict is the purchase that a *StateError names.
func (s *shop) conflict(err error) models.Purchase {
	s.t.Helper()
	state, is := errors.AsType[*StateError](err)
	if !is {
		s.t.Fatalf("%v is no conflict", err)
	}
	return state.Purchase
}

func TestAPurchaseThatIsCalledOffCannotBePaid(t *testing.T) {
	s := newShop(t)
	p := s.buy(s.newTeam(0), "k")
	for range 2 {
		cancelled, err := s.cancel(p)
		if err != nil || cancelled.Status != models.PurchaseCancelled || cancelled.CancelledAt == nil || cancelled.DueAt != nil {
			t.Fatalf("%v, %+v", err, cancelled)
		}
	}
	if _, err := s.server.Pay(*p.SessionID); err == nil {
		t.Error("its page can be paid")
	}
	s.takeIn()
	s.expect(p.TeamID, p.ID, books{Status: models.PurchaseCancelled})
}

func TestAPurchaseWithoutAPageIsCalledOffAtOnce(t *testing.T) {
	s := newShop(t)
	s.server.Fail(unsent())
	p, _, err := s.funding.Purchase(s.ctx(), s.buyer, s.order(s.newTeam(0), "k"))
	if err == nil {
		t.Fatal("it was opened")
	}
	cancelled, err := s.cancel(p)
	if err != nil || cancelled.Status != models.PurchaseCancelled || cancelled.DueAt != nil {
		t.Errorf("%v, %+v", err, cancelled)
	}
	s.restart()
	if again := s.buy(p.TeamID, "k"); again.CheckoutURL != nil || again.Status != models.PurchaseCancelled {
		t.Errorf("it was opened all the same: %+v", again)
	}
}

func TestWhoPaysInTheMomentOfCallingOffHasBought(t *testing.T) {
	s := newShop(t)
	for name, pay := range map[string]func(models.Purchase){
		"the notice waits": func(p models.Purchase) { s.payPage(p) },
		"it is known":      func(p models.Purchase) { s.payPage(p); s.takeIn() },
	} {
		t.Run(name, func(t *testing.T) {
			p := s.buy(s.newTeam(0), "k")
			pay(p)
			_, err := s.cancel(p)
			if known := s.conflict(err); known.Status != models.PurchasePaid || known.ID != p.ID {
				t.Errorf("%+v", known)
			}
			s.takeIn()
			s.expect(p.TeamID, p.ID, paidBooks())
		})
	}
	s.check()
}

func TestAPaymentThatABankIsStillAskedForCannotBeCalledOff(t *testing.T) {
	s := newShop(t)
	for _, arrives := range []bool{true, false} {
		p := s.buy(s.newTeam(0), "k")
		if _, err := s.server.PayLater(*p.SessionID); err != nil {
			t.Fatal(err)
		}
		for range 2 { // unknown yet, then known
			_, err := s.cancel(p)
			if known := s.conflict(err); known.Status != models.PurchasePending {
				t.Errorf("%+v", known)
			}
			s.takeIn()
		}
		if known := s.purchase(p.ID); known.DueAt == nil || !known.DueAt.After(time.Now()) {
			t.Errorf("the bank is not asked again: %+v", known)
		}
		if err := s.server.ArriveLate(*p.SessionID, arrives); err != nil {
			t.Fatal(err)
		}
		s.follow() // without the notice
		want := books{Status: models.PurchaseCancelled}
		if arrives {
			want = paidBooks()
		}
		s.expect(p.TeamID, p.ID, want)
		s.takeIn()
		s.expect(p.TeamID, p.ID, want)
	}
	s.check()
}

func TestCallingOffTooLateLeavesNothingBehind(t *testing.T) {
	s := newShop(t)
	p := s.buy(s.newTeam(0), "k")
	if _, err := s.server.PayLater(*p.SessionID); err != nil {
		t.Fatal(err)
	}
	s.takeIn()
	_, err := s.cancel(p)
	s.conflict(err)
	if err := s.server.ArriveLate(*p.SessionID, false); err != nil {
		t.Fatal(err)
	}
	s.takeIn()
	s.expect(p.TeamID, p.ID, books{Status: models.PurchaseFailed})
}

func TestCallingOffAndPayingAtOnceEndInOneOfBoth(t *testing.T) {
	s := newShop(t)
	var paid, cancelled int
	for range 12 {
		p := s.buy(s.newTeam(0), "k")
		var both sync.WaitGroup
		both.Go(func() { _, _, _ = s.funding.CancelPurchase(s.ctx(), s.buyer, p.ID) })
		both.Go(func() { _, _ = s.server.Pay(*p.SessionID) })
		both.Wait()
		s.takeIn()
		s.follow()
		switch b := s.books(p.TeamID, p.ID); b {
		case paidBooks():
			paid++
		case books{Status: models.PurchaseCancelled}:
			cancelled++
		default:
			t.Errorf("%+v", b)
		}
	}
	t.Logf("%d were paid, %d called off", paid, cancelled)
	s.check()
}

func TestAProviderThatCannotBeReachedClosesThePageInTime(t *testing.T) {
	s := newShop(t)
	p := s.buy(s.newTeam(0), "k")
	s.server.Fail(unsent())
	pending, err := s.cancel(p)
	failure, is := errors.AsType[*PaymentError](err)
	if !is || !failure.Retryable() || pending.Status != models.PurchasePending || pending.DueAt == nil || pending.DueAt.After(time.Now().Add(time.Minute)) {
		t.Fatalf("%v, %+v", err, pending)
	}
	s.restart()
	s.expect(p.TeamID, p.ID, books{Status: models.PurchaseCancelled})
	if object := s.server.Object(*p.SessionID); object["status"] != "expired" {
		t.Errorf("the page is %s", object["status"])
	}
}

func TestAPageThatIsOpenedWhileThePurchaseIsCalledOffIsClosed(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	s.funding = s.process(meanwhile{s.stripe, func(id models.PurchaseID) {
		if cancelled, err := s.cancel(models.Purchase{ID: id}); err != nil || cancelled.Status != models.PurchaseCancelled {
			t.Errorf("%v, %+v", err, cancelled)
		}
	}})
	p, _, err := s.funding.Purchase(s.ctx(), s.buyer, s.order(team, "k"))
	if err != nil || p.Status != models.PurchaseCancelled || p.DueAt == nil {
		t.Fatalf("%v, %+v", err, p)
	}
	s.restart()
	if object := s.server.Object(*p.SessionID); object["status"] != "expired" {
		t.Errorf("the page is %s", object["status"])
	}
	if p = s.purchase(p.ID); p.Status != models.PurchaseCancelled || p.DueAt != nil {
		t.Errorf("%+v", p)
	}
}

// meanwhile is a provider that takes its time: something else happens before it opens a page.
type meanwhile struct {
	payment.Provider
	happens func(models.PurchaseID)
}

func (m meanwhile) StartCheckout(ctx context.Context, c payment.Checkout) (payment.Session, error) {
	m.happens(models.PurchaseID(c.PurchaseID))
	return m.Provider.StartCheckout(ctx, c)
}

func TestAPurchaseThatNobodyPaysExpires(t *testing.T) {
	s := newShop(t)
	p := s.buy(s.newTeam(0), "k")
	if ends := p.CheckoutEndsAt.Add(checkoutGrace); !p.DueAt.Equal(ends) {
		t.Errorf("it is due at %s, not at %s", p.DueAt, ends)
	}
	if err := s.server.Expire(*p.SessionID); err != nil {
		t.Fatal(err)
	}
	s.drop()
	s.restart() // behind its end
	s.expect(p.TeamID, p.ID, books{Status: models.PurchaseExpired})
	if p = s.purchase(p.ID); p.DueAt != nil {
		t.Errorf("%+v", p)
	}
}

func TestAPageThatTheProviderLeavesOpenBehindItsEndIsClosed(t *testing.T) {
	s := newShop(t)
	p := s.buy(s.newTeam(0), "k")
	s.exec(`UPDATE purchases SET checkout_ends_at = now() - interval '1 hour'`)
	s.restart()
	s.expect(p.TeamID, p.ID, books{Status: models.PurchaseExpired})
}

func TestOnlyAdminsCallOff(t *testing.T) {
	s := newShop(t)
	p := s.buy(s.newTeam(0), "k")
	s.exec(`UPDATE memberships SET role = 'MEMBER'`)
	if _, err := s.cancel(p); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a MEMBER: %v", err)
	}
	if _, err := s.cancel(models.Purchase{ID: models.NewPurchaseID(time.Now())}); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("a purchase that there isn't: %v", err)
	}
	s.expect(p.TeamID, p.ID, books{Status: models.PurchasePending})
}

func TestAPaymentThatTheBankRefusesLaterFailsThePurchase(t *testing.T) {
	s := newShop(t)
	p := s.buy(s.newTeam(0), "k")
	if _, err := s.server.PayLater(*p.SessionID); err != nil {
		t.Fatal(err)
	}
	if err := s.server.ArriveLate(*p.SessionID, false); err != nil {
		t.Fatal(err)
	}
	s.takeIn()
	s.expect(p.TeamID, p.ID, books{Status: models.PurchaseFailed})
	if p = s.purchase(p.ID); p.Failure == nil || *p.Failure == "" || p.Attention != nil || p.DueAt != nil {
		t.Errorf("%+v", p)
	}
}

func TestABankThatDoesNotAnswerIsAskedLessAndLessOften(t *testing.T) {
	s := newShop(t)
	p := s.buy(s.newTeam(0), "k")
	if _, err := s.server.PayLater(*p.SessionID); err != nil {
		t.Fatal(err)
	}
	s.takeIn()
	var last time.Duration
	for range 12 {
		s.exec(`UPDATE purchases SET due_at = now()`)
		if _, err := s.funding.followPurchases(s.ctx()); err != nil {
			t.Fatal(err)
		}
		wait := time.Until(*s.purchase(p.ID).DueAt)
		if wait < last-time.Second || wait > maxStepWait {
			t.Errorf("it waits %s after %s", wait, last)
		}
		last = wait
	}
	if last < maxStepWait-time.Minute {
		t.Errorf("in the end it waits %s", last)
	}
}
