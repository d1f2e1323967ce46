package funding

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
)

// rewards does all that is due.
func (c *circle) rewards(f *Funding) {
	c.t.Helper()
	for more := true; more; {
		var err error
		if more, err = f.rewardTeams(c.ctx()); err != nil {
			c.t.Fatal(err)
		}
	}
}

// bonus is what the team's rewards hold, and how much of them is to be taken back.
func (c *circle) bonus(p player) (granted, takenBack int) {
	c.t.Helper()
	return c.count(`SELECT coalesce(sum(tokens), 0) FROM grants WHERE team_id = $1 AND source = 'REFERRAL'`, p.team),
		c.count(`SELECT coalesce(sum(reclaimed), 0) FROM grants WHERE team_id = $1 AND source = 'REFERRAL'`, p.team)
}

func (c *circle) wantBonus(what string, granted, takenBack int, players ...player) {
	c.t.Helper()
	for _, p := range players {
		if g, back := c.bonus(p); g != granted || back != takenBack {
			c.t.Errorf("%s: granted %d, taken back %d; want %d, %d", what, g, back, granted, takenBack)
		}
	}
}

func TestBothTeamsAreRewardedForTheFirstPaidPurchaseAsFarAsItIsKept(t *testing.T) {
	c := newCircle(t)
	days := 20
	input := gift("friends")
	input.Kind, input.GrantExpiresAfterDays = models.PromotionReferral, &days
	c.promotes(input)
	a, b := c.player("a"), c.player("b")
	if err := c.invites(a, b); err != nil {
		t.Fatal(err)
	}
	purchase := c.begins(b)
	c.rewards(c.Funding)
	c.wantBonus("before it is paid", 0, 0, a, b)

	c.pays(purchase)
	c.rewards(c.Funding)
	c.wantBonus("paid", 100, 0, a, b)
	if s := c.summary(a); s.Invited != 1 || s.Rewarded != 1 || s.TokensEarned != 100 {
		t.Errorf("summary: %+v", s)
	}
	if n := c.count(`SELECT redemptions FROM promotions WHERE code = 'FRIENDS'`); n != 1 {
		t.Errorf("the campaign counts %d", n)
	}
	if n := c.count(`SELECT count(*) FROM grants WHERE source = 'REFERRAL' AND expires_at BETWEEN now() + '19 days' AND now() + '21 days'`); n != 2 {
		t.Errorf("%d rewards lapse in 20 days", n)
	}

	changed := gift("newer")
	changed.Kind, changed.Tokens = models.PromotionReferral, 7
	c.promotes(changed)
	c.paysBack(purchase, "first", 300) // a third: 433 of 650 tokens are kept, and 66 of the reward's 100
	c.rewards(c.Funding)
	c.wantBonus("a third paid back", 100, 34, a, b)
	c.disputes(purchase, 1, payment.DisputeOpen)
	c.rewards(c.Funding)
	c.wantBonus("the rest disputed", 100, 100, a, b)
	c.disputes(purchase, 2, payment.DisputeWon)
	c.rewards(c.Funding)
	c.wantBonus("the dispute won", 100, 34, a, b)
	if s := c.summary(a); s.Rewarded != 1 || s.TokensEarned != 66 {
		t.Errorf("summary: %+v", s)
	}
	if available := c.balance(a.team).Available.API(); available != 66 {
		t.Errorf("available: %d", available)
	}
	c.paysBack(purchase, "second", 600)
	c.rewards(c.Funding)
	c.wantBonus("all paid back", 100, 100, a, b)
	if s := c.summary(a); s.Rewarded != 1 || s.TokensEarned != 0 {
		t.Errorf("summary: %+v", s)
	}
	c.buys(b)
	c.rewards(c.Funding)
	c.wantBonus("a second purchase, after the first was paid back", 100, 100, a, b)
	if n := c.count(`SELECT count(*) FROM referrals WHERE due_at IS NOT NULL`); n != 0 {
		t.Errorf("%d referrals are still due", n)
	}
	c.checked()
}

func TestARewardEndsTheSameHoweverItsNewsIsProcessed(t *testing.T) {
	c := newCircle(t)
	steps := []func(models.PurchaseID){
		c.pays,
		func(id models.PurchaseID) { c.paysBack(id, "first", 100) },
		func(id models.PurchaseID) { c.paysBack(id, "second", 301) },
		func(id models.PurchaseID) { c.disputes(id, 1, payment.DisputeOpen) },
		func(id models.PurchaseID) { c.disputes(id, 2, payment.DisputeWon) },
	}
	// 499 of 900 cents are kept: 360 of 650 tokens, and 108 of 195 of the reward.
	for seed := range uint64(24) {
		random := rand.New(rand.NewPCG(seed, seed))
		a, b := c.player("a"), c.player("b")
		if err := c.invites(a, b); err != nil {
			t.Fatal(err)
		}
		purchase := c.begins(b)
		order := random.Perm(len(steps))
		for _, step := range order {
			steps[step](purchase)
			if random.IntN(2) == 0 {
				c.rewards(c.Funding)
			}
		}
		c.rewards(c.Funding)
		c.wantBonus(fmt.Sprint(order), 195, 87, a, b)
		if available := c.balance(a.team).Available.API(); available != 108 {
			t.Errorf("%v: available: %d", order, available)
		}
	}
	c.checked()
}

func TestSpentRewardsThatAreTakenBackBecomeDebt(t *testing.T) {
	c := newCircle(t)
	a, b := c.player("a"), c.player("b")
	if err := c.invites(a, b); err != nil {
		t.Fatal(err)
	}
	purchase := c.buys(b)
	c.rewards(c.Funding)
	c.spends(a, 65)
	c.disputes(purchase, 1, payment.DisputeOpen)
	c.rewards(c.Funding)
	if balance := c.balance(a.team); balance.Available.API() != 0 || balance.Debt != 65 {
		t.Errorf("the inviting team: %+v", balance)
	}
	c.disputes(purchase, 2, payment.DisputeWon)
	c.rewards(c.Funding)
	if balance := c.balance(a.team); balance.Available.API() != 130 || balance.Debt != 0 {
		t.Errorf("won back: %+v", balance)
	}
	c.checked()
}

func TestWithoutACampaignAFirstPurchaseBringsNothingThenOrLater(t *testing.T) {
	c := newCircle(t)
	a, b := c.player("a"), c.player("b")
	if err := c.invites(a, b); err != nil {
		t.Fatal(err)
	}
	c.exec(`UPDATE promotions SET ends_at = now()`)
	first := c.buys(b)
	c.exec(`UPDATE promotions SET ends_at = NULL`)
	c.paysBack(first, "a", 450)
	c.buys(b)
	c.rewards(c.Funding)
	c.wantBonus("no campaign ran", 0, 0, a, b)
	if s := c.summary(a); s.Invited != 1 || s.Rewarded != 0 {
		t.Errorf("summary: %+v", s)
	}
	e, err := c.Eligibility(c.ctx(), b.owner, b.team, c.codeOf(a))
	if err != nil || e.Rules[2].About != AboutInvitationUnrewarded || e.Rules[2].At == nil {
		t.Errorf("why: %+v, %v", e, err)
	}
	c.checked()
}

func TestACampaignRewardsNoMoreReferralsThanItsLimit(t *testing.T) {
	c := newCircle(t)
	limit := 3
	input := gift("friends")
	input.Kind, input.MaxRedemptions = models.PromotionReferral, &limit
	c.promotes(input)
	c.exec(`UPDATE promotions SET ends_at = now() WHERE code = 'REFERRAL'`)
	a := c.player("a")
	var running sync.WaitGroup
	for i := range 8 {
		b := c.player(fmt.Sprint(i))
		if err := c.invites(a, b); err != nil {
			t.Fatal(err)
		}
		purchase := c.begins(b)
		running.Go(func() { c.pays(purchase) })
	}
	running.Wait()
	c.rewards(c.Funding)
	if s := c.summary(a); s.Invited != 8 || s.Rewarded != 3 || s.TokensEarned != 300 || s.TokensPerReferral != 0 {
		t.Errorf("summary: %+v", s)
	}
	if n := c.count(`SELECT redemptions FROM promotions WHERE code = 'FRIENDS'`); n != 3 {
		t.Errorf("the campaign counts %d", n)
	}
	c.checked()
}

func TestTwoProcessesRewardATeamOnce(t *testing.T) {
	c := newCircle(t)
	a := c.player("a")
	processes := []*Funding{c.Funding, c.otherProcess()}
	for i := range 20 {
		b := c.player(fmt.Sprint(i))
		if err := c.invites(a, b); err != nil {
			t.Fatal(err)
		}
		c.buys(b)
	}
	for range 3 {
		var running sync.WaitGroup
		for _, f := range processes {
			running.Go(func() { c.rewards(f) })
		}
		running.Wait()
		c.exec(`UPDATE referrals SET due_at = now()`) // done again, it is the same
	}
	c.wantBonus("the inviting team", 20*195, 0, a)
	if n := c.count(`SELECT count(*) FROM grants WHERE source = 'REFERRAL'`); n != 40 {
		t.Errorf("%d rewards", n)
	}
	c.checked()
}

func TestACrashBetweenBothTeamsLosesAndDoublesNothing(t *testing.T) {
	c := newCircle(t)
	a, b := c.player("a"), c.player("b")
	if err := c.invites(a, b); err != nil {
		t.Fatal(err)
	}
	c.buys(b)
	for step := range 4 {
		list, err := c.takeOnRewards(c.ctx())
		if err != nil || len(list) != 1 {
			t.Fatalf("step %d: %+v, %v", step, list, err)
		}
		if step > 0 { // the process ends behind the first step, then behind the second
			if err := c.rewardTeam(c.ctx(), list[0], inviter); err != nil {
				t.Fatal(err)
			}
		}
		if step > 1 {
			if err := c.rewardTeam(c.ctx(), list[0], invited); err != nil {
				t.Fatal(err)
			}
		}
		if left, err := c.takeOnRewards(c.ctx()); err != nil || len(left) > 0 {
			t.Fatalf("step %d: another process takes on what is being done: %+v, %v", step, left, err)
		}
		c.exec(`UPDATE referrals SET due_at = now()`) // the lease has ended
	}
	c.rewards(c.Funding)
	c.wantBonus("in the end", 195, 0, a, b)
	c.checked()
}

func TestNewsThatComesWhileARewardIsGivenIsNotForgotten(t *testing.T) {
	c := newCircle(t)
	for _, done := range [][]side{{}, {inviter}, {inviter, invited}} {
		a, b := c.player("a"), c.player("b")
		if err := c.invites(a, b); err != nil {
			t.Fatal(err)
		}
		purchase := c.buys(b)
		list, err := c.takeOnRewards(c.ctx())
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		for _, s := range done {
			if err := c.rewardTeam(c.ctx(), list[0], s); err != nil {
				t.Fatal(err)
			}
		}
		c.paysBack(purchase, "all", 900)
		if err := c.rewardsDone(c.ctx(), list[0]); err != nil {
			t.Fatal(err)
		}
		c.rewards(c.Funding)
		c.wantBonus(fmt.Sprint("paid back behind ", done), 195, 195, a, b)
	}
	c.checked()
}

func TestASlowProcessThatKnowsOfNoGrantGivesNoSecondOne(t *testing.T) {
	c := newCircle(t)
	a, b := c.player("a"), c.player("b")
	if err := c.invites(a, b); err != nil {
		t.Fatal(err)
	}
	purchase := c.buys(b)
	slow, err := c.takeOnRewards(c.ctx())
	if err != nil || len(slow) != 1 {
		t.Fatalf("%+v, %v", slow, err)
	}
	c.exec(`UPDATE referrals SET due_at = now()`) // its lease has ended
	c.rewards(c.otherProcess())
	c.paysBack(purchase, "half", 450)
	if err := c.rewardBoth(c.ctx(), slow[0]); !errors.Is(err, ledger.ErrNotGranted) {
		t.Errorf("the slow process: %v", err)
	}
	c.rewards(c.Funding)
	c.wantBonus("in the end", 195, 98, a, b)
	c.checked()
}

func TestAReferralThatFailsDoesNotHoldUpOthers(t *testing.T) {
	c := newCircle(t)
	a, broken, fine := c.player("a"), c.player("broken"), c.player("fine")
	for _, p := range []player{broken, fine} {
		if err := c.invites(a, p); err != nil {
			t.Fatal(err)
		}
		c.buys(p)
	}
	c.exec(`ALTER TABLE balances DISABLE TRIGGER ALL`)
	c.exec(`UPDATE referrals SET inviter_id = $1 WHERE invited_id = $2`, c.administratorsTeam(), broken.team)
	more, err := c.rewardTeams(c.ctx())
	if more || err == nil {
		t.Errorf("a failure is not told: %v, %v", more, err)
	}
	c.wantBonus("the other one", 195, 0, a, fine)
	if n := c.count(`SELECT count(*) FROM referrals WHERE due_at > now() AND attempts = 1`); n != 1 {
		t.Errorf("%d referrals wait for another try", n)
	}
}

// administratorsTeam is a team without an account.
func (c *circle) administratorsTeam() models.TeamID {
	team := models.NewTeamID(time.Now())
	c.exec(`INSERT INTO teams (id, name, created_by, created_at) VALUES ($1, 'none', $2, now())`, team, c.administrator)
	return team
}

func TestStartedWorkRewardsByItself(t *testing.T) {
	c := newCircle(t)
	c.Start()
	defer c.Stop()
	a, b := c.player("a"), c.player("b")
	if err := c.invites(a, b); err != nil {
		t.Fatal(err)
	}
	c.buys(b)
	c.Wake()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for c.count(`SELECT count(*) FROM grants WHERE source = 'REFERRAL'`) < 2 {
		select {
		case <-poll.C:
		case <-ctx.Done():
			t.Fatal(errors.New("nobody was rewarded"))
		}
	}
}
