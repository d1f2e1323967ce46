package stripetest

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// act does what a request asks for. It is called under the server's lock.
type act func(id string, form url.Values) reply

// change serves a request that changes something: by its idempotency key only once, and with the faults that were
// ordered.
func (s *Server) change(do act) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		form, ok := s.admitted(w, r)
		if !ok {
			return
		}
		status, body, cut := s.decide(do, r, form)
		if cut {
			panic(http.ErrAbortHandler)
		}
		s.sendBytes(w, status, body)
	}
}

func (s *Server) decide(do act, r *http.Request, form url.Values) (status int, body []byte, cut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	fault, faulty := s.nextFault()
	if faulty && !fault.AfterWork {
		return fault.Status, fault.body(), fault.Status == 0
	}
	status, body = s.once(do, r, form)
	if faulty && fault.Status != 0 {
		return fault.Status, fault.body(), false
	}
	return status, body, faulty
}

func (f Fault) body() []byte {
	switch f.Status {
	case http.StatusTooManyRequests:
		return encode(failed(f.Status, "invalid_request_error", "rate_limit", "Too many requests").body)
	case http.StatusConflict:
		return encode(failed(f.Status, "idempotency_error", "idempotency_key_in_use", "Another request is under way").body)
	}
	return encode(failed(f.Status, "api_error", "", "Something went wrong").body)
}

func (s *Server) nextFault() (Fault, bool) {
	if len(s.faults) == 0 {
		return Fault{}, false
	}
	fault := s.faults[0]
	s.faults = s.faults[1:]
	return fault, true
}

// once answers a key that was used before as it was answered then. An error of the request's form is not kept: the key
// may be used again with the error mended.
func (s *Server) once(do act, r *http.Request, form url.Values) (status int, body []byte) {
	key := r.Header.Get("Idempotency-Key")
	request := r.Method + " " + r.URL.Path + " " + form.Encode()
	if kept, known := s.answers[key]; known && key != "" {
		if kept.request != request {
			conflict := failed(http.StatusBadRequest, "idempotency_error", "",
				"Keys for idempotent requests can only be used with the same parameters they were first used with.")
			return conflict.status, encode(conflict.body)
		}
		return kept.status, kept.body
	}
	fresh := do(r.PathValue("id"), form)
	body = encode(fresh.body)
	if key != "" && (fresh.status < 400 || fresh.status == http.StatusPaymentRequired) {
		s.answers[key] = answer{request: request, status: fresh.status, body: body}
	}
	return fresh.status, body
}

// read serves one object.
func (s *Server) read(from *shelf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		form, ok := s.admitted(w, r)
		if !ok {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		found, known := from.byID[r.PathValue("id")]
		if !known {
			s.send(w, missing("object", r.PathValue("id")))
			return
		}
		s.send(w, done(s.expanded(found, expansions(form))))
	}
}

// list serves a page of the objects of a kind, newest first.
func (s *Server) list(from *shelf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		form, ok := s.admitted(w, r)
		if !ok {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		limit := 10
		if given, err := strconv.Atoi(form.Get("limit")); err == nil {
			limit = min(max(given, 1), 100)
		}
		paths := expansions(form)
		data, more := []object{}, false
		after := form.Get("starting_after")
		for _, id := range slices.Backward(from.order) {
			if after != "" {
				if id == after {
					after = ""
				}
				continue
			}
			o := from.byID[id]
			if !wanted(o, form) {
				continue
			}
			if more = len(data) == limit; more {
				break
			}
			data = append(data, s.expanded(o, under("data", paths)))
		}
		s.send(w, done(object{"object": "list", "url": r.URL.Path, "has_more": more, "data": data}))
	}
}

// wanted says whether an object is one of those that a list was asked for.
func wanted(o object, form url.Values) bool {
	if since, err := strconv.ParseInt(form.Get("created[gte]"), 10, 64); err == nil && o["created"].(int64) < since {
		return false
	}
	if intent := form.Get("payment_intent"); intent != "" && o["payment_intent"] != intent {
		return false
	}
	types := []string{}
	for name, values := range form {
		if strings.HasPrefix(name, "types[") {
			types = append(types, values...)
		}
	}
	return len(types) == 0 || slices.Contains(types, o["type"].(string))
}

// expansions are the paths of fields that are wanted whole instead of by their ids.
func expansions(form url.Values) [][]string {
	var paths [][]string
	for name, values := range form {
		if strings.HasPrefix(name, "expand[") {
			for _, value := range values {
				paths = append(paths, strings.Split(value, "."))
			}
		}
	}
	return paths
}

// under are the rests of the paths that begin with a name.
func under(name string, paths [][]string) [][]string {
	var rests [][]string
	for _, path := range paths {
		if len(path) > 1 && path[0] == name {
			rests = append(rests, path[1:])
		}
	}
	return rests
}

// expanded is a copy with the fields on the paths filled in.
func (s *Server) expanded(o object, paths [][]string) object {
	o = maps.Clone(o)
	for _, path := range paths {
		name := path[0]
		if name == "refunds" && o["object"] == "charge" {
			o[name] = object{"object": "list", "has_more": false, "data": s.refundsOf(o["id"].(string))}
			continue
		}
		id, ok := o[name].(string)
		if !ok {
			continue
		}
		for _, from := range []*shelf{&s.intents, &s.charges} {
			if found, known := from.byID[id]; known {
				o[name] = s.expanded(found, under(name, paths))
			}
		}
	}
	return o
}
