package provider

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"productgenerator/publicnet"
)

// MaxURLBytes bounds a URL that comes from outside, before and after it is written in its safe form.
const MaxURLBytes = 2_048

// ErrUnsafeURL is why SafeURL refuses; the error that wraps it says what is wrong without quoting the URL.
var ErrUnsafeURL = errors.New("URL is not safe")

// SafeURL returns a URL that came from a provider or a feed in a form that may be stored and put into a page: absolute,
// http or https, in ASCII, with a public host and without credentials. It refuses, with an error that wraps
// ErrUnsafeURL, every other scheme, control characters, broken UTF-8, more than MaxURLBytes, the names of this machine
// and of private networks, and literal addresses that are not public, also where a browser would read an odd spelling
// (127.1, 0x7f000001, full-width digits) as one.
//
// It resolves no names: whoever connects to the URL needs a client of NewClient besides.
func SafeURL(raw string) (string, error) {
	raw = strings.Trim(raw, " \t\r\n")
	if err := plainText(raw); err != nil {
		return "", err
	}
	parsed, err := url.Parse(raw)
	switch {
	case err != nil:
		return "", unsafeURL("it cannot be parsed")
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		return "", unsafeURL("it is neither http nor https")
	case parsed.User != nil:
		return "", unsafeURL("it holds credentials")
	}
	host, err := publicHost(parsed.Hostname())
	if err != nil {
		return "", err
	}
	if parsed.Host, err = hostWithPort(host, parsed.Port()); err != nil {
		return "", err
	}
	parsed.RawQuery = escapedQuery(parsed.RawQuery)
	safe := parsed.String()
	if len(safe) > MaxURLBytes {
		return "", unsafeURL("it is too long")
	}
	return safe, nil
}

// safeURLOrNone is raw in its safe form, or empty when it has none: for URLs that a result can do without.
func safeURLOrNone(raw string) string {
	safe, err := SafeURL(raw)
	if err != nil {
		return ""
	}
	return safe
}

// hostOf is the host of a safe URL without "www.".
func hostOf(safe string) string {
	parsed, err := url.Parse(safe)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(parsed.Hostname(), "www.")
}

// plainText refuses what must not stand in any URL. A replacement character is what a decoder made of broken UTF-8.
func plainText(raw string) error {
	if len(raw) > MaxURLBytes {
		return unsafeURL("it is too long")
	}
	if !utf8.ValidString(raw) || strings.ContainsRune(raw, utf8.RuneError) {
		return unsafeURL("it is not valid UTF-8")
	}
	if strings.ContainsFunc(raw, unicode.IsControl) {
		return unsafeURL("it holds control characters")
	}
	return nil
}

// publicHost is a host in lower-case ASCII, unless it names something that is not public.
func publicHost(host string) (string, error) {
	if !isASCII(host) {
		mapped, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return "", unsafeURL("its host is not a name")
		}
		host = mapped
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if address, err := netip.ParseAddr(host); err == nil {
		if !publicnet.HasAddress(address) {
			return "", unsafeURL("its host is not a public address")
		}
		return host, nil
	}
	switch {
	case !isHostname(host):
		return "", unsafeURL("its host is not a name")
	case !publicnet.HasName(host):
		return "", unsafeURL("its host is not a public name")
	}
	return host, nil
}

// isHostname says whether host is a DNS name. One whose last label is a number is none: browsers take it for an IPv4
// address in one of its old spellings.
func isHostname(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	last := labels[len(labels)-1]
	return !strings.HasPrefix(last, "0x") && strings.Trim(last, "0123456789") != ""
}

// hostWithPort joins the two as a URL needs it; port may be empty.
func hostWithPort(host, port string) (string, error) {
	if port != "" {
		if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
			return "", unsafeURL("its port is not one")
		}
		return net.JoinHostPort(host, port), nil
	}
	if strings.Contains(host, ":") {
		return "[" + host + "]", nil
	}
	return host, nil
}

// escapedQuery escapes what could end the attribute or the text that a URL stands in; net/url leaves a query as it is.
func escapedQuery(query string) string {
	var escaped strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"'<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&escaped, "%%%02X", c)
			continue
		}
		escaped.WriteByte(query[i])
	}
	return escaped.String()
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

func unsafeURL(because string) error { return fmt.Errorf("%w: %s", ErrUnsafeURL, because) }
