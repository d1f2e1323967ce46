package transport

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// discard is a ResponseWriter that keeps nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// BenchmarkPost is everything but net/http: reading, guards, a trivial resolver, encoding.
func BenchmarkPost(b *testing.B) {
	for name, body := range map[string]string{
		"query":    `{"query":"query Hello($n: String) { hello(name: $n) }","operationName":"Hello","variables":{"n":"Ada"}}`,
		"mutation": `{"query":"mutation Spend($n: Int!) { spend(n: $n) }","variables":{"n":45}}`,
		"page":     `{"query":"query($n: Int) { items(first: $n) { nodes { id name items(first: 5) { nodes { id } } } pageInfo { hasNextPage } } }","variables":{"n":50}}`,
	} {
		b.Run(name, func(b *testing.B) {
			s := New(Config{Schema: newTestSchema(), MoneyMutations: []string{"spend", "buy"}})
			reader := bytes.NewReader(nil)
			r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
			r.Header = http.Header{"Content-Type": {typeJSON}, "Accept": {typeGraphQL}}
			r.ContentLength = int64(len(body))
			w := &discard{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				reader.Reset([]byte(body))
				r.Body = io.NopCloser(reader)
				s.ServeHTTP(w, r)
			}
		})
	}
}

// BenchmarkPostOverHTTP is the whole way, client included, over loopback.
func BenchmarkPostOverHTTP(b *testing.B) {
	r := start(b)
	body := `{"query":"query Hello($n: String) { hello(name: $n) }","operationName":"Hello","variables":{"n":"Ada"}}`
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.post(b, body)
		}
	})
}

// BenchmarkPrepare is what a document costs the first time.
func BenchmarkPrepare(b *testing.B) {
	for name, query := range map[string]string{"small": `query Hello($n: String) { hello(name: $n) }`, "introspection": toolsIntrospection} {
		b.Run(name, func(b *testing.B) {
			limits := DefaultLimits()
			limits.CachedText = 0
			p := newPreparer(newTestSchema().schema, limits, nil)
			b.ReportAllocs()
			for b.Loop() {
				if _, refusal := p.prepare(query); refusal != nil {
					b.Fatal(refusal)
				}
			}
		})
	}
}
