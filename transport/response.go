package transport

import (
	"bytes"
	"encoding/json"
	"sync"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// What an error may take up in an answer.
const (
	maxMessage   = 500 // bytes
	maxLocations = 4
	maxPath      = 32 // elements
	keptBuffer   = 1 << 16
)

// buffers are used again, but for those that a large answer has blown up.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() *bytes.Buffer {
	if buffer, ok := b.pool.Get().(*bytes.Buffer); ok {
		return buffer
	}
	return new(bytes.Buffer)
}

func (b *buffers) put(buffer *bytes.Buffer) {
	if buffer.Cap() <= keptBuffer {
		buffer.Reset()
		b.pool.Put(buffer)
	}
}

// writeResponse encodes a response. The data, which gqlgen has encoded, is copied as it is.
func (s *Server) writeResponse(buffer *bytes.Buffer, response *graphql.Response) {
	buffer.WriteByte('{')
	if len(response.Errors) > 0 {
		buffer.WriteString(`"errors":`)
		s.writeErrors(buffer, response.Errors)
		if response.Data != nil {
			buffer.WriteByte(',')
		}
	}
	if response.Data != nil {
		buffer.WriteString(`"data":`)
		buffer.Write(response.Data)
	}
	buffer.WriteByte('}')
}

// writeErrors encodes as many errors as an answer may have, each cut to what anyone would read.
func (s *Server) writeErrors(buffer *bytes.Buffer, errs gqlerror.List) {
	errs = errs[:min(len(errs), s.config.Limits.Errors)]
	short := make(gqlerror.List, len(errs))
	for i, err := range errs {
		short[i] = &gqlerror.Error{
			Message:    cut(err.Message, maxMessage),
			Path:       cutPath(err.Path),
			Locations:  err.Locations[:min(len(err.Locations), maxLocations)],
			Extensions: err.Extensions,
		}
	}
	encoded, err := json.Marshal(short)
	if err != nil {
		s.config.Logger.Error("graphql: errors cannot be encoded", "error", err)
		encoded, _ = json.Marshal(gqlerror.List{internalError()})
	}
	buffer.Write(encoded)
}

// cutPath shortens a path, and the names in it that are a client's own, as those of variables' members are.
func cutPath(path ast.Path) ast.Path {
	short := make(ast.Path, min(len(path), maxPath))
	for i := range short {
		short[i] = path[i]
		if name, ok := path[i].(ast.PathName); ok {
			short[i] = ast.PathName(cut(string(name), maxName))
		}
	}
	return short
}

// cut shortens text to at most size bytes, at the end of a character.
func cut(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size] + "…"
}
