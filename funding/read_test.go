package funding

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"productgenerator/models"
)

func idsOfPurchases(c models.Connection[models.Purchase]) (ids []models.PurchaseID) {
	for _, p := range c.Nodes() {
		ids = append(ids, p.ID)
	}
	return ids
}

func TestPurchasesAreListedNewestFirstByTeamAndByWhatTheyNeed(t *testing.T) {
	s := newShop(t)
	mine, other := s.newTeam(0), s.newTeam(0)
	var ids []models.PurchaseID
	for i := range 3 {
		ids = append([]models.PurchaseID{s.buy(mine, fmt.Sprint(i)).ID}, ids...)
	}
	foreign := s.bought(other)
	first, err := s.funding.TeamPurchases(s.ctx(), mine, models.Page{Size: 2})
	if err != nil || !slices.Equal(idsOfPurchases(first), ids[:2]) || !first.PageInfo.HasNextPage {
		t.Errorf("%v, %+v", err, idsOfPurchases(first))
	}
	second, err := s.funding.TeamPurchases(s.ctx(), mine, models.Page{Size: 2, Cursor: string(ids[1])})
	if err != nil || !slices.Equal(idsOfPurchases(second), ids[2:]) || second.PageInfo.HasNextPage {
		t.Errorf("%v, %+v", err, idsOfPurchases(second))
	}
	all, err := s.funding.SearchPurchases(s.ctx(), PurchaseFilter{}, models.Page{Size: 1, Cursor: string(ids[0])})
	if err != nil || !slices.Equal(idsOfPurchases(all), ids[1:2]) || !all.PageInfo.HasNextPage {
		t.Errorf("%v, %+v", err, idsOfPurchases(all))
	}
	s.exec(`UPDATE purchases SET attention = 'OVERPAID' WHERE id = $1`, ids[1])
	for _, test := range []struct {
		filter PurchaseFilter
		want   []models.PurchaseID
	}{
		{PurchaseFilter{}, append([]models.PurchaseID{foreign.ID}, ids...)},
		{PurchaseFilter{Status: []models.PurchaseStatus{models.PurchasePaid}}, []models.PurchaseID{foreign.ID}},
		{PurchaseFilter{Status: []models.PurchaseStatus{models.PurchasePaid, models.PurchasePending}, Attention: true}, ids[1:2]},
		{PurchaseFilter{Status: []models.PurchaseStatus{models.PurchaseFailed}}, nil},
	} {
		found, err := s.funding.SearchPurchases(s.ctx(), test.filter, models.Page{Size: 10})
		if err != nil || !slices.Equal(idsOfPurchases(found), test.want) {
			t.Errorf("%+v: %v, %v", test.filter, err, idsOfPurchases(found))
		}
	}
}

func TestAPurchaseIsFoundByItsGrant(t *testing.T) {
	s := newShop(t)
	p := s.bought(s.newTeam(0))
	found, err := s.funding.PurchasesByGrant(s.ctx(), []models.GrantID{*p.GrantID, models.NewGrantID(time.Now())})
	if err != nil || len(found) != 1 || found[*p.GrantID].ID != p.ID {
		t.Errorf("%v, %+v", err, found)
	}
	if older := p; PurchaseChanged(p, older) || !PurchaseChanged(models.Purchase{Version: p.Version - 1}, p) {
		t.Error("a purchase is newer than itself, or not newer than before")
	}
}
