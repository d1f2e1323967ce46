package bus

import (
	"context"
	"sync"
	"time"
)

// FeedOptions say what a feed reads, and when. Newer, Final and Due look at values and nothing else; they return at once.
type FeedOptions[K ~string, V any] struct {
	// Read returns the newest state of the key. Its context ends with the key's last subscriber and carries nothing of
	// theirs: whether somebody may see the key is decided before they subscribe.
	Read func(ctx context.Context, key K) (V, error)
	// Newer reports whether read tells more than what was delivered before, by its version for example. What is not
	// newer is dropped, so no subscriber ever goes back.
	Newer func(delivered, read V) bool
	// Final, if given, reports whether nothing can come after this value: the streams complete with it.
	Final func(V) bool
	// Due, if given, returns when time alone will change the state (a day that ends), or the zero time. It needs Now.
	Due func(V) time.Time
	// OnDue, if given, is called when the state is due, before it is read again. It is tried again, less and less
	// often, until the state is no longer due; every process that has subscribers does so.
	OnDue func(ctx context.Context, key K) error
	// Now is the clock that Due is compared with.
	Now func() time.Time

	Reading
}

// Feed shows the newest state of things to those who watch them. For each key with subscribers one goroutine, the
// follower, hears the key's signals, reads the state once, and hands the same value to every subscriber; they must not
// change what it points to. A key without subscribers costs nothing.
type Feed[K ~string, V any] struct {
	bus      Bus
	options  FeedOptions[K, V]
	turns    turns
	troubles troubles

	ctx     context.Context // ends with Close; every follower's context is its child
	stop    context.CancelFunc
	running sync.WaitGroup

	mu        sync.Mutex // guards what follows; never taken while a follower's is held
	followers map[K]*follower[K, V]
	closed    bool
}

// NewFeed returns a feed that follows keys by the bus's signals. Read and Newer are needed, and Now with Due; it panics
// without them. Close ends it.
func NewFeed[K ~string, V any](b Bus, o FeedOptions[K, V]) *Feed[K, V] {
	if o.Read == nil || o.Newer == nil || (o.Due != nil && o.Now == nil) {
		panic("bus: a feed needs Read and Newer, and Now if it has Due")
	}
	o.complete()
	ctx, stop := context.WithCancel(context.Background())
	return &Feed[K, V]{
		bus:       b,
		options:   o,
		turns:     make(turns, o.Parallel),
		troubles:  troubles{log: o.Log},
		ctx:       ctx,
		stop:      stop,
		followers: make(map[K]*follower[K, V]),
	}
}

// Subscribe returns a channel with the state of the key, and then every newer one; a subscriber that is slow finds only
// the newest. The state comes from a read that began after Subscribe did, except that those who come first share one
// read. If that read fails its error is returned; reads that fail later are tried again.
//
// The channel closes when the context ends, after a final value, or when the feed closes. It takes no goroutine.
func (f *Feed[K, V]) Subscribe(ctx context.Context, key K) (<-chan V, error) {
	for ctx.Err() == nil {
		fo, err := f.follower(key)
		if err != nil {
			return nil, err
		}
		m, joined := fo.audience.join(ctx)
		if !joined { // the last subscriber left in between
			f.forget(fo)
			continue
		}
		select {
		case <-m.arrivals.answered:
			if err := m.arrivals.err; err != nil {
				return nil, err
			}
			return m.values, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, ctx.Err()
}

// Close ends all followers and closes all channels. It may be called more than once.
func (f *Feed[K, V]) Close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.stop()
	f.running.Wait()
}

// follower returns the key's follower, a new one if it has none. It returns ErrClosed after Close.
func (f *Feed[K, V]) follower(key K) (*follower[K, V], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, ErrClosed
	}
	if fo := f.followers[key]; fo != nil {
		return fo, nil
	}
	ctx, cancel := context.WithCancel(f.ctx)
	fo := &follower[K, V]{
		feed:     f,
		key:      key,
		audience: newAudience[V](cancel),
		pause:    backoff{first: readRetryFirst, most: f.options.Every},
		trouble:  trouble{all: &f.troubles, key: string(key)},
	}
	f.followers[key] = fo
	f.running.Go(func() { fo.run(ctx) })
	return fo, nil
}

// forget removes a follower that has ended, unless another has taken its place.
func (f *Feed[K, V]) forget(fo *follower[K, V]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.followers[fo.key] == fo {
		delete(f.followers, fo.key)
	}
}
