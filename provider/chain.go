package provider

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Limits bound how long and how often a chain tries. Every field must be set; see TextLimits, SearchLimits, FactLimits.
type Limits struct {
	// Whole bounds one request to the chain. What is left of it is shared equally among the providers still to be
	// tried, so that one that hangs leaves time for those after it.
	Whole time.Duration

	// Attempt bounds one call of one provider.
	Attempt time.Duration

	// Attempts is how often one provider is called for one request, at most.
	Attempts int

	// FirstWait and LongestWait bound the mean wait before a retry, which doubles from the first to the longest; the
	// wait itself is drawn evenly between nothing and twice the mean. A provider that asks by Retry-After for more than
	// LongestWait is only waited for if none comes after it.
	FirstWait   time.Duration
	LongestWait time.Duration

	// Failures in a row open a provider's circuit breaker; it lets a probe through after Rest.
	Failures uint32
	Rest     time.Duration
}

// TextLimits suit providers that write a text while one watches: two minutes in all.
func TextLimits() Limits {
	return Limits{
		Whole: 2 * time.Minute, Attempt: time.Minute, Attempts: 3,
		FirstWait: 500 * time.Millisecond, LongestWait: 8 * time.Second,
		Failures: 5, Rest: 30 * time.Second,
	}
}

// SearchLimits suit searches for images and prices: 30 seconds in all.
func SearchLimits() Limits {
	return Limits{
		Whole: 30 * time.Second, Attempt: 8 * time.Second, Attempts: 3,
		FirstWait: 250 * time.Millisecond, LongestWait: 4 * time.Second,
		Failures: 5, Rest: 30 * time.Second,
	}
}

// FactLimits suit look-ups that a text can do without: one call each, 3 seconds in all.
func FactLimits() Limits {
	return Limits{
		Whole: 3 * time.Second, Attempt: 3 * time.Second, Attempts: 1,
		FirstWait: 100 * time.Millisecond, LongestWait: time.Second,
		Failures: 5, Rest: time.Minute,
	}
}

// named is what the chain needs of any provider.
type named interface{ Name() string }

// chain tries providers in order of preference.
type chain[P named] struct {
	links  []*link[P]
	limits Limits
}

func newChain[P named](limits Limits, log *slog.Logger, providers []P) *chain[P] {
	links := make([]*link[P], len(providers))
	for i, p := range providers {
		links[i] = newLink(p, limits, log)
	}
	return &chain[P]{links: links, limits: limits}
}

// available says whether any provider may be called now, and else when the first may be again. A chain without
// providers is never available and knows no time.
func (c *chain[P]) available() (ok bool, retryAt time.Time) {
	for _, l := range c.links {
		restsUntil := l.restsUntil()
		if restsUntil.IsZero() {
			return true, time.Time{}
		}
		if retryAt.IsZero() || restsUntil.Before(retryAt) {
			retryAt = restsUntil
		}
	}
	return false, retryAt
}

// serve asks the providers in order until one delivers, and says which did. It fails with NothingFound when every one
// of them found nothing, else with the failure that tells most; with the context's error when the caller gave up.
func serve[P named, A any](
	ctx context.Context, c *chain[P], call func(context.Context, P) (A, error),
) (answer A, servedBy string, err error) {
	whole, cancel := context.WithTimeout(ctx, c.limits.Whole)
	defer cancel()

	worst := &Error{Provider: "none", Kind: Down, Err: errors.New("no provider is configured")}
	for i, l := range c.links {
		share, cancelShare := shareOf(whole, len(c.links)-i)
		answer, failure := ask(ctx, share, l, i == len(c.links)-1, call)
		cancelShare()
		if failure == nil {
			return answer, l.provider.Name(), nil
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return answer, "", context.Cause(ctx)
		}
		if i == 0 || rank(failure.Kind) > rank(worst.Kind) {
			worst = failure
		}
		if whole.Err() != nil {
			break
		}
	}
	return answer, "", asSeenByCaller(worst)
}

// shareOf is ctx with an equal share, for one of several, of the time that it has left.
func shareOf(ctx context.Context, among int) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok || among <= 1 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/time.Duration(among))
}

// ask calls one provider, and again after a wait as long as it fails in a way that may pass and its share of the time
// allows. last says that no provider comes after it.
func ask[P named, A any](
	caller, share context.Context, l *link[P], last bool, call func(context.Context, P) (A, error),
) (A, *Error) {
	waits := backoff.ExponentialBackOff{
		InitialInterval: l.limits.FirstWait, MaxInterval: l.limits.LongestWait, Multiplier: 2, RandomizationFactor: 1,
	}
	for attempt := 1; ; attempt++ {
		answer, failure := try(caller, share, l, call)
		if failure == nil {
			return answer, nil
		}
		wait := max(waits.NextBackOff(), failure.RetryAfter)
		again := attempt < l.limits.Attempts && retryable(failure) && (last || wait <= 2*l.limits.LongestWait)
		if !again || !pause(share, wait) {
			return answer, failure
		}
	}
}

// retryable says whether the same provider may well deliver in a moment.
func retryable(failure *Error) bool {
	if errors.Is(failure, errOpen) {
		return false
	}
	return failure.Kind == Down || failure.Kind == TimedOut || failure.Kind == Malformed
}

// pause waits, unless ctx ends before that; it says whether there is time left afterwards. A wait that doesn't fit is
// not begun.
func pause(ctx context.Context, wait time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// rank orders failures by what they tell the caller: one that may pass before one that won't before an empty search.
func rank(kind Kind) int {
	switch kind {
	case NothingFound:
		return 1
	case Refused:
		return 2
	}
	return 3
}

// asSeenByCaller turns a provider that answers nonsense into one that is down.
func asSeenByCaller(failure *Error) *Error {
	if failure.Kind != Malformed {
		return failure
	}
	seen := *failure
	seen.Kind = Down
	return &seen
}
