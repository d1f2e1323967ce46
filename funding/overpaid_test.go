package funding

import (
	"context"
	"testing"

	"productgenerator/models"
	"productgenerator/payment"
)

// paidTwice is the news that a purchase was paid a second time, as expected or by some other amount.
func paidTwice(p models.Purchase, amount int64) payment.News {
	return payment.News{
		Subject: payment.Subject{PurchaseID: string(p.ID), PaymentID: "pi_zweite"},
		Facts: payment.Facts{Payments: map[string]payment.Payment{
			"pi_zweite": {Received: []payment.Money{{AmountMinor: amount, Currency: "EUR"}}},
		}},
	}
}

func TestWhatIsPaidTwiceGrantsOnceAndTheExcessIsPaidBackFirst(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	s.funding = s.process(payment.NewInvoice(true))
	p := s.buy(team, "k")
	if err := s.funding.learn(s.ctx(), p.ID, paidTwice(p, boughtFor)); err != nil {
		t.Fatal(err)
	}
	overpaid := paidBooks()
	overpaid.Attention = models.AttentionOverpaid
	s.expect(team, p.ID, overpaid)
	s.funding = s.process(accounting{payment.NewInvoice(true)})
	s.refund(p, minor(800), "a part of the excess")
	s.expect(team, p.ID, overpaid)
	s.refund(p, minor(200), "the rest of it, and a little of the price")
	s.expect(team, p.ID, books{
		Status: models.PurchasePartiallyRefunded, RefundedMinor: 100, RefundedTokens: 73, Grants: 1, Available: 577,
	}) // 650 × 800 / 900 = 577.7
	s.check()
}

func TestOtherMoneyBesideTheRightOneIsParkedAndPaidBackFirst(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	s.funding = s.process(accounting{payment.NewInvoice(true)})
	p := s.buy(team, "k")
	if err := s.funding.learn(s.ctx(), p.ID, paidTwice(p, 5)); err != nil {
		t.Fatal(err)
	}
	parked := paidBooks()
	parked.Attention = models.AttentionMismatch
	s.expect(team, p.ID, parked)
	s.refund(p, minor(5), "r")
	s.expect(team, p.ID, paidBooks())
	s.check()
}

// accounting is an invoice that pays back whatever payment it is asked to.
type accounting struct{ payment.Invoice }

func (accounting) Refund(_ context.Context, r payment.RefundRequest) (payment.News, error) {
	return payment.News{
		Subject: payment.Subject{PurchaseID: r.PurchaseID, PaymentID: r.PaymentID},
		Facts: payment.Facts{Payments: map[string]payment.Payment{r.PaymentID: {Refunds: map[string]payment.Refund{
			r.IdempotencyKey: {AmountMinor: r.AmountMinor, State: payment.RefundSucceeded},
		}}}},
	}, nil
}
