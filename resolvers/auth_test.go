package resolvers

import (
	"strings"
	"testing"
)

func TestSigningUpTellsEveryFaultAtOnceAndNothingElse(t *testing.T) {
	w := newWorld(t)
	data := w.anonymous().must(signUp, object{"input": object{
		"email": "not an address", "password": "short", "name": "", "teamName": "x", "timeZone": "Mars",
	}})
	wantJSON(t, data["signUp"], `{"token": null, "viewer": null, "userErrors": [
		{"code": "INVALID", "message": "This is not an e-mail address.", "path": ["email"]},
		{"code": "TOO_SHORT", "message": "Use at least 8 characters.", "path": ["password"]},
		{"code": "REQUIRED", "message": "Fill this in.", "path": ["name"]},
		{"code": "INVALID", "message": "Choose a time zone by its IANA name, such as Europe/Madrid.", "path": ["timeZone"]}
	]}`)
	taken := w.anonymous()
	taken.language = "es"
	w.signUp("ann")
	data = taken.must(signUp, object{"input": object{
		"email": "ANN@example.com", "password": password, "name": "Ann", "teamName": "Another",
	}})
	wantJSON(t, data["signUp"], `{"token": null, "viewer": null, "userErrors": [{
		"code": "TAKEN", "path": ["email"],
		"message": "Ya hay una cuenta con esta dirección de correo: inicie sesión."
	}]}`)
	data = w.anonymous().must(signUp, object{"input": object{
		"email": "late@example.com", "password": password, "name": "Late", "invitationToken": "pgi_" + strings.Repeat("x", 43),
	}})
	if path := text(data, "signUp", "userErrors", 0, "path", 0); path != "invitationToken" {
		t.Errorf("a bad invitation: %v", data)
	}
}

func TestASessionBeginsAndEnds(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	const viewer = `{ viewer { id email locale platformRole memberships { role team { viewerRole } } } }`
	wantJSON(t, ann.must(viewer, nil)["viewer"], `{
		"id": "`+ann.user+`", "email": "ann@example.com", "locale": "en", "platformRole": "USER",
		"memberships": [{"role": "OWNER", "team": {"viewerRole": "OWNER"}}]
	}`)
	const signIn = `mutation($i: SignInInput!) { signIn(input: $i) {
		token viewer { email platformRole memberships { role } } userErrors { code path } } }`
	data := w.anonymous().must(signIn, object{"i": object{"email": " Ann@example.com ", "password": password}})
	if text(data, "signIn", "viewer", "platformRole") != "USER" || text(data, "signIn", "viewer", "memberships", 0, "role") != "OWNER" {
		t.Errorf("signing in: %v", data)
	}
	wrong := w.anonymous().must(signIn, object{"i": object{"email": "ann@example.com", "password": "wrong"}})
	wantJSON(t, wrong["signIn"], `{"token": null, "viewer": null, "userErrors": [{"code": "WRONG_CREDENTIALS", "path": []}]}`)

	ann.must(`mutation { signOut { userErrors { code } } }`, nil)
	if ann.must(viewer, nil)["viewer"] != nil {
		t.Error("the token still signs in")
	}
}

func TestWhoSignsUpInSpanishIsWrittenToInSpanish(t *testing.T) {
	w := newWorld(t)
	guest := w.anonymous()
	guest.language = "es-MX"
	data := guest.must(`mutation($i: SignUpInput!) { signUp(input: $i) { viewer { locale } } }`, object{"i": object{
		"email": "eva@example.com", "password": password, "name": "Eva", "teamName": "Tienda",
	}})
	if locale := text(data, "signUp", "viewer", "locale"); locale != "es" {
		t.Errorf("locale: %q", locale)
	}
}

func TestTooManyWrongPasswordsAreRefusedWithATime(t *testing.T) {
	w := newWorld(t)
	w.signUp("ann")
	const signIn = `mutation($i: SignInInput!) { signIn(input: $i) { token } }`
	wrong := object{"i": object{"email": "ann@example.com", "password": "wrong"}}
	for range 10 {
		w.anonymous().must(signIn, wrong)
	}
	refused := w.anonymous().refused("RATE_LIMITED", signIn, wrong)
	if after, _ := refused.Errors[0].Extensions["retryAfter"].(float64); after < 1 || after > 60 {
		t.Errorf("retryAfter: %v", refused.Errors[0].Extensions)
	}
}

func TestAnotherUsersMembershipsAreThoseOfSharedTeamsAndTheirPlatformRoleIsTheirs(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	bob := ann.member("bob", "MEMBER")
	bob.must(`mutation { createTeam(input: {name: "Bob's", timeZone: "UTC"}) { team { id } } }`, nil)
	eve := w.signUp("eve")
	const user = `query($id: ID!) { node(id: $id) { ... on User { platformRole memberships { team { name } } } } }`
	of := object{"id": bob.user}
	wantJSON(t, bob.must(user, of)["node"], `{"platformRole": "USER", "memberships": [{"team": {"name": "ann's team"}}, {"team": {"name": "Bob's"}}]}`)
	wantJSON(t, ann.must(user, of)["node"], `{"platformRole": null, "memberships": [{"team": {"name": "ann's team"}}]}`)
	wantJSON(t, eve.must(user, of)["node"], `null`)
	wantJSON(t, w.anonymous().must(user, of)["node"], `null`)
	wantJSON(t, w.administrator().must(user, of)["node"], `{"platformRole": null, "memberships": [{"team": {"name": "ann's team"}}, {"team": {"name": "Bob's"}}]}`)
}
