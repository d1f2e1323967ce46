package bus

import (
	"context"
	"errors"
	"fmt"
)

// A Stream hands the events of one key on, one by one. One goroutine uses it.
type Stream[K ~string, V any] struct {
	events *Events[K, V]
	reader *reader[K, V]
	last   int64 // the sequence of the event that was handed on last, or that the stream began behind
	ready  []V   // those that come next
	closed bool
}

// Next returns the event that follows, and waits for it where there is none yet. A read that fails is tried again,
// less and less often, until the context ends.
//
// It returns ErrTooFarBehind once more than MaxBehind events lie before the stream, ErrClosed when the events are
// closed, the context's error, or another one where an event is missing in the database; each is the stream's end.
func (s *Stream[K, V]) Next(ctx context.Context) (V, error) {
	pause := backoff{first: readRetryFirst, most: s.events.options.Every}
	for len(s.ready) == 0 {
		err := s.fetch(ctx)
		switch {
		case ctx.Err() != nil:
			err = ctx.Err()
		case err == nil:
			pause.reset()
			continue
		case isEnd(err):
		case sleep(ctx, pause.next()):
			continue
		default:
			err = ctx.Err()
		}
		var none V
		return none, err
	}
	event := s.ready[0]
	s.ready = s.ready[1:]
	s.last++
	return event, nil
}

// isEnd says whether a stream's error is no passing one.
func isEnd(err error) bool {
	return errors.Is(err, ErrTooFarBehind) || errors.Is(err, ErrClosed) || errors.Is(err, errMissing)
}

// fetch gets the events that follow from the tail, from the database where the tail begins later, or waits until the
// tail has changed.
func (s *Stream[K, V]) fetch(ctx context.Context) (err error) {
	view := s.reader.tail.view(s.last)
	switch {
	case view.closed:
		return ErrClosed
	case view.behind > s.events.options.MaxBehind:
		return ErrTooFarBehind
	case len(view.ready) > 0:
		s.ready = view.ready
		return nil
	case view.behind <= 0:
		select {
		case <-view.changed:
		case <-ctx.Done():
		}
		return nil
	}
	s.ready, err = s.events.after(ctx, s.reader.key, s.last)
	if err == nil && len(s.ready) == 0 {
		return fmt.Errorf("%w: %s behind %d", errMissing, s.reader.key, s.last)
	}
	return err
}

// Close ends the stream. It may be called more than once.
func (s *Stream[K, V]) Close() {
	if s.closed {
		return
	}
	s.closed = true
	s.events.leave(s.reader)
}
