package funding

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
)

// maxUnpaid is how many purchases of a team may wait to be paid: each has a page open at the provider.
const maxUnpaid = 100

// maxReturnURL is how long the address is that a payer comes back to, in characters.
const maxReturnURL = 2_000

// How long a purchase can be paid: on a provider's page for less than the day that providers allow, by more than an hour
// that the clocks may be apart; an invoice, which a bank transfer pays, for two weeks.
const (
	checkoutLife = payment.MaxCheckoutLife - 90*time.Minute
	invoiceLife  = 14 * 24 * time.Hour
)

// PurchaseInput is what is bought, and for whom.
type PurchaseInput struct {
	Team    models.TeamID
	Package models.TokenPackageID
	// ReturnURL is where the payer comes back to, told by the parameter purchase which purchase it was, and by
	// cancelled=1 that they turned back; nil: to the dashboard.
	ReturnURL *string
	Key       ledger.Key
}

// PaymentError says that the payment provider did not do what it was asked.
type PaymentError struct {
	Provider string
	Kind     payment.Kind
	// Declined is the bank's or the provider's code, if it gave one.
	Declined string
	Err      error // nil: it is known from before
}

// Retryable says whether the same call with the same key may succeed later. What is left to do is also done without it.
func (e *PaymentError) Retryable() bool {
	return e.Kind == payment.Unreachable || e.Kind == payment.Busy
}

// Error says who failed and how.
func (e *PaymentError) Error() string {
	if e.Err != nil {
		return "payment: " + e.Err.Error()
	}
	return fmt.Sprintf("payment: %s: %s", e.Provider, e.Kind)
}

// Unwrap is the provider's own failure.
func (e *PaymentError) Unwrap() error { return e.Err }

// StateError says that a purchase is not in a state in which that can be done. Nothing was done.
type StateError struct{ Purchase models.Purchase }

// Error names the purchase and its state.
func (e *StateError) Error() string {
	return fmt.Sprintf("purchase %s is %s", e.Purchase.ID, e.Purchase.Status)
}

// errNoProvider says that a purchase's provider is not set up any more.
var errNoProvider = errors.New("the payment provider is not set up")

// Purchase begins to buy a package: it stores what was bought as the package is now, and opens the provider's page to pay
// on. The tokens come when the provider says that it is paid; by an invoice of the demonstration that is at once. A
// repetition of the key gives the purchase as it is now, and opens the page if there is none yet.
//
// It returns models.FieldErrors, TOO_MANY at packageId while maxUnpaid purchases of the team wait to be paid;
// models.ErrNotFound to who is no member, models.ErrForbidden to who is no ADMIN; or ledger.ErrKeyConflict. With a
// *PaymentError the purchase and the balance come as well: while it is Retryable the purchase waits for its page, which is
// opened in time or when the call is repeated with the same key; otherwise it has FAILED.
func (f *Funding) Purchase(ctx context.Context, buyer models.UserID, input PurchaseInput) (models.Purchase, models.Balance, error) {
	if err := f.checkPurchase(input); err != nil {
		return models.Purchase{}, models.Balance{}, err
	}
	outcome, err := f.ledger.Update(ctx, ledger.Change{
		Team: input.Team, Actor: buyer, Key: &input.Key,
		Lookups: []ledger.Want{f.rows.packages.Want(input.Package), f.rows.payers.Want(input.Team)},
		Decide: func(tx *ledger.Tx) error {
			if err := tx.Member(buyer).Role.Require(models.RoleAdmin); err != nil {
				return err
			}
			chosen, known := f.rows.packages.Get(tx, input.Package)
			if !known || !chosen.Active {
				return models.FieldErrors{{Path: []string{"packageId"}, Code: models.FieldInvalid}}
			}
			payers, _ := f.rows.payers.Get(tx, input.Team)
			if payers.unpaid >= maxUnpaid {
				return models.FieldErrors{{Path: []string{"packageId"}, Code: models.FieldTooMany, Limit: maxUnpaid}}
			}
			purchase := f.begin(tx, buyer, chosen, payers)
			purchase.ReturnURL = input.ReturnURL
			f.rows.insertPurchases.Stage(tx, purchase)
			payers.unpaid++
			f.rows.payers.Put(tx, input.Team, payers)
			tx.Made(string(purchase.ID))
			tx.Signal(string(purchase.ID))
			return nil
		},
	})
	if errors.Is(err, ledger.ErrNoAccount) {
		return models.Purchase{}, models.Balance{}, models.ErrNotFound
	}
	if err != nil {
		return models.Purchase{}, models.Balance{}, fmt.Errorf("buy a package for %s: %w", input.Team, err)
	}
	return f.openNow(ctx, models.PurchaseID(outcome.Subject))
}

// begin freezes what is bought.
func (f *Funding) begin(tx *ledger.Tx, buyer models.UserID, chosen models.TokenPackage, payers payers) models.Purchase {
	now := tx.Now()
	due := now.Add(stepLease)
	life := checkoutLife
	if _, confirms := f.provider.(confirmer); confirms {
		life = invoiceLife
	}
	return models.Purchase{
		ID: models.NewPurchaseID(now), TeamID: tx.Team(), BuyerID: buyer,
		PackageID: chosen.ID, PackageName: chosen.Name, Tokens: chosen.Tokens,
		PriceMinor: chosen.PriceMinor, Currency: chosen.Currency, ExpiresAfterDays: chosen.ExpiresAfterDays,
		Provider: f.provider.Name(), Live: f.provider.Live(),
		SaveMethod: payers.wantsMethod(f.provider.Name()), Customer: payers.customer(f.provider.Name()),
		Version: 1, Status: models.PurchasePending,
		CheckoutEndsAt: now.Add(life), DueAt: &due, CreatedAt: now, UpdatedAt: now,
	}
}

// openNow opens the page of a purchase that has just been stored, or stored before and left at that.
func (f *Funding) openNow(ctx context.Context, id models.PurchaseID) (models.Purchase, models.Balance, error) {
	purchase, err := f.PurchaseByID(ctx, id)
	if err != nil {
		return models.Purchase{}, models.Balance{}, err
	}
	if !lacksPage(purchase) {
		return f.answer(ctx, id, refusedBefore(purchase))
	}
	return f.answer(ctx, id, f.open(ctx, purchase))
}

// lacksPage says whether nobody can pay the purchase because it has no page yet, or one that only the provider knows the
// address of: its key gives that one again. An invoice has no address.
func lacksPage(p models.Purchase) bool {
	return p.Payable() && (p.SessionID == nil || p.CheckoutURL == nil && !ByInvoice(p))
}

// refusedBefore is the failure of a purchase that came to nothing because of the provider; nil: it did not.
func refusedBefore(p models.Purchase) error {
	if p.Status != models.PurchaseFailed || p.Failure == nil || !isOurs(*p.Failure) {
		return nil
	}
	return &PaymentError{Provider: p.Provider, Kind: payment.Refused, Declined: *p.Failure}
}

// answer is a purchase and its team's balance as they are now. A *PaymentError comes with them, any other error without.
func (f *Funding) answer(ctx context.Context, id models.PurchaseID, failure error) (models.Purchase, models.Balance, error) {
	if _, isPayment := errors.AsType[*PaymentError](failure); failure != nil && !isPayment {
		return models.Purchase{}, models.Balance{}, failure
	}
	purchase, err := f.PurchaseByID(ctx, id)
	if err != nil {
		return models.Purchase{}, models.Balance{}, err
	}
	balance, err := f.ledger.Balance(ctx, purchase.TeamID)
	if err != nil {
		return models.Purchase{}, models.Balance{}, fmt.Errorf("read the balance behind %s: %w", id, err)
	}
	return purchase, balance, failure
}

func (f *Funding) checkPurchase(i PurchaseInput) error {
	var faults models.FieldErrors
	if i.ReturnURL != nil {
		faults.Add(f.checkReturnURL(*i.ReturnURL), maxReturnURL, "returnUrl")
	}
	i.Key.Check(&faults)
	return faults.Err()
}

// checkReturnURL says what is wrong with an address to come back to. It is never sent where others could read it, but
// where this program itself is.
func (f *Funding) checkReturnURL(text string) models.FieldCode {
	if utf8.RuneCountInString(text) > maxReturnURL {
		return models.FieldTooLong
	}
	address, err := url.Parse(text)
	if err != nil || address.Hostname() == "" || address.User != nil {
		return models.FieldInvalid
	}
	open := strings.HasPrefix(f.publicURL, "http://") || isLoopback(address.Hostname())
	if address.Scheme != "https" && (address.Scheme != "http" || !open) {
		return models.FieldInvalid
	}
	return ""
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// returnURLs are where a purchase's payer comes back to, after paying and after turning back.
func (f *Funding) returnURLs(p models.Purchase) (success, cancel string, err error) {
	base := f.publicURL + "/"
	if p.ReturnURL != nil {
		base = *p.ReturnURL
	}
	address, err := url.Parse(base)
	if err != nil {
		return "", "", fmt.Errorf("the address to return to: %w", err)
	}
	// What is there stays as it was written: it may hold what the provider replaces.
	if address.RawQuery != "" {
		address.RawQuery += "&"
	}
	address.RawQuery += "purchase=" + string(p.ID)
	success = address.String()
	address.RawQuery += "&cancelled=1"
	return success, address.String(), nil
}
