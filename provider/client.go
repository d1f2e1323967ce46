package provider

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"productgenerator/publicnet"
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
	if err != nil || !publicnet.HasAddress(target.Addr()) {
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
