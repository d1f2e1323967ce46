package bus

import (
	"context"
	"errors"
)

// ErrClosed says that the bus or the feed was closed.
var ErrClosed = errors.New("bus: closed")

// Bus is the seam for signals between processes. Its methods may be called at any time from any goroutine.
type Bus interface {
	// Publish says that the things with these ids have changed; call it after the commit. Subscribers in this process
	// are woken before it returns, other processes hear within milliseconds. It never blocks and never fails: what
	// cannot be sent now is sent when the way is open again.
	Publish(topics ...string)
	// Subscribe begins to hear of the topic. Subscribe first and read the thing afterwards: then no change is missed.
	Subscribe(topic string) *Subscription
	// Ready returns nil while signals travel both ways, and otherwise why they don't.
	Ready(ctx context.Context) error
}

// A Subscription hears that one thing has changed.
type Subscription struct {
	// C holds at most one signal: those that come before it is taken merge into it. C is never closed.
	C <-chan struct{}

	wake  chan struct{} // C, to send on
	topic string
	hub   *hub
}

// Close ends the subscription; no signal comes after it. It may be called more than once.
func (s *Subscription) Close() {
	s.hub.remove(s)
}

// signal wakes the subscriber, or does nothing if it has yet to take the signal before.
func (s *Subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
