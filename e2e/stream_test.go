package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// stream is a running subscription: on a socket of its own, or a stream of server-sent events.
type stream struct {
	t      testing.TB
	events chan event    // closed when the stream has ended
	hangUp func()        // cuts the connection without a word
	gone   chan struct{} // closed by the test's end, so that nobody waits to hand an event over
	ending ending        // to be read when events is closed
}

// event is one answer of a subscription.
type event struct {
	at   time.Time // when it arrived
	data json.RawMessage
}

// ending is how a stream came to its end.
type ending struct {
	completed bool      // by right
	errors    []failure // that it ended with
	code      int       // the socket was closed with; 0: it was not
	reason    string
	err       error // the connection broke
}

// watch subscribes over a socket.
func (c *client) watch(query string, variables vars) *stream {
	c.t.Helper()
	s, err := c.tryWatch(query, variables)
	if err != nil {
		c.t.Fatalf("%.100s: %v", query, err)
	}
	return s
}

// tryWatch is watch for a server that may be gone.
func (c *client) tryWatch(query string, variables vars) (*stream, error) {
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, HandshakeTimeout: patience}
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(c.base, "http")+"/graphql", nil)
	if err != nil {
		return nil, err
	}
	payload := vars{}
	if c.token != "" {
		payload["authorization"] = "Bearer " + c.token
	}
	err = errors.Join(
		conn.WriteJSON(vars{"type": "connection_init", "payload": payload}),
		conn.WriteJSON(vars{"type": "subscribe", "id": "1", "payload": vars{"query": query, "variables": variables}}),
	)
	if err != nil {
		conn.Close()
		return nil, err
	}
	s := newStream(c.t, func() { conn.Close() })
	go func() {
		defer close(s.events)
		defer conn.Close()
		s.ending = s.readSocket(conn)
	}()
	return s, nil
}

func newStream(t testing.TB, hangUp func()) *stream {
	s := &stream{t: t, events: make(chan event, 64), hangUp: hangUp, gone: make(chan struct{})}
	t.Cleanup(func() {
		close(s.gone)
		s.hangUp()
		for range s.events { // until the reader has ended
		}
	})
	return s
}

// deliver hands an event over, unless the test has ended.
func (s *stream) deliver(data json.RawMessage) {
	select {
	case s.events <- event{at: time.Now(), data: data}:
	case <-s.gone:
	}
}

// readSocket reads messages until the subscription or the socket ends.
func (s *stream) readSocket(conn *websocket.Conn) ending {
	completed := ending{}
	for {
		var message struct {
			Type    string
			Payload json.RawMessage
		}
		if err := conn.ReadJSON(&message); err != nil {
			if closed := (*websocket.CloseError)(nil); errors.As(err, &closed) {
				completed.code, completed.reason = closed.Code, closed.Text
				return completed
			}
			completed.err = err
			return completed
		}
		switch message.Type {
		case "next":
			var next answer
			if err := json.Unmarshal(message.Payload, &next); err != nil {
				return ending{err: err}
			}
			if len(next.Errors) > 0 {
				return ending{errors: next.Errors}
			}
			s.deliver(next.Data)
		case "error":
			var failures []failure
			err := json.Unmarshal(message.Payload, &failures)
			return ending{errors: failures, err: err}
		case "complete":
			return ending{completed: true}
		case "ping":
			if err := conn.WriteJSON(vars{"type": "pong"}); err != nil {
				return ending{err: err}
			}
		}
	}
}

// watchEvents subscribes over server-sent events.
func (c *client) watchEvents(query string, variables vars) *stream {
	c.t.Helper()
	body, err := json.Marshal(vars{"query": query, "variables": variables})
	if err != nil {
		c.t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, c.base+"/graphql", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Authorization", "Bearer "+c.token)
	response, err := (&http.Client{Transport: &http.Transport{}}).Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	if kind := response.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") {
		content, _ := io.ReadAll(response.Body)
		c.t.Fatalf("%d %s: %.500s", response.StatusCode, kind, content)
	}
	s := newStream(c.t, func() { response.Body.Close() })
	go func() {
		defer close(s.events)
		defer response.Body.Close()
		s.ending = s.readEvents(response.Body)
	}()
	return s
}

// readEvents reads events until the stream completes or breaks.
func (s *stream) readEvents(body io.Reader) ending {
	kind := ""
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case name == "event" && value == "complete":
			return ending{completed: true}
		case name == "event":
			kind = value
		case name == "data" && kind == "next":
			var next answer
			if err := json.Unmarshal([]byte(value), &next); err != nil {
				return ending{err: err}
			}
			if len(next.Errors) > 0 {
				return ending{errors: next.Errors}
			}
			s.deliver(next.Data)
		}
	}
	return ending{err: fmt.Errorf("the stream broke: %w", errors.Join(lines.Err(), io.EOF))}
}

// next waits for the next event; ok is false where the stream has ended instead.
func next[T any](s *stream) (data T, at time.Time, ok bool) {
	s.t.Helper()
	select {
	case e, open := <-s.events:
		if !open {
			return data, at, false
		}
		if err := json.Unmarshal(e.data, &data); err != nil {
			s.t.Fatalf("%v: %.500s", err, e.data)
		}
		return data, e.at, true
	case <-time.After(patience):
		s.t.Fatalf("no event came in %s", patience)
		return data, at, false
	}
}

// until reads events until one meets the condition.
func until[T any](s *stream, condition func(T) bool) (data T, at time.Time) {
	s.t.Helper()
	for {
		data, at, ok := next[T](s)
		if !ok {
			s.t.Fatalf("the stream ended before: %+v", s.ending)
		}
		if condition(data) {
			return data, at
		}
	}
}

// end waits until the stream has ended, and says how.
func (s *stream) end() ending {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case _, open := <-s.events:
			if !open {
				return s.ending
			}
		case <-deadline:
			s.t.Fatalf("the stream runs on after %s", patience)
		}
	}
}
