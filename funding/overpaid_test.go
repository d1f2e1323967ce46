package funding

import (
	"context"
	"errors"
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

func TestMoneyOfTwoCurrenciesIsPaidBackAllOrOneAfterTheOther(t *testing.T) {
	for name, amount := range map[string]*int64{"all": nil, "more than came by mistake": minor(6), "what came by mistake": minor(5)} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			team := s.newTeam(0)
			s.funding = s.process(accounting{payment.NewInvoice(true)})
			p := s.buy(team, "k")
			dollars := paidTwice(p, 5)
			dollars.Facts.Payments["pi_zweite"].Received[0].Currency = "USD"
			if err := s.funding.learn(s.ctx(), p.ID, dollars); err != nil {
				t.Fatal(err)
			}
			_, _, err := s.funding.RefundPurchase(s.ctx(), s.buyer, s.refundInput(p, amount, "r"))
			switch faults, refused := errors.AsType[models.FieldErrors](err); name {
			case "all":
				s.expect(team, p.ID, books{Status: models.PurchaseRefunded, RefundedMinor: 900, RefundedTokens: 650, Grants: 1})
			case "what came by mistake":
				s.expect(team, p.ID, paidBooks())
			default:
				if !refused || faults.Error() != "bad input: amountMinor: OUT_OF_RANGE" {
					t.Errorf("%v", err)
				}
			}
		})
	}
}

// slowAt is accounting that cannot be reached for one payment.
type slowAt struct {
	accounting
	payment string
}

func (p slowAt) Refund(ctx context.Context, r payment.RefundRequest) (payment.News, error) {
	if r.PaymentID == p.payment {
		return payment.News{}, &payment.Error{Provider: p.Name(), Op: "refund", Kind: payment.Unreachable}
	}
	return p.accounting.Refund(ctx, r)
}

func TestWhatIsUnderWayOfOnePaymentIsLeftOfAnother(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	invoice := accounting{payment.NewInvoice(true)}
	s.funding = s.process(slowAt{invoice, "pi_zweite"})
	p := s.buy(team, "k")
	if err := s.funding.learn(s.ctx(), p.ID, paidTwice(p, boughtFor)); err != nil {
		t.Fatal(err)
	}
	s.refund(p, minor(boughtFor), "what was paid twice")
	s.refund(p, minor(boughtFor), "the price")
	requests, err := s.funding.RefundRequests(s.ctx(), []models.PurchaseID{p.ID})
	if err != nil || len(requests[p.ID]) != 2 {
		t.Fatalf("%v, %+v", err, requests)
	}
	for i, want := range []string{"pi_zweite", *p.PaymentID} {
		if request := requests[p.ID][i]; request.PaymentID != want || request.AmountMinor != boughtFor {
			t.Errorf("%+v", request)
		}
	}
	if first := requests[p.ID][0]; first.State != models.RefundRequested {
		t.Errorf("%+v", first)
	}
}
