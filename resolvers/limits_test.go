package resolvers

import (
	"strings"
	"testing"
	"time"

	"productgenerator/models"
)

const (
	updateTeam = `mutation($i: UpdateTeamInput!) { updateTeam(input: $i) {
	team { name timeZone pendingTimeZone pendingTimeZoneAt ownDailyLimit allowedDailyLimit lowBalanceThreshold balance { dailyLimit dailyLimitSource resetsAt } }
	userErrors { __typename code path message } } }`
	updateMember = `mutation($i: UpdateMemberInput!) { updateMember(input: $i) {
	membership { role dailyLimit consumedToday remainingToday user { name } team { viewerRole } }
	userErrors { __typename code path message } } }`
	limitFields = `__typename code message path ... on DailyLimitReachedError { source
	required remainingToday dailyLimit resetsAt clearableBy member { user { name } dailyLimit } }`
)

// product is a new product of the client's team.
func (c *client) product(name string) string {
	c.t.Helper()
	data := c.must(`mutation($i: CreateProductInput!) { createProduct(input: $i) { product { id } } }`,
		object{"i": object{"teamId": c.teamOf(), "name": name}})
	return text(data, "createProduct", "product", "id")
}

// teamOf is the first team that the client is in.
func (c *client) teamOf() string {
	c.t.Helper()
	if c.team != "" {
		return c.team
	}
	return text(c.must(`{ viewer { memberships { team { id } } } }`, nil), "viewer", "memberships", 0, "team", "id")
}

// place is the client's membership in its first team.
func (c *client) place() string {
	c.t.Helper()
	return text(c.must(`{ viewer { memberships { id } } }`, nil), "viewer", "memberships", 0, "id")
}

// run asks for an operation on a product, and gives its payload.
func (c *client) run(mutation, product, key string) any {
	c.t.Helper()
	return c.must(`mutation($i: GenerateInput!) { run: `+mutation+`(input: $i) { generation { id } userErrors { `+limitFields+` } } }`,
		object{"i": object{"productId": product, "idempotencyKey": key}})["run"]
}

// quote asks what an operation on the products would be answered.
func (c *client) quote(operation string, products ...string) any {
	c.t.Helper()
	return c.must(`query($i: QuoteInput!) { quote(input: $i) {
		allowed affordable blockers { `+limitFields+` ... on ConflictError { conflictsWith { id } } } warnings { kind message productIds } } }`,
		object{"i": object{"teamId": c.teamOf(), "operation": operation, "productIds": products}})["quote"]
}

func TestATeamsSettingsAreChangedTogetherAndShown(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	adam := ann.member("adam", "ADMIN")
	change := func(fields object) any {
		t.Helper()
		fields["teamId"] = ann.team
		return adam.must(updateTeam, object{"i": fields})["updateTeam"]
	}
	changed := change(object{"name": " Lamps ", "dailyLimit": 100, "lowBalanceThreshold": 20, "timeZone": "Asia/Tokyo"})
	pendingAt, _ := time.Parse(time.RFC3339, text(changed, "team", "pendingTimeZoneAt"))
	resetsAt, _ := time.Parse(time.RFC3339, text(changed, "team", "balance", "resetsAt"))
	if lead := pendingAt.Sub(resetsAt); lead < 20*time.Hour || lead > 45*time.Hour {
		t.Errorf("the zone takes effect %s behind the next midnight", lead)
	}
	delete(at(changed, "team").(object), "pendingTimeZoneAt")
	delete(at(changed, "team", "balance").(object), "resetsAt")
	wantJSON(t, changed, `{"team": {
		"name": "Lamps", "timeZone": "UTC", "pendingTimeZone": "Asia/Tokyo", "ownDailyLimit": 100, "allowedDailyLimit": 650,
		"lowBalanceThreshold": 20, "balance": {"dailyLimit": 100, "dailyLimitSource": "TEAM_OWN"}}, "userErrors": []}`)

	refused := change(object{"timeZone": "Europe/Madrid", "name": "Owls"})
	wantJSON(t, at(refused, "userErrors", 0, "code"), `"WRONG_STATE"`)
	wantJSON(t, at(refused, "userErrors", 0, "path"), `["timeZone"]`)
	mustContain(t, text(refused, "userErrors", 0, "message"), "can be changed again at "+pendingAt.Format("15:04 on 2 January")+" (UTC)")
	adam.language = "es"
	mustContain(t, text(change(object{"timeZone": "Europe/Madrid"}), "userErrors", 0, "message"), "podrá cambiarse de nuevo a las "+pendingAt.Format("15:04"))

	cleared := change(object{"dailyLimit": nil, "timeZone": "UTC"})
	wantJSON(t, at(cleared, "team", "name"), `"Lamps"`)
	wantJSON(t, at(cleared, "team", "ownDailyLimit"), `null`)
	wantJSON(t, at(cleared, "team", "pendingTimeZone"), `null`)
	wantJSON(t, at(cleared, "team", "pendingTimeZoneAt"), `null`)
	wantJSON(t, at(cleared, "team", "balance", "dailyLimitSource"), `"PLATFORM_DEFAULT"`)
}

func TestBadSettingsAreToldFieldByField(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	refused := ann.must(updateTeam, object{"i": object{
		"teamId": ann.team, "name": nil, "timeZone": "Local", "dailyLimit": -1, "lowBalanceThreshold": 2_147_483_648,
	}})
	wantJSON(t, refused["updateTeam"], `{"team": null, "userErrors": [
		{"__typename": "ValidationError", "code": "REQUIRED", "path": ["name"], "message": "Fill this in."},
		{"__typename": "ValidationError", "code": "INVALID", "path": ["timeZone"], "message": "Choose a time zone by its IANA name, such as Europe/Madrid."},
		{"__typename": "ValidationError", "code": "OUT_OF_RANGE", "path": ["dailyLimit"], "message": "Give 0 or more tokens, or null to take this limit away; -1, no limit at all, is for the platform's administrators."},
		{"__typename": "ValidationError", "code": "OUT_OF_RANGE", "path": ["lowBalanceThreshold"], "message": "Give 0 to 2,147,483,647 tokens."}
	]}`)
	cleared := ann.must(updateTeam, object{"i": object{"teamId": ann.team, "timeZone": nil, "lowBalanceThreshold": nil}})
	wantJSON(t, at(cleared, "updateTeam", "userErrors", 0, "path"), `["timeZone"]`)
	wantJSON(t, at(cleared, "updateTeam", "userErrors", 1, "path"), `["lowBalanceThreshold"]`)
	wantJSON(t, at(ann.must(teamQuery, object{"id": ann.team}), "team", "name"), `"ann's team"`)
}

func TestWhoMayChangeATeamAndItsMembers(t *testing.T) {
	w := newWorld(t)
	ann, eve := w.signUp("ann"), w.signUp("eve")
	adam, mel, vic := ann.member("adam", "ADMIN"), ann.member("mel", "MEMBER"), ann.member("vic", "VIEWER")
	team := object{"i": object{"teamId": ann.team, "name": "Mine"}}
	for _, caller := range []*client{mel, vic, w.administrator()} {
		caller.refused("FORBIDDEN", updateTeam, team)
		caller.refused("FORBIDDEN", updateMember, object{"i": object{"id": adam.place(), "role": "VIEWER"}})
	}
	eve.refused("NOT_FOUND", updateTeam, team)
	w.anonymous().refused("UNAUTHENTICATED", updateTeam, team)
	w.anonymous().refused("UNAUTHENTICATED", updateMember, object{"i": object{"id": vic.place()}})
	foreign := eve.refused("NOT_FOUND", updateMember, object{"i": object{"id": vic.place(), "role": "VIEWER"}})
	for _, id := range []string{string(models.NewMembershipID(time.Now())), "member_nonsense", ann.team} {
		absent := eve.refused("NOT_FOUND", updateMember, object{"i": object{"id": id, "role": "VIEWER"}})
		if absent.body != foreign.body {
			t.Errorf("foreign: %s, missing: %s", foreign.body, absent.body)
		}
	}
	adam.refused("FORBIDDEN", updateMember, object{"i": object{"id": ann.place(), "role": "MEMBER"}})
	adam.refused("FORBIDDEN", updateMember, object{"i": object{"id": mel.place(), "role": "ADMIN"}})
	mel.refused("FORBIDDEN", updateMember, object{"i": object{"id": mel.place(), "role": "ADMIN"}})
	mel.refused("FORBIDDEN", updateMember, object{"i": object{"id": mel.place(), "dailyLimit": nil}})

	wantJSON(t, adam.must(updateMember, object{"i": object{"id": mel.place(), "role": "VIEWER", "dailyLimit": 20}})["updateMember"], `{
		"membership": {"role": "VIEWER", "dailyLimit": 20, "consumedToday": 0, "remainingToday": 20, "user": {"name": "mel"}, "team": {"viewerRole": "ADMIN"}},
		"userErrors": []}`)
	wantJSON(t, adam.must(updateMember, object{"i": object{"id": adam.place(), "role": "MEMBER"}})["updateMember"], `{
		"membership": {"role": "MEMBER", "dailyLimit": null, "consumedToday": 0, "remainingToday": 650, "user": {"name": "adam"}, "team": {"viewerRole": "MEMBER"}},
		"userErrors": []}`)
	adam.refused("FORBIDDEN", updateTeam, team)
}

func TestTheLastOwnerIsToldWhyToStay(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	step := object{"i": object{"id": ann.place(), "role": "ADMIN"}}
	wantJSON(t, ann.must(updateMember, step)["updateMember"], `{"membership": null, "userErrors": [
		{"__typename": "ValidationError", "code": "LAST_OWNER", "path": ["role"], "message": "A team needs an owner: make somebody else one first."}]}`)
	wantJSON(t, at(ann.must(updateMember, object{"i": object{"id": ann.place(), "role": nil}}), "updateMember", "userErrors", 0, "code"), `"REQUIRED"`)
	bob := ann.member("bob", "ADMIN")
	ann.must(updateMember, object{"i": object{"id": bob.place(), "role": "OWNER"}})
	wantJSON(t, at(ann.must(updateMember, step), "updateMember", "membership", "role"), `"ADMIN"`)
}

func TestALowerRoleReadsOnOnItsOpenStream(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	mel := ann.member("mel", "MEMBER")
	next := mel.events(balanceChanged, object{"id": ann.team})
	next()
	ann.must(updateMember, object{"i": object{"id": mel.place(), "role": "VIEWER"}})
	mel.refused("FORBIDDEN", `mutation($i: CreateProductInput!) { createProduct(input: $i) { product { id } } }`,
		object{"i": object{"teamId": ann.team, "name": "Lamp"}})
	w.grant(ann.team, 7)
	if a, ok := next(); !ok || len(a.Errors) > 0 || at(a.Data, "balanceChanged", "available") != float64(202) {
		t.Errorf("behind the change the stream shows %s", a.body)
	}
}

func TestTheRefusalOfASpendSaysWhichLimitItIs(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	mel := ann.member("mel", "MEMBER")
	root := w.administrator()
	const setPlan = `mutation($i: TeamPlanInput!) { setTeamPlan(input: $i) { userErrors { code } } }`
	const setDefault = `mutation($t: Tokens!) { setDefaultDailyLimit(input: {tokens: $t}) { userErrors { code } } }`
	root.must(setPlan, object{"i": object{"teamId": ann.team, "plan": "ENTERPRISE", "unlimitedTokens": true}})
	mel.run("searchImages", mel.product("used"), "first") // 10 of the day

	for _, step := range []struct {
		name               string
		arrange            func(limit any)
		clearableBy        string
		source             string
		own                bool
		english, spanish   string
		tooLowEn, tooLowEs string
	}{
		{
			"default", func(limit any) {
				if limit == nil {
					limit = 650
				}
				root.must(setDefault, object{"t": limit})
			}, `null`, `"PLATFORM_DEFAULT"`, false,
			"This costs 45 tokens, and 40 tokens are left of today's 50 tokens, the limit that the platform sets for every team. The next day begins at MIDNIGHT; nobody in the team can raise this limit, only the platform can.",
			"Esto cuesta 45 tokens y de los 50 tokens de hoy, el límite que la plataforma pone a todos los equipos, quedan 40 tokens. El próximo día empieza a MIDNIGHT; nadie del equipo puede subir este límite, solo la plataforma.",
			"more than the 44 tokens a day that the platform allows every team: waiting does not help.",
			"más que los 44 tokens al día que la plataforma permite a todos los equipos: esperar no sirve.",
		},
		{
			"custom", func(limit any) {
				root.must(setPlan, object{"i": object{"teamId": ann.team, "plan": "ENTERPRISE", "dailyLimit": limit}})
			}, `null`, `"PLATFORM_CUSTOM"`, false,
			"This costs 45 tokens, and 40 tokens are left of today's 50 tokens, the limit that the platform has set for this team. The next day begins at MIDNIGHT; nobody in the team can raise this limit, only the platform can.",
			"Esto cuesta 45 tokens y de los 50 tokens de hoy, el límite que la plataforma ha puesto a este equipo, quedan 40 tokens. El próximo día empieza a MIDNIGHT; nadie del equipo puede subir este límite, solo la plataforma.",
			"more than the 44 tokens a day that the platform has set for this team: waiting does not help.",
			"más que los 44 tokens al día que la plataforma ha puesto a este equipo: esperar no sirve.",
		},
		{
			"own", func(limit any) {
				ann.must(updateTeam, object{"i": object{"teamId": ann.team, "dailyLimit": limit}})
			}, `"ADMIN"`, `"TEAM_OWN"`, false,
			"This costs 45 tokens, and 40 tokens are left of the limit of 50 tokens a day that the team has set itself. The next day begins at MIDNIGHT; an admin of the team can raise the limit before.",
			"Esto cuesta 45 tokens y del límite de 50 tokens al día que se ha puesto el equipo quedan 40 tokens. El próximo día empieza a MIDNIGHT; un administrador del equipo puede subir antes el límite.",
			"more than the 44 tokens a day that the team has set itself: waiting does not help.",
			"más que el límite de 44 tokens al día que se ha puesto el equipo: esperar no sirve.",
		},
		{
			"member", func(limit any) {
				ann.must(updateMember, object{"i": object{"id": mel.place(), "dailyLimit": limit}})
			}, `"ADMIN"`, `null`, true,
			"This costs 45 tokens, and 40 tokens are left of your own limit of 50 tokens a day. Your next day begins at MIDNIGHT; an admin of the team can raise your limit before.",
			"Esto cuesta 45 tokens y de su propio límite de 50 tokens al día quedan 40 tokens. Su próximo día empieza a MIDNIGHT; un administrador del equipo puede subir antes su límite.",
			"more than your own limit of 44 tokens a day: waiting does not help.",
			"más que su propio límite de 44 tokens al día: esperar no sirve.",
		},
	} {
		step.arrange(50)
		product := mel.product(step.name)
		for language, sentence := range map[string]string{"en": step.english, "es": step.spanish} {
			mel.language = language
			refused := at(mel.run("generateTexts", product, step.name+language), "userErrors", 0)
			resets, err := time.Parse(time.RFC3339, text(refused, "resetsAt"))
			if err != nil || !resets.After(time.Now()) || time.Until(resets) > 24*time.Hour {
				t.Errorf("%s: resets at %q", step.name, text(refused, "resetsAt"))
			}
			midnight := mel.resolver.messages[tongue(language)].write(moment{resets, "UTC"})
			if want := strings.ReplaceAll(sentence, "MIDNIGHT", midnight); text(refused, "message") != want {
				t.Errorf("%s:\n got %s\nwant %s", step.name, text(refused, "message"), want)
			}
			wantJSON(t, at(refused, "clearableBy"), step.clearableBy)
			wantJSON(t, at(refused, "source"), step.source)
			wantJSON(t, []any{at(refused, "required"), at(refused, "remainingToday"), at(refused, "dailyLimit")}, `[45, 40, 50]`)
			if owner := text(refused, "member", "user", "name"); step.own != (owner == "mel") {
				t.Errorf("%s: the limit is that of %q", step.name, owner)
			}
			quoted := mel.quote("GENERATE_TEXTS", product)
			wantJSON(t, at(quoted, "affordable"), `["SEARCH_IMAGES", "SEARCH_PRICES"]`)
			blocker, _ := at(quoted, "blockers", 0).(object)
			if blocker["message"] != text(refused, "message") || blocker["resetsAt"] != at(refused, "resetsAt") {
				t.Errorf("%s: quoted %v, answered %v", step.name, blocker, refused)
			}
		}
		step.arrange(44)
		for language, sentence := range map[string]string{"en": step.tooLowEn, "es": step.tooLowEs} {
			mel.language = language
			mustContain(t, text(mel.quote("GENERATE_TEXTS", product), "blockers", 0, "message"), sentence)
		}
		mel.language = ""
		step.arrange(nil)
		ran := mel.run("generateTexts", product, step.name+" again")
		if at(ran, "generation") == nil {
			t.Fatalf("%s: the limit is gone and it still does not run: %v", step.name, ran)
		}
		mel.must(`mutation($id: ID!) { cancelGeneration(input: {id: $id}) { generation { status } } }`,
			object{"id": text(ran, "generation", "id")})
	}
}
