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

// reasonOf is why a code could not be redeemed; empty: it was.
func reasonOf(t *testing.T, err error) models.PromotionRefusal {
	t.Helper()
	refused, ok := errors.AsType[*PromotionRefusedError](err)
	switch {
	case err == nil:
		return ""
	case !ok:
		t.Fatalf("redeem: %v", err)
	}
	return refused.Reason()
}

func TestARedeemedCodeBringsItsTokensWithTheirOrigin(t *testing.T) {
	c := newCircle(t)
	days := 10
	for _, kind := range []models.PromotionKind{models.PromotionGift, models.PromotionEvent} {
		p := c.player("a")
		input := gift("for-" + string(kind))
		input.Kind, input.GrantExpiresAfterDays = kind, &days
		promotion := c.promotes(input)
		before := time.Now()
		grant, balance, err := c.Redeem(c.ctx(), p.owner, c.redeems(p, "\t for-"+strings.ToLower(string(kind))+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		if grant.Source != kind.Source() || grant.Tokens != 100 || *grant.Note != "Spring" || *grant.CreatedBy != p.owner {
			t.Errorf("grant: %+v", grant)
		}
		if life := grant.ExpiresAt.Sub(before); life < 10*24*time.Hour-time.Minute || life > 10*24*time.Hour+time.Minute {
			t.Errorf("its tokens live for %s", life)
		}
		if balance.Available.API() != 100 || balance.Bonus != 100 {
			t.Errorf("balance: %+v", balance)
		}
		read, err := c.PromotionsByID(c.ctx(), []models.PromotionID{promotion.ID})
		if err != nil || read[promotion.ID].Redemptions != 1 {
			t.Errorf("promotion: %+v, %v", read, err)
		}
	}
	c.checked()
}

func TestOfSeveralPromotionsEachIsRedeemedOnce(t *testing.T) {
	c := newCircle(t)
	p := c.player("a")
	codes := []string{"spring", "summer", "autumn"}
	for _, code := range codes {
		c.promotes(gift(code))
		if _, _, err := c.Redeem(c.ctx(), p.owner, c.redeems(p, code)); err != nil {
			t.Fatal(err)
		}
	}
	for _, code := range codes {
		if _, _, err := c.Redeem(c.ctx(), p.owner, c.redeems(p, code)); reasonOf(t, err) != models.RefusedAlreadyRedeemed {
			t.Errorf("%s again: %v", code, err)
		}
	}
}

func TestWhatCannotBeACodeIsUnknown(t *testing.T) {
	c := newCircle(t)
	p := c.player("a")
	for _, code := range []string{
		"", " ", "NOTHING", "a\x00b", "\xff\xfe", strings.Repeat("A", 10_000), strings.Repeat("A", 40), "REF-", "REF-ABCDEF0123",
		"REF-REF-ABC", "' OR true --", "ＳＰＲＩＮＧ", "referral campaigns", string(p.team),
	} {
		_, _, err := c.Redeem(c.ctx(), p.owner, c.redeems(p, code))
		if reason := reasonOf(t, err); reason != models.RefusedUnknownCode {
			t.Errorf("%.20q: %s", code, reason)
		}
		e, err := c.Eligibility(c.ctx(), p.owner, p.team, code)
		if err != nil || e.Redeemable || e.Promotion != nil || e.Rules[0].Code != models.RefusedUnknownCode || e.Rules[0].Passed {
			t.Errorf("%.20q: %+v, %v", code, e, err)
		}
		if _, err := c.ReferralRider(c.ctx(), code); reasonOf(t, err) != models.RefusedUnknownCode {
			t.Errorf("%.20q: %v", code, err)
		}
	}
	if available := c.balance(p.team).Available.API(); available != 0 {
		t.Errorf("available: %d", available)
	}
}

func TestOneTeamThatRedeemsACodeInParallelIsGrantedOnce(t *testing.T) {
	c := newCircle(t)
	p := c.player("a")
	c.promotes(gift("spring"))
	processes := []*Funding{c.Funding, c.otherProcess()}
	inputs := make([]RedeemInput, 64)
	for i := range inputs {
		inputs[i] = c.redeems(p, "spring")
	}
	errs := make([]error, len(inputs))
	var running sync.WaitGroup
	for i := range inputs {
		running.Go(func() { _, _, errs[i] = processes[i%2].Redeem(c.ctx(), p.owner, inputs[i]) })
	}
	running.Wait()
	granted := 0
	for _, err := range errs {
		switch reason := reasonOf(t, err); reason {
		case "":
			granted++
		case models.RefusedAlreadyRedeemed:
		default:
			t.Errorf("refused: %s", reason)
		}
	}
	if n := c.count(`SELECT count(*) FROM grants WHERE team_id = $1`, p.team); granted != 1 || n != 1 {
		t.Errorf("%d redeemed, %d granted", granted, n)
	}
	c.checked()
}

func TestManyTeamsRedeemNoMoreThanThereIsLeft(t *testing.T) {
	c := newCircle(t)
	left := 10
	input := gift("spring")
	input.MaxRedemptions = &left
	c.promotes(input)
	processes := []*Funding{c.Funding, c.otherProcess()}
	players := make([]player, 64)
	inputs := make([]RedeemInput, len(players))
	for i := range players {
		players[i] = c.player(fmt.Sprint(i))
		inputs[i] = c.redeems(players[i], "spring")
	}
	errs := make([]error, len(players))
	var running sync.WaitGroup
	for i, p := range players {
		running.Go(func() { _, _, errs[i] = processes[i%2].Redeem(c.ctx(), p.owner, inputs[i]) })
	}
	running.Wait()
	granted := 0
	for _, err := range errs {
		switch reason := reasonOf(t, err); reason {
		case "":
			granted++
		case models.RefusedUsedUp:
		default:
			t.Errorf("refused: %s", reason)
		}
	}
	n := c.count(`SELECT count(*) FROM grants WHERE source = 'GIFT'`)
	if counted := c.count(`SELECT redemptions FROM promotions WHERE code = 'SPRING'`); granted != left || n != left || counted != left {
		t.Errorf("%d redeemed, %d granted, %d counted", granted, n, counted)
	}
	c.checked()
}

func TestWhoWaitsForAPromotionSeesWhatWasRedeemedMeanwhile(t *testing.T) {
	c := newCircle(t)
	p := c.player("a")
	left := 1
	input := gift("spring")
	input.MaxRedemptions = &left
	c.promotes(input)
	another, err := c.db.Pool.Begin(c.ctx())
	if err != nil {
		t.Fatal(err)
	}
	defer another.Rollback(c.ctx())
	if _, err := another.Exec(c.ctx(), `UPDATE promotions SET redemptions = 1 WHERE code = 'SPRING'`); err != nil {
		t.Fatal(err)
	}
	refused := make(chan error)
	try := c.redeems(p, "spring")
	go func() {
		_, _, err := c.Redeem(c.ctx(), p.owner, try)
		refused <- err
	}()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for c.count(`SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`) == 0 {
		select {
		case <-poll.C:
		case err := <-refused:
			t.Fatalf("nobody waited: %v", err)
		}
	}
	if err := another.Commit(c.ctx()); err != nil {
		t.Fatal(err)
	}
	if err := <-refused; reasonOf(t, err) != models.RefusedUsedUp {
		t.Errorf("behind the wait: %v", err)
	}
}

func TestTheWindowIsOfTheDatabasesClock(t *testing.T) {
	c := newCircle(t)
	p := c.player("a")
	// Whatever this process believes: a code can be redeemed from its start on, and not at its end.
	c.Funding.now = func() time.Time { return time.Now().Add(100 * time.Hour) }
	later := gift("later")
	later.StartsAt = time.Now().Add(time.Hour)
	c.promotes(later)
	over := gift("over")
	ends := time.Now().Add(-time.Minute)
	over.EndsAt = &ends
	c.promotes(over)
	open := gift("open")
	until := time.Now().Add(time.Hour)
	open.EndsAt = &until
	c.promotes(open)
	for code, want := range map[string]models.PromotionRefusal{
		"later": models.RefusedNotStarted, "over": models.RefusedEnded, "open": "",
	} {
		_, _, err := c.Redeem(c.ctx(), p.owner, c.redeems(p, code))
		if reason := reasonOf(t, err); reason != want {
			t.Errorf("%s: %q instead of %q", code, reason, want)
		}
	}
	c.checked()
}

func TestARefusalNamesThePromotion(t *testing.T) {
	c := newCircle(t)
	p := c.player("a")
	promotion := c.promotes(gift("spring"))
	if _, _, err := c.Redeem(c.ctx(), p.owner, c.redeems(p, "spring")); err != nil {
		t.Fatal(err)
	}
	_, _, err := c.Redeem(c.ctx(), p.owner, c.redeems(p, "spring"))
	refused, ok := errors.AsType[*PromotionRefusedError](err)
	if !ok || refused.Promotion == nil || refused.Promotion.ID != promotion.ID || refused.Rule.At == nil ||
		!strings.HasSuffix(err.Error(), "not redeemable: ALREADY_REDEEMED") {
		t.Errorf("refused: %+v, %v", refused, err)
	}
}

func TestAReferralCampaignsOwnCodeBringsNothing(t *testing.T) {
	c := newCircle(t)
	p := c.player("a")
	input := gift("friends")
	input.Kind = models.PromotionReferral
	c.promotes(input)
	for _, code := range []string{"REFERRAL", "friends"} {
		_, _, err := c.Redeem(c.ctx(), p.owner, c.redeems(p, code))
		refused, ok := errors.AsType[*PromotionRefusedError](err)
		if !ok || refused.Reason() != models.RefusedNotEligible || refused.Rule.About != AboutCampaign {
			t.Errorf("%s: %v", code, err)
		}
	}
	if available := c.balance(p.team).Available.API(); available != 0 {
		t.Errorf("available: %d", available)
	}
}

func TestOnlyAdminsOfTheTeamRedeem(t *testing.T) {
	c := newCircle(t)
	c.promotes(gift("spring"))
	stranger := c.player("stranger")
	for role, want := range map[models.TeamRole]error{
		models.RoleViewer: models.ErrForbidden, models.RoleMember: models.ErrForbidden, models.RoleAdmin: nil, models.RoleOwner: nil,
	} {
		p := c.player("a")
		c.joins(p.owner, p.team, role)
		if _, _, err := c.Redeem(c.ctx(), p.owner, c.redeems(p, "spring")); !errors.Is(err, want) {
			t.Errorf("%s: %v", role, err)
		}
		e, err := c.Eligibility(c.ctx(), stranger.owner, p.team, "spring")
		if err != nil || e.Redeemable {
			t.Errorf("a stranger is eligible: %+v, %v", e, err)
		}
		p.owner = stranger.owner
		if _, _, err := c.Redeem(c.ctx(), stranger.owner, c.redeems(p, "spring")); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("a stranger: %v", err)
		}
	}
	stranger.team = models.NewTeamID(time.Now())
	if _, _, err := c.Redeem(c.ctx(), stranger.owner, c.redeems(stranger, "spring")); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("a team that does not exist: %v", err)
	}
}

func TestOneKeyRedeemsOnceAndARefusalLeavesItFree(t *testing.T) {
	c := newCircle(t)
	p := c.player("a")
	later := gift("spring")
	later.StartsAt = time.Now().Add(time.Hour)
	promotion := c.promotes(later)
	input := c.redeems(p, "spring")
	if _, _, err := c.Redeem(c.ctx(), p.owner, input); reasonOf(t, err) != models.RefusedNotStarted {
		t.Errorf("before it starts: %v", err)
	}
	now := gift("spring")
	now.ID = &promotion.ID
	c.promotes(now)
	grants := make([]*models.Grant, 8)
	errs := make([]error, len(grants))
	var running sync.WaitGroup
	for i := range grants {
		running.Go(func() { grants[i], _, errs[i] = c.Redeem(c.ctx(), p.owner, input) })
	}
	running.Wait()
	for i := range grants {
		if errs[i] != nil || grants[i] == nil || grants[i].ID != grants[0].ID {
			t.Errorf("%d: %+v, %v", i, grants[i], errs[i])
		}
	}
	if available := c.balance(p.team).Available.API(); available != 100 {
		t.Errorf("available: %d", available)
	}
	other := input
	other.Code, other.Key.InputHash = "nothing", []byte(strings.Repeat("o", 32))
	if _, _, err := c.Redeem(c.ctx(), p.owner, other); !errors.Is(err, ledger.ErrKeyConflict) {
		t.Errorf("the key with another input: %v", err)
	}
	for key, want := range map[string]string{"": "bad input: idempotencyKey: REQUIRED", strings.Repeat("k", 256): "bad input: idempotencyKey: TOO_LONG"} {
		input.Key.Key = key
		if _, _, err := c.Redeem(c.ctx(), p.owner, input); err == nil || err.Error() != want {
			t.Errorf("a bad key: %v", err)
		}
	}
	c.checked()
}

// Changes that share a transaction see each other, although the database shows none of them yet.
func TestTheNextChangeOfATransactionSeesTheOneBefore(t *testing.T) {
	c := newCircle(t)
	p, inviter := c.player("a"), c.player("b")
	promotion := c.promotes(gift("spring"))
	code := c.codeOf(inviter)
	_, err := c.ledger.Update(c.ctx(), ledger.Change{
		Team: p.team, Actor: p.owner, Lookups: append(c.claimWants(p.team, code), c.claimWants(p.team, "SPRING")...),
		Decide: func(tx *ledger.Tx) error {
			c.redeem(tx, promotion, p.owner)
			if claim := c.lookUpClaim(tx, p.owner, "SPRING"); claim.redeemed == nil || claim.promotion.Redemptions != 1 {
				t.Errorf("redeemed: %+v", claim)
			}
			c.link(tx, inviter.team, p.owner)
			if claim := c.lookUpClaim(tx, p.owner, code); claim.referral == nil || claim.paid {
				t.Errorf("invited: %+v", claim)
			}
			if above, _ := c.rows.inviters.Get(tx, string(p.team)); above != inviter.team {
				t.Errorf("invited by %q", above)
			}
			other := models.Purchase{TeamID: models.NewTeamID(tx.Now()), PaidAt: new(time.Time)}
			c.followReferral(tx, &other)
			if paid, _ := c.rows.paid.Get(tx, other.TeamID); !paid {
				t.Error("a purchase that was just paid is not known")
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.checked()
}
