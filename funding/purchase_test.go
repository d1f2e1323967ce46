package funding

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
	"productgenerator/payment/stripetest"
)

// order buys the Starter under that key.
func (s *shop) order(team models.TeamID, key string) PurchaseInput {
	return PurchaseInput{Team: team, Package: starter, Key: s.key(key, "purchaseTokens")}
}

func (s *shop) key(key, mutation string) ledger.Key {
	return ledger.Key{Caller: s.buyer, Key: key, Mutation: mutation, InputHash: []byte(strings.Repeat("h", 32))}
}

func (s *shop) buy(team models.TeamID, key string) models.Purchase {
	s.t.Helper()
	purchase, _, err := s.funding.Purchase(s.ctx(), s.buyer, s.order(team, key))
	if err != nil {
		s.t.Fatal(err)
	}
	return purchase
}

func (s *shop) purchase(id models.PurchaseID) models.Purchase {
	s.t.Helper()
	purchase, err := s.funding.PurchaseByID(s.ctx(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return purchase
}

// payPage has the buyer of a purchase pay on its page.
func (s *shop) payPage(p models.Purchase) (paymentID string) {
	s.t.Helper()
	return s.pay(payment.Session{ID: *p.SessionID})
}

// takeIn delivers what waits and processes it.
func (s *shop) takeIn() {
	s.t.Helper()
	s.deliver()
	s.work()
}

// restart is another process that finds everything due, as after a long time.
func (s *shop) restart() {
	s.t.Helper()
	s.funding = s.process(s.stripe)
	s.follow()
}

// follow does all that is to be done about purchases, now.
func (s *shop) follow() {
	s.t.Helper()
	s.exec(`UPDATE purchases SET due_at = now() WHERE due_at IS NOT NULL`)
	for range 3 {
		if _, err := s.funding.followPurchases(s.ctx()); err != nil {
			s.t.Log(err)
		}
	}
}

func TestAPurchaseIsPaidOnThePageAndItsTokensCome(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	p := s.buy(team, "k")
	if p.Status != models.PurchasePending || p.CheckoutURL == nil || p.SessionID == nil || p.Version < 2 {
		t.Fatalf("begun: %+v", p)
	}
	session := s.server.Object(*p.SessionID)
	for field, want := range map[string]any{
		"client_reference_id": string(p.ID), "amount_total": boughtFor, "currency": "eur", "customer_email": "buyer@example.com",
		"success_url": "https://tokens.example.com/?purchase=" + string(p.ID),
		"cancel_url":  "https://tokens.example.com/?purchase=" + string(p.ID) + "&cancelled=1",
	} {
		if session[field] != want {
			t.Errorf("%s is %v, not %v", field, session[field], want)
		}
	}
	paymentID := s.payPage(p)
	s.takeIn()
	s.expect(p.TeamID, p.ID, paidBooks())
	paid := s.purchase(p.ID)
	if paid.PaidAt == nil || paid.GrantID == nil || paid.ReceiptURL == nil || *paid.PaymentID != paymentID || paid.DueAt != nil || paid.Version <= p.Version {
		t.Errorf("paid: %+v", paid)
	}
	s.server.Deliver(s.ctx(), s.address, stripetest.Mischief{})
	if again := s.purchase(p.ID); again.Version != paid.Version {
		t.Errorf("the same news made version %d of %d", again.Version, paid.Version)
	}
	s.check()
}

func TestNewsThatIsKnownChangesNothing(t *testing.T) {
	s := newShop(t)
	p := s.buy(s.newTeam(0), "k")
	s.payPage(p)
	s.takeIn()
	paid := s.purchase(p.ID)
	written := func() (xmin string) {
		if err := s.db.Pool.QueryRow(s.ctx(), `SELECT xmin::text FROM purchases`).Scan(&xmin); err != nil {
			t.Fatal(err)
		}
		return xmin
	}
	before := written()
	for range 3 {
		if err := s.funding.ask(s.ctx(), paid); err != nil {
			t.Fatal(err)
		}
	}
	after := s.purchase(p.ID)
	if after.Version != paid.Version || !after.UpdatedAt.Equal(paid.UpdatedAt) || after.DueAt != nil {
		t.Errorf("from\n%+v to\n%+v", paid, after)
	}
	if written() != before {
		t.Error("its row was written again")
	}
}

func TestOneKeyBuysOnceHoweverOftenAtOnce(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	purchases := make([]models.Purchase, 8)
	errs := make([]error, len(purchases))
	var running sync.WaitGroup
	for i := range purchases {
		running.Go(func() { purchases[i], _, errs[i] = s.funding.Purchase(s.ctx(), s.buyer, s.order(team, "k")) })
	}
	running.Wait()
	for i, p := range purchases {
		if errs[i] != nil || p.ID != purchases[0].ID || p.CheckoutURL == nil || *p.CheckoutURL != *purchases[0].CheckoutURL {
			t.Errorf("%d: %v, %+v", i, errs[i], p)
		}
	}
	if count := s.count(`SELECT count(*) FROM purchases`); count != 1 {
		t.Errorf("%d purchases", count)
	}
	other := s.order(team, "k")
	other.Key.InputHash = []byte(strings.Repeat("o", 32))
	if _, _, err := s.funding.Purchase(s.ctx(), s.buyer, other); !errors.Is(err, ledger.ErrKeyConflict) {
		t.Errorf("the key with another input: %v", err)
	}
	s.payPage(purchases[0])
	s.takeIn()
	if again := s.buy(team, "k"); again.Status != models.PurchasePaid {
		t.Errorf("the key after it was paid: %+v", again)
	}
	s.expect(team, purchases[0].ID, paidBooks())
}

func TestTheProviderIsAskedOnceMoreWhenBusy(t *testing.T) {
	s := newShop(t)
	s.server.Fail(stripetest.Fault{Status: 409}, stripetest.Fault{Status: 429})
	if p := s.buy(s.newTeam(0), "k"); p.CheckoutURL == nil {
		t.Errorf("no page: %+v", p)
	}
}

func TestAPackageThatChangesChangesNoPurchaseThatWasBegun(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	id := starter
	change := PackageInput{ID: &id, Name: "Dear", Tokens: 1, PriceMinor: 99_999, Currency: "USD", Active: false}
	s.server.Fail(unsent()) // the page is opened only after the change
	p, _, err := s.funding.Purchase(s.ctx(), s.buyer, s.order(team, "k"))
	if _, is := errors.AsType[*PaymentError](err); !is {
		t.Fatal(err)
	}
	if _, err := s.funding.SetPackage(s.ctx(), change); err != nil {
		t.Fatal(err)
	}
	p = s.buy(team, "k")
	session := s.server.Object(*p.SessionID)
	if session["amount_total"] != boughtFor || session["currency"] != "eur" {
		t.Errorf("the page asks for %v %v", session["amount_total"], session["currency"])
	}
	s.payPage(p)
	s.takeIn()
	s.expect(p.TeamID, p.ID, paidBooks())
	_, _, err = s.funding.Purchase(s.ctx(), s.buyer, s.order(team, "another"))
	if faults, is := errors.AsType[models.FieldErrors](err); !is || faults.Error() != "bad input: packageId: INVALID" {
		t.Errorf("a package that is not sold any more: %v", err)
	}
	s.check()
}

func TestOnlyAdminsOfTheTeamBuy(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	for role, want := range map[string]error{"VIEWER": models.ErrForbidden, "MEMBER": models.ErrForbidden, "ADMIN": nil} {
		s.exec(`UPDATE memberships SET role = $2 WHERE team_id = $1`, team, role)
		_, _, err := s.funding.Purchase(s.ctx(), s.buyer, s.order(team, role))
		if !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Errorf("%s: %v", role, err)
		}
	}
	s.exec(`DELETE FROM memberships WHERE team_id = $1`, team)
	for _, of := range []models.TeamID{team, models.NewTeamID(time.Now())} {
		if _, _, err := s.funding.Purchase(s.ctx(), s.buyer, s.order(of, "k2")); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("no member of %s: %v", of, err)
		}
	}
	if count := s.count(`SELECT count(*) FROM purchases`); count != 1 {
		t.Errorf("%d purchases", count)
	}
}

func TestABuyerWhoIsDemotedAfterwardsHasBoughtAllTheSame(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	p := s.buy(team, "k")
	s.exec(`DELETE FROM memberships WHERE team_id = $1`, team)
	s.payPage(p)
	s.takeIn()
	s.expect(p.TeamID, p.ID, paidBooks())
	if _, _, err := s.funding.CancelPurchase(s.ctx(), s.buyer, p.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("cancel by who is no member: %v", err)
	}
}

func TestThePayerComesBackToWhereTheBuyerSays(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	for given, back := range map[string]string{
		"https://shop.example.com/back?a=1#top":      "https://shop.example.com/back?a=1&purchase=#top",
		"http://localhost:5173/":                     "http://localhost:5173/?purchase=",
		"http://127.0.0.1:8080":                      "http://127.0.0.1:8080?purchase=",
		"https://x.example/?s={CHECKOUT_SESSION_ID}": "https://x.example/?s={CHECKOUT_SESSION_ID}&purchase=",
	} {
		input := s.order(team, given)
		input.ReturnURL = &given
		p, _, err := s.funding.Purchase(s.ctx(), s.buyer, input)
		if err != nil {
			t.Errorf("%s: %v", given, err)
			continue
		}
		want := strings.Replace(back, "purchase=", "purchase="+string(p.ID), 1)
		if got := s.server.Object(*p.SessionID)["success_url"]; got != want {
			t.Errorf("%s: back to %s, not %s", given, got, want)
		}
	}
	for given, code := range map[string]models.FieldCode{
		"": models.FieldInvalid, "/here": models.FieldInvalid, "javascript:alert(1)": models.FieldInvalid,
		"http://shop.example.com/": models.FieldInvalid, "https://me:secret@shop.example.com/": models.FieldInvalid,
		"ftp://localhost/": models.FieldInvalid, "https://:443/": models.FieldInvalid, "https://a\x00b/": models.FieldInvalid,
		"https://shop.example.com/" + strings.Repeat("a", 2_000): models.FieldTooLong,
	} {
		input := s.order(team, "k")
		input.ReturnURL = &given
		_, _, err := s.funding.Purchase(s.ctx(), s.buyer, input)
		faults, is := errors.AsType[models.FieldErrors](err)
		if !is || len(faults) != 1 || faults[0].Code != code || faults[0].Path[0] != "returnUrl" {
			t.Errorf("%.60q: %v", given, err)
		}
	}
}

func TestAnInvoiceOfTheDemonstrationSettlesAtOnce(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	s.funding = s.process(payment.NewInvoice(true))
	p, balance, err := s.funding.Purchase(s.ctx(), s.buyer, s.order(team, "k"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Status != models.PurchasePaid || balance.Available.API() != boughtTokens || balance.Purchased != boughtTokens || p.Live {
		t.Errorf("%+v, %+v", p, balance)
	}
	s.expect(p.TeamID, p.ID, paidBooks())
	s.check()
}

func TestWhatIsBoughtWithAnExpiryLapses(t *testing.T) {
	s := newShop(t)
	s.exec(`UPDATE token_packages SET expires_after_days = 30`)
	p := s.buy(s.newTeam(0), "k")
	s.payPage(p)
	s.takeIn()
	grants, err := s.ledger.GrantsByID(s.ctx(), []models.GrantID{*s.purchase(p.ID).GrantID})
	if err != nil {
		t.Fatal(err)
	}
	for _, grant := range grants {
		if grant.ExpiresAt == nil || grant.ExpiresAt.Sub(grant.CreatedAt) != 30*24*time.Hour || *grant.EffectKey != "purchase:"+string(p.ID) {
			t.Errorf("%+v", grant)
		}
	}
}

func TestAProviderThatRefusesFailsThePurchaseForGood(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	s.server.Fail(stripetest.Fault{Status: 400})
	for range 2 {
		p, _, err := s.funding.Purchase(s.ctx(), s.buyer, s.order(team, "k"))
		failure, is := errors.AsType[*PaymentError](err)
		if !is || failure.Retryable() || failure.Provider != payment.StripeName {
			t.Fatalf("%v", err)
		}
		if p.Status != models.PurchaseFailed || p.Failure == nil || p.Attention == nil || *p.Attention != models.AttentionProviderRefused || p.DueAt != nil {
			t.Errorf("%+v", p)
		}
	}
}

func TestAProviderThatIsNotSetUpAnyMoreIsNoPanic(t *testing.T) {
	s := newShop(t)
	s.server.Fail(unsent())
	team := s.newTeam(0)
	p, _, err := s.funding.Purchase(s.ctx(), s.buyer, s.order(team, "k"))
	if err == nil {
		t.Fatal("it was opened")
	}
	f := s.process(payment.NewInvoice(true))
	s.exec(`UPDATE purchases SET due_at = now()`)
	if _, err := f.followPurchases(s.ctx()); !errors.Is(err, errNoProvider) {
		t.Errorf("follow: %v", err)
	}
	if more, err := f.followPurchases(s.ctx()); more || err != nil {
		t.Errorf("it spins: %v, %v", more, err)
	}
	if p = s.purchase(p.ID); p.Status != models.PurchasePending || !p.DueAt.After(time.Now().Add(10*time.Second)) {
		t.Errorf("%+v", p)
	}
}

func TestACallerWhoGoesAwayLeavesThePurchaseToBeOpened(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	ctx, goAway := context.WithCancel(s.ctx())
	s.funding = s.process(leaving{s.stripe, goAway})
	_, _, _ = s.funding.Purchase(ctx, s.buyer, s.order(team, "k"))
	s.restart()
	if p := s.buy(team, "k"); p.CheckoutURL == nil {
		t.Errorf("no page: %+v", p)
	}
}

// leaving is a provider that is asked by somebody who doesn't wait.
type leaving struct {
	payment.Provider
	goAway func()
}

func (l leaving) StartCheckout(ctx context.Context, c payment.Checkout) (payment.Session, error) {
	l.goAway()
	return l.Provider.StartCheckout(ctx, c)
}

func TestACardThatIsRefusedLeavesThePageToTheNextOne(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	begun := s.buy(team, "k")
	declined := payment.News{
		Subject: payment.Subject{PurchaseID: string(begun.ID), PaymentID: "pi_declined"},
		Facts:   payment.Facts{Payments: map[string]payment.Payment{"pi_declined": {Declined: "card_declined"}}},
	}
	if err := s.funding.learn(s.ctx(), begun.ID, declined); err != nil {
		t.Fatal(err)
	}
	p := s.buy(team, "k")
	if p.Status != models.PurchasePending || p.PaymentID != nil || *p.CheckoutURL != *begun.CheckoutURL {
		t.Errorf("behind the refused card: %+v", p)
	}
	s.payPage(p)
	s.takeIn()
	s.restart()
	s.expect(team, p.ID, paidBooks())
	s.check()
}

// liveProvider is a provider that takes real money, with a client of it.
func (s *shop) liveProvider() (*stripetest.Server, *payment.Stripe) {
	s.t.Helper()
	server := stripetest.New(stripetest.Config{SecretKey: "sk_live_1", Live: true, Now: s.clock.now})
	s.t.Cleanup(server.Close)
	client, err := payment.NewStripe(payment.StripeConfig{
		SecretKey: "sk_live_1", WebhookSecrets: []string{webhookSecret}, APIBase: server.URL(), Now: s.clock.now,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(client.Close)
	return server, client
}

func TestAPurchaseOfATestGetsNoPageThatTakesRealMoney(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	id := models.NewPurchaseID(time.Now())
	s.exec(insertPurchaseSQL, id, team, s.buyer, boughtTokens, boughtFor)
	s.exec(`UPDATE purchases SET due_at = now() WHERE id = $1`, id)
	live, taker := s.liveProvider()
	_, err := s.process(taker).followPurchases(s.ctx())
	p, readErr := s.funding.PurchaseByID(s.ctx(), id)
	if !errors.Is(err, errOtherMode) || readErr != nil || live.Requests() > 0 || p.CheckoutURL != nil || p.Status != models.PurchasePending {
		t.Errorf("%v, %v: %d pages, %s, %s", err, readErr, live.Requests(), deref(p.CheckoutURL), p.Status)
	}
}

func TestAPageIsOpenedThoughTheProvidersClockIsAnHourOff(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	for _, ahead := range []time.Duration{time.Hour, -time.Hour} {
		s.clock.ahead.Store(int64(ahead / time.Second))
		p, _, err := s.funding.Purchase(s.ctx(), s.buyer, PurchaseInput{Team: team, Package: starter, Key: s.key(ahead.String(), "purchaseTokens")})
		if err != nil || p.CheckoutURL == nil {
			t.Errorf("%s ahead: %v, %s", ahead, err, p.Status)
		}
	}
}
