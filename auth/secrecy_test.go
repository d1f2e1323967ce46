package auth

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestNothingPrintedOrLoggedHoldsASecret(t *testing.T) {
	w := newWorld(t)
	user, token := w.session()
	viewer := w.viewer(token)
	ctx := withViewer(t.Context(), viewer)
	secrets := []string{
		token, strings.TrimPrefix(token, tokenPrefix), user.PasswordHash, annPassword,
		hex.EncodeToString(viewer.digest[:]), fmt.Sprint(viewer.digest[:]), fmt.Sprintf("%#v", viewer.digest[:])[len("[]byte{"):],
		annEmail,
	}

	var printed bytes.Buffer
	for _, value := range []any{viewer, *viewer, []*Viewer{viewer}, []Viewer{*viewer}, struct{ V Viewer }{*viewer}, ctx} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			_, _ = fmt.Fprintf(&printed, verb+"\n", value)
		}
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&printed, nil), slog.NewJSONHandler(&printed, nil)} {
		slog.New(handler).Info("who", "viewer", viewer, "value", *viewer)
	}
	_, _ = fmt.Fprintf(&printed, "%+v\n", must(w.accounts.SignIn(t.Context(), "ann@example.com", annPassword))(t).PasswordHash)

	check(t, w.setHash(user.ID, user.PasswordHash+"$"))
	_, malformed := w.accounts.SignIn(t.Context(), annEmail, annPassword)
	w.breakSessions()
	w.clock.advance(sessionTrust)
	_, unread := w.sessions.Resolve(t.Context(), token)
	_, _, unstarted := w.sessions.Start(t.Context(), user.ID)
	unended := w.sessions.End(t.Context(), token)
	for _, err := range []error{malformed, unread, unstarted, unended} {
		if err == nil {
			t.Fatal("no error to look at")
		}
		_, _ = fmt.Fprintf(&printed, "%v\n%+v\n", err, err)
	}
	gate := NewGate(w.sessions, must(NewOrigins("http://shop.example"))(t), slog.New(slog.NewJSONHandler(&printed, nil)))
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	recorder := httptest.NewRecorder()
	gate.Handler(http.NotFoundHandler()).ServeHTTP(recorder, r)
	_, _ = recorder.Body.WriteTo(&printed)

	if !strings.Contains(printed.String(), string(user.ID)) || !strings.Contains(printed.String(), "cannot tell who is asking") {
		t.Fatalf("not what should have been printed:\n%s", &printed)
	}
	for i, secret := range secrets {
		if secret != "" && strings.Contains(printed.String(), secret) {
			t.Errorf("secret %d is printed:\n%s", i, &printed)
		}
	}
}

func TestAViewerInJSONHoldsNoSecret(t *testing.T) {
	w := newWorld(t)
	_, token := w.session()
	encoded := string(must(json.Marshal(w.viewer(token)))(t))
	if strings.Contains(encoded, "argon2") || strings.Contains(encoded, token) || strings.Contains(encoded, "igest") {
		t.Errorf("got %s", encoded)
	}
}
