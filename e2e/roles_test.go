package e2e_test

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"productgenerator/postgres/pgtest"
)

// The callers of the matrix of rights, in the order of its columns.
func callers() []string {
	return []string{"anonymous", "stranger", "VIEWER", "MEMBER", "ADMIN", "OWNER", "administrator"}
}

// right is a row of the matrix: an operation, and the code that each caller gets; "ok" where it is allowed. The codes are
// short: U for UNAUTHENTICATED, N for NOT_FOUND, F for FORBIDDEN.
type right struct {
	name    string
	query   string
	fields  func(team, product, generation, template string) vars
	columns string
}

func rights() []right {
	mutation := func(name, payload string) string {
		kind := strings.ToUpper(name[:1]) + name[1:] + "Input!"
		switch name {
		case "generateAll", "generateTexts", "searchImages", "searchPrices":
			kind = "GenerateInput!"
		case "setTeamPlan":
			kind = "TeamPlanInput!"
		case "setDefaultDailyLimit":
			kind = "DefaultDailyLimitInput!"
		}
		return fmt.Sprintf("mutation($input: %s) { %s(input: $input) { %s userErrors { __typename code message path } } }", kind, name, payload)
	}
	const (
		reader   = "U N ok ok ok ok ok"
		member   = "U N F ok ok ok F"
		admin    = "U N F F ok ok F"
		platform = "U F F F F F ok"
	)
	onTeam := func(more vars) func(team, product, generation, template string) vars {
		return func(team, _, _, _ string) vars { return merged(more, vars{"teamId": team}) }
	}
	onProduct := func(more vars) func(team, product, generation, template string) vars {
		return func(_, product, _, _ string) vars { return merged(more, vars{"productId": product}) }
	}
	return []right{
		{"team", "query($input: ID!) { team(id: $input) { id name balance { available } } }", nil, reader},
		{"createProduct", mutation("createProduct", "product { id }"), onTeam(vars{"name": "Lamp"}), member},
		{"updateProduct", mutation("updateProduct", "product { id }"), func(_, product, _, _ string) vars {
			return vars{"id": product, "brand": "Skerry"}
		}, member},
		{"deleteProduct", mutation("deleteProduct", "product { id }"), func(_, product, _, _ string) vars {
			return vars{"id": product}
		}, member},
		{"editContent", mutation("editContent", "product { id }"), onProduct(vars{"part": "SHORT_DESCRIPTION", "text": "A tent."}), member},
		{"createTemplate", mutation("createTemplate", "template { id }"), onTeam(vars{
			"name": "Plain", "shortDescription": "{{.Name}}", "longDescription": "{{.Name}}",
		}), member},
		{"applyTemplate", mutation("applyTemplate", "product { id }"), func(_, product, _, template string) vars {
			return vars{"productId": product, "templateId": template}
		}, member},
		{"generateAll", mutation("generateAll", "generation { id }"), onProduct(vars{"idempotencyKey": "k"}), member},
		{"searchPrices", mutation("searchPrices", "generation { id }"), onProduct(vars{"idempotencyKey": "p"}), member},
		{"generateMany", mutation("generateMany", "batch { id }"), func(team, product, _, _ string) vars {
			return vars{"teamId": team, "productIds": []string{product}, "operation": "GENERATE_TEXTS", "idempotencyKey": "m"}
		}, member},
		{"cancelGeneration", mutation("cancelGeneration", "generation { id }"), func(_, _, generation, _ string) vars {
			return vars{"id": generation}
		}, admin},
		{"inviteMember", mutation("inviteMember", "token"), onTeam(vars{"email": "new@example.com", "role": "VIEWER"}), admin},
		{"updateTeam", mutation("updateTeam", "team { id }"), onTeam(vars{"lowBalanceThreshold": 130}), admin},
		{"grantTokens", mutation("grantTokens", "balance { available }"), onTeam(vars{
			"tokens": 1, "source": "GIFT", "note": "for a test", "idempotencyKey": "g",
		}), platform},
		{"setTeamPlan", mutation("setTeamPlan", "team { id }"), onTeam(vars{"plan": "STANDARD"}), platform},
		{"setDefaultDailyLimit", mutation("setDefaultDailyLimit", "administration { id }"), func(string, string, string, string) vars {
			return vars{"tokens": 650}
		}, platform},
	}
}

// merged is the fields of both.
func merged(one, other vars) vars {
	both := maps.Clone(one)
	maps.Copy(both, other)
	return both
}

func TestEachRoleMayDoWhatTheTableOfRightsSays(t *testing.T) {
	t.Parallel()
	p := start(t, append(administration(), "WORKERS=0", "WELCOME_TOKENS=100000", "DATABASE_URL="+pgtest.NewDurableURL(t))...)
	owner := p.signUp("Olga", "")
	by := map[string]*client{"anonymous": p.anonymous(), "OWNER": owner.client}
	by["stranger"] = p.signUp("Sven", "").client
	for _, role := range []string{"VIEWER", "MEMBER", "ADMIN"} {
		by[role] = p.signUp("New"+role, owner.invite("new"+strings.ToLower(role)+"@example.com", role)).client
	}
	root := p.administrator()
	by["administrator"] = root.client
	root.allow(owner.team, -1)

	codes := map[string]string{"U": "UNAUTHENTICATED", "N": "NOT_FOUND", "F": "FORBIDDEN"}
	for _, right := range rights() {
		columns := strings.Fields(right.columns)
		for i, caller := range callers() {
			template := owner.createTemplate(right.name + caller)
			running := owner.generate(owner.createProduct(right.name+caller+" runs"), right.name+caller).Generation.ID
			variables := vars{"input": owner.team}
			if right.fields != nil {
				variables = input(right.fields(owner.team, owner.createProduct(right.name+caller), running, template))
			}
			answer := by[caller].send(right.query, variables)
			if got, want := answer.code(), codes[columns[i]]; got != want || want == "" && !strings.Contains(answer.body, `"userErrors":[]`) && right.fields != nil {
				t.Errorf("%s by %s: got %q, want %q: %.300s", right.name, caller, got, want, answer.body)
			}
			if columns[i] == "U" || columns[i] == "N" {
				assertAlike(t, by[caller], right.query, variables, missing(variables))
			}
		}
	}
}

func TestThingsOfAnotherTeamAreLikeThingsThatDoNotExist(t *testing.T) {
	t.Parallel()
	p := start(t, append(delivering(), "DATABASE_URL="+pgtest.NewDurableURL(t))...)
	olga, sven := p.signUp("Olga", ""), p.signUp("Sven", "")
	product, template := olga.createProduct("Tent"), olga.createTemplate("Plain")
	run := olga.generate(product, "delivered").Generation.ID
	olga.awaitFinished(run)
	own, ownTemplate := sven.createProduct("Lamp"), sven.createTemplate("Mine")
	none := func(id string) string { return missing(vars{"id": id})["id"].(string) }

	const apply = "mutation($input: ApplyTemplateInput!) { applyTemplate(input: $input) { product { id } userErrors { code message path } } }"
	const many = "mutation($input: GenerateManyInput!) { generateMany(input: $input) { batch { id } userErrors { code message path } } }"
	const quote = "query($input: QuoteInput!) { quote(input: $input) { allowed blockers { code message } } }"
	const preview = "query($input: TemplatePreviewInput!) { templatePreview(input: $input) { shortDescription userErrors { code message } } }"
	const filtered = "query($team: ID!, $filter: LedgerFilter) { team(id: $team) { ledger(filter: $filter) { nodes { id } } } }"
	for _, pair := range []struct {
		query            string
		foreign, missing vars
	}{
		{
			generateAll, input(vars{"productId": own, "templateId": template, "idempotencyKey": "1"}),
			input(vars{"productId": own, "templateId": none(template), "idempotencyKey": "2"}),
		},
		{
			many, input(vars{"teamId": sven.team, "productIds": []string{own, product}, "operation": "GENERATE_ALL", "idempotencyKey": "3"}),
			input(vars{"teamId": sven.team, "productIds": []string{own, none(product)}, "operation": "GENERATE_ALL", "idempotencyKey": "4"}),
		},
		{apply, input(vars{"productId": own, "templateId": template}), input(vars{"productId": own, "templateId": none(template)})},
		{apply, input(vars{"productId": product, "templateId": ownTemplate}), input(vars{"productId": none(product), "templateId": ownTemplate})},
		{
			quote, input(vars{"teamId": sven.team, "operation": "GENERATE_ALL", "productIds": []string{product}}),
			input(vars{"teamId": sven.team, "operation": "GENERATE_ALL", "productIds": []string{none(product)}}),
		},
		{
			preview, input(vars{"productId": product, "shortDescription": "a", "longDescription": "b"}),
			input(vars{"productId": none(product), "shortDescription": "a", "longDescription": "b"}),
		},
		{filtered, vars{"team": sven.team, "filter": vars{"generationId": run}}, vars{"team": sven.team, "filter": vars{"generationId": none(run)}}},
		{filtered, vars{"team": sven.team, "filter": vars{"actorId": olga.id}}, vars{"team": sven.team, "filter": vars{"actorId": none(olga.id)}}},
		{"query($id: ID!) { product(id: $id) { name } }", vars{"id": product}, vars{"id": none(product)}},
		{"query($id: ID!) { generation(id: $id) { status } }", vars{"id": run}, vars{"id": none(run)}},
		{"query($id: ID!) { node(id: $id) { id } }", vars{"id": product}, vars{"id": none(product)}},
		{"query($id: ID!) { node(id: $id) { id } }", vars{"id": olga.team}, vars{"id": none(olga.team)}},
		{"query($id: ID!) { node(id: $id) { id } }", vars{"id": run}, vars{"id": none(run)}},
		{"query($id: ID!) { node(id: $id) { id } }", vars{"id": olga.id}, vars{"id": none(olga.id)}},
	} {
		assertAlike(t, sven.client, pair.query, pair.foreign, pair.missing)
	}
	if spent := sven.readBalance(sven.team); spent.Available != 195 || spent.Reserved != 0 {
		t.Errorf("what was refused has cost something: %+v", spent)
	}
	for _, stream := range []*stream{sven.watchBalance(olga.team), sven.watchGeneration(run), sven.watchBalance(none(olga.team))} {
		if ended := stream.end(); len(ended.errors) != 1 || ended.errors[0].Extensions.Code != "NOT_FOUND" {
			t.Errorf("a subscription to another team's things ended with %+v", ended)
		}
	}
}

// assertAlike fails the test where the answers to a foreign thing and to a missing one differ, but for the ids.
func assertAlike(t *testing.T, c *client, query string, foreign, missing vars) {
	t.Helper()
	one, other := c.send(query, foreign), c.send(query, missing)
	hide := func(body string) string { return anID.ReplaceAllString(body, "an id") }
	if hide(one.body) != hide(other.body) || one.status != other.status || strings.Contains(one.body, "INTERNAL_SERVER_ERROR") {
		t.Errorf("%.100s\na foreign thing: %d %s\na missing one:   %d %s", query, one.status, one.body, other.status, other.body)
	}
}

// anID is an opaque id: a prefix and 26 characters.
var anID = regexp.MustCompile(`\b([a-z]+)_[0-9a-z]{26}\b`)

// missing is the variables with every id in them replaced by one of its type that nothing has.
func missing(variables vars) vars {
	replaced := vars{}
	for name, value := range variables {
		switch value := value.(type) {
		case string:
			replaced[name] = anID.ReplaceAllString(value, "${1}_01arz3ndektsv4rrffq69g5fav")
		case []string:
			ids := make([]string, len(value))
			for i := range value {
				ids[i] = anID.ReplaceAllString(value[i], "${1}_01arz3ndektsv4rrffq69g5fav")
			}
			replaced[name] = ids
		case vars:
			replaced[name] = missing(value)
		default:
			replaced[name] = value
		}
	}
	return replaced
}

// createTemplate makes a template of the user's team and returns its id.
func (u *user) createTemplate(name string) string {
	u.t.Helper()
	created := ask[struct {
		CreateTemplate struct {
			Template   *struct{ ID string }
			UserErrors []userError
		}
	}](u.client, "mutation($input: CreateTemplateInput!) { createTemplate(input: $input) { template { id } userErrors { "+errorFields+" } } }",
		input(vars{"teamId": u.team, "name": name, "shortDescription": "{{.Name}}", "longDescription": "{{.Name}}"})).CreateTemplate
	if created.Template == nil {
		u.t.Fatalf("create template %s: %+v", name, created.UserErrors)
	}
	return created.Template.ID
}
