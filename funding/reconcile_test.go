package funding

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"productgenerator/models"
	"productgenerator/payment"
)

func TestReconcilingMendsWhatNoNoticeTold(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	paid, paidSession := s.newPurchase(team)
	s.pay(paidSession)
	expired, expiredSession := s.newPurchase(team)
	if err := s.server.Expire(expiredSession.ID); err != nil {
		t.Fatal(err)
	}
	s.checkout("purchase_of_another_program")
	s.drop()

	repaired, err := s.funding.Reconcile(s.ctx())
	if err != nil || repaired != (Repaired{Purchases: 2, Notices: 4}) {
		t.Errorf("repaired %+v, %v", repaired, err)
	}
	s.expect(team, paid, paidBooks()) // the list of checkouts is enough
	if status := s.books(team, expired).Status; status != models.PurchaseExpired {
		t.Errorf("the purchase that nobody paid is %s", status)
	}
	s.work()
	if left := s.unprocessed(); left != 0 {
		t.Errorf("%d notices are left", left)
	}
	s.expect(team, paid, paidBooks())

	// A refund is told by the list of notices, however old the checkout.
	if _, err := s.server.Refund(s.paymentOf(paid), boughtFor); err != nil {
		t.Fatal(err)
	}
	s.drop()
	later := s.process(&archive{Provider: s.stripe, bare: true})
	if repaired, err = later.Reconcile(s.ctx()); err != nil || repaired != (Repaired{Notices: 2}) {
		t.Errorf("repaired %+v, %v", repaired, err)
	}
	s.work()
	s.expect(team, paid, books{
		Status: models.PurchaseRefunded, Grants: 1, RefundedMinor: boughtFor, RefundedTokens: boughtTokens,
	})
	if repaired, err = s.funding.Reconcile(s.ctx()); err != nil || repaired != (Repaired{}) {
		t.Errorf("repaired again: %+v, %v", repaired, err)
	}
	s.check()
}

// paymentOf is the provider's id of what a purchase was paid by.
func (s *shop) paymentOf(id models.PurchaseID) (paymentID string) {
	s.t.Helper()
	if err := s.db.Pool.QueryRow(s.ctx(), `SELECT payment_id FROM purchases WHERE id = $1`, id).Scan(&paymentID); err != nil {
		s.t.Fatal(err)
	}
	return paymentID
}

// archive is a provider that notes how far back it is asked. It can be away, or have no checkouts.
type archive struct {
	payment.Provider
	asked []time.Time
	away  error
	bare  bool
}

func (a *archive) Sessions(ctx context.Context, since time.Time) iter.Seq2[payment.News, error] {
	a.asked = append(a.asked, since)
	if a.away != nil {
		return func(yield func(payment.News, error) bool) { yield(payment.News{}, a.away) }
	}
	if a.bare {
		return func(func(payment.News, error) bool) {}
	}
	return a.Provider.Sessions(ctx, since)
}

func (a *archive) lastAsked() time.Duration {
	return time.Since(a.asked[len(a.asked)-1]).Round(time.Hour)
}

func TestListsAreReadFromBeforeTheLastTimeAndNeverFromTheBeginning(t *testing.T) {
	s := newShop(t)
	lists := &archive{Provider: s.stripe}
	f := s.process(lists)
	const day = 24 * time.Hour
	for _, test := range []struct {
		name string
		last string // when it was reconciled before
		want time.Duration
	}{
		{"for the first time", "", 30 * day},
		{"after an hour", "1 hour", 3*day + time.Hour},
		{"after a week", "7 days", 10 * day},
		{"after half a year", "180 days", 30 * day},
	} {
		if test.last != "" {
			s.exec(`UPDATE provider_comparisons SET reconciled_at = now() - $1::text::interval`, test.last)
		}
		if _, err := f.Reconcile(s.ctx()); err != nil || lists.lastAsked() != test.want {
			t.Errorf("%s: asked for %s, %v", test.name, lists.lastAsked(), err)
		}
		if fresh := s.count(`SELECT count(*) FROM provider_comparisons WHERE reconciled_at > now() - interval '1 minute'`); fresh != 1 {
			t.Errorf("%s: it is not noted", test.name)
		}
	}
	lists.away = errors.New("away")
	s.exec(`UPDATE provider_comparisons SET reconciled_at = now() - interval '7 days'`)
	if _, err := f.Reconcile(s.ctx()); !errors.Is(err, lists.away) {
		t.Errorf("of a provider that is away: %v", err)
	}
	if fresh := s.count(`SELECT count(*) FROM provider_comparisons WHERE reconciled_at > now() - interval '1 minute'`); fresh != 0 {
		t.Error("it is noted that a provider was asked that did not answer")
	}
}

func TestAProcessReconcilesAtItsStartAndOneOfThemEveryHour(t *testing.T) {
	s := newShop(t)
	lists := &archive{Provider: s.stripe}
	now := time.Now()
	f := s.process(lists)
	f.now = func() time.Time { return now }
	compare := f.reconciliation()
	do := func(name string, asked int, wantErr error) {
		t.Helper()
		before := len(lists.asked)
		if _, err := compare.do(s.ctx()); !errors.Is(err, wantErr) {
			t.Errorf("%s: %v", name, err)
		}
		if got := len(lists.asked) - before; got != asked {
			t.Errorf("%s: asked %d times, want %d", name, got, asked)
		}
	}
	do("at the start", 1, nil)
	do("just after", 0, nil)
	now = now.Add(59 * time.Minute)
	do("before the hour is over", 0, nil)
	s.exec(`UPDATE provider_comparisons SET reconciled_at = $1`, now) // another process
	now = now.Add(2 * time.Minute)
	do("when another process just did", 0, nil)
	now = now.Add(time.Hour)
	do("an hour later", 1, nil)

	compare = f.reconciliation()
	do("at the start of the next process", 1, nil)

	now = now.Add(2 * time.Hour)
	connection, err := s.db.Pool.Acquire(s.ctx())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Release()
	if taken, err := takeTurn(s.ctx(), connection, payment.StripeName); err != nil || !taken {
		t.Fatalf("%t, %v", taken, err)
	}
	do("while another process is at it", 0, nil)
	giveTurn(s.ctx(), connection, payment.StripeName)

	now = now.Add(2 * time.Hour)
	lists.away = errors.New("away")
	do("of a provider that is away", 1, lists.away)
	do("just after that", 0, nil)
	now = now.Add(11 * time.Second)
	do("a little later", 1, lists.away)
	now = now.Add(21 * time.Second)
	lists.away = nil
	do("when it is back", 1, nil)
	now = now.Add(59 * time.Minute)
	do("afterwards", 0, nil)
	if kept := s.count(`SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
		WHERE locktype = 'advisory' AND datname = current_database()`); kept != 0 {
		t.Errorf("%d turns are not given back", kept)
	}
}

func TestAComparisonThatAWrongClockNotedForALaterTimeCountsForNothing(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	id, session := s.newPurchase(team)
	s.pay(session)
	s.drop()
	s.exec(`INSERT INTO provider_comparisons (provider, reconciled_at) VALUES ('stripe', now() + interval '40 days')`)
	wait, err := s.funding.reconcileInTurn(s.ctx(), payment.StripeName, false)
	if b := s.books(team, id); err != nil || wait != reconcileEvery || b.Status != models.PurchasePaid {
		t.Errorf("%v, again in %s: %+v", err, wait, b)
	}
	if later := s.count(`SELECT count(*) FROM provider_comparisons WHERE reconciled_at > now() + interval '1 hour'`); later != 0 {
		t.Error("the later time stays noted")
	}
}

func TestANoticeThatCannotBeReadHidesNoneOfTheOthers(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	id, session := s.newPurchase(team)
	s.pay(session)
	s.server.Emit("charge.refunded", map[string]any{"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": "all"})
	s.drop()
	repaired, err := s.process(&archive{Provider: s.stripe, bare: true}).Reconcile(s.ctx())
	if err == nil || repaired.Notices == 0 {
		t.Errorf("repaired %+v, %v", repaired, err)
	}
	s.work()
	s.expect(team, id, paidBooks())
	if noted := s.count(`SELECT count(*) FROM provider_comparisons`); noted != 0 {
		t.Error("the comparison counts as complete")
	}
}

// A database that was put back to an earlier state has lost the purchases since, not their money.
func TestMoneyForAPurchaseThatIsNotKnownAnyMoreIsLogged(t *testing.T) {
	s := newShop(t)
	unpaid := models.NewPurchaseID(time.Now())
	s.checkout(unpaid)
	lost := models.NewPurchaseID(time.Now())
	s.pay(s.checkout(lost))
	s.drop()
	if repaired, err := s.funding.Reconcile(s.ctx()); err != nil || repaired.Purchases != 0 {
		t.Fatalf("repaired %+v, %v", repaired, err)
	}
	if logged := s.log.String(); !strings.Contains(logged, string(lost)) || strings.Contains(logged, string(unpaid)) {
		t.Errorf("logged:\n%s", logged)
	}
}

func TestOnlyAComparisonThatMendsSomethingSaysSoAndWakesTheWork(t *testing.T) {
	s := newShop(t)
	var observed []Repaired
	s.funding.observeRepair = func(repaired Repaired) { observed = append(observed, repaired) }
	woken := make(chan struct{}, 1)
	s.funding.work.wake = []chan struct{}{woken}
	_, session := s.newPurchase(s.newTeam(0))
	s.pay(session)
	s.drop()
	if repaired, err := s.funding.Reconcile(s.ctx()); err != nil || len(observed) != 1 || observed[0] != repaired || len(woken) != 1 {
		t.Errorf("%v, repaired %+v, observed %+v, woken %d times", err, repaired, observed, len(woken))
	}
	<-woken
	if _, err := s.funding.Reconcile(s.ctx()); err != nil || len(observed) != 1 || len(woken) != 0 {
		t.Errorf("%v, observed %+v, woken %d times", err, observed, len(woken))
	}
}

func TestTheNextComparisonIsAnHourAfterTheLastOfThatProvider(t *testing.T) {
	s := newShop(t)
	s.exec(`INSERT INTO provider_comparisons (provider, reconciled_at) VALUES
		('another', now()), ('stripe', now() - interval '20 minutes'), ('yet another', now())`)
	wait, err := s.funding.reconcileInTurn(s.ctx(), payment.StripeName, false)
	if err != nil || wait.Round(time.Minute) != 40*time.Minute {
		t.Errorf("%v, %s", err, wait)
	}
}

func TestACheckoutThatCannotBeLearntKeepsNoOtherFromIt(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	var ids []models.PurchaseID
	for range 3 {
		id, session := s.newPurchase(team)
		s.pay(session)
		ids = append(ids, id)
	}
	s.drop()
	s.exec(`UPDATE purchases SET facts = '{"sessions": 1}' WHERE id = $1`, ids[1])
	repaired, err := s.funding.Reconcile(s.ctx())
	if err == nil || repaired.Purchases != 2 {
		t.Errorf("repaired %+v, %v", repaired, err)
	}
	if paid := s.count(`SELECT count(*) FROM purchases WHERE status = 'PAID'`); paid != 2 {
		t.Errorf("%d are paid", paid)
	}
	if noted := s.count(`SELECT count(*) FROM provider_comparisons`); noted != 0 {
		t.Error("the comparison counts as complete")
	}
}
