package provider

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
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

func TestOnlyAddressesOfThePublicInternetArePublic(t *testing.T) {
	const public = "1.1.1.1 8.8.8.8 93.184.216.34 172.32.0.1 100.128.0.1 2606:4700::1111 2a00:1450::1 64:ff9b::8.8.8.8 " +
		"::ffff:8.8.8.8 2002:808:808::1"
	const private = "0.0.0.0 0.0.0.1 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.255 169.254.169.254 172.16.0.1 172.31.255.255 " +
		"192.0.0.192 192.0.2.1 192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 " +
		"168.63.129.16 100.100.100.200 :: ::1 ::ffff:10.0.0.1 ::10.0.0.1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 " +
		"ff02::1 64:ff9b::127.0.0.1 64:ff9b:1::1 2001::1 2001:db8::1 2002:a00:1::1 100::1 3fff::1"
	for _, address := range strings.Fields(public) {
		if !publicAddress(netip.MustParseAddr(address)) {
			t.Errorf("%s is taken for private", address)
		}
	}
	for _, address := range strings.Fields(private) {
		if publicAddress(netip.MustParseAddr(address)) {
			t.Errorf("%s is taken for public", address)
		}
	}
	if publicAddress(netip.Addr{}) {
		t.Error("no address is taken for public")
	}
}
