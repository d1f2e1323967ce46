package funding

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
)

// codeOf is a team's code for inviting others.
func (c *circle) codeOf(p player) string {
	c.t.Helper()
	return c.summary(p).Code
}

func (c *circle) summary(p player) models.ReferralSummary {
	c.t.Helper()
	summaries, err := c.Referrals(c.ctx(), []models.TeamID{p.team})
	if err != nil {
		c.t.Fatal(err)
	}
	return summaries[p.team]
}

// invites has the other team redeem the first one's code.
func (c *circle) invites(p, other player) error {
	c.t.Helper()
	grant, _, err := c.Redeem(c.ctx(), other.owner, c.redeems(other, c.codeOf(p)))
	if grant != nil {
		c.t.Errorf("an invitation granted %+v at once", grant)
	}
	return err
}

func TestATeamHasACodeAndALinkForInvitingOthers(t *testing.T) {
	c := newCircle(t)
	c.publicURL = "https://tokens.example"
	a, b := c.player("a"), c.player("b")
	summaries, err := c.Referrals(c.ctx(), []models.TeamID{a.team, b.team, "team_unknown"})
	if err != nil || len(summaries) != 2 {
		t.Fatalf("%+v, %v", summaries, err)
	}
	s := summaries[a.team]
	if !strings.HasPrefix(s.Code, "REF-") || s.URL != "https://tokens.example/?referral="+s.Code || s.TokensPerReferral != 195 ||
		s.Invited != 0 || s.Rewarded != 0 || s.TokensEarned != 0 || s.Code == summaries[b.team].Code {
		t.Errorf("summaries: %+v", summaries)
	}
	if err := c.invites(a, b); err != nil {
		t.Fatal(err)
	}
	if s := c.summary(a); s.Invited != 1 || s.Rewarded != 0 || s.TokensEarned != 0 {
		t.Errorf("once somebody was invited: %+v", s)
	}
}

func TestATeamSeesWhatItsOwnInvitationsBrought(t *testing.T) {
	c := newCircle(t)
	a, b, none := c.player("a"), c.player("b"), c.player("none")
	invited := []player{c.player("paid"), c.player("unpaid"), c.player("of b"), c.player("of b, too")}
	helper := models.NewUserID(time.Now())
	c.exec(`INSERT INTO users (id, email, name, password_hash, created_at) VALUES ($1, 'helper', 'helper', '-', now())`, helper)
	for i, inviting := range []player{a, a, b, b} {
		if i == 1 { // somebody else than who made the team
			c.joins(helper, invited[i].team, models.RoleAdmin)
			invited[i].owner = helper
		}
		if err := c.invites(inviting, invited[i]); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range invited {
		if n := c.count(`SELECT count(*) FROM referrals WHERE invited_id = $1 AND user_id = $2`, p.team, p.owner); n != 1 {
			t.Errorf("%s is not said to have redeemed the code", p.owner)
		}
	}
	c.buys(invited[0])
	paid := c.buys(invited[2])
	c.buys(invited[3])
	c.rewards(c.Funding)
	c.paysBack(paid, "r", 450)
	c.rewards(c.Funding)
	for name, test := range map[string]struct {
		of                player
		invited, rewarded int
		earned            models.Tokens
	}{
		"a": {a, 2, 1, 195}, "b": {b, 2, 2, 195 + 97}, "who invited nobody": {none, 0, 0, 0}, "who was invited": {invited[0], 0, 0, 0},
	} {
		if s := c.summary(test.of); s.Invited != test.invited || s.Rewarded != test.rewarded || s.TokensEarned != test.earned {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestOfPurchasesThatArePaidInOneTransactionOneIsTheFirst(t *testing.T) {
	c := newCircle(t)
	a, b := c.player("a"), c.player("b")
	if err := c.invites(a, b); err != nil {
		t.Fatal(err)
	}
	first, second := c.begins(b), c.begins(b)
	enough := errors.New("enough was seen")
	_, err := c.ledger.Update(c.ctx(), ledger.Change{Team: b.team, Lookups: c.referralWants(b.team), Decide: func(tx *ledger.Tx) error {
		for _, id := range []models.PurchaseID{first, second, first} {
			c.followReferral(tx, &models.Purchase{ID: id, TeamID: b.team, PaidAt: new(tx.Now())})
			referral, _ := c.rows.referrals.Get(tx, b.team)
			if deref(referral.PurchaseID) != first || deref(referral.Tokens) != 195 || referral.DueAt == nil {
				t.Errorf("after %s: %+v", id, referral)
			}
		}
		return enough
	}})
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
}

func TestARewardThatSucceedsIsTriedWithoutDelayTheNextTime(t *testing.T) {
	c := newCircle(t)
	a, b := c.player("a"), c.player("b")
	if err := c.invites(a, b); err != nil {
		t.Fatal(err)
	}
	id := c.buys(b)
	c.exec(`UPDATE referrals SET attempts = 5`)
	c.rewards(c.Funding)
	if n := c.count(`SELECT count(*) FROM referrals WHERE attempts = 0 AND due_at IS NULL`); n != 1 {
		t.Error("the tries that failed are not forgotten once it is done")
	}
	c.exec(`UPDATE referrals SET attempts = 5`)
	c.paysBack(id, "r", 450)
	if n := c.count(`SELECT count(*) FROM referrals WHERE attempts = 0 AND due_at <= now()`); n != 1 {
		t.Error("the tries that failed are not forgotten once there is news")
	}
}

func TestTheNewestCampaignThatRunsSaysWhatReferralsBring(t *testing.T) {
	c := newCircle(t)
	a := c.player("a")
	ended := time.Now().Add(-time.Minute)
	none := 0
	for _, campaign := range []struct {
		change func(*PromotionInput)
		want   models.Tokens
	}{
		{func(i *PromotionInput) { i.Kind = models.PromotionGift }, 195},
		{func(i *PromotionInput) { i.StartsAt = time.Now().Add(time.Hour) }, 195},
		{func(i *PromotionInput) { i.EndsAt = &ended }, 195},
		{func(i *PromotionInput) { i.MaxRedemptions = &none }, 195},
		{func(i *PromotionInput) { i.StartsAt = time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC) }, 195},
		{func(*PromotionInput) {}, 100},
	} {
		input := gift(fmt.Sprint("campaign-", campaign.want, "-", time.Now().UnixNano()))
		input.Kind = models.PromotionReferral
		campaign.change(&input)
		c.promotes(input)
		if s := c.summary(a); s.TokensPerReferral != campaign.want {
			t.Errorf("%+v: %d", input, s.TokensPerReferral)
		}
	}
	c.exec(`UPDATE promotions SET ends_at = now() WHERE kind = 'REFERRAL' AND starts_at < now()`)
	if s := c.summary(a); s.TokensPerReferral != 0 {
		t.Errorf("once none runs: %d", s.TokensPerReferral)
	}
}

func TestATeamCannotInviteItselfOrItsOwnPeople(t *testing.T) {
	c := newCircle(t)
	a, b := c.player("a"), c.player("b")
	if err := c.invites(a, a); reasonOf(t, err) != models.RefusedOwnReferral {
		t.Errorf("itself: %v", err)
	}
	c.joins(a.owner, b.team, models.RoleViewer)
	if err := c.invites(a, b); reasonOf(t, err) != models.RefusedOwnReferral {
		t.Errorf("a team with the same member: %v", err)
	}
	if err := c.invites(b, a); reasonOf(t, err) != models.RefusedOwnReferral {
		t.Errorf("the other way: %v", err)
	}
	if n := c.count(`SELECT count(*) FROM referrals`); n != 0 {
		t.Errorf("%d referrals", n)
	}
}

func TestNoneOfTheTeamsThatShareAMemberInvitesTheOthers(t *testing.T) {
	c := newCircle(t)
	shared := c.player("shared")
	others := []player{c.player("a"), c.player("b"), c.player("c")}
	for _, p := range others {
		c.joins(shared.owner, p.team, models.RoleMember)
	}
	for _, p := range others {
		if err := c.invites(p, shared); reasonOf(t, err) != models.RefusedOwnReferral {
			t.Errorf("%v", err)
		}
	}
}

func TestATeamIsInvitedOnceAndBeforeItPays(t *testing.T) {
	c := newCircle(t)
	a, b, d, paid := c.player("a"), c.player("b"), c.player("d"), c.player("paid")
	input := c.redeems(b, c.codeOf(a))
	for range 2 { // the same key again is the same answer
		if grant, _, err := c.Redeem(c.ctx(), b.owner, input); err != nil || grant != nil {
			t.Fatalf("the first invitation: %+v, %v", grant, err)
		}
	}
	for _, inviter := range []player{a, d} {
		if err := c.invites(inviter, b); reasonOf(t, err) != models.RefusedAlreadyRedeemed {
			t.Errorf("another invitation: %v", err)
		}
	}
	c.paysBack(c.buys(paid), "all", 900)
	err := c.invites(a, paid)
	if refused, ok := errors.AsType[*PromotionRefusedError](err); !ok || refused.Rule.About != AboutPurchase {
		t.Errorf("who has paid before: %v", err)
	}
	if n := c.count(`SELECT count(*) FROM referrals`); n != 1 {
		t.Errorf("%d referrals", n)
	}
}

func TestOneTeamThatIsInvitedByManyAtOnceIsInvitedOnce(t *testing.T) {
	c := newCircle(t)
	invited := c.player("invited")
	processes := []*Funding{c.Funding, c.otherProcess()}
	inputs := make([]RedeemInput, 16)
	for i := range inputs {
		inputs[i] = c.redeems(invited, c.codeOf(c.player(fmt.Sprint(i))))
	}
	errs := make([]error, len(inputs))
	var running sync.WaitGroup
	for i := range inputs {
		running.Go(func() { _, _, errs[i] = processes[i%2].Redeem(c.ctx(), invited.owner, inputs[i]) })
	}
	running.Wait()
	linked := 0
	for _, err := range errs {
		if reason := reasonOf(t, err); reason == "" {
			linked++
		} else if reason != models.RefusedAlreadyRedeemed {
			t.Errorf("refused: %s", reason)
		}
	}
	if n := c.count(`SELECT count(*) FROM referrals`); linked != 1 || n != 1 {
		t.Errorf("%d invited, %d referrals", linked, n)
	}
}

func TestNobodyInvitesTheTeamsThatInvitedThem(t *testing.T) {
	c := newCircle(t)
	line := make([]player, 5)
	for i := range line {
		line[i] = c.player(fmt.Sprint(i))
		if i > 0 {
			if err := c.invites(line[i-1], line[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, last := range line[1:] {
		err := c.invites(last, line[0])
		if refused, ok := errors.AsType[*PromotionRefusedError](err); !ok || refused.Rule.About != AboutLoop {
			t.Errorf("a loop: %v", err)
		}
	}
	if err := c.invites(c.player("new"), line[0]); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}

func TestARingOfTeamsThatInviteEachOtherAtOnceStaysOpen(t *testing.T) {
	c := newCircle(t)
	processes := []*Funding{c.Funding, c.otherProcess(), c.otherProcess()}
	for round := range 8 {
		ring := make([]player, 8)
		inputs := make([]RedeemInput, len(ring))
		for i := range ring {
			ring[i] = c.player(fmt.Sprint(round, i))
		}
		for i, p := range ring {
			inputs[i] = c.redeems(p, c.codeOf(ring[(i+1)%len(ring)]))
		}
		errs := make([]error, len(ring))
		var running sync.WaitGroup
		for i, p := range ring {
			running.Go(func() { _, _, errs[i] = processes[i%3].Redeem(c.ctx(), p.owner, inputs[i]) })
		}
		running.Wait()
		linked := 0
		for _, err := range errs {
			refused, ok := errors.AsType[*PromotionRefusedError](err)
			switch {
			case err == nil:
				linked++
			case !ok || refused.Rule.About != AboutLoop:
				t.Errorf("round %d: %v", round, err)
			}
		}
		if linked == 0 || linked == len(ring) {
			t.Errorf("round %d: %d of %d were linked", round, linked, len(ring))
		}
	}
	loops := c.count(`
WITH RECURSIVE line AS (
	SELECT invited_id, inviter_id FROM referrals
	UNION
	SELECT line.invited_id, referrals.inviter_id FROM line JOIN referrals ON referrals.invited_id = line.inviter_id
)
SELECT count(*) FROM line WHERE invited_id = inviter_id`)
	if loops > 0 {
		t.Errorf("%d teams have invited themselves", loops)
	}
	c.checked()
}

func TestWhoSignsUpWithACodeIsInvited(t *testing.T) {
	c := newCircle(t)
	a := c.player("a")
	rider, err := c.ReferralRider(c.ctx(), " "+strings.ToLower(c.codeOf(a)))
	if err != nil {
		t.Fatal(err)
	}
	team, user := models.NewTeamID(time.Now()), c.administrator
	newTeams := &ledger.Statement[models.TeamID]{
		Rank: ledger.RankBefore,
		SQL:  `INSERT INTO teams (id, name, created_by, created_at) SELECT id, 'new', by, now() FROM unnest($1::text[], $2::text[]) AS n (id, by)`,
		Columns: func(teams []models.TeamID) []any {
			return []any{texts(teams), []string{string(user)}}
		},
	}
	_, err = c.ledger.Update(c.ctx(), ledger.Change{
		Team: team, Open: &ledger.Opening{TimeZone: "UTC"}, Lookups: rider.Lookups,
		Decide: func(tx *ledger.Tx) error {
			newTeams.Stage(tx, team)
			return rider.Decide(tx)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := c.count(`SELECT count(*) FROM referrals WHERE inviter_id = $1 AND invited_id = $2 AND user_id = $3`, a.team, team, user); n != 1 {
		t.Errorf("%d referrals", n)
	}
	c.promotes(gift("spring"))
	if _, err := c.ReferralRider(c.ctx(), "spring"); reasonOf(t, err) != models.RefusedUnknownCode {
		t.Errorf("a promotion's code: %v", err)
	}
}
