package transport

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// stream is the answer to one request as server-sent events: next for each response, then complete.
// github.com/enisdenjo/graphql-sse, distinct connections mode.
type stream struct {
	ctx    context.Context
	ending chan *gqlerror.Error // why it is to end, at most one
}

func (s *stream) viewer() context.Context { return s.ctx }
func (s *stream) forbid()                 { s.end(coded(CodeForbidden, "You may not listen to this any more.")) }
func (s *stream) stop()                   { s.end(coded(CodeStopping, "The server is stopping.")) }

func (s *stream) end(why *gqlerror.Error) {
	select {
	case s.ending <- why:
	default:
	}
}

// serveStream runs a query or subscription. The request's goroutine writes, another one waits for responses.
func (s *Server) serveStream(w http.ResponseWriter, r *http.Request, op *operation) {
	ctx, cancel := context.WithCancel(r.Context())
	st := &stream{ctx: ctx, ending: make(chan *gqlerror.Error, 1)}
	s.streams.Add(1)
	defer s.streams.Add(-1)
	s.sessions.add(st)
	defer s.sessions.remove(st)

	header := w.Header()
	header.Set("Content-Type", typeStream+"; charset=utf-8")
	header.Set("Cache-Control", "no-cache, no-transform")
	header.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	writer := eventWriter{w: w, control: http.NewResponseController(w), patience: s.config.Timeouts.Write}
	defer writer.reset()

	events := make(chan *bytes.Buffer)
	go func() {
		defer close(events)
		s.produce(ctx, op, events)
	}()
	// Whatever ends the stream, its resolvers stop before the request is over.
	defer func() {
		for range events {
		}
	}()
	defer cancel()
	s.relay(st, writer, events)
}

// produce encodes the responses as events, and what failed as the last one.
func (s *Server) produce(ctx context.Context, op *operation, events chan<- *bytes.Buffer) {
	e := s.execute(ctx, op)
	defer e.observe(overStream)
	for response := e.response(); response != nil; response = e.response() {
		select {
		case events <- s.event(response):
		case <-ctx.Done():
			return
		}
	}
	if errs := e.failure(); len(errs) > 0 {
		select {
		case events <- s.event(&graphql.Response{Errors: errs}):
		case <-ctx.Done():
		}
	}
}

// relay writes events as they come until there are no more, the client is gone, or the stream has to end.
func (s *Server) relay(st *stream, writer eventWriter, events <-chan *bytes.Buffer) {
	heartbeat := time.NewTicker(s.config.Timeouts.Heartbeat)
	defer heartbeat.Stop()
	if writer.control.Flush() != nil {
		return
	}
	for {
		var err error
		select {
		case event, more := <-events:
			if !more {
				_ = writer.write([]byte(completeEvent))
				return
			}
			err = writer.write(event.Bytes())
			s.buffers.put(event)
		case why := <-st.ending:
			event := s.event(&graphql.Response{Errors: gqlerror.List{why}})
			event.WriteString(completeEvent)
			_ = writer.write(event.Bytes())
			return
		case <-heartbeat.C:
			err = writer.write([]byte(heartbeatComment))
		case <-st.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

const (
	completeEvent    = "event: complete\ndata:\n\n"
	heartbeatComment = ":\n\n"
)

// event encodes a response. What gqlgen encodes has no line breaks.
func (s *Server) event(response *graphql.Response) *bytes.Buffer {
	buffer := s.buffers.get()
	buffer.WriteString("event: next\ndata: ")
	s.writeResponse(buffer, response)
	buffer.WriteString("\n\n")
	return buffer
}

// eventWriter sends each event at once, to clients that take it within their time.
type eventWriter struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
}

func (e eventWriter) write(event []byte) error {
	_ = e.control.SetWriteDeadline(time.Now().Add(e.patience))
	if _, err := e.w.Write(event); err != nil {
		return err
	}
	return e.control.Flush()
}

func (e eventWriter) reset() { _ = e.control.SetWriteDeadline(time.Time{}) }
