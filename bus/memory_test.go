package bus

import (
	"sync"
	"testing"
)

func TestASignalWakesTheSubscribersOfItsTopicBeforePublishReturns(t *testing.T) {
	b := NewMemory()
	first, second, other := b.Subscribe("team_1"), b.Subscribe("team_1"), b.Subscribe("team_2")
	b.Publish("team_1", "gen_1")
	for _, s := range []*Subscription{first, second} {
		if len(s.C) != 1 {
			t.Fatal("the signal was not there when Publish returned")
		}
	}
	hearsNothing(t, other)
}

func TestSignalsThatNobodyTookMerge(t *testing.T) {
	b := NewMemory()
	s := b.Subscribe("team_1")
	for range 100 {
		b.Publish("team_1")
	}
	hears(t, s)
	hearsNothing(t, s)
	b.Publish("team_1")
	hears(t, s)
}

func TestAClosedSubscriptionHearsNothingAndLeavesNothingBehind(t *testing.T) {
	b := NewMemory()
	s, stays := b.Subscribe("team_1"), b.Subscribe("team_1")
	s.Close()
	s.Close()
	b.Publish("team_1")
	hearsNothing(t, s)
	hears(t, stays)
	stays.Close()
	if n := len(b.topics); n != 0 {
		t.Fatalf("the hub still has %d topics", n)
	}
}

func TestSubscribingPublishingAndClosingMayHappenAtOnce(t *testing.T) {
	b := NewMemory()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				s := b.Subscribe("team_1")
				b.Publish("team_1", "team_2")
				hears(t, s)
				s.Close()
			}
		})
	}
	all.Wait()
	if n := len(b.topics); n != 0 {
		t.Fatalf("the hub still has %d topics", n)
	}
}
