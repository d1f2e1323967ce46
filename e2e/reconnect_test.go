package e2e_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// watcher follows a balance through connections that break, and holds what it sees to the rules.
type watcher struct {
	*user
	open     func(*user) *stream
	answered *atomic.Int64 // the highest version that a mutation has answered
	seen     balance       // the newest
	connects int
}

// follow reads on from connection to connection until over is closed, each cut after a few events, and then on the last
// until the balance is the final one.
func (w *watcher) follow(over <-chan struct{}, final *balance) {
	for {
		known := w.answered.Load()
		s := w.open(w.user)
		w.connects++
		first, _ := until(s, func(balanceEvent) bool { return true })
		if first.BalanceChanged.Version < known {
			w.t.Errorf("a connection began with version %d, an answer had version %d before", first.BalanceChanged.Version, known)
		}
		w.see(first.BalanceChanged, w.seen.Version)
		for range rand.IntN(6) {
			select {
			case <-over:
				for w.seen.Version < final.Version {
					event, _ := until(s, func(balanceEvent) bool { return true })
					w.see(event.BalanceChanged, w.seen.Version+1)
				}
				if w.seen != *final {
					w.t.Errorf("the subscription ended with %+v, the query says %+v", w.seen, *final)
				}
				return
			case e := <-s.events:
				var event balanceEvent
				if err := json.Unmarshal(e.data, &event); err != nil {
					w.t.Errorf("%v: %.500s", err, e.data)
				}
				w.see(event.BalanceChanged, w.seen.Version+1)
			}
		}
		s.hangUp()
	}
}

// see takes a balance in, whose version is to be that or higher.
func (w *watcher) see(now balance, least int64) {
	if now.Version < least {
		w.t.Errorf("version %d came after version %d", now.Version, w.seen.Version)
	}
	w.seen = now
}

func TestReconnectingSubscribersConvergeAndNeverStepBack(t *testing.T) {
	t.Parallel()
	const spends, spenders = 100, 4
	a, b, database := startTwo(t, append(delivering(), administration()...)...)
	ada := a.signUp("Ada", "")
	products := ada.createProducts(spends)
	root := a.administrator()
	root.allow(ada.team, -1)
	root.grant(ada.team, 10*spends, "for all of them")

	var answered atomic.Int64
	var final balance
	over := make(chan struct{}) // closed when final is known
	overSocket := func(u *user) *stream { return u.watchBalance(u.team) }
	overEvents := func(u *user) *stream { return u.watchEvents(balanceChanged, vars{"teamId": u.team}) }
	watchers := []*watcher{
		{user: ada, open: overSocket},
		{user: ada.at(b), open: overSocket},
		{user: ada.at(b), open: overSocket},
		{user: ada, open: overEvents},
		{user: ada.at(b), open: overEvents},
	}
	at := []*user{ada, ada.at(b)}
	together(t, len(watchers)+1, func(i int) {
		if i < len(watchers) {
			watchers[i].answered = &answered
			watchers[i].follow(over, &final)
			return
		}
		runs := make([]string, spends)
		together(t, spenders, func(s int) {
			for i := s; i < spends; i += spenders {
				run := at[i%2].search(products[i], fmt.Sprint("spend ", i))
				if run.Generation == nil {
					t.Errorf("spend %d: %+v", i, run.UserErrors)
					return
				}
				runs[i] = run.Generation.ID
				raise(&answered, run.Balance.Version)
			}
		})
		for _, run := range runs {
			ada.awaitFinished(run)
		}
		final = ada.readBalance(ada.team)
		close(over)
	})
	var connects []int
	for _, w := range watchers {
		connects = append(connects, w.connects)
	}
	t.Logf("connections of the subscribers: %v", connects)
	if slices.Max(connects) < 3 {
		t.Error("hardly any connection was cut")
	}
	if final.Available != 195 || final.Reserved != 0 {
		t.Errorf("in the end: %+v", final)
	}
	checkBooks(t, database)
}

// raise sets what is highest so far.
func raise(highest *atomic.Int64, value int64) {
	for {
		old := highest.Load()
		if value <= old || highest.CompareAndSwap(old, value) {
			return
		}
	}
}

func TestASignedOutSessionHearsNoMore(t *testing.T) {
	t.Parallel()
	a, b, _ := startTwo(t)
	ada := a.signUp("Ada", "")
	socket := ada.at(b).watchBalance(ada.team) // at the process that does not sign out
	events := ada.at(b).watchEvents(balanceChanged, vars{"teamId": ada.team})
	stays := a.signIn(ada.email, password).watchBalance(ada.team) // another session of the same user
	for _, s := range []*stream{socket, events, stays} {
		next[balanceEvent](s)
	}
	ask[struct {
		SignOut struct{ UserErrors []userError }
	}](ada.client, "mutation { signOut { userErrors { code } } }", nil)
	began := time.Now()
	if ended := socket.end(); ended.code != 4403 {
		t.Errorf("the socket ended with %+v", ended)
	}
	t.Logf("the socket was closed %s after signing out", since(began))
	if ended := events.end(); len(ended.errors) == 0 {
		t.Errorf("the events ended with %+v", ended)
	}
	t.Logf("the events were ended %s after signing out", since(began))
	if refused := ada.send("{ viewer { id } }", nil); string(refused.Data) != `{"viewer":null}` {
		t.Errorf("the session still answers %s", refused.body)
	}
	p := a.signIn(ada.email, password)
	p.createProduct("Tent")
	run := p.search(p.products(p.team)[0], "still heard")
	until(stays, func(e balanceEvent) bool { return e.BalanceChanged.Version >= run.Balance.Version })
}
