package transport

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

func TestAQueryIsAnsweredInTheTypeTheClientAccepts(t *testing.T) {
	r := start(t)
	for accept, want := range map[string]string{
		"":              typeJSON,
		"*/*":           typeJSON,
		"application/*": typeJSON,
		typeJSON:        typeJSON,
		typeGraphQL:     typeGraphQL,
		"application/graphql-response+json; charset=utf-8, application/json; charset=utf-8":                                 typeGraphQL,
		"application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed": typeGraphQL,
		"application/json;q=0.9, application/graphql-response+json":                                                         typeGraphQL,
		"application/graphql-response+json;q=0, application/json;q=0.1":                                                     typeJSON,
	} {
		got := r.post(t, `{"query":"{ hello }"}`, "Accept", accept)
		if got.status != http.StatusOK || got.body != `{"data":{"hello":"hello"}}` || got.header.Get("Content-Type") != want+"; charset=utf-8" {
			t.Errorf("Accept %q: %d %s %s", accept, got.status, got.header.Get("Content-Type"), got.body)
		}
	}
	if got := r.post(t, `{"query":"{ hello }"}`, "Accept", "text/html"); got.status != http.StatusNotAcceptable {
		t.Errorf("Accept text/html: %d", got.status)
	}
}

func TestADocumentThatCannotRunIs400OrForPlainJSONClients200(t *testing.T) {
	r := start(t)
	for name, body := range map[string]string{
		"syntax":            `{"query":"{"}`,
		"validation":        `{"query":"{ nothing }"}`,
		"variables":         `{"query":"query($n:Int!){number(n:$n)}","variables":{"n":"x1"}}`,
		"unknown operation": `{"query":"query A{hello}","operationName":"B"}`,
		"which operation":   `{"query":"query A{hello} query B{hello}"}`,
	} {
		if got := r.post(t, body); got.status != http.StatusBadRequest || strings.Contains(got.body, `"data"`) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		if got := r.post(t, body, "Accept", typeJSON); got.status != http.StatusOK || strings.Contains(got.body, `"data"`) {
			t.Errorf("%s as application/json: %d %s", name, got.status, got.body)
		}
	}
}

func TestOnlyPostIsTaken(t *testing.T) {
	r := start(t)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodOptions, http.MethodDelete, http.MethodHead} {
		if got := r.do(t, method, "", nil); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != http.MethodPost {
			t.Errorf("%s: %d, Allow %q", method, got.status, got.header.Get("Allow"))
		}
	}
}

func TestAPanicIsOneErrorAndOneLogLineAndTellsNothing(t *testing.T) {
	r := start(t)
	got := r.query(t, `{ boom hello }`)
	want := `{"errors":[{"message":"Internal server error.","path":["boom"],"extensions":{"code":"INTERNAL_SERVER_ERROR"}}],"data":{"boom":null,"hello":"hello"}}`
	if got.status != http.StatusOK || got.body != want {
		t.Errorf("%d %s", got.status, got.body)
	}
	if lines := strings.Count(r.log.String(), "\n"); lines != 1 || !strings.Contains(r.log.String(), "hunter2") {
		t.Errorf("%d log lines: %s", lines, r.log)
	}
}

func TestAnErrorReadsAsThePresenterHasIt(t *testing.T) {
	r := start(t)
	if got := r.query(t, `{ fail }`); got.body != `{"errors":[{"message":"There is no such thing.","path":["fail"],"extensions":{"code":"NOT_FOUND"}}],"data":{"fail":null}}` {
		t.Error(got.body)
	}
	if got := r.query(t, `{ hidden }`); strings.Contains(got.body, "10.0.0.1") || !slices.Equal(got.codes(t), []string{CodeInternal}) {
		t.Error(got.body)
	}
}

func TestAnAnswerHasAtMostFiveErrors(t *testing.T) {
	r := start(t)
	if got := r.query(t, `{ failures { note } }`); len(got.codes(t)) != 5 {
		t.Errorf("%d errors: %s", len(got.codes(t)), got.body)
	}
	if got := r.query(t, `{ a b c d e f g h }`); len(got.codes(t)) != 5 {
		t.Errorf("%d errors: %s", len(got.codes(t)), got.body)
	}
}

func TestErrorsSuggestNoNames(t *testing.T) {
	r := start(t)
	for _, query := range []string{
		`{ hell }`, `{ hello(nam: "x") }`, `{ items { node } }`, `{ color(c: RE) }`, `query($x: Strin) { hello }`,
		`{ echo(input: {tex: "x"}) }`, `{ item(id: 1) }`,
	} {
		got := r.query(t, query)
		if strings.Contains(got.body, "Did you mean") || got.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
}

func TestASubscriptionOrAMutationNeedsATransportThatFits(t *testing.T) {
	r := start(t)
	if got := r.query(t, `subscription { events }`); got.status != http.StatusBadRequest || !slices.Equal(got.codes(t), []string{CodeBadRequest}) {
		t.Errorf("%d %s", got.status, got.body)
	}
	got := r.post(t, `{"query":"mutation { add(n: 1) }"}`, "Accept", typeStream)
	if got.status != http.StatusBadRequest || !slices.Equal(got.codes(t), []string{CodeBadRequest}) {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestACookieFromAnotherSitesPageIsRefused(t *testing.T) {
	r := start(t)
	if got := r.post(t, `{"query":"{ hello }"}`, "Cookie", "session=1", "Origin", "https://evil.example"); got.status != http.StatusForbidden {
		t.Errorf("foreign: %d %s", got.status, got.body)
	}
	if got := r.post(t, `{"query":"{ hello }"}`, "Cookie", "session=1", "Origin", r.http.URL); got.status != http.StatusOK {
		t.Errorf("ours: %d %s", got.status, got.body)
	}
	if got := r.post(t, `{"query":"{ hello }"}`, "Origin", "https://evil.example"); got.status != http.StatusOK {
		t.Errorf("foreign without a cookie: %d %s", got.status, got.body)
	}
}

func TestOperationsAreObservedInWordsOfTheSchema(t *testing.T) {
	var seen []Observation
	r := start(t, func(c *Config) { c.Observe = func(o Observation) { o.Duration = 0; seen = append(seen, o) } })
	r.query(t, `query Mine { x: hello }`)
	r.query(t, `mutation { add(n: 1) }`)
	r.query(t, `{ boom }`)
	r.query(t, `{ nothing }`)
	want := []Observation{
		{Transport: "http", Kind: "query", Field: "hello", Status: StatusOK},
		{Transport: "http", Kind: "mutation", Field: "add", Status: StatusOK},
		{Transport: "http", Kind: "query", Field: "boom", Status: StatusError},
		{Transport: "http", Status: StatusRefused},
	}
	if !slices.Equal(seen, want) {
		t.Errorf("%+v", seen)
	}
}

func TestVariablesReachTheResolver(t *testing.T) {
	r := start(t)
	if got := r.query(t, `query($n: String) { hello(name: $n) }`, "n", "Ada 👋 \" \\ \u2028"); got.body != "{\"data\":{\"hello\":\"hello Ada 👋 \\\" \\\\ \\u2028\"}}" {
		t.Error(got.body)
	}
	if got := r.query(t, `query($n: Int!) { number(n: $n) }`, "n", 42); got.body != `{"data":{"number":42}}` {
		t.Error(got.body)
	}
}

func TestNullsStandForNothing(t *testing.T) {
	r := start(t)
	if got := r.post(t, `{"query":"{ hello }","operationName":null,"variables":null,"extensions":null,"other":1}`); got.body != `{"data":{"hello":"hello"}}` {
		t.Error(got.status, got.body)
	}
}

func TestNothingOfAPanicReachesThePresenter(t *testing.T) {
	var presented []error
	r := start(t, func(c *Config) {
		c.Present = func(ctx context.Context, err error) *gqlerror.Error {
			presented = append(presented, err)
			return graphql.DefaultErrorPresenter(ctx, err)
		}
	})
	if got := r.query(t, `{ boom }`); !slices.Equal(got.codes(t), []string{CodeInternal}) || len(presented) > 0 {
		t.Errorf("%s, presented %v", got.body, presented)
	}
}

func TestWithoutAPresenterErrorsSayNothing(t *testing.T) {
	r := start(t, func(c *Config) { c.Present = nil })
	if got := r.query(t, `{ hidden }`); got.body != `{"errors":[{"message":"Internal server error.","path":["hidden"],"extensions":{"code":"INTERNAL_SERVER_ERROR"}}],"data":{"hidden":null}}` {
		t.Error(got.body)
	}
}

func TestAPanicOutsideOfFieldsIsAnInternalError(t *testing.T) {
	r := start(t, func(c *Config) { c.PerResponse = func(context.Context) context.Context { panic("no loaders") } })
	got := r.query(t, `{ hello }`)
	if got.status != http.StatusInternalServerError || !slices.Equal(got.codes(t), []string{CodeInternal}) {
		t.Errorf("%d %s", got.status, got.body)
	}
	if !strings.Contains(r.log.String(), "no loaders") {
		t.Errorf("log: %s", r.log)
	}
}

func TestEachResponseHasAContextOfItsOwn(t *testing.T) {
	made := 0
	r := start(t, func(c *Config) {
		c.PerResponse = func(ctx context.Context) context.Context {
			made++
			return context.WithValue(ctx, viewerKey{}, "loader")
		}
	})
	if got := r.query(t, `{ viewer }`); got.body != `{"data":{"viewer":"loader"}}` || made != 1 {
		t.Errorf("%d made, %s", made, got.body)
	}
	l := r.listen(t, `subscription { count(to: 3) }`)
	for l.lines.Scan() {
	}
	if made != 1+4 { // the end of the stream is found out with one more
		t.Errorf("%d made", made)
	}
}

func TestOnlyWhoMayReadsTheSchema(t *testing.T) {
	r := start(t, func(c *Config) { c.Introspection = nil })
	for _, query := range []string{`{ __schema { queryType { name } } }`, `{ hello ...f } fragment f on Query { __type(name: "Item") { name } }`} {
		if got := r.query(t, query); got.status != http.StatusForbidden || !slices.Equal(got.codes(t), []string{CodeForbidden}) {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	if got := r.query(t, `{ __typename }`); got.body != `{"data":{"__typename":"Query"}}` {
		t.Error(got.body)
	}
}

func TestWorkMayTakeLongerThanItsBodyMayTakeToArrive(t *testing.T) {
	schema := newTestSchema()
	schema.resolvers["Mutation.add"] = func(ctx context.Context, _ map[string]any) (any, error) {
		select {
		case <-time.After(200 * time.Millisecond):
			return 1, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	r := start(t, func(c *Config) {
		c.Schema, c.Timeouts.Body, c.Timeouts.Upload = schema, 50*time.Millisecond, 50*time.Millisecond
	})
	if got := r.query(t, `mutation { add(n: 1) }`); got.body != `{"data":{"add":1}}` {
		t.Error(got.body)
	}
	got := r.form(t, part{"operations", "", `{"query":"mutation { add(n: 1) }"}`}, part{"map", "", `{}`})
	if got.body != `{"data":{"add":1}}` {
		t.Error(got.body)
	}
}

func TestAClientThatLeavesCancelsItsQuery(t *testing.T) {
	r := start(t)
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.http.URL, strings.NewReader(`{"query":"{ wait }"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", typeJSON)
	go func() {
		if response, err := r.http.Client().Do(request); err == nil {
			response.Body.Close()
		}
	}()
	eventually(t, "the query runs", func() bool { return r.Stats().Requests == 1 })
	leave()
	eventually(t, "the query ends", func() bool { return r.Stats().Requests == 0 })
}

func TestALargeAnswerArrivesWhole(t *testing.T) {
	r := start(t)
	if got := r.query(t, `{ big(size: 3000000) }`); len(got.body) != 3_000_000+len(`{"data":{"big":""}}`) {
		t.Errorf("%d bytes", len(got.body))
	}
}
