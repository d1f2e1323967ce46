package notify

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"productgenerator/models"
)

// resolve answers every question for a name with the address, as a name server of the attacker's would.
func resolve(t testing.TB, address string) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		question := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(question)
			if err != nil {
				return
			}
			if answer := answerTo(question[:n], netip.MustParseAddr(address)); answer != nil {
				_, _ = server.WriteTo(answer, from)
			}
		}
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// answerTo is the answer to a question: the address if it is of the kind that was asked for, else none.
func answerTo(question []byte, address netip.Addr) []byte {
	var m dnsmessage.Message
	if m.Unpack(question) != nil || len(m.Questions) != 1 {
		return nil
	}
	m.Response, m.Additionals = true, nil
	header := dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 1}
	switch asked := m.Questions[0].Type; {
	case asked == dnsmessage.TypeA && address.Is4():
		m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: address.As4()}}}
	case asked == dnsmessage.TypeAAAA && address.Is6():
		m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}}}
	}
	answer, err := m.Pack()
	if err != nil {
		return nil
	}
	return answer
}

// trap listens on every address of this machine, and counts who connects.
func trap(t *testing.T) (port string, connected func() int) {
	t.Helper()
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	count := make(chan int, 1)
	go func() {
		n := 0
		for {
			connection, err := listener.Accept()
			if err != nil {
				count <- n
				return
			}
			n++
			_ = connection.Close()
		}
	}()
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port, func() int {
		_ = listener.Close()
		return <-count
	}
}

func TestPrivateAddressesAreNeverConnectedTo(t *testing.T) {
	port, connected := trap(t)
	r := newRequester(false, patience, outside{})
	for _, host := range []string{
		"127.0.0.1", "127.1.2.3", "localhost", "0.0.0.0", "[::]", "[::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]",
		"[64:ff9b::7f00:1]", "[2002:7f00:1::]", "10.0.0.1", "192.168.0.1", "172.16.0.1", "100.64.0.1", "169.254.169.254",
		"[fe80::1]", "[fd00::1]", "224.0.0.1", "[ff02::1]", "255.255.255.255",
		"0177.0.0.1", "2130706433", "0x7f.1", // which are names to us
	} {
		err := r.post(within(t), request{url: "https://" + host + ":" + port + "/", secret: secretOf("r")})
		if err == nil {
			t.Errorf("%s was told", host)
		}
	}
	if n := connected(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func TestANameDoesNotLeadToAPrivateAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1", "::1", "::ffff:127.0.0.1"} {
		port, connected := trap(t)
		p := newPlatform(t)
		tm := p.team("Team")
		tm.rule(models.MetricDailyLimitPercentUsed, false, "https://hooks.example.com:"+port+"/key/hush")
		names := resolve(t, address)
		proc := p.process(func(s *settings) { s.AllowPrivate, s.world.resolver = false, names })
		tm.raise(nil)
		p.settled()
		said := proc.log.String()
		if proc.counted(GivenUp) != 1 || !strings.Contains(said, "hooks.example.com") || strings.Contains(said, "hush") {
			t.Errorf("%s: counted %v, logged\n%s", address, proc.outcomes, said)
		}
		if n := connected(); n != 0 {
			t.Errorf("%s was connected to", address)
		}
	}
}

func TestANameLeadsToAPrivateAddressWhereThatIsAllowed(t *testing.T) {
	t.Parallel()
	rec := receive(t, nil)
	target, _ := url.Parse(rec.URL)
	names := resolve(t, "127.0.0.1")
	p := newPlatform(t)
	tm := p.team("Team")
	tm.rule(models.MetricDailyLimitPercentUsed, false, "https://example.com:"+target.Port())
	p.process(func(s *settings) {
		rec.trusts(s)
		s.world.resolver = names
	})
	tm.raise(nil)
	p.settled()
	if n := len(rec.requests()); n != 1 {
		t.Errorf("received %d", n)
	}
}

func TestWithoutTlsOnlyPrivateAddressesAreReachedAndOnlyWhereAllowed(t *testing.T) {
	rec := receivePlain(t, nil)
	send := func(r *requester, url string) error {
		return r.post(within(t), request{url: url, secret: secretOf("r")})
	}
	if err := send(newRequester(false, patience, outside{}), rec.URL); err == nil || len(rec.requests()) != 0 {
		t.Errorf("a private address was told: %v", err)
	}
	err := send(newRequester(false, patience, outside{resolver: resolve(t, "93.184.216.34")}), "http://hooks.example.com")
	if err == nil || !strings.Contains(err.Error(), "need https") {
		t.Errorf("a public address was to be told without TLS: %v", err)
	}
	allowed := newRequester(true, patience, outside{})
	if err := send(allowed, rec.URL); err != nil || len(rec.requests()) != 1 {
		t.Errorf("a private address was not told: %v", err)
	}
	public := newRequester(true, patience, outside{resolver: resolve(t, "93.184.216.34")})
	if err := send(public, "http://hooks.example.com"); err == nil || !strings.Contains(err.Error(), errUnreachable.Error()) {
		t.Errorf("a public address was to be told without TLS: %v", err)
	}
}

func TestNoProxyOfTheEnvironmentIsUsed(t *testing.T) {
	proxy := receivePlain(t, nil)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	r := newRequester(true, patience, outside{resolver: resolve(t, "192.0.2.1")})
	for _, client := range []*http.Client{r.secure, r.plain} {
		if client.Transport.(*http.Transport).Proxy != nil {
			t.Error("a proxy is asked for")
		}
	}
}

func TestAddressesThatAreNoneAreGivenUp(t *testing.T) {
	r := newRequester(true, time.Second, outside{})
	for _, address := range []string{"", "nowhere", "ftp://example.com", "file:///etc/passwd", "https://", "https://a b", "gopher://127.0.0.1"} {
		err := r.post(within(t), request{url: address, secret: secretOf("r")})
		if failed, ok := err.(*failure); !ok || !failed.final {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestWhatAnAddressTellsOfWhereAWebhookGoes(t *testing.T) {
	for _, test := range []struct {
		address         string
		public, allowed bool // whether it may be reached without and with private addresses
	}{
		{"https://hooks.example.com/x", true, true},
		{"https://1.1.1.1", true, true},
		{"https://127.0.0.1:8080", false, true},
		{"https://[::1]/", false, true},
		{"https://10.0.0.8", false, true},
		{"https://localhost.", false, true},
		{"https://Localhost/", false, true},
		{"https://app.localhost", false, true},
		{"https://localhost.example.com", true, true},
		{"http://127.0.0.1:8080", false, true},
		{"http://queue.internal", false, true},
		{"https://queue.internal", false, true},
		{"http://1.1.1.1", false, false},
		{"ftp://127.0.0.1", false, false},
		{"https://a b", false, false},
	} {
		if got := MayReach(test.address, false); got != test.public {
			t.Errorf("%s without private addresses: %t", test.address, got)
		}
		if got := MayReach(test.address, true); got != test.allowed {
			t.Errorf("%s with private addresses: %t", test.address, got)
		}
	}
}
