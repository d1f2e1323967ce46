package bus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

const (
	readLimit      = 10 * time.Second       // for one call of Read or OnDue
	readRetryFirst = 100 * time.Millisecond // the first pause after one that failed
)

// never is a pause that only a signal or a new subscriber ends.
const never = time.Duration(math.MaxInt64)

// follower reads one key for its audience. Its goroutine runs as long as somebody is there.
type follower[K ~string, V any] struct {
	feed     *Feed[K, V]
	key      K
	audience *audience[V]

	// Of the goroutine alone.
	pause   backoff
	trouble trouble
	handled time.Time // the due time that OnDue was last called for
}

// run reads when there is reason to, until the last subscriber leaves or the feed closes.
func (fo *follower[K, V]) run(ctx context.Context) {
	defer fo.end()
	signals := fo.feed.bus.Subscribe(string(fo.key))
	defer signals.Close()

	wait := never // the first reason is the first subscriber
	for fo.await(ctx, signals.C, wait) {
		rest := time.NewTimer(fo.feed.options.MinInterval)
		err := fo.refresh(ctx, signals.C)
		select {
		case <-rest.C:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return
		}
		fo.trouble.report(ctx, err)
		wait = fo.plan(err)
	}
}

// await returns true when the state has to be read: after a signal, for somebody who has just come, or because the time
// is up. It returns false when the context has ended.
func (fo *follower[K, V]) await(ctx context.Context, signals <-chan struct{}, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-signals:
	case <-fo.audience.waiting:
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// refresh reads the state and delivers it, after OnDue if it is due. The read covers every signal that came before it.
func (fo *follower[K, V]) refresh(ctx context.Context, signals <-chan struct{}) error {
	if !fo.feed.turns.acquire(ctx) {
		return ctx.Err()
	}
	defer fo.feed.turns.release()

	failure := fo.advance(ctx)
	take(signals)
	fo.audience.begin()
	value, err := fo.read(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		err = fmt.Errorf("read %s: %w", fo.key, err)
		fo.audience.refuse(err)
	default:
		fo.deliver(value)
	}
	return errors.Join(failure, err)
}

// advance calls OnDue if the state that was delivered is due.
func (fo *follower[K, V]) advance(ctx context.Context) error {
	o := &fo.feed.options
	due := fo.due()
	if due.IsZero() || o.Now().Before(due) {
		return nil
	}
	fo.handled = due
	if o.OnDue == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	if err := o.OnDue(ctx, fo.key); err != nil {
		return fmt.Errorf("bring %s up to date: %w", fo.key, err)
	}
	return nil
}

func (fo *follower[K, V]) read(ctx context.Context) (V, error) {
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	return fo.feed.options.Read(ctx, fo.key)
}

func (fo *follower[K, V]) deliver(value V) {
	o := &fo.feed.options
	delivered, held := fo.audience.current()
	news := !held || o.Newer(delivered, value)
	if !news {
		value = delivered // the very same value, so that what was made of it can be shared
	}
	fo.audience.deliver(value, news)
	if o.Final != nil && o.Final(value) {
		fo.audience.complete()
	}
}

// due returns when time alone changes the state that was delivered; zero if it doesn't.
func (fo *follower[K, V]) due() time.Time {
	value, held := fo.audience.current()
	if !held || fo.feed.options.Due == nil {
		return time.Time{}
	}
	return fo.feed.options.Due(value)
}

// plan returns how long to wait for a reason to read before reading without one. A state that is still due after OnDue
// waits like one that could not be read.
func (fo *follower[K, V]) plan(failure error) time.Duration {
	o := &fo.feed.options
	due := fo.due()
	if failure != nil || (!due.IsZero() && due.Equal(fo.handled)) {
		return fo.pause.next()
	}
	fo.pause.reset()
	wait := spread(o.Every*4/5, o.Every)
	if due.IsZero() {
		return wait
	}
	return max(0, min(wait, due.Sub(o.Now())))
}

// end is the goroutine's last act: whoever is still there is sent away.
func (fo *follower[K, V]) end() {
	fo.trouble.forget()
	fo.audience.close()
	fo.feed.forget(fo)
}

// take empties a channel of signals that what is done next covers.
func take(signals <-chan struct{}) {
	select {
	case <-signals:
	default:
	}
}
