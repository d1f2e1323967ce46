package payment_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/payment"
	"productgenerator/payment/stripetest"
)

// inbox keeps what genuine notices tell.
type inbox struct {
	client *payment.Stripe

	mu   sync.Mutex // protects news
	news []payment.News
}

func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, payment.MaxNoticeBytes+1))
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	notice, err := i.client.ParseNotice(body, r.Header)
	if err != nil {
		http.Error(w, "not believed", http.StatusBadRequest)
		return
	}
	i.keep(notice.News)
}

func (i *inbox) keep(news payment.News) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.news = append(i.news, news)
}

// facts are what is known of each purchase. News that names only a payment waits for the news that says whose it is.
func (i *inbox) facts() map[string]payment.Facts {
	i.mu.Lock()
	defer i.mu.Unlock()
	owner := map[string]string{}
	for _, news := range i.news {
		if news.PurchaseID != "" {
			owner[news.SessionID], owner[news.PaymentID] = news.PurchaseID, news.PurchaseID
		}
	}
	known := map[string]payment.Facts{}
	for _, news := range i.news {
		purchase := news.PurchaseID
		if purchase == "" {
			purchase = owner[news.PaymentID]
		}
		known[purchase] = known[purchase].Merge(news.Facts)
	}
	return known
}

// history is what happens to one purchase.
type history struct {
	session  string
	paid     string
	late     bool
	refunds  []string
	disputes []string
}

// step lets something happen that is possible now; it may be nothing.
func (h *history) step(t *testing.T, random *rand.Rand, server *stripetest.Server) {
	t.Helper()
	var err error
	switch choice := random.IntN(10); {
	case h.paid == "" && choice < 6:
		h.paid, err = server.Pay(h.session)
	case h.paid == "" && choice < 8:
		h.late = true
		h.paid, err = server.PayLater(h.session)
	case h.paid == "":
		h.paid, err = "none", server.Expire(h.session)
	case h.late:
		h.late = false
		arrives := choice < 6
		if err = server.ArriveLate(h.session, arrives); !arrives {
			h.paid = "none"
		}
	case h.paid == "none":
	case choice < 3:
		if refund, err := server.Refund(h.paid, 1+random.Int64N(2500)); err == nil {
			h.refunds = append(h.refunds, refund)
		}
	case choice < 4 && len(h.refunds) > 0:
		last := len(h.refunds) - 1
		err = server.FailRefund(h.refunds[last])
		h.refunds = h.refunds[:last]
	case choice < 7:
		var dispute string
		dispute, err = server.OpenDispute(h.paid, 1+random.Int64N(4900))
		h.disputes = append(h.disputes, dispute)
	case len(h.disputes) > 0:
		dispute := h.disputes[random.IntN(len(h.disputes))]
		err = server.MoveDispute(dispute, []string{"won", "lost", "under_review"}[random.IntN(3)])
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestFiveHundredHistoriesEndAsTheProviderSeesThem delivers the notices of 500 purchases shuffled, repeated, delayed
// and beside forgeries while things still happen. What the notices tell is what reading each session tells, and no
// forgery is believed. With notices dropped, the provider's list of events mends it.
func TestFiveHundredHistoriesEndAsTheProviderSeesThem(t *testing.T) {
	for name, test := range map[string]struct {
		histories int
		drop      float64
	}{
		"none_dropped": {histories: 500},
		"some_dropped": {histories: 100, drop: 0.2},
	} {
		t.Run(name, func(t *testing.T) {
			var minutes atomic.Int64 // since noon
			c := newCounterAt(t, func() time.Time { return noon().Add(time.Duration(minutes.Load()) * time.Minute) })
			box := &inbox{client: c.Stripe}
			receiver := httptest.NewServer(box)
			defer receiver.Close()
			random := rand.New(rand.NewPCG(20261123, 4))
			mischief := stripetest.Mischief{
				Shuffle: true, Repeat: 0.2, Delay: 0.3, Drop: test.drop, Forge: 0.2, Parallel: 8, Random: random,
			}
			histories := make([]history, test.histories)
			for i := range histories {
				session := c.start(t, fmt.Sprintf("p%03d", i))
				histories[i].session = session.ID
				box.keep(session.News)
			}
			var delivered stripetest.Delivery
			for range 6 {
				minutes.Add(1)
				for i := range histories {
					histories[i].step(t, random, c.server)
				}
				round := must[stripetest.Delivery](t)(c.server.Deliver(t.Context(), receiver.URL, mischief))
				delivered.Forged += round.Forged
				delivered.ForgedAccepted = append(delivered.ForgedAccepted, round.ForgedAccepted...)
				delivered.Dropped += round.Dropped
			}
			must[stripetest.Delivery](t)(c.server.DeliverAll(t.Context(), receiver.URL, mischief, 50))
			if delivered.Forged < test.histories || len(delivered.ForgedAccepted) > 0 {
				t.Errorf("of %d forgeries were accepted: %v", delivered.Forged, delivered.ForgedAccepted)
			}
			if test.drop > 0 {
				for notice, err := range c.Notices(t.Context(), noon().Add(-72*time.Hour)) {
					if err != nil {
						t.Fatal(err)
					}
					box.keep(notice.News)
				}
			}
			seen := map[payment.Status]int{}
			known := box.facts()
			for news, err := range c.Sessions(t.Context(), noon().Add(-72*time.Hour)) {
				if err != nil {
					t.Fatal(err)
				}
				want, got := news.Facts.Standing(price()), known[news.PurchaseID].Standing(price())
				want.Declined, got.Declined = "", ""
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%s: %s", news.PurchaseID, diff)
				}
				seen[got.Status]++
			}
			if least := test.histories / 50; seen[payment.Paid] < least || seen[payment.Failed] < least || seen[payment.Expired] < least {
				t.Errorf("too few of a kind: %v", seen)
			}
		})
	}
}
