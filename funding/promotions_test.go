package funding

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
)

// circle is a world in which several teams redeem codes and invite each other.
type circle struct {
	*world
	keys    int
	spent   bool
	players []player
}

func newCircle(t *testing.T) *circle {
	t.Helper()
	return &circle{world: newWorld(t)}
}

// otherProcess is funding in another process on the same database.
func (c *circle) otherProcess() *Funding {
	l := ledger.New(c.db.Gorm, c.db.Pool, silence{}, ledger.Options{Cheapest: 10})
	c.t.Cleanup(l.Close)
	return New(Options{DB: c.db.Gorm, Pool: c.db.Pool, Ledger: l, Provider: c.provider, Now: time.Now})
}

// player is a team with its OWNER.
type player struct {
	team  models.TeamID
	owner models.UserID
}

// player makes a team, whose OWNER is in no other.
func (c *circle) player(name string) player {
	c.t.Helper()
	p := player{models.NewTeamID(time.Now()), models.NewUserID(time.Now())}
	c.exec(`INSERT INTO users (id, email, name, password_hash, created_at) VALUES ($1, $2, $2, '-', now())`, p.owner, name+string(p.owner))
	c.exec(`INSERT INTO teams (id, name, created_by, created_at) VALUES ($1, $2, $3, now())`, p.team, name, p.owner)
	c.joins(p.owner, p.team, models.RoleOwner)
	_, err := c.ledger.Update(c.ctx(), ledger.Change{
		Team: p.team, Open: &ledger.Opening{TimeZone: "UTC"}, Decide: func(*ledger.Tx) error { return nil },
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.players = append(c.players, p)
	return p
}

func (c *circle) joins(user models.UserID, team models.TeamID, role models.TeamRole) {
	c.t.Helper()
	c.exec(`INSERT INTO memberships (id, team_id, user_id, role, joined_at) VALUES ($1, $2, $3, $4, now())
		ON CONFLICT (team_id, user_id) DO UPDATE SET role = excluded.role`,
		models.NewMembershipID(time.Now()), team, user, role)
}

// key is one that nobody has used.
func (c *circle) key(user models.UserID, mutation string) ledger.Key {
	c.keys++
	return ledger.Key{Caller: user, Key: fmt.Sprint("key ", c.keys), Mutation: mutation, InputHash: []byte(strings.Repeat("h", 32))}
}

func (c *circle) redeems(p player, code string) RedeemInput {
	return RedeemInput{Team: p.team, Code: code, Key: c.key(p.owner, "redeemPromotion")}
}

// gift is a promotion that anybody can redeem.
func gift(code string) PromotionInput {
	return PromotionInput{
		Code: code, Kind: models.PromotionGift, Name: "Spring", Terms: "One for each team.", Tokens: 100,
		StartsAt: time.Now().Add(-time.Hour),
	}
}

func (c *circle) promotes(input PromotionInput) models.Promotion {
	c.t.Helper()
	promotion, err := c.SetPromotion(c.ctx(), c.administrator, input)
	if err != nil {
		c.t.Fatal(err)
	}
	return promotion
}

func (c *circle) balance(team models.TeamID) models.Balance {
	c.t.Helper()
	balance, err := c.ledger.Balance(c.ctx(), team)
	if err != nil {
		c.t.Fatal(err)
	}
	return balance
}

func (c *circle) count(sql string, args ...any) (n int) {
	c.t.Helper()
	if err := c.db.Pool.QueryRow(c.ctx(), sql, args...).Scan(&n); err != nil {
		c.t.Fatal(err)
	}
	return n
}

// checked fails the test if an invariant is broken. What spends reserves has no generation, which others check.
func (c *circle) checked() {
	c.t.Helper()
	report, err := c.ledger.Check(c.ctx(), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, p := range c.players[:min(len(c.players), 4)] {
		alone, err := c.ledger.Check(c.ctx(), &p.team)
		if err != nil {
			c.t.Fatal(err)
		}
		report.Discrepancies = append(report.Discrepancies, alone.Discrepancies...)
	}
	for _, found := range report.Discrepancies {
		if !c.spent || !strings.Contains(found.Expected, " gen_") && !strings.Contains(found.Expected, "for generation") {
			c.t.Errorf("check: %+v", found)
		}
	}
}

func TestAPromotionIsAddedChangedAndListed(t *testing.T) {
	c := newCircle(t)
	input := gift("  spring-26 ")
	ends, limit, days := input.StartsAt.Add(48*time.Hour), 5, 30
	input.EndsAt, input.MaxRedemptions, input.GrantExpiresAfterDays = &ends, &limit, &days
	input.Name, input.Terms = " Spring ", " One for each team.\nTwice for none. "
	promotion := c.promotes(input)
	if promotion.Code != "SPRING-26" || promotion.Name != "Spring" || promotion.Terms != "One for each team.\nTwice for none." ||
		promotion.Tokens != 100 || *promotion.MaxRedemptions != 5 || *promotion.GrantExpiresAfterDays != 30 ||
		*promotion.CreatedBy != c.administrator || promotion.EndsAt.Sub(promotion.StartsAt) != 48*time.Hour {
		t.Errorf("added: %+v", promotion)
	}
	p := c.player("a")
	grant, _, err := c.Redeem(c.ctx(), p.owner, c.redeems(p, "SPRING-26"))
	if err != nil {
		t.Fatal(err)
	}

	changed := gift("summer")
	changed.ID, changed.Tokens = &promotion.ID, 7
	promotion = c.promotes(changed)
	if promotion.Code != "SUMMER" || promotion.Tokens != 7 || promotion.Redemptions != 1 || promotion.EndsAt != nil ||
		promotion.MaxRedemptions != nil || *promotion.CreatedBy != c.administrator {
		t.Errorf("changed: %+v", promotion)
	}
	changed.Kind = models.PromotionEvent
	if _, err := c.SetPromotion(c.ctx(), c.administrator, changed); err == nil || err.Error() != "bad input: kind: WRONG_STATE" {
		t.Errorf("another kind, once it was redeemed: %v", err)
	}
	if now := c.balance(p.team).Available.API(); now != 100 {
		t.Errorf("what was granted before: %d", now)
	}
	byGrant, err := c.PromotionsByGrant(c.ctx(), []models.GrantID{grant.ID, "grant_00000000000000000000000000"})
	if err != nil || len(byGrant) != 1 || byGrant[grant.ID].Code != "SUMMER" {
		t.Errorf("by grant: %v, %v", byGrant, err)
	}

	second := c.promotes(gift("second"))
	page, err := c.Promotions(c.ctx(), models.Page{Size: 2})
	if err != nil {
		t.Fatal(err)
	}
	if list := page.Nodes(); len(list) != 2 || list[0].ID != second.ID || list[1].ID != promotion.ID || !page.PageInfo.HasNextPage {
		t.Errorf("first page: %+v", page)
	}
	page, err = c.Promotions(c.ctx(), models.Page{Size: 2, Cursor: string(promotion.ID)})
	if list := page.Nodes(); err != nil || len(list) != 1 || list[0].Code != "REFERRAL" || page.PageInfo.HasNextPage {
		t.Errorf("second page: %+v, %v", page, err)
	}
	if _, err := c.Promotions(c.ctx(), models.Page{Size: 2, Cursor: string(c.team)}); !errors.Is(err, models.ErrPageCursor) {
		t.Errorf("a foreign cursor: %v", err)
	}
	byID, err := c.PromotionsByID(c.ctx(), []models.PromotionID{second.ID, "promotion_unknown"})
	if err != nil || len(byID) != 1 || byID[second.ID].Code != "SECOND" {
		t.Errorf("by id: %v, %v", byID, err)
	}
}

func TestWhatIsWrongWithAPromotionIsSaidAtOnce(t *testing.T) {
	c := newCircle(t)
	c.promotes(gift("taken"))
	for _, test := range []struct {
		change func(*PromotionInput)
		faults string
	}{
		{func(i *PromotionInput) { i.Code = " " }, "code: REQUIRED"},
		{func(i *PromotionInput) { i.Code = "ab" }, "code: TOO_SHORT"},
		{func(i *PromotionInput) { i.Code = strings.Repeat("A", 41) }, "code: TOO_LONG"},
		{func(i *PromotionInput) { i.Code = "SPRING 26" }, "code: INVALID"},
		{func(i *PromotionInput) { i.Code = "ſpring" }, "code: INVALID"},
		{func(i *PromotionInput) { i.Code = "a\x00b" }, "code: INVALID"},
		{func(i *PromotionInput) { i.Code = "ref-abc" }, "code: INVALID"},
		{func(i *PromotionInput) { i.Code = " Taken " }, "code: TAKEN"},
		{func(i *PromotionInput) { i.Code = "referral" }, "code: TAKEN"},
		{func(i *PromotionInput) { i.Name = "" }, "name: REQUIRED"},
		{func(i *PromotionInput) { i.Name = strings.Repeat("ñ", 101) }, "name: TOO_LONG"},
		{func(i *PromotionInput) { i.Name = "a\nb" }, "name: INVALID"},
		{func(i *PromotionInput) { i.Terms = " " }, "terms: REQUIRED"},
		{func(i *PromotionInput) { i.Terms = strings.Repeat("ñ", 2001) }, "terms: TOO_LONG"},
		{func(i *PromotionInput) { i.Tokens = 0 }, "tokens: OUT_OF_RANGE"},
		{func(i *PromotionInput) { i.Tokens = MaxGrant + 1 }, "tokens: OUT_OF_RANGE"},
		{func(i *PromotionInput) { i.EndsAt = &i.StartsAt }, "endsAt: OUT_OF_RANGE"},
		{func(i *PromotionInput) { n := -1; i.MaxRedemptions = &n }, "maxRedemptions: OUT_OF_RANGE"},
		{func(i *PromotionInput) { n := 0; i.GrantExpiresAfterDays = &n }, "grantExpiresAfterDays: OUT_OF_RANGE"},
		{func(i *PromotionInput) { n := 3651; i.GrantExpiresAfterDays = &n }, "grantExpiresAfterDays: OUT_OF_RANGE"},
		{func(i *PromotionInput) { i.Code, i.Tokens = "", -1 }, "code: REQUIRED, tokens: OUT_OF_RANGE"},
	} {
		input := gift("fine")
		test.change(&input)
		_, err := c.SetPromotion(c.ctx(), c.administrator, input)
		if faults, ok := errors.AsType[models.FieldErrors](err); !ok || faults.Error() != "bad input: "+test.faults {
			t.Errorf("got %v, want %s", err, test.faults)
		}
	}
	if n := c.count(`SELECT count(*) FROM promotions`); n != 2 {
		t.Errorf("%d promotions instead of two", n)
	}
	missing := gift("fine")
	id := models.NewPromotionID(time.Now())
	missing.ID = &id
	if _, err := c.SetPromotion(c.ctx(), c.administrator, missing); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("one that does not exist: %v", err)
	}
	other := c.promotes(gift("other"))
	other2 := gift("taken")
	other2.ID = &other.ID
	if _, err := c.SetPromotion(c.ctx(), c.administrator, other2); err == nil || err.Error() != "bad input: code: TAKEN" {
		t.Errorf("another one's code: %v", err)
	}
	same := gift("other")
	same.ID, same.Kind = &other.ID, models.PromotionEvent
	none := 0
	same.MaxRedemptions = &none
	if same := c.promotes(same); same.ActiveAt(time.Now()) {
		t.Errorf("one that nobody may redeem is active: %+v", same)
	}
}
