package transport

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// Media types of answers.
const (
	typeJSON    = "application/json"
	typeGraphQL = "application/graphql-response+json"
	typeStream  = "text/event-stream"
)

// negotiate picks the type of the answer: what the client likes best, the first of equals. Clients that accept anything
// get application/json; "" is for those that accept nothing of ours.
func negotiate(header http.Header) string {
	accept := header["Accept"]
	if len(accept) == 1 {
		switch accept[0] {
		case "*/*", typeJSON:
			return typeJSON
		case typeGraphQL, typeStream:
			return accept[0]
		}
	}
	best, bestQuality := "", 0.0
	nothing := true
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		nothing = false
		media, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		quality, err := strconv.ParseFloat(parameters["q"], 64)
		if err != nil {
			quality = 1
		}
		if offered := offer(media); offered != "" && quality > bestQuality {
			best, bestQuality = offered, quality
		}
		if bestQuality >= 1 {
			return best
		}
	}
	if nothing {
		return typeJSON
	}
	return best
}

// offer is the type of ours that media stands for, or "".
func offer(media string) string {
	switch media {
	case typeGraphQL, typeJSON, typeStream:
		return media
	case "*/*", "application/*":
		return typeJSON
	case "text/*":
		return typeStream
	default:
		return ""
	}
}

// contentType gives a request's media type and its parameters. The only encoding of text is UTF-8.
func contentType(header http.Header) (string, map[string]string, *Refusal) {
	declared := header.Get("Content-Type")
	if declared == typeJSON {
		return typeJSON, nil, nil
	}
	media, parameters, err := mime.ParseMediaType(declared)
	charset := parameters["charset"]
	unbounded := media == typeForm && parameters["boundary"] == ""
	if err != nil || unbounded || charset != "" && !strings.EqualFold(charset, "utf-8") {
		media = ""
	}
	switch media {
	case typeJSON, typeForm:
		return media, parameters, nil
	default:
		return "", nil, refuse(http.StatusUnsupportedMediaType, CodeUnsupportedMediaType,
			"Content-Type is application/json, in UTF-8, or multipart/form-data for uploads.")
	}
}
