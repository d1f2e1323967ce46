package bus

import "sync"

// tailLength is how many events a tail keeps at least, once there were as many.
const tailLength = 256

// tail is the newest events of one key. Its reader appends to it, streams look at it.
type tail[V any] struct {
	mu      sync.Mutex // guards what follows
	begun   bool       // whether it is known where the tail begins
	from    int64      // all events behind this sequence are kept
	kept    []V        // what was handed out of it never changes
	changed chan struct{}
	closed  bool
}

// view is what a stream sees of a tail.
type view[V any] struct {
	ready   []V           // the events that follow, where the tail keeps them
	behind  int64         // how many events lie before the stream: 0 or less, none
	changed chan struct{} // closes when there is something new to see
	closed  bool
}

func newTail[V any]() *tail[V] { return &tail[V]{changed: make(chan struct{})} }

// view looks at the tail from behind that sequence.
func (t *tail[V]) view(last int64) view[V] {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := view[V]{changed: t.changed, closed: t.closed}
	if !t.begun {
		return v
	}
	v.behind = t.newest() - last
	if v.behind > 0 && last >= t.from {
		v.ready = t.kept[last-t.from : len(t.kept) : len(t.kept)]
	}
	return v
}

// position is the sequence of the newest event that is kept, and whether the tail has begun.
func (t *tail[V]) position() (newest int64, begun bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.newest(), t.begun
}

// newest is the sequence of the newest event. The caller holds mu.
func (t *tail[V]) newest() int64 { return t.from + int64(len(t.kept)) }

// begin says that the tail keeps the events behind that sequence.
func (t *tail[V]) begin(from int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun, t.from = true, from
	t.announce()
}

// add appends the events that follow, and drops the oldest where there are too many.
func (t *tail[V]) add(events []V) {
	if len(events) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, events...)
	if surplus := len(t.kept) - tailLength; surplus >= tailLength {
		t.kept = append(make([]V, 0, 2*tailLength), t.kept[surplus:]...)
		t.from += int64(surplus)
	}
	t.announce()
}

// close says that nothing is appended any more.
func (t *tail[V]) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.announce()
}

// announce wakes the streams that wait. The caller holds mu.
func (t *tail[V]) announce() {
	close(t.changed)
	t.changed = make(chan struct{})
}
