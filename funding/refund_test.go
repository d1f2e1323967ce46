package funding

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
	"productgenerator/payment/stripetest"
)

func minor(amount int64) *int64 { return &amount }

// newestEntry is the newest line of a team's ledger.
func (s *shop) newestEntry(team models.TeamID) models.LedgerEntry {
	s.t.Helper()
	entries, err := s.ledger.Entries(s.ctx(), team, ledger.Filter{}, models.Page{Size: 1})
	if err != nil {
		s.t.Fatal(err)
	}
	return entries.Edges[0].Node
}

func TestARefundTakesBackTheShareOfTheTokensThatItPaysFor(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	p := s.bought(team)
	p = s.refund(p, minor(1), "cent")
	s.expect(team, p.ID, books{
		Status: models.PurchasePartiallyRefunded, RefundedMinor: 1, RefundedTokens: 1, Grants: 1, Available: 649,
	}) // 650 × 899 / 900 = 649.27: a token that is not paid for in full is taken back
	entry := s.newestEntry(team)
	if entry.Kind != models.EntryRevoke || *entry.Reason != models.ReasonRefund || *entry.ActorID != s.buyer || *entry.Note != "did not work" {
		t.Errorf("%+v", entry)
	}
	p = s.refund(p, minor(449), "half")
	s.expect(team, p.ID, books{
		Status: models.PurchasePartiallyRefunded, RefundedMinor: 450, RefundedTokens: 325, Grants: 1, Available: 325,
	})
	p = s.refund(p, nil, "rest")
	s.expect(team, p.ID, books{Status: models.PurchaseRefunded, RefundedMinor: 900, RefundedTokens: 650, Grants: 1})
	s.takeIn()
	s.expect(team, p.ID, books{Status: models.PurchaseRefunded, RefundedMinor: 900, RefundedTokens: 650, Grants: 1})
	if p = s.purchase(p.ID); p.Attention != nil || p.DueAt != nil {
		t.Errorf("%+v", p)
	}
	s.check()
}

func TestNoMoreIsPaidBackThanWasPaid(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	p := s.bought(team)
	for amount, code := range map[int64]string{901: "OUT_OF_RANGE", 0: "OUT_OF_RANGE", -5: "OUT_OF_RANGE"} {
		_, _, err := s.funding.RefundPurchase(s.ctx(), s.buyer, s.refundInput(p, &amount, "too much"))
		faults, is := errors.AsType[models.FieldErrors](err)
		if !is || faults.Error() != "bad input: amountMinor: "+code {
			t.Errorf("%d: %v", amount, err)
		}
	}
	s.server.Fail(unsent())
	s.refund(p, minor(600), "under way")
	_, _, err := s.funding.RefundPurchase(s.ctx(), s.buyer, s.refundInput(p, minor(301), "301"))
	if _, is := errors.AsType[models.FieldErrors](err); !is {
		t.Errorf("while 600 are under way: %v", err)
	}
	s.refund(p, nil, "the rest") // and what is under way
	s.expect(team, p.ID, books{Status: models.PurchaseRefunded, RefundedMinor: 900, RefundedTokens: 650, Grants: 1})
	_, _, err = s.funding.RefundPurchase(s.ctx(), s.buyer, s.refundInput(p, nil, "nothing"))
	if faults, is := errors.AsType[models.FieldErrors](err); !is || faults.Error() != "bad input: amountMinor: OUT_OF_RANGE" {
		t.Errorf("when nothing is left: %v", err)
	}
	s.check()
}

func TestWhatIsNotPaidOrNamesNoReasonIsNotPaidBack(t *testing.T) {
	s := newShop(t)
	p := s.buy(s.newTeam(0), "k")
	_, _, err := s.funding.RefundPurchase(s.ctx(), s.buyer, s.refundInput(p, nil, "r"))
	if known := s.conflict(err); known.ID != p.ID {
		t.Errorf("%+v", known)
	}
	input := s.refundInput(p, nil, "r")
	input.Note, input.Key.Key = " ", ""
	_, _, err = s.funding.RefundPurchase(s.ctx(), s.buyer, input)
	if faults, is := errors.AsType[models.FieldErrors](err); !is || faults.Error() != "bad input: note: REQUIRED, idempotencyKey: REQUIRED" {
		t.Errorf("%v", err)
	}
	missing := s.refundInput(models.Purchase{ID: models.NewPurchaseID(time.Now())}, nil, "r")
	if _, _, err = s.funding.RefundPurchase(s.ctx(), s.buyer, missing); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func TestSpentTokensThatArePaidBackBecomeDebtWhichTheNextPurchasePays(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	p := s.bought(team)
	const spent models.Tokens = 135
	s.spend(team, spent)
	p = s.refund(p, nil, "r")
	s.expect(team, p.ID, books{
		Status: models.PurchaseRefunded, RefundedMinor: 900, RefundedTokens: 650, Grants: 1, Debt: spent,
	})
	again := s.buy(team, "again")
	s.payPage(again)
	s.takeIn()
	s.expect(team, again.ID, books{Status: models.PurchasePaid, Grants: 2, Available: 650 - spent})
	s.check()
}

func TestARefundThatTheProviderRefusesIsForAnAdministratorToSee(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	p := s.bought(team)
	s.server.Fail(stripetest.Fault{Status: 400})
	_, _, err := s.funding.RefundPurchase(s.ctx(), s.buyer, s.refundInput(p, nil, "r"))
	failure, is := errors.AsType[*PaymentError](err)
	if !is || failure.Retryable() {
		t.Fatalf("%v", err)
	}
	want := paidBooks()
	want.Attention = models.AttentionRefundFailed
	s.expect(team, p.ID, want)
	if requests, err := s.funding.RefundRequests(s.ctx(), []models.PurchaseID{p.ID}); err != nil ||
		requests[p.ID][0].State != models.RefundRefused || requests[p.ID][0].Failure == nil {
		t.Errorf("%v, %+v", err, requests)
	}
	s.restart()
	s.expect(team, p.ID, want)
	s.refund(p, nil, "another")
	s.expect(team, p.ID, books{Status: models.PurchaseRefunded, RefundedMinor: 900, RefundedTokens: 650, Grants: 1})
	s.check()
}

func TestARefundThatTheBankSendsBackReinstatesTheTokens(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	p := s.bought(team)
	p = s.refund(p, minor(450), "r")
	s.failRefunds(p)
	s.takeIn()
	want := paidBooks()
	want.Attention = models.AttentionRefundFailed
	s.expect(team, p.ID, want)
	if entry := s.newestEntry(team); entry.Kind != models.EntryReinstate || entry.ActorID != nil || *entry.Reason != models.ReasonRefund {
		t.Errorf("%+v", entry)
	}
	p = s.refund(p, minor(450), "again")
	s.expect(team, p.ID, books{
		Status: models.PurchasePartiallyRefunded, RefundedMinor: 450, RefundedTokens: 325, Grants: 1, Available: 325,
	})
	s.check()
}

func TestARefundThatFailsWhileADisputeWithholdsAllIsForAnAdministratorToSeeOnceItIsWon(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	p := s.refund(s.bought(team), nil, "r")
	dispute, err := s.server.OpenDispute(*p.PaymentID, 900)
	if err != nil {
		t.Fatal(err)
	}
	s.failRefunds(p)
	s.takeIn()
	s.expect(team, p.ID, books{
		Status: models.PurchaseDisputed, Attention: models.AttentionRefundFailed, RefundedTokens: 650, Grants: 1,
	})
	s.clock.ahead.Add(5)
	if err := s.server.MoveDispute(dispute, "won"); err != nil {
		t.Fatal(err)
	}
	s.takeIn()
	want := paidBooks()
	want.Attention = models.AttentionRefundFailed
	s.expect(team, p.ID, want)
	s.refund(p, nil, "again")
	s.expect(team, p.ID, books{Status: models.PurchaseRefunded, RefundedMinor: 900, RefundedTokens: 650, Grants: 1})
	s.check()
}

// failRefunds has the bank send all refunds of a purchase back.
func (s *shop) failRefunds(p models.Purchase) {
	s.t.Helper()
	facts, err := factsOf(p)
	if err != nil {
		s.t.Fatal(err)
	}
	for id := range facts.Payments[*p.PaymentID].Refunds {
		if err := s.server.FailRefund(id); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestARefundByTheProvidersOwnPeopleNamesNoActor(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	p := s.bought(team)
	s.refund(p, minor(90), "ours")
	if _, err := s.server.Refund(*p.PaymentID, 180); err != nil {
		t.Fatal(err)
	}
	s.takeIn()
	s.expect(team, p.ID, books{
		Status: models.PurchasePartiallyRefunded, RefundedMinor: 270, RefundedTokens: 195, Grants: 1, Available: 455,
	})
	if entry := s.newestEntry(team); entry.ActorID != nil || entry.Note != nil || *entry.Reason != models.ReasonRefund {
		t.Errorf("%+v", entry)
	}
}

func TestADisputeTakesTheTokensUntilItIsWon(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	p := s.bought(team)
	s.refund(p, minor(90), "r")
	dispute, err := s.server.OpenDispute(*p.PaymentID, 810)
	if err != nil {
		t.Fatal(err)
	}
	s.takeIn()
	s.expect(team, p.ID, books{Status: models.PurchaseDisputed, RefundedMinor: 90, RefundedTokens: 650, Grants: 1})
	if entry := s.newestEntry(team); entry.ActorID != nil || entry.Note != nil || *entry.Reason != models.ReasonDispute {
		t.Errorf("%+v", entry)
	}
	_, _, err = s.funding.RefundPurchase(s.ctx(), s.buyer, s.refundInput(p, nil, "twice"))
	if _, is := errors.AsType[models.FieldErrors](err); !is {
		t.Errorf("what a dispute withholds was paid back: %v", err)
	}
	s.clock.ahead.Add(5)
	if err := s.server.MoveDispute(dispute, "won"); err != nil {
		t.Fatal(err)
	}
	s.takeIn()
	s.expect(team, p.ID, books{
		Status: models.PurchasePartiallyRefunded, RefundedMinor: 90, RefundedTokens: 65, Grants: 1, Available: 585,
	})
	s.check()
}

func TestMoneyThatIsNotWhatWasAskedForGrantsNothingAndCanBePaidBack(t *testing.T) {
	for name, pay := range map[string]func(*shop, models.Purchase) error{
		"another amount": func(s *shop, p models.Purchase) error {
			_, err := s.server.PayOther(*p.SessionID, 90, "eur")
			return err
		},
		"another currency": func(s *shop, p models.Purchase) error {
			_, err := s.server.PayOther(*p.SessionID, 900, "usd")
			return err
		},
		"money of a test for a purchase with real money": func(s *shop, p models.Purchase) error {
			s.exec(`UPDATE purchases SET live = true`)
			_, err := s.server.Pay(*p.SessionID)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			team := s.newTeam(0)
			p := s.buy(team, "k")
			if err := pay(s, p); err != nil {
				t.Fatal(err)
			}
			s.takeIn()
			s.restart()
			parked := books{Status: models.PurchasePending, Attention: models.AttentionMismatch}
			s.expect(team, p.ID, parked)
			if p = s.purchase(p.ID); p.DueAt != nil {
				t.Errorf("%+v", p)
			}
			_, err := s.cancel(p)
			s.conflict(err)
			s.refund(p, minor(1), "a part")
			s.expect(team, p.ID, parked)
			s.refund(p, nil, "the rest")
			s.takeIn()
			s.expect(team, p.ID, books{Status: models.PurchaseFailed})
			if p = s.purchase(p.ID); *p.Failure != failureMismatch || p.DueAt != nil {
				t.Errorf("%+v", p)
			}
			s.check()
		})
	}
}

func TestARefundThatWasTakenOnIsNotRefusedAfterwards(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	p := s.refund(s.bought(team), nil, "r")
	requests, err := s.funding.RefundRequests(s.ctx(), []models.PurchaseID{p.ID})
	if err != nil {
		t.Fatal(err)
	}
	code := "charge_already_refunded" // another process was slower
	if err := s.funding.finishRefund(s.ctx(), requests[p.ID][0], models.RefundRefused, &code, noNews(p)); err != nil {
		t.Fatal(err)
	}
	requests, err = s.funding.RefundRequests(s.ctx(), []models.PurchaseID{p.ID})
	if request := requests[p.ID][0]; err != nil || request.State != models.RefundTaken || request.Failure != nil {
		t.Errorf("%v, %+v", err, request)
	}
	if after := s.purchase(p.ID); after.Version != p.Version {
		t.Errorf("from\n%+v to\n%+v", p, after)
	}
}

func TestWhatWasRefusedIsNotedByTheProvidersWord(t *testing.T) {
	s := newShop(t)
	p := s.bought(s.newTeam(0))
	if _, err := s.server.Refund(*p.PaymentID, boughtFor); err != nil {
		t.Fatal(err)
	}
	s.drop()
	for i, want := range []string{"charge_already_refunded", string(payment.Refused)} {
		if i == 1 {
			s.server.Fail(stripetest.Fault{Status: 400})
		}
		_, _, err := s.funding.RefundPurchase(s.ctx(), s.buyer, s.refundInput(p, nil, fmt.Sprint(i)))
		if _, is := errors.AsType[*PaymentError](err); !is {
			t.Fatalf("%v", err)
		}
		requests, err := s.funding.RefundRequests(s.ctx(), []models.PurchaseID{p.ID})
		if newest := requests[p.ID][i]; err != nil || deref(newest.Failure) != want {
			t.Errorf("%v, %+v", err, newest)
		}
	}
}

func TestOneOfTwoRefundsThatIsTakenOnLeavesTheOtherToBeSent(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	p := s.bought(team)
	s.server.Fail(unsent(), unsent(), unsent())
	s.refund(p, minor(90), "first") // one is not sent, then both
	s.refund(p, minor(180), "second")
	s.server.Fail(stripetest.Fault{Status: 503})
	for range 2 { // the first fails and the second goes, then the first
		if err := s.funding.sendRefunds(s.ctx(), s.purchase(p.ID)); err != nil {
			t.Log(err)
		}
	}
	s.takeIn()
	s.expect(team, p.ID, books{
		Status: models.PurchasePartiallyRefunded, RefundedMinor: 270, RefundedTokens: 195, Grants: 1, Available: 455,
	})
	if left := s.server.Object(s.server.Object(*p.PaymentID)["latest_charge"].(string))["amount_refunded"]; left != int64(270) {
		t.Errorf("the provider has paid back %v", left)
	}
}
