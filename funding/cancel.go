package funding

import (
	"context"
	"fmt"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
)

// CancelPurchase calls off a purchase that nobody has paid, and closes its page. One that is called off already stays so.
//
// It returns models.ErrNotFound to who is no member, models.ErrForbidden to who is no ADMIN; a *StateError where it is too
// late, be it that somebody paid in that moment; or, with the purchase as it is, a *PaymentError where the provider cannot
// be asked to close the page: then that is done in time.
func (f *Funding) CancelPurchase(ctx context.Context, actor models.UserID, id models.PurchaseID) (models.Purchase, models.Balance, error) {
	_, err := f.revise(ctx, id, nil, actor, func(tx *ledger.Tx, r *revision) error {
		if err := tx.Member(actor).Role.Require(models.RoleAdmin); err != nil {
			return err
		}
		if r.Status == models.PurchaseCancelled || r.CancelledAt != nil && r.Status == models.PurchasePending {
			return nil
		}
		if !r.canBeCancelled() {
			return &StateError{Purchase: r.before}
		}
		now := tx.Now()
		r.CancelledAt = &now
		return nil
	})
	if err != nil {
		return models.Purchase{}, models.Balance{}, fmt.Errorf("cancel %s: %w", id, err)
	}
	purchase, err := f.PurchaseByID(ctx, id)
	if err != nil {
		return models.Purchase{}, models.Balance{}, err
	}
	if purchase.Status == models.PurchasePending && purchase.SessionID != nil {
		err = f.closePage(ctx, purchase)
	}
	purchase, balance, err := f.answer(ctx, id, err)
	if err == nil && purchase.Status != models.PurchaseCancelled {
		return models.Purchase{}, models.Balance{}, &StateError{Purchase: purchase}
	}
	return purchase, balance, err
}

// canBeCancelled says whether nobody has begun to pay. An automatic purchase is charged at any moment: who wants no more of
// them switches auto top-up off.
func (r *revision) canBeCancelled() bool {
	return !r.Automatic && r.Status == models.PurchasePending && r.facts.Standing(expected(r.Purchase)).Status == payment.Pending
}
