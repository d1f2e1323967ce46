package provider

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

const (
	// maxRefusalBytes bounds what is read of the body of a refusal.
	maxRefusalBytes = 64 << 10

	// maxCodeBytes bounds the code by which a provider names a refusal.
	maxCodeBytes = 40
)

// refusal is what came with a status of 400 or above.
type refusal struct {
	header http.Header
	body   []byte
}

// heardBy is client, which also notes the last refusal that it is answered.
func (r *refusal) heardBy(client *http.Client) *http.Client {
	listening := *client
	listening.Transport = refusalListener{next: client.Transport, heard: r}
	return &listening
}

// code is the code by which the provider names the refusal: letters, digits, "_", "." and "-" only; empty if none.
func (r *refusal) code(paths []string) string {
	if !gjson.ValidBytes(r.body) {
		return ""
	}
	for _, path := range paths {
		code := strings.Map(func(c rune) rune {
			if c == '_' || c == '.' || c == '-' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
				return c
			}
			return -1
		}, gjson.GetBytes(r.body, path).String())
		if code != "" {
			return cutBytes(code, maxCodeBytes)
		}
	}
	return ""
}

// limitedFor is how long the rate limit that is used up lasts, by X-RateLimit-Remaining and X-RateLimit-Reset: a number
// for each of the limits, the latter in seconds. Zero if they say nothing.
func (r *refusal) limitedFor() time.Duration {
	remaining := strings.Split(r.header.Get("X-RateLimit-Remaining"), ",")
	resets := strings.Split(r.header.Get("X-RateLimit-Reset"), ",")
	var longest time.Duration
	for i, reset := range resets[:min(len(resets), len(remaining))] {
		seconds, err := strconv.Atoi(strings.TrimSpace(reset))
		if err != nil || strings.TrimSpace(remaining[i]) != "0" {
			continue
		}
		seconds = min(max(seconds, 0), int(maxRetryAfter.Seconds()))
		longest = max(longest, time.Duration(seconds)*time.Second)
	}
	return longest
}

// refusalListener notes refusals on their way.
type refusalListener struct {
	next  http.RoundTripper
	heard *refusal
}

// RoundTrip passes the request on.
func (l refusalListener) RoundTrip(request *http.Request) (*http.Response, error) {
	next := l.next
	if next == nil {
		next = http.DefaultTransport
	}
	response, err := next.RoundTrip(request)
	if err != nil || response.StatusCode < http.StatusBadRequest {
		return response, err
	}
	defer func() { _ = response.Body.Close() }()
	l.heard.header = response.Header
	l.heard.body, _ = io.ReadAll(io.LimitReader(response.Body, maxRefusalBytes)) // the status alone is enough
	response.Body = http.NoBody
	return response, nil
}
