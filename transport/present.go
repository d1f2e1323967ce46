package transport

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// errPanicked stands for a panic in an answer: what it was is in the log alone.
var errPanicked = errors.New("panicked")

// present says what the client reads of an error: what Config.Present makes of it, but nothing of a panic.
func (s *Server) present(ctx context.Context, err error) *gqlerror.Error {
	if !errors.Is(err, errPanicked) {
		return s.config.Present(ctx, err)
	}
	internal := internalError()
	if gqlErr, ok := errors.AsType[*gqlerror.Error](err); ok {
		internal.Path = gqlErr.Path
	}
	return internal
}

func internalError() *gqlerror.Error { return coded(CodeInternal, "Internal server error.") }

// mask is the presenter of a server that was given none: nothing but the path of the field that failed.
func mask(ctx context.Context, _ error) *gqlerror.Error {
	internal := internalError()
	internal.Path = graphql.GetPath(ctx)
	return internal
}

// recovered logs a panic, in one record, and stands for it.
func (s *Server) recovered(ctx context.Context, panicked any) error {
	s.config.Logger.ErrorContext(ctx, "graphql: panic",
		"panic", fmt.Sprint(panicked), "field", graphql.GetPath(ctx).String(), "stack", string(debug.Stack()))
	return errPanicked
}
