package funding

import (
	"context"
	"errors"
	"fmt"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
)

const (
	// keyMemory is for how long after a purchase was begun its page is asked for: less than providers remember the key,
	// so that no second one is opened.
	keyMemory = 22 * time.Hour

	// busyWait is how long to wait for a provider that is busy with the same key, and busyTries how often. Each wait is
	// twice the one before.
	busyWait  = 100 * time.Millisecond
	busyTries = 5

	// guestSuffix makes the key of a page for a payer whom the provider doesn't know any more.
	guestSuffix = "-guest"
)

// errOtherMode says that a provider would take real money for a purchase of the test mode, or the other way round: its
// key was changed after the purchase was begun.
var errOtherMode = errors.New("the payment provider's key is of the other mode")

// open opens the provider's page for a purchase that has none, with the purchase's id as the key, and learns what the
// provider says. It returns a *PaymentError where the provider didn't do it: one that is Retryable leaves the purchase to
// the next try, another fails it.
func (f *Funding) open(ctx context.Context, purchase models.Purchase) error {
	if f.now().After(purchase.CreatedAt.Add(keyMemory)) {
		return f.giveUpPage(ctx, purchase)
	}
	provider, err := f.providerOf(purchase)
	if err != nil {
		return err
	}
	if provider.Live() != purchase.Live {
		return &PaymentError{Provider: purchase.Provider, Kind: payment.Unauthorized, Err: errOtherMode}
	}
	checkout, err := f.checkoutOf(ctx, purchase)
	if err != nil {
		return err
	}
	session, err := f.startCheckout(ctx, provider, checkout)
	if checkout.Customer != "" && customerIsGone(err) {
		// The key is another one, and the same each time, because another thing is asked.
		checkout.Customer, checkout.IdempotencyKey = "", checkout.IdempotencyKey+guestSuffix
		session, err = f.startCheckout(ctx, provider, checkout)
	}
	if err != nil {
		return f.checkoutFailed(ctx, purchase, err)
	}
	return f.learnPage(ctx, purchase.ID, session)
}

// customerIsGone says whether the provider doesn't know the payer any more: its own people may delete customers.
func customerIsGone(err error) bool {
	failure, known := errors.AsType[*payment.Error](err)
	return known && failure.Kind == payment.NotFound && failure.Param == "customer"
}

// giveUpPage has a purchase fail whose page was not opened in time. Where there is one after all, somebody may have paid.
func (f *Funding) giveUpPage(ctx context.Context, purchase models.Purchase) error {
	if purchase.SessionID != nil {
		return f.ask(ctx, purchase)
	}
	f.log.Error("the page of a purchase was not opened in time", "purchase", purchase.ID, "provider", purchase.Provider)
	if err := f.learn(ctx, purchase.ID, chargeFailed(purchase, "", failureUnreachable)); err != nil {
		return err
	}
	return &PaymentError{Provider: purchase.Provider, Kind: payment.Refused, Declined: failureUnreachable}
}

// providerOf is who takes the money of a purchase.
func (f *Funding) providerOf(p models.Purchase) (payment.Provider, error) {
	provider := f.providers[p.Provider]
	if provider == nil {
		return nil, &PaymentError{Provider: p.Provider, Kind: payment.Unauthorized, Err: fmt.Errorf("%s: %w", p.Provider, errNoProvider)}
	}
	return provider, nil
}

// checkoutOf is what the buyer is asked to pay: all of it frozen, so that every try says the same.
func (f *Funding) checkoutOf(ctx context.Context, p models.Purchase) (payment.Checkout, error) {
	email, err := f.emailOf(ctx, p.BuyerID)
	if err != nil {
		return payment.Checkout{}, err
	}
	success, cancel, err := f.returnURLs(p)
	if err != nil {
		return payment.Checkout{}, err
	}
	checkout := payment.Checkout{
		PurchaseID: string(p.ID), IdempotencyKey: string(p.ID), Product: p.PackageName,
		PriceMinor: p.PriceMinor, Currency: p.Currency, Email: email, SaveMethod: p.SaveMethod,
		SuccessURL: success, CancelURL: cancel,
		StartedAt: p.CreatedAt, Life: min(p.CheckoutEndsAt.Sub(p.CreatedAt), payment.MaxCheckoutLife),
	}
	if p.Customer != nil {
		checkout.Customer = *p.Customer
	}
	return checkout, nil
}

// startCheckout has patience with a provider that is busy: most of all with the same key, asked for by another process.
func (f *Funding) startCheckout(ctx context.Context, provider payment.Provider, checkout payment.Checkout) (payment.Session, error) {
	for try, wait := 1, busyWait; ; try, wait = try+1, 2*wait {
		session, err := provider.StartCheckout(ctx, checkout)
		failure, known := errors.AsType[*payment.Error](err)
		if !known || failure.Kind != payment.Busy || try == busyTries {
			return session, err
		}
		select {
		case <-ctx.Done():
			return session, err
		case <-time.After(wait):
		}
	}
}

// checkoutFailed leaves a purchase to the next try, or has it fail. One whose page the provider has opened before does not
// fail by that: somebody may be paying there.
func (f *Funding) checkoutFailed(ctx context.Context, p models.Purchase, cause error) error {
	failure := paymentError(p.Provider, cause)
	if failure.Retryable() || p.SessionID != nil {
		return failure
	}
	f.log.Error("a payment provider refused to open a page", "purchase", p.ID, "error", cause)
	if err := f.learn(ctx, p.ID, chargeFailed(p, "", failureRefused)); err != nil {
		return err
	}
	return failure
}

// paymentError is what a provider answered, or didn't. An error that is none of its own says nothing of what it did.
func paymentError(provider string, cause error) *PaymentError {
	failure, known := errors.AsType[*payment.Error](cause)
	if !known {
		return &PaymentError{Provider: provider, Kind: payment.Unreachable, Err: cause}
	}
	declined := failure.DeclineCode
	if declined == "" {
		declined = failure.Code
	}
	return &PaymentError{Provider: provider, Kind: failure.Kind, Declined: declined, Err: cause}
}

// learnPage learns what the provider says about the page that it has opened, and where it is.
func (f *Funding) learnPage(ctx context.Context, id models.PurchaseID, session payment.Session) error {
	_, err := f.revise(ctx, id, nil, "", func(_ *ledger.Tx, r *revision) error {
		r.hear(session.News)
		if r.CheckoutURL == nil {
			r.SessionID, r.CheckoutURL = optional(session.ID), optional(session.URL)
		}
		return nil
	})
	return err
}

// closePage closes the page of a purchase that is called off, or whose time is over, and learns what it is then: somebody
// may have paid at the last moment. It returns a *PaymentError where the provider didn't answer.
func (f *Funding) closePage(ctx context.Context, p models.Purchase) error {
	provider, err := f.providerOf(p)
	if err != nil {
		return err
	}
	news, err := provider.Cancel(ctx, *p.SessionID)
	if err != nil {
		return f.learnMissing(ctx, p, err)
	}
	return f.learn(ctx, p.ID, news)
}

// ask learns what the provider knows of a purchase.
func (f *Funding) ask(ctx context.Context, p models.Purchase) error {
	provider, err := f.providerOf(p)
	if err != nil {
		return err
	}
	var news payment.News
	if p.SessionID != nil {
		news, err = provider.Session(ctx, *p.SessionID)
	} else {
		news, err = provider.Payment(ctx, *p.PaymentID)
	}
	if err != nil {
		return f.learnMissing(ctx, p, err)
	}
	return f.learn(ctx, p.ID, news)
}

// learnMissing takes a page that the provider doesn't know for closed.
func (f *Funding) learnMissing(ctx context.Context, p models.Purchase, cause error) error {
	failure := paymentError(p.Provider, cause)
	if failure.Kind != payment.NotFound || p.SessionID == nil {
		return failure
	}
	f.log.Error("a payment provider doesn't know a page that it has opened", "purchase", p.ID, "error", cause)
	return f.learn(ctx, p.ID, payment.News{
		Subject: payment.Subject{PurchaseID: string(p.ID), SessionID: *p.SessionID},
		Facts:   payment.Facts{Sessions: map[string]payment.SessionState{*p.SessionID: payment.SessionExpired}},
	})
}
