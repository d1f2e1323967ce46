package auth

import (
	"strings"
	"sync"
	"time"
)

// How often signing in may be tried in vain.
const (
	triesWindow     = time.Minute
	triesPerAccount = 10  // in a window, for one e-mail from one address
	triesPerAddress = 100 // in a window, from one address

	// throttledKeys is how many addresses, and pairs of e-mail and address, a generation remembers.
	throttledKeys = 65_536
)

// pair is a normalized e-mail tried from an address. By e-mail alone anybody could lock its owner out.
type pair struct{ email, address string }

// throttle counts attempts in this process. It is safe for concurrent use.
type throttle struct {
	now func() time.Time

	mu         sync.Mutex // protects the two below
	perAccount *rate[pair]
	perAddress *rate[string]
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{
		now:        now,
		perAccount: newRate[pair](triesPerAccount, triesWindow),
		perAddress: newRate[string](triesPerAddress, triesWindow),
	}
}

// take counts an attempt, or returns a *RateLimitedError and counts none for what is exhausted.
func (t *throttle) take(email, address string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	wait := t.perAddress.take(address, now)
	if wait == 0 {
		wait = t.perAccount.take(pair{strings.ToLower(email), address}, now)
	}
	if wait > 0 {
		return &RateLimitedError{RetryAfter: wait}
	}
	return nil
}

// giveBack uncounts an attempt that succeeded.
func (t *throttle) giveBack(email, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	t.perAddress.giveBack(address, now)
	t.perAccount.giveBack(pair{strings.ToLower(email), address}, now)
}

// rate lets each key take some in a window: all at once, and then one whenever its share of the window has passed. It
// keeps one time for each key: when all that was taken will have come back (the generic cell rate algorithm).
type rate[K comparable] struct {
	window  time.Duration
	share   time.Duration // of one, in the window
	fullAts *generations[K, time.Time]
}

func newRate[K comparable](tries int, window time.Duration) *rate[K] {
	return &rate[K]{
		window:  window,
		share:   window / time.Duration(tries),
		fullAts: newGenerations[K, time.Time](throttledKeys, window),
	}
}

// take takes one, or returns how long it will be until there is one.
func (r *rate[K]) take(key K, now time.Time) (wait time.Duration) {
	fullAt := r.fullAt(key, now).Add(r.share)
	if wait = fullAt.Sub(now) - r.window; wait > 0 {
		return wait
	}
	r.fullAts.put(key, fullAt, now)
	return 0
}

func (r *rate[K]) giveBack(key K, now time.Time) {
	r.fullAts.put(key, r.fullAt(key, now).Add(-r.share), now)
}

func (r *rate[K]) fullAt(key K, now time.Time) time.Time {
	if fullAt, ok := r.fullAts.get(key); ok && fullAt.After(now) {
		return fullAt
	}
	return now
}
