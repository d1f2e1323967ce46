package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"sync"
	"testing"
	"time"
)

// client talks GraphQL to one process, as whoever its token signs in. Its methods end the test where there is no answer,
// also when they are called in goroutines of together.
type client struct {
	t     testing.TB
	base  string // http://host:port
	token string // empty: anonymous
	http  *http.Client
}

// anonymous is a client of the process that is not signed in.
func (p *process) anonymous() *client {
	return &client{t: p.t, base: p.url(), http: &http.Client{
		Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64},
	}}
}

// vars are the variables of an operation.
type vars map[string]any

// input is the one variable of most mutations.
func input(fields vars) vars { return vars{"input": fields} }

// answer is what the server says to one request.
type answer struct {
	status int
	body   string
	Data   json.RawMessage
	Errors []failure
}

// failure is one entry of an answer's errors.
type failure struct {
	Message    string
	Path       []any
	Extensions struct {
		Code       string
		RetryAfter int
	}
}

// code is that of the answer's only error, empty where there is none.
func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	return a.Errors[0].Extensions.Code
}

// send sends one operation and returns its answer, errors and all.
func (c *client) send(query string, variables vars) answer {
	c.t.Helper()
	sent, err := c.try(query, variables)
	if err != nil {
		c.t.Fatalf("%.100s: %v", query, err)
	}
	return sent
}

// try is send for a server that may be gone.
func (c *client) try(query string, variables vars) (answer, error) {
	body, err := json.Marshal(vars{"query": query, "variables": variables})
	if err != nil {
		return answer{}, err
	}
	return c.post(bytes.NewReader(body), "application/json")
}

func (c *client) post(body io.Reader, contentType string) (answer, error) {
	request, err := http.NewRequest(http.MethodPost, c.base+"/graphql", body)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Accept", "application/graphql-response+json")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: response.StatusCode, body: string(content)}
	return a, json.Unmarshal(content, &a)
}

// ask sends one operation that has to succeed, and returns its data.
func ask[T any](c *client, query string, variables vars) T {
	c.t.Helper()
	return dataOf[T](c, query, c.send(query, variables))
}

func dataOf[T any](c *client, query string, a answer) (data T) {
	c.t.Helper()
	if len(a.Errors) > 0 || a.status != http.StatusOK {
		c.t.Fatalf("%.100s: status %d: %.1000s", query, a.status, a.body)
	}
	if err := json.Unmarshal(a.Data, &data); err != nil {
		c.t.Fatalf("%.100s: %v: %.1000s", query, err, a.body)
	}
	return data
}

// upload sends an operation whose variable input.file is a file, by the GraphQL multipart request.
func (c *client) upload(query string, variables vars, name string, content []byte) answer {
	c.t.Helper()
	operations, err := json.Marshal(vars{"query": query, "variables": variables})
	if err != nil {
		c.t.Fatal(err)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("operations", string(operations))
	_ = form.WriteField("map", `{"0":["variables.input.file"]}`)
	file, _ := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition("0", name)}, "Content-Type": {"text/csv"},
	})
	_, _ = file.Write(content)
	_ = form.Close()
	sent, err := c.post(&body, form.FormDataContentType())
	if err != nil {
		c.t.Fatalf("upload %s: %v", name, err)
	}
	return sent
}

// together runs the function n times at once and waits for all. It ends the test if any of them failed it.
func together(t testing.TB, n int, run func(i int)) {
	t.Helper()
	begin := make(chan struct{})
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() {
			<-begin
			run(i)
		})
	}
	close(begin)
	running.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// since is the time that has passed, in a form for people.
func since(began time.Time) time.Duration { return time.Since(began).Round(100 * time.Microsecond) }
