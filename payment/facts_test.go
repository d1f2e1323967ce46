package payment_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"productgenerator/payment"
)

// anyFacts are facts of few ids and values, so that two of them often speak of the same thing.
func anyFacts() *rapid.Generator[payment.Facts] {
	minor := rapid.Int64Range(0, 3)
	currency := rapid.SampledFrom([]string{"EUR", "USD"})
	money := rapid.Custom(func(t *rapid.T) payment.Facts {
		return ofPayment(t, payment.Payment{Received: []payment.Money{{
			AmountMinor: minor.Draw(t, "received"), Currency: currency.Draw(t, "currency"), Live: rapid.Bool().Draw(t, "live"),
		}}})
	})
	session := rapid.Custom(func(t *rapid.T) payment.Facts {
		return payment.Facts{Sessions: map[string]payment.SessionState{
			rapid.SampledFrom([]string{"cs_1", "cs_2"}).Draw(t, "session"): rapid.SampledFrom([]payment.SessionState{
				payment.SessionOpen, payment.SessionExpired, payment.SessionProcessing, payment.SessionFailed, payment.SessionPaid,
				"UNKNOWN",
			}).Draw(t, "state"),
		}}
	})
	refund := rapid.Custom(func(t *rapid.T) payment.Facts {
		return ofPayment(t, payment.Payment{Refunds: map[string]payment.Refund{
			rapid.SampledFrom([]string{"re_1", "re_2"}).Draw(t, "refund"): {
				AmountMinor: minor.Draw(t, "refunded"),
				State: rapid.SampledFrom([]payment.RefundState{
					payment.RefundPending, payment.RefundSucceeded, payment.RefundFailed,
				}).Draw(t, "state"),
				RequestKey: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "key"),
			},
		}})
	})
	dispute := rapid.Custom(func(t *rapid.T) payment.Facts {
		return ofPayment(t, payment.Payment{Disputes: map[string]payment.Dispute{
			rapid.SampledFrom([]string{"dp_1", "dp_2"}).Draw(t, "dispute"): {
				ToldAt: minor.Draw(t, "told"), AmountMinor: minor.Draw(t, "disputed"), Currency: currency.Draw(t, "currency"),
				State: rapid.SampledFrom([]payment.DisputeState{
					payment.DisputeInquiry, payment.DisputeDropped, payment.DisputeOpen, payment.DisputeLost, payment.DisputeWon,
				}).Draw(t, "state"),
			},
		}})
	})
	rest := rapid.Custom(func(t *rapid.T) payment.Facts {
		return ofPayment(t, payment.Payment{
			Processing: rapid.Bool().Draw(t, "processing"), Declined: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "declined"),
			RefundSumMinor: minor.Draw(t, "sum"), ReceiptURL: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "receipt"),
			Saved: payment.SavedMethod{
				Customer: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "customer"),
				Method:   rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "method"),
			},
		})
	})
	none := rapid.Just(payment.Facts{})
	return rapid.Custom(func(t *rapid.T) payment.Facts {
		var all payment.Facts
		for _, facts := range rapid.SliceOfN(rapid.OneOf(money, session, refund, dispute, rest, none), 0, 4).Draw(t, "facts") {
			all = all.Merge(facts)
		}
		return all
	})
}

func ofPayment(t *rapid.T, p payment.Payment) payment.Facts {
	return payment.Facts{Payments: map[string]payment.Payment{
		rapid.SampledFrom([]string{"pi_1", "pi_2"}).Draw(t, "payment"): p,
	}}
}

func TestFactsMergeAsASemilatticeAndAreNeverAltered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyFacts().Draw(t, "a"), anyFacts().Draw(t, "b"), anyFacts().Draw(t, "c")
		before := fmt.Sprintf("%#v %#v %#v", a, b, c)
		for law, pair := range map[string][2]payment.Facts{
			"commutative": {a.Merge(b), b.Merge(a)},
			"associative": {a.Merge(b).Merge(c), a.Merge(b.Merge(c))},
			"idempotent":  {a.Merge(a), a},
			"absorbing":   {a.Merge(b).Merge(a), a.Merge(b)},
			"neutral":     {payment.Facts{}.Merge(a), a},
		} {
			if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
				t.Errorf("not %s: %s", law, diff)
			}
		}
		if after := fmt.Sprintf("%#v %#v %#v", a, b, c); after != before {
			t.Errorf("%s became %s", before, after)
		}
	})
}

func TestWhatWasToldLastOfADisputeHolds(t *testing.T) {
	told := func(at int64, state payment.DisputeState) payment.Facts {
		return payment.Facts{Payments: map[string]payment.Payment{"pi_1": {Disputes: map[string]payment.Dispute{
			"dp_1": {ToldAt: at, AmountMinor: 100, Currency: "EUR", State: state},
		}}}}
	}
	for _, test := range []struct {
		earlier, later payment.Facts
		want           payment.DisputeState
	}{
		{told(1, payment.DisputeOpen), told(2, payment.DisputeWon), payment.DisputeWon},
		{told(1, payment.DisputeWon), told(2, payment.DisputeOpen), payment.DisputeOpen},
		{told(1, payment.DisputeWon), told(2, payment.DisputeLost), payment.DisputeLost},
		{told(1, payment.DisputeLost), told(2, payment.DisputeWon), payment.DisputeWon},
		{told(1, payment.DisputeDropped), told(2, payment.DisputeOpen), payment.DisputeOpen},
		{told(1, payment.DisputeOpen), told(1, payment.DisputeWon), payment.DisputeWon},
		{told(1, payment.DisputeOpen), told(1, payment.DisputeLost), payment.DisputeLost},
	} {
		for _, known := range []payment.Facts{test.earlier.Merge(test.later), test.later.Merge(test.earlier)} {
			if state := known.Payments["pi_1"].Disputes["dp_1"].State; state != test.want {
				t.Errorf("%s, not %s", state, test.want)
			}
		}
	}
}

func TestFactsAreTheSameAfterStorage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := anyFacts().Draw(t, "facts")
		stored, err := json.Marshal(facts)
		if err != nil {
			t.Fatal(err)
		}
		var read payment.Facts
		if err := json.Unmarshal(stored, &read); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(facts, read); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTheSumsOfAStandingAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := anyFacts().Draw(t, "facts")
		expected := payment.Money{AmountMinor: 3, Currency: "EUR"}
		s := facts.Standing(expected)
		parts := []int64{s.KeptMinor, s.OverpaidMinor, s.RefundedMinor, s.DisputedMinor, s.LostMinor}
		var sum int64
		for _, part := range parts {
			if sum += part; part < 0 {
				t.Errorf("negative in %+v", s)
			}
		}
		if sum != s.PaidMinor || s.KeptMinor > expected.AmountMinor {
			t.Errorf("standing %+v", s)
		}
		if (s.Status == payment.Paid) != (s.PaymentID != "") || (s.PaymentID != "") != (s.PaidMinor > 0) {
			t.Errorf("standing %+v", s)
		}
		if (s.Declined != "") && s.Status != payment.Failed {
			t.Errorf("standing %+v", s)
		}
	})
}

// TestAll120OrdersOfFiveHappeningsGiveOneStanding groups what the provider says by what happened and tells the groups
// in every order.
func TestAll120OrdersOfFiveHappeningsGiveOneStanding(t *testing.T) {
	c := newCounter(t)
	session := c.start(t, "p1")
	var paid, dispute string
	happenings := [][]payment.Notice{
		c.after(t, func() { paid = must[string](t)(c.server.Pay(session.ID)) }),
		c.after(t, func() { must[string](t)(c.server.Refund(paid, 1000)) }),
		c.after(t, func() { dispute = must[string](t)(c.server.OpenDispute(paid, 3900)) }),
		c.after(t, func() {
			if err := c.server.MoveDispute(dispute, "won"); err != nil {
				t.Fatal(err)
			}
		}),
		c.after(t, func() { must[string](t)(c.server.Refund(paid, 900)) }),
	}
	want := payment.Standing{
		Status: payment.Paid, PaymentID: paid, PaidMinor: 4900, RefundedMinor: 1900, KeptMinor: 3000,
		ReceiptURL: c.server.URL() + "/receipts/" + c.server.Object(paid)["latest_charge"].(string),
	}
	orders := 0
	for _, order := range permutations(len(happenings)) {
		known := session.News.Facts
		for _, happening := range order {
			for _, notice := range happenings[happening] {
				known = payment.Fold(known, notice)
			}
		}
		if diff := cmp.Diff(want, known.Standing(price())); diff != "" {
			t.Fatalf("in the order %v: %s", order, diff)
		}
		orders++
	}
	if orders != 120 {
		t.Errorf("%d orders", orders)
	}
}

// after is what the provider has to say about what do made happen.
func (c counter) after(t *testing.T, do func()) []payment.Notice {
	t.Helper()
	before := len(c.server.Messages())
	do()
	return c.notices(t)[before:]
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, shorter := range permutations(n - 1) {
		for place := range n {
			longer := append(append(append([]int{}, shorter[:place]...), n-1), shorter[place:]...)
			all = append(all, longer)
		}
	}
	return all
}

func TestRandomMultisetsOfNoticesGiveOneSetOfFacts(t *testing.T) {
	c := newCounter(t)
	session := c.start(t, "p1")
	paid := must[string](t)(c.server.Pay(session.ID))
	for _, amount := range []int64{100, 200, 300} {
		refund := must[string](t)(c.server.Refund(paid, amount))
		dispute := must[string](t)(c.server.OpenDispute(paid, amount))
		if amount == 200 {
			if err := c.server.FailRefund(refund); err != nil {
				t.Fatal(err)
			}
			if err := c.server.MoveDispute(dispute, "lost"); err != nil {
				t.Fatal(err)
			}
		}
	}
	notices := c.notices(t)
	var want payment.Facts
	for _, notice := range notices {
		want = payment.Fold(want, notice)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		heap := append([]payment.Notice{}, notices...)
		for range random.IntN(40) {
			heap = append(heap, notices[random.IntN(len(notices))])
		}
		random.Shuffle(len(heap), func(i, j int) { heap[i], heap[j] = heap[j], heap[i] })
		var got payment.Facts
		for _, notice := range heap {
			got = payment.Fold(got, notice)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestWhatIsReadOfADisputeIsNewerThanWhatWasToldBefore(t *testing.T) {
	now := noon()
	c := newCounterAt(t, func() time.Time { return now })
	session := must[payment.Session](t)(c.StartCheckout(t.Context(), checkout("p1")))
	dispute := must[string](t)(c.server.OpenDispute(must[string](t)(c.server.Pay(session.ID)), 1000))
	move := func(status string) payment.Facts {
		now = now.Add(time.Hour)
		if err := c.server.MoveDispute(dispute, status); err != nil {
			t.Fatal(err)
		}
		return must[payment.News](t)(c.Session(t.Context(), session.ID)).Facts
	}
	won, open := move("won"), move("needs_response")
	if standing := won.Merge(open).Standing(price()); standing.DisputedMinor != 1000 {
		t.Errorf("standing %+v", standing)
	}
}
