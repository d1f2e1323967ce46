package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func TestEachPageIsServedAtItsAddressWithItsPolicy(t *testing.T) {
	tests := []struct {
		handler      http.Handler
		path, title  string
		inlineStyles bool
	}{
		{Home(), "/", "<title>Product Generator</title>", false},
		{GraphiQL(), "/graphiql", "<title>Playground · Product Generator</title>", true},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			answer := get(test.handler, test.path)
			if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), test.title) {
				t.Fatalf("got %d %s", answer.Code, answer.Body)
			}
			want := map[string]string{
				"Content-Type":           "text/html; charset=utf-8",
				"Cache-Control":          "no-cache",
				"X-Content-Type-Options": "nosniff",
				"Referrer-Policy":        "same-origin",
			}
			for name, value := range want {
				if got := answer.Header().Get(name); got != value {
					t.Errorf("%s: got %q, want %q", name, got, value)
				}
			}
			policy := answer.Header().Get("Content-Security-Policy")
			for _, directive := range []string{"default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
				if !strings.Contains(policy, directive) {
					t.Errorf("the policy lacks %s: %s", directive, policy)
				}
			}
			if got := strings.Contains(policy, "unsafe"); got != test.inlineStyles {
				t.Errorf("unsafe allowed: %v: %s", got, policy)
			}
			if strings.Contains(policy, "script-src") {
				t.Errorf("scripts are allowed from elsewhere: %s", policy)
			}
		})
	}
}

func TestEverythingAPageNamesIsThereAndMayBeKeptForEver(t *testing.T) {
	reference := regexp.MustCompile(`(?:src|href)="\./((?:assets|graphiql)/[^"]+)"`)
	for path, handler := range map[string]http.Handler{"/": Home(), "/graphiql": GraphiQL()} {
		references := reference.FindAllStringSubmatch(get(handler, path).Body.String(), -1)
		if len(references) < 3 {
			t.Errorf("%s names %d files, want a script, a style sheet and an icon at least", path, len(references))
		}
		for _, match := range references {
			answer := get(handler, "/"+match[1])
			if answer.Code != http.StatusOK {
				t.Errorf("%s names %s: %d", path, match[1], answer.Code)
			}
			if got := answer.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
				t.Errorf("%s: Cache-Control %q", match[1], got)
			}
		}
	}
}

func TestEveryBuiltFileReadsTheSamePlainAndCompressed(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/", Home())
	mux.Handle("/graphiql", GraphiQL())
	mux.Handle("/graphiql/", GraphiQL())
	addresses := map[string]string{"index.html": "/", "graphiql.html": "/graphiql"}
	compressed := 0
	err := fs.WalkDir(dist, "dist", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, kept := strings.CutSuffix(strings.TrimPrefix(path, "dist/"), ".gz")
		address := addresses[name]
		if address == "" {
			address = "/" + name
		}
		plain, packed := get(mux, address), get(mux, address, "Accept-Encoding", "br, gzip")
		if plain.Code != http.StatusOK || plain.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s: %d, encoding %q", name, plain.Code, plain.Header().Get("Content-Encoding"))
		}
		if !kept {
			if packed.Header().Get("Content-Encoding") != "" || !bytes.Equal(plain.Body.Bytes(), packed.Body.Bytes()) {
				t.Errorf("%s is kept plain and was not sent so", name)
			}
			return nil
		}
		compressed++
		if got := packed.Header().Get("Content-Encoding"); got != "gzip" {
			t.Errorf("%s: Content-Encoding %q, want gzip", name, got)
		}
		if got := packed.Header().Get("Vary"); got != "Accept-Encoding" {
			t.Errorf("%s: Vary %q", name, got)
		}
		if plain.Header().Get("ETag") == packed.Header().Get("ETag") {
			t.Errorf("%s has one tag for two representations", name)
		}
		if got := plain.Result().ContentLength; got != int64(plain.Body.Len()) {
			t.Errorf("%s: Content-Length %d for %d bytes", name, got, plain.Body.Len())
		}
		if !bytes.Equal(plain.Body.Bytes(), gunzip(t, packed.Body)) {
			t.Errorf("%s differs between plain and compressed", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if compressed == 0 {
		t.Error("no file is kept compressed")
	}
}

func TestAFileThatTheClientHasIsNotSentAgain(t *testing.T) {
	handler := Home()
	tag := get(handler, "/").Header().Get("ETag")
	for _, held := range []string{tag, `"other", ` + tag, "W/" + tag, "*"} {
		answer := get(handler, "/", "If-None-Match", held)
		if answer.Code != http.StatusNotModified || answer.Body.Len() != 0 {
			t.Errorf("If-None-Match %s: got %d and %d bytes, want 304 and none", held, answer.Code, answer.Body.Len())
		}
		if answer.Header().Get("Cache-Control") != "no-cache" || answer.Header().Get("ETag") != tag {
			t.Errorf("If-None-Match %s: the answer lacks its tag or its caching: %v", held, answer.Header())
		}
	}
	if answer := get(handler, "/", "If-None-Match", `"other"`); answer.Code != http.StatusOK {
		t.Errorf("another tag: got %d, want 200", answer.Code)
	}
}

func TestHeadAnswersAsGetWithoutTheFile(t *testing.T) {
	answer, whole := send(GraphiQL(), http.MethodHead, "/graphiql"), get(GraphiQL(), "/graphiql")
	if answer.Code != http.StatusOK || answer.Body.Len() != 0 {
		t.Errorf("got %d and %d bytes", answer.Code, answer.Body.Len())
	}
	if got, want := answer.Header().Get("Content-Length"), whole.Header().Get("Content-Length"); got != want || got == "" {
		t.Errorf("Content-Length: got %q, want %q", got, want)
	}
}

func TestOtherPathsAndMethodsAreRefusedUnderTheSamePolicy(t *testing.T) {
	tests := []struct {
		handler      http.Handler
		method, path string
		code         int
	}{
		{Home(), http.MethodGet, "/nothing", http.StatusNotFound},
		{Home(), http.MethodGet, "/assets/", http.StatusNotFound},
		{Home(), http.MethodGet, "/index.html", http.StatusNotFound},
		{Home(), http.MethodGet, "/../web.go", http.StatusNotFound},
		{Home(), http.MethodPost, "/", http.StatusMethodNotAllowed},
		{GraphiQL(), http.MethodGet, "/graphiql/nothing.js", http.StatusNotFound},
		{GraphiQL(), http.MethodPost, "/graphiql", http.StatusMethodNotAllowed},
	}
	for _, test := range tests {
		answer := send(test.handler, test.method, test.path)
		if answer.Code != test.code {
			t.Errorf("%s %s: got %d, want %d", test.method, test.path, answer.Code, test.code)
		}
		if answer.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s %s: no policy", test.method, test.path)
		}
	}
}

func TestGzipIsSentOnlyToWhoTakesIt(t *testing.T) {
	tests := map[string]bool{
		"":                        false,
		"gzip":                    true,
		"GZIP":                    true,
		"br, zstd, gzip;q=0.5":    true,
		"deflate, br":             false,
		"gzip;q=0":                false,
		"gzip; q=0.000, *":        false,
		"*":                       true,
		"*;q=0":                   false,
		"*;q=0, gzip":             true,
		"gzip;q=nonsense":         false,
		"identity, gzipped, br;q": false,
	}
	for header, want := range tests {
		if got := acceptsGzip([]string{header}); got != want {
			t.Errorf("Accept-Encoding %q: got %v, want %v", header, got, want)
		}
	}
	if !acceptsGzip([]string{"br", "gzip"}) {
		t.Error("the second line of a header does not count")
	}
}

func get(handler http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	return send(handler, http.MethodGet, path, headers...)
}

// send hands a request with the headers, given as names and values in turn, to the handler.
func send(handler http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, "http://127.0.0.1"+path, nil)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	return answer
}

func gunzip(t *testing.T, packed io.Reader) []byte {
	t.Helper()
	reader, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
