package funding

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"productgenerator/models"
	"productgenerator/payment"
	"productgenerator/payment/stripetest"
)

// examiner is a provider that keeps who asks for pages and by which keys, and fails those whom it should know.
type examiner struct {
	payment.Provider
	failure payment.Error
	asked   []string
}

func (e *examiner) StartCheckout(ctx context.Context, c payment.Checkout) (payment.Session, error) {
	e.asked = append(e.asked, c.Customer+" by "+strings.TrimPrefix(c.IdempotencyKey, c.PurchaseID))
	if c.Customer != "" && e.failure.Kind != "" {
		return payment.Session{}, &e.failure
	}
	c.Customer = ""
	return e.Provider.StartCheckout(ctx, c)
}

func TestOnlyAPayerWhoIsGoneIsAskedForAnotherPageAsAGuest(t *testing.T) {
	for _, test := range []struct {
		name    string
		failure payment.Error
		want    []string
	}{
		{"known", payment.Error{}, []string{"cus_1 by "}},
		{"gone", payment.Error{Kind: payment.NotFound, Param: "customer"}, []string{"cus_1 by ", " by -guest"}},
		{"something else is gone", payment.Error{Kind: payment.NotFound, Param: "price"}, []string{"cus_1 by "}},
		{"wrong", payment.Error{Kind: payment.Refused, Param: "customer"}, []string{"cus_1 by "}},
		{"out of reach", payment.Error{Kind: payment.Unreachable}, []string{"cus_1 by "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t)
			team := s.newTeam(0)
			saved, _ := s.newPurchase(team)
			s.exec(`INSERT INTO saved_methods (team_id, provider, customer, method, purchase_id, saved_at)
				VALUES ($1, 'stripe', 'cus_1', 'pm_1', $2, now())`, team, saved)
			provider := &examiner{Provider: s.stripe, failure: test.failure}
			s.funding = s.process(provider)
			_, _, err := s.funding.Purchase(s.ctx(), s.buyer, s.order(team, "k"))
			if opened := err == nil; opened != (test.name == "known" || test.name == "gone") {
				t.Errorf("%v", err)
			}
			if diff := cmp.Diff(test.want, provider.asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAPageClosesWhenItsPurchaseEnds(t *testing.T) {
	s := newShop(t)
	p := s.buy(s.newTeam(0), "k")
	if closes := s.server.Object(*p.SessionID)["expires_at"]; closes != p.CheckoutEndsAt.Unix() {
		t.Errorf("the page closes at %v, the purchase ends at %d", closes, p.CheckoutEndsAt.Unix())
	}
}

func TestAPageWhoseAddressIsLostStaysOpenThoughItIsRefusedAgain(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	id := s.cutOff(team, lost())
	if _, err := s.funding.Reconcile(s.ctx()); err != nil {
		t.Fatal(err)
	}
	s.server.Fail(stripetest.Fault{Status: 400})
	_, _, err := s.funding.Purchase(s.ctx(), s.buyer, s.order(team, "k"))
	if failure, is := errors.AsType[*PaymentError](err); !is || failure.Retryable() {
		t.Fatalf("%v", err)
	}
	s.expect(team, id, books{Status: models.PurchasePending})
	s.pay(s.onlySession())
	s.takeIn()
	s.expect(team, id, paidBooks())
}

func TestALostPageThatIsFoundIsAskedForInsteadOfGivenUp(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	id := s.cutOff(team, lost())
	if _, err := s.funding.Reconcile(s.ctx()); err != nil {
		t.Fatal(err)
	}
	s.exec(`UPDATE purchases SET created_at = created_at - interval '23 hours'`)
	if err := s.funding.open(s.ctx(), s.purchase(id)); err != nil {
		t.Error(err)
	}
	if err := s.server.Expire(s.onlySession().ID); err != nil {
		t.Fatal(err)
	}
	s.takeIn()
	s.expect(team, id, books{Status: models.PurchaseExpired})
}

// amnesiac is a provider that knows nothing of what it has done.
type amnesiac struct{ payment.Provider }

func (a amnesiac) missing() error {
	return &payment.Error{Provider: a.Name(), Op: "read", Kind: payment.NotFound}
}

func (a amnesiac) Session(context.Context, string) (payment.News, error) {
	return payment.News{}, a.missing()
}

func (a amnesiac) Cancel(context.Context, string) (payment.News, error) {
	return payment.News{}, a.missing()
}

func (a amnesiac) Payment(context.Context, string) (payment.News, error) {
	return payment.News{}, a.missing()
}

func TestAPageThatItsProviderDoesNotKnowIsClosed(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	asked, calledOff := s.buy(team, "asked"), s.buy(team, "called off")
	s.funding = s.process(amnesiac{s.stripe})
	if err := s.funding.ask(s.ctx(), asked); err != nil {
		t.Error(err)
	}
	s.expect(team, asked.ID, books{Status: models.PurchaseExpired})
	if _, err := s.cancel(calledOff); err != nil {
		t.Error(err)
	}
	s.expect(team, calledOff.ID, books{Status: models.PurchaseCancelled})
}

func TestAChargeIsAskedAboutWhereItsNoticesAreLost(t *testing.T) {
	c := newTill(t, stripetest.MethodSlow)
	c.round(c.funding)
	p := c.automatic()
	if err := c.funding.learn(c.ctx(), p.ID, noNews(p)); err != nil {
		t.Fatal(err)
	}
	c.round(c.process(amnesiac{c.stripe})) // a payment cannot be unknown: it is asked about again
	if err := c.server.Answer(*p.PaymentID, ""); err != nil {
		t.Fatal(err)
	}
	c.drop()
	c.round(c.funding)
	c.bought()
}

func TestTheKeyOfAPurchaseThatABankRefusedGivesItAsItIs(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	p := s.buy(team, "k")
	if _, err := s.server.PayLater(*p.SessionID); err != nil {
		t.Fatal(err)
	}
	if err := s.server.ArriveLate(*p.SessionID, false); err != nil {
		t.Fatal(err)
	}
	s.takeIn()
	if again := s.buy(team, "k"); again.ID != p.ID || again.Status != models.PurchaseFailed {
		t.Errorf("%+v", again)
	}
}

func TestPayersComeBackOnlyWhereOthersCannotRead(t *testing.T) {
	s := newShop(t)
	open := New(Options{DB: s.db.Gorm, Pool: s.db.Pool, Ledger: s.ledger, Provider: s.stripe, PublicURL: "http://tokens.test", Now: s.clock.now})
	long := func(length int) string {
		const address = "https://a.example.com/"
		return address + strings.Repeat("é", length-len(address))
	}
	for _, test := range []struct {
		address          string
		secure, withOpen models.FieldCode
	}{
		{"https://a.example.com/", "", ""},
		{"http://localhost:3000/", "", ""},
		{"http://127.0.0.1:3000/", "", ""},
		{"http://[::1]:3000/", "", ""},
		{"http://a.example.com/", models.FieldInvalid, ""},
		{"http://192.0.2.1/", models.FieldInvalid, ""},
		{"ftp://localhost/", models.FieldInvalid, models.FieldInvalid},
		{"javascript:alert(1)", models.FieldInvalid, models.FieldInvalid},
		{"https:///paid", models.FieldInvalid, models.FieldInvalid},
		{"https://:443/", models.FieldInvalid, models.FieldInvalid},
		{"https://me:secret@a.example.com/", models.FieldInvalid, models.FieldInvalid},
		{"https://[::1", models.FieldInvalid, models.FieldInvalid},
		{"/paid", models.FieldInvalid, models.FieldInvalid},
		{long(maxReturnURL), "", ""},
		{long(maxReturnURL + 1), models.FieldTooLong, models.FieldTooLong},
	} {
		for f, want := range map[*Funding]models.FieldCode{s.funding: test.secure, open: test.withOpen} {
			if got := f.checkReturnURL(test.address); got != want {
				t.Errorf("%.40s from %s: %q", test.address, f.publicURL, got)
			}
		}
	}
}

func TestOnlyWhatMayGoBetterTheNextTimeIsTriedAgain(t *testing.T) {
	for kind, want := range map[payment.Kind]bool{
		payment.Unreachable: true, payment.Busy: true, payment.Refused: false, payment.Declined: false,
		payment.NotFound: false, payment.KeyReused: false, payment.Unauthorized: false,
	} {
		failure := &PaymentError{Provider: "stripe", Kind: kind}
		if failure.Retryable() != want || failure.Error() != "payment: stripe: "+string(kind) {
			t.Errorf("%v may go better: %t", failure, !want)
		}
		failure.Err = errNoProvider
		if failure.Error() != "payment: "+errNoProvider.Error() || !errors.Is(failure, errNoProvider) {
			t.Errorf("%v", failure)
		}
	}
}

func TestAChargeOfAProviderThatIsNotSetUpAnyMoreFailsAndPauses(t *testing.T) {
	c := newTill(t, "pm_good")
	if _, err := c.funding.topUpTeams(c.ctx()); err != nil {
		t.Fatal(err)
	}
	c.exec(`UPDATE purchases SET provider = 'former' WHERE automatic`)
	c.round(c.funding)
	c.round(c.funding)
	if p := c.automatic(); p.Status != models.PurchaseFailed || deref(p.Failure) != failureRefused || deref(p.Attention) != models.AttentionProviderRefused {
		t.Errorf("%+v", p)
	}
	if c.pause() != models.PausedRefused || c.charges() != 0 {
		t.Errorf("paused for %q after %d charges", c.pause(), c.charges())
	}
}
