// Package schema is the API's text, one file for each topic, and the scalars that it names. They are strict: a number
// is a JSON number, a whole number has no fraction, and nothing is turned into something else.
package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"productgenerator/models"
)

// MarshalTokens writes an amount of tokens.
func MarshalTokens(tokens models.Tokens) graphql.Marshaler { return MarshalLong(int64(tokens)) }

// UnmarshalTokens reads an amount of tokens.
func UnmarshalTokens(value any) (models.Tokens, error) {
	tokens, err := wholeNumber(value, int64(models.MaxTokens))
	return models.Tokens(tokens), err
}

// MarshalLong writes a whole number.
func MarshalLong(number int64) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.FormatInt(number, 10)) })
}

// UnmarshalLong reads a whole number within ±2^53.
func UnmarshalLong(value any) (int64, error) { return wholeNumber(value, int64(models.MaxTokens)) }

// MarshalInt writes an Int.
func MarshalInt(number int) graphql.Marshaler { return MarshalLong(int64(number)) }

// UnmarshalInt reads an Int: a whole number of 32 bits.
func UnmarshalInt(value any) (int, error) {
	number, err := wholeNumber(value, math.MaxInt32)
	return int(number), err
}

// MarshalDateTime writes an instant in RFC 3339, in UTC.
func MarshalDateTime(at time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = io.WriteString(w, strconv.Quote(at.UTC().Format(time.RFC3339Nano)))
	})
}

// UnmarshalDateTime reads an instant in RFC 3339.
func UnmarshalDateTime(value any) (time.Time, error) {
	text, ok := value.(string)
	if !ok {
		return time.Time{}, errors.New("DateTime is a string such as 2026-11-23T18:30:00Z")
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%.40q is no DateTime such as 2026-11-23T18:30:00Z", text)
	}
	return at, nil
}

// MarshalDate writes a calendar day as YYYY-MM-DD.
func MarshalDate(date models.Date) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(date.String())) })
}

// UnmarshalDate reads a calendar day as YYYY-MM-DD.
func UnmarshalDate(value any) (models.Date, error) {
	text, ok := value.(string)
	if !ok {
		return models.Date{}, errors.New("a Date is a string such as 2026-11-23")
	}
	date, err := models.ParseDate(text)
	if err != nil {
		return models.Date{}, fmt.Errorf("%.40q is no Date such as 2026-11-23", text)
	}
	return date, nil
}

// wholeNumber reads what a JSON body or a literal in a query may hold for a whole number.
func wholeNumber(value any, limit int64) (int64, error) {
	var number int64
	switch value := value.(type) {
	case json.Number:
		parsed, err := strconv.ParseInt(value.String(), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%.40s is no whole number within ±%d", value, limit)
		}
		number = parsed
	case int64:
		number = value
	case int:
		number = int64(value)
	case int32:
		number = int64(value)
	default:
		return 0, fmt.Errorf("a whole number is needed here, not a %s", kindOf(value))
	}
	if number > limit || number < -limit {
		return 0, fmt.Errorf("%d is no whole number within ±%d", number, limit)
	}
	return number, nil
}

func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		return "fraction"
	default:
		return "list or object"
	}
}
