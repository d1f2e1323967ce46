package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"productgenerator/postgres/pgtest"
)

func TestASubscriberSeesTheCurrentStateAndThenEveryNewerOne(t *testing.T) {
	onStage(t, nil, func(s *stage) {
		values := s.subscribe(s.Context(), "team_1")
		s.sees(values, 1)
		for version := 2; version < 10; version++ {
			s.pass(time.Second)
			s.commit("team_1", state{version: version})
			s.settle()
			s.sees(values, version)
		}
		s.seesNothing(values)
	})
}

func TestASlowSubscriberFindsOnlyTheNewest(t *testing.T) {
	onStage(t, nil, func(s *stage) {
		slow, quick := s.subscribe(s.Context(), "team_1"), s.subscribe(s.Context(), "team_1")
		s.sees(quick, 1)
		for version := 2; version < 10; version++ {
			s.pass(time.Second)
			s.commit("team_1", state{version: version})
			s.settle()
			s.sees(quick, version)
		}
		s.sees(slow, 9)
		s.seesNothing(slow)
	})
}

func TestKeysAreFollowedApart(t *testing.T) {
	onStage(t, nil, func(s *stage) {
		s.store.put("team_2", state{version: 7})
		one, two := s.subscribe(s.Context(), "team_1"), s.subscribe(s.Context(), "team_2")
		s.sees(one, 1)
		s.sees(two, 7)
		s.pass(time.Second)
		s.commit("team_2", state{version: 8})
		s.settle()
		s.sees(two, 8)
		s.seesNothing(one)
	})
}

func TestThoseWhoComeFirstShareOneRead(t *testing.T) {
	onStage(t, func(db *store, _ *FeedOptions[string, state]) { db.slow = 30 * time.Millisecond }, func(s *stage) {
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				sleep(s.Context(), time.Duration(i%20)*time.Millisecond)
				values, err := s.feed.Subscribe(s.Context(), "team_1")
				if err != nil {
					s.Error(err)
					return
				}
				if v := <-values; v.version != 1 {
					s.Errorf("saw version %d", v.version)
				}
			})
		}
		all.Wait()
		if n := s.store.readCount(); n != 1 {
			s.Fatalf("took %d reads", n)
		}
	})
}

func TestALaterSubscriberSeesWhatWasCommittedBeforeItCameThoughTheSignalWasLost(t *testing.T) {
	onStage(t, nil, func(s *stage) {
		early := s.subscribe(s.Context(), "team_1")
		s.sees(early, 1)
		s.store.put("team_1", state{version: 2})
		late := s.subscribe(s.Context(), "team_1")
		s.sees(late, 2)
		s.settle()
		s.sees(early, 2)
	})
}

func TestASignalDuringAReadBringsAnotherRead(t *testing.T) {
	onStage(t, func(db *store, _ *FeedOptions[string, state]) { db.slow = 10 * time.Millisecond }, func(s *stage) {
		values := s.subscribe(s.Context(), "team_1")
		s.sees(values, 1)
		s.pass(time.Second)
		s.commit("team_1", state{version: 2})
		s.pass(5 * time.Millisecond) // the read of version 2 is under way
		s.commit("team_1", state{version: 3})
		s.pass(5 * time.Millisecond)
		s.sees(values, 2)
		s.pass(defaultMinInterval)
		s.sees(values, 3)
	})
}

func TestWhoComesDuringALaterReadWaitsForTheNext(t *testing.T) {
	onStage(t, func(db *store, _ *FeedOptions[string, state]) { db.slow = 10 * time.Millisecond }, func(s *stage) {
		s.subscribe(s.Context(), "team_1")
		s.pass(time.Second)
		s.commit("team_1", state{version: 2})
		s.pass(5 * time.Millisecond)
		s.store.put("team_1", state{version: 3})
		s.sees(s.subscribe(s.Context(), "team_1"), 3)
	})
}

func TestALostSignalIsMadeUpForWithinEvery(t *testing.T) {
	onStage(t, nil, func(s *stage) {
		values := s.subscribe(s.Context(), "team_1")
		s.sees(values, 1)
		for version := 2; version < 20; version++ {
			s.store.put("team_1", state{version: version})
			s.pass(defaultEvery + defaultMinInterval)
			s.sees(values, version)
		}
	})
}

func TestAHotKeyIsReadOnceInMinIntervalAndAfterAPauseAtOnce(t *testing.T) {
	onStage(t, nil, func(s *stage) {
		values := s.subscribe(s.Context(), "team_1")
		s.sees(values, 1)
		s.pass(time.Second)
		version, before := 1, s.store.readCount()
		for range 1000 {
			version++
			s.commit("team_1", state{version: version})
			s.pass(time.Millisecond)
		}
		if n := s.store.readCount() - before; n < 18 || n > 21 {
			s.Fatalf("a second of changes took %d reads", n)
		}
		s.pass(defaultMinInterval)
		s.sees(values, version)

		s.pass(time.Second)
		s.commit("team_1", state{version: version + 1})
		s.settle()
		s.sees(values, version+1)
	})
}

func TestNoSubscriberEverGoesBack(t *testing.T) {
	onStage(t, nil, func(s *stage) {
		s.store.put("team_1", state{version: 5})
		values := s.subscribe(s.Context(), "team_1")
		s.sees(values, 5)
		s.pass(time.Second)
		s.commit("team_1", state{version: 4}) // read from a replica that lags
		s.settle()
		s.seesNothing(values)
		s.sees(s.subscribe(s.Context(), "team_1"), 5)
	})
}

func TestAFailedFirstReadIsReturnedAtOnce(t *testing.T) {
	onStage(t, func(db *store, _ *FeedOptions[string, state]) { db.fails = true }, func(s *stage) {
		began := time.Now()
		if _, err := s.feed.Subscribe(s.Context(), "team_1"); !errors.Is(err, errDatabase) {
			s.Fatalf("got error %v", err)
		}
		if waited := time.Since(began); waited > 0 {
			s.Fatalf("it took %v", waited)
		}
		s.pass(time.Minute)
		if n := s.store.readCount(); n != 1 {
			s.Fatalf("read %d times for nobody", n)
		}
		s.store.set(func() { s.store.fails = false })
		s.sees(s.subscribe(s.Context(), "team_1"), 1)
	})
}

func TestSubscribersStayWhileReadsFailAndSeeTheNewestAfterwards(t *testing.T) {
	onStage(t, nil, func(s *stage) {
		values := s.subscribe(s.Context(), "team_1")
		s.sees(values, 1)
		s.store.set(func() { s.store.fails = true })
		s.pass(time.Second)
		before := s.store.readCount()
		s.commit("team_1", state{version: 2})
		s.pass(time.Minute)
		s.seesNothing(values)
		if n := s.store.readCount() - before; n < 10 || n > 40 {
			s.Fatalf("tried %d times in a minute", n)
		}
		if _, err := s.feed.Subscribe(s.Context(), "team_1"); !errors.Is(err, errDatabase) {
			s.Fatalf("a newcomer got error %v", err)
		}
		s.store.set(func() { s.store.fails = false })
		s.pass(defaultEvery + defaultMinInterval)
		s.sees(values, 2)
		if n := s.feed.troubles.failing.Load(); n != 0 {
			s.Fatalf("%d followers still count as failing", n)
		}
	})
}

func TestTheStreamEndsWithAFinalValue(t *testing.T) {
	onStage(t, nil, func(s *stage) {
		one, two := s.subscribe(s.Context(), "gen_1"), s.subscribe(s.Context(), "gen_1")
		s.sees(one, 0)
		s.pass(time.Second)
		s.commit("gen_1", state{version: 1, final: true})
		s.settle()
		for _, values := range []<-chan state{one, two} {
			s.sees(values, 1)
			s.seesTheEnd(values)
		}
		after := s.subscribe(s.Context(), "gen_1")
		s.sees(after, 1)
		s.seesTheEnd(after)
		s.pass(time.Second)
		if n := len(s.feed.followers); n != 0 {
			s.Fatalf("%d followers are left", n)
		}
	})
}

func TestWhoComesDuringTheReadOfTheFinalValueGetsItToo(t *testing.T) {
	onStage(t, nil, func(s *stage) {
		first := s.subscribe(s.Context(), "gen_1")
		s.sees(first, 0)
		s.pass(time.Second)
		s.store.set(func() { s.store.slow = 10 * time.Millisecond })
		s.commit("gen_1", state{version: 1, final: true})
		s.pass(time.Millisecond) // the read is under way
		second := s.subscribe(s.Context(), "gen_1")
		s.sees(second, 1)
		s.seesTheEnd(second)
	})
}

func TestTheStreamEndsWithItsContextAndTheFollowerWithItsLastSubscriber(t *testing.T) {
	onStage(t, nil, func(s *stage) {
		ctx, leave := context.WithCancel(s.Context())
		leaves, stays := s.subscribe(ctx, "team_1"), s.subscribe(s.Context(), "team_2")
		s.sees(leaves, 1)
		s.sees(stays, 0)
		leave()
		s.settle()
		s.seesTheEnd(leaves)
		if n := len(s.feed.followers); n != 1 {
			s.Fatalf("there are %d followers for one key", n)
		}
		if n := len(s.bus.topics); n != 1 {
			s.Fatalf("there are %d topics for one key", n)
		}
		again := s.subscribe(s.Context(), "team_1")
		s.sees(again, 1)
	})
}

func TestWhoComesAsTheLastSubscriberLeavesGetsAnotherFollower(t *testing.T) {
	onStage(t, nil, func(s *stage) {
		ctx, leave := context.WithCancel(s.Context())
		s.subscribe(ctx, "team_1")
		ended := s.feed.followers["team_1"]
		leave()
		s.settle()
		s.feed.mu.Lock()
		s.feed.followers["team_1"] = ended // as it is just before its goroutine has ended
		s.feed.mu.Unlock()
		s.sees(s.subscribe(s.Context(), "team_1"), 1)
	})
}

func TestWhoLeavesBeforeTheFirstReadHasEndedWaitsForNothing(t *testing.T) {
	onStage(t, func(db *store, _ *FeedOptions[string, state]) { db.slow = time.Hour }, func(s *stage) {
		ctx, cancel := context.WithTimeout(s.Context(), time.Second)
		defer cancel()
		if _, err := s.feed.Subscribe(ctx, "team_1"); !errors.Is(err, context.DeadlineExceeded) {
			s.Fatalf("got error %v", err)
		}
		s.settle()
		if n := len(s.feed.followers); n != 0 {
			s.Fatalf("%d followers are left", n)
		}
		if _, err := s.feed.Subscribe(ctx, "team_1"); !errors.Is(err, context.DeadlineExceeded) {
			s.Fatalf("got error %v", err)
		}
		if n := s.store.readCount(); n != 1 {
			s.Fatalf("read %d times, once for somebody who had left", n)
		}
	})
}

func TestAReadThatHangsIsGivenUp(t *testing.T) {
	onStage(t, nil, func(s *stage) {
		values := s.subscribe(s.Context(), "team_1")
		s.sees(values, 1)
		s.store.set(func() { s.store.slow = 24 * time.Hour })
		s.commit("team_1", state{version: 2})
		s.pass(time.Second)
		s.store.set(func() { s.store.slow = 0 })
		s.pass(readLimit + time.Second)
		s.sees(values, 2)
	})
}

func TestClosingTheFeedEndsAllStreams(t *testing.T) {
	onStage(t, nil, func(s *stage) {
		values := s.subscribe(s.Context(), "team_1")
		s.sees(values, 1)
		s.store.set(func() { s.store.slow = time.Hour })
		waiting := make(chan error, 1)
		go func() {
			_, err := s.feed.Subscribe(s.Context(), "team_2")
			waiting <- err
		}()
		s.settle()
		s.feed.Close()
		s.feed.Close()
		s.seesTheEnd(values)
		if err := <-waiting; !errors.Is(err, ErrClosed) {
			s.Fatalf("who waited got %v", err)
		}
		if _, err := s.feed.Subscribe(s.Context(), "team_1"); !errors.Is(err, ErrClosed) {
			s.Fatalf("who came later got %v", err)
		}
	})
}

func TestOnlySomeKeysAreReadAtTheSameTime(t *testing.T) {
	onStage(t, func(_ *store, o *FeedOptions[string, state]) { o.Parallel = 3 }, func(s *stage) {
		for i := range 50 {
			s.subscribe(s.Context(), fmt.Sprint("team_", i))
		}
		s.pass(time.Second)
		s.store.set(func() { s.store.slow = time.Millisecond })
		s.bus.wakeAll()
		s.pass(time.Second)
		if s.store.most != 3 {
			s.Fatalf("%d reads at the same time", s.store.most)
		}
	})
}

func TestComingLeavingAndPublishingMayHappenAtOnce(t *testing.T) {
	noLeaks(t)
	db, bus := &store{}, NewMemory()
	db.bump("team_1")
	o := db.options()
	o.MinInterval = time.Microsecond
	feed := NewFeed(bus, o)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 200 {
				ctx, leave := context.WithCancel(t.Context())
				values, err := feed.Subscribe(ctx, "team_1")
				if err != nil {
					t.Error(err)
				}
				own := db.bump("team_1")
				bus.Publish("team_1")
				if i%2 == 0 {
					seesAtLeast(t, values, own)
				}
				leave()
			}
		})
	}
	all.Wait()
	eventually(t, "all followers have ended", func() bool {
		feed.mu.Lock()
		defer feed.mu.Unlock()
		return len(feed.followers) == 0
	})
	feed.Close()
}

// seesAtLeast takes values, each newer than the one before, until the version has come.
func seesAtLeast(t *testing.T, values <-chan state, version int) {
	deadline := time.After(patience)
	for last := 0; last < version; {
		select {
		case v := <-values:
			if v.version <= last {
				t.Errorf("saw version %d after %d", v.version, last)
				return
			}
			last = v.version
		case <-deadline:
			t.Errorf("never saw version %d", version)
			return
		}
	}
}

func TestSubscribersOfOneProcessSeeTheChangesOfAnother(t *testing.T) {
	url := pgtest.NewURL(t)
	noLeaks(t)
	here, there := openBus(t, url, defaultTiming), openBus(t, url, defaultTiming)
	db := &store{}
	db.put("team_1", state{version: 1})
	o := db.options()
	o.Every = time.Hour
	feed := NewFeed(here, o)
	t.Cleanup(feed.Close)
	values, err := feed.Subscribe(t.Context(), "team_1")
	if err != nil {
		t.Fatal(err)
	}
	<-values
	for version := 2; version < 10; version++ {
		db.put("team_1", state{version: version})
		there.Publish("team_1")
		select {
		case v := <-values:
			if v.version != version {
				t.Fatalf("saw version %d, want %d", v.version, version)
			}
		case <-time.After(patience):
			t.Fatalf("never saw version %d", version)
		}
	}
}

func TestAFeedNeedsWhatItCannotDoWithout(t *testing.T) {
	whole := (&store{}).options()
	for name, remove := range map[string]func(*FeedOptions[string, state]){
		"Read":  func(o *FeedOptions[string, state]) { o.Read = nil },
		"Newer": func(o *FeedOptions[string, state]) { o.Newer = nil },
		"Now":   func(o *FeedOptions[string, state]) { o.Now = nil },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Fatal("a feed was made")
				}
			}()
			o := whole
			remove(&o)
			NewFeed(NewMemory(), o)
		})
	}
}
