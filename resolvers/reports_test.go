package resolvers

import (
	"strings"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/operations"
	"productgenerator/reports"
)

// spend runs an operation for the client's team and delivers all of its parts.
func (c *client) spend(product string, operation models.Operation) {
	c.t.Helper()
	id, actor := models.NewGenerationID(time.Now()), models.UserID(c.user)
	request := ledger.ReserveRequest{Generation: id, Product: models.ProductID(product), Operation: operation}
	for _, part := range operation.Parts() {
		request.Parts = append(request.Parts, ledger.PartCost{Part: part, Tokens: operations.PartCostOf(part)})
	}
	_, err := c.resolver.Deps.Ledger.Update(c.t.Context(), ledger.Change{
		Team: models.TeamID(c.team), Actor: actor,
		Decide: func(tx *ledger.Tx) error {
			if err := tx.Reserve(actor, request); err != nil {
				return err
			}
			for _, part := range operation.Parts() {
				if err := tx.Capture(id, part); err != nil {
					return err
				}
			}
			return nil
		},
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// today is the day of a team in UTC.
func (w *world) today() models.Date {
	w.t.Helper()
	var now time.Time
	if err := w.db.Pool.QueryRow(w.t.Context(), `SELECT now()`).Scan(&now); err != nil {
		w.t.Fatal(err)
	}
	return models.DateOf(now.UTC())
}

const consumption = `query($id: ID!, $i: ConsumptionInput!) { team(id: $id) { name consumption(input: $i) {
	total count csv
	buckets { from to tokens count rows { key label tokens count share } }
	top { key label tokens count share }
} } }`

func TestATeamReadsWhatItConsumed(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	bob := ann.member("bob", "MEMBER")
	bob.team = ann.team
	lamp, chair := ann.product("Lamp"), ann.product("=1+1")
	ann.spend(lamp, models.OperationGenerateAll)
	ann.spend(chair, models.OperationSearchImages)
	bob.spend(chair, models.OperationSearchPrices)
	today := w.today()
	period := object{"from": today.AddDays(-1).String(), "to": today.String()}
	read := func(input object) any {
		input["period"] = period
		return at(ann.must(consumption, object{"id": ann.team, "i": input}), "team", "consumption")
	}

	report := read(object{})
	wantJSON(t, at(report, "total"), `85`)
	wantJSON(t, at(report, "count"), `3`)
	wantJSON(t, at(report, "buckets"), strings.NewReplacer("TODAY", today.String(), "BEFORE", today.AddDays(-1).String()).Replace(`[
		{"from": "BEFORE", "to": "BEFORE", "tokens": 0, "count": 0, "rows": []},
		{"from": "TODAY", "to": "TODAY", "tokens": 85, "count": 3, "rows": [
			{"key": "GENERATE_ALL", "label": "Generate all", "tokens": 65, "count": 1, "share": 0.7647058823529411},
			{"key": "SEARCH_IMAGES", "label": "Search images", "tokens": 10, "count": 1, "share": 0.11764705882352941},
			{"key": "SEARCH_PRICES", "label": "Search prices", "tokens": 10, "count": 1, "share": 0.11764705882352941}
		]}
	]`))

	byProduct := read(object{"groupBy": "PRODUCT", "granularity": "MONTH", "operations": []string{"SEARCH_IMAGES", "SEARCH_PRICES"}})
	wantJSON(t, at(byProduct, "top"), `[{"key": "`+chair+`", "label": "=1+1", "tokens": 20, "count": 2, "share": 1}]`)
	mustContain(t, text(byProduct, "csv"), ","+chair+",'=1+1,20,2\r\n")

	for _, id := range []string{bob.user, bob.place()} {
		byMember := read(object{"groupBy": "MEMBER", "memberIds": []string{id, "user_none"}})
		wantJSON(t, at(byMember, "top"), `[{"key": "`+bob.user+`", "label": "bob", "tokens": 10, "count": 1, "share": 1}]`)
	}
	wantJSON(t, at(read(object{"memberIds": []string{}}), "total"), `0`)
	wantJSON(t, at(read(object{"memberIds": nil, "operations": nil, "groupBy": nil}), "total"), `85`)

	ann.language = "es"
	wantJSON(t, at(read(object{"groupBy": "PART", "operations": []string{"SEARCH_PRICES"}}), "top", 0, "label"), `"precios"`)
}

func TestAReportThatCannotBeMadeSaysWhy(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	ask := func(from, to string, more object) answer {
		input := object{"period": object{"from": from, "to": to}}
		for name, value := range more {
			input[name] = value
		}
		return ann.refused("BAD_USER_INPUT", consumption, object{"id": ann.team, "i": input})
	}
	mustContain(t, ask("2026-01-02", "2026-01-01", nil).Errors[0].Message, "The period ends before it begins")
	mustContain(t, ask("2020-01-01", "2026-01-01", nil).Errors[0].Message, "at most 1,100 days")
	ask("2026-13-01", "2026-12-01", nil)
	ask("2026-01-01", "2026-01-01", object{"memberIds": make([]string, 101)})
	ask("2026-01-01", "2026-01-01", object{"operations": []string{"GENERATE_ALL", "GENERATE_ALL", "GENERATE_ALL", "GENERATE_ALL", "GENERATE_ALL"}})
}

func TestReportsAreReadByTheTeamAndAdministratorsOnly(t *testing.T) {
	w := newWorld(t)
	ann, eve := w.signUp("ann"), w.signUp("eve")
	bob := ann.member("bob", "VIEWER")
	ann.spend(ann.product("Lamp"), models.OperationGenerateAll)
	day := w.today().String()
	variables := object{"id": ann.team, "i": object{"period": object{"from": day, "to": day}, "groupBy": "PRODUCT"}}
	for _, reader := range []*client{ann, bob, w.administrator()} {
		wantJSON(t, at(reader.must(consumption, variables), "team", "consumption", "total"), `65`)
	}
	eve.refused("NOT_FOUND", consumption, variables)
	w.anonymous().refused("UNAUTHENTICATED", consumption, variables)

	// Who names another team's members or products in reports on the own one learns nothing of them.
	variables = object{"id": eve.team, "i": object{"period": object{"from": day, "to": day}, "memberIds": []string{ann.user}}}
	wantJSON(t, at(eve.must(consumption, variables), "team", "consumption", "total"), `0`)
}

func TestInsightsAreForEnterpriseTeams(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	const insights = `query($id: ID!, $p: PeriodInput!) { team(id: $id) { name insights(period: $p) {
		regenerated discarded separate kept byMember { key label tokens count share } advice
	} } }`
	day := w.today()
	variables := object{"id": ann.team, "p": object{"from": day.AddDays(-6).String(), "to": day.String()}}
	refused := ann.refused("FORBIDDEN", insights, variables)
	mustContain(t, refused.Errors[0].Message, "Enterprise")
	wantJSON(t, at(refused.Data, "team", "name"), `"ann's team"`)
	wantJSON(t, at(refused.Data, "team", "insights"), `null`)

	admin := w.administrator()
	admin.must(`mutation($i: TeamPlanInput!) { setTeamPlan(input: $i) { userErrors { code } } }`, object{"i": object{"teamId": ann.team, "plan": "ENTERPRISE", "dailyLimit": -1}})
	w.grant(ann.team, 1_000)
	wantJSON(t, at(ann.must(insights, variables), "team", "insights"), `{
		"regenerated": 0, "discarded": 0, "separate": 0, "kept": 0, "byMember": [], "advice": []
	}`)
	lamp := ann.product("Lamp")
	for range 3 {
		for _, operation := range []models.Operation{models.OperationSearchImages, models.OperationGenerateTexts, models.OperationSearchPrices} {
			ann.spend(lamp, operation)
		}
	}
	w.exec(`
INSERT INTO contents (id, team_id, product_id, part, version, text, source, generation_id, created_at)
SELECT md5(part || generation_id), team_id, $2, part, row_number() OVER (PARTITION BY part ORDER BY sequence), 'Text.', 'GENERATED', generation_id, occurred_at
FROM ledger_entries
WHERE team_id = $1 AND kind = 'CAPTURE' AND part LIKE '%DESCRIPTION'`, ann.team, lamp)
	ann.language = "es"
	read := at(ann.must(insights, variables), "team", "insights")
	wantJSON(t, at(read, "regenerated"), `90`)
	wantJSON(t, at(read, "kept"), `105`)
	wantJSON(t, at(read, "separate"), `3`)
	wantJSON(t, at(read, "byMember"), `[{"key": "`+ann.user+`", "label": "ann", "tokens": 195, "count": 9, "share": 1}]`)
	mustContain(t, text(read, "advice", 0), "El 46 % de lo consumido (90 tokens)")
	mustContain(t, text(read, "advice", 1), "En 3 ocasiones")
	wantJSON(t, at(admin.must(insights, variables), "team", "insights", "separate"), `3`)
	ann.refused("BAD_USER_INPUT", insights, object{"id": ann.team, "p": object{"from": "2020-01-01", "to": "2026-01-01"}})
}

func TestEveryRowAndAdviceOfAReportHasWords(t *testing.T) {
	r := &Resolver{messages: newMessages()}
	for _, language := range tongues() {
		labels := map[string]bool{r.labelOf(language, &models.ConsumptionRow{Key: models.OtherRows}): true}
		for _, operation := range models.Operations() {
			labels[r.labelOf(language, &models.ConsumptionRow{Dimension: models.ByOperation, Key: string(operation)})] = true
		}
		for _, part := range models.OperationGenerateAll.Parts() {
			labels[r.labelOf(language, &models.ConsumptionRow{Dimension: models.ByPart, Key: string(part)})] = true
		}
		for _, advice := range []reports.AdviceKind{reports.AdviseReview, reports.AdviseTemplates, reports.AdviseGenerateAll} {
			labels[r.messages.say(language, figures{}, "advice."+string(advice))] = true
		}
		if len(labels) != 1+4+4+3 {
			t.Errorf("%s has the same words for different things: %v", language, labels)
		}
		for label := range labels {
			if strings.Contains(label, "_") || strings.Contains(label, "advice.") {
				t.Errorf("%s has no words for %s", language, label)
			}
		}
	}
	row := &models.ConsumptionRow{Dimension: models.ByProduct, Key: "product_x"}
	if got := r.labelOf(english, row); got != "product_x" {
		t.Errorf("a product without a name is called %q", got)
	}
}

func TestTheForecastIsTheSameInQueryAndSubscription(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	const forecast = `query($id: ID!) { team(id: $id) { balance { runsOutOn } } }`
	wantJSON(t, at(ann.must(forecast, object{"id": ann.team}), "team", "balance", "runsOutOn"), `null`)
	day := w.today()
	for _, before := range []int{14, 9, 3} {
		w.exec(`INSERT INTO consumption_days VALUES ($1, $2, 'SEARCH_IMAGES', 'IMAGES', 280, 28, 28)`, ann.team, day.AddDays(-before))
	}
	want := `"` + day.AddDays(4).String() + `"` // 195 tokens at 60 a day
	wantJSON(t, at(ann.must(forecast, object{"id": ann.team}), "team", "balance", "runsOutOn"), want)
	next := ann.events(`subscription($id: ID!) { balanceChanged(teamId: $id) { runsOutOn } }`, object{"id": ann.team})
	event, _ := next()
	wantJSON(t, at(event.Data, "balanceChanged", "runsOutOn"), want)
}
