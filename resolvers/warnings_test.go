package resolvers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"productgenerator/models"
)

const (
	setAlertRule = `mutation($i: AlertRuleInput!) { setAlertRule(input: $i) {
	alertRule { id metric threshold email webhookUrl enabled } webhookSecret userErrors { __typename code path message } } }`
	deleteAlertRule = `mutation($id: ID!) { deleteAlertRule(input: {id: $id}) {
	alertRule { id threshold webhookUrl } webhookSecret userErrors { code } } }`
	acknowledge = `mutation($id: ID!) { acknowledgeWarning(input: {id: $id}) {
	limitWarning { id acknowledgedAt acknowledgedBy { name } } userErrors { code } } }`
	alertRules   = `query($id: ID!) { team(id: $id) { alertRules { id metric threshold email webhookUrl enabled } } }`
	teamWarnings = `query($id: ID!, $acknowledged: Boolean) { team(id: $id) { limitWarnings(acknowledged: $acknowledged) { nodes {
	id kind message threshold value rule { id metric webhookUrl } member { role user { name } } balanceVersion
	raisedAt acknowledgedAt acknowledgedBy { name } } } } }`
)

// lowRule makes a rule that warns of 195 tokens or less, which a new team has crossed.
func (c *client) lowRule() (id string) {
	c.t.Helper()
	data := c.must(setAlertRule, object{"i": object{
		"teamId": c.team, "metric": "AVAILABLE_TOKENS_BELOW", "threshold": 195, "webhookUrl": "https://hooks.example.com/x",
	}})
	id = text(data, "setAlertRule", "alertRule", "id")
	if id == "" {
		c.t.Fatalf("no rule: %v", data)
	}
	return id
}

// warnings are the team's, the newest first.
func (c *client) warnings(team string) []any {
	c.t.Helper()
	nodes, _ := at(c.must(teamWarnings, object{"id": team}), "team", "limitWarnings", "nodes").([]any)
	return nodes
}

func TestATeamBeginsWithThreeRulesAndADMINsChangeThem(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	rules, _ := at(ann.must(alertRules, object{"id": ann.team}), "team", "alertRules").([]any)
	var told []string
	for _, rule := range rules {
		told = append(told, fmt.Sprint(text(rule, "metric"), " ", at(rule, "threshold"), " ", at(rule, "email"), " ", at(rule, "enabled")))
	}
	wantJSON(t, strings.Join(told, ", "), `"AVAILABLE_TOKENS_BELOW 130 true true, DAILY_LIMIT_PERCENT_USED 80 true true, GRANT_EXPIRES_WITHIN_DAYS 7 true true"`)

	input := object{"teamId": ann.team, "metric": "DAILY_LIMIT_PERCENT_USED", "threshold": 50}
	made := ann.must(setAlertRule, object{"i": input})
	id := text(made, "setAlertRule", "alertRule", "id")
	wantJSON(t, made["setAlertRule"], `{"alertRule": {"id": "`+id+`", "metric": "DAILY_LIMIT_PERCENT_USED", "threshold": 50,
		"email": false, "webhookUrl": null, "enabled": true}, "webhookSecret": null, "userErrors": []}`)

	input["id"], input["webhookUrl"], input["email"] = id, "https://hooks.example.com/x", true
	set := ann.must(setAlertRule, object{"i": input})
	wantJSON(t, at(set, "setAlertRule", "alertRule", "webhookUrl"), `"https://hooks.example.com/x"`)
	if secret := text(set, "setAlertRule", "webhookSecret"); !strings.HasPrefix(secret, "whsec_") {
		t.Errorf("the secret is %q", secret)
	}
	delete(input, "webhookUrl")
	delete(input, "email")
	input["enabled"] = false
	kept := ann.must(setAlertRule, object{"i": input})
	wantJSON(t, kept["setAlertRule"], `{"alertRule": {"id": "`+id+`", "metric": "DAILY_LIMIT_PERCENT_USED", "threshold": 50,
		"email": true, "webhookUrl": "https://hooks.example.com/x", "enabled": false}, "webhookSecret": null, "userErrors": []}`)
	input["webhookUrl"], input["email"] = nil, nil
	cleared := ann.must(setAlertRule, object{"i": input})
	wantJSON(t, at(cleared, "setAlertRule", "alertRule", "webhookUrl"), `null`)
	wantJSON(t, at(cleared, "setAlertRule", "alertRule", "email"), `true`)

	wantJSON(t, ann.must(deleteAlertRule, object{"id": id})["deleteAlertRule"],
		`{"alertRule": {"id": "`+id+`", "threshold": 50, "webhookUrl": null}, "webhookSecret": null, "userErrors": []}`)
	ann.refused("NOT_FOUND", deleteAlertRule, object{"id": id})
}

func TestWhatIsWrongWithARuleIsToldFieldByField(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	wrong := func(threshold any, address any) any {
		return at(ann.must(setAlertRule, object{"i": object{
			"teamId": ann.team, "metric": "GRANT_EXPIRES_WITHIN_DAYS", "threshold": threshold, "webhookUrl": address,
		}}), "setAlertRule")
	}
	wantJSON(t, wrong(366, "ftp://example.com"), `{"alertRule": null, "webhookSecret": null, "userErrors": [
		{"__typename": "ValidationError", "code": "OUT_OF_RANGE", "path": ["threshold"],
			"message": "Give 1 to 100 percent, 0 or more tokens, or 1 to 365 days, as what is watched asks for."},
		{"__typename": "ValidationError", "code": "INVALID", "path": ["webhookUrl"],
			"message": "Give a full https:// address on the public internet, without a user name or password."}
	]}`)
	for range 17 {
		if made := wrong(30, nil); at(made, "alertRule") == nil {
			t.Fatalf("%v", made)
		}
	}
	wantJSON(t, wrong(30, nil), `{"alertRule": null, "webhookSecret": null, "userErrors": [
		{"__typename": "ValidationError", "code": "TOO_MANY", "path": [], "message": "Use at most 20."}]}`)
}

func TestRulesAndAcknowledgementsAreForADMINsAndWebhooksForTheirEyes(t *testing.T) {
	w := newWorld(t)
	ann, eve := w.signUp("ann"), w.signUp("eve")
	rule := ann.lowRule()
	warning := text(ann.warnings(ann.team), 0, "id")
	input := object{"i": object{"teamId": ann.team, "metric": "AVAILABLE_TOKENS_BELOW", "threshold": 1}}
	bob, sue := ann.member("bob", "MEMBER"), ann.member("sue", "ADMIN")
	callers := map[string][]*client{
		"UNAUTHENTICATED": {w.anonymous()}, "NOT_FOUND": {eve}, "FORBIDDEN": {bob, w.administrator()},
	}
	for code, list := range callers {
		for _, caller := range list {
			caller.refused(code, setAlertRule, input)
			caller.refused(code, deleteAlertRule, object{"id": rule})
			caller.refused(code, acknowledge, object{"id": warning})
		}
	}
	foreign := object{"teamId": eve.team, "id": rule, "metric": "AVAILABLE_TOKENS_BELOW", "threshold": 1}
	eve.refused("NOT_FOUND", setAlertRule, object{"i": foreign})
	foreign["id"] = "nonsense"
	eve.refused("NOT_FOUND", setAlertRule, object{"i": foreign})
	eve.refused("NOT_FOUND", deleteAlertRule, object{"id": "nonsense"})
	eve.refused("NOT_FOUND", acknowledge, object{"id": "nonsense"})

	const node = `query($id: ID!) { node(id: $id) { __typename id ... on AlertRule { webhookUrl } ... on LimitWarning { rule { webhookUrl } } } }`
	for _, caller := range []*client{ann, sue, w.administrator()} {
		if rules, _ := at(caller.must(alertRules, object{"id": ann.team}), "team", "alertRules").([]any); len(rules) != 4 {
			t.Errorf("rules for an ADMIN: %v", rules)
		}
		wantJSON(t, caller.must(node, object{"id": rule})["node"], `{"__typename": "AlertRule", "id": "`+rule+`", "webhookUrl": "https://hooks.example.com/x"}`)
		wantJSON(t, caller.must(node, object{"id": warning})["node"], `{"__typename": "LimitWarning", "id": "`+warning+`", "rule": {"webhookUrl": "https://hooks.example.com/x"}}`)
	}
	wantJSON(t, at(bob.must(alertRules, object{"id": ann.team}), "team", "alertRules"), `null`)
	wantJSON(t, bob.must(node, object{"id": rule})["node"], `{"__typename": "AlertRule", "id": "`+rule+`", "webhookUrl": null}`)
	wantJSON(t, at(bob.warnings(ann.team), 0, "rule"), `{"id": "`+rule+`", "metric": "AVAILABLE_TOKENS_BELOW", "webhookUrl": null}`)
	for _, caller := range []*client{eve, w.anonymous()} {
		wantJSON(t, caller.must(node, object{"id": rule})["node"], `null`)
		wantJSON(t, caller.must(node, object{"id": warning})["node"], `null`)
	}
}

func TestAWarningIsAcknowledgedOnceForTheWholeTeam(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	ann.lowRule()
	sue := ann.member("sue", "ADMIN")
	warning := text(ann.warnings(ann.team), 0, "id")
	first := sue.must(acknowledge, object{"id": warning})
	wantJSON(t, at(first, "acknowledgeWarning", "limitWarning", "acknowledgedBy", "name"), `"sue"`)
	again := ann.must(acknowledge, object{"id": warning})
	wantJSON(t, again["acknowledgeWarning"], mustJSON(t, first["acknowledgeWarning"]))
	for acknowledged, count := range map[bool]int{true: 1, false: 0} {
		nodes, _ := at(ann.must(teamWarnings, object{"id": ann.team, "acknowledged": acknowledged}), "team", "limitWarnings", "nodes").([]any)
		if len(nodes) != count {
			t.Errorf("acknowledged %v: %v", acknowledged, nodes)
		}
	}
}

func TestAWarningTellsWhatIsTightAndWhatClearsItInTheViewersLanguage(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	bob := ann.member("bob", "MEMBER")
	rule := ann.lowRule()
	w.exec(`UPDATE memberships SET daily_limit = 65 WHERE user_id = $1`, bob.user)
	lamp := ann.product("Lamp")
	if errs := at(bob.run("generateAll", lamp, "k"), "userErrors").([]any); len(errs) > 0 {
		t.Fatal(errs)
	}
	messages := func() map[string]string {
		told := map[string]string{}
		for _, warning := range ann.warnings(ann.team) {
			told[text(warning, "kind")+fmt.Sprint(at(warning, "threshold"))] = text(warning, "message")
		}
		return told
	}
	english := messages()
	ann.language = "es"
	spanish := messages()
	for key, parts := range map[string][2]string{
		"BALANCE_LOW195":         {"The team has 195 tokens left: the warning line is 195 tokens.", "Al equipo le quedan 195 tokens: la línea de aviso son 195 tokens."},
		"BALANCE_LOW130":         {"The team has 130 tokens left: the warning line is 130 tokens.", "Al equipo le quedan 130 tokens"},
		"MEMBER_LIMIT_NEAR52":    {"bob has used 65 tokens of an own limit of 65 tokens a day: the warning line is 52 tokens. The next day begins at 00:00 on ", "bob ha usado 65 tokens de su propio límite de 65 tokens al día"},
		"MEMBER_LIMIT_REACHED65": {"bob has used 65 tokens of an own limit of 65 tokens a day, and what is left", "lo que queda no basta"},
	} {
		mustContain(t, english[key], parts[0])
		mustContain(t, spanish[key], parts[1])
	}
	newest := ann.warnings(ann.team)
	var member any
	for _, warning := range newest {
		if text(warning, "kind") == "MEMBER_LIMIT_REACHED" {
			member = at(warning, "member")
		}
	}
	wantJSON(t, member, `{"role": "MEMBER", "user": {"name": "bob"}}`)

	// What a warning names may be gone.
	ann.must(deleteAlertRule, object{"id": rule})
	w.exec(`DELETE FROM memberships WHERE user_id = $1`, bob.user)
	for _, warning := range ann.warnings(ann.team) {
		switch text(warning, "kind") {
		case "MEMBER_LIMIT_REACHED", "MEMBER_LIMIT_NEAR":
			wantJSON(t, at(warning, "member"), `null`)
		case "BALANCE_LOW":
			if at(warning, "threshold") == 195.0 {
				wantJSON(t, at(warning, "rule"), `null`)
			}
		}
	}
}

func TestAWarningsSentenceForOthersHasItsFiguresInTheZoneAndLanguage(t *testing.T) {
	write := WarningWriter()
	at := time.Date(2026, 6, 4, 22, 0, 0, 0, time.UTC)
	limit, none := models.Tokens(650), models.Tokens(0)
	for _, test := range []struct {
		warning      models.LimitWarning
		zone, locale string
		want         string
	}{
		{
			models.LimitWarning{Kind: models.WarningDailyLimitNear, Threshold: 520, Value: 530, DailyLimit: &limit, ClearsAt: &at},
			"Europe/Madrid", "en",
			"530 tokens of the limit of 650 tokens a day are used: the warning line is 520 tokens. The next day begins at 00:00 on 5 June (Europe/Madrid).",
		},
		{
			models.LimitWarning{Kind: models.WarningDailyLimitReached, Threshold: 650, Value: 645, DailyLimit: &limit, ClearsAt: &at},
			"UTC", "es-MX",
			"Se han usado 645 tokens del límite de 650 tokens al día y lo que queda no basta para ninguna operación. El próximo día empieza a las 22:00 del 4 de junio (UTC).",
		},
		{
			models.LimitWarning{Kind: models.WarningDailyLimitReached, DailyLimit: &none, ClearsAt: &at},
			"UTC", "",
			"The limit of 0 tokens a day is too low for any operation: it has to be raised.",
		},
		{
			models.LimitWarning{Kind: models.WarningBalanceEmpty, Threshold: 10, Value: 5},
			"UTC", "de",
			"The team has 5 tokens left, too few for any operation. An admin of the team can get more.",
		},
		{
			models.LimitWarning{Kind: models.WarningGrantExpiring, Threshold: 7, Value: 1_200, ClearsAt: &at},
			"America/New_York", "en-GB",
			"1,200 tokens lapse at 18:00 on 4 June (America/New_York) if nobody uses them before. They are spent ahead of tokens that last longer.",
		},
		{
			models.LimitWarning{Kind: models.WarningMemberLimitReached, Threshold: 650, Value: 650, DailyLimit: &limit, ClearsAt: &at},
			"UTC", "en",
			"A member has used 650 tokens of an own limit of 650 tokens a day, and what is left is too little for any operation. The next day begins at 22:00 on 4 June (UTC); an admin of the team can raise the limit before.",
		},
		{
			models.LimitWarning{Kind: models.WarningMemberLimitReached, DailyLimit: &none, ClearsAt: &at},
			"UTC", "en",
			"A member's own limit of 0 tokens a day is too low for any operation: an admin of the team can raise it.",
		},
	} {
		if got := write(test.warning, test.zone, test.locale); got != test.want {
			t.Errorf("%s in %s:\ngot  %s\nwant %s", test.warning.Kind, test.locale, got, test.want)
		}
	}
}
