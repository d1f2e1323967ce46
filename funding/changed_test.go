package funding

import (
	"slices"
	"sync"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
)

// listener is a bus that keeps what it is told.
type listener struct {
	mu     sync.Mutex // protects topics
	topics []string
}

func (l *listener) Publish(topics ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.topics = append(l.topics, topics...)
}

// heard says whether the topic was told since it was asked for last.
func (l *listener) heard(topic string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	told := slices.Contains(l.topics, topic)
	l.topics = nil
	return told
}

func TestOnlyWhatIsNewMakesAnotherVersionThatIsSignalledAndWakesTheWork(t *testing.T) {
	s := newShop(t)
	heard := &listener{}
	l := ledger.New(s.db.Gorm, s.db.Pool, heard, ledger.Options{Cheapest: 10})
	t.Cleanup(l.Close)
	s.funding = New(Options{DB: s.db.Gorm, Pool: s.db.Pool, Ledger: l, Provider: s.stripe, PublicURL: "https://tokens.example.com", Now: s.clock.now})
	woken := make(chan struct{}, 1)
	s.funding.work.wake = []chan struct{}{woken}
	p := s.buy(s.newTeam(0), "k")
	look := func() error { return s.funding.ask(s.ctx(), s.purchase(p.ID)) }
	for _, test := range []struct {
		name string
		do   func() error
		new  bool
	}{
		{"nothing has happened", look, false},
		{"it is paid", func() error { s.payPage(p); return look() }, true},
		{"it is paid, as was known", look, false},
		{"it is to be looked after", func() error {
			s.exec(`UPDATE purchases SET due_at = now()`)
			return s.funding.learn(s.ctx(), p.ID, noNews(p))
		}, false},
		{"a refund is asked for", func() error {
			s.server.Fail(unsent())
			_, _, err := s.funding.RefundPurchase(s.ctx(), s.buyer, s.refundInput(p, minor(90), "r"))
			return err
		}, false},
		{"the refund is taken on", func() error { return s.funding.sendRefunds(s.ctx(), s.purchase(p.ID)) }, true},
	} {
		for len(woken) > 0 {
			<-woken
		}
		heard.heard("")
		s.exec(`UPDATE purchases SET attempts = 3, updated_at = now() - interval '1 hour'`)
		before := s.purchase(p.ID)
		if err := test.do(); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		after := s.purchase(p.ID)
		for what, is := range map[string]bool{
			"another version": after.Version > before.Version, "a later change": after.UpdatedAt.After(before.UpdatedAt),
			"tried anew": after.Attempts == 0, "woken": len(woken) > 0, "signalled": heard.heard(string(p.ID)),
		} {
			if is != test.new {
				t.Errorf("%s: %s: %t", test.name, what, is)
			}
		}
		if PurchaseChanged(before, after) != test.new {
			t.Errorf("%s: changed: %t", test.name, !test.new)
		}
	}
}

func TestAPaymentThatWasOnlyNamedIsKnownWhenMoreIsToldOfIt(t *testing.T) {
	s := newShop(t)
	p := s.buy(s.newTeam(0), "k")
	news := payment.News{
		Subject: payment.Subject{PurchaseID: string(p.ID), SessionID: *p.SessionID, PaymentID: "pi_1"},
		Facts:   payment.Facts{Sessions: map[string]payment.SessionState{*p.SessionID: payment.SessionProcessing}},
	}
	if err := s.funding.learn(s.ctx(), p.ID, news); err != nil {
		t.Fatal(err)
	}
	for _, subject := range []payment.Subject{{PurchaseID: string(p.ID)}, {SessionID: *p.SessionID}, {PaymentID: "pi_1"}} {
		if found, err := s.funding.purchaseOf(s.ctx(), payment.StripeName, subject); err != nil || found != p.ID {
			t.Errorf("%+v: %s, %v", subject, found, err)
		}
		if found, err := s.funding.purchaseOf(s.ctx(), payment.InvoiceName, subject); err == nil {
			t.Errorf("another provider's %+v is %s", subject, found)
		}
	}
}

func TestWhatBecomesOfAnEarlierPurchaseSavesNoMethodAgain(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	paidBy := func(method string) models.PurchaseID {
		id, session := s.newPurchase(team)
		p := euros(boughtFor)
		p.Saved = payment.SavedMethod{Customer: "cus_1", Method: method}
		news := payment.News{
			Subject: payment.Subject{PurchaseID: string(id), SessionID: session.ID, PaymentID: "pi_" + method},
			Facts:   payment.Facts{Payments: map[string]payment.Payment{"pi_" + method: p}},
		}
		if err := s.funding.learn(s.ctx(), id, news); err != nil {
			t.Fatal(err)
		}
		return id
	}
	earlier := paidBy("pm_1")
	paidBy("pm_2")
	news := payment.News{Facts: payment.Facts{Payments: map[string]payment.Payment{"pi_pm_1": {RefundSumMinor: 90}}}}
	if err := s.funding.learn(s.ctx(), earlier, news); err != nil {
		t.Fatal(err)
	}
	if count, method, _ := s.savedMethods(team); count != 1 || method != "pm_2" {
		t.Errorf("%d methods, %s", count, method)
	}
}

func TestWhatWaitsIsCounted(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	if waiting, err := s.funding.Waiting(s.ctx()); err != nil || waiting != (Waiting{}) {
		t.Fatalf("%+v, %v", waiting, err)
	}
	s.bought(team) // with notices that are processed
	for _, key := range []string{"a", "b"} {
		s.buy(team, key)
	}
	s.exec(`UPDATE purchases SET attention = 'OVERPAID' WHERE status = 'PAID'`)
	s.exec(`INSERT INTO payment_notices (provider, id, body, notice, received_at, due_at) VALUES
		('stripe', 'evt_later', '', '{}', now(), now() + interval '1 hour')`)
	waiting, err := s.funding.Waiting(s.ctx())
	if want := (Waiting{Notices: 1, Purchases: 2, Attention: 1}); err != nil || waiting != want {
		t.Errorf("%+v, %v", waiting, err)
	}
	s.exec(`INSERT INTO payment_notices (provider, id, body, notice, received_at, due_at) VALUES
		('stripe', 'evt_due', '', '{}', now(), now() - interval '1 hour')`)
	waiting, err = s.funding.Waiting(s.ctx())
	if waiting.Notices != 2 || waiting.Overdue.Hours() < 1 || waiting.Overdue.Hours() > 1.1 || err != nil {
		t.Errorf("%+v, %v", waiting, err)
	}
}

func TestTheInvitingTeamHearsOfItsInvitation(t *testing.T) {
	c := newCircle(t)
	a, b := c.player("a"), c.player("b")
	code := c.codeOf(a)
	heard := &listener{}
	l := ledger.New(c.db.Gorm, c.db.Pool, heard, ledger.Options{Cheapest: 10})
	t.Cleanup(l.Close)
	f := New(Options{DB: c.db.Gorm, Pool: c.db.Pool, Ledger: l, Provider: c.provider, Now: time.Now})
	if _, _, err := f.Redeem(c.ctx(), b.owner, c.redeems(b, code)); err != nil {
		t.Fatal(err)
	}
	if !heard.heard(string(a.team)) {
		t.Error("nobody told it")
	}
}
