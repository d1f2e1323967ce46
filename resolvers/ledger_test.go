package resolvers

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"

	"productgenerator/models"
)

const balanceFields = `available spendable reserved purchased bonus unlimited consumedToday dailyLimit dailyLimitSource
	remainingToday status statusReason debt operationsLeft { operation times }`

func TestABalanceTellsWhatIsTightAndHowFarItGoes(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	query := `query($id: ID!) { team(id: $id) { balance { ` + balanceFields + ` nextExpiry { tokens } team { name } } } }`
	balance := func() any { return at(ann.must(query, object{"id": ann.team}), "team", "balance") }
	wantJSON(t, balance(), `{
		"available": 195, "spendable": 195, "reserved": 0, "purchased": 0, "bonus": 195, "unlimited": false,
		"consumedToday": 0, "dailyLimit": 650, "dailyLimitSource": "PLATFORM_DEFAULT", "remainingToday": 650,
		"status": "SUFFICIENT", "statusReason": "195 tokens are available.", "debt": 0, "nextExpiry": null,
		"operationsLeft": [
			{"operation": "GENERATE_TEXTS", "times": 4}, {"operation": "SEARCH_IMAGES", "times": 19},
			{"operation": "SEARCH_PRICES", "times": 19}, {"operation": "GENERATE_ALL", "times": 3}
		],
		"team": {"name": "ann's team"}
	}`)
	const plan = `mutation($i: TeamPlanInput!) { setTeamPlan(input: $i) { team { id } userErrors { code path message } } }`
	admin := w.administrator()
	admin.must(plan, object{"i": object{"teamId": ann.team, "plan": "STANDARD", "dailyLimit": 5}})
	ann.language = "es"
	limited := balance()
	if text(limited, "status") != "EMPTY" || at(limited, "operationsLeft", 0, "times") != 0.0 {
		t.Errorf("limited: %v", limited)
	}
	mustContain(t, text(limited, "statusReason"), "El límite de 5 tokens al día es demasiado bajo")

	admin.must(plan, object{"i": object{"teamId": ann.team, "plan": "ENTERPRISE", "dailyLimit": -1, "unlimitedTokens": true}})
	unlimited := balance()
	for _, field := range []string{"available", "spendable", "dailyLimit", "remainingToday"} {
		if got := at(unlimited, field); got != -1.0 {
			t.Errorf("%s: %v", field, got)
		}
	}
	if at(unlimited, "operationsLeft", 3, "times") != -1.0 || at(unlimited, "bonus") != 195.0 {
		t.Errorf("unlimited: %v", unlimited)
	}
	refused := admin.must(plan, object{"i": object{"teamId": ann.team, "plan": "STANDARD"}})
	wantJSON(t, at(refused, "setTeamPlan", "userErrors", 0, "code"), `"WRONG_STATE"`)
	wantJSON(t, at(refused, "setTeamPlan", "team"), `null`)
	admin.must(plan, object{"i": object{"teamId": ann.team, "plan": "STANDARD", "unlimitedTokens": nil, "dailyLimit": nil}})
	if back := balance(); at(back, "available") != 195.0 || at(back, "dailyLimit") != 650.0 {
		t.Errorf("back: %v", back)
	}
}

func TestAGrantHappensOnceForItsKeyAndIsToldInTheLedger(t *testing.T) {
	w := newWorld(t)
	ann, admin := w.signUp("ann"), w.administrator()
	const grant = `mutation($i: GrantTokensInput!) { grantTokens(input: $i) {
		grant { id status source tokens note } balance { available version }
		userErrors { __typename code path ... on IdempotencyConflictError { idempotencyKey } } } }`
	input := object{"teamId": ann.team, "tokens": 100, "source": "GIFT", "note": "sorry", "idempotencyKey": "k"}
	first := admin.must(grant, object{"i": input})
	again := admin.must(grant, object{"i": object{
		"teamId": ann.team, "tokens": 100, "source": "GIFT", "note": "sorry", "idempotencyKey": "k", "expiresAt": nil,
	}})
	id := text(first, "grantTokens", "grant", "id")
	wantJSON(t, first["grantTokens"], `{
		"grant": {"id": "`+id+`", "status": "ACTIVE", "source": "GIFT", "tokens": 100, "note": "sorry"},
		"balance": {"available": 295, "version": 2}, "userErrors": []
	}`)
	wantJSON(t, again["grantTokens"], mustJSON(t, first["grantTokens"]))
	input["tokens"] = 200
	wantJSON(t, admin.must(grant, object{"i": input})["grantTokens"], `{"grant": null, "balance": null, "userErrors": [
		{"__typename": "IdempotencyConflictError", "code": "IDEMPOTENCY_CONFLICT", "path": ["idempotencyKey"], "idempotencyKey": "k"}
	]}`)
	const ledger = `query($id: ID!, $filter: LedgerFilter) { team(id: $id) {
		ledger(filter: $filter) { nodes { sequence kind tokens balanceAfter note actor { name } grant { id } draws { tokens } debt } }
		grants(status: ACTIVE) { nodes { remaining } }
	} }`
	all := ann.must(ledger, object{"id": ann.team})
	wantJSON(t, at(all, "team", "ledger", "nodes", 0), `{
		"sequence": 2, "kind": "GRANT", "tokens": 100, "balanceAfter": 295, "note": "sorry", "actor": {"name": "Administrator"},
		"grant": {"id": "`+id+`"}, "draws": [], "debt": 0
	}`)
	wantJSON(t, at(all, "team", "ledger", "nodes", 1, "actor"), `null`)
	wantJSON(t, at(all, "team", "grants", "nodes"), `[{"remaining": 100}, {"remaining": 195}]`)
	for _, test := range []struct {
		filter object
		lines  int
	}{
		{object{"grantId": id}, 1},
		{object{"actorId": admin.user}, 1},
		{object{"kinds": []string{"GRANT"}}, 2},
		{object{"kinds": []string{"EXPIRE"}}, 0},
		{object{"kinds": nil, "grantId": nil}, 2},
		{object{"actorId": "nonsense"}, 0},
		{object{"generationId": id}, 0},
	} {
		data := ann.must(ledger, object{"id": ann.team, "filter": test.filter})
		if got := len(at(data, "team", "ledger", "nodes").([]any)); got != test.lines {
			t.Errorf("%v: %d lines, want %d", test.filter, got, test.lines)
		}
	}
}

func mustJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheAdministrationIsForAdministrators(t *testing.T) {
	w := newWorld(t)
	ann, admin := w.signUp("ann"), w.administrator()
	const query = `query($id: ID) { administration { id defaultDailyLimit teams(search: "ANN@") { nodes { name } }
		reconciliation(teamId: $id) { teamsChecked entriesChecked discrepancies { team { name } invariant expected found } } } }`
	wantJSON(t, admin.must(query, nil)["administration"], `{
		"id": "`+models.AdministrationID+`", "defaultDailyLimit": 650, "teams": {"nodes": [{"name": "ann's team"}]},
		"reconciliation": {"teamsChecked": 1, "entriesChecked": 1, "discrepancies": []}
	}`)
	w.exec(`UPDATE balances SET available = 7`)
	found := admin.must(query, object{"id": ann.team})
	if text(found, "administration", "reconciliation", "discrepancies", 0, "team", "name") != "ann's team" {
		t.Errorf("planted corruption: %v", found)
	}
	for code, caller := range map[string]*client{"FORBIDDEN": ann, "UNAUTHENTICATED": w.anonymous()} {
		caller.refused(code, `{ administration { id } }`, nil)
		caller.refused(code, `mutation { setDefaultDailyLimit(input: {tokens: 1}) { userErrors { code } } }`, nil)
		caller.refused(code, `mutation($id: ID!) { setTeamPlan(input: {teamId: $id, plan: ENTERPRISE}) { userErrors { code } } }`, object{"id": ann.team})
		caller.refused(code, `mutation($id: ID!) { grantTokens(input: {teamId: $id, tokens: 1, source: GIFT, note: "x", idempotencyKey: "x"}) {
			userErrors { code } } }`, object{"id": ann.team})
	}
	const limit = `mutation($n: Tokens!) { setDefaultDailyLimit(input: {tokens: $n}) {
		administration { defaultDailyLimit } userErrors { code path } } }`
	wantJSON(t, admin.must(limit, object{"n": -1})["setDefaultDailyLimit"], `{"administration": {"defaultDailyLimit": -1}, "userErrors": []}`)
	wantJSON(t, admin.must(limit, object{"n": -2})["setDefaultDailyLimit"], `{"administration": null, "userErrors": [{"code": "OUT_OF_RANGE", "path": ["tokens"]}]}`)
	admin.refused("NOT_FOUND", `query { administration { reconciliation(teamId: "team_x") { teamsChecked } } }`, nil)
}

func TestEveryNodeOfATeamIsReadByItsIDAndByNobodyElse(t *testing.T) {
	w := newWorld(t)
	ann, eve := w.signUp("ann"), w.signUp("eve")
	w.grant(ann.team, 100)
	data := ann.must(`query($id: ID!) { team(id: $id) { balance { id } viewerMembership { id }
		grants(first: 1) { nodes { id } } ledger(first: 1) { nodes { id } } } }`, object{"id": ann.team})
	ann.must(`mutation($id: ID!) { inviteMember(input: {teamId: $id, email: "x@example.com", role: VIEWER}) { token } }`, object{"id": ann.team})
	invitations := ann.must(`query($id: ID!) { team(id: $id) { invitations { id } } }`, object{"id": ann.team})
	ids := map[string]string{
		"User": ann.user, "Team": ann.team, "Balance": text(data, "team", "balance", "id"),
		"Membership": text(data, "team", "viewerMembership", "id"), "Grant": text(data, "team", "grants", "nodes", 0, "id"),
		"LedgerEntry": text(data, "team", "ledger", "nodes", 0, "id"), "Invitation": text(invitations, "team", "invitations", 0, "id"),
	}
	const node = `query($id: ID!) { node(id: $id) { __typename id } }`
	for name, id := range ids {
		for _, caller := range []*client{ann, w.administrator()} {
			wantJSON(t, caller.must(node, object{"id": id})["node"], `{"__typename": "`+name+`", "id": "`+id+`"}`)
		}
		for _, caller := range []*client{eve, w.anonymous()} {
			wantJSON(t, caller.must(node, object{"id": id})["node"], `null`)
		}
	}
	wantJSON(t, w.administrator().must(node, object{"id": models.AdministrationID})["node"], `{"__typename": "Administration", "id": "`+models.AdministrationID+`"}`)
	for _, id := range []string{models.AdministrationID, "", "x", "team_", "gen_nonsense", "session_" + ann.team[5:], "grant_" + ann.team[5:], "batch_" + ann.team[5:]} {
		wantJSON(t, ann.must(node, object{"id": id})["node"], `null`)
	}
}

// events are what a stream of server-sent events brings, one JSON object each.
func (c *client) events(query string, variables object) func() (answer, bool) {
	lines := bufio.NewScanner(c.post("text/event-stream", query, variables).Body)
	return func() (a answer, ok bool) {
		for lines.Scan() {
			data, found := strings.CutPrefix(lines.Text(), "data:")
			if data = strings.TrimSpace(data); !found || data == "" {
				continue
			}
			if err := json.Unmarshal([]byte(data), &a); err != nil {
				c.t.Fatalf("%v: %s", err, data)
			}
			a.body = data
			return a, true
		}
		return a, false
	}
}

const balanceChanged = `subscription($id: ID!) { balanceChanged(teamId: $id) { version available team { balance { available } } } }`

func TestABalanceIsShownAtOnceAndAfterEachChange(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	next := ann.events(balanceChanged, object{"id": ann.team})
	version := -1.0
	for _, want := range []float64{195, 295, 345} {
		a, ok := next()
		if !ok || len(a.Errors) > 0 {
			t.Fatalf("the stream ended: %s", a.body)
		}
		// The second figure is loaded for this event alone: never what another event has read.
		if at(a.Data, "balanceChanged", "available") != want || at(a.Data, "balanceChanged", "team", "balance", "available") != want {
			t.Errorf("want %v, got %s", want, a.body)
		}
		seen, _ := at(a.Data, "balanceChanged", "version").(float64)
		if seen <= version {
			t.Errorf("version %v behind %v", seen, version)
		}
		version = seen
		if want < 345 {
			w.grant(ann.team, map[float64]int{195: 100, 295: 50}[want])
		}
	}
}

func TestTheStreamOfARemovedMemberEndsWithAnError(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	bob := ann.member("bob", "VIEWER")
	owners := ann.events(balanceChanged, object{"id": ann.team})
	members := bob.events(balanceChanged, object{"id": ann.team})
	admins := w.administrator().events(balanceChanged, object{"id": ann.team})
	for _, next := range []func() (answer, bool){owners, members, admins} {
		if a, ok := next(); !ok || len(a.Errors) > 0 {
			t.Fatalf("no first state: %s", a.body)
		}
	}
	w.exec(`DELETE FROM memberships WHERE user_id = $1`, bob.user)
	a, ok := members()
	if !ok || len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != "FORBIDDEN" {
		t.Errorf("the removed member's stream: %v %s", ok, a.body)
	}
	if a, more := members(); more {
		t.Errorf("after the end: %s", a.body)
	}
	// The others go on, the administrator's among them.
	w.grant(ann.team, 100)
	for _, next := range []func() (answer, bool){owners, admins} {
		if a, ok := next(); !ok || len(a.Errors) > 0 {
			t.Errorf("another's stream: %s", a.body)
		}
	}
}
