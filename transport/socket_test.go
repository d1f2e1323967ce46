package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestASubscriptionStreamsAndCompletes(t *testing.T) {
	w := start(t).connect(t)
	w.subscribe("1", `subscription { count(to: 3) }`)
	for i := range 3 {
		w.want(fmt.Sprintf(`{"type":"next","id":"1","payload":{"data":{"count":%d}}}`, i+1))
	}
	w.want(`{"type":"complete","id":"1"}`)
	// The id is free again.
	w.subscribe("1", `subscription { count(to: 1) }`)
	w.want(`{"type":"next","id":"1","payload":{"data":{"count":1}}}`)
	w.want(`{"type":"complete","id":"1"}`)
}

func TestQueriesAndMutationsRunOverASocket(t *testing.T) {
	w := start(t).connect(t)
	w.subscribe("q", `{ viewer }`)
	w.want(`{"type":"next","id":"q","payload":{"data":{"viewer":"Bearer ada"}}}`)
	w.want(`{"type":"complete","id":"q"}`)
	w.subscribe("m", `mutation { add(n: 7) }`)
	w.want(`{"type":"next","id":"m","payload":{"data":{"add":7}}}`)
	w.want(`{"type":"complete","id":"m"}`)
}

func TestWhatDoesNotRunIsAnErrorMessageAndTheSocketStays(t *testing.T) {
	w := start(t).connect(t)
	for query, code := range map[string]string{
		`subscription { refused }`:                  "FORBIDDEN",
		`subscription {`:                            CodeParseFailed,
		`subscription { nothing }`:                  CodeValidationFailed,
		`mutation { spend(n: 1) buy }`:              CodeTooComplex,
		`{ items(first: 101) { totalCount } }`:      CodeBadUserInput,
		`subscription { a: events b: count(to: 1)}`: CodeValidationFailed,
	} {
		w.subscribe("x", query)
		var m struct {
			Type, ID string
			Payload  []struct{ Extensions struct{ Code string } }
		}
		if err := json.Unmarshal([]byte(w.receive()), &m); err != nil {
			t.Fatal(err)
		}
		if m.Type != "error" || m.ID != "x" || len(m.Payload) == 0 || m.Payload[0].Extensions.Code != code {
			t.Errorf("%s: %+v", query, m)
		}
	}
	w.subscribe("x", `{ hello }`)
	w.want(`{"type":"next","id":"x","payload":{"data":{"hello":"hello"}}}`)
}

func TestAStreamThatEndsWithAnErrorSendsErrorInsteadOfComplete(t *testing.T) {
	w := start(t).connect(t)
	w.subscribe("1", `subscription { breaks }`)
	w.want(`{"type":"next","id":"1","payload":{"data":{"breaks":1}}}`)
	w.want(`{"type":"error","id":"1","payload":[{"message":"Read the list again.","path":["breaks"],"extensions":{"code":"TOO_FAR_BEHIND"}}]}`)
	w.send(`{"type":"ping"}`)
	w.want(`{"type":"pong"}`)
}

func TestCompleteStopsASubscriptionAtOnceAndFreesItsID(t *testing.T) {
	r := start(t)
	w := r.connect(t)
	w.subscribe("1", `subscription { events }`)
	w.want(`{"type":"next","id":"1","payload":{"data":{"events":"current"}}}`)
	w.send(`{"type":"complete","id":"1"}`)
	eventually(t, "the subscription's goroutine ends", func() bool { return r.Stats().Operations == 0 })
	w.subscribe("1", `{ hello }`)
	w.want(`{"type":"next","id":"1","payload":{"data":{"hello":"hello"}}}`)
	w.want(`{"type":"complete","id":"1"}`)
	w.send(`{"type":"complete","id":"never"}`)
	w.send(`{"type":"ping","payload":{"a":[1,"x"]}}`)
	w.want(`{"type":"pong","payload":{"a":[1,"x"]}}`)
}

func TestBreachesOfTheProtocolCloseWithTheirCodes(t *testing.T) {
	hello := `{"id":"1","type":"subscribe","payload":{"query":"{ wait }"}}`
	for name, c := range map[string]struct {
		before   bool // connection_init was never sent
		messages []string
		code     int
	}{
		"bad JSON":                      {messages: []string{`{`}, code: 4400},
		"bad JSON before init":          {before: true, messages: []string{`{`}, code: 4400},
		"not an object":                 {messages: []string{`[1]`}, code: 4400},
		"unknown type":                  {messages: []string{`{"type":"start"}`}, code: 4400},
		"a server's type":               {messages: []string{`{"type":"next","id":"1","payload":{}}`}, code: 4400},
		"no type":                       {messages: []string{`{"id":"1"}`}, code: 4400},
		"type not text":                 {messages: []string{`{"type":1}`}, code: 4400},
		"doubled key":                   {messages: []string{`{"type":"ping","type":"ping"}`}, code: 4400},
		"case variant key":              {messages: []string{`{"type":"ping","Type":"subscribe"}`}, code: 4400},
		"invalid UTF-8":                 {messages: []string{"{\"type\":\"\xff\"}"}, code: 4400},
		"subscribe without id":          {messages: []string{`{"type":"subscribe","payload":{"query":"{hello}"}}`}, code: 4400},
		"subscribe with an endless id":  {messages: []string{`{"type":"subscribe","id":"` + strings.Repeat("x", 200) + `","payload":{"query":"{hello}"}}`}, code: 4400},
		"subscribe without payload":     {messages: []string{`{"type":"subscribe","id":"1"}`}, code: 4400},
		"subscribe without query":       {messages: []string{`{"type":"subscribe","id":"1","payload":{}}`}, code: 4400},
		"subscribe with query a number": {messages: []string{`{"type":"subscribe","id":"1","payload":{"query":1}}`}, code: 4400},
		"init payload a list":           {before: true, messages: []string{`{"type":"connection_init","payload":[]}`}, code: 4400},
		"authorization a number":        {before: true, messages: []string{`{"type":"connection_init","payload":{"authorization":1}}`}, code: 4400},
		"JSON 20,000 deep":              {messages: []string{`{"type":"ping","payload":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`}, code: 4400},
		"subscribe before init":         {before: true, messages: []string{hello}, code: 4401},
		"refused by Init":               {before: true, messages: []string{`{"type":"connection_init","payload":{"authorization":"Bearer wrong"}}`}, code: 4403},
		"duplicate id":                  {messages: []string{hello, hello}, code: 4409},
		"second init":                   {messages: []string{`{"type":"connection_init"}`}, code: 4429},
		"message over 64 kB":            {messages: []string{`{"type":"ping","payload":"` + strings.Repeat("x", 64_000) + `"}`}, code: 1009},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			var w *wire
			if c.before {
				w = r.dial(t)
			} else {
				w = r.connect(t)
			}
			for _, message := range c.messages {
				w.send(message)
			}
			w.wantClose(c.code)
			eventually(t, "the socket is gone", func() bool { return r.Stats() == Stats{} })
		})
	}
}

func TestBinaryMessagesClose4400(t *testing.T) {
	w := start(t).connect(t)
	if err := w.WriteMessage(websocket.BinaryMessage, []byte(`{"type":"ping"}`)); err != nil {
		t.Fatal(err)
	}
	w.wantClose(4400)
}

func TestASocketThatIsNotInitialisedInTimeCloses4408(t *testing.T) {
	r := start(t, func(c *Config) { c.Timeouts.Init = 100 * time.Millisecond })
	r.dial(t).wantClose(4408)
	// Talking meanwhile gains no time.
	w := r.dial(t)
	go func() {
		pace := time.NewTicker(20 * time.Millisecond)
		defer pace.Stop()
		for w.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)) == nil {
			<-pace.C
		}
	}()
	w.wantClose(4408)
	w.Close()
}

func TestAnInitialisedSocketOutlivesTheTimeForInit(t *testing.T) {
	const toInit = time.Second // enough to connect in on a busy machine
	r := start(t, func(c *Config) { c.Timeouts.Init = toInit })
	w := r.connect(t)
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for began := time.Now(); time.Since(began) < toInit+200*time.Millisecond; <-pace.C {
		w.send(`{"type":"ping"}`)
		w.want(`{"type":"pong"}`)
	}
}

func TestTheTokenMayBeSpelledLikeTheHeader(t *testing.T) {
	w := start(t).dial(t)
	w.send(`{"type":"connection_init","payload":{"Authorization":"Bearer eve","extra":{}}}`)
	w.want(`{"type":"connection_ack"}`)
	w.subscribe("1", `{ viewer }`)
	w.want(`{"type":"next","id":"1","payload":{"data":{"viewer":"Bearer eve"}}}`)
}

func TestTheUpgradeNeedsTheSubprotocolAndAPageOfOurs(t *testing.T) {
	r := start(t)
	upgrade := http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
	}
	with := func(pairs ...string) http.Header {
		h := upgrade.Clone()
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	for name, c := range map[string]struct {
		header http.Header
		status int
	}{
		"no subprotocol":              {with(), 400},
		"the legacy subprotocol":      {with("Sec-WebSocket-Protocol", "graphql-ws"), 400},
		"a cookie from another site":  {with("Sec-WebSocket-Protocol", subprotocol, "Cookie", "session=1", "Origin", "https://evil.example"), 403},
		"a cookie from an opaque one": {with("Sec-WebSocket-Protocol", subprotocol, "Cookie", "session=1", "Origin", "null"), 403},
		"no key":                      {with("Sec-WebSocket-Protocol", subprotocol, "Sec-WebSocket-Key", "x"), 400},
	} {
		if got := r.do(t, http.MethodGet, "", c.header); got.status != c.status || len(got.codes(t)) != 1 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	r.dial(t, "Cookie", "session=1", "Origin", r.http.URL)
	r.dial(t, "Origin", "https://elsewhere.example")
}

func TestTheTwentyFirstSubscriptionIsRefused(t *testing.T) {
	r := start(t)
	w := r.connect(t)
	for i := range 20 {
		w.subscribe(fmt.Sprint(i), `subscription { events }`)
		w.want(fmt.Sprintf(`{"type":"next","id":"%d","payload":{"data":{"events":"current"}}}`, i))
	}
	w.subscribe("20", `subscription { events }`)
	w.want(`{"type":"error","id":"20","payload":[{"message":"A socket runs at most 20 operations at once.","extensions":{"code":"TOO_MANY_SUBSCRIPTIONS"}}]}`)
	w.send(`{"type":"complete","id":"3"}`)
	w.subscribe("20", `subscription { events }`)
	w.want(`{"type":"next","id":"20","payload":{"data":{"events":"current"}}}`)
	if n := r.Stats().Operations; n < 20 || n > 21 {
		t.Errorf("%d operations", n)
	}
}

func TestAFloodOfMessagesCloses1008(t *testing.T) {
	for name, message := range map[string]func(w *wire) error{
		"messages": func(w *wire) error { return w.WriteMessage(websocket.TextMessage, []byte(`{"type":"pong"}`)) },
		"pings": func(w *wire) error {
			return w.WriteControl(websocket.PingMessage, nil, time.Now().Add(patience))
		},
		"pongs": func(w *wire) error {
			return w.WriteControl(websocket.PongMessage, nil, time.Now().Add(patience))
		},
		"subscriptions": func(w *wire) error {
			if err := w.WriteMessage(websocket.TextMessage, []byte(`{"type":"subscribe","id":"1","payload":{"query":"{ hello }"}}`)); err != nil {
				return err
			}
			return w.WriteMessage(websocket.TextMessage, []byte(`{"type":"complete","id":"1"}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			w := r.connect(t)
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range 10_000 {
					if message(w) != nil {
						return
					}
				}
			}()
			w.wantClose(websocket.ClosePolicyViolation)
			w.Close()
			<-done
			eventually(t, "nothing is left", func() bool { return r.Stats() == Stats{} })
		})
	}
}

func TestASubscriberThatStopsReadingIsCutOffAndHoldsUpNobody(t *testing.T) {
	r := start(t, func(c *Config) { c.Timeouts.Write = 500 * time.Millisecond })
	stuck := r.connect(t)
	stuck.subscribe("1", `subscription { flood }`)
	other := r.connect(t)
	other.subscribe("1", `subscription { count(to: 100) }`)
	for range 100 {
		other.receive()
	}
	other.want(`{"type":"complete","id":"1"}`)
	eventually(t, "only the other socket is left", func() bool { return r.Stats() == Stats{Requests: 1, Sockets: 1} })
}

// TestASubscriberThatStopsReadingLittleIsCutOff covers events so few that the kernel takes them all.
func TestASubscriberThatStopsReadingLittleIsCutOff(t *testing.T) {
	r := start(t, func(c *Config) {
		c.Timeouts.Probe = 50 * time.Millisecond
		c.Timeouts.Ping = 100 * time.Millisecond
		c.Timeouts.Pong = 300 * time.Millisecond
	})
	stuck := r.connect(t)
	stuck.SetPingHandler(func(string) error { return nil })
	stuck.subscribe("1", `subscription { events }`)
	reading := r.connect(t)
	reading.subscribe("1", `subscription { events }`)
	reading.receive()
	var pings atomic.Int64
	pong := reading.PingHandler()
	reading.SetPingHandler(func(data string) error { pings.Add(1); return pong(data) })
	go func() { _, _, _ = reading.ReadMessage() }()
	eventually(t, "only who reads is left", func() bool { return r.Stats() == Stats{Requests: 1, Sockets: 1, Operations: 1} })
	stuck.wantClose(websocket.ClosePolicyViolation)
	answered := pings.Load()
	eventually(t, "a client that answers pings stays", func() bool { return pings.Load() > answered+5 && r.Stats().Sockets == 1 })
}

func TestAClientThatVanishesLeavesNothing(t *testing.T) {
	r := start(t)
	for range 20 {
		w := r.connect(t)
		w.subscribe("1", `subscription { events }`)
		w.subscribe("2", `{ wait }`)
		w.NetConn().Close()
	}
	eventually(t, "nothing is left", func() bool { return r.Stats() == Stats{} })
}

func TestAClientsCloseIsAnswered(t *testing.T) {
	w := start(t).connect(t)
	_ = w.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "bye"), time.Now().Add(patience))
	w.wantClose(1000)
}

func TestWhoLosesTheRightToListenIsClosedWith4403(t *testing.T) {
	var revoked atomic.Bool
	r := start(t, func(c *Config) {
		c.Timeouts.Recheck = 20 * time.Millisecond
		c.Recheck = func(ctx context.Context) error {
			if revoked.Load() && ctx.Value(viewerKey{}) == "Bearer ada" {
				return io.EOF
			}
			return nil
		}
	})
	w := r.connect(t)
	w.subscribe("1", `subscription { events }`)
	w.receive()
	other := r.dial(t)
	other.send(`{"type":"connection_init","payload":{"authorization":"Bearer eve"}}`)
	other.want(`{"type":"connection_ack"}`)
	revoked.Store(true)
	w.wantClose(4403)
	other.send(`{"type":"ping"}`)
	other.want(`{"type":"pong"}`)
}

func TestARecheckThatCannotTellEndsNothing(t *testing.T) {
	var asked atomic.Int64
	r := start(t, func(c *Config) {
		c.Timeouts.Recheck = 10 * time.Millisecond
		c.Recheck = func(ctx context.Context) error {
			asked.Add(1)
			<-ctx.Done()
			return ctx.Err()
		}
	})
	w := r.connect(t)
	eventually(t, "it was asked five times", func() bool { return asked.Load() >= 5 })
	w.send(`{"type":"ping"}`)
	w.want(`{"type":"pong"}`)
}

func TestAPanicInInitOrRecheckStaysThere(t *testing.T) {
	r := start(t, func(c *Config) {
		c.Timeouts.Recheck = 10 * time.Millisecond
		c.Recheck = func(context.Context) error { panic("recheck") }
		c.Init = func(ctx context.Context, authorization string) (context.Context, error) {
			if authorization == "" {
				panic("init")
			}
			return ctx, nil
		}
	})
	w := r.dial(t)
	w.send(`{"type":"connection_init"}`)
	w.wantClose(4500)
	w = r.connect(t)
	eventually(t, "a panicking recheck is logged", func() bool { return strings.Contains(r.log.String(), "panic=recheck") })
	w.send(`{"type":"ping"}`)
	w.want(`{"type":"pong"}`)
}

func TestStoppingClosesSocketsWith1001AndTakesNoNewWork(t *testing.T) {
	r := start(t)
	w := r.connect(t)
	w.subscribe("1", `subscription { events }`)
	w.receive()
	fresh := r.dial(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- r.Shutdown(ctx) }()
	w.wantClose(websocket.CloseGoingAway)
	fresh.wantClose(websocket.CloseGoingAway)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if got := r.query(t, `{ hello }`); got.status != http.StatusServiceUnavailable || got.codes(t)[0] != CodeStopping {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestStoppingWaitsForRunningRequests(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	schema := newTestSchema()
	schema.resolvers["Mutation.add"] = func(context.Context, map[string]any) (any, error) {
		close(entered)
		<-leave
		return 1, nil
	}
	r := start(t, func(c *Config) { c.Schema = schema })
	answered := make(chan reply, 1)
	go func() { answered <- r.query(t, `mutation { add(n: 1) }`) }()
	<-entered
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := r.Shutdown(short); err == nil {
		t.Error("stopped while a mutation ran")
	}
	close(leave)
	if err := r.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if got := <-answered; got.body != `{"data":{"add":1}}` {
		t.Error(got.body)
	}
}

func TestMalformedFramesClose1002(t *testing.T) {
	w := start(t).connect(t)
	// A frame of the client that is not masked.
	if _, err := w.NetConn().Write([]byte{0x81, 0x02, '{', '}'}); err != nil {
		t.Fatal(err)
	}
	w.wantClose(websocket.CloseProtocolError)
}

func TestAFrameOfAnOperationThatWasStoppedIsNotSent(t *testing.T) {
	first, second := &subscription{id: "1", cancel: func() {}}, &subscription{id: "1", cancel: func() {}}
	c := &socket{subscriptions: map[string]*subscription{}}
	if !c.register(first) || c.register(second) {
		t.Fatal("an id is claimed once")
	}
	c.complete("1")
	if !c.register(second) {
		t.Fatal("complete frees the id")
	}
	if c.release(frame{of: first}) || c.release(frame{of: first, last: true}) || !c.release(frame{of: second, last: true}) {
		t.Error("only what the id stands for now is sent")
	}
	if !c.register(first) {
		t.Error("the last frame frees the id")
	}
}
