package bus

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// journal is where events are read: those of a key are the numbers 1, 2, 3 ….
type journal struct {
	mu     sync.Mutex // guards what follows
	counts map[string]int64
	hole   int64 // an event that is missing; 0: none
	fails  bool
	pages  int // reads of events that began
}

func (j *journal) newest(_ context.Context, key string) (int64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fails {
		return 0, errDatabase
	}
	return j.counts[key], nil
}

func (j *journal) after(_ context.Context, key string, sequence int64, limit int) (events []int64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pages++
	if j.fails {
		return nil, errDatabase
	}
	for at := sequence + 1; at <= j.counts[key] && len(events) < limit; at++ {
		if at != j.hole {
			events = append(events, at)
		}
	}
	return events, nil
}

// post stores so many events, as a commit does whose signal gets lost.
func (j *journal) post(key string, events int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counts[key] += events
}

func (j *journal) set(change func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change()
}

// pagesRead returns how many pages were read since it was last asked.
func (j *journal) pagesRead() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	pages := j.pages
	j.pages = 0
	return pages
}

// scene is the events of a journal in a bubble of fake time.
type scene struct {
	*testing.T
	journal *journal
	bus     Memory
	events  *Events[string, int64]
}

// mostBehind is how far streams of a scene may be behind.
const mostBehind = 2_000

func onScene(t *testing.T, test func(*scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{T: t, journal: &journal{counts: map[string]int64{}}, bus: NewMemory()}
		s.events = NewEvents(s.bus, EventsOptions[string, int64]{
			Newest: s.journal.newest, After: s.journal.after, Sequence: func(v int64) int64 { return v },
			MaxBehind: mostBehind,
		})
		defer s.events.Close()
		test(s)
	})
}

// commit stores events and signals them.
func (s *scene) commit(key string, events int64) {
	s.journal.post(key, events)
	s.bus.Publish(key)
}

// begin begins a stream behind a sequence; below 0 it has none.
func (s *scene) begin(key string, after int64) *Stream[string, int64] {
	s.Helper()
	point := &after
	if after < 0 {
		point = nil
	}
	stream, err := s.events.Subscribe(s.Context(), key, point)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(stream.Close)
	return stream
}

// reads fails unless the stream hands the events from one to another on, in their order, within the time.
func (s *scene) reads(stream *Stream[string, int64], from, to int64, within time.Duration) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), within)
	defer cancel()
	for want := from; want <= to; want++ {
		got, err := stream.Next(ctx)
		if err != nil {
			s.Fatalf("event %d: %v", want, err)
		}
		if got != want {
			s.Fatalf("event %d came instead of %d", got, want)
		}
	}
}

// waits fails if the stream has another event within a minute.
func (s *scene) waits(stream *Stream[string, int64]) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	if got, err := stream.Next(ctx); ctx.Err() == nil {
		s.Fatalf("event %d, error %v came", got, err)
	}
}

// end is the error that the stream ends with.
func (s *scene) end(stream *Stream[string, int64]) error {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	got, err := stream.Next(ctx)
	if err == nil {
		s.Fatalf("event %d came instead of the end", got)
	}
	return err
}

func (s *scene) settle() { synctest.Wait() }

func (s *scene) pass(d time.Duration) {
	sleep(s.Context(), d)
	synctest.Wait()
}
