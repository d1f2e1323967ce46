package bus

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff says how long to wait before trying again: from first, doubled by every failure up to most, each time between
// half of it and the whole, so that those who failed together don't come back together.
type backoff struct {
	first, most time.Duration
	failures    int
}

// next counts a failure and returns the pause that it calls for.
func (b *backoff) next() time.Duration {
	whole := min(b.first, b.most)
	for range b.failures {
		if whole >= b.most/2 {
			whole = b.most
			break
		}
		whole *= 2
	}
	b.failures++
	return spread(whole/2, whole)
}

// reset forgets the failures.
func (b *backoff) reset() {
	b.failures = 0
}

// spread returns a random duration from low to high.
func spread(low, high time.Duration) time.Duration {
	return low + rand.N(high-low+1)
}

// sleep waits for d and reports whether the context still stands.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
