package auth

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Gate finds out who is asking: it turns the Bearer token or the session's cookie into the viewer of the context.
type Gate struct {
	sessions *Sessions
	origins  *Origins
	log      *slog.Logger
}

// NewGate admits those of the sessions, and browsers from the origins. The log hears of sessions that could not be read.
func NewGate(sessions *Sessions, origins *Origins, log *slog.Logger) *Gate {
	return &Gate{sessions: sessions, origins: origins, log: log}
}

// unavailable is the answer when the database cannot tell who is asking.
const unavailable = `{"errors":[{"message":"temporarily unavailable","extensions":{"code":"SERVICE_UNAVAILABLE"}}]}`

// Handler gives next requests whose context knows the viewer, the client's address and where to write cookies. A Bearer
// token counts alone: the cookie is looked at only without one. A request with a token or cookie that is no session's
// goes on as anonymous. If the database cannot tell, the answer is 503.
func (g *Gate) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookies := cookies{secure: g.origins.secure}
		caller := &caller{address: addressOf(r.RemoteAddr), answer: &answer{header: w.Header(), cookies: cookies}}
		token := ""
		authorization := r.Header.Get("Authorization")
		switch {
		case authorization != "":
			token = bearerToken(authorization)
		case g.origins.Ours(r):
			token = cookies.token(r)
		}
		viewer, err := g.sessions.resolveToken(r.Context(), token)
		if err != nil && !errors.Is(err, ErrNoSession) {
			g.log.WarnContext(r.Context(), "cannot tell who is asking", "error", err)
			refuse(w)
			return
		}
		caller.refused = authorization != "" && viewer == nil
		next.ServeHTTP(w, r.WithContext(withCaller(r.Context(), caller, viewer)))
	})
}

func refuse(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, unavailable) // who cannot read it is gone
}

// Init is the context of a socket: authorization is what its connection_init says, "Bearer …"; empty, the socket is
// whose the request was that opened it. A token that is no session's is refused with ErrNoSession, there or here.
func (g *Gate) Init(ctx context.Context, authorization string) (context.Context, error) {
	opener := callerFrom(ctx)
	viewer := opener.viewer.Load()
	if strings.TrimSpace(authorization) != "" {
		found, err := g.sessions.resolveToken(ctx, bearerToken(authorization))
		if err != nil {
			return nil, err
		}
		viewer = found
	} else if opener.refused {
		return nil, ErrNoSession
	}
	return withCaller(ctx, &caller{address: opener.address}, viewer), nil
}

// addressOf is the client's address as attempts from it are counted: an IPv6 client has a whole /64 to itself.
func addressOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	address = address.Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	return netip.PrefixFrom(address, 64).Masked().String()
}
