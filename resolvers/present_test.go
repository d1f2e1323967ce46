package resolvers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"productgenerator/auth"
	"productgenerator/ledger"
	"productgenerator/models"
)

// presenter is a resolver that can present errors and do nothing else.
func presenter() (*Resolver, *bytes.Buffer) {
	log := &bytes.Buffer{}
	return &Resolver{Deps: Deps{Log: slog.New(slog.NewTextHandler(log, nil))}, messages: newMessages()}, log
}

func inSpanish() context.Context {
	return context.WithValue(context.Background(), tongueKey{}, spanish)
}

func TestErrorsOfTheCallersAreToldWithTheirCode(t *testing.T) {
	r, log := presenter()
	for _, test := range []struct {
		err  error
		code string
	}{
		{errUnauthenticated, "UNAUTHENTICATED"},
		{fmt.Errorf("deep: %w", models.ErrForbidden), "FORBIDDEN"},
		{fmt.Errorf("team_secret: %w", models.ErrNotFound), "NOT_FOUND"},
		{models.ErrPageSize, "BAD_USER_INPUT"},
		{models.ErrPageCursor, "BAD_USER_INPUT"},
		{models.ErrPageBoth, "BAD_USER_INPUT"},
		{errFilterPeriod, "BAD_USER_INPUT"},
		{&auth.RateLimitedError{RetryAfter: 1500 * time.Millisecond}, "RATE_LIMITED"},
		{ledger.ErrBusy, "INTERNAL_SERVER_ERROR"},
		{ledger.ErrInDoubt, "INTERNAL_SERVER_ERROR"},
	} {
		presented := r.Present(t.Context(), test.err)
		if presented.Extensions["code"] != test.code || presented.Message == "" {
			t.Errorf("%v: got %v %q", test.err, presented.Extensions, presented.Message)
		}
		if strings.Contains(presented.Message, "secret") || strings.Contains(presented.Message, "{") {
			t.Errorf("%v: it says %q", test.err, presented.Message)
		}
		if es := r.Present(inSpanish(), test.err); es.Message == presented.Message {
			t.Errorf("%v: not in Spanish: %q", test.err, es.Message)
		}
	}
	if log.Len() > 0 {
		t.Errorf("logged: %s", log)
	}
	limited := r.Present(t.Context(), &auth.RateLimitedError{RetryAfter: 1500 * time.Millisecond})
	if limited.Extensions["retryAfter"] != 2 {
		t.Errorf("retryAfter: %v", limited.Extensions["retryAfter"])
	}
}

func TestOurFaultsAreMaskedAndFoundInTheLogByTheirID(t *testing.T) {
	r, log := presenter()
	path := ast.Path{ast.PathName("team")}
	cause := gqlerror.WrapPath(path, errors.New("password=hunter2"))
	cause.Locations = []gqlerror.Location{{Line: 1, Column: 3}}
	presented := r.Present(t.Context(), cause)
	id, _ := presented.Extensions["errorId"].(string)
	if presented.Extensions["code"] != "INTERNAL_SERVER_ERROR" || len(id) < 10 || !strings.Contains(presented.Message, id) {
		t.Errorf("got %v %q", presented.Extensions, presented.Message)
	}
	if strings.Contains(presented.Message, "hunter2") {
		t.Errorf("it says %q", presented.Message)
	}
	if presented.Path.String() != "team" || len(presented.Locations) != 1 {
		t.Errorf("where: %v %v", presented.Path, presented.Locations)
	}
	if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), id) {
		t.Errorf("the log: %s", log)
	}
	if again := r.Present(t.Context(), cause); again.Extensions["errorId"] == id {
		t.Error("two failures have one id")
	}
}

func TestACallerWhoHasGoneIsNoFault(t *testing.T) {
	r, log := presenter()
	if presented := r.Present(t.Context(), fmt.Errorf("read: %w", context.Canceled)); presented == nil {
		t.Error("nothing is presented")
	}
	if log.Len() > 0 {
		t.Errorf("logged: %s", log)
	}
}

func TestWhatAScalarRefusesIsTheCallersInput(t *testing.T) {
	r, log := presenter()
	path := ast.Path{ast.PathName("grantTokens"), ast.PathName("input"), ast.PathName("tokens")}
	presented := r.Present(t.Context(), gqlerror.WrapPath(path, errors.New("a whole number is needed here, not a string")))
	if presented.Extensions["code"] != "BAD_USER_INPUT" || !strings.Contains(presented.Message, "whole number") {
		t.Errorf("got %v %q", presented.Extensions, presented.Message)
	}
	// A field that must not be null and is: nobody's input.
	if presented := r.Present(t.Context(), gqlerror.Errorf("must not be null")); presented.Extensions["code"] != "INTERNAL_SERVER_ERROR" {
		t.Errorf("got %v", presented.Extensions)
	}
	if strings.Count(log.String(), "\n") != 1 {
		t.Errorf("the log: %s", log)
	}
}
