package resolvers

import (
	"strings"
	"testing"
	"time"

	"productgenerator/funding"
	"productgenerator/models"
)

const setPromotion = `mutation($i: PromotionInput!) { setPromotion(input: $i) {
	promotion { id code kind name terms tokens endsAt active maxRedemptions redemptions grantExpiresAfterDays }
	userErrors { __typename code path message } } }`

const redeemPromotion = `mutation($i: RedeemPromotionInput!) { redeemPromotion(input: $i) {
	grant { id source tokens note promotion { code redemptions } } balance { available }
	userErrors { __typename code path message ... on PromotionNotRedeemableError { reason promotion { code } } } } }`

const eligibility = `query($team: ID!, $code: String!) { promotionEligibility(teamId: $team, code: $code) {
	redeemable promotion { code } rules { code passed message } } }`

// promotes adds a promotion that anybody can redeem, or what change makes of it.
func (w *world) promotes(code string, change object) any {
	w.t.Helper()
	input := object{
		"code": code, "kind": "GIFT", "name": "Spring", "terms": "One for each team.", "tokens": 100,
		"startsAt": time.Now().Add(-time.Hour).Format(time.RFC3339),
	}
	for field, value := range change {
		input[field] = value
	}
	return w.administrator().must(setPromotion, object{"i": input})["setPromotion"]
}

func (c *client) redeems(code, key string) any {
	c.t.Helper()
	return c.must(redeemPromotion, object{"i": object{"teamId": c.team, "code": code, "idempotencyKey": key}})["redeemPromotion"]
}

// rules are those for redeeming a code, each as code, passed or not, and sentence.
func (c *client) rules(code string) (redeemable bool, rules []string) {
	c.t.Helper()
	judged := c.must(eligibility, object{"team": c.team, "code": code})["promotionEligibility"]
	for _, rule := range at(judged, "rules").([]any) {
		passed := "failed"
		if at(rule, "passed") == true {
			passed = "passed"
		}
		rules = append(rules, text(rule, "code")+" "+passed+": "+text(rule, "message"))
	}
	return at(judged, "redeemable").(bool), rules
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}

func TestAPromotionIsSetListedAndRedeemed(t *testing.T) {
	w := newWorld(t)
	ann, admin := w.signUp("ann"), w.administrator()
	added := w.promotes(" spring-26 ", object{"maxRedemptions": 5, "grantExpiresAfterDays": 30})
	id := text(added, "promotion", "id")
	wantJSON(t, added, `{"promotion": {
		"id": "`+id+`", "code": "SPRING-26", "kind": "GIFT", "name": "Spring", "terms": "One for each team.", "tokens": 100,
		"endsAt": null, "active": true, "maxRedemptions": 5, "redemptions": 0, "grantExpiresAfterDays": 30
	}, "userErrors": []}`)

	redeemed := ann.redeems("Spring-26", "k")
	wantJSON(t, redeemed, `{
		"grant": {"id": "`+text(redeemed, "grant", "id")+`", "source": "GIFT", "tokens": 100, "note": "Spring",
			"promotion": {"code": "SPRING-26", "redemptions": null}},
		"balance": {"available": 295}, "userErrors": []
	}`)
	wantJSON(t, ann.redeems("Spring-26", "k"), mustJSON(t, redeemed))
	wantJSON(t, ann.redeems("other", "k"), `{"grant": null, "balance": null, "userErrors": [{
		"__typename": "IdempotencyConflictError", "code": "IDEMPOTENCY_CONFLICT", "path": ["idempotencyKey"],
		"message": "This idempotency key was used for something else. Nothing was done: use a new key for a new request."
	}]}`)
	again := ann.redeems("spring-26", "k2")
	wantJSON(t, at(again, "userErrors", 0, "reason"), `"ALREADY_REDEEMED"`)
	wantJSON(t, at(again, "userErrors", 0, "promotion"), `{"code": "SPRING-26"}`)
	wantJSON(t, at(again, "userErrors", 0, "path"), `["code"]`)
	mustContain(t, text(again, "userErrors", 0, "message"), "The team redeemed it at ")

	changed := w.promotes("spring-26", object{"id": id, "maxRedemptions": 1, "tokens": 7})
	wantJSON(t, at(changed, "promotion", "active"), `false`)
	wantJSON(t, at(changed, "promotion", "redemptions"), `1`)
	const list = `query($after: String) { administration { promotions(first: 1, after: $after) {
		nodes { code redemptions } pageInfo { hasNextPage endCursor } } } }`
	page := at(admin.must(list, nil), "administration", "promotions")
	wantJSON(t, at(page, "nodes"), `[{"code": "SPRING-26", "redemptions": 1}]`)
	page = at(admin.must(list, object{"after": text(page, "pageInfo", "endCursor")}), "administration", "promotions")
	wantJSON(t, at(page, "nodes"), `[{"code": "REFERRAL", "redemptions": 0}]`)
	wantJSON(t, at(page, "pageInfo", "hasNextPage"), `false`)

	node := `query($id: ID!) { node(id: $id) { ... on Promotion { code redemptions } } }`
	wantJSON(t, at(ann.must(node, object{"id": id}), "node"), `{"code": "SPRING-26", "redemptions": null}`)
}

func TestWhatIsWrongWithAPromotionIsSaidInSentences(t *testing.T) {
	w := newWorld(t)
	w.promotes("taken", nil)
	start := time.Now().Format(time.RFC3339)
	for _, test := range []struct {
		change object
		path   string
		say    string
	}{
		{object{"code": "taken"}, "code", "Another promotion has this code."},
		{object{"code": "ref-1234"}, "code", "Use letters from A to Z, digits, - and _, and do not begin with REF-: such codes belong to teams that invite others."},
		{object{"startsAt": start, "endsAt": start}, "endsAt", "It has to end after it begins."},
		{object{"maxRedemptions": -1}, "maxRedemptions", "Give 0 or more, or null for any number."},
		{object{"grantExpiresAfterDays": 0}, "grantExpiresAfterDays", "Give 1 to 3,650 days, or null so that its tokens never lapse."},
	} {
		refused := w.promotes("fine", test.change)
		wantJSON(t, at(refused, "promotion"), `null`)
		wantJSON(t, at(refused, "userErrors", 0, "path", 0), `"`+test.path+`"`)
		if said := text(refused, "userErrors", 0, "message"); said != test.say {
			t.Errorf("%v: %s", test.change, said)
		}
	}
}

func TestPromotionsAreGuarded(t *testing.T) {
	w := newWorld(t)
	ann, eve := w.signUp("ann"), w.signUp("eve")
	mia := ann.member("mia", "MEMBER")
	w.promotes("spring", nil)
	promotion := object{"i": object{
		"code": "mine", "kind": "GIFT", "name": "n", "terms": "t", "tokens": 1, "startsAt": time.Now().Format(time.RFC3339),
	}}
	redemption := object{"i": object{"teamId": ann.team, "code": "spring", "idempotencyKey": "k"}}
	revocation := object{"i": object{"grantId": models.NewGrantID(time.Now()), "note": "n", "idempotencyKey": "k"}}
	asked := object{"team": ann.team, "code": "spring"}
	const revoke = `mutation($i: RevokeGrantInput!) { revokeGrant(input: $i) { userErrors { code } } }`
	w.anonymous().refused(codeUnauthenticated, setPromotion, promotion)
	w.anonymous().refused(codeUnauthenticated, redeemPromotion, redemption)
	w.anonymous().refused(codeUnauthenticated, revoke, revocation)
	w.anonymous().refused(codeUnauthenticated, eligibility, asked)
	ann.refused(codeForbidden, setPromotion, promotion)
	ann.refused(codeForbidden, revoke, revocation)
	mia.refused(codeForbidden, redeemPromotion, redemption)
	eve.refused(codeNotFound, redeemPromotion, redemption)
	eve.refused(codeNotFound, eligibility, asked)
	w.administrator().refused(codeForbidden, redeemPromotion, redemption)
	w.administrator().refused(codeNotFound, revoke, revocation)
	promotion["i"].(object)["id"] = models.NewPromotionID(time.Now())
	w.administrator().refused(codeNotFound, setPromotion, promotion)
	promotion["i"].(object)["id"] = ann.team
	w.administrator().refused(codeNotFound, setPromotion, promotion)

	mia.team = ann.team
	if redeemable, rules := mia.rules("spring"); redeemable ||
		rules[5] != "NOT_ELIGIBLE failed: An admin or owner of the team has to redeem it: your role does not allow it." {
		t.Errorf("a member: %v", rules)
	}
	if redeemable, _ := ann.rules("spring"); !redeemable {
		t.Error("the owner cannot redeem it")
	}
}

func TestEveryRuleOfACodeIsExplainedWithItsDate(t *testing.T) {
	w := newWorld(t)
	ann := w.signUpWith(object{"name": "ann", "email": "ann@example.com", "teamName": "ann's team", "timeZone": "Europe/Madrid"})
	w.promotes("past", object{"startsAt": "2025-12-31T23:30:00Z", "endsAt": "2026-02-01T11:00:00Z", "maxRedemptions": 0})
	redeemable, rules := ann.rules(" past ")
	wantLines(t, rules,
		"UNKNOWN_CODE passed: The code exists.",
		"ALREADY_REDEEMED passed: The team has not redeemed it.",
		"NOT_STARTED passed: It has begun: it can be redeemed from 00:30 on 1 January 2026 (Europe/Madrid) on.",
		"ENDED failed: It is over: it could be redeemed until 12:00 on 1 February 2026 (Europe/Madrid).",
		"USED_UP failed: All teams together have redeemed it as often as they may.",
		"NOT_ELIGIBLE passed: Your role lets you redeem codes for the team.",
	)
	if redeemable {
		t.Error("it can be redeemed")
	}
	refused := ann.redeems("past", "k")
	wantJSON(t, at(refused, "userErrors", 0), `{"__typename": "PromotionNotRedeemableError", "code": "PROMOTION_NOT_REDEEMABLE",
		"path": ["code"], "reason": "ENDED", "promotion": {"code": "PAST"},
		"message": "It is over: it could be redeemed until 12:00 on 1 February 2026 (Europe/Madrid)."}`)

	ann.language = "es"
	w.promotes("future", object{"startsAt": "2999-06-30T22:00:00Z"})
	_, rules = ann.rules("future")
	wantLines(t, rules,
		"UNKNOWN_CODE passed: El código existe.",
		"ALREADY_REDEEMED passed: El equipo no lo ha canjeado.",
		"NOT_STARTED failed: Se podrá canjear desde las 00:00 del 1 de julio de 2999 (Europe/Madrid).",
		"ENDED passed: No tiene fin.",
		"USED_UP passed: Entre todos los equipos todavía no se ha canjeado tantas veces como se permite.",
		"NOT_ELIGIBLE passed: Su rol le permite canjear códigos para el equipo.",
	)
	_, rules = ann.rules("nothing")
	wantLines(t, rules,
		"UNKNOWN_CODE failed: No existe ese código. Compruebe que esté bien escrito.",
		"NOT_ELIGIBLE passed: Su rol le permite canjear códigos para el equipo.",
	)
}

func TestEveryRuleHasASentenceForBothOutcomes(t *testing.T) {
	m := newMessages()
	for _, rule := range []struct {
		key    string
		passes bool // some are only told when they are not passed, or when they are
		fails  bool
	}{
		{string(models.RefusedUnknownCode), true, true},
		{string(models.RefusedNotStarted), true, true},
		{string(models.RefusedEnded), true, true},
		{string(models.RefusedEnded) + ".passed.never", false, true},
		{string(models.RefusedUsedUp), true, true},
		{string(models.RefusedAlreadyRedeemed), true, true},
		{string(models.RefusedOwnReferral), true, true},
		{"ALREADY_REDEEMED." + string(funding.AboutInvitation), true, false},
		{"ALREADY_REDEEMED." + string(funding.AboutInvitationWaiting), false, true},
		{"ALREADY_REDEEMED." + string(funding.AboutInvitationRewarded), false, true},
		{"ALREADY_REDEEMED." + string(funding.AboutInvitationUnrewarded), false, true},
		{"NOT_ELIGIBLE." + string(funding.AboutCampaign), false, true},
		{"NOT_ELIGIBLE." + string(funding.AboutPurchase), true, true},
		{"NOT_ELIGIBLE." + string(funding.AboutLoop), true, true},
		{"NOT_ELIGIBLE." + string(funding.AboutRole), true, true},
	} {
		for _, tongue := range tongues() {
			texts := m[tongue].texts
			if texts["promotion."+rule.key] == "" == rule.fails || texts["promotion."+rule.key+".passed"] == "" == rule.passes {
				t.Errorf("%s: %s", tongue, rule.key)
			}
		}
	}
}

func TestAGrantIsTakenBackAsFarAsItRemains(t *testing.T) {
	w := newWorld(t)
	ann, admin := w.signUp("ann"), w.administrator()
	grant := w.grant(ann.team, 100)
	const revoke = `mutation($i: RevokeGrantInput!) { revokeGrant(input: $i) {
		grant { id status remaining } balance { available }
		userErrors { __typename code path message ... on ConflictError { conflictsWith { id } } } } }`
	input := object{"grantId": grant, "note": "a mistake", "idempotencyKey": "k"}
	for range 2 {
		wantJSON(t, admin.must(revoke, object{"i": input})["revokeGrant"], `{
			"grant": {"id": "`+grant+`", "status": "REVOKED", "remaining": 0}, "balance": {"available": 195}, "userErrors": []
		}`)
	}
	input["idempotencyKey"] = "k2"
	wantJSON(t, admin.must(revoke, object{"i": input})["revokeGrant"], `{"grant": null, "balance": null, "userErrors": [{
		"__typename": "ConflictError", "code": "WRONG_STATE", "path": ["grantId"], "conflictsWith": {"id": "`+grant+`"},
		"message": "Nothing remains of this grant that could be taken back: it was spent, has lapsed, or was taken back before."
	}]}`)
	input["note"] = " "
	wantJSON(t, at(admin.must(revoke, object{"i": input}), "revokeGrant", "userErrors", 0, "path"), `["note"]`)
	lines := ann.must(`query($id: ID!) { team(id: $id) { ledger(first: 1) { nodes {
		kind amount: tokens note reason actor { name } grant { id } } } } }`, object{"id": ann.team})
	wantJSON(t, at(lines, "team", "ledger", "nodes", 0), `{
		"kind": "REVOKE", "amount": -100, "note": "a mistake", "reason": "CORRECTION", "actor": {"name": "Administrator"},
		"grant": {"id": "`+grant+`"}
	}`)
}
