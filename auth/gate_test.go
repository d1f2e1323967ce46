package auth

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"productgenerator/models"
)

// site is a server behind the gate. It answers with who is asking; /in signs ann in, /out signs out.
type site struct {
	*world
	server *httptest.Server
	ann    models.User
}

func newSite(t *testing.T, publicURL string) *site {
	w := newWorld(t)
	s := &site{world: w, ann: w.user(annEmail, annPassword)}
	origins := must(NewOrigins(publicURL))(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { writeViewer(w, r.Context()) })
	mux.HandleFunc("/in", func(w http.ResponseWriter, r *http.Request) {
		if _, err := s.sessions.Enter(r.Context(), s.ann); err != nil {
			t.Error(err)
		}
		if viewer := ViewerFrom(r.Context()); viewer == nil || viewer.User.PasswordHash != "" {
			t.Error("not the user without the password hash")
		}
		writeViewer(w, r.Context())
	})
	mux.HandleFunc("/out", func(w http.ResponseWriter, r *http.Request) {
		if err := s.sessions.Leave(r.Context()); err != nil {
			t.Error(err)
		}
		writeViewer(w, r.Context())
	})
	gate := NewGate(s.sessions, origins, slog.New(slog.DiscardHandler))
	s.server = httptest.NewServer(origins.Handler(gate.Handler(mux)))
	t.Cleanup(s.server.Close)
	return s
}

func writeViewer(w io.Writer, ctx context.Context) {
	name := "anonymous"
	if viewer := ViewerFrom(ctx); viewer != nil {
		name = viewer.User.Email
	}
	_, _ = io.WriteString(w, name)
}

// start is the token of a new session of the user.
func (s *site) start(user models.User) string {
	s.t.Helper()
	token, _, err := s.sessions.Start(s.t.Context(), user.ID)
	check(s.t, err)
	return token
}

// send sends a request with those headers ("name: value") and returns the answer and its body.
func (s *site) send(method, path string, headers ...string) (*http.Response, string) {
	s.t.Helper()
	r := must(http.NewRequestWithContext(s.t.Context(), method, s.server.URL+path, nil))(s.t)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	return s.do(s.server.Client(), r)
}

func (s *site) do(client *http.Client, r *http.Request) (*http.Response, string) {
	s.t.Helper()
	response := must(client.Do(r))(s.t)
	defer func() { _ = response.Body.Close() }()
	body := must(io.ReadAll(response.Body))(s.t)
	return response, string(body)
}

func (s *site) expect(want, method, path string, headers ...string) {
	s.t.Helper()
	if _, got := s.send(method, path, headers...); got != want {
		s.t.Errorf("%s %s %v: %q, want %q", method, path, kinds(headers), got, want)
	}
}

// kinds is the headers without what they hold.
func kinds(headers []string) []string {
	var names []string
	for _, header := range headers {
		name, _, _ := strings.Cut(header, ": ")
		names = append(names, name)
	}
	return names
}

func TestARequestIsWhoseTokenOrCookieItBears(t *testing.T) {
	s := newSite(t, "http://shop.example")
	token := s.start(s.ann)
	s.expect("anonymous", "POST", "/")
	s.expect(annEmail, "POST", "/", "Authorization: Bearer "+token)
	s.expect(annEmail, "POST", "/", "Authorization: bearer  "+token)
	s.expect(annEmail, "POST", "/", "Cookie: session="+token)
	s.expect("anonymous", "POST", "/", "Cookie: __Host-session="+token)
	s.expect("anonymous", "POST", "/", "Authorization: Basic "+token)
	s.expect("anonymous", "POST", "/", "Authorization: "+token)
	s.expect("anonymous", "POST", "/", "Cookie: session=pgs_nonsense")
}

func TestABearerTokenCountsAloneWhateverTheCookie(t *testing.T) {
	s := newSite(t, "http://shop.example")
	bob := s.user("bob@example.com", annPassword)
	anns, bobs := s.start(s.ann), s.start(bob)
	s.expect(bob.Email, "POST", "/", "Authorization: Bearer "+bobs, "Cookie: session="+anns)

	check(t, s.sessions.End(t.Context(), bobs))
	s.expect("anonymous", "POST", "/", "Authorization: Bearer "+bobs, "Cookie: session="+anns)
	s.expect(annEmail, "POST", "/", "Cookie: session="+anns)
}

func TestSigningInSetsACookieThatScriptsAndOtherSitesCannotUse(t *testing.T) {
	for publicURL, want := range map[string]string{
		"http://shop.example":  "session=TOKEN; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax",
		"https://shop.example": "__Host-session=TOKEN; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax",
	} {
		s := newSite(t, publicURL)
		response, _ := s.send("POST", "/in")
		lines := response.Header.Values("Set-Cookie")
		if len(lines) != 1 {
			t.Fatalf("%d cookies", len(lines))
		}
		token := response.Cookies()[0].Value
		if got := strings.Replace(lines[0], token, "TOKEN", 1); got != want {
			t.Errorf("%s: got %s, want %s", publicURL, got, want)
		}
		s.admits(s.sessions, token)
	}
}

func TestABrowserSignsInAndOutWithinTheRequestAndAfterIt(t *testing.T) {
	s := newSite(t, "http://shop.example")
	browser := s.server.Client()
	browser.Jar = must(cookiejar.New(nil))(t)
	visit := func(path, want string) {
		t.Helper()
		r := must(http.NewRequestWithContext(t.Context(), "POST", s.server.URL+path, nil))(t)
		if _, got := s.do(browser, r); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	visit("/", "anonymous")
	visit("/out", "anonymous")
	visit("/in", annEmail)
	visit("/", annEmail)
	visit("/out", "anonymous")
	visit("/", "anonymous")
	if stored := s.storedSessions(); stored != 0 {
		t.Errorf("%d sessions are stored", stored)
	}
}

func TestTheLastWordOnTheCookieCounts(t *testing.T) {
	header := http.Header{"Set-Cookie": {"theme=dark"}}
	ctx := withCaller(t.Context(), &caller{answer: &answer{header: header}}, nil)
	setSession(ctx, "one")
	clearSession(ctx)
	setSession(ctx, "two")
	if lines := header.Values("Set-Cookie"); len(lines) != 2 || lines[0] != "theme=dark" || !strings.HasPrefix(lines[1], "session=two;") {
		t.Errorf("got %q", lines)
	}
	setSession(t.Context(), "nowhere to write to")
}

func TestForeignPagesAreRefusedAndTheirSocketsStayAnonymous(t *testing.T) {
	s := newSite(t, "https://shop.example/app")
	token := s.start(s.ann)
	cookie := "Cookie: __Host-session=" + token
	for _, ours := range [][]string{
		{},
		{"Origin: https://shop.example"},
		{"Origin: https://shop.example", "Sec-Fetch-Site: cross-site"}, // behind a proxy that serves several names
		{"Origin: " + s.server.URL},
		{"Sec-Fetch-Site: same-origin"},
	} {
		s.expect(annEmail, "POST", "/", append(ours, cookie)...)
		s.expect(annEmail, "GET", "/", append(ours, cookie, "Upgrade: websocket")...)
	}
	for _, foreign := range [][]string{
		{"Origin: https://evil.example"},
		{"Origin: http://shop.example"},
		{"Origin: https://shop.example.evil.example"},
		{"Origin: null"},
		{"Origin: https://evil.shop.example", "Sec-Fetch-Site: same-site"},
		{"Sec-Fetch-Site: cross-site"},
	} {
		if response, _ := s.send("POST", "/", append(foreign, cookie)...); response.StatusCode != http.StatusForbidden {
			t.Errorf("%v: %s", foreign, response.Status)
		}
		s.expect("anonymous", "GET", "/", append(foreign, cookie, "Upgrade: websocket")...)
		s.expect(annEmail, "GET", "/", append(foreign, "Authorization: Bearer "+token, "Upgrade: websocket")...)
	}
}

func TestThePublicURLIsAnOriginAsBrowsersWriteIt(t *testing.T) {
	for publicURL, origin := range map[string]string{
		"https://Shop.Example:443/":  "https://shop.example",
		"http://shop.example:80":     "http://shop.example",
		"http://shop.example:443":    "http://shop.example:443",
		"http://127.0.0.1:8080/path": "http://127.0.0.1:8080",
	} {
		origins := must(NewOrigins(publicURL))(t)
		r := httptest.NewRequest("POST", "http://elsewhere.example/", nil)
		r.Header.Set("Origin", origin)
		if !origins.Ours(r) {
			t.Errorf("%s is not the origin of %s", origin, publicURL)
		}
	}
	for _, wrong := range []string{"", "shop.example", "ftp://shop.example", "https://", "https://:443", "http://%zz"} {
		if _, err := NewOrigins(wrong); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}

func TestADatabaseThatCannotAnswerIsNoSignOut(t *testing.T) {
	s := newSite(t, "http://shop.example")
	token := s.start(s.ann)
	s.breakSessions()
	response, body := s.send("POST", "/", "Cookie: session="+token)
	if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "SERVICE_UNAVAILABLE") {
		t.Errorf("%s: %s", response.Status, body)
	}
	s.expect("anonymous", "POST", "/")
}

// opened is the context of the request that opens a socket, with those headers.
func opened(t *testing.T, g *Gate, headers ...string) context.Context {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "http://shop.example/graphql", nil)
	r.Header.Set("Upgrade", "websocket")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	var ctx context.Context
	next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() })
	g.Handler(next).ServeHTTP(httptest.NewRecorder(), r)
	return ctx
}

func (w *world) gate() *Gate {
	w.t.Helper()
	return NewGate(w.sessions, must(NewOrigins("http://shop.example"))(w.t), slog.New(slog.DiscardHandler))
}

func TestASocketIsWhoseTokenItsInitBearsElseWhoseTheRequestWas(t *testing.T) {
	w := newWorld(t)
	ann, anns := w.session()
	bob := w.user("bob@example.com", annPassword)
	bobs, _, err := w.sessions.Start(t.Context(), bob.ID)
	check(t, err)
	gate := w.gate()
	for _, c := range []struct {
		name, header, authorization string
		want                        models.UserID
		refused                     bool
	}{
		{name: "nothing"},
		{name: "cookie", header: "Cookie: session=" + anns, want: ann.ID},
		{name: "header", header: "Authorization: Bearer " + anns, want: ann.ID},
		{name: "init", authorization: "Bearer " + anns, want: ann.ID},
		{name: "init over cookie", header: "Cookie: session=" + anns, authorization: "Bearer " + bobs, want: bob.ID},
		{name: "init over a wrong header", header: "Authorization: Bearer x", authorization: "Bearer " + bobs, want: bob.ID},
		{name: "wrong init", authorization: "Bearer pgs_x", refused: true},
		{name: "no scheme", authorization: anns, refused: true},
		{name: "wrong init over cookie", header: "Cookie: session=" + anns, authorization: "Bearer x", refused: true},
		{name: "wrong header", header: "Authorization: Bearer x", refused: true},
		{name: "wrong cookie", header: "Cookie: session=x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			headers := []string{"X-Any: thing"}
			if c.header != "" {
				headers = append(headers, c.header)
			}
			ctx, err := gate.Init(opened(t, gate, headers...), c.authorization)
			if c.refused {
				if !errors.Is(err, ErrNoSession) || ctx != nil {
					t.Errorf("not refused: %v", err)
				}
				return
			}
			check(t, err)
			var got models.UserID
			if viewer := ViewerFrom(ctx); viewer != nil {
				got = viewer.User.ID
			}
			if got != c.want {
				t.Errorf("is %q, want %q", got, c.want)
			}
		})
	}
}

func TestASocketOfAnEndedSessionFailsItsRecheck(t *testing.T) {
	w := newWorld(t)
	_, token := w.session()
	gate := w.gate()
	socket := must(gate.Init(opened(t, gate), "Bearer "+token))(t)
	anonymous := must(gate.Init(opened(t, gate), ""))(t)
	check(t, w.sessions.Recheck(socket))

	check(t, w.sessions.End(t.Context(), token))
	if err := w.sessions.Recheck(socket); !errors.Is(err, ErrNoSession) {
		t.Errorf("got %v", err)
	}
	check(t, w.sessions.Recheck(anonymous))
}

func TestASocketThatSignsOutIsAnonymousAtOnceAndFailsItsRecheck(t *testing.T) {
	w := newWorld(t)
	_, token := w.session()
	gate := w.gate()
	socket := must(gate.Init(opened(t, gate), "Bearer "+token))(t)
	check(t, w.sessions.Leave(socket))
	if ViewerFrom(socket) != nil {
		t.Error("still somebody")
	}
	if err := w.sessions.Recheck(socket); !errors.Is(err, ErrNoSession) {
		t.Errorf("got %v", err)
	}
	if ViewerFrom(socket) != nil {
		t.Error("somebody again")
	}
}

func TestSigningInOnASocketMakesATokenAndLeavesTheSocketAsItWas(t *testing.T) {
	w := newWorld(t)
	user := w.user(annEmail, annPassword)
	gate := w.gate()
	socket := must(gate.Init(opened(t, gate), ""))(t)
	token := must(w.sessions.Enter(socket, user))(t)
	if ViewerFrom(socket) != nil {
		t.Error("the socket is somebody's")
	}
	w.admits(w.sessions, token)
}

func TestARecheckRenewsWhatTheViewerMayDo(t *testing.T) {
	w := newWorld(t)
	user, token := w.session()
	gate := w.gate()
	socket := must(gate.Init(opened(t, gate), "Bearer "+token))(t)
	check(t, w.db.WithContext(t.Context()).Exec(`UPDATE users SET platform_role = 'ADMINISTRATOR' WHERE id = ?`, user.ID).Error)
	w.clock.advance(time.Second)
	check(t, w.sessions.Recheck(socket))
	if role := ViewerFrom(socket).User.PlatformRole; role != models.PlatformAdministrator {
		t.Errorf("is %s", role)
	}
}

func TestAnIPv6ClientIsItsNetwork(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:4711":             "192.0.2.1",
		"[::ffff:192.0.2.1]:4711":    "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:1":   "2001:db8:1:2::/64",
		"[2001:db8:1:2:a:b:c:d]:2":   "2001:db8:1:2::/64",
		"[fe80::1%eth0]:4711":        "fe80::/64",
		"@":                          "@",
		"":                           "",
		"somewhere.example.com:4711": "somewhere.example.com",
	} {
		if got := addressOf(remote); got != want {
			t.Errorf("%q: %q, want %q", remote, got, want)
		}
	}
}
