package payment

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Why a notice is not believed.
var (
	// ErrForged means that the signature is missing or made with none of our secrets, or the body was altered.
	ErrForged = errors.New("notice is not signed by the payment provider")

	// ErrTooOld and ErrFromTheFuture mean that a genuine notice was signed more than NoticeTolerance from now.
	ErrTooOld        = errors.New("notice was signed too long ago")
	ErrFromTheFuture = errors.New("notice was signed in the future")

	// ErrMalformed means that the notice is too long, not of the expected form, or bears an unreadable signature.
	ErrMalformed = errors.New("notice is malformed")

	// ErrNoNotices means that this provider sends none.
	ErrNoNotices = errors.New("payment provider sends no notices")
)

// Kind says how a call failed, which decides what is done next.
type Kind string

const (
	// Declined means that the bank refused the charge. Trying again needs another method or the owner's presence.
	Declined Kind = "DECLINED"

	// Unreachable means that no understandable answer came: whether it was done is unknown. Try again, same key.
	Unreachable Kind = "UNREACHABLE"

	// Busy means that it was not done now: too many requests, or one with the same key is under way. Try again, same key.
	Busy Kind = "BUSY"

	// KeyReused means that the idempotency key was used before with another request.
	KeyReused Kind = "KEY_REUSED"

	// NotFound means that the provider doesn't know the id.
	NotFound Kind = "NOT_FOUND"

	// Refused means that the provider will never do this: a wrong request, or not in a state that allows it.
	Refused Kind = "REFUSED"

	// Unauthorized means that the provider rejects our key: only its settings can help.
	Unauthorized Kind = "UNAUTHORIZED"
)

// Error is how every call to a provider fails. Its text holds codes and ids only: no key, no buyer's data, and nothing
// quoted from an answer.
type Error struct {
	Provider string

	// Op is what was tried: "start checkout".
	Op   string
	Kind Kind

	// HTTPStatus is the answer's; zero when there was none.
	HTTPStatus int

	// Code is the provider's word for the failure, Param what it was about, DeclineCode the bank's.
	Code, Param, DeclineCode string

	// RequestID is what the provider's own log knows the request by.
	RequestID string

	// PaymentID is the payment that came to nothing, if one was made.
	PaymentID string

	// RetryAfter is how long the provider asks to be left alone; zero when it didn't say.
	RetryAfter time.Duration

	Err error
}

// Retryable says whether the same call with the same idempotency key may succeed later.
func (e *Error) Retryable() bool { return e.Kind == Unreachable || e.Kind == Busy }

// Error says who failed, at what, how and why.
func (e *Error) Error() string {
	text := strings.Builder{}
	fmt.Fprintf(&text, "%s: %s: %s", e.Provider, e.Op, e.Kind)
	for _, detail := range []struct{ name, value string }{
		{"code", e.Code}, {"decline code", e.DeclineCode}, {"param", e.Param}, {"request", e.RequestID},
	} {
		if detail.value != "" {
			fmt.Fprintf(&text, ", %s %s", detail.name, detail.value)
		}
	}
	if e.HTTPStatus != 0 {
		fmt.Fprintf(&text, ", HTTP %d", e.HTTPStatus)
	}
	if e.Err != nil {
		fmt.Fprintf(&text, ": %v", e.Err)
	}
	return text.String()
}

// Unwrap returns the cause where it is one of ours or of the connection; nil where the provider answered.
func (e *Error) Unwrap() error { return e.Err }
