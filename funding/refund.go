package funding

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
)

// RefundInput is what a platform administrator pays back.
type RefundInput struct {
	Purchase models.PurchaseID
	// AmountMinor is in the currency of what came by mistake, if anything did, else in the purchase's; nil: all that can
	// be paid back.
	AmountMinor *int64
	Note        string // why; the team sees it
	Key         ledger.Key
}

// RefundPurchase pays a purchase back or a part of it, once for the key: first what came by mistake, then what was paid
// beyond the price, then of the price itself. That share of its tokens is taken back.
//
// The refund is stored before it is sent. If the provider cannot be reached the purchase comes back as it is, without an
// error: the refund is under way, and sent as soon as it can be.
//
// It returns models.FieldErrors, OUT_OF_RANGE at amountMinor for more than is left; models.ErrNotFound; a *StateError where
// nothing has been paid; ledger.ErrKeyConflict; or, with the purchase as it is, a *PaymentError where the provider refuses.
func (f *Funding) RefundPurchase(ctx context.Context, admin models.UserID, input RefundInput) (models.Purchase, models.Balance, error) {
	note := strings.TrimSpace(input.Note)
	if err := input.check(note); err != nil {
		return models.Purchase{}, models.Balance{}, err
	}
	_, err := f.revise(ctx, input.Purchase, &input.Key, "", func(tx *ledger.Tx, r *revision) error {
		requests, err := r.refundsFor(tx, input.AmountMinor)
		if err != nil {
			return err
		}
		for i := range requests {
			requests[i].ActorID, requests[i].Note = admin, note
		}
		f.rows.insertRefunds.Stage(tx, requests...)
		r.refunds = append(r.refunds[:len(r.refunds):len(r.refunds)], requests...)
		f.rows.refunds.Put(tx, r.ID, r.refunds)
		return nil
	})
	if err != nil {
		return models.Purchase{}, models.Balance{}, fmt.Errorf("refund %s: %w", input.Purchase, err)
	}
	purchase, err := f.PurchaseByID(ctx, input.Purchase)
	if err != nil {
		return models.Purchase{}, models.Balance{}, err
	}
	err = f.sendRefunds(ctx, purchase)
	if failure, is := errors.AsType[*PaymentError](err); is && failure.Retryable() {
		f.log.Warn("a refund was not sent, it is tried again", "purchase", purchase.ID, "error", err)
		err = nil
	}
	return f.answer(ctx, input.Purchase, err)
}

func (i RefundInput) check(note string) error {
	var faults models.FieldErrors
	if i.AmountMinor != nil && *i.AmountMinor < 1 {
		faults.Add(models.FieldOutOfRange, 1, "amountMinor")
	}
	faults.Add(required(note, MaxNote, models.CheckText), MaxNote, "note")
	i.Key.Check(&faults)
	return faults.Err()
}

// refundsFor spreads an amount over the payments of a purchase, one refund for each; nil: all that can be paid back.
func (r *revision) refundsFor(tx *ledger.Tx, amount *int64) ([]models.RefundRequest, error) {
	list := r.facts.Returnable(expected(r.Purchase))
	if len(list) == 0 && r.GrantID == nil {
		return nil, &StateError{Purchase: r.before}
	}
	var requests []models.RefundRequest
	var asked int64
	for _, from := range list {
		free := from.AmountMinor - r.underWay(from.PaymentID)
		if amount != nil {
			free = min(free, *amount-asked)
		}
		if free <= 0 || amount != nil && from.Currency != list[0].Currency {
			continue
		}
		asked += free
		requests = append(requests, models.RefundRequest{
			ID: models.NewRefundID(tx.Now()), TeamID: r.TeamID, PurchaseID: r.ID, PaymentID: from.PaymentID,
			AmountMinor: free, Currency: from.Currency, State: models.RefundRequested, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
		})
	}
	if asked == 0 || amount != nil && asked < *amount {
		return nil, models.FieldErrors{{Path: []string{"amountMinor"}, Code: models.FieldOutOfRange, Limit: 1}}
	}
	return requests, nil
}

// underWay is how much of a payment is asked to be paid back without the provider having taken that on.
func (r *revision) underWay(paymentID string) (minor int64) {
	for _, request := range r.refunds {
		if request.PaymentID == paymentID && request.State == models.RefundRequested {
			minor += request.AmountMinor
		}
	}
	return minor
}

// sendRefunds sends the refunds of a purchase that the provider has not answered yet, with their ids as keys. It returns a
// *PaymentError where the provider did not take one on: refused, or to be sent again.
func (f *Funding) sendRefunds(ctx context.Context, p models.Purchase) error {
	requests, err := f.RefundRequests(ctx, []models.PurchaseID{p.ID})
	if err != nil {
		return err
	}
	var failures []error
	for _, request := range requests[p.ID] {
		if request.State == models.RefundRequested {
			failures = append(failures, f.sendRefund(ctx, p, request))
		}
	}
	return errors.Join(failures...)
}

// sendRefund sends a refund.
func (f *Funding) sendRefund(ctx context.Context, p models.Purchase, request models.RefundRequest) error {
	provider, err := f.providerOf(p)
	if err != nil {
		return err
	}
	if f.now().After(request.CreatedAt.Add(keyMemory)) {
		// The provider may have done it and forgotten the key since.
		news, err := provider.Payment(ctx, request.PaymentID)
		if err != nil {
			return paymentError(p.Provider, err)
		}
		if news.Facts.Payments[request.PaymentID].Refunded(string(request.ID)) {
			return f.finishRefund(ctx, request, models.RefundTaken, nil, news)
		}
	}
	news, err := provider.Refund(ctx, payment.RefundRequest{
		PurchaseID: string(p.ID), PaymentID: request.PaymentID, IdempotencyKey: string(request.ID),
		AmountMinor: request.AmountMinor, Currency: request.Currency,
	})
	if err == nil {
		return f.finishRefund(ctx, request, models.RefundTaken, nil, news)
	}
	failure := paymentError(p.Provider, err)
	if failure.Retryable() {
		return failure
	}
	f.log.Error("a payment provider refused a refund", "purchase", p.ID, "refund", request.ID, "error", err)
	code := failure.Declined
	if code == "" {
		code = string(failure.Kind)
	}
	if err := f.finishRefund(ctx, request, models.RefundRefused, &code, noNews(p)); err != nil {
		return err
	}
	return failure
}

// finishRefund notes the provider's answer to a refund, and learns it.
func (f *Funding) finishRefund(ctx context.Context, request models.RefundRequest, state models.RefundState, failure *string, news payment.News) error {
	_, err := f.revise(ctx, request.PurchaseID, nil, "", func(tx *ledger.Tx, r *revision) error {
		r.hear(news)
		refunds := append([]models.RefundRequest(nil), r.refunds...)
		for i := range refunds {
			if refunds[i].ID != request.ID || refunds[i].State != models.RefundRequested {
				continue
			}
			refunds[i].State, refunds[i].Failure, refunds[i].UpdatedAt = state, failure, tx.Now()
			f.rows.updateRefunds.Stage(tx, refunds[i])
			r.refund = state == models.RefundTaken
		}
		r.refunds = refunds
		f.rows.refunds.Put(tx, r.ID, refunds)
		return nil
	})
	return err
}

// noNews tells nothing: what was known or decided before is looked at again.
func noNews(p models.Purchase) payment.News {
	return payment.News{Subject: payment.Subject{PurchaseID: string(p.ID)}}
}
