package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/postgres/pgtest"
)

// quick notices dead connections sooner than a server has to.
var quick = timing{window: defaultTiming.window, ping: 50 * time.Millisecond, limit: 300 * time.Millisecond}

var discard = slog.New(slog.DiscardHandler)

// openBus opens a bus that closes with the test.
func openBus(t testing.TB, url string, with timing) *Postgres {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	b, err := listenWith(ctx, url, discard, with)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// openConn opens a connection beside the bus.
func openConn(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// terminate has the server end the connections of every bus on the database.
func terminate(t testing.TB, conn *pgx.Conn, application string) {
	t.Helper()
	tag, err := conn.Exec(t.Context(), `
		SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = $1`, application)
	if err != nil {
		t.Fatal(err)
	}
	if tag.RowsAffected() == 0 {
		t.Fatalf("no connection of %q to end", application)
	}
}

func TestTwoProcessesOnOneDatabaseHearEachOther(t *testing.T) {
	url := pgtest.NewURL(t)
	noLeaks(t)
	one, two := openBus(t, url, defaultTiming), openBus(t, url, defaultTiming)
	atOne, atTwo, other := one.Subscribe("team_1"), two.Subscribe("team_1"), two.Subscribe("team_2")

	one.Publish("team_1")
	hears(t, atTwo)
	hears(t, atOne)
	two.Publish("team_1")
	hears(t, atOne)
	hears(t, atTwo)
	hearsNothing(t, other)
}

func TestAProcessHearsItsOwnSignalOnce(t *testing.T) {
	url := pgtest.NewURL(t)
	noLeaks(t)
	one, two := openBus(t, url, defaultTiming), openBus(t, url, defaultTiming)
	own, echo := one.Subscribe("team_1"), one.Subscribe("gen_1")

	one.Publish("team_1")
	hears(t, own)
	heard := two.Subscribe("gen_2")
	one.Publish("gen_2") // two's answer to it comes after the echo of team_1 would have
	hears(t, heard)
	two.Publish("gen_1")
	hears(t, echo)
	hearsNothing(t, own)
}

func TestAThousandPublishesTakeFewNotifications(t *testing.T) {
	url := pgtest.NewURL(t)
	noLeaks(t)
	b := openBus(t, url, defaultTiming)
	witness := openConn(t, url)
	if err := listen(t.Context(), witness); err != nil {
		t.Fatal(err)
	}

	for i := range 1000 {
		b.Publish(fmt.Sprintf("team_%d", i%10))
	}
	b.Publish("gen_last")
	notifications, seen := 0, map[string]bool{}
	for !seen["gen_last"] {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		n, err := witness.WaitForNotification(ctx)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		notifications++
		_, topics, _ := unpack(n.Payload)
		for _, topic := range topics {
			seen[topic] = true
		}
	}
	if notifications > 20 || len(seen) != 11 {
		t.Fatalf("1,001 publishes of 11 topics took %d notifications with %d topics", notifications, len(seen))
	}
}

func TestWhatIsPublishedWithinTheWindowGoesTogether(t *testing.T) {
	url := pgtest.NewURL(t)
	noLeaks(t)
	long := defaultTiming
	long.window = time.Hour
	one, other := openBus(t, url, long), openBus(t, url, defaultTiming)
	witness := openConn(t, url)
	if err := listen(t.Context(), witness); err != nil {
		t.Fatal(err)
	}
	next := func() []string {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		n, err := witness.WaitForNotification(ctx)
		if err != nil {
			t.Fatal(err)
		}
		_, topics, _ := unpack(n.Payload)
		slices.Sort(topics)
		return topics
	}

	holds := func(topics ...string) {
		t.Helper()
		if got := next(); !slices.Equal(got, topics) {
			t.Fatalf("the notification holds %q, want %q", got, topics)
		}
	}

	one.Publish("team_1") // the first after a pause does not wait
	holds("team_1")
	one.Publish("team_2")
	for i := range 5 { // time enough for team_2 to come, if it did not wait
		topic := fmt.Sprint("gen_", i)
		other.Publish(topic)
		holds(topic)
	}
	one.Publish("team_3")
	one.Publish("team_2")
	one.Close() // ends the window
	holds("team_2", "team_3")
}

func TestManyTopicsAtOnceAllArrive(t *testing.T) {
	url := pgtest.NewURL(t)
	noLeaks(t)
	one, two := openBus(t, url, defaultTiming), openBus(t, url, defaultTiming)
	var topics []string
	var subscriptions []*Subscription
	for i := range 5000 {
		topics = append(topics, fmt.Sprintf("team_%026d", i))
		subscriptions = append(subscriptions, two.Subscribe(topics[i]))
	}
	one.Publish(topics...)
	for _, s := range subscriptions {
		hears(t, s)
	}
}

func TestATopicThatCannotTravelReachesOtherProcessesAsAWakeUpForAll(t *testing.T) {
	url := pgtest.NewURL(t)
	noLeaks(t)
	one, two := openBus(t, url, defaultTiming), openBus(t, url, defaultTiming)
	s := two.Subscribe("team_1")
	one.Publish("team_\x00" + strings.Repeat("x", 10_000))
	hears(t, s)
	one.Publish("team_1")
	hears(t, s)
}

func TestAKilledConnectionIsReplacedAndEverySubscriberWokenOnce(t *testing.T) {
	url := pgtest.NewURL(t)
	noLeaks(t)
	one, two := openBus(t, url, defaultTiming), openBus(t, url, defaultTiming)
	witness := openConn(t, url)
	s := one.Subscribe("team_1")

	terminate(t, witness, "productgenerator bus listen")
	hears(t, s) // something may have been missed
	eventually(t, "both listen again", func() bool { return one.Ready(t.Context()) == nil && two.Ready(t.Context()) == nil })
	two.Publish("team_1")
	hears(t, s)
	hearsNothing(t, s)
}

func TestSignalsPublishedWhileTheConnectionWasGoneArriveAfterwards(t *testing.T) {
	url := pgtest.NewURL(t)
	noLeaks(t)
	one, two := openBus(t, url, defaultTiming), openBus(t, url, defaultTiming)
	witness := openConn(t, url)
	s := two.Subscribe("team_1")
	for range 3 {
		terminate(t, witness, "productgenerator bus notify")
		one.Publish("team_1")
		hears(t, s)
		eventually(t, "both tell again", func() bool { return one.Ready(t.Context()) == nil && two.Ready(t.Context()) == nil })
	}
}

func TestAConnectionThatDiesSilentlyIsNoticedAndPublishNeverWaits(t *testing.T) {
	url := pgtest.NewURL(t)
	noLeaks(t)
	far := openBus(t, url, defaultTiming)
	between := newProxy(t, url)
	near := openBus(t, between.url, quick)
	there, here := far.Subscribe("team_1"), near.Subscribe("team_2")

	between.freeze()
	near.Publish("team_1")
	far.Publish("team_2") // lost on its way to near
	eventually(t, "near knows that it is cut off", func() bool { return near.Ready(t.Context()) != nil })
	if err := near.Ready(t.Context()); !errors.Is(err, ErrDown) {
		t.Fatalf("Ready said %v", err)
	}
	for range 3 * backlogLimit {
		near.Publish("team_1")
	}
	hearsNothing(t, there)

	between.thaw()
	hears(t, there)
	hears(t, here)
	eventually(t, "near is ready again", func() bool { return near.Ready(t.Context()) == nil })
}

func TestAQuietConnectionStaysOpen(t *testing.T) {
	url := pgtest.NewURL(t)
	noLeaks(t)
	with := quick
	with.ping, with.limit = 5*time.Millisecond, patience
	var text bytes.Buffer
	b, err := listenWith(t.Context(), url, slog.New(slog.NewTextHandler(&text, nil)), with)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	witness := openConn(t, url)
	var pings atomic.Int64
	eventually(t, "some pings passed", func() bool {
		var quiet bool
		err := witness.QueryRow(t.Context(), `
			SELECT query NOT LIKE 'LISTEN%' FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'productgenerator bus listen'`).Scan(&quiet)
		if err != nil {
			t.Fatal(err)
		}
		if quiet {
			pings.Add(1)
		}
		return pings.Load() > 20
	})
	s := b.Subscribe("team_1")
	other := openBus(t, url, defaultTiming)
	other.Publish("team_1")
	hears(t, s)
	b.Close()
	if text.Len() > 0 {
		t.Fatalf("the bus had to say: %s", &text)
	}
}

func TestCloseSendsWhatIsLeft(t *testing.T) {
	url := pgtest.NewURL(t)
	noLeaks(t)
	two := openBus(t, url, defaultTiming)
	for i := range 20 {
		one := openBus(t, url, defaultTiming)
		first, last := two.Subscribe(fmt.Sprint("team_", i)), two.Subscribe(fmt.Sprint("gen_", i))
		one.Publish(first.topic)
		one.Publish(last.topic)
		one.Close()
		one.Close()
		hears(t, first)
		hears(t, last)
		if err := one.Ready(t.Context()); !errors.Is(err, ErrClosed) {
			t.Fatalf("Ready said %v of a closed bus", err)
		}
	}
}

func TestABusThatIsCutOffClosesSoon(t *testing.T) {
	url := pgtest.NewURL(t)
	noLeaks(t)
	between := newProxy(t, url)
	b := openBus(t, between.url, quick)
	between.freeze()
	b.Publish("team_1")
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		b.Close()
	}()
	select {
	case <-closed:
	case <-time.After(patience):
		t.Fatal("Close did not return")
	}
}

func TestListenFailsWithoutADatabaseAndKeepsThePasswordToItself(t *testing.T) {
	noLeaks(t)
	for _, url := range []string{
		"postgres://user:hush-hush@127.0.0.1:1/none?connect_timeout=2",
		"postgres://user:hush-hush@127.0.0.1:port/none",
	} {
		b, err := Listen(t.Context(), url, discard)
		if err == nil || b != nil {
			t.Fatalf("%s: got a bus", url)
		}
		if strings.Contains(err.Error(), "hush-hush") {
			t.Fatalf("the error tells the password: %v", err)
		}
	}
}

func TestASignalGoesOutWithoutWaitingForTheDisk(t *testing.T) {
	url := pgtest.NewURL(t)
	noLeaks(t)
	b := openBus(t, url, defaultTiming)
	if got := b.notifier.line.config.RuntimeParams["synchronous_commit"]; got != "off" {
		t.Fatalf("the notifying connection commits with synchronous_commit %q", got)
	}
	if _, set := b.listener.line.config.RuntimeParams["synchronous_commit"]; set {
		t.Fatal("the setting reached another connection")
	}
}
