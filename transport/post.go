package transport

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// servePost answers one request, or streams the answers if the client prefers that.
func (s *Server) servePost(w http.ResponseWriter, r *http.Request) {
	accepted := negotiate(r.Header)
	if accepted == "" {
		s.refusePost(w, typeJSON, refuse(http.StatusNotAcceptable, CodeNotAcceptable,
			"Answers are "+typeGraphQL+", "+typeJSON+" or "+typeStream+"."))
		return
	}
	req, files, refusal := s.readPost(w, r)
	defer files.remove()
	if refusal != nil {
		s.refusePost(w, accepted, refusal)
		return
	}
	op, refusal := s.admit(r.Context(), req)
	if refusal != nil {
		s.refusePost(w, accepted, refusal)
		return
	}
	switch kind := op.kind(); {
	case accepted == typeStream && kind == ast.Mutation:
		s.refusePost(w, accepted, badRequest("Mutations are not streamed: accept %s.", typeGraphQL))
	case accepted == typeStream:
		s.serveStream(w, r, op)
	case kind == ast.Subscription:
		s.refusePost(w, accepted, badRequest("Subscriptions need a WebSocket, or Accept: %s.", typeStream))
	default:
		s.answer(w, r, accepted, op)
	}
}

// answer runs a query or mutation and writes its one response.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, accepted string, op *operation) {
	e := s.execute(r.Context(), op)
	defer e.observe(overHTTP)
	response := e.response()
	if response == nil {
		response = &graphql.Response{Errors: e.failure()}
	}
	status := http.StatusOK
	switch {
	case response.Data != nil:
	case len(response.Errors) > 0:
		status = http.StatusInternalServerError
	default: // the request's context ended before it began
		status = http.StatusServiceUnavailable
		response.Errors = gqlerror.List{coded(CodeStopping, "The server is stopping.")}
	}
	s.write(w, accepted, status, response)
}

func (s *Server) refusePost(w http.ResponseWriter, accepted string, refusal *Refusal) {
	s.observeRefusal(overHTTP)
	s.answerRefusal(w, accepted, refusal)
}

// answerRefusal writes why nothing ran. A client that accepts application/json alone cannot tell our 400 from a proxy's,
// so it reads of what is wrong with its document under 200.
func (s *Server) answerRefusal(w http.ResponseWriter, accepted string, refusal *Refusal) {
	status := refusal.Status
	if refusal.wellFormed && accepted == typeJSON {
		status = http.StatusOK
	}
	s.write(w, accepted, status, &graphql.Response{Errors: refusal.Errors})
}

func (s *Server) write(w http.ResponseWriter, accepted string, status int, response *graphql.Response) {
	if accepted == typeStream {
		accepted = typeJSON // the stream never began
	}
	buffer := s.buffers.get()
	defer s.buffers.put(buffer)
	s.writeResponse(buffer, response)
	header := w.Header()
	header.Set("Content-Type", accepted+"; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(buffer.Len()))
	w.WriteHeader(status)
	if buffer.Len() > keptBuffer {
		// It does not fit in what net/http and the kernel hold: the client has to read.
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(time.Now().Add(s.config.Timeouts.Answer))
		defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	}
	_, _ = w.Write(buffer.Bytes())
}

// readPost reads the body, within its limits of size and time. The files of a multipart request are the caller's to
// remove, whatever else it returns.
func (s *Server) readPost(w http.ResponseWriter, r *http.Request) (request, spool, *Refusal) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return request{}, nil, refuse(http.StatusUnsupportedMediaType, CodeUnsupportedMediaType,
			"Bodies are sent as they are, not compressed.")
	}
	media, parameters, refusal := contentType(r.Header)
	if refusal != nil {
		return request{}, nil, refusal
	}
	limit := s.config.Limits.Body
	if media == typeForm {
		limit = s.config.Limits.form()
	}
	if r.ContentLength > limit {
		return request{}, nil, tooLarge(limit)
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	if media == typeForm {
		s.expectBody(w, s.config.Timeouts.Upload)
		return s.readForm(r, parameters["boundary"])
	}
	buffer := s.buffers.get()
	defer s.buffers.put(buffer)
	req, refusal := s.readJSON(buffer, r)
	return req, nil, refusal
}

// expectBody says how long the body may take to arrive. net/http lifts that once it has been read to its end; on one
// that is refused it stays, since net/http reads on for a while to keep the connection.
func (s *Server) expectBody(w http.ResponseWriter, patience time.Duration) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(patience))
}

func (s *Server) readJSON(buffer *bytes.Buffer, r *http.Request) (request, *Refusal) {
	if _, err := buffer.ReadFrom(r.Body); err != nil {
		return request{}, unreadable(err)
	}
	document, err := decodeJSON(buffer.Bytes(), s.config.Limits.JSONDepth)
	if err != nil {
		return request{}, badRequest("The body is not a JSON document to go by: %v.", err)
	}
	return readRequest(document, r.Header)
}

// unreadable says why a body could not be read to its end.
func unreadable(err error) *Refusal {
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge(large.Limit)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return refuse(http.StatusRequestTimeout, CodeTooSlow, "The body took too long to arrive.")
	}
	return badRequest("The body broke off.")
}

func tooLarge(limit int64) *Refusal {
	return refuse(http.StatusRequestEntityTooLarge, CodeTooLarge, "The body is longer than %d bytes.", limit)
}
