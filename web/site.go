package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
)

// site answers with embedded files and the headers that keep a page to itself.
type site struct {
	files  map[string]*file // by the path of the request
	policy string           // Content-Security-Policy
}

// newSite serves the page at the path address and the files of its folder under their own paths. It panics if the
// binary was built without them, which no test run survives.
func newSite(address, page, folder, policy string) *site {
	root, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(fmt.Sprintf("web: %v", err))
	}
	byName, err := readFolder(root, folder)
	if err != nil {
		panic(fmt.Sprintf("web: built without its files: %v", err))
	}
	html, err := readFile(root, page)
	if err != nil {
		panic(fmt.Sprintf("web: built without its page: %v", err))
	}
	files := map[string]*file{address: html}
	for name, f := range byName {
		files["/"+name] = f
	}
	return &site{files: files, policy: policy}
}

// ServeHTTP answers GET and HEAD with the file at the request's path.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	keepToItself(header, s.policy)

	f := s.files[r.URL.Path]
	if f == nil {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "405 method not allowed", http.StatusMethodNotAllowed)
		return
	}
	f.serve(w, r)
}

// keepToItself sets the headers that every page has, with the policy of what it may do.
func keepToItself(header http.Header, policy string) {
	header.Set("Content-Security-Policy", policy)
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
}

// serve writes the file, gzipped as it is kept if the client takes that.
func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.contentType)
	header.Set("Cache-Control", f.cacheControl())
	if !f.gzipped {
		f.send(w, r, f.tag, len(f.content), bytes.NewReader(f.content))
		return
	}
	header.Set("Vary", "Accept-Encoding")
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		header.Set("Content-Encoding", "gzip")
		f.send(w, r, f.tag+"-gzip", len(f.content), bytes.NewReader(f.content))
		return
	}
	plain, err := gzip.NewReader(bytes.NewReader(f.content))
	if err != nil {
		http.Error(w, "500 internal server error", http.StatusInternalServerError)
		return
	}
	f.send(w, r, f.tag, f.size, plain)
}

// send writes one representation of the file, or 304 if the client has it: each encoding has a tag of its own.
func (f *file) send(w http.ResponseWriter, r *http.Request, tag string, size int, content io.Reader) {
	quoted := `"` + tag + `"`
	w.Header().Set("ETag", quoted)
	if matches(r.Header.Values("If-None-Match"), quoted) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(size))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	_, _ = io.Copy(w, content) // fails only with the client's connection
}

// cacheControl lets a browser keep what cannot change and ask again for the rest.
func (f *file) cacheControl() string {
	if f.immutable {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

// matches tells whether an If-None-Match header names the tag; a weak mark makes no difference there.
func matches(ifNoneMatch []string, tag string) bool {
	for candidate := range listed(ifNoneMatch) {
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			return true
		}
	}
	return false
}

// acceptsGzip tells whether an Accept-Encoding header allows gzip: by name, else by *, with a weight above 0.
func acceptsGzip(acceptEncoding []string) bool {
	byAny := false
	for coding := range listed(acceptEncoding) {
		name, parameters, _ := strings.Cut(coding, ";")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return weight(parameters) > 0
		case "*":
			byAny = weight(parameters) > 0
		}
	}
	return byAny
}

// weight reads "q=0.5"; 1 without one, 0 for nonsense.
func weight(parameters string) float64 {
	name, value, found := strings.Cut(parameters, "=")
	if !found || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil {
		return 0
	}
	return q
}

// listed walks the elements of a header that is a comma-separated list, on one line or several.
func listed(lines []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, line := range lines {
			for element := range strings.SplitSeq(line, ",") {
				if !yield(strings.TrimSpace(element)) {
					return
				}
			}
		}
	}
}
