package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// maxBodyBytes bounds what is read of any answer.
	maxBodyBytes = 2 << 20

	// maxRetryAfter bounds what a provider may ask us to wait.
	maxRetryAfter = time.Hour
)

// getJSON sends request and decodes the JSON answer of a 2xx status into out. Every error is an *Error of the named
// provider: Down for the network, a cut body, 408, 429 and 5xx (with Retry-After), TimedOut for a passed deadline,
// Refused for every other status than 2xx (errors.As finds its statusError), Malformed for a body that is over 2 MB or
// is not the JSON that out expects. It never quotes the request's query or headers, which may hold a key.
func getJSON(ctx context.Context, client *http.Client, provider string, request *http.Request, out any) error {
	response, err := client.Do(request.WithContext(ctx))
	if err != nil {
		return networkFailure(ctx, provider, err)
	}
	defer func() { _ = response.Body.Close() }()

	if failure := statusFailure(provider, response); failure != nil {
		return failure
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBodyBytes+1))
	if err != nil {
		return networkFailure(ctx, provider, err)
	}
	if len(body) > maxBodyBytes {
		return &Error{Provider: provider, Kind: Malformed, Err: fmt.Errorf("answer is over %d bytes", maxBodyBytes)}
	}
	if err := json.Unmarshal(body, out); err != nil {
		return &Error{Provider: provider, Kind: Malformed, Err: errors.New("answer is not the JSON expected")}
	}
	return nil
}

// statusFailure turns a status other than 2xx into a failure, and 2xx into nil.
func statusFailure(provider string, response *http.Response) *Error {
	status := response.StatusCode
	if status >= 200 && status <= 299 {
		return nil
	}
	return &Error{
		Provider:   provider,
		Kind:       kindOfStatus(status),
		RetryAfter: retryAfter(response.Header),
		Err:        statusError(status),
	}
}

// statusError is an HTTP status other than 2xx as the cause of a failure.
type statusError int

func (s statusError) Error() string {
	return fmt.Sprintf("HTTP %d %s", int(s), http.StatusText(int(s)))
}

// kindOfStatus says what a status other than 2xx means.
func kindOfStatus(status int) Kind {
	if status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500 {
		return Down
	}
	return Refused
}

// networkFailure turns an error of the transport into a failure that doesn't quote the URL's query.
func networkFailure(ctx context.Context, provider string, err error) *Error {
	var ofURL *url.Error
	if errors.As(err, &ofURL) {
		err = ofURL.Err
	}
	var ofNetwork net.Error
	timedOut := errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &ofNetwork) && ofNetwork.Timeout()) ||
		errors.Is(ctx.Err(), context.DeadlineExceeded)
	if timedOut {
		return &Error{Provider: provider, Kind: TimedOut, Err: err}
	}
	return &Error{Provider: provider, Kind: Down, Err: err}
}

// retryAfter reads Retry-After as seconds or as a date (seen from the answer's own Date), between 0 and an hour.
func retryAfter(header http.Header) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		wait := min(max(seconds, 0), maxRetryAfter.Seconds())
		return time.Duration(wait * float64(time.Second))
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	sent, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return 0
	}
	return min(max(at.Sub(sent), 0), maxRetryAfter)
}
