package funding

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"productgenerator/models"
)

// written is a claim's rules as one line: those that are not passed with an exclamation mark.
func written(rules []Rule) (line string) {
	for _, rule := range rules {
		if !rule.Passed {
			line += "!"
		}
		line += string(rule.Code)
		if rule.About != "" {
			line += "." + string(rule.About)
		}
		line += " "
	}
	return line[:len(line)-1]
}

func TestEveryRuleIsToldPassedOrNot(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	before, after, three := now.Add(-time.Microsecond), now.Add(time.Microsecond), 3
	none, some := models.Tokens(0), models.Tokens(10)
	purchase := models.PurchaseID("purchase_1")
	promotion := func(change func(*models.Promotion)) claim {
		p := models.Promotion{Kind: models.PromotionGift, StartsAt: now, EndsAt: &after, MaxRedemptions: &three, Redemptions: 2}
		change(&p)
		return claim{team: "a", role: models.RoleAdmin, now: now, promotion: &p}
	}
	referral := func(change func(*claim)) claim {
		c := claim{team: "a", role: models.RoleOwner, now: now, inviter: "b"}
		change(&c)
		return c
	}
	redeemed := promotion(func(*models.Promotion) {})
	redeemed.redeemed, redeemed.role = &before, models.RoleMember
	for _, test := range []struct {
		claim claim
		rules string
	}{
		{claim{}, "!UNKNOWN_CODE !NOT_ELIGIBLE.ROLE"},
		{claim{role: models.RoleAdmin}, "!UNKNOWN_CODE NOT_ELIGIBLE.ROLE"},
		{promotion(func(*models.Promotion) {}), "UNKNOWN_CODE ALREADY_REDEEMED NOT_STARTED ENDED USED_UP NOT_ELIGIBLE.ROLE"},
		{promotion(func(p *models.Promotion) { p.StartsAt = after }), "UNKNOWN_CODE ALREADY_REDEEMED !NOT_STARTED ENDED USED_UP NOT_ELIGIBLE.ROLE"},
		{promotion(func(p *models.Promotion) { p.EndsAt = &now }), "UNKNOWN_CODE ALREADY_REDEEMED NOT_STARTED !ENDED USED_UP NOT_ELIGIBLE.ROLE"},
		{promotion(func(p *models.Promotion) { p.EndsAt = nil }), "UNKNOWN_CODE ALREADY_REDEEMED NOT_STARTED ENDED USED_UP NOT_ELIGIBLE.ROLE"},
		{promotion(func(p *models.Promotion) { p.Redemptions = 3 }), "UNKNOWN_CODE ALREADY_REDEEMED NOT_STARTED ENDED !USED_UP NOT_ELIGIBLE.ROLE"},
		{promotion(func(p *models.Promotion) { p.MaxRedemptions, p.Redemptions = nil, 1e9 }), "UNKNOWN_CODE ALREADY_REDEEMED NOT_STARTED ENDED USED_UP NOT_ELIGIBLE.ROLE"},
		{redeemed, "UNKNOWN_CODE !ALREADY_REDEEMED NOT_STARTED ENDED USED_UP !NOT_ELIGIBLE.ROLE"},
		{promotion(func(p *models.Promotion) { p.Kind = models.PromotionReferral }), "UNKNOWN_CODE !NOT_ELIGIBLE.CAMPAIGN NOT_ELIGIBLE.ROLE"},
		{referral(func(*claim) {}), "UNKNOWN_CODE OWN_REFERRAL ALREADY_REDEEMED.INVITATION NOT_ELIGIBLE.PURCHASE NOT_ELIGIBLE.LOOP NOT_ELIGIBLE.ROLE"},
		{referral(func(c *claim) { c.inviter = "a" }), "UNKNOWN_CODE !OWN_REFERRAL ALREADY_REDEEMED.INVITATION NOT_ELIGIBLE.PURCHASE NOT_ELIGIBLE.LOOP NOT_ELIGIBLE.ROLE"},
		{referral(func(c *claim) { c.related = true }), "UNKNOWN_CODE !OWN_REFERRAL ALREADY_REDEEMED.INVITATION NOT_ELIGIBLE.PURCHASE NOT_ELIGIBLE.LOOP NOT_ELIGIBLE.ROLE"},
		{referral(func(c *claim) { c.paid, c.loop = true, true }), "UNKNOWN_CODE OWN_REFERRAL ALREADY_REDEEMED.INVITATION !NOT_ELIGIBLE.PURCHASE !NOT_ELIGIBLE.LOOP NOT_ELIGIBLE.ROLE"},
		{referral(func(c *claim) { c.referral = &models.Referral{} }), "UNKNOWN_CODE OWN_REFERRAL !ALREADY_REDEEMED.INVITATION_WAITING NOT_ELIGIBLE.PURCHASE NOT_ELIGIBLE.LOOP NOT_ELIGIBLE.ROLE"},
		{referral(func(c *claim) { c.referral = &models.Referral{PurchaseID: &purchase, Tokens: &some} }), "UNKNOWN_CODE OWN_REFERRAL !ALREADY_REDEEMED.INVITATION_REWARDED NOT_ELIGIBLE.PURCHASE NOT_ELIGIBLE.LOOP NOT_ELIGIBLE.ROLE"},
		{referral(func(c *claim) { c.referral = &models.Referral{PurchaseID: &purchase, Tokens: &none} }), "UNKNOWN_CODE OWN_REFERRAL !ALREADY_REDEEMED.INVITATION_UNREWARDED NOT_ELIGIBLE.PURCHASE NOT_ELIGIBLE.LOOP NOT_ELIGIBLE.ROLE"},
	} {
		if rules := written(test.claim.rules()); rules != test.rules {
			t.Errorf("got  %s\nwant %s", rules, test.rules)
		}
	}
}

func TestARefusalIsTheFirstRuleThatIsNotPassed(t *testing.T) {
	c := claim{team: "a", role: models.RoleOwner, inviter: "b", paid: true, loop: true}
	refused, ok := errors.AsType[*PromotionRefusedError](c.refusal())
	if !ok || refused.Rule.About != AboutPurchase || refused.Error() != "not redeemable: NOT_ELIGIBLE: PURCHASE" {
		t.Errorf("refused: %+v", refused)
	}
}

// What somebody is told before is what happens when they try, whatever promotions, teams and invitations there are.
func TestEligibilitySaysWhatRedeemingDoes(t *testing.T) {
	c := newCircle(t)
	random := rand.New(rand.NewPCG(7, 7))
	codes := []string{"REFERRAL", "NOTHING", "not a code"}
	for i := range 12 {
		input := gift(fmt.Sprint("code-", i))
		input.Kind = []models.PromotionKind{models.PromotionGift, models.PromotionEvent, models.PromotionReferral}[random.IntN(3)]
		input.StartsAt = time.Now().Add(time.Duration(random.IntN(4)-2)*time.Hour - time.Minute)
		if random.IntN(2) == 0 {
			ends := input.StartsAt.Add(time.Duration(1+random.IntN(3)) * time.Hour)
			input.EndsAt = &ends
		}
		if random.IntN(2) == 0 {
			limit := random.IntN(4)
			input.MaxRedemptions = &limit
		}
		codes = append(codes, c.promotes(input).Code)
	}
	players := make([]player, 8)
	for i := range players {
		players[i] = c.player(fmt.Sprint(i))
		codes = append(codes, c.codeOf(players[i]))
		if random.IntN(4) == 0 {
			c.buys(players[i])
		}
		if i > 0 && random.IntN(3) == 0 {
			c.joins(players[i-1].owner, players[i].team, models.RoleAdmin)
		}
	}
	told := map[string]int{}
	for range 600 {
		p, code := players[random.IntN(len(players))], codes[random.IntN(len(codes))]
		c.joins(p.owner, p.team, []models.TeamRole{models.RoleMember, models.RoleAdmin, models.RoleOwner}[random.IntN(3)])
		e, err := c.Eligibility(c.ctx(), p.owner, p.team, code)
		if err != nil {
			t.Fatal(err)
		}
		before := c.balance(p.team)
		grant, balance, err := c.Redeem(c.ctx(), p.owner, c.redeems(p, code))
		refused, isRefused := errors.AsType[*PromotionRefusedError](err)
		first := slices.IndexFunc(e.Rules, func(rule Rule) bool { return !rule.Passed })
		switch {
		case err == nil:
			told["redeemed"]++
			if !e.Redeemable || first >= 0 || (grant == nil) != (e.Promotion == nil) {
				t.Errorf("%s: told %s, and redeemed %+v", code, written(e.Rules), grant)
			}
			if grant != nil && balance.Available.API()-before.Available.API() != grant.Tokens {
				t.Errorf("%s: %d tokens came of %d", code, balance.Available.API()-before.Available.API(), grant.Tokens)
			}
		case errors.Is(err, models.ErrForbidden):
			told["forbidden"]++
			if last := e.Rules[len(e.Rules)-1]; e.Redeemable || last.About != AboutRole || last.Passed {
				t.Errorf("%s: told %s, and was forbidden", code, written(e.Rules))
			}
		case isRefused:
			told[refused.Error()]++
			if e.Redeemable || e.Rules[first].Code != refused.Rule.Code || e.Rules[first].About != refused.Rule.About {
				t.Errorf("%s: told %s, and %v", code, written(e.Rules), err)
			}
		default:
			t.Fatal(err)
		}
	}
	if len(told) < 11 {
		t.Errorf("too little has happened: %v", told)
	}
	c.checked()
}
