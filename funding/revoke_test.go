package funding

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
)

func (c *circle) revokes(grant models.GrantID) RevokeInput {
	return RevokeInput{Grant: grant, Note: " given by mistake\n", Key: c.key(c.administrator, "revokeGrant")}
}

func TestAnAdministratorTakesBackWhatRemainsOfAGrant(t *testing.T) {
	c := newCircle(t)
	p := c.player("a")
	c.promotes(gift("spring"))
	grant, _, err := c.Redeem(c.ctx(), p.owner, c.redeems(p, "spring"))
	if err != nil {
		t.Fatal(err)
	}
	c.spends(p, 30)
	input := c.revokes(grant.ID)
	errs := make([]error, 8)
	var running sync.WaitGroup
	for i := range errs {
		running.Go(func() {
			var revoked models.Grant
			revoked, _, errs[i] = c.RevokeGrant(c.ctx(), c.administrator, input)
			if revoked.Remaining != 0 || revoked.Revoked != 70 {
				t.Errorf("revoked: %+v", revoked)
			}
		})
	}
	running.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if balance := c.balance(p.team); balance.Available.API() != 0 || balance.Debt != 0 {
		t.Errorf("balance: %+v", balance)
	}
	entries, err := c.ledger.Entries(c.ctx(), p.team, ledger.Filter{}, models.Page{Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	entry := entries.Edges[0].Node
	if entry.Kind != models.EntryRevoke || entry.Amount != 70 || *entry.ActorID != c.administrator || *entry.Note != "given by mistake" ||
		*entry.Reason != models.ReasonCorrection || len(entries.Edges) != 4 {
		t.Errorf("entry: %+v", entry)
	}
	if _, _, err := c.RevokeGrant(c.ctx(), c.administrator, c.revokes(grant.ID)); !errors.Is(err, ErrNothingRemains) {
		t.Errorf("once more: %v", err)
	}
	other := input
	other.Key.InputHash = []byte(strings.Repeat("o", 32))
	if _, _, err := c.RevokeGrant(c.ctx(), c.administrator, other); !errors.Is(err, ledger.ErrKeyConflict) {
		t.Errorf("the key with another input: %v", err)
	}
	c.checked()
}

func TestARewardThatWasRevokedDoesNotComeBack(t *testing.T) {
	c := newCircle(t)
	a, b := c.player("a"), c.player("b")
	if err := c.invites(a, b); err != nil {
		t.Fatal(err)
	}
	purchase := c.buys(b)
	c.rewards(c.Funding)
	grants, err := c.ledger.Grants(c.ctx(), a.team, nil, models.Page{Size: 1})
	if err != nil {
		t.Fatal(err)
	}
	reward := grants.Edges[0].Node
	byGrant, err := c.PromotionsByGrant(c.ctx(), []models.GrantID{reward.ID})
	if err != nil || byGrant[reward.ID].Code != "REFERRAL" {
		t.Errorf("the campaign of a reward: %+v, %v", byGrant, err)
	}
	if _, _, err := c.RevokeGrant(c.ctx(), c.administrator, c.revokes(reward.ID)); err != nil {
		t.Fatal(err)
	}
	c.paysBack(purchase, "a third", 300)
	c.rewards(c.Funding)
	c.wantBonus("the inviting team", 195, 195, a)
	c.wantBonus("the invited team", 195, 66, b)
	if s := c.summary(a); s.TokensEarned != 0 {
		t.Errorf("summary: %+v", s)
	}
	if available := c.balance(a.team).Available.API(); available != 0 {
		t.Errorf("available: %d", available)
	}
	c.checked()
}

func TestWhatCannotBeRevokedStays(t *testing.T) {
	c := newCircle(t)
	p := c.player("a")
	c.promotes(gift("spring"))
	grant, _, err := c.Redeem(c.ctx(), p.owner, c.redeems(p, "spring"))
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*RevokeInput){
		"bad input: note: REQUIRED":           func(i *RevokeInput) { i.Note = " " },
		"bad input: note: TOO_LONG":           func(i *RevokeInput) { i.Note = strings.Repeat("ñ", 501) },
		"bad input: note: INVALID":            func(i *RevokeInput) { i.Note = "a\x00b" },
		"bad input: idempotencyKey: REQUIRED": func(i *RevokeInput) { i.Key.Key = "" },
		"not found":                           func(i *RevokeInput) { i.Grant = models.NewGrantID(time.Now()) },
	} {
		input := c.revokes(grant.ID)
		change(&input)
		if _, _, err := c.RevokeGrant(c.ctx(), c.administrator, input); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if available := c.balance(p.team).Available.API(); available != 100 {
		t.Errorf("available: %d", available)
	}
}
