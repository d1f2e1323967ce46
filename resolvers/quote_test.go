package resolvers

import (
	"regexp"
	"testing"
	"time"
)

func TestAQuoteNamesTheColleagueWhoStartedSomethingAMomentAgo(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	bob := ann.member("bob", "MEMBER")
	w.grant(ann.team, 1_000)
	first, second := ann.product("Lamp"), ann.product("Owl")
	bob.run("searchImages", first, "k")
	for language, pattern := range map[string]string{
		"en": `^bob started "Search images" on this product \d+ seconds? ago: see what it delivers before you pay for more\.$`,
		"es": `^bob inició «Buscar imágenes» en este producto hace \d+ segundos?: vea lo que entrega antes de pagar más\.$`,
	} {
		ann.language = language
		warning := at(ann.quote("SEARCH_PRICES", first), "warnings", 0)
		wantJSON(t, at(warning, "kind"), `"STARTED_BY_COLLEAGUE"`)
		wantJSON(t, at(warning, "productIds"), `["`+first+`"]`)
		if message := text(warning, "message"); !regexp.MustCompile(pattern).MatchString(message) {
			t.Errorf("%s: %s", language, message)
		}
	}
	ann.language = "en"
	many := at(ann.quote("SEARCH_PRICES", second, first), "warnings", 0)
	wantJSON(t, at(many, "productIds"), `["`+first+`"]`)
	mustContain(t, text(many, "message"), `bob started "Search images" on some of these products (1), the last time `)
	wantJSON(t, at(bob.quote("SEARCH_PRICES", first), "warnings"), `[]`)
	w.exec(`UPDATE generations SET created_at = created_at - interval '90 seconds'`)
	mustContain(t, text(ann.quote("SEARCH_PRICES", first), "warnings", 0, "message"), " 1 minute ago: ")
}

func TestWhatRunsAlreadyIsToldWithWhoStartedItWhenAndWhichParts(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	bob := ann.member("bob", "MEMBER")
	lamp := ann.product("Lamp")
	run := bob.run("generateTexts", lamp, "k")
	generation := text(run, "generation", "id")
	started := time.Date(2026, 3, 4, 14, 5, 6, 0, time.UTC)
	w.exec(`UPDATE generations SET created_at = $1`, started)
	for _, test := range []struct {
		asker    *client
		language string
		want     string
	}{
		{ann, "en", "This already runs on the product: short description, long description. bob started it at 14:05 on 4 March (UTC). Wait until it is finished; bob or an admin of the team can cancel it."},
		{ann, "es", "Esto ya se está haciendo en el producto: descripción corta, descripción larga. bob lo inició a las 14:05 del 4 de marzo (UTC). Espere a que termine; bob o un administrador del equipo puede cancelarlo."},
		{bob, "en", "This already runs on the product: short description, long description. You started it at 14:05 on 4 March (UTC). Wait until it is finished, or cancel it."},
		{bob, "es", "Esto ya se está haciendo en el producto: descripción corta, descripción larga. Usted lo inició a las 14:05 del 4 de marzo (UTC). Espere a que termine o cancélelo."},
	} {
		test.asker.language = test.language
		for _, answer := range []any{
			at(test.asker.quote("GENERATE_ALL", lamp), "blockers"),
			at(test.asker.run("generateAll", lamp, "again "+test.language), "userErrors"),
		} {
			blocker := at(answer, 0)
			if len(answer.([]any)) != 1 || text(blocker, "code") != "ALREADY_RUNNING" || text(blocker, "message") != test.want {
				t.Errorf("got %v\nwant %s", answer, test.want)
			}
		}
		wantJSON(t, at(test.asker.quote("GENERATE_ALL", lamp), "blockers", 0, "conflictsWith", "id"), `"`+generation+`"`)
	}
}

func TestAQuoteWarnsOfTheBalanceBehindItOnlyWhereItIsAllowed(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	mel := ann.member("mel", "MEMBER")
	lamp := ann.product("Lamp")
	ann.must(updateMember, object{"i": object{"id": mel.place(), "dailyLimit": 50}})
	ann.must(updateTeam, object{"i": object{"teamId": ann.team, "dailyLimit": 56, "lowBalanceThreshold": 150}})
	var kinds, messages []string
	for _, warning := range at(mel.quote("GENERATE_TEXTS", lamp), "warnings").([]any) {
		kinds, messages = append(kinds, text(warning, "kind")), append(messages, text(warning, "message"))
	}
	if len(kinds) != 3 || kinds[0] != "NEAR_LIMIT" || kinds[1] != "NEAR_LIMIT" || kinds[2] != "LOW_BALANCE_AFTER" {
		t.Fatalf("got %v", kinds)
	}
	mustContain(t, messages[0], "80 % or more of today's limit will be used: 11 tokens of 56 tokens will be left until 00:00 on ")
	mustContain(t, messages[1], "80 % or more of your own limit for today will be used: 5 tokens of 50 tokens will be left until 00:00 on ")
	mustContain(t, messages[2], "150 tokens will be left, at or under its warning line of 150 tokens.")
	blocked := mel.quote("GENERATE_ALL", lamp)
	wantJSON(t, at(blocked, "allowed"), `false`)
	wantJSON(t, at(blocked, "warnings"), `[]`)
}
