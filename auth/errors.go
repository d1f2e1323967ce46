package auth

import (
	"errors"
	"fmt"
	"time"

	"productgenerator/models"
)

var (
	// ErrNoSession says that a token is not, or no longer, that of a session: malformed, unknown, ended or expired.
	ErrNoSession = errors.New("no such session")

	// ErrWrongCredentials says that there is no such e-mail or that the password is not its; never which.
	ErrWrongCredentials = errors.New("wrong e-mail or password")
)

// FieldError refuses what was typed into a field. It never holds the value itself.
type FieldError struct {
	Field string // email or password
	Code  models.FieldCode
	Limit int // TOO_SHORT: the fewest characters; TOO_LONG: the most
}

func (e *FieldError) Error() string {
	if e.Limit > 0 {
		return fmt.Sprintf("%s: %s (%d characters)", e.Field, e.Code, e.Limit)
	}
	return fmt.Sprintf("%s: %s", e.Field, e.Code)
}

// RateLimitedError refuses an attempt because there were too many. Nothing was looked at.
type RateLimitedError struct {
	RetryAfter time.Duration // until an attempt is let through again
}

func (e *RateLimitedError) Error() string {
	return fmt.Sprintf("too many attempts, retry in %s", e.RetryAfter)
}
