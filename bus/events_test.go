package bus

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// soon is how long a signalled event may take.
const soon = 2 * defaultMinInterval

func TestAStreamWithoutAPointHasOnlyWhatIsNew(t *testing.T) {
	onScene(t, func(s *scene) {
		s.commit("team_1", 7)
		stream := s.begin("team_1", -1)
		s.waits(stream)
		s.commit("team_1", 2)
		s.reads(stream, 8, 9, soon)
		s.waits(stream)
	})
}

func TestAStreamFromAPointHasAllBehindItAndThenWhatIsNew(t *testing.T) {
	onScene(t, func(s *scene) {
		s.commit("team_1", 1_000)
		for _, after := range []int64{0, 1, 999, 1_000} {
			stream := s.begin("team_1", after)
			s.reads(stream, after+1, 1_000, soon)
		}
		stream := s.begin("team_1", 1_000)
		s.waits(stream)
		s.commit("team_1", 1)
		s.reads(stream, 1_001, 1_001, soon)
	})
}

func TestAPointThatNoEventHasYetWaitsForWhatFollowsIt(t *testing.T) {
	onScene(t, func(s *scene) {
		s.commit("team_1", 3)
		stream := s.begin("team_1", 10)
		s.commit("team_1", 7)
		s.waits(stream)
		s.commit("team_1", 2)
		s.reads(stream, 11, 12, soon)
	})
}

func TestStreamsOfOneKeyHearNothingOfAnother(t *testing.T) {
	onScene(t, func(s *scene) {
		one, two := s.begin("team_1", 0), s.begin("team_2", 0)
		s.commit("team_2", 1)
		s.reads(two, 1, 1, soon)
		s.waits(one)
	})
}

func TestStreamsThatAreUpToDateShareOneRead(t *testing.T) {
	onScene(t, func(s *scene) {
		s.commit("team_1", 40)
		var streams []*Stream[string, int64]
		for range 100 {
			streams = append(streams, s.begin("team_1", -1))
		}
		s.pass(time.Second)
		s.journal.pagesRead()
		s.commit("team_1", 3)
		for _, stream := range streams {
			s.reads(stream, 41, 43, soon)
		}
		if pages := s.journal.pagesRead(); pages != 1 {
			t.Errorf("%d pages were read for 100 streams", pages)
		}
	})
}

func TestALostSignalOnlyDelays(t *testing.T) {
	onScene(t, func(s *scene) {
		stream := s.begin("team_1", 0)
		s.pass(time.Second)
		s.journal.post("team_1", 1)
		s.reads(stream, 1, 1, defaultEvery)
	})
}

func TestABurstIsReadPageByPageUntilNothingIsLeft(t *testing.T) {
	onScene(t, func(s *scene) {
		stream := s.begin("team_1", 0)
		s.pass(time.Second)
		s.commit("team_1", 3*eventsPage)
		s.reads(stream, 1, 3*eventsPage, soon)
		s.commit("team_1", 3*eventsPage+1)
		s.reads(stream, 3*eventsPage+1, 6*eventsPage+1, soon)
	})
}

func TestASlowStreamLosesNothingThatTheTailHasDropped(t *testing.T) {
	onScene(t, func(s *scene) {
		slow, quick := s.begin("team_1", 0), s.begin("team_1", 0)
		for at := int64(0); at < mostBehind; at += 50 {
			s.pass(time.Second)
			s.commit("team_1", 50)
			s.reads(quick, at+1, at+50, soon)
		}
		s.reads(slow, 1, mostBehind, soon)
	})
}

func TestAStreamThatIsTooFarBehindBeginsNot(t *testing.T) {
	onScene(t, func(s *scene) {
		s.commit("team_1", mostBehind+5)
		after := int64(4)
		if _, err := s.events.Subscribe(s.Context(), "team_1", &after); !errors.Is(err, ErrTooFarBehind) {
			t.Fatalf("got %v", err)
		}
		if len(s.events.readers) != 0 {
			t.Error("its reader stays")
		}
		s.reads(s.begin("team_1", 5), 6, mostBehind+5, soon)
	})
}

func TestAStreamThatDoesNotReadIsEndedOnceItIsTooFarBehind(t *testing.T) {
	onScene(t, func(s *scene) {
		idle := s.begin("team_1", 0)
		s.commit("team_1", 1)
		s.reads(idle, 1, 1, soon)
		for range 11 {
			s.pass(time.Second)
			s.commit("team_1", mostBehind/10)
		}
		s.settle()
		if err := s.end(idle); !errors.Is(err, ErrTooFarBehind) {
			t.Errorf("got %v", err)
		}
	})
}

func TestReadsThatFailAreTriedAgainAndNothingIsLost(t *testing.T) {
	onScene(t, func(s *scene) {
		s.commit("team_1", 500)
		behind, upToDate := s.begin("team_1", 100), s.begin("team_1", 500)
		s.pass(time.Second)
		s.journal.set(func() { s.journal.fails = true })
		s.commit("team_1", 1)
		s.waits(upToDate)
		s.waits(behind)
		if failing := s.events.troubles.failing.Load(); failing != 1 {
			t.Errorf("%d keys count as failing", failing)
		}
		s.journal.set(func() { s.journal.fails = false })
		s.reads(upToDate, 501, 501, defaultEvery)
		s.reads(behind, 101, 501, defaultEvery)
		s.pass(time.Second)
		if failing := s.events.troubles.failing.Load(); failing != 0 {
			t.Errorf("%d keys count as failing in the end", failing)
		}
	})
}

func TestAReadThatFailsAtTheStartIsTheAnswer(t *testing.T) {
	onScene(t, func(s *scene) {
		s.journal.fails = true
		if _, err := s.events.Subscribe(s.Context(), "team_1", nil); !errors.Is(err, errDatabase) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestAGapEndsAStreamRatherThanSkippingAnEvent(t *testing.T) {
	onScene(t, func(s *scene) {
		s.commit("team_1", 30)
		s.journal.hole = 20
		stream := s.begin("team_1", 10)
		if err := s.end(stream); !errors.Is(err, errMissing) {
			t.Errorf("got %v", err)
		}
	})
}

func TestTheLastStreamOfAKeyEndsItsReader(t *testing.T) {
	onScene(t, func(s *scene) {
		first, second := s.begin("team_1", 0), s.begin("team_1", 0)
		first.Close()
		first.Close()
		s.commit("team_1", 1)
		s.reads(second, 1, 1, soon)
		second.Close()
		s.settle()
		s.journal.pagesRead()
		s.commit("team_1", 1)
		s.pass(time.Minute)
		if pages := s.journal.pagesRead(); pages != 0 || len(s.events.readers) != 0 {
			t.Errorf("%d pages were read, %d readers are left", pages, len(s.events.readers))
		}
		s.reads(s.begin("team_1", 1), 2, 2, soon)
	})
}

func TestClosedEventsEndEveryStream(t *testing.T) {
	onScene(t, func(s *scene) {
		stream := s.begin("team_1", 0)
		ended := make(chan error)
		go func() {
			_, err := stream.Next(s.Context())
			ended <- err
		}()
		s.settle()
		s.events.Close()
		if err := <-ended; !errors.Is(err, ErrClosed) {
			t.Errorf("the stream ended with %v", err)
		}
		if _, err := s.events.Subscribe(s.Context(), "team_1", nil); !errors.Is(err, ErrClosed) {
			t.Errorf("another one began with %v", err)
		}
	})
}

func TestAStreamWhoseContextEndsReturnsItsError(t *testing.T) {
	onScene(t, func(s *scene) {
		stream := s.begin("team_1", 0)
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		if _, err := stream.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// Streams come and go at random while events are committed in bursts, some of whose signals get lost and some of whose
// reads fail: each follower, who begins again behind the last event it saw, sees every one exactly once and in order.
func TestFollowersWhoAreCutOffAtRandomSeeEveryEventOnce(t *testing.T) {
	onScene(t, func(s *scene) {
		const total = 5_000
		var all sync.WaitGroup
		for follower := range 20 {
			all.Go(func() { s.followTo(total, rand.New(rand.NewPCG(7, uint64(follower)))) })
		}
		chance := rand.New(rand.NewPCG(7, 100))
		for posted := int64(0); posted < total; {
			burst := min(total-posted, 1+chance.Int64N(30))
			s.journal.post("team_1", burst)
			posted += burst
			if chance.IntN(4) > 0 {
				s.bus.Publish("team_1")
			}
			s.journal.set(func() { s.journal.fails = chance.IntN(10) == 0 })
			s.pass(time.Duration(chance.Int64N(int64(200 * time.Millisecond))))
		}
		s.journal.set(func() { s.journal.fails = false })
		all.Wait()
	})
}

// followTo reads events up to the last one over streams that are cut off again and again.
func (s *scene) followTo(last int64, chance *rand.Rand) {
	seen := int64(0)
	for seen < last {
		stream, err := s.events.Subscribe(s.Context(), "team_1", &seen)
		if errors.Is(err, ErrTooFarBehind) {
			s.Errorf("event %d is too far behind", seen)
			return
		}
		if err != nil {
			sleep(s.Context(), 100*time.Millisecond)
			continue
		}
		ctx, cancel := context.WithTimeout(s.Context(), time.Duration(chance.Int64N(int64(3*time.Second))))
		for {
			got, err := stream.Next(ctx)
			if err != nil {
				break
			}
			if got != seen+1 {
				s.Errorf("event %d came behind %d", got, seen)
			}
			seen = got
		}
		cancel()
		stream.Close()
	}
}
