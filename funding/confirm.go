package funding

import (
	"context"
	"fmt"
	"strings"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
)

// ConfirmInput says that the money for a purchase has arrived.
type ConfirmInput struct {
	Purchase models.PurchaseID
	Note     string // how it came; the team sees it
	Key      ledger.Key
}

// confirmer is a provider that does not know by itself that money has come: the invoice.
type confirmer interface {
	Confirm(purchaseID string, amountMinor int64, currency string) payment.News
}

// ByInvoice says whether a purchase is paid by an invoice: it has no page of a provider's.
func ByInvoice(p models.Purchase) bool { return p.Provider == payment.InvoiceName }

// ConfirmPurchase has the tokens of an invoice come because a platform administrator says that it is paid, be it after it
// had expired or was called off; once for the key.
//
// It returns models.FieldErrors, models.ErrNotFound, a *StateError where it is paid already, its provider knows by
// itself, or a demonstration says so of real money; or ledger.ErrKeyConflict.
func (f *Funding) ConfirmPurchase(ctx context.Context, admin models.UserID, input ConfirmInput) (models.Purchase, models.Balance, error) {
	note := strings.TrimSpace(input.Note)
	if err := checkNoteAndKey(note, input.Key); err != nil {
		return models.Purchase{}, models.Balance{}, err
	}
	_, err := f.revise(ctx, input.Purchase, &input.Key, "", func(_ *ledger.Tx, r *revision) error {
		provider, confirms := f.providers[r.Provider].(confirmer)
		if !confirms || r.GrantID != nil || f.providers[r.Provider].Live() != r.Live {
			return &StateError{Purchase: r.before}
		}
		r.hear(provider.Confirm(string(r.ID), r.PriceMinor, r.Currency))
		r.actor, r.note = &admin, &note
		return nil
	})
	if err != nil {
		return models.Purchase{}, models.Balance{}, fmt.Errorf("confirm %s: %w", input.Purchase, err)
	}
	return f.answer(ctx, input.Purchase, nil)
}

func checkNoteAndKey(note string, key ledger.Key) error {
	var faults models.FieldErrors
	faults.Add(required(note, MaxNote, models.CheckText), MaxNote, "note")
	key.Check(&faults)
	return faults.Err()
}
