package models

import "errors"

// Errors of who may do what, the same in every package.
var (
	// ErrNotFound says that a thing does not exist, or that it is none of the caller's business: both alike.
	ErrNotFound = errors.New("not found")
	// ErrForbidden says that the caller sees the thing but may not do that.
	ErrForbidden = errors.New("not allowed")
)
