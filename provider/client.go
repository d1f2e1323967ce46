package provider

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// Reach says what a client may connect to.
type Reach int

const (
	// PublicOnly is for addresses on the public internet.
	PublicOnly Reach = iota

	// Anywhere also allows this machine and private networks: for a base URL that the operator has set.
	Anywhere
)

// ErrPrivateAddress is why a client that reaches PublicOnly does not connect.
var ErrPrivateAddress = errors.New("address is not public")

const (
	// maxRedirects bounds the redirects followed for one call.
	maxRedirects = 3

	// longestCall bounds any call, as a last resort: contexts end them long before.
	longestCall = 3 * time.Minute
)

// NewClient makes a client for calls to providers. It checks an address after its name was resolved and before
// connecting, so that a name cannot lead it to a private network, and follows a few redirects on the same host only, so
// that no key travels elsewhere; any other redirect is the answer itself, with its 3xx status. It uses no proxy and
// keeps no cookies. Its idle connections end by themselves after 30 seconds, or by CloseIdleConnections.
func NewClient(reach Reach) *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	if reach == PublicOnly {
		dialer.Control = refusePrivate
	}
	return &http.Client{
		Timeout:       longestCall,
		CheckRedirect: stayOnHost,
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    5 * time.Second,
			ResponseHeaderTimeout:  time.Minute,
			ExpectContinueTimeout:  time.Second,
			IdleConnTimeout:        30 * time.Second,
			MaxIdleConns:           64,
			MaxIdleConnsPerHost:    16,
			MaxResponseHeaderBytes: 64 << 10,
		},
	}
}

// refusePrivate is called with the address that a dialer is about to connect to.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil || !publicAddress(target.Addr()) {
		return ErrPrivateAddress
	}
	return nil
}

// stayOnHost lets a client follow a redirect that stays on the same host and port and doesn't give up TLS.
func stayOnHost(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	downgraded := first.Scheme == "https" && next.URL.Scheme != "https"
	if len(via) > maxRedirects || next.URL.Host != first.Host || downgraded {
		return http.ErrUseLastResponse
	}
	return nil
}

// publicAddress says whether an address is one of the public internet. An IPv6 address that carries an IPv4 address is
// what it carries.
func publicAddress(address netip.Addr) bool {
	address = address.Unmap()
	if address.Zone() != "" || !address.IsGlobalUnicast() || address.IsPrivate() {
		return false
	}
	if carried, ok := carriedIPv4(address); ok {
		return publicAddress(carried)
	}
	for _, reserved := range [...]string{
		"0.0.0.0/8",        // this network
		"100.64.0.0/10",    // carrier-grade NAT, and Alibaba Cloud's metadata server
		"168.63.129.16/32", // Azure's own services
		"192.0.0.0/24",     // protocol assignments, and Oracle Cloud's metadata server
		"192.0.2.0/24",     // documentation
		"192.88.99.0/24",   // 6to4 relays
		"198.18.0.0/15",    // benchmarks
		"198.51.100.0/24",  // documentation
		"203.0.113.0/24",   // documentation
		"240.0.0.0/4",      // reserved
		"64:ff9b:1::/48",   // local translation
		"100::/64",         // discard
		"2001::/23",        // protocol assignments, Teredo among them
		"2001:db8::/32",    // documentation
		"3fff::/20",        // documentation
		"fec0::/10",        // site-local
		"::/96",            // IPv4-compatible, out of use
	} {
		if netip.MustParsePrefix(reserved).Contains(address) {
			return false
		}
	}
	return true
}

// carriedIPv4 is the IPv4 address inside a NAT64 (64:ff9b::/96) or 6to4 (2002::/16) address.
func carriedIPv4(address netip.Addr) (netip.Addr, bool) {
	if !address.Is6() {
		return netip.Addr{}, false
	}
	bytes := address.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(address):
		return netip.AddrFrom4([4]byte(bytes[12:16])), true
	case netip.MustParsePrefix("2002::/16").Contains(address):
		return netip.AddrFrom4([4]byte(bytes[2:6])), true
	}
	return netip.Addr{}, false
}
