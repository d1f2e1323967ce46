package funding

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"productgenerator/models"
	"productgenerator/payment"
	"productgenerator/payment/stripetest"
)

// till is a shop with a team whose auto top-up charges a saved method.
type till struct {
	*shop
	team models.TeamID
}

// newTill saves the method for the team and switches auto top-up on, for fewer than 130 tokens.
func newTill(t *testing.T, method string) *till {
	t.Helper()
	s := newShop(t)
	c := &till{s, s.newTeam(0)}
	saved := models.NewPurchaseID(time.Now())
	s.exec(insertPurchaseSQL, saved, c.team, s.buyer, boughtTokens, boughtFor)
	s.exec(`UPDATE purchases SET status = 'EXPIRED' WHERE id = $1`, saved)
	s.exec(`INSERT INTO saved_methods (team_id, provider, customer, method, purchase_id, saved_at)
		VALUES ($1, 'stripe', 'cus_1', $2, $3, now())`, c.team, method, saved)
	c.set()
	return c
}

// set sets auto top-up, which lifts a pause.
func (c *till) set() {
	c.t.Helper()
	_, err := c.funding.SetAutoTopUp(c.ctx(), c.buyer, AutoTopUpInput{
		Team: c.team, Enabled: true, Package: new(starter), MonthlyCapMinor: new(int64(1_000_000)),
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// round does what auto top-up does by itself, in a process; whatever is due again is due now.
func (c *till) round(f *Funding) {
	c.t.Helper()
	c.exec(`UPDATE purchases SET due_at = now() WHERE due_at IS NOT NULL`)
	if _, err := f.topUpTeams(c.ctx()); err != nil {
		c.t.Fatal(err)
	}
	_, err := f.followPurchases(c.ctx())
	if err != nil {
		c.t.Logf("charging: %v", err)
	}
}

// minutesPass makes what there is older.
func (c *till) minutesPass() {
	c.t.Helper()
	c.exec(`UPDATE purchases SET created_at = created_at - interval '2 minutes' WHERE automatic`)
	c.exec(`UPDATE auto_top_ups SET updated_at = updated_at - interval '2 minutes'`)
}

// automatic is the newest automatic purchase.
func (c *till) automatic() (p models.Purchase) {
	c.t.Helper()
	found, err := c.funding.readPurchases(c.ctx(), `WHERE automatic ORDER BY id DESC LIMIT 1`)
	if err != nil || len(found) != 1 {
		c.t.Fatalf("%d automatic purchases, %v", len(found), err)
	}
	return found[0]
}

// charges counts what the provider has charged.
func (c *till) charges() (count int) {
	c.t.Helper()
	for notice, err := range c.stripe.Notices(c.ctx(), time.Now().Add(-time.Hour)) {
		if err != nil {
			c.t.Fatal(err)
		}
		if notice.Type == "payment_intent.succeeded" {
			count++
		}
	}
	return count
}

func (c *till) pause() models.TopUpPause {
	c.t.Helper()
	found, err := c.funding.AutoTopUps(c.ctx(), []models.TeamID{c.team})
	if err != nil {
		c.t.Fatal(err)
	}
	return deref(found[c.team].Pause)
}

func (c *till) pauseWarnings() int {
	c.t.Helper()
	return c.count(`SELECT count(*) FROM limit_warnings WHERE team_id = $1 AND kind = 'AUTO_TOP_UP_PAUSED'`, c.team)
}

func (c *till) available() models.Tokens {
	c.t.Helper()
	balance, err := c.ledger.Balance(c.ctx(), c.team)
	if err != nil {
		c.t.Fatal(err)
	}
	return balance.Available.API()
}

// bought fails the test unless the newest automatic purchase is paid, was charged once in all, and its tokens are there.
func (c *till) bought() {
	c.t.Helper()
	p := c.automatic()
	if p.Status != models.PurchasePaid || c.charges() != 1 || c.available() != boughtTokens {
		c.t.Errorf("status %s, %d charges, %d tokens", p.Status, c.charges(), c.available())
	}
	c.check()
}

func TestASavedMethodIsChargedAndTheTokensAreThere(t *testing.T) {
	c := newTill(t, "pm_good")
	c.round(c.funding)
	c.bought()
	if p := c.automatic(); !p.Automatic || p.BuyerID != c.buyer || *p.Method != "pm_good" || p.PaymentID == nil || p.DueAt != nil {
		t.Errorf("purchase: %+v", p)
	}
	c.minutesPass()
	c.round(c.funding)
	c.bought() // there are enough tokens now
}

func TestADeclinedChargePausesWithOneWarningAndIsNotTriedAgain(t *testing.T) {
	c := newTill(t, stripetest.MethodDeclined)
	for range 3 {
		c.round(c.funding)
		c.minutesPass()
	}
	p := c.automatic()
	if p.Status != models.PurchaseFailed || deref(p.Failure) != "insufficient_funds" || c.pause() != models.PausedDeclined {
		t.Errorf("status %s for %s, paused for %q", p.Status, deref(p.Failure), c.pause())
	}
	if requests, warnings := c.server.Requests(), c.pauseWarnings(); requests != 1 || warnings != 1 {
		t.Errorf("%d charges were tried, %d warnings raised", requests, warnings)
	}

	// With another method, and set again, it goes on.
	c.exec(`UPDATE saved_methods SET method = 'pm_good'`)
	c.set()
	c.round(c.funding)
	c.bought()
	if c.pause() != "" || c.pauseWarnings() != 1 {
		t.Errorf("paused for %q, %d warnings", c.pause(), c.pauseWarnings())
	}
	// The decline that is told late does not pause it again.
	c.deliver()
	c.work()
	c.round(c.funding)
	if c.pause() != "" || c.pauseWarnings() != 1 {
		t.Errorf("after the notices: paused for %q, %d warnings", c.pause(), c.pauseWarnings())
	}
}

func TestWhateverProcessDiesTheMethodIsChargedOnce(t *testing.T) {
	for name, crash := range map[string]func(c *till){
		"before the charge": func(c *till) {
			if _, err := c.funding.topUpTeams(c.ctx()); err != nil {
				c.t.Fatal(err)
			}
		},
		"once it was claimed": func(c *till) {
			if _, err := c.funding.topUpTeams(c.ctx()); err != nil {
				c.t.Fatal(err)
			}
			if claimed, err := c.funding.claimPurchases(c.ctx()); err != nil || len(claimed) != 1 {
				c.t.Fatalf("claimed %d, %v", len(claimed), err)
			}
		},
		"before the answer came": func(c *till) {
			c.server.Fail(stripetest.Fault{AfterWork: true})
			c.round(c.funding)
		},
		"before it was stored": func(c *till) {
			if _, err := c.funding.topUpTeams(c.ctx()); err != nil {
				c.t.Fatal(err)
			}
			p := c.automatic()
			_, err := c.stripe.ChargeSaved(c.ctx(), payment.Charge{
				PurchaseID: string(p.ID), IdempotencyKey: string(p.ID), Product: p.PackageName, PriceMinor: p.PriceMinor,
				Currency: p.Currency, Email: "buyer@example.com",
				Method: payment.SavedMethod{Customer: *p.Customer, Method: *p.Method},
			})
			if err != nil {
				c.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTill(t, "pm_good")
			crash(c)
			if p := c.automatic(); p.Status != models.PurchasePending {
				t.Fatalf("status %s", p.Status)
			}
			// Meanwhile the team saves another method; what is under way goes on with the one it began with.
			c.exec(`UPDATE saved_methods SET method = 'pm_other'`)
			c.round(c.process(c.stripe))
			c.bought()
		})
	}
}

func TestAProviderThatIsAwayIsTriedAgainForADay(t *testing.T) {
	c := newTill(t, "pm_good")
	c.server.Fail(stripetest.Fault{}, stripetest.Fault{Status: 500}, stripetest.Fault{Status: 503}, stripetest.Fault{Status: 401})
	for range 4 {
		c.round(c.funding)
		if p := c.automatic(); p.Status != models.PurchasePending || c.pause() != "" {
			t.Fatalf("status %s, paused for %q", p.Status, c.pause())
		}
		c.minutesPass()
	}
	c.round(c.funding)
	c.bought()
}

func TestAChargeThatIsGivenUpPausesAndStillPaysIfItWasMade(t *testing.T) {
	c := newTill(t, "pm_good")
	c.server.Fail(stripetest.Fault{AfterWork: true}, stripetest.Fault{})
	c.round(c.funding)
	c.funding.now = func() time.Time { return time.Now().Add(chargeLife) }
	c.round(c.funding)
	c.round(c.funding)
	p := c.automatic()
	if p.Status != models.PurchaseFailed || deref(p.Failure) != failureUnreachable || c.pause() != models.PausedRefused ||
		c.pauseWarnings() != 1 {
		t.Errorf("status %s for %s, paused for %q with %d warnings", p.Status, deref(p.Failure), c.pause(), c.pauseWarnings())
	}
	c.deliver()
	c.work()
	c.bought()
}

func TestARefusedChargePauses(t *testing.T) {
	c := newTill(t, "pm_good")
	c.server.Fail(stripetest.Fault{Status: 400})
	for range 3 {
		c.round(c.funding)
		c.minutesPass()
	}
	p := c.automatic()
	if p.Status != models.PurchaseFailed || deref(p.Failure) != failureRefused || c.pause() != models.PausedRefused ||
		c.pauseWarnings() != 1 || c.server.Requests() != 1 {
		t.Errorf("status %s for %s, paused for %q with %d warnings", p.Status, deref(p.Failure), c.pause(), c.pauseWarnings())
	}
}

func TestABankThatAnswersLaterIsWaitedFor(t *testing.T) {
	for name, decline := range map[string]string{"and pays": "", "and declines": "insufficient_funds"} {
		t.Run(name, func(t *testing.T) {
			c := newTill(t, stripetest.MethodSlow)
			for range 3 {
				c.round(c.funding)
				c.minutesPass()
			}
			p := c.automatic()
			if p.Status != models.PurchasePending || c.server.Requests() != 1 || c.count(`SELECT count(*) FROM purchases WHERE automatic`) != 1 {
				t.Fatalf("status %s, %d requests", p.Status, c.server.Requests())
			}
			if err := c.server.Answer(*p.PaymentID, decline); err != nil {
				t.Fatal(err)
			}
			c.deliver()
			c.work()
			c.round(c.funding)
			if decline == "" {
				c.bought()
				return
			}
			if p := c.automatic(); p.Status != models.PurchaseFailed || c.pause() != models.PausedDeclined || c.pauseWarnings() != 1 {
				t.Errorf("status %s, paused for %q with %d warnings", p.Status, c.pause(), c.pauseWarnings())
			}
		})
	}
}

func TestADisputedChargeIsNotFollowedByAnother(t *testing.T) {
	c := newTill(t, "pm_good")
	c.round(c.funding)
	c.bought()
	if _, err := c.server.OpenDispute(*c.automatic().PaymentID, boughtFor); err != nil {
		t.Fatal(err)
	}
	c.deliver()
	c.work()
	c.minutesPass()
	c.round(c.funding)
	if c.available() != 0 || c.pause() != models.PausedMoneyBack || c.charges() != 1 || c.pauseWarnings() != 1 {
		t.Errorf("%d tokens, paused for %q, %d charges, %d warnings", c.available(), c.pause(), c.charges(), c.pauseWarnings())
	}
	c.check()
}

func TestATeamInDebtIsToppedUpAndItsDebtIsPaidFirst(t *testing.T) {
	c := newTill(t, "pm_good")
	purchase, session := c.newPurchase(c.team)
	paid := c.pay(session)
	c.deliver()
	c.work()
	if spent := c.spend(c.team, 45); spent != 45 {
		t.Fatalf("spent %d", spent)
	}
	if _, err := c.server.Refund(paid, boughtFor); err != nil {
		t.Fatal(err)
	}
	c.deliver()
	c.work()
	if b := c.books(c.team, purchase); b.Debt != 45 {
		t.Fatalf("books: %+v", b)
	}
	c.set() // the owner wants it all the same
	c.round(c.funding)
	if b := c.books(c.team, purchase); b.Debt != 0 || b.Available != boughtTokens-45 {
		t.Errorf("books: %+v", b)
	}
	c.check()
}

func TestManySpendersWithTopUpsNeverSpendMoreThanWasBought(t *testing.T) {
	c := newTill(t, "pm_good")
	processes := []*Funding{c.funding, c.process(c.stripe), c.process(c.stripe)}
	for _, f := range processes {
		f.Start()
	}
	const spenders = 64
	var spent atomic.Int64
	var running sync.WaitGroup
	for range spenders {
		running.Go(func() {
			c.await("this spender has had its tokens", func() bool {
				tokens := c.spend(c.team, 45)
				spent.Add(int64(tokens))
				return tokens > 0
			})
		})
	}
	done := make(chan struct{})
	go func() { running.Wait(); close(done) }()
	c.await("all have spent", func() bool {
		c.exec(`UPDATE purchases SET created_at = created_at - interval '2 minutes' WHERE automatic AND status = 'PAID'`)
		for _, f := range processes {
			f.Wake()
		}
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
	for _, f := range processes {
		f.Stop()
	}
	bought := models.Tokens(c.count(`SELECT count(*) FROM purchases WHERE automatic AND grant_id IS NOT NULL`)) * boughtTokens
	if spent.Load() != spenders*45 || c.available() != bought-spenders*45 {
		t.Errorf("bought %d, spent %d, left %d", bought, spent.Load(), c.available())
	}
	if most := models.Tokens(spenders*45) + 130 + boughtTokens; bought > most {
		t.Errorf("bought %d where %d were more than enough", bought, most)
	}
	c.check()
}

// A process dies behind the charge, and nobody looks after the purchase until the provider has forgotten the key.
func TestAChargeWhoseKeyMayBeForgottenIsNotMadeAgain(t *testing.T) {
	c := newTill(t, "pm_good")
	c.server.Fail(stripetest.Fault{AfterWork: true})
	c.round(c.funding)
	c.server.ForgetKeys()
	c.exec(`UPDATE purchases SET created_at = created_at - interval '1 day', checkout_ends_at = checkout_ends_at - interval '1 day'`)
	c.round(c.funding)
	if charges, p := c.charges(), c.automatic(); charges != 1 || p.Status != models.PurchaseFailed || deref(p.Failure) != failureUnreachable {
		t.Errorf("%d charges, status %s for %q", charges, p.Status, deref(p.Failure))
	}
	c.deliver()
	c.work()
	c.bought()
}

func TestNoMethodIsChargedInAnotherModeThanThePurchases(t *testing.T) {
	c := newTill(t, "pm_good")
	if _, err := c.funding.topUpTeams(c.ctx()); err != nil {
		t.Fatal(err)
	}
	live, taker := c.liveProvider()
	for range 2 {
		c.round(c.process(taker))
	}
	if p := c.automatic(); live.Requests() > 0 || p.Status != models.PurchasePending {
		t.Errorf("%d charges were tried, status %s", live.Requests(), p.Status)
	}
	c.round(c.funding)
	c.bought()
}

func TestAPurchaseThatWasBegunIsChargedWithoutDelay(t *testing.T) {
	c := newTill(t, "pm_good")
	woken := make(chan struct{}, 1)
	c.funding.work.wake = []chan struct{}{woken}
	if c.set(); len(woken) != 1 {
		t.Error("what was set waits for its turn")
	}
	<-woken
	for round, want := range []int{1, 0} { // the second finds one that is pending
		if more, err := c.funding.topUpTeams(c.ctx()); err != nil || more {
			t.Fatalf("%v, %t", err, more)
		}
		if len(woken) != want {
			t.Errorf("round %d: woken %d times", round, len(woken))
		}
		for len(woken) > 0 {
			<-woken
		}
	}
}
