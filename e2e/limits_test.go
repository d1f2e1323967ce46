package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"productgenerator/postgres/pgtest"
)

// limitReached is what the refusal of a spend tells about a daily limit.
type limitReached struct {
	Type                                 string `json:"__typename"`
	Code, Message, ClearableBy, ResetsAt string
	Required, RemainingToday, DailyLimit int64
	Member                               *struct{ User struct{ ID string } }
}

const limitFields = `__typename code message ... on DailyLimitReachedError {
	required remainingToday dailyLimit resetsAt clearableBy member { user { id } } }`

// refusal is the one thing that keeps the user from having texts written for the product, as the mutation and the quote
// say it.
func (u *user) refusal(product, key string) limitReached {
	u.t.Helper()
	answered := ask[struct {
		Run struct{ UserErrors []limitReached }
	}](u.client, "mutation($input: GenerateInput!) { run: generateTexts(input: $input) { userErrors { "+limitFields+" } } }",
		input(vars{"productId": product, "idempotencyKey": key})).Run.UserErrors
	quoted := ask[struct {
		Quote struct {
			Blockers   []limitReached
			Affordable []string
		}
	}](u.client, "query($input: QuoteInput!) { quote(input: $input) { affordable blockers { "+limitFields+" } } }",
		input(vars{"teamId": u.team, "operation": "GENERATE_TEXTS", "productIds": []string{product}})).Quote
	if len(answered) != 1 || len(quoted.Blockers) != 1 {
		u.t.Fatalf("answered %+v, quoted %+v", answered, quoted)
	}
	if fmt.Sprint(answered[0]) != fmt.Sprint(quoted.Blockers[0]) && answered[0].Member == nil {
		u.t.Errorf("answered %+v, quoted %+v", answered[0], quoted.Blockers[0])
	}
	if strings.Join(quoted.Affordable, " ") != "SEARCH_IMAGES SEARCH_PRICES" {
		u.t.Errorf("affordable: %v", quoted.Affordable)
	}
	return answered[0]
}

// setTeam changes the user's team and returns what went wrong.
func (u *user) setTeam(fields vars) []userError {
	u.t.Helper()
	return ask[struct {
		UpdateTeam struct{ UserErrors []userError }
	}](u.client, "mutation($input: UpdateTeamInput!) { updateTeam(input: $input) { userErrors { "+errorFields+" } } }",
		input(merged(fields, vars{"teamId": u.team}))).UpdateTeam.UserErrors
}

// setMember changes a member and returns what went wrong.
func (u *user) setMember(id string, fields vars) []userError {
	u.t.Helper()
	return ask[struct {
		UpdateMember struct{ UserErrors []userError }
	}](u.client, "mutation($input: UpdateMemberInput!) { updateMember(input: $input) { userErrors { "+errorFields+" } } }",
		input(merged(fields, vars{"id": id}))).UpdateMember.UserErrors
}

// seat is a member of a team.
type seat struct {
	ID, Role                      string
	DailyLimit                    *int64
	ConsumedToday, RemainingToday int64
	User                          struct{ ID string }
}

// seats are the members of the user's team by their user's id.
func (u *user) seats() map[string]seat {
	u.t.Helper()
	members := ask[struct {
		Team struct {
			Members struct{ Nodes []seat }
		}
	}](u.client, "query($id: ID!) { team(id: $id) { members(first: 50) { nodes { id role dailyLimit consumedToday remainingToday user { id } } } } }",
		vars{"id": u.team}).Team.Members.Nodes
	seats := map[string]seat{}
	for _, member := range members {
		seats[member.User.ID] = member
	}
	return seats
}

// setDefault sets the platform's daily limit, as its administrator.
func (u *user) setDefault(tokens int64) {
	u.t.Helper()
	ask[vars](u.client, "mutation($tokens: Tokens!) { setDefaultDailyLimit(input: {tokens: $tokens}) { userErrors { code } } }", vars{"tokens": tokens})
}

// setCustom sets a team's daily limit, nil for the platform's default, as the platform's administrator.
func (u *user) setCustom(team string, limit any) {
	u.t.Helper()
	ask[vars](u.client, "mutation($input: TeamPlanInput!) { setTeamPlan(input: $input) { userErrors { code } } }",
		input(vars{"teamId": team, "plan": "ENTERPRISE", "dailyLimit": limit}))
}

func TestEachDailyLimitIsNamedToWhoeverRunsIntoIt(t *testing.T) {
	t.Parallel()
	database := "DATABASE_URL=" + pgtest.NewDurableURL(t)
	p := start(t, append(administration(), "WORKERS=0", "WELCOME_TOKENS=1000", database)...)
	root, olga := p.administrator(), p.signUp("Olga", "")
	mel := p.signUp("Mel", olga.invite("mel@example.com", "MEMBER"))
	products := olga.createProducts(4)
	olga.search(products[0], "Olga's")
	mel.search(products[1], "Mel's")
	balances := mel.watchBalance(olga.team)

	for _, step := range []struct {
		name             string
		arrange          func()
		limit            int64
		says, changeable string
	}{
		{"default", func() { root.setDefault(60) }, 60, "the platform sets for every team", ""},
		{"custom", func() { root.setCustom(olga.team, 55) }, 55, "the platform has set for this team", ""},
		{"own", func() { olga.setTeam(vars{"dailyLimit": 50}) }, 50, "the team has set itself", "ADMIN"},
	} {
		step.arrange()
		for _, who := range []*user{olga, mel} {
			refused := who.refusal(products[2], step.name)
			resets, err := time.Parse(time.RFC3339, refused.ResetsAt)
			if refused.Type != "DailyLimitReachedError" || refused.Required != 45 || refused.RemainingToday != step.limit-20 ||
				refused.DailyLimit != step.limit || refused.ClearableBy != step.changeable || refused.Member != nil ||
				!strings.Contains(refused.Message, step.says) || err != nil || time.Until(resets) > 24*time.Hour {
				t.Errorf("%s: %s reads %+v", step.name, who.email, refused)
			}
		}
	}
	until(balances, func(e balanceEvent) bool {
		return e.BalanceChanged.DailyLimit == 50 && e.BalanceChanged.RemainingToday == 30
	})
	if denied := mel.send("mutation($input: UpdateTeamInput!) { updateTeam(input: $input) { userErrors { code } } }",
		input(vars{"teamId": olga.team, "dailyLimit": nil})); denied.code() != "FORBIDDEN" {
		t.Errorf("a member lifts the limit: %s", denied.body)
	}

	olga.setTeam(vars{"dailyLimit": nil})
	root.setDefault(650)
	root.setCustom(olga.team, nil)
	olga.setMember(olga.seats()[mel.id].ID, vars{"dailyLimit": 50})
	refused := mel.refusal(products[2], "member")
	if refused.RemainingToday != 40 || refused.DailyLimit != 50 || refused.ClearableBy != "ADMIN" ||
		refused.Member == nil || refused.Member.User.ID != mel.id || !strings.Contains(refused.Message, "your own limit of 50 tokens a day") {
		t.Errorf("the member's own: %+v", refused)
	}
	for _, who := range []*user{olga, mel} {
		if seat := who.seats()[mel.id]; seat.ConsumedToday != 10 || seat.RemainingToday != 40 || seat.DailyLimit == nil || *seat.DailyLimit != 50 {
			t.Errorf("%s sees Mel as %+v", who.email, seat)
		}
	}
	if run := olga.generate(products[2], "Olga has none"); run.Generation == nil {
		t.Errorf("another member's limit stopped Olga: %+v", run.UserErrors)
	}
	olga.setMember(olga.seats()[mel.id].ID, vars{"dailyLimit": nil})
	if run := mel.generate(products[3], "free again"); run.Generation == nil {
		t.Errorf("without the limit: %+v", run.UserErrors)
	}
	checkBooks(t, database)
}

func TestASecondMemberSeesWhatTheFirstOneSetsAndStarts(t *testing.T) {
	t.Parallel()
	a, b, database := startTwo(t, append(administration(), "WORKERS=0", "WELCOME_TOKENS=1000")...)
	olga := a.signUp("Olga", "")
	mel := a.signUp("Mel", olga.invite("mel@example.com", "MEMBER")).at(b)
	product := olga.createProduct("Tent")

	if faults := olga.setTeam(vars{"timeZone": "Pacific/Auckland", "name": "Tents & Co"}); len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	type zones struct {
		Team struct {
			Name, TimeZone, PendingTimeZone string
			PendingTimeZoneAt               time.Time
			Balance                         struct{ ResetsAt time.Time }
		}
	}
	const readZones = "query($id: ID!) { team(id: $id) { name timeZone pendingTimeZone pendingTimeZoneAt balance { resetsAt } } }"
	seen := ask[zones](mel.client, readZones, vars{"id": olga.team}).Team
	if lead := seen.PendingTimeZoneAt.Sub(seen.Balance.ResetsAt); seen.Name != "Tents & Co" || seen.TimeZone != "UTC" ||
		seen.PendingTimeZone != "Pacific/Auckland" || lead < 20*time.Hour || lead > 45*time.Hour {
		t.Errorf("the other member sees %+v", seen)
	}
	faults := olga.setTeam(vars{"timeZone": "Europe/Madrid"})
	if len(faults) != 1 || faults[0].Code != "WRONG_STATE" || strings.Join(faults[0].Path, ".") != "timeZone" ||
		!strings.Contains(faults[0].Message, seen.PendingTimeZoneAt.UTC().Format("15:04 on 2 January")) {
		t.Errorf("another change of zone: %+v", faults)
	}

	texts := ask[struct{ Run generated }](olga.client, "mutation($input: GenerateInput!) { run: generateTexts(input: $input)"+generatedSelection,
		input(vars{"productId": product, "idempotencyKey": "texts"})).Run.Generation
	const quoted = `query($input: QuoteInput!) { quote(input: $input) { allowed warnings { kind message productIds }
		blockers { code message ... on ConflictError { conflictsWith { id } } } } }`
	type advice struct {
		Quote struct {
			Allowed  bool
			Warnings []struct {
				Kind, Message string
				ProductIds    []string
			}
			Blockers []userError
		}
	}
	of := func(u *user, operation string) advice {
		return ask[advice](u.client, quoted, input(vars{"teamId": olga.team, "operation": operation, "productIds": []string{product}}))
	}
	images := of(mel, "SEARCH_IMAGES").Quote
	if len(images.Warnings) != 1 || images.Warnings[0].Kind != "STARTED_BY_COLLEAGUE" || !images.Allowed ||
		!strings.HasPrefix(images.Warnings[0].Message, `Olga started "Generate texts" on this product `) || images.Warnings[0].ProductIds[0] != product {
		t.Errorf("the quote of another operation: %+v", images)
	}
	all := of(mel, "GENERATE_ALL").Quote
	if all.Allowed || len(all.Blockers) != 1 || all.Blockers[0].Code != "ALREADY_RUNNING" || all.Blockers[0].ConflictsWith.ID != texts.ID ||
		!strings.Contains(all.Blockers[0].Message, "short description, long description. Olga started it at ") {
		t.Errorf("the quote of what runs already: %+v", all)
	}
	if own := of(olga, "SEARCH_IMAGES").Quote; len(own.Warnings) != 0 {
		t.Errorf("the quote of who started it: %+v", own)
	}

	if faults := olga.setMember(olga.seats()[olga.id].ID, vars{"role": "ADMIN"}); len(faults) != 1 || faults[0].Code != "LAST_OWNER" {
		t.Errorf("the last owner steps down: %+v", faults)
	}
	watched := mel.watchBalance(olga.team)
	if faults := olga.setMember(olga.seats()[mel.id].ID, vars{"role": "VIEWER"}); len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	if denied := mel.send(searchImages, input(vars{"productId": product, "idempotencyKey": "too late"})); denied.code() != "FORBIDDEN" {
		t.Errorf("a viewer spends: %s", denied.body)
	}
	olga.search(product, "for the viewer to see")
	until(watched, func(e balanceEvent) bool { return e.BalanceChanged.Reserved == 55 })
	checkBooks(t, database)
}
