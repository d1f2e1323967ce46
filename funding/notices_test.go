package funding

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/models"
	"productgenerator/payment"
	"productgenerator/payment/stripetest"
)

// paidBooks are those of a paid purchase of a team without other tokens.
func paidBooks() books {
	return books{Status: models.PurchasePaid, Grants: 1, Available: boughtTokens}
}

func (s *shop) expect(team models.TeamID, id models.PurchaseID, want books) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.books(team, id)); diff != "" {
		s.t.Errorf("the books (-want +got):\n%s", diff)
	}
}

func TestAPaidPurchaseHasItsTokensOnceItsNoticeIsProcessed(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	id, session := s.newPurchase(team)
	s.pay(session)
	s.deliver()
	s.expect(team, id, books{Status: models.PurchasePending})
	s.work()
	s.expect(team, id, paidBooks())
	if left := s.unprocessed(); left != 0 {
		t.Errorf("%d notices are left", left)
	}
	if repaired, err := s.funding.Reconcile(s.ctx()); err != nil || repaired != (Repaired{}) {
		t.Errorf("nothing was missed, and %+v was repaired, %v", repaired, err)
	}
	s.check()
}

func TestANoticeThatComesBeforeThePurchaseIsVisibleWaitsForIt(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	id := models.NewPurchaseID(time.Now())
	tx, err := s.db.Pool.Begin(s.ctx())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(s.ctx())
	if _, err := tx.Exec(s.ctx(), insertPurchaseSQL, id, team, s.buyer, boughtTokens, boughtFor); err != nil {
		t.Fatal(err)
	}
	session := s.checkout(id)
	paymentID := s.pay(session)
	if _, err := s.server.Refund(paymentID, 90); err != nil {
		t.Fatal(err)
	}
	// Every notice five times, sixteen at once, from several kinds that tell of the same payment.
	for range 5 {
		var posting sync.WaitGroup
		for range 16 {
			posting.Go(func() {
				for _, message := range s.server.Messages() {
					s.post(message)
				}
			})
		}
		posting.Wait()
		s.work()
	}
	if grants := s.count(`SELECT count(*) FROM grants`); grants != 0 {
		t.Fatalf("%d grants for a purchase that is not there", grants)
	}
	if err := tx.Commit(s.ctx()); err != nil {
		t.Fatal(err)
	}
	s.work()
	s.expect(team, id, books{Status: models.PurchasePending}) // they wait
	// The checkout's answer makes its id known, which ends their wait, and theirs that of the others.
	if err := s.funding.learn(s.ctx(), id, session.News); err != nil {
		t.Fatal(err)
	}
	s.work()
	s.expect(team, id, books{
		Status: models.PurchasePartiallyRefunded, Grants: 1, RefundedMinor: 90, RefundedTokens: 65, Available: boughtTokens - 65,
	})
	if left := s.unprocessed(); left != 0 {
		t.Errorf("%d notices are left", left)
	}
	s.check()
}

// post delivers one message.
func (s *shop) post(message stripetest.Message) {
	s.t.Helper()
	g := gate{t: s.t, url: s.address, client: s.client}
	if status, text := g.post(string(message.Body), message.Signature); status != 200 {
		s.t.Errorf("%s was answered %d %s", message.Type, status, text)
	}
}

func TestTwoProcessesAtTheSameNoticesGrantOnce(t *testing.T) {
	s := newShop(t)
	type bought struct {
		team models.TeamID
		id   models.PurchaseID
	}
	purchases := make([]bought, 20)
	for i := range purchases {
		team := s.newTeam(0)
		id, session := s.newPurchase(team)
		s.pay(session)
		purchases[i] = bought{team, id}
	}
	processes := []*Funding{s.funding, s.process(s.stripe)}
	for _, process := range processes {
		process.Start()
	}
	if _, err := s.server.Deliver(s.ctx(), s.address, stripetest.Mischief{Repeat: 0.5, Shuffle: true, Parallel: 8, Random: seeded(1)}); err != nil {
		t.Fatal(err)
	}
	s.await("all notices are processed", func() bool { return s.unprocessed() == 0 })
	for _, process := range processes {
		process.Stop()
	}
	for _, p := range purchases {
		s.expect(p.team, p.id, paidBooks())
	}
	s.check()
}

func TestAProcessThatDiesBetweenStoringAndLearningLeavesTheNoticeToOthers(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	id, session := s.newPurchase(team)
	s.pay(session)
	s.deliver()
	if claimed, err := s.funding.claimNotices(s.ctx()); err != nil || len(claimed) == 0 {
		t.Fatalf("%d claimed, %v", len(claimed), err)
	}
	other := s.process(s.stripe) // the first is dead
	if _, err := other.processNotices(s.ctx()); err != nil {
		t.Fatal(err)
	}
	s.expect(team, id, books{Status: models.PurchasePending}) // it might be slow, not dead
	s.exec(`UPDATE payment_notices SET due_at = now() WHERE due_at <= now() + $1::interval`, noticeLease)
	if _, err := other.processNotices(s.ctx()); err != nil {
		t.Fatal(err)
	}
	s.expect(team, id, paidBooks())
}

func TestAProcessThatDiesBetweenLearningAndMarkingGrantsOnce(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	id, session := s.newPurchase(team)
	s.pay(session)
	for _, message := range s.server.Messages() {
		notice, err := s.stripe.ParseNotice(message.Body, header(message))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.funding.learn(s.ctx(), id, notice.News); err != nil {
			t.Fatal(err)
		}
	}
	before := s.count(`SELECT version FROM purchases`)
	s.deliver()
	s.work()
	s.expect(team, id, paidBooks())
	if after := s.count(`SELECT version FROM purchases`); after != before {
		t.Errorf("learning the same again has changed the purchase: version %d after %d", after, before)
	}
	s.check()
}

func TestANoticeThatCannotBeProcessedHoldsUpNoOther(t *testing.T) {
	s := newShop(t)
	s.exec(`INSERT INTO payment_notices (provider, id, body, notice, received_at, due_at)
		SELECT 'stripe', 'evt_poisoned' || n, 'hush', '"hush"', now(), now() - interval '1 hour' FROM generate_series(1, 200) n`)
	team, stuck := s.newTeam(0), s.newTeam(0)
	id, session := s.newPurchase(team)
	stuckID, stuckSession := s.newPurchase(stuck)
	tx, err := s.db.Pool.Begin(s.ctx())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(s.ctx())
	if _, err := tx.Exec(s.ctx(), `SELECT FROM balances WHERE team_id = $1 FOR UPDATE`, stuck); err != nil {
		t.Fatal(err)
	}
	s.pay(stuckSession)
	s.pay(session)
	s.deliver()
	s.funding.Start()
	s.await("the other purchase is paid", func() bool { return s.books(team, id).Status == models.PurchasePaid })
	if status := s.books(stuck, stuckID).Status; status != models.PurchasePending {
		t.Errorf("the purchase of the locked team is %s", status)
	}
	s.await("all poisoned notices were tried", func() bool {
		return s.count(`SELECT count(*) FROM payment_notices WHERE id LIKE 'evt_poisoned%' AND attempts = 1 AND
			due_at BETWEEN now() AND now() + interval '11 seconds'`) == 200
	})
	if err := tx.Rollback(s.ctx()); err != nil {
		t.Fatal(err)
	}
	s.exec(`UPDATE payment_notices SET due_at = now() WHERE due_at IS NOT NULL AND id NOT LIKE 'evt_poisoned%'`)
	s.await("the locked team's is paid, too", func() bool { return s.books(stuck, stuckID).Status == models.PurchasePaid })
	if strings.Contains(s.log.String(), "hush") || !strings.Contains(s.log.String(), "evt_poisoned1") {
		t.Error("the log repeats what a notice says, or does not name it")
	}
}

func TestANoticeAboutNoPurchaseOfOursIsAskedForLessAndLessAndGivenUpAfterAMonth(t *testing.T) {
	s := newShop(t)
	session := s.checkout("purchase_of_another_program")
	s.pay(session)
	s.deliver()
	for attempts := 1; attempts <= 3; attempts++ {
		s.work()
		wait := waitAfter(attempts)
		if waiting := s.count(`
			SELECT count(*) FROM payment_notices
			WHERE attempts = $1 AND due_at BETWEEN now() + $2::interval - interval '5 seconds' AND now() + $2`, attempts, wait); waiting != 3 {
			t.Errorf("%d wait for %s after %d attempts", waiting, wait, attempts)
		}
		s.exec(`UPDATE payment_notices SET due_at = now()`)
	}
	s.exec(`UPDATE payment_notices SET received_at = now() - interval '31 days'`)
	s.work()
	if left := s.unprocessed(); left != 0 || strings.Count(s.log.String(), "level=ERROR msg=\"a payment notice is about no purchase that is known here\"") != 3 {
		t.Errorf("%d are left; logged:\n%s", left, s.log)
	}
}

func TestWaitsGrowUpToSixHours(t *testing.T) {
	for attempts, want := range map[int]time.Duration{
		1: 10 * time.Second, 2: 20 * time.Second, 3: 40 * time.Second, 12: 20480 * time.Second, 13: 6 * time.Hour,
		1_000_000: 6 * time.Hour,
	} {
		if wait := waitAfter(attempts); wait != want {
			t.Errorf("%s after %d attempts, want %s", wait, attempts, want)
		}
	}
}

func TestANoticeWhoseWaitEndsWhileItIsPutOffIsNotSleptOver(t *testing.T) {
	s := newShop(t)
	s.pay(s.checkout("purchase_unknown"))
	s.deliver()
	s.work()
	s.exec(`UPDATE payment_notices SET due_at = now(), attempts = 20`)
	claimed, err := s.funding.claimNotices(s.ctx())
	if err != nil || len(claimed) != 3 {
		t.Fatalf("%d claimed, %v", len(claimed), err)
	}
	// This is what learning of a session or payment does in the same moment.
	s.exec(`UPDATE payment_notices SET due_at = now() WHERE waits_for LIKE 'cs_%'`)
	for _, n := range claimed {
		if err := s.funding.putOff(s.ctx(), n, waitAfter(n.attempts), "pi_1"); err != nil {
			t.Fatal(err)
		}
	}
	if due := s.count(`SELECT count(*) FROM payment_notices WHERE due_at <= now() AND waits_for LIKE 'cs_%'`); due != 1 {
		t.Errorf("%d are due", due)
	}
	if later := s.count(`SELECT count(*) FROM payment_notices WHERE due_at > now() + interval '5 hours' AND waits_for = 'pi_1'`); later != 2 {
		t.Errorf("%d wait", later)
	}
}

func TestAProcessThatStopsGivesNoticesBack(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	id, session := s.newPurchase(team)
	s.pay(session)
	s.deliver()
	claimed, err := s.funding.claimNotices(s.ctx())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range claimed {
		s.funding.processNotice(cancelled(), n)
	}
	s.expect(team, id, books{Status: models.PurchasePending})
	s.work()
	s.expect(team, id, paidBooks())
}

func TestMoneyOfTheTestModeIsAMismatchForALivePurchase(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	id, session := s.newPurchase(team)
	s.exec(`UPDATE purchases SET live = true`)
	s.pay(session)
	s.deliver()
	s.work()
	got := s.books(team, id)
	if got.Attention != models.AttentionMismatch || got.Grants != 0 || got.Available != 0 {
		t.Errorf("%+v", got)
	}
	if left := s.unprocessed(); left != 0 {
		t.Errorf("%d notices are left", left)
	}
}

func TestNoticesOfOneProviderAreNotTakenForAnothers(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	id, session := s.newPurchase(team)
	s.exec(`UPDATE purchases SET provider = 'invoice'`)
	s.pay(session)
	s.deliver()
	s.work()
	s.expect(team, id, books{Status: models.PurchasePending})
	if _, err := s.funding.purchaseOf(s.ctx(), payment.StripeName, payment.Subject{}); err == nil {
		t.Error("a subject without ids is a purchase")
	}
}
