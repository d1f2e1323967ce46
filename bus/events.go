package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// ErrTooFarBehind says that more events lie before a subscriber than a stream makes up for: who follows them reads the
// list again and follows from its end.
var ErrTooFarBehind = errors.New("bus: too far behind the events")

// errMissing says that the events in the database have a gap: what follows it cannot be handed on.
var errMissing = errors.New("bus: an event is missing")

// eventsPage is how many events one read returns at most.
const eventsPage = 100

// EventsOptions say which events there are, and when they are read. Newest, After, Sequence and MaxBehind are needed.
type EventsOptions[K ~string, V any] struct {
	// Newest returns the sequence of the key's newest event, 0 before the first. Like After it gets a context that
	// carries nothing of the subscribers': whether somebody may see the key is decided before they subscribe.
	Newest func(ctx context.Context, key K) (int64, error)
	// After reads the events of the key behind that sequence in their order, at most limit of them.
	After func(ctx context.Context, key K, sequence int64, limit int) ([]V, error)
	// Sequence is an event's place among its key's: 1, 2, 3 … in the order of the commits, without a gap.
	Sequence func(V) int64
	// MaxBehind is how many events a subscriber may have before it.
	MaxBehind int64

	Reading
}

// Events streams the events of things to those who follow them: each one exactly once and in order, none left out. For
// each key with streams one goroutine, the reader, hears the key's signals, reads what is new once, and keeps the last
// few hundred events, its tail. A stream that is up to date takes its events from the tail, whoever else does; one that
// lies further behind reads for itself until it has caught up. A key without streams costs nothing.
type Events[K ~string, V any] struct {
	bus      Bus
	options  EventsOptions[K, V]
	turns    turns
	troubles troubles

	ctx     context.Context // ends with Close; every reader's context is its child
	stop    context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex // guards what follows, and the readers' counts of streams; never taken while a tail's is held
	readers map[K]*reader[K, V]
	closed  bool
}

// NewEvents returns the streams of a kind of events that the bus's signals tell of. It panics without an option that is
// needed. Close ends it.
func NewEvents[K ~string, V any](b Bus, o EventsOptions[K, V]) *Events[K, V] {
	if o.Newest == nil || o.After == nil || o.Sequence == nil || o.MaxBehind <= 0 {
		panic("bus: events need Newest, After, Sequence and MaxBehind")
	}
	o.complete()
	ctx, stop := context.WithCancel(context.Background())
	return &Events[K, V]{
		bus:      b,
		options:  o,
		turns:    make(turns, o.Parallel),
		troubles: troubles{log: o.Log},
		ctx:      ctx,
		stop:     stop,
		readers:  make(map[K]*reader[K, V]),
	}
}

// Subscribe begins a stream of the key's events: all behind the sequence after, or, where it is nil, those that come
// from now on. A sequence that no event has yet waits for the events behind it. Whoever subscribes closes the stream.
//
// It returns ErrTooFarBehind where more than MaxBehind events lie behind after, ErrClosed, or the error of the read.
func (e *Events[K, V]) Subscribe(ctx context.Context, key K, after *int64) (*Stream[K, V], error) {
	r, err := e.join(key)
	if err != nil {
		return nil, err
	}
	newest, err := e.newest(ctx, key)
	if err == nil && after != nil && newest-*after > e.options.MaxBehind {
		err = ErrTooFarBehind
	}
	if err != nil {
		e.leave(r)
		return nil, err
	}
	s := &Stream[K, V]{events: e, reader: r, last: newest}
	if after != nil {
		s.last = *after
	}
	return s, nil
}

// Close ends all readers; streams return ErrClosed from then on. It may be called more than once.
func (e *Events[K, V]) Close() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.stop()
	e.running.Wait()
}

// join counts a stream in at the key's reader, a new one if it has none. It returns ErrClosed after Close.
func (e *Events[K, V]) join(key K) (*reader[K, V], error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, ErrClosed
	}
	r := e.readers[key]
	if r == nil {
		ctx, cancel := context.WithCancel(e.ctx)
		r = &reader[K, V]{
			events: e, key: key, cancel: cancel, tail: newTail[V](),
			pause:   backoff{first: readRetryFirst, most: e.options.Every},
			trouble: trouble{all: &e.troubles, key: string(key)},
		}
		e.readers[key] = r
		e.running.Go(func() { r.run(ctx) })
	}
	r.streams++
	return r, nil
}

// leave counts a stream out; the last one ends the reader.
func (e *Events[K, V]) leave(r *reader[K, V]) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r.streams--
	if r.streams == 0 {
		delete(e.readers, r.key)
		r.cancel()
	}
}

// newest reads the sequence of the key's newest event.
func (e *Events[K, V]) newest(ctx context.Context, key K) (int64, error) {
	if !e.turns.acquire(ctx) {
		return 0, ctx.Err()
	}
	defer e.turns.release()
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	newest, err := e.options.Newest(ctx, key)
	if err != nil {
		return 0, fmt.Errorf("read the newest event of %s: %w", key, err)
	}
	return newest, nil
}

// after reads one page of the key's events behind a sequence. It returns an error where one is missing.
func (e *Events[K, V]) after(ctx context.Context, key K, sequence int64) ([]V, error) {
	if !e.turns.acquire(ctx) {
		return nil, ctx.Err()
	}
	defer e.turns.release()
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	page, err := e.options.After(ctx, key, sequence, eventsPage)
	if err != nil {
		return nil, fmt.Errorf("read the events of %s behind %d: %w", key, sequence, err)
	}
	for i, event := range page {
		if got, want := e.options.Sequence(event), sequence+1+int64(i); got != want {
			return nil, fmt.Errorf("%w: %s at %d, where %d is", errMissing, key, want, got)
		}
	}
	return page, nil
}
