package resolvers

import (
	"testing"
	"time"

	"productgenerator/funding"
	"productgenerator/ledger"
	"productgenerator/models"
)

const referral = `query($id: ID!) { team(id: $id) { referral { code url tokensPerReferral invited rewarded tokensEarned } } }`

func (c *client) referral() any {
	c.t.Helper()
	return at(c.must(referral, object{"id": c.team}), "team", "referral")
}

// buys is a purchase that the demonstration settles at once.
func (c *client) buys(key string) models.PurchaseID {
	c.t.Helper()
	purchase, _, err := c.resolver.Funding.Purchase(c.t.Context(), models.UserID(c.user), funding.PurchaseInput{
		Team: models.TeamID(c.team), Package: "package_00000000000000000000000001",
		Key: ledger.Key{Caller: models.UserID(c.user), Key: key, Mutation: "purchaseTokens", InputHash: make([]byte, 32)},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return purchase.ID
}

// await polls until the condition holds.
func (w *world) await(what string, condition func() bool) {
	w.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			w.t.Fatalf("waited in vain until %s", what)
		}
	}
}

func TestATeamInvitesAnotherAndBothAreRewardedForItsFirstPurchase(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	code := text(ann.referral(), "code")
	wantJSON(t, ann.referral(), `{"code": "`+code+`", "url": "http://shop.example/?referral=`+code+`", "tokensPerReferral": 195,
		"invited": 0, "rewarded": 0, "tokensEarned": 0}`)
	bob := w.signUpWith(object{"name": "bob", "email": "bob@example.com", "teamName": "bob's team", "referralCode": " " + code})
	cleo := w.signUp("cleo")
	wantJSON(t, cleo.redeems(code, "k"), `{"grant": null, "balance": {"available": 195}, "userErrors": []}`)
	if invited := at(ann.referral(), "invited"); invited != 2.0 {
		t.Errorf("invited: %v", invited)
	}
	_, rules := bob.rules(code)
	mustContain(t, rules[2], "Both teams get their tokens when it makes its first paid purchase.")
	again := bob.redeems(code, "k")
	wantJSON(t, at(again, "userErrors", 0, "reason"), `"ALREADY_REDEEMED"`)

	bob.buys("k")
	w.await("ann is rewarded", func() bool { return at(ann.referral(), "tokensEarned") == 195.0 })
	wantJSON(t, ann.referral(), `{"code": "`+code+`", "url": "http://shop.example/?referral=`+code+`", "tokensPerReferral": 195,
		"invited": 2, "rewarded": 1, "tokensEarned": 195}`)
	const bonus = `query($id: ID!) { team(id: $id) { balance { available } grants { nodes { source tokens promotion { code } } } } }`
	var told any
	w.await("bob is rewarded", func() bool {
		told = bob.must(bonus, object{"id": bob.team})
		return at(told, "team", "balance", "available") == 1040.0
	})
	wantJSON(t, at(told, "team", "grants", "nodes", 0), `{"source": "REFERRAL", "tokens": 195, "promotion": {"code": "REFERRAL"}}`)
	wantJSON(t, at(told, "team", "grants", "nodes", 2, "promotion"), `null`)
	_, rules = bob.rules(code)
	mustContain(t, rules[2], "Both teams got their tokens for its first paid purchase")

	own := ann.redeems(code, "k")
	wantJSON(t, at(own, "userErrors", 0, "reason"), `"OWN_REFERRAL"`)
	campaign := ann.redeems("referral", "k2")
	wantJSON(t, at(campaign, "userErrors", 0, "reason"), `"NOT_ELIGIBLE"`)
	mustContain(t, text(campaign, "userErrors", 0, "message"), "This code only names the campaign")
}

func TestACodeThatInvitesNobodyStopsTheSignUp(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	w.promotes("spring", nil)
	invitation := text(ann.must(`mutation($i: InviteMemberInput!) { inviteMember(input: $i) { token } }`,
		object{"i": object{"teamId": ann.team, "email": "bob@example.com", "role": "MEMBER"}}), "inviteMember", "token")
	for _, input := range []object{
		{"teamName": "bob's", "referralCode": "REF-0123456789"},
		{"teamName": "bob's", "referralCode": "spring"},
		{"teamName": "bob's", "referralCode": " "},
		{"invitationToken": invitation, "referralCode": text(ann.referral(), "code")},
	} {
		input["name"], input["email"], input["password"] = "bob", "bob@example.com", password
		refused := w.anonymous().must(signUp, object{"input": input})
		wantJSON(t, at(refused, "signUp", "userErrors", 0, "path"), `["referralCode"]`)
		wantJSON(t, at(refused, "signUp", "userErrors", 0, "code"), `"INVALID"`)
		wantJSON(t, at(refused, "signUp", "token"), `null`)
	}
	both := w.anonymous().must(signUp, object{"input": object{
		"name": "", "email": "bob@example.com", "password": password, "teamName": "bob's", "referralCode": "nothing",
	}})
	wantJSON(t, at(both, "signUp", "userErrors", 1, "path"), `["referralCode"]`)
	w.signUpWith(object{"name": "bob", "email": "bob@example.com", "teamName": "bob's", "referralCode": ""})
}
