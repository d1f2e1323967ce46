package provider

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// fetch asks a server that answers with handler, and returns what getJSON made of it within so long.
func fetch(t *testing.T, patience time.Duration, handler http.HandlerFunc) (string, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	defer server.Client().CloseIdleConnections()
	request, err := http.NewRequest(http.MethodGet, server.URL+"/search?key=s3cret", nil)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Name string `json:"name"`
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err = getJSON(ctx, server.Client(), "fake", request, &answer)
	return answer.Name, err
}

func TestEveryWayToFailHasItsKind(t *testing.T) {
	cases := map[string]struct {
		handler    http.HandlerFunc
		kind       Kind
		retryAfter time.Duration
	}{
		"429 with seconds": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		}, Down, 7 * time.Second},
		"503 with a date": {func(w http.ResponseWriter, _ *http.Request) {
			now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
			w.Header().Set("Date", now.Format(http.TimeFormat))
			w.Header().Set("Retry-After", now.Add(90*time.Second).Format(http.TimeFormat))
			w.WriteHeader(http.StatusServiceUnavailable)
		}, Down, 90 * time.Second},
		"429 with a year": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "31536000")
			w.WriteHeader(http.StatusTooManyRequests)
		}, Down, time.Hour},
		"429 with nonsense": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "-soon")
			w.WriteHeader(http.StatusTooManyRequests)
		}, Down, 0},
		"500": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, Down, 0},
		"401": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, Refused, 0},
		"404": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, Refused, 0},
		"cut": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"name":`))
		}, Down, 0},
		"closed":   {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Down, 0},
		"slow":     {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, TimedOut, 0},
		"not JSON": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, Malformed, 0},
		"another shape": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"name":{"first":1}}`))
		}, Malformed, 0},
		"50 MB": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"name":"mug"}`))
			chunk := []byte(strings.Repeat(" ", 1<<20))
			for range 50 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, Malformed, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			patience := 10 * time.Second
			if c.kind == TimedOut {
				patience = 100 * time.Millisecond
			}
			_, err := fetch(t, patience, c.handler)
			var failure *Error
			if !errors.As(err, &failure) || failure.Kind != c.kind || failure.RetryAfter != c.retryAfter || failure.Provider != "fake" {
				t.Errorf("err = %+v; want %s, retry after %s", err, c.kind, c.retryAfter)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error quotes the key: %v", err)
			}
		})
	}
}

func TestAnErrorOfTheNetworkDoesNotQuoteTheQuery(t *testing.T) {
	request, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:1/search?key=s3cret", nil)
	if err != nil {
		t.Fatal(err)
	}
	err = getJSON(t.Context(), &http.Client{}, "fake", request, nil)
	if KindOf(err) != Down || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("err = %v", err)
	}
}

func TestAGoodAnswerIsDecoded(t *testing.T) {
	name, err := fetch(t, 10*time.Second, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"name":"mug","more":1}`)) })
	if name != "mug" || err != nil {
		t.Errorf("got %q, %v", name, err)
	}
}
