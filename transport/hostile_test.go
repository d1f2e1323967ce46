package transport

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// What a refusal may take. The promise is 250 ms; a test machine that runs other things gets more.
const (
	refusedWithin = 2 * time.Second
	refusedSize   = 16_000
)

type hostile struct {
	query  string // if it is the document that is hostile
	body   string
	header []string
	status int
	code   string
}

// doc is a hostile document, refused as too complex unless a code says otherwise.
func doc(query string, code ...string) hostile {
	h := hostile{query: query, body: requestBody(query), status: 400, code: CodeTooComplex}
	if code != nil {
		h.code = code[0]
	}
	return h
}

func body(text string) hostile { return hostile{body: text, status: 400, code: CodeBadRequest} }

func hostileRequests() map[string]hostile {
	const hello = `{"query":"{ hello }"}`
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	_, _ = zip.Write(bytes.Repeat([]byte{' '}, 10<<20))
	_ = zip.Close()
	var doubling, chain strings.Builder
	for i := range 60 {
		fmt.Fprintf(&doubling, "fragment f%d on Item { ...f%d ...f%d } ", i, i+1, i+1)
		fmt.Fprintf(&chain, "fragment f%d on Item { parent { ...f%d } } ", i, i+1)
	}
	return map[string]hostile{
		// the body
		"empty":                       body(``),
		"a word":                      body(`hello`),
		"broken off":                  body(`{"query":"{ hello }"`),
		"a batch":                     body(`[` + hello + `,` + hello + `]`),
		"a string":                    body(`"{ hello }"`),
		"no query":                    body(`{}`),
		"empty query":                 body(`{"query":""}`),
		"query null":                  body(`{"query":null}`),
		"query a list":                body(`{"query":["{ hello }"]}`),
		"operationName a number":      body(`{"query":"{ hello }","operationName":1}`),
		"variables a string":          body(`{"query":"{ hello }","variables":"{}"}`),
		"variables a list":            body(`{"query":"{ hello }","variables":[]}`),
		"extensions a list":           body(`{"query":"{ hello }","extensions":[]}`),
		"doubled key":                 body(`{"query":"{ hello }","query":"mutation { buy }"}`),
		"case variant key":            body(`{"query":"{ hello }","Query":"mutation { buy }"}`),
		"escaped double":              body(`{"query":"{ hello }","\u0071uery":"mutation { buy }"}`),
		"doubled key in variables":    body(`{"query":"{ hello }","variables":{"a":1,"a":2}}`),
		"trailing document":           body(hello + hello),
		"trailing brace":              body(hello + `}`),
		"JSON 20,000 deep":            body(`{"query":"{ hello }","variables":` + strings.Repeat(`[`, 20_000) + strings.Repeat(`]`, 20_000) + `}`),
		"JSON objects 10,000 deep":    body(`{"query":"{ hello }","variables":` + strings.Repeat(`{"a":`, 10_000) + `1` + strings.Repeat(`}`, 10_000) + `}`),
		"100,000 open braces of JSON": body(strings.Repeat(`{`, 99_999)),
		"NUL in the query":            body(`{"query":"{ hello\u0000 }"}`),
		"raw NUL":                     body("{\"query\":\"{ hello\x00 }\"}"),
		"NUL in a variable":           body(`{"query":"query($n:String){hello(name:$n)}","variables":{"n":"\u0000"}}`),
		"lone surrogate":              body(`{"query":"query($n:String){hello(name:$n)}","variables":{"n":"\ud800"}}`),
		"swapped surrogates":          body(`{"query":"query($n:String){hello(name:$n)}","variables":{"n":"\udc00\ud800"}}`),
		"invalid UTF-8":               body("{\"query\":\"{ hello(name: \\\"\xff\\\") }\"}"),
		"UTF-16":                      body("\xff\xfe{\x00}\x00"),
		"byte order mark":             body("\ufeff" + hello),
		"NUL escaped in GraphQL":      doc(`{ hello(name: "\u0000") }`, CodeBadRequest),
		"surrogate escaped":           doc(`{ hello(name: "\ud800") }`, CodeBadRequest),
		"braced NUL":                  doc(`{ hello(name: "\u{0}") }`, CodeBadRequest),
		"body over 100 kB":            {body: `{"query":"{ hello }","x":"` + strings.Repeat("x", 100_000) + `"}`, status: 413, code: CodeTooLarge},
		"body of 5 MB":                {body: requestBody("{ hello(name: \"" + strings.Repeat("x", 5<<20) + "\") }"), status: 413, code: CodeTooLarge},
		"gzip bomb":                   {body: bomb.String(), header: []string{"Content-Encoding", "gzip"}, status: 415, code: CodeUnsupportedMediaType},
		"unknown encoding":            {body: hello, header: []string{"Content-Encoding", "br"}, status: 415, code: CodeUnsupportedMediaType},
		"no content type":             {body: hello, header: []string{"Content-Type", ""}, status: 415, code: CodeUnsupportedMediaType},
		"text/plain":                  {body: hello, header: []string{"Content-Type", "text/plain"}, status: 415, code: CodeUnsupportedMediaType},
		"a form":                      {body: "query=%7Bhello%7D", header: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 415, code: CodeUnsupportedMediaType},
		"latin-1":                     {body: hello, header: []string{"Content-Type", "application/json; charset=iso-8859-1"}, status: 415, code: CodeUnsupportedMediaType},
		"multipart without boundary":  {body: hello, header: []string{"Content-Type", "multipart/form-data"}, status: 415, code: CodeUnsupportedMediaType},
		"accepts nothing of ours":     {body: hello, header: []string{"Accept", "image/png"}, status: 406, code: CodeNotAcceptable},

		// the document
		"100,000 braces":             doc(strings.Repeat("{", 99_900)),
		"2,000 braces":               doc(strings.Repeat("{", 2_000)),
		"900 braces":                 doc(strings.Repeat("{", 900), CodeParseFailed),
		"90,000 commas":              doc(strings.Repeat(",", 90_000), CodeParseFailed),
		"a long comment":             doc("#"+strings.Repeat("x", 90_000), CodeParseFailed),
		"40,000 comments":            doc(strings.Repeat("#\n", 30_000)),
		"60,000 directives":          doc("{ hello " + strings.Repeat("@a", 40_000) + " }"),
		"400 directives":             doc("{ hello " + strings.Repeat("@a ", 400) + " }"),
		"unknown directives":         doc("{ hello @a @b @c @d @e @f }", CodeValidationFailed),
		"doubling fragments":         doc("{ item(id: 1) { ...f0 } } " + doubling.String() + "fragment f60 on Item { id }"),
		"a chain of fragments":       doc("{ item(id: 1) { ...f0 } } " + chain.String() + "fragment f60 on Item { id }"),
		"cyclic fragments":           doc("{ item(id: 1) { ...a } } fragment a on Item { parent { ...b } } fragment b on Item { parent { ...a } }"),
		"a fragment in itself":       doc("{ ...a } fragment a on Query { ...a }"),
		"140 unused fragments":       doc("{ hello } "+repeated(140, "fragment f%d on Item { id } "), CodeValidationFailed),
		"overflowing first":          doc("{ items(first: 4611686018427387904) { nodes { id } } }", CodeBadUserInput),
		"first beyond every word":    doc("{ items(first: "+strings.Repeat("9", 400)+") { nodes { id } } }", CodeBadUserInput),
		"negative first":             doc("{ items(first: -1) { nodes { id } } }", CodeBadUserInput),
		"overflowing float":          doc("{ ratio(f: 1e999) }", CodeBadUserInput),
		"nested pages":               doc("{ items(first: 100) { nodes { items(first: 100) { nodes { items(first: 100) { nodes { id } } } } } } }"),
		"11 deep":                    doc(deep(11)),
		"200 deep":                   doc(deep(200)),
		"repeated fields":            doc("{ item(id: 1) { " + strings.Repeat("id ", 900) + "} }"),
		"repeated nested fields":     doc("{ " + strings.Repeat("item(id: 1) { parent { id } } ", 90) + "}"),
		"16 aliases":                 doc("{ item(id: 1) { " + repeated(16, "a%d: id ") + "} }"),
		"aliased root fields":        doc("{ " + repeated(15, "a%d: hello ") + "}"),
		"two money mutations":        doc("mutation { spend(n: 1) buy }"),
		"wide introspection":         doc("{ " + repeated(8, "a%d: __schema { types { fields { name } } } ") + "}"),
		"introspection of fields":    doc("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"),
		"circular introspection":     doc("{ __type(name: \"Item\") { " + strings.Repeat("fields { type { ", 9) + "name" + strings.Repeat("}}", 9) + "} }"),
		"a long name":                doc("{ "+strings.Repeat("x", 90_000)+" }", CodeTooComplex),
		"a long alias":               doc("{ "+strings.Repeat("x", 90_000)+": fail }", CodeTooComplex),
		"a long string unterminated": doc("{ hello(name: \""+strings.Repeat("x", 90_000), CodeParseFailed),
		"a long enum string":         doc("{ color(c: \""+strings.Repeat("x", 90_000)+"\") }", CodeValidationFailed),
		"a list 200 deep":            doc("{ echo(input: {list: "+strings.Repeat("[", 200)+strings.Repeat("]", 200)+"}) }", CodeValidationFailed),
		"many unknown fields":        doc("{ "+repeated(10, "u%d ")+"}", CodeValidationFailed),
		"many unknown variables":     doc("{ item(id: 1) { "+repeated(60, "items(after: $v%d) { totalCount } ")+"} }", CodeValidationFailed),
		"conflicting fields":         doc("{ item(id: 1) { "+repeated(100, "items(first: 1%d) { totalCount } ")+"} }", CodeValidationFailed),
		"defer":                      doc("{ ... @defer { hello } }", CodeValidationFailed),
		"only a fragment":            doc("fragment a on Item { id }", CodeParseFailed),
		"a schema definition":        doc("type Query { a: Int }", CodeParseFailed),

		// the variables
		"first by variable":            {body: requestBody("query($n:Int){items(first:$n){nodes{id}}}", "n", 1<<62), status: 400, code: CodeBadUserInput},
		"first by a long variable":     {body: `{"query":"query($n:Int){items(first:$n){nodes{id}}}","variables":{"n":` + strings.Repeat("9", 50_000) + `}}`, status: 400, code: CodeBadUserInput},
		"include decided by null":      {body: `{"query":"query($b:Boolean=true){hello @include(if:$b)}","variables":{"b":null}}`, status: 400, code: CodeBadUserInput},
		"a variable of the wrong sort": {body: requestBody("query($c:Color){color(c:$c)}", "c", strings.Repeat("x", 90_000)), status: 400, code: CodeBadUserInput},
		"an unknown input field":       {body: requestBody("query($i:EchoInput!){echo(input:$i)}", "i", map[string]any{strings.Repeat("x", 90_000): 1}), status: 400, code: CodeBadUserInput},
	}
}

func TestHostileRequestsAreRefusedFastAndShort(t *testing.T) {
	r := start(t)
	requests := hostileRequests()
	if len(requests) < 60 {
		t.Fatalf("only %d", len(requests))
	}
	for name, h := range requests {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			got := r.post(t, h.body, h.header...)
			took := time.Since(began)
			if got.status != h.status || got.codes(t)[0] != h.code {
				t.Errorf("%d %s, want %d %s: %.300s", got.status, got.codes(t)[0], h.status, h.code, got.body)
			}
			if strings.Contains(got.body, `"data"`) || strings.Contains(got.body, strings.Repeat("x", 600)) {
				t.Errorf("ran, or echoes: %.300s", got.body)
			}
			if len(got.body) > refusedSize || took > refusedWithin {
				t.Errorf("%d bytes in %v", len(got.body), took)
			}
		})
	}
	if log := r.log.String(); log != "" {
		t.Errorf("something panicked: %.500s", log)
	}
}

func TestHostileDocumentsAreRefusedOverStreamsAndSocketsToo(t *testing.T) {
	r := start(t)
	w := r.connect(t)
	for name, h := range hostileRequests() {
		if h.header != nil {
			continue
		}
		if got := r.post(t, h.body, "Accept", typeStream); got.status != h.status {
			t.Errorf("%s over SSE: %d %.200s", name, got.status, got.body)
		}
		if len(h.body) > 60_000 || h.code == CodeBadRequest {
			continue // closes the socket, see the tests of close codes
		}
		w.send(`{"id":"x","type":"subscribe","payload":` + h.body + `}`)
		if got := w.receive(); !strings.Contains(got, `"type":"error"`) || !strings.Contains(got, h.code) || len(got) > refusedSize {
			t.Errorf("%s over a socket: %.200s", name, got)
		}
	}
}

func TestLimitsAreRefusedWith4xxToPlainJSONClientsToo(t *testing.T) {
	r := start(t)
	for name, h := range hostileRequests() {
		if h.header != nil || h.code == CodeParseFailed || h.code == CodeValidationFailed {
			continue
		}
		if name == "a variable of the wrong sort" || name == "an unknown input field" {
			continue
		}
		if got := r.post(t, h.body, "Accept", typeJSON); got.status < 400 || got.status > 499 {
			t.Errorf("%s: %d %.200s", name, got.status, got.body)
		}
	}
}

func TestHostileRequestsLeaveNothingBehind(t *testing.T) {
	r := start(t)
	requests := hostileRequests()
	round := func() {
		for _, h := range requests {
			r.post(t, h.body, h.header...)
		}
	}
	round()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 3 {
		round()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
}

func TestABodyThatTricklesIsGivenUp(t *testing.T) {
	r := start(t, func(c *Config) { c.Timeouts.Body = 100 * time.Millisecond })
	conn, err := net.Dial("tcp", r.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	answer := make([]byte, 64)
	n, err := conn.Read(answer)
	if err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 408 ") {
		t.Errorf("%q, %v", answer[:n], err)
	}
}

func TestAnEndlessBodyIsGivenUp(t *testing.T) {
	r := start(t)
	request, err := http.NewRequest(http.MethodPost, r.http.URL, endless{})
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", typeJSON)
	response, err := r.http.Client().Do(request)
	if err != nil {
		return // cut off while still sending
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%d", response.StatusCode)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
