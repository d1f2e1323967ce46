package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ebayBody is an answer of GET /buy/browse/v1/item_summary/search.
const ebayBody = `{"href":"https://api.ebay.com/buy/browse/v1/item_summary/search?q=kettle&limit=10&offset=0","total":260,
"next":"https://api.ebay.com/buy/browse/v1/item_summary/search?q=kettle&limit=10&offset=10","limit":10,"offset":0,
"itemSummaries":[
{"itemId":"v1|110561222|0","title":"Acme Enamel Kettle NEW","leafCategoryIds":["20635"],"image":{"imageUrl":"https://i.ebayimg.com/1.jpg"},
 "price":{"value":"1299.00","currency":"USD"},"itemHref":"https://api.ebay.com/buy/browse/v1/item/v1%7C110561222%7C0",
 "seller":{"username":"kettle_shop","feedbackPercentage":"99.5","feedbackScore":12345},"condition":"New","conditionId":"1000",
 "buyingOptions":["FIXED_PRICE"],"itemWebUrl":"https://www.ebay.com/itm/110561222?hash=item19c1&_skw=kettle","adultOnly":false},
{"itemId":"v1|2|0","title":"Kettle","price":{"value":"4.35","currency":"GBP","convertedFromValue":"5.00","convertedFromCurrency":"EUR"},
 "itemWebUrl":"https://www.ebay.com/itm/2"},
{"itemId":"v1|3|0","title":"Again","price":{"value":"4.36","currency":"GBP"},"itemWebUrl":"https://www.ebay.com/itm/2"},
{"itemId":"v1|4|0","title":"Auction","currentBidPrice":{"value":"1.00","currency":"USD"},"itemWebUrl":"https://www.ebay.com/itm/4"},
{"itemId":"v1|5|0","title":"Adults","price":{"value":"1.00","currency":"USD"},"itemWebUrl":"https://www.ebay.com/itm/5","adultOnly":true},
{"itemId":"v1|6|0","title":"Odd money","price":{"value":"1.00","currency":"???"},"itemWebUrl":"https://www.ebay.com/itm/6"},
{"itemId":"v1|7|0","title":"Unsafe","price":{"value":"1.00","currency":"USD"},"itemWebUrl":"javascript:alert(1)"},
{"itemId":"v1|8|0","title":"Odd","price":"1.00"},
{"itemId":"v1|9|0","title":` + hostileTitle + `,"price":{"value":"1.00","currency":"USD"},"itemWebUrl":"https://www.ebay.com/itm/9",
 "seller":{"username":` + hostileTitle + `}}]}`

// ebayServer is eBay with tokens that it counts and may revoke.
type ebayServer struct {
	*httptest.Server
	t *testing.T

	// grant is asked before each token is granted; nil: at once.
	grant func(w http.ResponseWriter) (granted bool)

	// mu protects what follows.
	mu        sync.Mutex
	tokens    int // granted so far; the last one is valid
	searches  int
	revoked   bool
	expiresIn int
}

func newEBayServer(t *testing.T) *ebayServer {
	t.Helper()
	e := &ebayServer{t: t, expiresIn: 7200}
	e.Server = httptest.NewServer(http.HandlerFunc(e.serve))
	t.Cleanup(e.Close)
	return e
}

func (e *ebayServer) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/identity/v1/oauth2/token":
		e.serveToken(w, r)
	case "/buy/browse/v1/item_summary/search":
		e.serveSearch(w, r)
	default:
		e.t.Errorf("asked %s %s", r.Method, r.URL)
	}
}

func (e *ebayServer) serveToken(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	form := r.PostFormValue("grant_type") + " " + r.PostFormValue("scope")
	if r.Method != http.MethodPost || form != "client_credentials https://api.ebay.com/oauth/api_scope" {
		e.t.Errorf("%s asked for a token with %s", r.Method, form)
	}
	if id != searchKey || secret != searchSecret {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":"invalid_client","error_description":"client authentication failed"}`)
		return
	}
	if e.grant != nil && !e.grant(w) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tokens++
	e.revoked = false
	_, _ = fmt.Fprintf(w, `{"access_token":"v^1.1#token-%d","expires_in":%d,"token_type":"Application Access Token"}`, e.tokens, e.expiresIn)
}

func (e *ebayServer) serveSearch(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.searches++
	if e.revoked || r.Header.Get("Authorization") != fmt.Sprintf("Bearer v^1.1#token-%d", e.tokens) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"errors":[{"errorId":1001,"domain":"OAuth","category":"REQUEST","message":"Invalid access token"}]}`)
		return
	}
	_, _ = io.WriteString(w, ebayBody)
}

// counted is how many tokens were granted and searches asked for.
func (e *ebayServer) counted() [2]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return [2]int{e.tokens, e.searches}
}

func kettlePrices(limit int) PriceQuery {
	return PriceQuery{Product: Product{Name: "Enamel Kettle", Brand: "Acme"}, Limit: limit}
}

func TestEBayFindsOffersToTheCent(t *testing.T) {
	var asked url.Values
	var marketplace string
	server := serveSearch(t, func(w http.ResponseWriter, r *http.Request) {
		asked, marketplace = r.URL.Query(), r.Header.Get("X-EBAY-C-MARKETPLACE-ID")
		answering(200, ebayBody)(w, r)
	})
	query := kettlePrices(10)
	query.Currency = "GBP"
	offers, err := NewEBay(server.URL, searchKey, searchSecret, testClient(t)).FindPrices(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	if len(offers) != 3 {
		t.Fatalf("%d offers: %+v", len(offers), offers)
	}
	want := []Offer{
		{
			Seller: "kettle_shop", AmountMinor: 129900, Currency: "USD", Title: "Acme Enamel Kettle NEW",
			URL: "https://www.ebay.com/itm/110561222?hash=item19c1&_skw=kettle",
		},
		{Seller: "ebay.com", AmountMinor: 435, Currency: "GBP", Title: "Kettle", URL: "https://www.ebay.com/itm/2"},
	}
	if diff := cmp.Diff(want, offers[:2]); diff != "" {
		t.Error(diff)
	}
	noHarmIn(t, offers[2].Title, maxTitleRunes)
	noHarmIn(t, offers[2].Seller, maxSellerRunes)
	wantAsked := url.Values{
		"q": {"Enamel Kettle Acme"}, "limit": {"20"}, "filter": {"buyingOptions:{FIXED_PRICE},conditions:{NEW}"},
	}
	if diff := cmp.Diff(wantAsked, asked); diff != "" {
		t.Error(diff)
	}
	if marketplace != "EBAY_GB" {
		t.Errorf("marketplace = %s", marketplace)
	}
}

func TestEBayIsNotAskedWhereItHasNoMarketplace(t *testing.T) {
	server := newEBayServer(t)
	query := kettlePrices(1)
	query.Country = "JP"
	_, err := NewEBay(server.URL, searchKey, searchSecret, testClient(t)).FindPrices(t.Context(), query)
	if KindOf(err) != NothingFound || server.counted() != [2]int{} {
		t.Errorf("err = %v after %v calls", err, server.counted())
	}
}

func TestAnEBayTokenIsFetchedOnceForManySearches(t *testing.T) {
	server := newEBayServer(t)
	ebay := NewEBay(server.URL, searchKey, searchSecret, testClient(t))
	const many = 16
	var searching sync.WaitGroup
	for range many {
		searching.Go(func() {
			if _, err := ebay.FindPrices(t.Context(), kettlePrices(1)); err != nil {
				t.Error(err)
			}
		})
	}
	searching.Wait()
	if got := server.counted(); got != [2]int{1, many} {
		t.Errorf("tokens and searches: %v", got)
	}
}

func TestAnEBayTokenIsReplacedShortlyBeforeItExpires(t *testing.T) {
	server := newEBayServer(t)
	ebay := NewEBay(server.URL, searchKey, searchSecret, testClient(t))
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	ebay.token.now = func() time.Time { return now }
	for _, step := range []struct {
		after time.Duration
		want  int
	}{
		{0, 1}, {2*time.Hour - ebayTokenMargin - time.Second, 1}, {2*time.Hour - ebayTokenMargin, 2}, {3 * time.Hour, 2},
	} {
		now = start.Add(step.after)
		if _, err := ebay.FindPrices(t.Context(), kettlePrices(1)); err != nil {
			t.Fatal(err)
		}
		if got := server.counted()[0]; got != step.want {
			t.Errorf("after %s: %d tokens; want %d", step.after, got, step.want)
		}
	}
}

func TestARevokedEBayTokenIsReplacedOnce(t *testing.T) {
	server := newEBayServer(t)
	ebay := NewEBay(server.URL, searchKey, searchSecret, testClient(t))
	for range 2 {
		if _, err := ebay.FindPrices(t.Context(), kettlePrices(1)); err != nil {
			t.Fatal(err)
		}
		server.mu.Lock()
		server.revoked = true
		server.mu.Unlock()
	}
	if got := server.counted(); got != [2]int{2, 3} {
		t.Errorf("tokens and searches: %v; want 2 and 3", got)
	}
}

func TestEBayGivesUpWhenANewTokenIsRefusedToo(t *testing.T) {
	calls := 0
	server := serveSearch(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		answering(401, `{"errors":[{"errorId":1001,"domain":"OAuth","category":"REQUEST","message":"Invalid access token"}]}`)(w, r)
	})
	_, err := NewEBay(server.URL, searchKey, searchSecret, testClient(t)).FindPrices(t.Context(), kettlePrices(1))
	if err == nil || err.Error() != "ebay: REFUSED: HTTP 401 Unauthorized (1001)" || calls != 2 {
		t.Errorf("err = %v after %d searches", err, calls)
	}
}

func TestAWrongEBaySecretIsRefusedWithoutBeingNamed(t *testing.T) {
	server := newEBayServer(t)
	_, err := NewEBay(server.URL, searchKey, "wrong-secret", testClient(t)).FindPrices(t.Context(), kettlePrices(1))
	if err == nil || err.Error() != "ebay: REFUSED: HTTP 401 Unauthorized (invalid_client)" {
		t.Errorf("err = %v", err)
	}
	if got := server.counted(); got != [2]int{} {
		t.Errorf("tokens and searches: %v", got)
	}
}

func TestAnEBayTokenThatIsNoneIsMalformed(t *testing.T) {
	for _, body := range []string{`{}`, `{"access_token":"","expires_in":7200}`, `{"access_token":"t","expires_in":0}`, `{"access_token":7}`, `<html>`} {
		server := httptest.NewServer(answering(200, body))
		_, err := NewEBay(server.URL, searchKey, searchSecret, testClient(t)).FindPrices(t.Context(), kettlePrices(1))
		if KindOf(err) != Malformed {
			t.Errorf("%s: err = %v; want Malformed", body, err)
		}
		server.Close()
	}
}

func TestWhoWaitsForAnEBayTokenMayGiveUp(t *testing.T) {
	server := newEBayServer(t)
	asked, granted := make(chan struct{}), make(chan struct{})
	server.grant = func(http.ResponseWriter) bool {
		close(asked)
		<-granted
		return true
	}
	ebay := NewEBay(server.URL, searchKey, searchSecret, testClient(t))
	first := make(chan error, 1)
	go func() {
		_, err := ebay.FindPrices(t.Context(), kettlePrices(1))
		first <- err
	}()
	<-asked

	hurried, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	if _, err := ebay.FindPrices(hurried, kettlePrices(1)); KindOf(err) != TimedOut {
		t.Errorf("err = %v; want TimedOut", err)
	}
	left, leave := context.WithCancel(t.Context())
	leave()
	if _, err := ebay.FindPrices(left, kettlePrices(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v; want it cancelled", err)
	}
	close(granted)
	if err := <-first; err != nil {
		t.Error(err)
	}
}
