package resolvers

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheLanguageIsTheBestOneThatTheClientAccepts(t *testing.T) {
	for header, want := range map[string]tongue{
		"":                            english,
		"es":                          spanish,
		"es-MX,es;q=0.9,en;q=0.8":     spanish,
		"en-GB,es;q=0.9":              english,
		"de,fr;q=0.8":                 english,
		"de,es;q=0.5":                 spanish,
		"*":                           english,
		"ES-419":                      spanish,
		";;;q=x":                      english,
		strings.Repeat("es-", 2_000):  english,
		"es\x00":                      english,
		"fr-CH, fr;q=0.9, es;q=0.1":   spanish,
		"zh-Hant-TW,ca;q=0.9,*;q=0.5": english,
	} {
		var got tongue
		handler := Language(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = tongueOf(r.Context()) }))
		request := httptest.NewRequest(http.MethodPost, "/graphql", nil)
		request.Header.Set("Accept-Language", header)
		handler.ServeHTTP(httptest.NewRecorder(), request)
		if got != want {
			t.Errorf("%.40q: got %s, want %s", header, got, want)
		}
	}
}
