package funding

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
	"productgenerator/payment/stripetest"
	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
)

// shop is funding whose money Stripe takes, or rather the tests' own payment server.
type shop struct {
	t       *testing.T
	db      *postgres.DB
	ledger  *ledger.Ledger
	server  *stripetest.Server
	stripe  *payment.Stripe
	log     *diary
	funding *Funding // the first process
	address string   // where that takes in notices
	client  *http.Client
	clock   clock // the provider's
	buyer   models.UserID
}

// clock is the time, put forward by so many seconds.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load()) * time.Second) }

// The package that is bought.
const (
	boughtTokens models.Tokens = 650
	boughtFor    int64         = 900
)

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, db: pgtest.New(t), log: &diary{}, buyer: models.NewUserID(time.Now())}
	s.server = stripetest.New(stripetest.Config{SecretKey: "sk_test_1", WebhookSecrets: []string{webhookSecret}, Now: s.clock.now})
	t.Cleanup(s.server.Close)
	var err error
	s.stripe, err = payment.NewStripe(payment.StripeConfig{
		SecretKey: "sk_test_1", WebhookSecrets: []string{webhookSecret}, APIBase: s.server.URL(), Now: s.clock.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stripe.Close)
	s.funding = s.process(s.stripe)
	s.ledger = s.funding.ledger
	receiver := httptest.NewServer(s.funding.Notices(payment.StripeName))
	t.Cleanup(receiver.Close)
	s.address, s.client = receiver.URL, receiver.Client()
	s.exec(`UPDATE settings SET default_daily_limit = NULL`)
	s.exec(`INSERT INTO users (id, email, name, password_hash, created_at) VALUES ($1, 'buyer@example.com', 'Buyer', '-', now())`, s.buyer)
	return s
}

// process is funding as a process of its own has it. Whether and when it does its work is the test's to say.
func (s *shop) process(taker payment.Provider) *Funding {
	l := ledger.New(s.db.Gorm, s.db.Pool, silence{}, ledger.Options{Cheapest: 10})
	s.t.Cleanup(l.Close)
	f := New(Options{
		DB: s.db.Gorm, Pool: s.db.Pool, Ledger: l, Provider: taker, PublicURL: "https://tokens.example.com",
		Log: slog.New(slog.NewTextHandler(s.log, nil)), Now: time.Now,
	})
	s.t.Cleanup(f.Stop)
	return f
}

func (s *shop) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	s.t.Cleanup(cancel)
	return ctx
}

func (s *shop) exec(sql string, args ...any) {
	s.t.Helper()
	if _, err := s.db.Pool.Exec(s.ctx(), sql, args...); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) count(sql string, args ...any) (count int) {
	s.t.Helper()
	if err := s.db.Pool.QueryRow(s.ctx(), sql, args...).Scan(&count); err != nil {
		s.t.Fatal(err)
	}
	return count
}

// newTeam is a team with a gift of tokens, which may be none.
func (s *shop) newTeam(gift models.Tokens) models.TeamID {
	s.t.Helper()
	id := models.NewTeamID(time.Now())
	s.exec(`INSERT INTO teams (id, name, created_by, created_at) VALUES ($1, 'Team', $2, now())`, id, s.buyer)
	s.exec(`INSERT INTO memberships (id, team_id, user_id, role, joined_at) VALUES ($1, $2, $3, 'OWNER', now())`,
		models.NewMembershipID(time.Now()), id, s.buyer)
	_, err := s.ledger.Update(s.ctx(), ledger.Change{
		Team: id, Open: &ledger.Opening{TimeZone: "UTC"}, Decide: func(tx *ledger.Tx) error {
			if gift > 0 {
				tx.Issue(models.Grant{ID: models.NewGrantID(tx.Now()), Source: models.SourceGift, Tokens: gift}, nil)
			}
			return nil
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

const insertPurchaseSQL = `
INSERT INTO purchases (id, team_id, buyer_id, package_id, package_name, tokens, price_minor, currency, provider, live,
	checkout_ends_at, created_at, updated_at)
VALUES ($1, $2, $3, 'package_00000000000000000000000001', 'Starter', $4, $5, 'EUR', 'stripe', false,
	now() + interval '1 day', now(), now())`

// newPurchase is a purchase whose checkout was opened and that has heard of nothing yet.
func (s *shop) newPurchase(team models.TeamID) (models.PurchaseID, payment.Session) {
	s.t.Helper()
	id := models.NewPurchaseID(time.Now())
	s.exec(insertPurchaseSQL, id, team, s.buyer, boughtTokens, boughtFor)
	return id, s.checkout(id)
}

// checkout opens a purchase's page.
func (s *shop) checkout(id models.PurchaseID) payment.Session {
	s.t.Helper()
	session, err := s.stripe.StartCheckout(s.ctx(), payment.Checkout{
		PurchaseID: string(id), IdempotencyKey: string(id), Product: "Starter", PriceMinor: boughtFor, Currency: "EUR",
		SuccessURL: "https://tokens.example.com/", CancelURL: "https://tokens.example.com/",
		StartedAt: s.clock.now(), Life: payment.MinCheckoutLife + time.Minute,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return session
}

// pay has the buyer pay.
func (s *shop) pay(session payment.Session) (paymentID string) {
	s.t.Helper()
	paymentID, err := s.server.Pay(session.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return paymentID
}

// deliver delivers what waits, without mischief.
func (s *shop) deliver() {
	s.t.Helper()
	delivery, err := s.server.Deliver(s.ctx(), s.address, stripetest.Mischief{})
	if err != nil || delivery.Refused > 0 {
		s.t.Fatalf("deliver: %v, %+v", err, delivery)
	}
}

// drop loses what waits.
func (s *shop) drop() {
	s.t.Helper()
	if _, err := s.server.Deliver(s.ctx(), s.address, stripetest.Mischief{Drop: 1, Random: seeded(1)}); err != nil {
		s.t.Fatal(err)
	}
}

// work processes notices until none is due.
func (s *shop) work() {
	s.t.Helper()
	for {
		more, err := s.funding.processNotices(s.ctx())
		if err != nil {
			s.t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

// unprocessed is how many notices there are to be processed, now or later.
func (s *shop) unprocessed() int {
	s.t.Helper()
	return s.count(`SELECT count(*) FROM payment_notices WHERE processed_at IS NULL`)
}

// hold reserves tokens, a third of them for the short description, and says whether that went.
func (s *shop) hold(team models.TeamID, tokens models.Tokens) (models.GenerationID, bool) {
	s.t.Helper()
	id := models.NewGenerationID(time.Now())
	_, err := s.ledger.Update(s.ctx(), ledger.Change{Team: team, Actor: s.buyer, Decide: func(tx *ledger.Tx) error {
		return tx.Reserve(s.buyer, ledger.ReserveRequest{
			Generation: id, Operation: models.OperationGenerateTexts, Parts: []ledger.PartCost{
				{Part: models.PartShortDescription, Tokens: tokens / 3}, {Part: models.PartLongDescription, Tokens: tokens - tokens/3},
			},
		})
	}})
	if _, refused := errors.AsType[*models.Refusal](err); refused {
		return "", false
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return id, true
}

// settle pays the parts out of what is held that are captured, and gives the others back.
func (s *shop) settle(team models.TeamID, id models.GenerationID, captured map[models.Part]bool) {
	s.t.Helper()
	_, err := s.ledger.Update(s.ctx(), ledger.Change{
		Team: team, Reservations: []models.GenerationID{id}, Decide: func(tx *ledger.Tx) error {
			for _, part := range []models.Part{models.PartShortDescription, models.PartLongDescription} {
				settle := tx.Release
				if captured[part] {
					settle = tx.Capture
				}
				if err := settle(id, part); err != nil {
					return err
				}
			}
			return nil
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// spend consumes tokens if they are there, and says how many it has.
func (s *shop) spend(team models.TeamID, tokens models.Tokens) models.Tokens {
	s.t.Helper()
	id, ok := s.hold(team, tokens)
	if !ok {
		return 0
	}
	s.settle(team, id, map[models.Part]bool{models.PartShortDescription: true, models.PartLongDescription: true})
	return tokens
}

// books are what a purchase has come to, in money and in tokens.
type books struct {
	Status         models.PurchaseStatus
	Attention      models.PurchaseAttention
	RefundedMinor  int64
	RefundedTokens models.Tokens
	Grants         int // of the source PURCHASE that the team has
	Available      models.Tokens
	Debt           models.Tokens
}

func (s *shop) books(team models.TeamID, id models.PurchaseID) (b books) {
	s.t.Helper()
	err := s.db.Pool.QueryRow(s.ctx(), `
SELECT status, coalesce(attention, ''), refunded_minor, refunded_tokens,
	(SELECT count(*) FROM grants WHERE grants.team_id = purchases.team_id AND source = 'PURCHASE')
FROM purchases
WHERE id = $1`, id).Scan(&b.Status, &b.Attention, &b.RefundedMinor, &b.RefundedTokens, &b.Grants)
	if err != nil {
		s.t.Fatal(err)
	}
	balance, err := s.ledger.Balance(s.ctx(), team)
	if err != nil {
		s.t.Fatal(err)
	}
	b.Available, b.Debt = balance.Available.API(), balance.Debt
	return b
}

// ofOperations are the rules that the books of these tests don't keep: what is reserved here has no operation behind it.
func ofOperations() []string {
	return []string{
		"a generation has its reservation, and a reservation its generation",
		"a part that is captured succeeded, one that is released did not, one that is held goes on",
		"a captured part has its stored result, and a stored result its captured part",
	}
}

// check has the ledger check every other rule of the books.
func (s *shop) check() {
	s.t.Helper()
	report, err := s.ledger.Check(s.ctx(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, discrepancy := range report.Discrepancies {
		if !slices.Contains(ofOperations(), discrepancy.Invariant) {
			s.t.Errorf("discrepancy: %+v", discrepancy)
		}
	}
}

// await polls until the condition holds.
func (s *shop) await(what string, condition func() bool) {
	s.t.Helper()
	ctx := s.ctx()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.t.Fatalf("waited %s in vain until %s; logged:\n%s", patience, what, s.log)
		}
	}
}

// seeded makes the same choices each time.
func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }

// header is a message's, as the receiver sees it.
func header(m stripetest.Message) http.Header { return http.Header{"Stripe-Signature": {m.Signature}} }

// cancelled is a context that has ended.
func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
