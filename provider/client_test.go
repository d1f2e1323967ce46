package provider

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
)

func TestAClientForPublicAddressesDoesNotConnectToThisMachine(t *testing.T) {
	reached := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer server.Close()
	client := NewClient(PublicOnly)
	defer client.CloseIdleConnections()

	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"} { // localhost is known only once resolved
		response, err := client.Get("http://" + host + ":" + port)
		if err == nil {
			_ = response.Body.Close()
		}
		if !errors.Is(err, ErrPrivateAddress) {
			t.Errorf("%s: err = %v; want ErrPrivateAddress", host, err)
		}
	}
	if reached {
		t.Error("the server was reached")
	}
}

func TestAClientForAnywhereConnectsToThisMachine(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	client := NewClient(Anywhere)
	defer client.CloseIdleConnections()

	response, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
}

func TestAClientFollowsAFewRedirectsOnTheSameHost(t *testing.T) {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		left, _ := strconv.Atoi(r.URL.Query().Get("left"))
		if left > 0 {
			http.Redirect(w, r, "/?left="+strconv.Itoa(left-1), http.StatusFound)
		}
	}))
	defer server.Close()
	client := NewClient(Anywhere)
	defer client.CloseIdleConnections()

	for left, want := range map[int]int{0: 200, maxRedirects: 200, maxRedirects + 1: 302} {
		calls = 0
		response, err := client.Get(server.URL + "/?left=" + strconv.Itoa(left))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want || calls > maxRedirects+1 {
			t.Errorf("%d redirects: status %d after %d calls; want %d", left, response.StatusCode, calls, want)
		}
	}
}

func TestAClientTakesNoKeyToAnotherHost(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the other host was called with %v", r.Header)
	}))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	client := NewClient(Anywhere)
	defer client.CloseIdleConnections()

	_, err := NewBrave(server.URL, "secret-key", client).FindImages(t.Context(), ImageQuery{Product: Product{Name: "Kettle"}, Limit: 3})
	if KindOf(err) != Refused {
		t.Errorf("err = %v; want it refused", err)
	}
}

func TestAClientDoesNotGiveUpTLSForARedirect(t *testing.T) {
	for _, test := range []struct {
		from, to string
		want     error
	}{
		{"https://api.example/a", "https://api.example/b", nil},
		{"http://api.example/a", "https://api.example/b", nil},
		{"https://api.example/a", "http://api.example/b", http.ErrUseLastResponse},
		{"https://api.example/a", "https://api.example:8443/b", http.ErrUseLastResponse},
		{"https://api.example/a", "https://evil.example/b", http.ErrUseLastResponse},
	} {
		from, to := mustParse(t, test.from), mustParse(t, test.to)
		if got := stayOnHost(&http.Request{URL: to}, []*http.Request{{URL: from}}); !errors.Is(got, test.want) {
			t.Errorf("from %s to %s: %v; want %v", from, to, got, test.want)
		}
	}
}

func mustParse(t *testing.T, raw string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
