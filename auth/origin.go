package auth

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Origins knows the pages that are ours: those at PUBLIC_URL, and those at the very host that a request is for. A browser
// adds the session's cookie to whatever any page sends; requests of foreign pages are told by Sec-Fetch-Site, else by
// Origin. Programs send neither and are not restricted, since nothing is added to what they send.
type Origins struct {
	secure     bool // https
	protection *http.CrossOriginProtection
}

// NewOrigins takes the origin of that URL, which is http or https.
func NewOrigins(publicURL string) (*Origins, error) {
	parsed, err := url.Parse(publicURL)
	if err != nil || parsed.Hostname() == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return nil, fmt.Errorf("public URL %q: expected http://… or https://… with a host", publicURL)
	}
	o := &Origins{secure: parsed.Scheme == "https", protection: http.NewCrossOriginProtection()}
	if err := o.protection.AddTrustedOrigin(originOf(parsed)); err != nil {
		return nil, fmt.Errorf("public URL %q: %w", publicURL, err)
	}
	return o, nil
}

// originOf writes an origin as browsers do: in lower case, without the scheme's own port.
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	} else {
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}

// Handler refuses, with 403, what foreign pages send, but for GET, HEAD and OPTIONS, which change nothing.
func (o *Origins) Handler(next http.Handler) http.Handler { return o.protection.Handler(next) }

// Ours tells whether the credentials that a browser adds to the request count: not if a foreign page sent it to change
// something, or to open a socket, which is a GET and no less powerful.
func (o *Origins) Ours(r *http.Request) bool {
	if r.Header.Get("Upgrade") == "" {
		return o.protection.Check(r) == nil
	}
	asUnsafe := *r
	asUnsafe.Method = http.MethodPost
	return o.protection.Check(&asUnsafe) == nil
}
