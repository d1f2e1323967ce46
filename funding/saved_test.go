package funding

import (
	"context"
	"testing"

	"productgenerator/models"
	"productgenerator/payment"
)

// topsUp has a team's auto top-up switched on; paused is why it rests, nil: it does not.
func (s *shop) topsUp(team models.TeamID, paused *models.TopUpPause) {
	s.t.Helper()
	s.exec(`
INSERT INTO auto_top_ups (team_id, enabled, package_id, threshold, monthly_cap_minor, paused_reason, paused_at, set_by, created_at, updated_at)
VALUES ($1, true, $2, 0, 100000, $3, CASE WHEN $3::text IS NOT NULL THEN now() END, $4, now(), now())
ON CONFLICT (team_id) DO UPDATE SET paused_reason = excluded.paused_reason, paused_at = excluded.paused_at`,
		team, starter, paused, s.buyer)
}

func (s *shop) savedMethods(team models.TeamID) (count int, method, from string) {
	s.t.Helper()
	err := s.db.Pool.QueryRow(s.ctx(), `SELECT count(*), coalesce(max(method), ''), coalesce(max(purchase_id), '') FROM saved_methods WHERE team_id = $1`, team).
		Scan(&count, &method, &from)
	if err != nil {
		s.t.Fatal(err)
	}
	return count, method, from
}

func TestAPurchaseSavesAMethodOfPaymentOnlyWhereAutoTopUpLacksOne(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	buy := func(key string) models.Purchase {
		p := s.buy(team, key)
		s.payPage(p)
		s.takeIn()
		return p
	}
	if p := buy("without"); p.SaveMethod || p.Customer != nil {
		t.Errorf("nobody wants it saved: %+v", p)
	}
	if count, _, _ := s.savedMethods(team); count != 0 {
		t.Error("a method was saved that nobody allowed")
	}
	s.topsUp(team, nil)
	first := buy("first")
	if count, _, from := s.savedMethods(team); !first.SaveMethod || count != 1 || from != string(first.ID) {
		t.Errorf("%+v saved %d methods, of %s", first, count, from)
	}
	second := buy("second")
	if _, _, from := s.savedMethods(team); second.SaveMethod || second.Customer == nil || from != string(first.ID) {
		t.Errorf("%+v, saved of %s", second, from)
	}
	declined := models.PausedDeclined
	s.topsUp(team, &declined)
	third := buy("third")
	if _, _, from := s.savedMethods(team); !third.SaveMethod || from != string(third.ID) {
		t.Errorf("%+v, saved of %s", third, from)
	}
	if err := s.funding.ask(s.ctx(), s.purchase(first.ID)); err != nil {
		t.Fatal(err)
	}
	if _, _, from := s.savedMethods(team); from != string(third.ID) {
		t.Errorf("old news has saved the method of %s again", from)
	}
}

func TestAPayerWhomTheProviderHasDeletedBuysAsAGuest(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	s.topsUp(team, nil)
	s.payPage(s.buy(team, "first"))
	s.takeIn()
	s.funding = s.process(forgetful{s.stripe})
	for range 2 {
		p := s.buy(team, "second")
		if p.CheckoutURL == nil || s.server.Object(*p.SessionID)["customer"] != nil {
			t.Errorf("%+v", p)
		}
	}
}

// forgetful is a provider that has deleted all of its customers.
type forgetful struct{ payment.Provider }

func (f forgetful) StartCheckout(ctx context.Context, c payment.Checkout) (payment.Session, error) {
	if c.Customer != "" {
		return payment.Session{}, &payment.Error{Provider: f.Name(), Op: "start checkout", Kind: payment.NotFound, Param: "customer"}
	}
	return f.Provider.StartCheckout(ctx, c)
}
