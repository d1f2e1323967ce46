package stripetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"
)

// maxRequest bounds a request's body, in bytes.
const maxRequest = 1 << 20

// Config is what a Server is like.
type Config struct {
	// SecretKey is the key that requests must bear.
	SecretKey string

	// WebhookSecrets sign the notices: each of them makes a signature, as while a secret is rolled.
	WebhookSecrets []string

	// Live is the mode that objects say they are of.
	Live bool

	// Now is the provider's clock.
	Now func() time.Time
}

// object is one of the API's, as its JSON is.
type object = map[string]any

// Server is a payment provider. It is safe for concurrent use.
type Server struct {
	config Config
	http   *httptest.Server

	mu       sync.Mutex // protects all below
	lastID   int
	sessions shelf
	intents  shelf
	charges  shelf
	refunds  shelf
	disputes shelf
	events   shelf
	outbox   []string          // ids of events that were not delivered yet
	promises map[string]object // by session, what its payment will be given
	answers  map[string]answer
	faults   []Fault
	declines []string
	requests int
}

// shelf keeps the objects of a kind in the order in which they were made.
type shelf struct {
	byID  map[string]object
	order []string
}

func (s *shelf) put(o object) {
	if s.byID == nil {
		s.byID = map[string]object{}
	}
	id := o["id"].(string)
	if _, known := s.byID[id]; !known {
		s.order = append(s.order, id)
	}
	s.byID[id] = o
}

// Fault is how the server fails at one request that changes something.
type Fault struct {
	// Status is answered instead of doing anything, with an error of Stripe's form; zero to cut the connection.
	Status int

	// AfterWork does and remembers the work first, so that only the answer is lost.
	AfterWork bool
}

// New starts a server on a loopback address. Close ends it.
func New(config Config) *Server {
	s := &Server{config: config, promises: map[string]object{}, answers: map[string]answer{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/checkout/sessions", s.change(s.createSession))
	mux.HandleFunc("GET /v1/checkout/sessions", s.list(&s.sessions))
	mux.HandleFunc("GET /v1/checkout/sessions/{id}", s.read(&s.sessions))
	mux.HandleFunc("POST /v1/checkout/sessions/{id}/expire", s.change(s.expireSession))
	mux.HandleFunc("POST /v1/payment_intents", s.change(s.createIntent))
	mux.HandleFunc("GET /v1/payment_intents/{id}", s.read(&s.intents))
	mux.HandleFunc("POST /v1/refunds", s.change(s.createRefund))
	mux.HandleFunc("GET /v1/disputes", s.list(&s.disputes))
	mux.HandleFunc("GET /v1/events", s.list(&s.events))
	mux.HandleFunc("GET /pay/{id}", s.showPage)
	mux.HandleFunc("POST /pay/{id}", s.submitPage)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.send(w, failed(http.StatusNotFound, "invalid_request_error", "", "Unrecognized request URL"))
	})
	s.http = httptest.NewServer(mux)
	return s
}

// Close ends the server and cuts its connections.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}

// URL is the base address of the API.
func (s *Server) URL() string { return s.http.URL }

// Requests is how many requests came that change something, repeated and failed ones included.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Object is the object with an id as the API would give it, and nil if there is none.
func (s *Server) Object(id string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kept := range []*shelf{&s.sessions, &s.intents, &s.charges, &s.refunds, &s.disputes, &s.events} {
		if found, known := kept.byID[id]; known {
			return maps.Clone(found)
		}
	}
	return nil
}

// Fail makes the next requests that change something fail, one for each fault.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// DeclineNext makes the bank refuse the next charge of a saved method with a decline code.
func (s *Server) DeclineNext(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.declines = append(s.declines, code)
}

// ForgetKeys forgets the idempotency keys, as the provider does after a day.
func (s *Server) ForgetKeys() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = map[string]answer{}
}

// answer is what a request was answered with, to be repeated to the same idempotency key.
type answer struct {
	request string // method, path and form: what must be the same
	status  int
	body    []byte
}

// reply is a status and the object that is sent with it.
type reply struct {
	status int
	body   object
}

func done(o object) reply { return reply{http.StatusOK, o} }

func failed(status int, kind, code, message string) reply {
	e := object{"type": kind, "message": message}
	if code != "" {
		e["code"] = code
	}
	return reply{status, object{"error": e}}
}

func missing(kind, id string) reply {
	return failed(http.StatusNotFound, "invalid_request_error", "resource_missing", "No such "+kind+": '"+id+"'")
}

func invalid(param, message string) reply {
	r := failed(http.StatusBadRequest, "invalid_request_error", "", message)
	r.body["error"].(object)["param"] = param
	return r
}

func (s *Server) send(w http.ResponseWriter, r reply) { s.sendBytes(w, r.status, encode(r.body)) }

func (s *Server) sendBytes(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Date", s.config.Now().UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_test")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone hears of it by itself
}

// encode cannot fail on objects: they hold strings, numbers, truth values, lists and objects.
func encode(o any) []byte {
	body, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return body
}

// admitted checks the key of a request and reads its form.
func (s *Server) admitted(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	if r.Header.Get("Authorization") != "Bearer "+s.config.SecretKey {
		s.send(w, failed(http.StatusUnauthorized, "invalid_request_error", "", "Invalid API Key provided"))
		return nil, false
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	if err := r.ParseForm(); err != nil {
		s.send(w, invalid("", "The request's form is unreadable"))
		return nil, false
	}
	return r.Form, true
}

// newID makes the next id; ids of a kind sort in the order in which they were made.
func (s *Server) newID(prefix string) string {
	s.lastID++
	return fmt.Sprintf("%s_test%08d", prefix, s.lastID)
}

// amend puts a changed copy in an object's place: what was handed out before stays as it was.
func (s *Server) amend(in *shelf, o, fields object) object {
	changed := maps.Clone(o)
	maps.Copy(changed, fields)
	in.put(changed)
	return changed
}

// control runs what a test makes happen.
func (s *Server) control(do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return do()
}

func (s *Server) now() int64 { return s.config.Now().Unix() }
