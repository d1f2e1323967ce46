package resolvers

import (
	"context"
	"net/http"

	"golang.org/x/text/language"
)

// tongue is a language that sentences for people are written in: en or es.
type tongue string

const (
	english tongue = "en"
	spanish tongue = "es"
)

// tongues are all there are, the one for everybody else first.
func tongues() []tongue { return []tongue{english, spanish} }

// tag is the language as others name it.
func (t tongue) tag() language.Tag { return language.Make(string(t)) }

// maxAcceptLanguage is how much of the header is looked at, in bytes: more than any browser sends.
const maxAcceptLanguage = 500

type tongueKey struct{}

// Language gives next requests whose context knows the language of Accept-Language; a socket's is that of the request
// that opened it.
func Language(next http.Handler) http.Handler {
	matcher := newMatcher()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Language")
		chosen := choose(matcher, r.Header.Get("Accept-Language"))
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tongueKey{}, chosen)))
	})
}

// newMatcher finds the language that comes closest to those wanted.
func newMatcher() language.Matcher {
	var tags []language.Tag
	for _, t := range tongues() {
		tags = append(tags, t.tag())
	}
	return language.NewMatcher(tags)
}

func choose(matcher language.Matcher, header string) tongue {
	if header == "" || len(header) > maxAcceptLanguage {
		return english
	}
	wanted, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return english
	}
	_, place, confidence := matcher.Match(wanted...)
	if confidence == language.No {
		return english
	}
	return tongues()[place]
}

// tongueOf is the language of whoever is asking.
func tongueOf(ctx context.Context) tongue {
	if t, ok := ctx.Value(tongueKey{}).(tongue); ok {
		return t
	}
	return english
}
