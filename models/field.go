package models

import "strings"

// FieldCode is what is wrong with a value that a user gave. The values are the API's UserErrorCode.
type FieldCode string

// The codes of fields. The empty code is no fault at all.
const (
	FieldRequired   FieldCode = "REQUIRED"
	FieldTooShort   FieldCode = "TOO_SHORT"
	FieldTooLong    FieldCode = "TOO_LONG"
	FieldOutOfRange FieldCode = "OUT_OF_RANGE"
	FieldInvalid    FieldCode = "INVALID"
	FieldTooMany    FieldCode = "TOO_MANY"
	FieldTaken      FieldCode = "TAKEN"
	FieldWrongState FieldCode = "WRONG_STATE"
	FieldLastOwner  FieldCode = "LAST_OWNER"
)

// FieldError is one thing that is wrong with a value that a user gave.
type FieldError struct {
	Path  []string // into the input, such as attributes, 2, name
	Code  FieldCode
	Limit int    // TOO_SHORT: the fewest characters; TOO_LONG: the most; TOO_MANY: the most entries; OUT_OF_RANGE: the lowest
	Place string // templates: where in the text, as line:column
	Token string // templates: what stands there and is not allowed or not known; empty: no placeholder that can be read
}

// FieldErrors is everything that is wrong with an input. Nothing was done.
type FieldErrors []FieldError

// Error lists the places and codes, for logs; the sentences for people are made where errors are presented.
func (e FieldErrors) Error() string {
	list := make([]string, len(e))
	for i, field := range e {
		list[i] = strings.Join(field.Path, ".") + ": " + string(field.Code)
	}
	return "bad input: " + strings.Join(list, ", ")
}

// Add notes what is wrong with the value at that path; an empty code is nothing.
func (e *FieldErrors) Add(code FieldCode, limit int, path ...string) {
	if code != "" {
		*e = append(*e, FieldError{Path: path, Code: code, Limit: limit})
	}
}

// Err is the errors as an error, nil when there are none.
func (e FieldErrors) Err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}
