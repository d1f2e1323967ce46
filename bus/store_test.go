package bus

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// state is what the tests follow.
type state struct {
	version int
	final   bool
	due     time.Time
}

var errDatabase = errors.New("the database is down")

// store is where the state of keys is read. Its zero value works.
type store struct {
	mu     sync.Mutex // guards what follows
	states map[string]state
	reads  []time.Time   // when each read began
	slow   time.Duration // how long a read takes, its snapshot taken at the start
	fails  bool
	atOnce int // reads under way
	most   int // the most there were at once
}

func (s *store) read(ctx context.Context, key string) (state, error) {
	s.mu.Lock()
	s.reads = append(s.reads, time.Now())
	s.atOnce++
	s.most = max(s.most, s.atOnce)
	value, fails, slow := s.states[key], s.fails, s.slow
	s.mu.Unlock()
	defer s.set(func() { s.atOnce-- })
	if !sleep(ctx, slow) {
		return state{}, ctx.Err()
	}
	if fails {
		return state{}, errDatabase
	}
	return value, nil
}

func (s *store) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// put stores a version of the key, as a commit does whose signal gets lost.
func (s *store) put(key string, value state) {
	s.set(func() {
		if s.states == nil {
			s.states = make(map[string]state)
		}
		s.states[key] = value
	})
}

// bump stores the key's next version and returns it.
func (s *store) bump(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.states == nil {
		s.states = make(map[string]state)
	}
	next := state{version: s.states[key].version + 1}
	s.states[key] = next
	return next.version
}

func (s *store) readCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.reads)
}

func (s *store) options() FeedOptions[string, state] {
	return FeedOptions[string, state]{
		Read:  s.read,
		Newer: func(delivered, read state) bool { return read.version > delivered.version },
		Final: func(v state) bool { return v.final },
		Due:   func(v state) time.Time { return v.due },
		Now:   time.Now,
	}
}

// stage is a feed in a bubble of fake time.
type stage struct {
	*testing.T
	store *store
	bus   Memory
	feed  *Feed[string, state]
}

// onStage runs a test on a feed over a store that has version 1 of the key "team_1". change may be nil.
func onStage(t *testing.T, change func(*store, *FeedOptions[string, state]), test func(*stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{T: t, store: &store{}, bus: NewMemory()}
		s.store.put("team_1", state{version: 1})
		o := s.store.options()
		if change != nil {
			change(s.store, &o)
		}
		s.feed = NewFeed(s.bus, o)
		defer s.feed.Close()
		test(s)
	})
}

// commit stores a version and signals it.
func (s *stage) commit(key string, value state) {
	s.store.put(key, value)
	s.bus.Publish(key)
}

func (s *stage) subscribe(ctx context.Context, key string) <-chan state {
	s.Helper()
	values, err := s.feed.Subscribe(ctx, key)
	if err != nil {
		s.Fatal(err)
	}
	return values
}

// sees fails unless the next value is there already and has the version.
func (s *stage) sees(values <-chan state, version int) {
	s.Helper()
	select {
	case v, open := <-values:
		if !open {
			s.Fatalf("the stream has ended, want version %d", version)
		}
		if v.version != version {
			s.Fatalf("saw version %d, want %d", v.version, version)
		}
	default:
		s.Fatalf("nothing to see, want version %d", version)
	}
}

func (s *stage) seesNothing(values <-chan state) {
	s.Helper()
	select {
	case v, open := <-values:
		s.Fatalf("saw %+v, open %v", v, open)
	default:
	}
}

func (s *stage) seesTheEnd(values <-chan state) {
	s.Helper()
	select {
	case v, open := <-values:
		if open {
			s.Fatalf("saw %+v, want the end", v)
		}
	default:
		s.Fatal("the stream goes on")
	}
}

// settle waits until nobody has anything to do at this moment.
func (s *stage) settle() { synctest.Wait() }

// pass lets time pass.
func (s *stage) pass(d time.Duration) {
	sleep(s.Context(), d)
	synctest.Wait()
}
