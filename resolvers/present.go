package resolvers

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"math"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"productgenerator/auth"
	"productgenerator/bus"
	"productgenerator/ledger"
	"productgenerator/models"
)

// Codes of errors that are the caller's fault at the level of the protocol, or ours, in extensions.code.
const (
	codeUnauthenticated = "UNAUTHENTICATED"
	codeForbidden       = "FORBIDDEN"
	codeNotFound        = "NOT_FOUND"
	codeBadUserInput    = "BAD_USER_INPUT"
	codeRateLimited     = "RATE_LIMITED"
	codeTooFarBehind    = "TOO_FAR_BEHIND"
	codeInternal        = "INTERNAL_SERVER_ERROR"
)

// errFilterPeriod says that a filter's period ends before it begins.
var errFilterPeriod = errors.New("from has to lie before to")

// Present says what a client reads of an error: a code, and a sentence in its language. What is our fault is masked and
// logged in one line, under an id that the answer names. A foreign thing and a missing one read alike.
func (r *Resolver) Present(ctx context.Context, err error) *gqlerror.Error {
	presented := &gqlerror.Error{Path: graphql.GetPath(ctx)}
	wrapped, isWrapped := errors.AsType[*gqlerror.Error](err)
	if isWrapped {
		presented.Path, presented.Locations = wrapped.Path, wrapped.Locations
	}
	code, message, extensions := r.explain(tongueOf(ctx), err)
	switch {
	case code != "":
	case isWrapped && wrapped.Err != nil && len(wrapped.Locations) == 0:
		// A scalar or an enum in the arguments: what a resolver returns has the location of its field.
		code, message = codeBadUserInput, wrapped.Message
	default:
		code, message, extensions = r.mask(ctx, presented, err)
	}
	presented.Message = message
	presented.Extensions = map[string]any{"code": code}
	for name, value := range extensions {
		presented.Extensions[name] = value
	}
	return presented
}

// explain is the code and the sentence of an error that clients may know about; an empty code is any other.
func (r *Resolver) explain(t tongue, err error) (code, message string, extensions map[string]any) {
	say := func(code, key string, f figures) (string, string, map[string]any) {
		return code, r.messages.say(t, f, key), nil
	}
	fields, isFields := errors.AsType[models.FieldErrors](err)
	limited, isLimited := errors.AsType[*auth.RateLimitedError](err)
	switch {
	case isLimited:
		seconds := int(math.Ceil(limited.RetryAfter.Seconds()))
		_, message, _ := say("", codeRateLimited, figures{"seconds": seconds})
		return codeRateLimited, message, map[string]any{"retryAfter": seconds}
	case errors.Is(err, errUnauthenticated):
		return say(codeUnauthenticated, codeUnauthenticated, nil)
	case errors.Is(err, errEnterprise):
		return say(codeForbidden, "FORBIDDEN.ENTERPRISE", nil)
	case errors.Is(err, models.ErrForbidden):
		return say(codeForbidden, codeForbidden, nil)
	case errors.Is(err, models.ErrNotFound):
		return say(codeNotFound, codeNotFound, nil)
	case errors.Is(err, models.ErrPageSize):
		return say(codeBadUserInput, "PAGE_SIZE", nil)
	case errors.Is(err, models.ErrPageCursor):
		return say(codeBadUserInput, "PAGE_CURSOR", nil)
	case errors.Is(err, models.ErrPageBoth):
		return say(codeBadUserInput, "PAGE_BOTH", nil)
	case isFields && len(fields) > 0:
		return codeBadUserInput, r.invalidAt(t, fields[0]).Message, map[string]any{"inputPath": fields[0].Path}
	case errors.Is(err, errFilterPeriod):
		return say(codeBadUserInput, "FILTER_PERIOD", nil)
	case errors.Is(err, bus.ErrTooFarBehind):
		return say(codeTooFarBehind, codeTooFarBehind, nil)
	case errors.Is(err, ledger.ErrBusy):
		return say(codeInternal, "BUSY", nil)
	case errors.Is(err, ledger.ErrInDoubt):
		return say(codeInternal, "IN_DOUBT", nil)
	default:
		return "", "", nil
	}
}

// mask hides an error that is our fault, and logs it under an id by which support finds it. A caller who has gone is
// nobody's fault, and reads nothing.
func (r *Resolver) mask(ctx context.Context, presented *gqlerror.Error, err error) (code, message string, extensions map[string]any) {
	id := rand.Text()
	if !errors.Is(err, context.Canceled) {
		r.Log.ErrorContext(ctx, "a request failed",
			slog.String("errorId", id), slog.String("field", presented.Path.String()), slog.Any("error", err))
	}
	message = r.messages.say(tongueOf(ctx), figures{"id": id}, codeInternal)
	return codeInternal, message, map[string]any{"errorId": id}
}
