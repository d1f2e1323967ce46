package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a Server of the test schema on a real port.
type rig struct {
	*Server
	http *httptest.Server
	log  *record
}

// record is a log that tests can read.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func start(t testing.TB, change ...func(*Config)) *rig {
	t.Helper()
	log := new(record)
	config := Config{
		Schema:         newTestSchema(),
		Present:        presentTest,
		Logger:         slog.New(slog.NewTextHandler(log, nil)),
		Introspection:  func(context.Context) bool { return true },
		MoneyMutations: []string{"spend", "buy"},
		Limits:         DefaultLimits(),
		Timeouts:       DefaultTimeouts(),
		Init: func(ctx context.Context, authorization string) (context.Context, error) {
			if authorization == "Bearer wrong" {
				return nil, errors.New("no such session")
			}
			return context.WithValue(ctx, viewerKey{}, authorization), nil
		},
	}
	config.Timeouts.Linger = 100 * time.Millisecond // a test's client does not hang up by itself
	for _, change := range change {
		change(&config)
	}
	server := New(config)
	web := httptest.NewServer(server)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		web.Close()
	})
	return &rig{Server: server, http: web, log: log}
}

// reply is an HTTP answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r *rig) do(t testing.TB, method, body string, header http.Header) reply {
	t.Helper()
	request, err := http.NewRequest(method, r.http.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := r.http.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{status: response.StatusCode, header: response.Header, body: string(content)}
}

// post sends a JSON body, accepting the GraphQL media type unless told otherwise.
func (r *rig) post(t testing.TB, body string, header ...string) reply {
	t.Helper()
	h := http.Header{"Content-Type": {typeJSON}, "Accept": {typeGraphQL}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
		if header[i+1] == "" {
			h[http.CanonicalHeaderKey(header[i])] = nil
		}
	}
	return r.do(t, http.MethodPost, body, h)
}

// query sends a query, variables as pairs of name and value.
func (r *rig) query(t testing.TB, text string, variables ...any) reply {
	t.Helper()
	return r.post(t, requestBody(text, variables...))
}

func requestBody(text string, variables ...any) string {
	named := map[string]any{}
	for i := 0; i < len(variables); i += 2 {
		named[variables[i].(string)] = variables[i+1]
	}
	body, err := json.Marshal(map[string]any{"query": text, "variables": named})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// codes are the codes of an answer's errors.
func (r reply) codes(t testing.TB) []string {
	t.Helper()
	var answer struct {
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal([]byte(r.body), &answer); err != nil {
		t.Fatalf("answer is not JSON: %v\n%.300s", err, r.body)
	}
	var codes []string
	for _, e := range answer.Errors {
		codes = append(codes, e.Extensions.Code)
	}
	return codes
}

// wire is a test's end of a socket.
type wire struct {
	*websocket.Conn
	t testing.TB
}

func (r *rig) dial(t testing.TB, header ...string) *wire {
	t.Helper()
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	dialer := websocket.Dialer{Subprotocols: []string{subprotocol}}
	conn, response, err := dialer.Dial("ws"+strings.TrimPrefix(r.http.URL, "http"), h)
	if err != nil {
		t.Fatalf("dial: %v (%v)", err, response)
	}
	t.Cleanup(func() { conn.Close() })
	return &wire{Conn: conn, t: t}
}

// connect dials and goes through connection_init.
func (r *rig) connect(t testing.TB) *wire {
	t.Helper()
	w := r.dial(t)
	w.send(`{"type":"connection_init","payload":{"authorization":"Bearer ada"}}`)
	w.want(`{"type":"connection_ack"}`)
	return w
}

func (w *wire) send(message string) {
	w.t.Helper()
	if err := w.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
		w.t.Fatalf("send %.100s: %v", message, err)
	}
}

func (w *wire) subscribe(id, query string) {
	w.t.Helper()
	payload, _ := json.Marshal(map[string]any{"query": query})
	w.send(`{"id":"` + id + `","type":"subscribe","payload":` + string(payload) + `}`)
}

func (w *wire) receive() string {
	w.t.Helper()
	_ = w.SetReadDeadline(time.Now().Add(patience))
	_, message, err := w.ReadMessage()
	if err != nil {
		w.t.Fatalf("receive: %v", err)
	}
	return string(message)
}

func (w *wire) want(message string) {
	w.t.Helper()
	if got := w.receive(); got != message {
		w.t.Fatalf("received %s\nwant     %s", got, message)
	}
}

// wantClose reads on until the socket is closed, and says with what.
func (w *wire) wantClose(code int) {
	w.t.Helper()
	_ = w.SetReadDeadline(time.Now().Add(patience))
	for {
		_, _, err := w.ReadMessage()
		if err == nil {
			continue
		}
		if !websocket.IsCloseError(err, code) {
			w.t.Fatalf("closed with %v, want %d", err, code)
		}
		return
	}
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}
