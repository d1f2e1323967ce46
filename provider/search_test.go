package provider

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"go.uber.org/goleak"
)

// hostileTitle is a title that must not come through as it is.
const hostileTitle = `"<script>alert(1)</script>Kettle \u0000\u0007[x](javascript:alert(2))\u202e ` + "\xff" + `<img src=x onerror=alert(3)>"`

// search is one of the four searches, seen alike.
type search struct {
	name string

	// find searches for a kettle, 3 results wanted, and says how many were found.
	find func(ctx context.Context, baseURL string, client *http.Client) (int, error)

	// empty is the answer of a search without results.
	empty string
}

const (
	searchKey    = "kee-9f8e7d6c5b4a"
	searchSecret = "sec-0a1b2c3d4e5f"
)

func searches() []search {
	product := Product{Name: "Enamel Kettle", Brand: "Acme"}
	images := func(p ImageProvider, ctx context.Context) (int, error) {
		found, err := p.FindImages(ctx, ImageQuery{Product: product, Limit: 3})
		return len(found), err
	}
	prices := func(p PriceProvider, ctx context.Context) (int, error) {
		found, err := p.FindPrices(ctx, PriceQuery{Product: product, Limit: 3, Country: "US"})
		return len(found), err
	}
	return []search{
		{
			name: "openverse",
			find: func(ctx context.Context, baseURL string, client *http.Client) (int, error) {
				return images(NewOpenverse(baseURL, client), ctx)
			},
			empty: `{"result_count":0,"page_count":0,"page_size":20,"page":1,"results":[]}`,
		},
		{
			name: "brave",
			find: func(ctx context.Context, baseURL string, client *http.Client) (int, error) {
				return images(NewBrave(baseURL, searchKey, client), ctx)
			},
			empty: `{"type":"images","query":{"original":"kettle","spellcheck_off":true,"show_strict_warning":false},"results":[]}`,
		},
		{
			name: "serpapi",
			find: func(ctx context.Context, baseURL string, client *http.Client) (int, error) {
				return prices(NewSerpAPI(baseURL, searchKey, client), ctx)
			},
			empty: `{"search_metadata":{"status":"Success"},"error":"Google hasn't returned any results for this query."}`,
		},
		{
			name: "ebay",
			find: func(ctx context.Context, baseURL string, client *http.Client) (int, error) {
				return prices(NewEBay(baseURL, searchKey, searchSecret, client), ctx)
			},
			empty: `{"href":"https://api.ebay.com/buy/browse/v1/item_summary/search?q=kettle","total":0,"limit":10,"offset":0}`,
		},
	}
}

// serveSearch serves a search API; eBay's token is granted before.
func serveSearch(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/identity/v1/oauth2/token" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token":"v^1.1#i^1#app-token","expires_in":7200,"token_type":"Application Access Token"}`)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

// answering serves body as JSON with status.
func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// testClient is a client whose idle connections end with the test.
func testClient(t *testing.T) *http.Client {
	t.Helper()
	client := NewClient(Anywhere)
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func TestEveryWayASearchCanFailHasItsKind(t *testing.T) {
	tooLate := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	cut := func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n{\"results\":[{\"title\"")
		_ = connection.Close()
	}
	huge := func(w http.ResponseWriter, _ *http.Request) {
		out := bufio.NewWriter(w)
		_, _ = out.WriteString(`{"results":["`)
		for range 50 << 10 {
			if _, err := out.WriteString(strings.Repeat("a", 1<<10)); err != nil {
				return // the client has read enough
			}
		}
		_, _ = out.WriteString(`"]}`)
	}
	hugeRefusal := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		huge(w, r)
	}
	html := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!DOCTYPE html><title>Just a moment...</title>")
	}
	echo := func(w http.ResponseWriter, r *http.Request) { // quotes whatever it was sent
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `{"error":{"code":%q},"errors":[{"errorId":%q}]}`, r.URL.String()+searchKey, searchKey+searchSecret)
	}
	badRedirect := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://[broken/"+r.URL.RawQuery+r.Header.Get("X-Subscription-Token"))
		w.WriteHeader(http.StatusFound)
	}
	for _, fault := range []struct {
		name   string
		answer http.HandlerFunc
		want   Kind
	}{
		{"cut body", cut, Down},
		{"hangs", tooLate, TimedOut},
		{"malformed JSON", answering(200, `{"results":[{]}`), Malformed},
		{"HTML instead of JSON", html, Malformed},
		{"empty body", answering(200, ""), Malformed},
		{"null", answering(200, "null"), Malformed},
		{"another object", answering(200, `{"hello":1}`), Malformed},
		{"a list of another type", answering(200, `{"results":"none","shopping_results":7,"itemSummaries":{}}`), Malformed},
		{"odd results only", answering(200, `{"results":[7,[]],"shopping_results":[7,[]],"itemSummaries":[7,[]]}`), Malformed},
		{"50 MB", huge, Malformed},
		{"50 MB of refusal", hugeRefusal, Refused},
		{"500", answering(500, `{"error":"oops"}`), Down},
		{"503", answering(503, "<html>busy</html>"), Down},
		{"429", answering(429, `{"detail":"Request was throttled. Expected available in 1 second."}`), Down},
		{"400", answering(400, `{"detail":"q is too long"}`), Refused},
		{"401", answering(401, `{"error":"Invalid API key."}`), Refused},
		{"404", answering(404, `not found`), Refused},
		{"redirect elsewhere", http.RedirectHandler("https://elsewhere.example/", http.StatusFound).ServeHTTP, Refused},
		{"broken redirect", badRedirect, Down},
		{"echo", echo, Refused},
	} {
		server := serveSearch(t, fault.answer)
		for _, search := range searches() {
			t.Run(search.name+" "+fault.name, func(t *testing.T) {
				patience := 10 * time.Second
				if fault.want == TimedOut {
					patience = 100 * time.Millisecond
				}
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				found, err := search.find(ctx, server.URL, testClient(t))
				var failure *Error
				if !errors.As(err, &failure) || failure.Kind != fault.want || found != 0 {
					t.Fatalf("%d found, err = %v; want %s", found, err, fault.want)
				}
				if failure.Provider != search.name {
					t.Errorf("the failure names %q", failure.Provider)
				}
				noKeyIn(t, err)
			})
		}
	}
}

func TestASearchThatFindsNothingSaysSo(t *testing.T) {
	for _, search := range searches() {
		server := serveSearch(t, answering(200, search.empty))
		if _, err := search.find(t.Context(), server.URL, testClient(t)); KindOf(err) != NothingFound {
			t.Errorf("%s: err = %v; want NothingFound", search.name, err)
		}
	}
}

func TestAFloodOfResultsIsLookedAtInPartOnly(t *testing.T) {
	var results []string
	for i := range 2 * maxResults {
		results = append(results, fmt.Sprintf(`{"properties":{"url":"https://example.com/%d.jpg"}}`, i))
	}
	server := serveSearch(t, answering(200, `{"results":[`+strings.Join(results, ",")+`]}`))
	images, err := NewBrave(server.URL, searchKey, testClient(t)).FindImages(t.Context(),
		ImageQuery{Product: Product{Name: "Kettle"}, Limit: 2 * maxResults})
	if err != nil || len(images) != maxResults {
		t.Errorf("%d images, %v; want %d", len(images), err, maxResults)
	}
}

func TestAProductWithoutANameIsNotSearchedFor(t *testing.T) {
	server := serveSearch(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was called", r.URL.Path) })
	client := testClient(t)
	nameless := Product{Name: "\x00 \"*\"", Brand: "Acme"}
	for _, p := range []ImageProvider{NewOpenverse(server.URL, client), NewBrave(server.URL, searchKey, client)} {
		if _, err := p.FindImages(t.Context(), ImageQuery{Product: nameless, Limit: 1}); KindOf(err) != NothingFound {
			t.Errorf("%s: err = %v; want NothingFound", p.Name(), err)
		}
	}
	for _, p := range []PriceProvider{NewSerpAPI(server.URL, searchKey, client), NewEBay(server.URL, searchKey, searchSecret, client)} {
		if _, err := p.FindPrices(t.Context(), PriceQuery{Product: nameless, Limit: 1}); KindOf(err) != NothingFound {
			t.Errorf("%s: err = %v; want NothingFound", p.Name(), err)
		}
	}
}

func TestRetryAfterReachesTheCaller(t *testing.T) {
	for name, headers := range map[string]http.Header{
		"seconds":    {"Retry-After": {"7"}},
		"date":       {"Retry-After": {"Wed, 21 Oct 2015 07:28:07 GMT"}, "Date": {"Wed, 21 Oct 2015 07:28:00 GMT"}},
		"rate limit": {"X-Ratelimit-Remaining": {"0, 1000"}, "X-Ratelimit-Reset": {"7, 1419704"}},
	} {
		server := serveSearch(t, func(w http.ResponseWriter, _ *http.Request) {
			for header, values := range headers {
				w.Header()[header] = values
			}
			w.WriteHeader(http.StatusTooManyRequests)
		})
		for _, search := range searches() {
			_, err := search.find(t.Context(), server.URL, testClient(t))
			var failure *Error
			if !errors.As(err, &failure) || failure.Kind != Down || failure.RetryAfter != 7*time.Second {
				t.Errorf("%s, %s: err = %v, %+v; want 7 s", search.name, name, err, failure)
			}
		}
	}
}

func TestAQuotaThatIsUsedUpForAMonthIsWaitedForAnHour(t *testing.T) {
	server := serveSearch(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-RateLimit-Remaining", "1, 0")
		w.Header().Set("X-RateLimit-Reset", "1, 1419704")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	_, err := searches()[1].find(t.Context(), server.URL, testClient(t))
	var failure *Error
	if !errors.As(err, &failure) || failure.RetryAfter != maxRetryAfter {
		t.Errorf("err = %v, %+v; want %s", err, failure, maxRetryAfter)
	}
}

func TestARefusalIsNamedByTheProvidersCode(t *testing.T) {
	const (
		brave = `{"type":"ErrorResponse","error":{"code":"SUBSCRIPTION_TOKEN_INVALID","detail":"The provided subscription token is invalid.",` +
			`"meta":{"component":"authentication"},"status":422},"time":1700000000}`
		ebay = `{"errors":[{"errorId":1100,"domain":"ACCESS","category":"REQUEST","message":"Access denied",` +
			`"longMessage":"Insufficient permissions to fulfill the request."}]}`
	)
	for _, test := range []struct {
		search int
		status int
		body   string
		want   string
	}{
		{1, 422, brave, "brave: REFUSED: HTTP 422 Unprocessable Entity (SUBSCRIPTION_TOKEN_INVALID)"},
		{3, 403, ebay, "ebay: REFUSED: HTTP 403 Forbidden (1100)"},
		{2, 401, `{"error":"Invalid API key. Your API key should be here"}`, "serpapi: REFUSED: HTTP 401 Unauthorized"},
	} {
		server := serveSearch(t, answering(test.status, test.body))
		if _, err := searches()[test.search].find(t.Context(), server.URL, testClient(t)); err == nil || err.Error() != test.want {
			t.Errorf("err = %v; want %s", err, test.want)
		}
	}
}

func TestNoKeyStandsInANetworkError(t *testing.T) {
	closed := serveSearch(t, nil)
	closed.Close()
	for _, baseURL := range []string{closed.URL, "http://127.0.0.1:1/" + searchKey, "http://[broken", "::", "gopher://example.com", "http://exa mple"} {
		for _, search := range searches() {
			_, err := search.find(t.Context(), baseURL, testClient(t))
			if kind := KindOf(err); kind != Down && kind != Refused {
				t.Errorf("%s at %s: err = %v", search.name, baseURL, err)
			}
			noKeyIn(t, err)
		}
	}
}

func TestASearchLeavesNoGoroutineBehind(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	server := httptest.NewServer(answering(200, `{"total":0,"results":[],"access_token":"t","expires_in":60,"search_metadata":{"status":"Success"}}`))
	defer server.Close()
	client := NewClient(Anywhere)
	defer client.CloseIdleConnections()
	for _, search := range searches() {
		if _, err := search.find(t.Context(), server.URL, client); KindOf(err) != NothingFound {
			t.Errorf("%s: err = %v", search.name, err)
		}
	}
}

// noKeyIn checks that an error names no key, however it is printed.
func noKeyIn(t *testing.T, err error) {
	t.Helper()
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		printed := fmt.Sprintf("%v %+v %s", cause, cause, url.QueryEscape(cause.Error()))
		for _, secret := range []string{searchKey, searchSecret} {
			if strings.Contains(printed, secret) {
				t.Errorf("the error names a key: %s", printed)
			}
		}
	}
}

// noHarmIn checks that a text is safe to store and to show.
func noHarmIn(t *testing.T, text string, limit int) {
	t.Helper()
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || utf8.RuneCountInString(text) > limit {
		t.Errorf("text is not clean: %q", text)
	}
	for _, harm := range []string{"<script", "<img", "javascript:", "\u202e"} {
		if strings.Contains(strings.ToLower(text), harm) {
			t.Errorf("text holds %q: %q", harm, text)
		}
	}
}
