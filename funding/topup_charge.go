package funding

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"productgenerator/models"
	"productgenerator/payment"
)

// errKeyForgotten says that a provider may not know a key any more that it was given before.
var errKeyForgotten = errors.New("the provider may have forgotten the key")

// awaitsCharge says whether the saved method of an automatic purchase has yet to be charged. Once a bank has the charge,
// the purchase is followed like any other.
func awaitsCharge(p models.Purchase) bool {
	return p.Automatic && p.Status == models.PurchasePending && p.PaymentID == nil
}

// charge charges the saved method of an automatic purchase. The purchase's id is the key, so that however often this
// happens the method is charged once: as long as the provider knows the key, and not any later, for nobody may have looked
// after the purchase meanwhile.
func (f *Funding) charge(ctx context.Context, purchase models.Purchase) error {
	provider := f.providers[purchase.Provider]
	switch {
	case provider == nil || purchase.Customer == nil || purchase.Method == nil:
		return f.learn(ctx, purchase.ID, chargeFailed(purchase, "", failureRefused))
	case !f.now().Before(purchase.CheckoutEndsAt):
		return f.retryCharge(ctx, purchase, errKeyForgotten)
	case provider.Live() != purchase.Live:
		return f.retryCharge(ctx, purchase, errOtherMode)
	}
	email, err := f.emailOf(ctx, purchase.BuyerID)
	if err != nil {
		return err
	}
	news, err := provider.ChargeSaved(ctx, payment.Charge{
		PurchaseID: string(purchase.ID), IdempotencyKey: string(purchase.ID), Product: purchase.PackageName,
		PriceMinor: purchase.PriceMinor, Currency: purchase.Currency, Email: email,
		Method: payment.SavedMethod{Customer: *purchase.Customer, Method: *purchase.Method},
	})
	if err == nil {
		return f.learn(ctx, purchase.ID, news)
	}
	failure, known := errors.AsType[*payment.Error](err)
	switch {
	case !known, failure.Retryable(), failure.Kind == payment.Unauthorized:
		return f.retryCharge(ctx, purchase, err)
	case failure.Kind == payment.Declined:
		code := cmp.Or(failure.DeclineCode, failure.Code, string(payment.Declined))
		return f.learn(ctx, purchase.ID, chargeFailed(purchase, failure.PaymentID, code))
	default:
		f.log.Error("an automatic purchase was refused", "purchase", purchase.ID, "error", err)
		return f.learn(ctx, purchase.ID, chargeFailed(purchase, failure.PaymentID, failureRefused))
	}
}

// retryCharge leaves the purchase to the next try, as long as the provider would know its key again. Should the charge
// have been made all the same, its notice still pays the purchase.
func (f *Funding) retryCharge(ctx context.Context, purchase models.Purchase, cause error) error {
	if f.now().Before(purchase.CheckoutEndsAt) {
		return fmt.Errorf("charge %s, which is tried again: %w", purchase.ID, cause)
	}
	f.log.Error("an automatic purchase was given up", "purchase", purchase.ID, "error", cause)
	return f.learn(ctx, purchase.ID, chargeFailed(purchase, "", failureUnreachable))
}

// chargeFailed is the news that a charge came to nothing. A payment that was not made is named after the purchase.
func chargeFailed(purchase models.Purchase, paymentID, code string) payment.News {
	id := cmp.Or(paymentID, string(purchase.ID))
	return payment.News{
		Subject: payment.Subject{PurchaseID: string(purchase.ID), PaymentID: paymentID},
		Facts:   payment.Facts{Payments: map[string]payment.Payment{id: {Declined: code}}},
	}
}

// emailOf is where the receipt goes.
func (f *Funding) emailOf(ctx context.Context, buyer models.UserID) (email string, err error) {
	if err := f.pool.QueryRow(ctx, `SELECT email FROM users WHERE id = $1`, buyer).Scan(&email); err != nil {
		return "", fmt.Errorf("read the e-mail address of %s: %w", buyer, err)
	}
	return email, nil
}
