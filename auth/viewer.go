package auth

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"productgenerator/models"
)

// Viewer is the signed-in user who is asking. Many requests share one: nobody changes it.
type Viewer struct {
	User      models.User // without the password hash
	SessionID models.SessionID
	ExpiresAt time.Time // when the session ends by itself

	digest digest // of the session's token
}

// String names the viewer without saying anything personal.
func (v Viewer) String() string { return fmt.Sprintf("%s in %s", v.User.ID, v.SessionID) }

// GoString is String: %#v must not print what a viewer holds either.
func (v Viewer) GoString() string { return v.String() }

// LogValue is the viewer in a log: two ids.
func (v Viewer) LogValue() slog.Value {
	return slog.GroupValue(slog.String("user", string(v.User.ID)), slog.String("session", string(v.SessionID)))
}

// caller is the one who makes a request or holds a socket, as the context carries it.
type caller struct {
	// viewer is who is asking now; nil: anonymous. It changes when a request signs in or out.
	viewer atomic.Pointer[Viewer]

	// bound is whom the request or the socket came as; nil: anonymous. Recheck asks after this one.
	bound *Viewer

	// refused says that a Bearer token came along and was no good.
	refused bool

	// address is where the request comes from, as the throttle counts it.
	address string

	// answer is where cookies are written; nil on a socket, which can set none.
	answer *answer
}

// answer is the part of an HTTP response that sessions write to.
type answer struct {
	header  http.Header
	cookies cookies
}

type callerKey struct{}

func withCaller(ctx context.Context, c *caller, viewer *Viewer) context.Context {
	c.bound = viewer
	c.viewer.Store(viewer)
	return context.WithValue(ctx, callerKey{}, c)
}

// callerFrom is the caller in the context; without one, an anonymous one from nowhere.
func callerFrom(ctx context.Context) *caller {
	if c, ok := ctx.Value(callerKey{}).(*caller); ok {
		return c
	}
	return &caller{}
}

// ViewerFrom is who is asking; nil: nobody signed in.
func ViewerFrom(ctx context.Context) *Viewer { return callerFrom(ctx).viewer.Load() }
