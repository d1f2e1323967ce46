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

	"productgenerator/publicnet"
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
	host := strings.TrimSuffix(strings.ToLower(target.Hostname()), ".")
	public := publicnet.HasName(host)
	ip, err := netip.ParseAddr(host)
	isAddress := err == nil
	if isAddress {
		public = publicnet.HasAddress(ip)
	}
	switch target.Scheme {
	case "https":
		return allowPrivate || public
	case "http":
		return allowPrivate && !(isAddress && public)
	default:
		return false
	}
}

// newRequester makes a requester that reaches the public internet by https; private addresses by https and http, too,
// where they are allowed.
func newRequester(allowPrivate bool, limit time.Duration, world outside) *requester {
	if !allowPrivate {
		return &requester{secure: newClient(publicnet.HasAddress, limit, world)}
	}
	return &requester{
		secure: newClient(func(netip.Addr) bool { return true }, limit, world),
		plain:  newClient(func(a netip.Addr) bool { return !publicnet.HasAddress(a) }, limit, world),
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
