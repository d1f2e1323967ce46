package funding

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/models"
	"productgenerator/payment"
	"productgenerator/payment/stripetest"
)

// Steps of a purchase's life, in the order in which they happen.
const (
	stepPaid = iota
	stepRefund
	stepDisputeOpened
	stepDisputeWon
	stepSecondRefund
	steps
)

func stepNames() []string { return []string{"paid", "refund", "dispute", "won", "second refund"} }

// tale is what a provider told of one purchase, step by step.
type tale struct {
	team models.TeamID
	id   models.PurchaseID
	news [steps][]payment.News
}

// tell has a purchase live through all steps, and returns what the notices said of each.
func (s *shop) tell() (told tale) {
	s.t.Helper()
	var session payment.Session
	told.id, session = s.newPurchase(s.newTeam(0))
	var paymentID, disputeID string
	var err error
	for step, happen := range [steps]func(){
		stepPaid:          func() { paymentID, err = s.server.Pay(session.ID) },
		stepRefund:        func() { _, err = s.server.Refund(paymentID, 300) },
		stepDisputeOpened: func() { disputeID, err = s.server.OpenDispute(paymentID, 500) },
		stepDisputeWon:    func() { err = s.server.MoveDispute(disputeID, "won") },
		stepSecondRefund:  func() { _, err = s.server.Refund(paymentID, 101) },
	} {
		if happen(); err != nil {
			s.t.Fatal(err)
		}
		told.news[step] = s.hear()
	}
	return told
}

// again is the same tale of another purchase, of a new team.
func (s *shop) again(told tale, gift models.Tokens, number int) tale {
	s.t.Helper()
	other := tale{team: s.newTeam(gift), id: models.NewPurchaseID(time.Now())}
	s.exec(insertPurchaseSQL, other.id, other.team, s.buyer, boughtTokens, boughtFor)
	text, err := json.Marshal(told.news)
	if err != nil {
		s.t.Fatal(err)
	}
	renamed := strings.NewReplacer(
		string(told.id), string(other.id), `"pi_`, fmt.Sprintf(`"pi_%d_`, number), `"cs_`, fmt.Sprintf(`"cs_%d_`, number),
	).Replace(string(text))
	if err := json.Unmarshal([]byte(renamed), &other.news); err != nil {
		s.t.Fatal(err)
	}
	return other
}

// hear is what the notices say that wait to be delivered. They reach nobody else.
func (s *shop) hear() (heard []payment.News) {
	s.t.Helper()
	ear := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			s.t.Error(err)
		}
		notice, err := s.stripe.ParseNotice(body, r.Header)
		if err != nil {
			s.t.Error(err)
		}
		heard = append(heard, notice.News) // they come one at a time
	}))
	defer ear.Close()
	if _, err := s.server.Deliver(s.ctx(), ear.URL, stripetest.Mischief{}); err != nil {
		s.t.Fatal(err)
	}
	return heard
}

// orders are all orders of n things.
func orders(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, shorter := range orders(n - 1) {
		for at := range n {
			order := append(append(append([]int{}, shorter[:at]...), n-1), shorter[at:]...)
			all = append(all, order)
		}
	}
	return all
}

// spending is what a team does with its tokens beside it all: how many it has before and how many of these it has spent
// before anything happens, and how many it tries to spend twice after each step.
type spending struct {
	name                  string
	gift, before, between models.Tokens
}

// TestEveryOrderOfWhatHappensToAPurchaseHasOneEnd learns the 120 orders of a payment, two refunds of it, and a dispute
// that is opened and won, each for teams that spend differently. Of 900 cents 401 are paid back: 290 of 650 tokens.
func TestEveryOrderOfWhatHappensToAPurchaseHasOneEnd(t *testing.T) {
	s := newShop(t)
	queue := make(chan func())
	var workers sync.WaitGroup
	for range 6 {
		workers.Go(func() {
			for run := range queue {
				run()
			}
		})
	}
	all := orders(steps)
	if len(all) != 120 {
		t.Fatalf("%d orders", len(all))
	}
	told := s.tell()
	for i, spending := range []spending{
		{name: "of a team that spends nothing"},
		{name: "of a team that had spent before", gift: 100, before: 90},
		{name: "of a team that spends what it can", gift: 50, before: 45, between: 300},
	} {
		for k, order := range all {
			queue <- func() { s.liveThrough(s.again(told, spending.gift, i*len(all)+k), order, spending) }
		}
	}
	close(queue)
	workers.Wait()
	s.check()
}

func (s *shop) liveThrough(told tale, order []int, spending spending) {
	var names []string
	var spent models.Tokens
	spend := func(tokens models.Tokens) {
		if tokens > 0 {
			spent += s.spend(told.team, tokens)
		}
	}
	spend(spending.before)
	for _, step := range order {
		names = append(names, stepNames()[step])
		for _, news := range told.news[step] {
			if err := s.funding.learn(s.ctx(), told.id, news); err != nil {
				s.t.Errorf("%s: %s: %v", spending.name, strings.Join(names, ", "), err)
				return
			}
		}
		spend(spending.between)
		spend(spending.between)
	}
	const takenBack = 290 // 650 - ⌊650 × 499 / 900⌋
	left := spending.gift + boughtTokens - takenBack - spent
	want := books{
		Status: models.PurchasePartiallyRefunded, RefundedMinor: 401, RefundedTokens: takenBack, Grants: 1,
		Available: max(left, 0), Debt: max(-left, 0),
	}
	if diff := cmp.Diff(want, s.books(told.team, told.id)); diff != "" {
		s.t.Errorf("%s: %s: (-want +got)\n%s", spending.name, strings.Join(names, ", "), diff)
	}
}
