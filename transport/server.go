package transport

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
)

// Config is what a Server is made of. Schema alone is required.
type Config struct {
	Schema graphql.ExecutableSchema
	Logger *slog.Logger

	// Present says what a client reads of an error that a resolver or scalar returned. Panics never reach it. Without it
	// every error reads as an internal one.
	Present graphql.ErrorPresenterFunc
	// PerResponse makes the context that one response is resolved with: a query's, a mutation's, each event's of a
	// subscription. Data loaders belong there.
	PerResponse func(context.Context) context.Context

	// Origins says whether a request comes from a page of ours. One that bears a cookie and does not is refused. Without
	// it the Origin header, if there is one, must name the host asked.
	Origins func(*http.Request) bool
	// Init says who opened a socket: authorization is what connection_init carried, "" if nothing, and ctx the upgrade
	// request's, cookie and all. The context it gives, made from ctx, is that of every operation on the socket. An error
	// closes the socket with 4403.
	Init func(ctx context.Context, authorization string) (context.Context, error)
	// Recheck is asked every Timeouts.Recheck, for each open socket and stream, whether whoever opened it may still
	// listen: an error ends it. Who cannot tell, say because the database is down, returns nil; not to answer within
	// Timeouts.Recheck counts as that.
	Recheck func(ctx context.Context) error
	// Introspection says whether the caller may read the schema. Without it nobody may.
	Introspection func(context.Context) bool

	// MoneyMutations are the root fields that move tokens or money.
	MoneyMutations []string
	// Observe is told of each operation once it has ended.
	Observe func(Observation)

	Limits   Limits   // zero: DefaultLimits
	Timeouts Timeouts // zero: DefaultTimeouts
}

// Observation is an operation that ended, in words that are fit for metrics: none is the client's own.
type Observation struct {
	Transport string        // http, websocket, sse
	Kind      string        // query, mutation, subscription; empty when refused before that was known
	Field     string        // the first root field; empty likewise
	Status    string        // StatusOK, StatusError, StatusRefused
	Duration  time.Duration // 0 if it was refused
}

// Statuses of an Observation.
const (
	StatusOK      = "ok"
	StatusError   = "error"   // ran, and answered with errors
	StatusRefused = "refused" // did not run
)

// The transports of an Observation.
const (
	overHTTP   = "http"
	overSocket = "websocket"
	overStream = "sse"
)

// Stats are what is open at the moment.
type Stats struct {
	Requests   int64 // over HTTP, streams among them
	Sockets    int64
	Streams    int64 // over SSE
	Operations int64 // running on sockets
}

// Server answers GraphQL requests of all transports. Use it as the handler of one path.
type Server struct {
	config   Config
	preparer *preparer
	upgrader websocket.Upgrader
	buffers  buffers
	sessions sessions

	requests, sockets, streams, operations atomic.Int64
}

// New makes a Server. It panics if there is no schema.
func New(config Config) *Server {
	s := &Server{config: withDefaults(config)}
	s.preparer = newPreparer(config.Schema.Schema(), s.config.Limits, config.MoneyMutations)
	s.upgrader = websocket.Upgrader{
		Subprotocols:    []string{subprotocol},
		CheckOrigin:     func(*http.Request) bool { return true }, // ServeHTTP has checked it
		ReadBufferSize:  1024,
		WriteBufferSize: 4096,
		WriteBufferPool: new(sync.Pool),
		Error:           func(http.ResponseWriter, *http.Request, int, error) {}, // serveSocket answers
	}
	var allowed func(context.Context) bool
	if config.Recheck != nil {
		allowed = s.allowed
	}
	s.sessions.init(allowed, s.config.Timeouts.Recheck)
	return s
}

func withDefaults(c Config) Config {
	if c.Limits == (Limits{}) {
		c.Limits = DefaultLimits()
	}
	if c.Timeouts == (Timeouts{}) {
		c.Timeouts = DefaultTimeouts()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Present == nil {
		c.Present = mask
	}
	if c.PerResponse == nil {
		c.PerResponse = func(ctx context.Context) context.Context { return ctx }
	}
	if c.Origins == nil {
		c.Origins = sameHost
	}
	if c.Init == nil {
		c.Init = func(ctx context.Context, _ string) (context.Context, error) { return ctx, nil }
	}
	if c.Introspection == nil {
		c.Introspection = func(context.Context) bool { return false }
	}
	return c
}

// sameHost says whether a request's Origin, if it has one, is the host it asks.
func sameHost(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

// ServeHTTP answers a request, for as long as it takes: a socket's until it closes.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.sessions.enter() {
		w.Header().Set("Connection", "close")
		s.answerRefusal(w, typeJSON, refuse(http.StatusServiceUnavailable, CodeStopping, "The server is stopping."))
		return
	}
	defer s.sessions.leave()
	s.requests.Add(1)
	defer s.requests.Add(-1)
	defer s.answerPanic(w, r)

	upgrade := websocket.IsWebSocketUpgrade(r)
	if !upgrade {
		s.expectBody(w, s.config.Timeouts.Body)
	}
	switch {
	case r.Header.Get("Cookie") != "" && !s.config.Origins(r):
		s.answerRefusal(w, typeJSON, refuse(http.StatusForbidden, CodeForbidden, "Another site's page may not use this session."))
	case upgrade:
		s.serveSocket(w, r)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		s.answerRefusal(w, typeJSON, refuse(http.StatusMethodNotAllowed, CodeMethodNotAllowed, "Send GraphQL requests by POST."))
	default:
		s.servePost(w, r)
	}
}

// answerPanic answers a panic of our own, outside of any resolver.
func (s *Server) answerPanic(w http.ResponseWriter, r *http.Request) {
	panicked := recover()
	if panicked == nil {
		return
	}
	if panicked == http.ErrAbortHandler {
		panic(panicked)
	}
	_ = s.recovered(r.Context(), panicked)
	s.answerRefusal(w, typeJSON, refuse(http.StatusInternalServerError, CodeInternal, "Internal server error."))
}

// allowed asks Config.Recheck. Only its own no counts: not one that its time, or the session's, ran out on.
func (s *Server) allowed(viewer context.Context) (yes bool) {
	ctx, cancel := context.WithTimeout(viewer, s.config.Timeouts.Recheck)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			_ = s.recovered(viewer, r)
			yes = true
		}
	}()
	return s.config.Recheck(ctx) == nil || ctx.Err() != nil
}

// Shutdown stops new work, closes sockets with 1001 and ends streams with an error, then waits until every request has
// been answered, or ctx ends. It comes before http.Server.Shutdown, which knows nothing of sockets and waits for streams,
// and before the context of requests ends.
func (s *Server) Shutdown(ctx context.Context) error {
	return s.sessions.stop(ctx)
}

// Stats counts what is open.
func (s *Server) Stats() Stats {
	return Stats{
		Requests:   s.requests.Load(),
		Sockets:    s.sockets.Load(),
		Streams:    s.streams.Load(),
		Operations: s.operations.Load(),
	}
}

// Check says whether a document would be let through with such variables, as its own type [Refusal]: for tests of the
// documents that a client of ours sends.
func (s *Server) Check(query string, variables map[string]any) error {
	doc, refusal := s.preparer.prepare(query)
	if refusal != nil {
		return refusal
	}
	for i := range doc.plans {
		if _, refusal := s.preparer.coerce(&doc.plans[i], variables); refusal != nil {
			return refusal
		}
	}
	return nil
}

func (s *Server) observe(o Observation) {
	if s.config.Observe != nil {
		s.config.Observe(o)
	}
}

func (s *Server) observeRefusal(transport string) {
	s.observe(Observation{Transport: transport, Status: StatusRefused})
}
