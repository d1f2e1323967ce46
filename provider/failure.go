package provider

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind says how a provider failed, which decides what is done next.
type Kind string

const (
	// NothingFound means the provider works and has nothing for this product. The next provider is asked; no retry.
	NothingFound Kind = "NOTHING_FOUND"

	// Down means the provider cannot serve now: network failure, 5xx, 429, or its circuit breaker is open. Retried.
	Down Kind = "DOWN"

	// TimedOut means a deadline passed before the provider had answered. Retried while the whole deadline allows.
	TimedOut Kind = "TIMED_OUT"

	// Refused means the provider will not serve this request: another 4xx, content policy, a bad key. Not retried.
	Refused Kind = "REFUSED"

	// Malformed means the provider answered nonsense. It is retried and counts as being down.
	Malformed Kind = "MALFORMED"
)

// Error is how every provider fails. Its text names no key and quotes no answer's body.
type Error struct {
	// Provider is the Name of the provider that failed; of a chain the one whose failure tells most.
	Provider string
	Kind     Kind

	// RetryAfter is how long the provider asks to be left alone; zero when it didn't say.
	RetryAfter time.Duration

	Err error
}

// Error says who failed, how and why.
func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s: %s", e.Provider, e.Kind)
	}
	return fmt.Sprintf("%s: %s: %v", e.Provider, e.Kind, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of a failure: that of the *Error in err's chain, TimedOut for a passed deadline, else Down.
// It is for errors only; KindOf(nil) is empty.
func KindOf(err error) Kind {
	var failure *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &failure):
		return failure.Kind
	case errors.Is(err, context.DeadlineExceeded):
		return TimedOut
	}
	return Down
}
