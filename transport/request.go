package transport

import (
	"net/http"
	"strings"
)

// request is what a client wants run, whichever way it came.
type request struct {
	query         string
	operationName string
	variables     map[string]any
	headers       http.Header
}

// readRequest takes a request out of a decoded JSON document. Members that it does not know are ignored, but none may
// be mistaken for one that it knows.
func readRequest(document any, headers http.Header) (request, *Refusal) {
	req := request{headers: headers}
	members, ok := document.(map[string]any)
	if !ok {
		if _, list := document.([]any); list {
			return req, badRequest("Batches are not supported: send one request at a time.")
		}
		return req, badRequest("A GraphQL request is a JSON object.")
	}
	for key, value := range members {
		ok := true
		switch key {
		case "query":
			req.query, ok = value.(string)
		case "operationName":
			req.operationName, ok = optional[string](value)
		case "variables":
			req.variables, ok = optional[map[string]any](value)
		case "extensions":
			_, ok = optional[map[string]any](value)
		default:
			ok = !variantOf(key, "query", "operationName", "variables", "extensions")
		}
		if !ok {
			return req, badRequest("query and operationName are strings, variables and extensions objects, " +
				"each named just so.")
		}
	}
	if req.query == "" {
		return req, badRequest("The request has no query.")
	}
	return req, nil
}

// optional is value as a T, or the zero T for null.
func optional[T any](value any) (T, bool) {
	t, ok := value.(T)
	return t, ok || value == nil
}

// variantOf says whether key is one of names but for upper and lower case.
func variantOf(key string, names ...string) bool {
	for _, name := range names {
		if strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}
