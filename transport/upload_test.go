package transport

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type part struct{ name, filename, content string }

// form posts a multipart request.
func (r *rig) form(t *testing.T, parts ...part) reply {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range parts {
		var err error
		dst := any(nil)
		if p.filename == "" {
			field, e := w.CreateFormField(p.name)
			dst, err = field, e
		} else {
			file, e := w.CreateFormFile(p.name, p.filename)
			dst, err = file, e
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(dst.(interface{ Write([]byte) (int, error) }), p.content)
	}
	w.Close()
	return r.do(t, http.MethodPost, body.String(), http.Header{"Content-Type": {w.FormDataContentType()}, "Accept": {typeGraphQL}})
}

const oneUpload = `{"query":"mutation($f: Upload!) { upload(file: $f) }","variables":{"f":null}}`

func TestAnUploadReachesItsResolver(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	r := start(t)
	for name, content := range map[string]string{"small": "a,b\n1,2\n", "empty": "", "spooled": strings.Repeat("spooled ", 1<<18), "as long as may be": strings.Repeat("x", 20<<20)} {
		got := r.form(t, part{"operations", "", oneUpload}, part{"map", "", `{"0":["variables.f"]}`}, part{"0", "feed.csv", content})
		want := fmt.Sprintf(`{"data":{"upload":"feed.csv %d %.8s"}}`, len(content), strings.ReplaceAll(content, "\n", `\n`))
		if name == "small" {
			want = `{"data":{"upload":"feed.csv 8 a,b\n1,2\n"}}`
		}
		if got.status != http.StatusOK || got.body != want {
			t.Errorf("%s: %d %s, want %s", name, got.status, got.body, want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSeveralUploadsGoToTheirPlaces(t *testing.T) {
	got := start(t).form(t,
		part{"operations", "", `{"query":"mutation($f: [Upload!]!) { uploads(files: $f) }","variables":{"f":[null,null]}}`},
		part{"map", "", `{"a":["variables.f.1"],"b":["variables.f.0"]}`},
		part{"a", "one.csv", "1"}, part{"b", "two.csv", "22"})
	if got.body != `{"data":{"uploads":"two.csv 2 22;one.csv 1 1;"}}` {
		t.Error(got.status, got.body)
	}
}

func TestMalformedUploadsAreRefused(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	r := start(t)
	ops, place, file := part{"operations", "", oneUpload}, part{"map", "", `{"0":["variables.f"]}`}, part{"0", "f", "x"}
	for name, c := range map[string]struct {
		parts  []part
		status int
	}{
		"nothing":             {nil, 400},
		"no operations":       {[]part{place, file}, 400},
		"no map":              {[]part{ops, file}, 400},
		"no file":             {[]part{ops, place}, 400},
		"a file too many":     {[]part{ops, place, file, {"1", "g", "y"}}, 400},
		"a file twice":        {[]part{ops, {"map", "", `{"0":["variables.f"],"1":["variables.f"]}`}, file, file}, 400},
		"a file unnamed":      {[]part{ops, place, {"9", "g", "y"}}, 400},
		"operations batch":    {[]part{{"operations", "", "[" + oneUpload + "]"}, place, file}, 400},
		"operations not JSON": {[]part{{"operations", "", "{"}, place, file}, 400},
		"operations too long": {[]part{{"operations", "", `{"query":"` + strings.Repeat("x", 100_000) + `"}`}, place, file}, 413},
		"map not JSON":        {[]part{ops, {"map", "", "{"}, file}, 400},
		"map a list":          {[]part{ops, {"map", "", "[]"}, file}, 400},
		"map of texts":        {[]part{ops, {"map", "", `{"0":"variables.f"}`}, file}, 400},
		"map of numbers":      {[]part{ops, {"map", "", `{"0":[1]}`}, file}, 400},
		"two places":          {[]part{ops, {"map", "", `{"0":["variables.f","variables.f"]}`}, file}, 400},
		"no place":            {[]part{ops, {"map", "", `{"0":[]}`}, file}, 400},
		"a place outside":     {[]part{ops, {"map", "", `{"0":["query"]}`}, file}, 400},
		"no such variable":    {[]part{ops, {"map", "", `{"0":["variables.g"]}`}, file}, 400},
		"a place too deep":    {[]part{ops, {"map", "", `{"0":["variables.f.0.x"]}`}, file}, 400},
		"the variables":       {[]part{ops, {"map", "", `{"0":["variables"]}`}, file}, 400},
		"a place taken":       {[]part{{"operations", "", strings.Replace(oneUpload, "null", "1", 1)}, place, file}, 400},
		"a negative place":    {[]part{{"operations", "", strings.Replace(oneUpload, "null", "[null]", 1)}, {"map", "", `{"0":["variables.f.-1"]}`}, file}, 400},
		"eleven files":        {[]part{ops, {"map", "", `{` + strings.TrimSuffix(repeated(11, `"%d":["variables.f"],`), ",") + `}`}, file}, 400},
		"a subscription":      {[]part{{"operations", "", `{"query":"subscription { events }","variables":{"f":null}}`}, place, file}, 400},
		"text as an upload":   {[]part{{"operations", "", `{"query":"query($n: Int!) { number(n: $n) }","variables":{"n":null}}`}, {"map", "", `{"0":["variables.n"]}`}, file}, 400},
		"a byte too long":     {[]part{ops, place, {"0", "f", strings.Repeat("x", 20<<20+1)}}, 413},
		"far too long":        {[]part{ops, place, {"0", "f", strings.Repeat("x", 30<<20)}}, 413},
	} {
		if got := r.form(t, c.parts...); got.status != c.status || len(got.body) > refusedSize || len(got.codes(t)) == 0 {
			t.Errorf("%s: %d %.300s", name, got.status, got.body)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if log := r.log.String(); log != "" {
		t.Errorf("something panicked: %.500s", log)
	}
}

func TestAnUploadThatCannotBeStoredIsAnInternalError(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	got := start(t).form(t, part{"operations", "", oneUpload}, part{"map", "", `{"0":["variables.f"]}`}, part{"0", "f", strings.Repeat("x", 2<<20)})
	if got.status != http.StatusInternalServerError || strings.Contains(got.body, os.Getenv("TMPDIR")) {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestAnUploadThatBreaksOffLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	r := start(t)
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.WriteField("operations", oneUpload)
	_ = w.WriteField("map", `{"0":["variables.f"]}`)
	file, _ := w.CreateFormFile("0", "f")
	_, _ = file.Write(bytes.Repeat([]byte{'x'}, 3<<20))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.http.URL, &body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", w.FormDataContentType())
	response, err := r.http.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("%d", response.StatusCode)
	}
	eventually(t, "the spooled file is gone", func() bool {
		left, _ := filepath.Glob(filepath.Join(dir, "*"))
		return len(left) == 0
	})
}

func TestAnUploadIsRefusedToAnotherSitesPage(t *testing.T) {
	r := start(t)
	got := r.post(t, "--x\r\n", "Content-Type", "multipart/form-data; boundary=x", "Cookie", "session=1", "Origin", "https://evil.example")
	if got.status != http.StatusForbidden {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestAnUploadThatTricklesIsGivenUp(t *testing.T) {
	r := start(t, func(c *Config) { c.Timeouts.Upload = 100 * time.Millisecond })
	held := make(chan struct{})
	defer close(held)
	request, err := http.NewRequest(http.MethodPost, r.http.URL, &trickle{text: "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{", then: held})
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	response, err := r.http.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestTimeout {
		t.Errorf("%d", response.StatusCode)
	}
}

// trickle gives a text and then waits.
type trickle struct {
	text string
	then chan struct{}
}

func (s *trickle) Read(p []byte) (int, error) {
	if s.text == "" {
		<-s.then
		return 0, os.ErrClosed
	}
	n := copy(p, s.text)
	s.text = s.text[n:]
	return n, nil
}
