package auth

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// cookies are the session cookies of an origin: http and https sites differ.
type cookies struct{ secure bool }

// name is __Host-session on https: browsers then hold it to this very host, and never send it in clear.
func (c cookies) name() string {
	if c.secure {
		return "__Host-session"
	}
	return "session"
}

func (c cookies) cookie(token string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name:     c.name(),
		Value:    token,
		Path:     "/",
		MaxAge:   maxAge,
		Secure:   c.secure,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
}

// token is the session's token that came with the request; empty: none.
func (c cookies) token(r *http.Request) string {
	cookie, err := r.Cookie(c.name())
	if err != nil {
		return ""
	}
	return cookie.Value
}

// setSession gives the client the session's token as its cookie, for as long as a session lasts. It has to come before
// the answer begins. A socket can set no cookie: its client has the token in the payload.
func setSession(ctx context.Context, token string) {
	callerFrom(ctx).answer.set(token, int(sessionLife/time.Second))
}

// clearSession takes the session's cookie from the client.
func clearSession(ctx context.Context) { callerFrom(ctx).answer.set("", -1) }

// set replaces the session's cookie in the answer, if there is an answer to write to.
func (a *answer) set(token string, maxAge int) {
	if a == nil {
		return
	}
	const field = "Set-Cookie"
	others := a.header.Values(field)[:0:0]
	for _, line := range a.header.Values(field) {
		if !strings.HasPrefix(line, a.cookies.name()+"=") {
			others = append(others, line)
		}
	}
	a.header[field] = append(others, a.cookies.cookie(token, maxAge).String())
}
