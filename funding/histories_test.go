package funding

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"productgenerator/models"
	"productgenerator/payment"
	"productgenerator/payment/stripetest"
)

const (
	histories = 500

	// rounds is how many things happen in each history, one in each round.
	rounds = 6

	// holding is how many tokens a team reserves at once.
	holding models.Tokens = 210
)

// history is a team that buys, while its payers, their banks and the provider's staff do what they like. It does what it
// does by the random numbers of its own seed.
type history struct {
	*shop
	random    *rand.Rand
	team      models.TeamID
	gift      models.Tokens
	spent     models.Tokens
	held      []models.GenerationID
	purchases []*bought
	diary     []string
}

// bought is a purchase with what has been done about it at the provider.
type bought struct {
	id        models.PurchaseID
	session   payment.Session
	paymentID string
	mismatch  bool
	refunds   []string
	disputes  []string
}

// TestFiveHundredHistoriesEndAsTheProviderSays lets 500 teams buy, be refunded and disputed and spend at once, on two
// processes, while their notices are shuffled, repeated, delayed, dropped and forged. In the end, after one comparison
// with the provider's lists, every purchase and every token is where the provider's own state says, by sums that know
// nothing of notices and facts.
func TestFiveHundredHistoriesEndAsTheProviderSays(t *testing.T) {
	s := newShop(t)
	all := make([]*history, histories)
	for i := range all {
		h := &history{shop: s, random: seeded(uint64(i))}
		h.gift = []models.Tokens{0, 0, 100, 400}[h.random.IntN(4)]
		h.team = s.newTeam(h.gift)
		all[i] = h
	}
	processes := []*Funding{s.funding, s.process(s.stripe)}
	for _, process := range processes {
		process.Start()
	}
	mischief := stripetest.Mischief{
		Shuffle: true, Repeat: 0.05, Delay: 0.2, Drop: 0.15, Forge: 0.1, Parallel: 16, Random: seeded(1),
	}
	var sum stripetest.Delivery
	for range rounds {
		together(all, (*history).step)
		delivery, err := s.server.Deliver(s.ctx(), s.address, mischief)
		if err != nil {
			t.Fatal(err)
		}
		add(&sum, delivery)
	}
	mischief.Drop = 0
	delivery, err := s.server.DeliverAll(s.ctx(), s.address, mischief, 50)
	if err != nil {
		t.Fatal(err)
	}
	add(&sum, delivery)
	repaired, err := s.funding.Reconcile(s.ctx())
	if err != nil {
		t.Fatal(err)
	}
	s.await("all notices are processed", func() bool { return s.unprocessed() == 0 })
	together(all, (*history).settleAll)
	for _, process := range processes {
		process.Stop()
	}
	t.Logf("deliveries %+v, repaired %+v", sum, repaired)
	if sum.Refused > 0 || sum.Dropped == 0 || sum.Delayed == 0 || sum.Forged == 0 || repaired.Notices < sum.Dropped {
		t.Errorf("deliveries %+v, repaired %+v", sum, repaired)
	}
	for _, forgery := range sum.ForgedAccepted {
		t.Errorf("a forged notice was accepted: %s", forgery)
	}
	if forged := s.count(`SELECT count(*) FROM payment_notices WHERE id LIKE 'evt_forged%'`); forged > 0 {
		t.Errorf("%d forged notices are stored", forged)
	}
	together(all, (*history).compare)
	s.check()
}

func add(sum *stripetest.Delivery, d stripetest.Delivery) {
	sum.Sent += d.Sent
	sum.Dropped += d.Dropped
	sum.Delayed += d.Delayed
	sum.Refused += d.Refused
	sum.Forged += d.Forged
	sum.ForgedAccepted = append(sum.ForgedAccepted, d.ForgedAccepted...)
}

// together has all histories do it, eight at a time.
func together(all []*history, do func(*history)) {
	queue := make(chan *history)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for h := range queue {
				do(h)
			}
		})
	}
	for _, h := range all {
		queue <- h
	}
	close(queue)
	workers.Wait()
}

// step lets one thing happen, and the team spend.
func (h *history) step() {
	paid := h.paid()
	switch choice := h.random.IntN(10); {
	case len(h.purchases) == 0, choice == 0 && len(h.purchases) < 3:
		h.buy()
	case len(paid) == 0:
		h.finish(h.purchases[h.random.IntN(len(h.purchases))])
	case choice < 4:
		h.refund(paid[h.random.IntN(len(paid))])
	case choice < 7:
		h.dispute(paid[h.random.IntN(len(paid))])
	default:
		h.finish(h.purchases[h.random.IntN(len(h.purchases))])
	}
	h.use()
}

// paid are the purchases whose money has come as expected.
func (h *history) paid() (paid []*bought) {
	for _, b := range h.purchases {
		if h.server.Object(b.session.ID)["payment_status"] == "paid" && !b.mismatch {
			paid = append(paid, b)
		}
	}
	return paid
}

func (h *history) note(what string, err error) {
	h.diary = append(h.diary, what)
	if err != nil {
		h.t.Errorf("%s: %s: %v", h.team, what, err)
	}
}

// buy opens a checkout. The answer may be lost.
func (h *history) buy() {
	b := &bought{}
	b.id, b.session = h.newPurchase(h.team)
	h.purchases = append(h.purchases, b)
	heard := h.random.IntN(4) > 0
	h.note(fmt.Sprintf("buy, heard %t", heard), nil)
	if heard {
		h.note("learn of the checkout", h.funding.learn(h.ctx(), b.id, b.session.News))
	}
}

// finish lets a checkout come to something.
func (h *history) finish(b *bought) {
	var err error
	session := h.server.Object(b.session.ID)
	switch choice := h.random.IntN(20); {
	case session["status"] == "complete" && session["payment_status"] == "unpaid":
		intent := h.server.Object(b.paymentID)
		if intent["status"] != "processing" {
			return // the bank has refused
		}
		arrives := choice < 14
		h.note(fmt.Sprintf("money arrives late: %t", arrives), h.server.ArriveLate(b.session.ID, arrives))
	case session["status"] != "open":
	case choice < 12:
		b.paymentID, err = h.server.Pay(b.session.ID)
		h.note("pay", err)
	case choice < 16:
		b.paymentID, err = h.server.PayLater(b.session.ID)
		h.note("pay later", err)
	case choice < 17:
		b.mismatch = true
		b.paymentID, err = h.server.PayOther(b.session.ID, boughtFor+1, "eur")
		h.note("pay too much", err)
	case choice < 19:
		h.note("expire", h.server.Expire(b.session.ID))
	}
}

// refund pays a part or all that is left back, or lets a refund fail.
func (h *history) refund(b *bought) {
	if len(b.refunds) > 0 && h.random.IntN(3) == 0 {
		id := b.refunds[h.random.IntN(len(b.refunds))]
		if h.server.Object(id)["status"] == "succeeded" {
			h.note("fail a refund", h.server.FailRefund(id))
		}
		return
	}
	left := boughtFor - h.refunded(b)
	if left == 0 {
		return
	}
	amount := 1 + h.random.Int64N(left)
	if h.random.IntN(3) == 0 {
		amount = left
	}
	id, err := h.server.Refund(b.paymentID, amount)
	h.note(fmt.Sprintf("refund %d", amount), err)
	b.refunds = append(b.refunds, id)
}

// dispute opens a dispute or an inquiry, or moves one.
func (h *history) dispute(b *bought) {
	if len(b.disputes) > 0 && h.random.IntN(4) > 0 {
		id := b.disputes[h.random.IntN(len(b.disputes))]
		var next []string
		switch h.server.Object(id)["status"] {
		case "needs_response":
			next = []string{"won", "lost", "under_review"}
		case "under_review":
			next = []string{"won", "lost"}
		case "warning_needs_response":
			next = []string{"warning_closed", "needs_response"}
		default:
			return // decided
		}
		status := next[h.random.IntN(len(next))]
		h.note("dispute "+status, h.server.MoveDispute(id, status))
		return
	}
	open, what := h.server.OpenDispute, "dispute"
	if h.random.IntN(4) == 0 {
		open, what = h.server.OpenInquiry, "inquiry"
	}
	amount := 1 + h.random.Int64N(boughtFor)
	id, err := open(b.paymentID, amount)
	h.note(fmt.Sprintf("%s %d", what, amount), err)
	b.disputes = append(b.disputes, id)
}

// use reserves, captures and releases, as far as there are tokens.
func (h *history) use() {
	for range h.random.IntN(3) {
		id, ok := h.hold(h.team, holding)
		if !ok {
			break
		}
		h.held = append(h.held, id)
	}
	for len(h.held) > 0 && h.random.IntN(2) == 0 {
		h.settleOne()
	}
}

func (h *history) settleOne() {
	id := h.held[0]
	h.held = h.held[1:]
	captured := map[models.Part]bool{
		models.PartShortDescription: h.random.IntN(4) > 0, models.PartLongDescription: h.random.IntN(4) > 0,
	}
	h.settle(h.team, id, captured)
	if captured[models.PartShortDescription] {
		h.spent += holding / 3
	}
	if captured[models.PartLongDescription] {
		h.spent += holding - holding/3
	}
}

func (h *history) settleAll() {
	for len(h.held) > 0 {
		h.settleOne()
	}
}

// refunded is what was paid back of a purchase and has not failed.
func (h *history) refunded(b *bought) (sum int64) {
	for _, id := range b.refunds {
		if refund := h.server.Object(id); refund["status"] == "succeeded" {
			sum += refund["amount"].(int64)
		}
	}
	return sum
}

func (h *history) failedRefund(b *bought) bool {
	return slices.ContainsFunc(b.refunds, func(id string) bool { return h.server.Object(id)["status"] == "failed" })
}

// disputed is what disputes of those statuses take.
func (h *history) disputed(b *bought, statuses ...string) (sum int64) {
	for _, id := range b.disputes {
		dispute := h.server.Object(id)
		for _, status := range statuses {
			if dispute["status"] == status {
				sum += dispute["amount"].(int64)
			}
		}
	}
	return sum
}

// expected is what a purchase has come to by the provider's own state, and how many of its tokens the team keeps.
func (h *history) expected(b *bought) (want books, kept models.Tokens) {
	session := h.server.Object(b.session.ID)
	switch {
	case b.mismatch:
		return books{Status: models.PurchasePending, Attention: models.AttentionMismatch}, 0
	case session["status"] == "expired":
		return books{Status: models.PurchaseExpired}, 0
	case session["payment_status"] != "paid" && b.paymentID != "" && h.server.Object(b.paymentID)["status"] != "processing":
		return books{Status: models.PurchaseFailed}, 0
	case session["payment_status"] != "paid":
		return books{Status: models.PurchasePending}, 0
	}
	refunded, disputed := h.refunded(b), h.disputed(b, "needs_response", "under_review", "lost")
	left := max(0, boughtFor-refunded-disputed)
	kept = models.Tokens(int64(boughtTokens) * left / boughtFor)
	want = books{Status: models.PurchasePaid, RefundedMinor: refunded, RefundedTokens: boughtTokens - kept, Grants: 1}
	switch {
	case disputed > 0 && refunded < boughtFor:
		want.Status = models.PurchaseDisputed
	case refunded == boughtFor:
		want.Status = models.PurchaseRefunded
	case refunded > 0:
		want.Status = models.PurchasePartiallyRefunded
	}
	return want, kept
}

// compare compares with the provider's own state.
func (h *history) compare() {
	balance, grants := h.gift-h.spent, 0
	for _, b := range h.purchases {
		want, kept := h.expected(b)
		balance += kept
		grants += want.Grants
		got := h.books(h.team, b.id)
		if got.Attention == models.AttentionRefundFailed && h.failedRefund(b) {
			got.Attention = "" // it lasts until somebody has seen to it, which no sum knows
		}
		want.Grants, want.Available, want.Debt = got.Grants, got.Available, got.Debt
		if diff := cmp.Diff(want, got); diff != "" {
			h.t.Errorf("%s of %s (-want +got):\n%s\n%s", b.id, h.team, diff, strings.Join(h.diary, "\n"))
		}
	}
	if len(h.purchases) == 0 {
		return
	}
	got := h.books(h.team, h.purchases[0].id)
	if got.Grants != grants || got.Available != max(balance, 0) || got.Debt != max(-balance, 0) {
		h.t.Errorf("%s has %d grants, %d tokens and %d debt; want %d grants and %d tokens\n%s",
			h.team, got.Grants, got.Available, got.Debt, grants, balance, strings.Join(h.diary, "\n"))
	}
}
