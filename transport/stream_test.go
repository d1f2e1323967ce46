package transport

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// listener is a test's end of a stream.
type listener struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Scanner
	cancel   context.CancelFunc
}

func (r *rig) listen(t *testing.T, query string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.http.URL, strings.NewReader(requestBody(query)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Content-Type": {typeJSON}, "Accept": {typeStream}}
	response, err := r.http.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); response.Body.Close() })
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != typeStream+"; charset=utf-8" {
		t.Fatalf("%d %s", response.StatusCode, response.Header.Get("Content-Type"))
	}
	return &listener{t: t, response: response, lines: bufio.NewScanner(response.Body), cancel: cancel}
}

// want reads the next event, as its lines joined by |.
func (l *listener) want(event string) {
	l.t.Helper()
	var got []string
	for l.lines.Scan() && l.lines.Text() != "" {
		got = append(got, l.lines.Text())
	}
	if strings.Join(got, "|") != event {
		l.t.Fatalf("event %q, want %q (%v)", strings.Join(got, "|"), event, l.lines.Err())
	}
}

func (l *listener) wantEnd() {
	l.t.Helper()
	if l.lines.Scan() || l.lines.Err() != nil {
		l.t.Fatalf("the stream goes on: %q, %v", l.lines.Text(), l.lines.Err())
	}
}

const completed = "event: complete|data:"

func TestAStreamSendsEachEventThenComplete(t *testing.T) {
	l := start(t).listen(t, `subscription { count(to: 2) }`)
	l.want(`event: next|data: {"data":{"count":1}}`)
	l.want(`event: next|data: {"data":{"count":2}}`)
	l.want(completed)
	l.wantEnd()
}

func TestAQueryIsStreamedAsOneEvent(t *testing.T) {
	l := start(t).listen(t, `{ hello }`)
	l.want(`event: next|data: {"data":{"hello":"hello"}}`)
	l.want(completed)
	l.wantEnd()
}

func TestAStreamThatFailsSendsItsErrorsThenComplete(t *testing.T) {
	r := start(t)
	l := r.listen(t, `subscription { breaks }`)
	l.want(`event: next|data: {"data":{"breaks":1}}`)
	l.want(`event: next|data: {"errors":[{"message":"Read the list again.","path":["breaks"],"extensions":{"code":"TOO_FAR_BEHIND"}}]}`)
	l.want(completed)
	l = r.listen(t, `subscription { refused }`)
	l.want(`event: next|data: {"errors":[{"message":"Not yours.","path":["refused"],"extensions":{"code":"FORBIDDEN"}}]}`)
	l.want(completed)
}

func TestAnIdleStreamHasAHeartbeat(t *testing.T) {
	l := start(t, func(c *Config) { c.Timeouts.Heartbeat = 20 * time.Millisecond }).listen(t, `subscription { events }`)
	l.want(`event: next|data: {"data":{"events":"current"}}`)
	l.want(":")
	l.want(":")
}

func TestAStreamWhoseListenerLeavesEnds(t *testing.T) {
	r := start(t)
	l := r.listen(t, `subscription { events }`)
	l.want(`event: next|data: {"data":{"events":"current"}}`)
	if s := r.Stats(); s.Streams != 1 || s.Requests != 1 {
		t.Errorf("%+v", s)
	}
	l.cancel()
	eventually(t, "the stream ends", func() bool { return r.Stats() == Stats{} })
}

func TestAStreamOfWhoLosesTheRightToListenEndsWithAnError(t *testing.T) {
	var revoked atomic.Bool
	r := start(t, func(c *Config) {
		c.Timeouts.Recheck = 10 * time.Millisecond
		c.Recheck = func(context.Context) error {
			if revoked.Load() {
				return errors.New("signed out")
			}
			return nil
		}
	})
	l := r.listen(t, `subscription { events }`)
	l.want(`event: next|data: {"data":{"events":"current"}}`)
	revoked.Store(true)
	l.want(`event: next|data: {"errors":[{"message":"You may not listen to this any more.","extensions":{"code":"FORBIDDEN"}}]}`)
	l.want(completed)
	l.wantEnd()
}

func TestStoppingEndsStreamsWithAnError(t *testing.T) {
	r := start(t)
	l := r.listen(t, `subscription { events }`)
	l.want(`event: next|data: {"data":{"events":"current"}}`)
	stopped := make(chan error, 1)
	go func() { stopped <- r.Shutdown(t.Context()) }()
	l.want(`event: next|data: {"errors":[{"message":"The server is stopping.","extensions":{"code":"SERVICE_UNAVAILABLE"}}]}`)
	l.want(completed)
	l.wantEnd()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestAListenerThatStopsReadingIsCutOff(t *testing.T) {
	r := start(t, func(c *Config) { c.Timeouts.Write = 200 * time.Millisecond })
	l := r.listen(t, `subscription { flood }`)
	eventually(t, "the stream ends", func() bool { return r.Stats() == Stats{} })
	l.cancel()
}

func TestAConnectionIsUsedAgainAfterAStream(t *testing.T) {
	r := start(t)
	for range 3 {
		l := r.listen(t, `{ hello }`)
		for l.lines.Scan() {
		}
		r.query(t, `{ hello }`)
	}
}
