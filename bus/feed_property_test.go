package bus

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// A move is one step of a random history over a few keys and watchers.
type move struct {
	kind   moveKind
	key    string
	pause  time.Duration // passes after it
	amount time.Duration // how slow reads become
	who    int           // which watcher, modulo their number; one that comes looks all the time if it is even
}

type moveKind int

const (
	commitAndSignal moveKind = iota
	commitInSilence
	signalOnly
	finish // the key's last version
	come
	look
	leave
	slowDown
	breakDown
	mend
	moveKinds
)

var someMoves = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) move {
	return move{
		kind:   moveKind(rapid.IntRange(0, int(moveKinds)-1).Draw(t, "kind")),
		key:    rapid.SampledFrom([]string{"team_1", "team_2", "gen_1"}).Draw(t, "key"),
		pause:  time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 7, 49, 51, 900}).Draw(t, "pause")) * time.Millisecond,
		amount: time.Duration(rapid.SampledFrom([]int{0, 3, 60}).Draw(t, "amount")) * time.Millisecond,
		who:    rapid.IntRange(0, 1<<20).Draw(t, "who"),
	}
}), 1, 80)

// watcher is a subscriber of the random history and what it may see.
type watcher struct {
	key     string
	leave   context.CancelFunc
	eager   bool          // looks after every move
	joined  chan struct{} // closed when Subscribe returned
	values  <-chan state
	err     error
	atLeast int // the version that was committed when it came, if its first value must not be older
	last    int
	seen    bool
	ended   bool
	left    bool
}

// history plays moves. wrong says what broke first.
type history struct {
	store    store
	bus      Memory
	feed     *Feed[string, state]
	versions map[string]int
	final    map[string]bool
	everDown bool
	watchers []*watcher
	wrong    string
}

func TestAnyHistoryShowsEverySubscriberNewerStatesOnlyAndTheNewestInTheEnd(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		moves := someMoves.Draw(r, "moves")
		var wrong string
		synctest.Test(t, func(t *testing.T) { wrong = play(t.Context(), moves) })
		if wrong != "" {
			r.Fatal(wrong)
		}
	})
}

func play(ctx context.Context, moves []move) string {
	h := &history{bus: NewMemory(), versions: map[string]int{}, final: map[string]bool{}}
	o := h.store.options()
	o.Due, o.Parallel = nil, 2
	h.feed = NewFeed(h.bus, o)
	defer h.feed.Close()

	for i, m := range moves {
		h.play(ctx, m)
		sleep(ctx, m.pause)
		synctest.Wait()
		for _, w := range h.watchers {
			if w.eager {
				h.look(w)
			}
		}
		if h.wrong != "" {
			return fmt.Sprintf("move %d: %s", i, h.wrong)
		}
	}
	h.store.set(func() { h.store.slow, h.store.fails = 0, false })
	sleep(ctx, readLimit+2*defaultEvery)
	synctest.Wait()
	h.judge()
	return h.wrong
}

func (h *history) play(ctx context.Context, m move) {
	switch m.kind {
	case commitAndSignal, commitInSilence, finish:
		h.commit(m)
	case signalOnly:
		h.bus.Publish(m.key)
	case come:
		h.come(ctx, m.key, m.who%2 == 0)
	case look:
		if len(h.watchers) > 0 {
			synctest.Wait()
			h.look(h.watchers[m.who%len(h.watchers)])
		}
	case leave:
		if len(h.watchers) > 0 {
			w := h.watchers[m.who%len(h.watchers)]
			w.left = true
			w.leave()
		}
	case slowDown:
		h.store.set(func() { h.store.slow = m.amount })
	case breakDown:
		h.everDown = true
		h.store.set(func() { h.store.fails = true })
	case mend:
		h.store.set(func() { h.store.fails = false })
	}
}

func (h *history) commit(m move) {
	if h.final[m.key] {
		return
	}
	h.versions[m.key]++
	h.final[m.key] = m.kind == finish
	h.store.put(m.key, state{version: h.versions[m.key], final: m.kind == finish})
	if m.kind != commitInSilence {
		h.bus.Publish(m.key)
	}
}

func (h *history) come(ctx context.Context, key string, eager bool) {
	ctx, leave := context.WithCancel(ctx)
	w := &watcher{key: key, leave: leave, eager: eager, joined: make(chan struct{})}
	// Those who come first share a read that may have begun before; everybody else sees what was committed by now.
	synctest.Wait()
	h.feed.mu.Lock()
	fo := h.feed.followers[key]
	h.feed.mu.Unlock()
	shares := false
	if fo != nil {
		fo.audience.mu.Lock()
		shares = fo.audience.reading != nil && !fo.audience.delivered
		fo.audience.mu.Unlock()
	}
	if !shares {
		w.atLeast = h.versions[key]
	}
	h.watchers = append(h.watchers, w)
	go func() {
		defer close(w.joined)
		w.values, w.err = h.feed.Subscribe(ctx, key)
	}()
	synctest.Wait()
}

// look takes what is there for a watcher and holds it against what may be.
func (h *history) look(w *watcher) {
	select {
	case <-w.joined:
	default:
		return
	}
	if w.values == nil {
		return
	}
	select {
	case v, open := <-w.values:
		switch {
		case !open:
			w.ended = true
		case w.seen && v.version <= w.last:
			h.wrong = fmt.Sprintf("a watcher of %s saw version %d after %d", w.key, v.version, w.last)
		case v.version < w.atLeast:
			h.wrong = fmt.Sprintf("a watcher of %s saw version %d, it came after %d", w.key, v.version, w.atLeast)
		case v.version > h.versions[w.key]:
			h.wrong = fmt.Sprintf("a watcher of %s saw version %d, which never was", w.key, v.version)
		default:
			w.seen, w.last = true, v.version
		}
	default:
	}
}

// judge looks at everybody when all has come to rest.
func (h *history) judge() {
	staying := map[string]bool{}
	for _, w := range h.watchers {
		for range 2 { // the last value and the end
			h.look(w)
		}
		final := h.final[w.key]
		select {
		case <-w.joined:
		default:
			h.wrong = "a watcher of " + w.key + " still waits for its first value"
			return
		}
		switch {
		case h.wrong != "":
			return
		case w.left:
			if w.values != nil && !w.ended {
				h.wrong = "the stream of a watcher who left did not end"
			}
		case w.err != nil:
			if !h.everDown || !errors.Is(w.err, errDatabase) {
				h.wrong = fmt.Sprintf("a watcher of %s was refused: %v", w.key, w.err)
			}
		case w.last != h.versions[w.key]:
			h.wrong = fmt.Sprintf("a watcher of %s ended with version %d of %d", w.key, w.last, h.versions[w.key])
		case w.ended != final:
			h.wrong = fmt.Sprintf("a watcher of %s: ended %v, final %v", w.key, w.ended, final)
		case !final:
			staying[w.key] = true
		}
	}
	if n := len(h.feed.followers); n != len(staying) {
		h.wrong = fmt.Sprintf("%d followers for %d keys with watchers", n, len(staying))
	}
}
