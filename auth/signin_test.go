package auth

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"productgenerator/models"
)

// from is the context of a request from that address.
func from(t *testing.T, remote string) context.Context {
	t.Helper()
	return withCaller(t.Context(), &caller{address: addressOf(remote)}, nil)
}

func TestAnEMailInAnyLettersAndThePasswordSignIn(t *testing.T) {
	w := newWorld(t)
	user := w.user(annEmail, annPassword)
	for _, email := range []string{annEmail, "ann@EXAMPLE.com", "  ann@example.com "} {
		got := must(w.accounts.SignIn(t.Context(), email, annPassword))(t)
		if got.ID != user.ID || got.Email != annEmail || got.PasswordHash != "" {
			t.Errorf("%q: %+v", email, got)
		}
	}
}

func TestAWrongPasswordCostsWhatAnUnknownEMailCosts(t *testing.T) {
	w := newWorld(t)
	w.user(annEmail, annPassword)
	for _, c := range []struct{ name, email, password string }{
		{"wrong password", annEmail, "wrong password"},
		{"empty password", annEmail, ""},
		{"very long password", annEmail, strings.Repeat("x", 90_000)},
		{"unknown e-mail", "bob@example.com", annPassword},
		{"no e-mail at all", "nobody", annPassword},
		{"NUL", "ann\x00@example.com", annPassword},
		{"not UTF-8", "ann\xff@example.com", annPassword},
		{"SQL", "' OR 1=1 --", annPassword},
	} {
		w.derived.reset()
		user, err := w.accounts.SignIn(t.Context(), c.email, c.password)
		if !errors.Is(err, ErrWrongCredentials) || user.ID != "" {
			t.Errorf("%s: %v", c.name, err)
		}
		if total, _ := w.derived.figures(); total != 1 {
			t.Errorf("%s: %d keys derived", c.name, total)
		}
	}
}

func TestTheEleventhFailureInAMinuteIsTurnedAwayBeforeAnythingIsComputed(t *testing.T) {
	w := newWorld(t)
	w.user(annEmail, annPassword)
	w.passwords.derive = func(_, _ []byte, p parameters) []byte { return make([]byte, p.keyLength) }
	w.derived.count(w.passwords)
	attacker, owner := from(t, "192.0.2.66:1"), from(t, "192.0.2.1:1")
	for range triesPerAccount {
		if _, err := w.accounts.SignIn(attacker, annEmail, "guess"); !errors.Is(err, ErrWrongCredentials) {
			t.Fatal(err)
		}
	}
	_, err := w.accounts.SignIn(attacker, "  "+annEmail, annPassword)
	if err == nil || waitOf(t, err) != 6*time.Second {
		t.Errorf("got %v", err)
	}
	if total, _ := w.derived.figures(); total != triesPerAccount {
		t.Errorf("%d keys derived", total)
	}
	if _, err := w.accounts.SignIn(owner, annEmail, annPassword); !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("the owner is kept out: %v", err) // no password matches here
	}
}

func TestSigningInRenewsAHashThatIsOutOfDate(t *testing.T) {
	w := newWorld(t)
	user := w.user(annEmail, annPassword)
	old := phc{parameters: parameters{memory: 64, passes: 1, parallelism: 1, keyLength: 32}, salt: make([]byte, 16)}
	old.key = argon2id([]byte(annPassword), old.salt, old.parameters)
	check(t, w.setHash(user.ID, old.encode()))

	must(w.accounts.SignIn(t.Context(), annEmail, annPassword))(t)
	renewed := w.hash(user.ID)
	if w.passwords.stale(renewed) || !must(w.passwords.Verify(t.Context(), renewed, annPassword))(t) {
		t.Error("not renewed")
	}
	must(w.accounts.SignIn(t.Context(), annEmail, annPassword))(t)
	if w.hash(user.ID) != renewed {
		t.Error("renewed again")
	}
}

func TestUsersAreFoundByIDWithoutTheirHashes(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.user(annEmail, annPassword), w.user("bob@example.com", annPassword)
	w.user("carol@example.com", annPassword)
	users := must(w.accounts.UsersByID(t.Context(), []models.UserID{ann.ID, "user_missing", bob.ID, ann.ID}))(t)
	if len(users) != 2 || users[ann.ID].Email != annEmail || users[bob.ID].Email != "bob@example.com" {
		t.Errorf("found %+v", users)
	}
	if users[ann.ID].PasswordHash != "" {
		t.Error("with the hash")
	}
	if users := must(w.accounts.UsersByID(t.Context(), nil))(t); len(users) != 0 {
		t.Errorf("found %d of none", len(users))
	}
}

func TestARequestsAddressReachesTheThrottle(t *testing.T) {
	w := newWorld(t)
	ctx := opened(t, w.gate())
	if got, want := callerFrom(ctx).address, addressOf(httptest.NewRequest("GET", "/", nil).RemoteAddr); got != want {
		t.Errorf("is %q, want %q", got, want)
	}
	socket := must(w.gate().Init(ctx, ""))(t)
	if callerFrom(socket).address != callerFrom(ctx).address || callerFrom(withViewer(socket, nil)).address != callerFrom(ctx).address {
		t.Error("lost on the way")
	}
}

func (w *world) setHash(user models.UserID, hash string) error {
	_, err := gorm.G[models.User](w.db).Where("id = ?", user).Update(w.t.Context(), "password_hash", hash)
	return err
}

func (w *world) hash(user models.UserID) string {
	w.t.Helper()
	return must(gorm.G[models.User](w.db).Where("id = ?", user).Take(w.t.Context()))(w.t).PasswordHash
}
