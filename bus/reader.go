package bus

import (
	"context"
	"time"
)

// reader reads the new events of one key for its streams. Its goroutine runs as long as there are any.
type reader[K ~string, V any] struct {
	events  *Events[K, V]
	key     K
	cancel  context.CancelFunc // ends the goroutine
	tail    *tail[V]
	streams int // guarded by the events' mu

	// Of the goroutine alone.
	pause   backoff
	trouble trouble
}

// run reads at once, and then when there is reason to, until the last stream leaves or the events close.
func (r *reader[K, V]) run(ctx context.Context) {
	defer r.tail.close()
	defer r.trouble.forget()
	signals := r.events.bus.Subscribe(string(r.key))
	defer signals.Close()

	for {
		rest := time.NewTimer(r.events.options.MinInterval)
		take(signals.C)
		err := r.refresh(ctx)
		select {
		case <-rest.C:
		case <-ctx.Done():
			rest.Stop()
			return
		}
		r.trouble.report(ctx, err)
		if !r.await(ctx, signals.C, r.plan(err)) {
			return
		}
	}
}

// refresh reads all that is new. The first time it finds out where the tail begins: the signals of what comes behind
// that are heard already.
func (r *reader[K, V]) refresh(ctx context.Context) error {
	last, begun := r.tail.position()
	if !begun {
		newest, err := r.events.newest(ctx, r.key)
		if err == nil {
			r.tail.begin(newest)
		}
		return err
	}
	for {
		page, err := r.events.after(ctx, r.key, last)
		if err != nil {
			return err
		}
		r.tail.add(page)
		last += int64(len(page))
		if len(page) < eventsPage {
			return nil
		}
	}
}

// await returns true when the key has to be read: after a signal, or because the time is up. It returns false when the
// context has ended.
func (r *reader[K, V]) await(ctx context.Context, signals <-chan struct{}, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-signals:
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// plan returns how long to wait for a signal before reading without one.
func (r *reader[K, V]) plan(failure error) time.Duration {
	if failure != nil {
		return r.pause.next()
	}
	r.pause.reset()
	every := r.events.options.Every
	return spread(every*4/5, every)
}
