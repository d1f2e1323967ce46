package funding

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"productgenerator/models"
)

func TestATeamBeginsNoMorePurchasesWhileAHundredWaitToBePaid(t *testing.T) {
	s := newShop(t)
	team, other := s.newTeam(0), s.newTeam(0)
	s.exec(`
INSERT INTO purchases (id, team_id, buyer_id, package_id, package_name, tokens, price_minor, currency, provider, live,
	automatic, status, checkout_ends_at, created_at, updated_at)
SELECT 'purchase_' || lpad(n::text, 26, '0'), $1, $2, 'package_00000000000000000000000001', 'Starter', 650, 900, 'EUR',
	'stripe', false, n = 100, CASE WHEN n > 100 THEN 'EXPIRED' ELSE 'PENDING' END, now() + interval '1 day', now(), now()
FROM generate_series(2, 150) AS n`, team, s.buyer) // 98 wait, one is automatic, 50 have expired

	const atOnce = 8
	failures := make([]error, atOnce)
	var buying sync.WaitGroup
	for i := range atOnce {
		buying.Go(func() {
			_, _, failures[i] = s.funding.Purchase(s.ctx(), s.buyer, s.order(team, fmt.Sprint("k", i)))
		})
	}
	buying.Wait()
	var begun, refused int
	for _, err := range failures {
		faults, isBadInput := errors.AsType[models.FieldErrors](err)
		switch {
		case err == nil:
			begun++
		case isBadInput && faults.Error() == "bad input: packageId: TOO_MANY":
			refused++
		default:
			t.Error(err)
		}
	}
	if begun != 2 || refused != atOnce-2 {
		t.Errorf("%d were begun and %d refused where two more may wait", begun, refused)
	}
	s.buy(other, "k")
	unpaid, err := s.funding.TeamPurchases(s.ctx(), team, models.Page{Size: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.cancel(unpaid.Nodes()[0]); err != nil {
		t.Fatal(err)
	}
	s.buy(team, "after one was called off")
}
