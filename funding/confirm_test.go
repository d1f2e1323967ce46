package funding

import (
	"errors"
	"strings"
	"testing"
	"time"

	"productgenerator/models"
	"productgenerator/payment"
)

// invoices has the shop take money by bank transfer.
func (s *shop) invoices() {
	s.t.Helper()
	s.funding = s.process(payment.NewInvoice(false))
}

func (s *shop) confirmInput(p models.Purchase, key string) ConfirmInput {
	return ConfirmInput{Purchase: p.ID, Note: " transfer of today\n", Key: s.key(key, "confirmPurchase")}
}

func TestAnInvoiceIsPaidWhenAnAdministratorSaysSo(t *testing.T) {
	s := newShop(t)
	s.invoices()
	team := s.newTeam(0)
	p := s.buy(team, "k")
	if p.Status != models.PurchasePending || p.CheckoutURL != nil || !p.Live || p.CheckoutEndsAt.Sub(p.CreatedAt) != invoiceLife {
		t.Fatalf("%+v", p)
	}
	s.follow()
	s.expect(team, p.ID, books{Status: models.PurchasePending})
	for range 2 {
		paid, balance, err := s.funding.ConfirmPurchase(s.ctx(), s.buyer, s.confirmInput(p, "c"))
		if err != nil || paid.Status != models.PurchasePaid || balance.Available.API() != boughtTokens {
			t.Fatalf("%v, %+v, %+v", err, paid, balance)
		}
	}
	s.expect(team, p.ID, paidBooks())
	entry := s.newestEntry(team)
	if entry.Kind != models.EntryGrant || *entry.ActorID != s.buyer || *entry.Note != "transfer of today" {
		t.Errorf("%+v", entry)
	}
	_, _, err := s.funding.ConfirmPurchase(s.ctx(), s.buyer, s.confirmInput(p, "once more"))
	if known := s.conflict(err); known.Status != models.PurchasePaid {
		t.Errorf("%+v", known)
	}
	s.refund(p, nil, "r")
	s.expect(team, p.ID, books{Status: models.PurchaseRefunded, RefundedMinor: 900, RefundedTokens: 650, Grants: 1})
	s.check()
}

func TestAnInvoiceThatIsPaidTooLateBringsItsTokensAllTheSame(t *testing.T) {
	s := newShop(t)
	s.invoices()
	for status, end := range map[models.PurchaseStatus]func(models.Purchase){
		models.PurchaseCancelled: func(p models.Purchase) {
			if _, err := s.cancel(p); err != nil {
				t.Fatal(err)
			}
		},
		models.PurchaseExpired: func(p models.Purchase) {
			s.exec(`UPDATE purchases SET checkout_ends_at = now() - interval '1 hour' WHERE id = $1`, p.ID)
			s.follow()
		},
	} {
		p := s.buy(s.newTeam(0), "k")
		end(p)
		s.expect(p.TeamID, p.ID, books{Status: status})
		if _, _, err := s.funding.ConfirmPurchase(s.ctx(), s.buyer, s.confirmInput(p, "c")); err != nil {
			t.Fatal(err)
		}
		s.expect(p.TeamID, p.ID, paidBooks())
	}
	s.check()
}

func TestOnlyInvoicesAreConfirmed(t *testing.T) {
	s := newShop(t)
	p := s.buy(s.newTeam(0), "k")
	_, _, err := s.funding.ConfirmPurchase(s.ctx(), s.buyer, s.confirmInput(p, "c"))
	s.conflict(err)
	missing := s.confirmInput(models.Purchase{ID: models.NewPurchaseID(time.Now())}, "c")
	if _, _, err := s.funding.ConfirmPurchase(s.ctx(), s.buyer, missing); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("%v", err)
	}
	bad := s.confirmInput(p, strings.Repeat("k", 256))
	bad.Note = strings.Repeat("n", 501)
	_, _, err = s.funding.ConfirmPurchase(s.ctx(), s.buyer, bad)
	if faults, is := errors.AsType[models.FieldErrors](err); !is || faults.Error() != "bad input: note: TOO_LONG, idempotencyKey: TOO_LONG" {
		t.Errorf("%v", err)
	}
}

// The money of a demonstration would contradict the transfer for good.
func TestAnInvoiceIsNotConfirmedByADemonstration(t *testing.T) {
	s := newShop(t)
	s.invoices()
	team := s.newTeam(0)
	p := s.buy(team, "k")
	_, _, err := s.process(payment.NewInvoice(true)).ConfirmPurchase(s.ctx(), s.buyer, s.confirmInput(p, "demonstration"))
	if known := s.conflict(err); known.Status != models.PurchasePending {
		t.Errorf("%+v", known)
	}
	if _, _, err := s.funding.ConfirmPurchase(s.ctx(), s.buyer, s.confirmInput(p, "c")); err != nil {
		t.Fatal(err)
	}
	s.expect(team, p.ID, paidBooks())
	s.check()
}
