package bus

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"productgenerator/postgres/pgtest"
)

// benchFeed is a feed of a counter that is read without a database.
func benchFeed(b *testing.B, bus Bus, version *atomic.Int64) *Feed[string, *state] {
	b.Helper()
	feed := NewFeed(bus, FeedOptions[string, *state]{
		Read:    func(context.Context, string) (*state, error) { return &state{version: int(version.Load())}, nil },
		Newer:   func(delivered, read *state) bool { return read.version > delivered.version },
		Reading: Reading{MinInterval: time.Nanosecond},
	})
	b.Cleanup(feed.Close)
	return feed
}

// What the follower does for one change of a key with 10,000 subscribers, none of whom is looking.
func BenchmarkDeliverTo10000Mailboxes(b *testing.B) {
	a := newAudience[*state](func() {})
	for range 10_000 {
		a.join(b.Context())
	}
	a.begin()
	a.deliver(&state{version: 1}, true)
	for b.Loop() {
		a.begin()
		a.deliver(&state{version: 2}, true)
	}
}

// One change of a key, until the last of 10,000 subscribers has it; each waits on a goroutine of its own, as sockets do.
func BenchmarkOneChangeTo10000Subscribers(b *testing.B) {
	const subscribers = 10_000
	bus := NewMemory()
	var version atomic.Int64
	version.Store(1)
	feed := benchFeed(b, bus, &version)
	ctx, cancel := context.WithCancel(context.Background())

	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	streams := make([]<-chan *state, subscribers)
	for i := range streams {
		values, err := feed.Subscribe(ctx, "team_1")
		if err != nil {
			b.Fatal(err)
		}
		streams[i] = values
	}
	runtime.GC()
	runtime.ReadMemStats(&after)

	var reached atomic.Int64
	all := make(chan struct{}, 1)
	var running sync.WaitGroup
	for _, values := range streams {
		running.Go(func() {
			for range values {
				if reached.Add(1) == subscribers {
					reached.Store(0)
					all <- struct{}{}
				}
			}
		})
	}
	<-all // the first values
	for b.Loop() {
		version.Add(1)
		bus.Publish("team_1")
		<-all
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/subscribers, "B/subscriber")
	cancel()
	running.Wait()
}

// What a publisher pays while the notifier is busy.
func BenchmarkPublishThroughPostgres(b *testing.B) {
	bus := openBus(b, pgtest.NewURL(b), defaultTiming)
	topics := make([]string, 1000)
	for i := range topics {
		topics[i] = fmt.Sprintf("team_%026d", i)
	}
	i := 0
	for b.Loop() {
		bus.Publish(topics[i%len(topics)])
		i++
	}
}

// One signal from process to process, each after a pause.
func BenchmarkASignalToAnotherProcess(b *testing.B) {
	url := pgtest.NewURL(b)
	afterPause := defaultTiming
	afterPause.window = 0
	one, two := openBus(b, url, afterPause), openBus(b, url, afterPause)
	s := two.Subscribe("team_1")
	for b.Loop() {
		one.Publish("team_1")
		<-s.C
	}
}
