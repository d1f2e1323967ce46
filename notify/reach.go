package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// errUnreachable is why a webhook's address is not connected to.
var errUnreachable = errors.New("webhooks don't go to that address")

// requester sends requests to addresses that strangers have chosen. It checks each address after its name was resolved
// and before connecting, so that no name leads it elsewhere; it follows no redirect, uses no proxy, keeps no cookies and
// no connections.
type requester struct {
	secure *http.Client // for https
	plain  *http.Client // for http; nil: there is none
}

// MayReach says whether webhooks may go to an address, as far as its text tells: a name can still lead to where they do
// not go. Without private addresses that is the public internet by https; with them, private addresses by http, too.
func MayReach(address string, allowPrivate bool) bool {
	target, err := url.Parse(address)
	if err != nil {
		return false
	}
	private, known := false, true
	if ip, err := netip.ParseAddr(target.Hostname()); err == nil {
		private = !isPublic(ip)
	} else if name := strings.TrimSuffix(strings.ToLower(target.Hostname()), "."); name == "localhost" || strings.HasSuffix(name, ".localhost") {
		private = true
	} else {
		known = false
	}
	switch target.Scheme {
	case "https":
		return allowPrivate || !private
	case "http":
		return allowPrivate && (private || !known)
	default:
		return false
	}
}

// newRequester makes a requester that reaches the public internet by https; private addresses by https and http, too,
// where they are allowed.
func newRequester(allowPrivate bool, limit time.Duration, world outside) *requester {
	if !allowPrivate {
		return &requester{secure: newClient(isPublic, limit, world)}
	}
	return &requester{
		secure: newClient(func(netip.Addr) bool { return true }, limit, world),
		plain:  newClient(func(a netip.Addr) bool { return !isPublic(a) }, limit, world),
	}
}

// clientFor is the client for addresses of that scheme, nil where there is none.
func (r *requester) clientFor(scheme string) *http.Client {
	switch scheme {
	case "https":
		return r.secure
	case "http":
		return r.plain
	default:
		return nil
	}
}

// newClient makes a client that connects to the addresses which reaches accepts.
func newClient(reaches func(netip.Addr) bool, limit time.Duration, world outside) *http.Client {
	dialer := &net.Dialer{
		Resolver: world.resolver,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			target, err := netip.ParseAddrPort(address)
			if err != nil || !reaches(target.Addr()) {
				return errUnreachable
			}
			return nil
		},
	}
	return &http.Client{
		Timeout:       limit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: world.roots, MinVersion: tls.VersionTLS12},
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxAnswer,
		},
	}
}

// isPublic says whether an address is one of the public internet. An address that carries another is what it carries.
func isPublic(address netip.Addr) bool {
	address = address.Unmap()
	if address.Zone() != "" || !address.IsGlobalUnicast() || address.IsPrivate() {
		return false
	}
	if carried, ok := carriedIPv4(address); ok {
		return isPublic(carried)
	}
	for _, reserved := range [...]string{
		"0.0.0.0/8",        // this network
		"100.64.0.0/10",    // shared by customers of a carrier, and some clouds' metadata
		"168.63.129.16/32", // a cloud's own services
		"192.0.0.0/24",     // protocol assignments, and some clouds' metadata
		"192.0.2.0/24",     // documentation
		"192.88.99.0/24",   // 6to4 relays
		"198.18.0.0/15",    // benchmarks
		"198.51.100.0/24",  // documentation
		"203.0.113.0/24",   // documentation
		"240.0.0.0/4",      // reserved
		"::/96",            // IPv4-compatible, out of use
		"64:ff9b:1::/48",   // local translation
		"100::/64",         // discard
		"2001::/23",        // protocol assignments, Teredo among them
		"2001:db8::/32",    // documentation
		"3fff::/20",        // documentation
		"5f00::/16",        // segment routing
		"fec0::/10",        // site-local
	} {
		if netip.MustParsePrefix(reserved).Contains(address) {
			return false
		}
	}
	return true
}

// carriedIPv4 is the IPv4 address inside of a NAT64 (64:ff9b::/96) or a 6to4 (2002::/16) address.
func carriedIPv4(address netip.Addr) (netip.Addr, bool) {
	if !address.Is6() {
		return netip.Addr{}, false
	}
	bytes := address.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(address):
		return netip.AddrFrom4([4]byte(bytes[12:])), true
	case netip.MustParsePrefix("2002::/16").Contains(address):
		return netip.AddrFrom4([4]byte(bytes[2:6])), true
	default:
		return netip.Addr{}, false
	}
}
