package resolvers

import (
	"strings"
	"testing"
	"time"

	"productgenerator/models"
)

const teamQuery = `query($id: ID!) { team(id: $id) { id name } }`

func TestAForeignTeamAndAMissingOneReadAlike(t *testing.T) {
	w := newWorld(t)
	ann, eve := w.signUp("ann"), w.signUp("eve")
	missing := string(models.NewTeamID(time.Now()))
	for _, query := range []string{
		teamQuery,
		`query($id: ID!) { node(id: $id) { id } }`,
		`mutation($id: ID!) { inviteMember(input: {teamId: $id, email: "x@example.com", role: VIEWER}) { token } }`,
	} {
		foreign := eve.ask(query, object{"id": ann.team})
		absent := eve.ask(query, object{"id": missing})
		malformed := eve.ask(query, object{"id": "team_nonsense"})
		if foreign.body != absent.body || foreign.body != malformed.body {
			t.Errorf("%s\nforeign: %s\nmissing: %s\nmalformed: %s", query, foreign.body, absent.body, malformed.body)
		}
	}
	eve.refused("NOT_FOUND", teamQuery, object{"id": ann.team})
	foreign, _ := eve.events(balanceChanged, object{"id": ann.team})()
	absent, _ := eve.events(balanceChanged, object{"id": missing})()
	if foreign.body != absent.body || len(foreign.Errors) != 1 || foreign.Errors[0].Extensions["code"] != "NOT_FOUND" {
		t.Errorf("streams: foreign: %s, missing: %s", foreign.body, absent.body)
	}
	for _, id := range []string{ann.team, missing, "x"} {
		w.anonymous().refused("UNAUTHENTICATED", teamQuery, object{"id": id})
	}
	a := eve.ask(`query($id: ID!) { team(id: $id) { id } viewer { id } }`, object{"id": ann.team})
	if text(a.Data, "viewer", "id") != eve.user {
		t.Errorf("the rest of the answer: %s", a.body)
	}
}

func TestATeamShowsItsLimitsItsMembersAndToAdminsItsInvitations(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	viewer := ann.member("vic", "VIEWER")
	admin := ann.member("adam", "ADMIN")
	const query = `query($id: ID!) { team(id: $id) {
		plan timeZone viewerRole allowedDailyLimit lowBalanceThreshold viewerMembership { user { name } }
		members(first: 2) { nodes { user { email memberships { role } } role consumedToday remainingToday dailyLimit } pageInfo { hasNextPage } }
		invitations { email role teamName }
	} }`
	invited := admin.must(`mutation($id: ID!) { inviteMember(input: {teamId: $id, email: "new@example.com", role: MEMBER}) {
		invitation { email role teamName } acceptUrl token userErrors { code } } }`, object{"id": ann.team})
	token := text(invited, "inviteMember", "token")
	if got := text(invited, "inviteMember", "acceptUrl"); got != "http://shop.example/invitation?token="+token {
		t.Errorf("acceptUrl: %s", got)
	}
	wantJSON(t, viewer.must(query, object{"id": ann.team})["team"], `{
		"plan": "STANDARD", "timeZone": "UTC", "viewerRole": "VIEWER", "allowedDailyLimit": 650, "lowBalanceThreshold": 130,
		"viewerMembership": {"user": {"name": "vic"}},
		"members": {
			"nodes": [
				{"user": {"email": "ann@example.com", "memberships": [{"role": "OWNER"}]}, "role": "OWNER", "consumedToday": 0, "remainingToday": 650, "dailyLimit": null},
				{"user": {"email": "vic@example.com", "memberships": [{"role": "VIEWER"}]}, "role": "VIEWER", "consumedToday": 0, "remainingToday": 650, "dailyLimit": null}
			],
			"pageInfo": {"hasNextPage": true}
		},
		"invitations": null
	}`)
	open := `[{"email": "new@example.com", "role": "MEMBER", "teamName": "ann's team"}]`
	wantJSON(t, at(admin.must(query, object{"id": ann.team}), "team", "invitations"), open)
	platform := w.administrator().must(query, object{"id": ann.team})
	wantJSON(t, at(platform, "team", "invitations"), open)
	wantJSON(t, at(platform, "team", "viewerRole"), `null`)
	wantJSON(t, at(platform, "team", "viewerMembership"), `null`)
}

func TestRolesThatAreTooSmallAreForbiddenAndAdministratorsOnlyRead(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	member := ann.member("mel", "MEMBER")
	admin := ann.member("adam", "ADMIN")
	const invite = `mutation($id: ID!, $role: TeamRole!) { inviteMember(input: {teamId: $id, email: "x@example.com", role: $role}) { token } }`
	for _, caller := range []*client{member, w.administrator()} {
		caller.refused("FORBIDDEN", invite, object{"id": ann.team, "role": "VIEWER"})
	}
	admin.refused("FORBIDDEN", invite, object{"id": ann.team, "role": "ADMIN"})
	admin.must(invite, object{"id": ann.team, "role": "MEMBER"})
	if got := text(w.administrator().must(teamQuery, object{"id": ann.team}), "team", "name"); got != "ann's team" {
		t.Errorf("an administrator reads %q", got)
	}
	w.administrator().refused("NOT_FOUND", teamQuery, object{"id": string(models.NewTeamID(time.Now()))})
}

func TestAnInvitationIsSeenByItsHolderAndAcceptedOnce(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.signUp("ann"), w.signUp("bob")
	data := ann.must(`mutation($id: ID!) { inviteMember(input: {teamId: $id, email: "x@example.com", role: ADMIN}) {
		token invitation { id } } }`, object{"id": ann.team})
	token := object{"token": text(data, "inviteMember", "token")}
	const look = `query($token: String!) { invitation(token: $token) { teamName role email } }`
	wantJSON(t, w.anonymous().must(look, token)["invitation"], `{"teamName": "ann's team", "role": "ADMIN", "email": "x@example.com"}`)
	const accept = `mutation($token: String!) { acceptInvitation(input: {token: $token}) {
		membership { role team { name viewerRole } } userErrors { code path } } }`
	w.anonymous().refused("UNAUTHENTICATED", accept, token)
	wantJSON(t, bob.must(accept, token)["acceptInvitation"], `{
		"membership": {"role": "ADMIN", "team": {"name": "ann's team", "viewerRole": "ADMIN"}}, "userErrors": []
	}`)
	wantJSON(t, bob.must(accept, token)["acceptInvitation"], `{"membership": null, "userErrors": [{"code": "INVALID", "path": ["token"]}]}`)
	w.anonymous().refused("NOT_FOUND", look, token)
	id := object{"id": text(data, "inviteMember", "invitation", "id")}
	wantJSON(t, ann.must(`query($id: ID!) { node(id: $id) { id } }`, id)["node"], `null`)
}

func TestEachMutationOfARequestSeesWhatThoseBeforeItDid(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	admin := w.administrator()
	data := admin.must(`mutation($id: ID!) {
		a: setTeamPlan(input: {teamId: $id, plan: STANDARD, dailyLimit: 100}) { team { allowedDailyLimit balance { version } } }
		b: setTeamPlan(input: {teamId: $id, plan: STANDARD, dailyLimit: 200}) { team { allowedDailyLimit balance { version } } }
		c: setTeamPlan(input: {teamId: $id, plan: STANDARD, dailyLimit: null}) { team { allowedDailyLimit balance { version } } }
	}`, object{"id": ann.team})
	for alias, want := range map[string]float64{"a": 100, "b": 200, "c": 650} {
		if got := at(data, alias, "team", "allowedDailyLimit"); got != want {
			t.Errorf("%s: %v, want %v", alias, got, want)
		}
	}
}

func TestBadArgumentsAreTheCallersFault(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	for _, test := range []string{
		`query($id: ID!) { team(id: $id) { members(after: "???") { nodes { id } } } }`,
		`query($id: ID!) { team(id: $id) { members(after: "dGVhbV94") { nodes { id } } } }`,
		`query($id: ID!) { team(id: $id) { grants(after: "AAAA") { nodes { id } } } }`,
		`query($id: ID!) { team(id: $id) { ledger(after: "eA") { nodes { id } } } }`,
		`query($id: ID!) { team(id: $id) { ledger(first: 1, last: 1) { nodes { id } } } }`,
		`query($id: ID!) { team(id: $id) { ledger(filter: {from: "2027-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z"}) { nodes { id } } } }`,
	} {
		a := ann.refused("BAD_USER_INPUT", test, object{"id": ann.team})
		if strings.Contains(a.body, "SQL") {
			t.Errorf("it says %s", a.body)
		}
	}
}
