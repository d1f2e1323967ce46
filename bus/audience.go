package bus

import (
	"context"
	"sync"
)

// audience is those who watch one key: subscribers, who have its state, and arrivals, who wait for a read of it. The
// follower's goroutine is the only one that delivers; subscribers come and go on goroutines of their own.
type audience[V any] struct {
	// waiting holds one element after somebody arrived who waits for a read that has not begun.
	waiting chan struct{}
	// ended is called once, when nobody is left or ever will be.
	ended func()

	mu          sync.Mutex // guards what follows
	value       V          // what was delivered last
	delivered   bool       // whether value is that
	subscribers map[*mailbox[V]]struct{}
	reading     *arrivals[V] // those whom the read under way answers; nil if none is
	next        *arrivals[V] // those who wait for the next one
	over        bool         // nobody can come any more
}

// arrivals are those who wait for the same read.
type arrivals[V any] struct {
	mailboxes map[*mailbox[V]]struct{}
	answered  chan struct{} // closed after the read
	err       error         // of the read, set before answered is closed
}

// mailbox is where one subscriber finds the newest value. The audience's mutex guards it.
type mailbox[V any] struct {
	values   chan V       // holds one
	arrivals *arrivals[V] // those it came with
	disarm   func() bool  // ends the watch on the subscriber's context
	closed   bool
}

func newAudience[V any](ended func()) *audience[V] {
	return &audience[V]{
		waiting:     make(chan struct{}, 1),
		ended:       ended,
		subscribers: make(map[*mailbox[V]]struct{}),
		next:        newArrivals[V](),
	}
}

func newArrivals[V any]() *arrivals[V] {
	return &arrivals[V]{mailboxes: make(map[*mailbox[V]]struct{}), answered: make(chan struct{})}
}

// join adds a mailbox that the next read answers, and that leaves when the context ends. Before anything was delivered
// a read that is under way will do. It returns false when the audience is over.
func (a *audience[V]) join(ctx context.Context) (*mailbox[V], bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return nil, false
	}
	m := &mailbox[V]{values: make(chan V, 1), arrivals: a.next}
	if a.reading != nil && !a.delivered {
		m.arrivals = a.reading
	} else {
		a.announce()
	}
	m.arrivals.mailboxes[m] = struct{}{}
	m.disarm = context.AfterFunc(ctx, func() { a.leave(m) })
	return m, true
}

// announce tells that somebody waits for a read. The caller holds mu.
func (a *audience[V]) announce() {
	select {
	case a.waiting <- struct{}{}:
	default:
	}
}

// leave closes a mailbox that nobody reads any more.
func (a *audience[V]) leave(m *mailbox[V]) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(m.arrivals.mailboxes, m)
	delete(a.subscribers, m)
	m.close()
	a.endIfEmpty()
}

// begin says that a read begins now: it answers all who are waiting.
func (a *audience[V]) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	take(a.waiting)
	a.reading, a.next = a.next, newArrivals[V]()
}

// refuse answers those who waited for the read with its error. Subscribers keep what they have.
func (a *audience[V]) refuse(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reading.refuse(err)
	a.reading = nil
	a.endIfEmpty()
}

// deliver gives a value to those who waited for the read, and, if it is news, to all subscribers.
func (a *audience[V]) deliver(value V, news bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if news {
		a.value, a.delivered = value, true
		for m := range a.subscribers {
			m.put(value)
		}
	}
	a.admit(a.reading)
	a.reading = nil
	a.endIfEmpty()
}

// complete ends the streams after a last value. Those who came during its read get it by a read of their own.
func (a *audience[V]) complete() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.finish()
}

// close ends the audience before its time.
func (a *audience[V]) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.reading != nil {
		a.reading.refuse(ErrClosed)
		a.reading = nil
	}
	a.next.refuse(ErrClosed)
	a.next = newArrivals[V]()
	a.finish()
}

// current returns what was delivered last, if anything was.
func (a *audience[V]) current() (V, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.value, a.delivered
}

// admit makes arrivals subscribers. The caller holds mu.
func (a *audience[V]) admit(came *arrivals[V]) {
	for m := range came.mailboxes {
		m.put(a.value)
		a.subscribers[m] = struct{}{}
	}
	clear(came.mailboxes)
	close(came.answered)
}

// finish closes the mailboxes of all subscribers. The caller holds mu.
func (a *audience[V]) finish() {
	for m := range a.subscribers {
		m.close()
	}
	clear(a.subscribers)
	a.endIfEmpty()
}

// endIfEmpty ends the audience when nobody is left. The caller holds mu.
func (a *audience[V]) endIfEmpty() {
	reading := a.reading != nil && len(a.reading.mailboxes) > 0
	if a.over || reading || len(a.subscribers) > 0 || len(a.next.mailboxes) > 0 {
		return
	}
	a.over = true
	a.ended()
}

// refuse answers all with an error. The caller holds the audience's mutex.
func (a *arrivals[V]) refuse(err error) {
	for m := range a.mailboxes {
		m.close()
	}
	clear(a.mailboxes)
	a.err = err
	close(a.answered)
}

// put replaces what is in the mailbox. It never waits: it is the only sender, and has just made room.
func (m *mailbox[V]) put(value V) {
	select {
	case <-m.values:
	default:
	}
	m.values <- value
}

// close ends the stream; a value that was not taken yet can be.
func (m *mailbox[V]) close() {
	if m.closed {
		return
	}
	m.closed = true
	close(m.values)
	m.disarm()
}
