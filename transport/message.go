package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// subprotocol is github.com/enisdenjo/graphql-ws, PROTOCOL.md.
const subprotocol = "graphql-transport-ws"

// Types of its messages.
const (
	typeInit      = "connection_init"
	typeAck       = "connection_ack"
	typePing      = "ping"
	typePong      = "pong"
	typeSubscribe = "subscribe"
	typeNext      = "next"
	typeError     = "error"
	typeComplete  = "complete"
)

// Close codes of the protocol.
const (
	closeBadMessage      = 4400
	closeUnauthorized    = 4401
	closeForbidden       = 4403
	closeInitTimeout     = 4408
	closeDuplicateID     = 4409
	closeTooManyInits    = 4429
	closeInternalFailure = 4500
)

// maxID is how long the id that a client gives an operation may be, in bytes.
const maxID = 128

var errBadMessage = errors.New("not a message of the protocol")

// message is what a client sends.
type message struct {
	kind, id string
	payload  any
}

func readMessage(data []byte, maxDepth int) (message, error) {
	var m message
	document, err := decodeJSON(data, maxDepth)
	if err != nil {
		return m, err
	}
	members, ok := document.(map[string]any)
	if !ok {
		return m, errBadMessage
	}
	for key, value := range members {
		ok := true
		switch key {
		case "type":
			m.kind, ok = value.(string)
		case "id":
			m.id, ok = value.(string)
		case "payload":
			m.payload = value
		default:
			ok = !variantOf(key, "type", "id", "payload")
		}
		if !ok {
			return m, errBadMessage
		}
	}
	return m, nil
}

// authorization takes what an HTTP client would send as its Authorization header out of connection_init's payload.
func (m message) authorization() (string, error) {
	members, ok := optional[map[string]any](m.payload)
	if !ok {
		return "", errBadMessage
	}
	found := ""
	for key, value := range members {
		if !strings.EqualFold(key, "authorization") {
			continue
		}
		text, ok := optional[string](value)
		if !ok || found != "" {
			return "", errBadMessage
		}
		found = text
	}
	return found, nil
}

// frame is a message on its way to the client.
type frame struct {
	buffer *bytes.Buffer
	of     *subscription // nil: the socket itself
	last   bool          // the operation's id is free once it is sent
}

func (s *Server) nextFrame(of *subscription, response *graphql.Response) frame {
	buffer := s.messageBuffer(typeNext, of.id)
	buffer.WriteString(`,"payload":`)
	s.writeResponse(buffer, response)
	buffer.WriteByte('}')
	return frame{buffer: buffer, of: of}
}

func (s *Server) completeFrame(of *subscription) frame {
	buffer := s.messageBuffer(typeComplete, of.id)
	buffer.WriteByte('}')
	return frame{buffer: buffer, of: of, last: true}
}

func (s *Server) errorFrame(of *subscription, errs gqlerror.List) frame {
	buffer := s.messageBuffer(typeError, of.id)
	buffer.WriteString(`,"payload":`)
	s.writeErrors(buffer, errs)
	buffer.WriteByte('}')
	return frame{buffer: buffer, of: of, last: true}
}

// plainFrame is a message of the socket itself, with its payload, already JSON, if there is any.
func (s *Server) plainFrame(kind string, payload []byte) frame {
	buffer := s.messageBuffer(kind, "")
	if payload != nil {
		buffer.WriteString(`,"payload":`)
		buffer.Write(payload)
	}
	buffer.WriteByte('}')
	return frame{buffer: buffer}
}

// messageBuffer begins a message: its type and, unless empty, its id.
func (s *Server) messageBuffer(kind, id string) *bytes.Buffer {
	buffer := s.buffers.get()
	buffer.WriteString(`{"type":"`)
	buffer.WriteString(kind)
	buffer.WriteByte('"')
	if id != "" {
		quoted, _ := json.Marshal(id)
		buffer.WriteString(`,"id":`)
		buffer.Write(quoted)
	}
	return buffer
}
