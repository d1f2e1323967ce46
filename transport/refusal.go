package transport

import (
	"fmt"
	"net/http"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Codes of refusals, in extensions.code.
const (
	CodeBadRequest           = "BAD_REQUEST"
	CodeParseFailed          = "GRAPHQL_PARSE_FAILED"
	CodeValidationFailed     = "GRAPHQL_VALIDATION_FAILED"
	CodeBadUserInput         = "BAD_USER_INPUT"
	CodeTooComplex           = "QUERY_TOO_COMPLEX"
	CodeForbidden            = "FORBIDDEN"
	CodeTooLarge             = "PAYLOAD_TOO_LARGE"
	CodeUnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE"
	CodeMethodNotAllowed     = "METHOD_NOT_ALLOWED"
	CodeNotAcceptable        = "NOT_ACCEPTABLE"
	CodeTooSlow              = "REQUEST_TIMEOUT"
	CodeTooManySubscriptions = "TOO_MANY_SUBSCRIPTIONS"
	CodeStopping             = "SERVICE_UNAVAILABLE"
	CodeInternal             = "INTERNAL_SERVER_ERROR"
)

// Refusal says why a request was not run.
type Refusal struct {
	Status     int           // of HTTP
	Errors     gqlerror.List // at least one, each with a code
	wellFormed bool          // answered with 200 to a client that knows application/json alone
}

func (r *Refusal) Error() string { return r.Errors[0].Message }

// Code is the extensions.code of the first error.
func (r *Refusal) Code() string {
	code, _ := r.Errors[0].Extensions["code"].(string)
	return code
}

func refuse(status int, code, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Errors: gqlerror.List{coded(code, format, args...)}}
}

func badRequest(format string, args ...any) *Refusal {
	return refuse(http.StatusBadRequest, CodeBadRequest, format, args...)
}

func tooComplex(format string, args ...any) *Refusal {
	return refuse(http.StatusBadRequest, CodeTooComplex, format, args...)
}

// cannotRun refuses a well-formed request by what the parser, the validator or the coercion of variables found.
func cannotRun(code string, errs ...*gqlerror.Error) *Refusal {
	for _, err := range errs {
		err.Extensions = map[string]any{"code": code}
	}
	return &Refusal{Status: http.StatusBadRequest, Errors: errs, wellFormed: true}
}

func coded(code, format string, args ...any) *gqlerror.Error {
	return &gqlerror.Error{Message: fmt.Sprintf(format, args...), Extensions: map[string]any{"code": code}}
}
