package provider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

var (
	// errOpen is the cause of a failure that reached no provider, because its circuit breaker is open.
	errOpen = errors.New("circuit breaker is open")

	// errAbandoned tells a circuit breaker that the caller gave up, which says nothing about the provider.
	errAbandoned = errors.New("abandoned by the caller")
)

// link is a provider in a chain, with its circuit breaker.
type link[P named] struct {
	provider P
	limits   Limits
	log      *slog.Logger
	breaker  *gobreaker.TwoStepCircuitBreaker[struct{}]

	// mu protects the two times.
	mu sync.Mutex

	// opensUntil is when the breaker, if it is open, lets a probe through.
	opensUntil time.Time

	// askedUntil is until when the provider asked to be left alone (Retry-After).
	askedUntil time.Time
}

func newLink[P named](p P, limits Limits, log *slog.Logger) *link[P] {
	l := &link[P]{provider: p, limits: limits, log: log}
	l.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:          p.Name(),
		Timeout:       limits.Rest,
		ReadyToTrip:   func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures >= limits.Failures },
		OnStateChange: l.stateChanged,
		IsSuccessful:  func(err error) bool { return err == nil },
		IsExcluded:    func(err error) bool { return errors.Is(err, errAbandoned) },
	})
	return l
}

// try calls the provider once, unless it rests.
func try[P named, A any](
	caller, share context.Context, l *link[P], call func(context.Context, P) (A, error),
) (answer A, failure *Error) {
	if failure := l.resting(); failure != nil {
		return answer, failure
	}
	done, err := l.breaker.Allow()
	if err != nil {
		return answer, &Error{Provider: l.provider.Name(), Kind: Down, RetryAfter: l.untilProbe(), Err: errOpen}
	}
	ctx, cancel := context.WithTimeout(share, l.limits.Attempt)
	defer cancel()

	answer, failure = protected(ctx, l, call)
	done(verdict(caller, failure))
	if failure != nil {
		l.leaveAlone(failure.RetryAfter)
		l.log.DebugContext(ctx, "provider failed", "provider", l.provider.Name(), "kind", failure.Kind, "error", failure)
	}
	return answer, failure
}

// protected calls the provider. Whatever goes wrong becomes an *Error: a panic on a strange answer must not take the
// worker with it, and an answer after the deadline is dropped.
func protected[P named, A any](
	ctx context.Context, l *link[P], call func(context.Context, P) (A, error),
) (answer A, failure *Error) {
	name := l.provider.Name()
	defer func() {
		if cause := recover(); cause != nil {
			l.log.ErrorContext(ctx, "provider panicked", "provider", name, "cause", cause, "stack", string(debug.Stack()))
			failure = &Error{Provider: name, Kind: Malformed, Err: fmt.Errorf("panicked: %v", cause)}
		}
	}()
	answer, err := call(ctx, l.provider)
	switch {
	case err == nil && ctx.Err() == nil:
		return answer, nil
	case err == nil:
		return answer, &Error{Provider: name, Kind: TimedOut, Err: errors.New("answered after the deadline")}
	case errors.As(err, &failure):
		return answer, failure
	}
	return answer, &Error{Provider: name, Kind: KindOf(err), Err: err}
}

// verdict is what the circuit breaker learns of an attempt: nil for a provider that works, even if it found nothing or
// refused.
func verdict(caller context.Context, failure *Error) error {
	switch {
	case failure == nil, failure.Kind == NothingFound, failure.Kind == Refused:
		return nil
	case caller.Err() != nil:
		return errAbandoned
	}
	return failure
}

// leaveAlone notes for how long the provider asked not to be called.
func (l *link[P]) leaveAlone(asked time.Duration) {
	if asked <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.askedUntil = time.Now().Add(asked)
}

// stateChanged is called by the breaker under its own lock.
func (l *link[P]) stateChanged(name string, from, to gobreaker.State) {
	l.log.Warn("provider's circuit breaker changed", "provider", name, "from", from.String(), "to", to.String())
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opensUntil = time.Time{}
	if to == gobreaker.StateOpen {
		l.opensUntil = time.Now().Add(l.limits.Rest)
	}
}

// resting is the failure to answer with while the provider asked to be left alone, else nil.
func (l *link[P]) resting() *Error {
	l.mu.Lock()
	left := time.Until(l.askedUntil)
	l.mu.Unlock()
	if left <= 0 {
		return nil
	}
	err := fmt.Errorf("asked to be left alone for another %s", left.Round(time.Millisecond))
	return &Error{Provider: l.provider.Name(), Kind: Down, RetryAfter: left, Err: err}
}

// untilProbe is how long the breaker stays open, at least a moment: another's probe may be under way.
func (l *link[P]) untilProbe() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(time.Until(l.opensUntil), time.Second)
}

// restsUntil is when the provider may be called again; zero: now. A Retry-After that a request would wait for in any
// case doesn't count.
func (l *link[P]) restsUntil() time.Time {
	open := l.breaker.State() == gobreaker.StateOpen
	l.mu.Lock()
	defer l.mu.Unlock()
	until := time.Time{}
	if open {
		until = l.opensUntil
	}
	if time.Until(l.askedUntil) > l.limits.LongestWait && l.askedUntil.After(until) {
		until = l.askedUntil
	}
	return until
}
