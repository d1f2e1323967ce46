package bus

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// day returns a state that is due in some time from now.
func day(version int, in time.Duration) state {
	return state{version: version, due: time.Now().Add(in)}
}

func TestAStateThatIsDueIsBroughtUpToDateAndReadAgain(t *testing.T) {
	var calls atomic.Int32
	onStage(t, func(db *store, o *FeedOptions[string, state]) {
		db.put("team_1", day(1, 90*time.Second))
		o.OnDue = func(_ context.Context, key string) error {
			calls.Add(1)
			db.put(key, day(2, 24*time.Hour))
			return nil
		}
	}, func(s *stage) {
		values := s.subscribe(s.Context(), "team_1")
		s.sees(values, 1)
		s.pass(89 * time.Second)
		s.seesNothing(values)
		s.pass(time.Second + defaultMinInterval)
		s.sees(values, 2)
		s.pass(time.Hour)
		if n := calls.Load(); n != 1 {
			s.Fatalf("brought up to date %d times", n)
		}
	})
}

func TestAStateThatIsDueWhenFirstReadIsBroughtUpToDateAtOnce(t *testing.T) {
	onStage(t, func(db *store, o *FeedOptions[string, state]) {
		db.put("team_1", day(1, -72*time.Hour))
		days := 3
		o.OnDue = func(_ context.Context, key string) error { // one day at a time
			days--
			db.put(key, day(5-days, -time.Duration(days)*24*time.Hour+time.Hour))
			return nil
		}
	}, func(s *stage) {
		values := s.subscribe(s.Context(), "team_1")
		s.sees(values, 1)
		s.pass(4 * defaultMinInterval)
		s.sees(values, 5)
	})
}

func TestBringingUpToDateIsTriedAgainWhenItFailsAndNewcomersStillGetTheState(t *testing.T) {
	var calls, mended atomic.Int32
	onStage(t, func(db *store, o *FeedOptions[string, state]) {
		db.put("team_1", day(1, time.Second))
		o.OnDue = func(_ context.Context, key string) error {
			calls.Add(1)
			if mended.Load() == 0 {
				return errors.New("another has the lock")
			}
			db.put(key, day(2, time.Hour))
			return nil
		}
	}, func(s *stage) {
		values := s.subscribe(s.Context(), "team_1")
		s.sees(values, 1)
		s.pass(30 * time.Second)
		if n := calls.Load(); n < 5 || n > 20 {
			s.Fatalf("tried %d times in 30 seconds", n)
		}
		s.sees(s.subscribe(s.Context(), "team_1"), 1)
		mended.Store(1)
		s.pass(defaultEvery + defaultMinInterval)
		s.sees(values, 2)
	})
}

func TestAStateThatStaysDueIsNotReadWithoutPause(t *testing.T) {
	for name, onDue := range map[string]func(context.Context, string) error{
		"with OnDue":    func(context.Context, string) error { return nil },
		"without OnDue": nil,
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, func(db *store, o *FeedOptions[string, state]) {
				db.put("team_1", day(1, time.Second))
				o.OnDue = onDue
			}, func(s *stage) {
				s.sees(s.subscribe(s.Context(), "team_1"), 1)
				s.pass(time.Minute)
				if n := s.store.readCount(); n > 30 {
					s.Fatalf("read %d times in a minute", n)
				}
			})
		})
	}
}
