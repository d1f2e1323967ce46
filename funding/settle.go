package funding

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/payment"
)

// errGrantMissed says that a purchase was paid after it had been looked at and before its team was locked: its grant was
// not loaded, and the change has to be made again.
var errGrantMissed = errors.New("the purchase has been paid meanwhile")

// reviseTries is how often a change is made again for that. A purchase is paid once.
const reviseTries = 3

// revision is a purchase that is being changed under its team's lock: as it was, and as it becomes.
type revision struct {
	models.Purchase
	facts   payment.Facts
	refunds []models.RefundRequest // oldest first

	before      models.Purchase
	factsBefore payment.Facts

	news   payment.News // what was told, for the ids in it
	actor  *models.UserID
	note   *string // of the grant, in the words of the actor
	refund bool    // the provider has taken a refund on
}

// learn has a purchase know what a provider says: the one door by which news changes it. The same news again changes
// nothing, and every order of news has one outcome. It returns models.ErrNotFound if there is no such purchase.
func (f *Funding) learn(ctx context.Context, id models.PurchaseID, news payment.News) error {
	_, err := f.revise(ctx, id, nil, "", func(_ *ledger.Tx, r *revision) error {
		r.hear(news)
		return nil
	})
	return err
}

// hear merges news into the facts.
func (r *revision) hear(news payment.News) {
	r.facts = r.facts.Merge(news.Facts)
	r.news = news
}

// revise changes a purchase, and then everything that follows from what is known of it: its status, its grant, and how
// many of the grant's tokens are taken back. actor is loaded as a member of the team; empty: the system.
func (f *Funding) revise(ctx context.Context, id models.PurchaseID, key *ledger.Key, actor models.UserID,
	change func(tx *ledger.Tx, r *revision) error,
) (ledger.Outcome, error) {
	for try := 1; ; try++ {
		purchase, err := f.PurchaseByID(ctx, id)
		if err != nil {
			return ledger.Outcome{}, err
		}
		var grants []models.GrantID
		if purchase.GrantID != nil {
			grants = append(grants, *purchase.GrantID)
		}
		changed := false
		outcome, err := f.ledger.Update(ctx, ledger.Change{
			Team: purchase.TeamID, Actor: actor, Key: key, Grants: grants,
			Lookups: append(f.referralWants(purchase.TeamID), f.rows.purchases.Want(id), f.rows.refunds.Want(id)),
			Decide: func(tx *ledger.Tx) error {
				r, err := f.revisionOf(tx, id)
				if err != nil {
					return err
				}
				if r.GrantID != nil && len(grants) == 0 {
					return errGrantMissed
				}
				if err := change(tx, r); err != nil {
					return err
				}
				if key != nil {
					tx.Made(string(id))
				}
				changed, err = f.settle(tx, r)
				return err
			},
		})
		if errors.Is(err, errGrantMissed) && try < reviseTries {
			continue
		}
		if err != nil {
			return outcome, err
		}
		if changed {
			f.Wake()
		}
		return outcome, nil
	}
}

func (f *Funding) revisionOf(tx *ledger.Tx, id models.PurchaseID) (*revision, error) {
	purchase, known := f.rows.purchases.Get(tx, id)
	if !known {
		return nil, models.ErrNotFound
	}
	facts, err := factsOf(purchase)
	if err != nil {
		return nil, err
	}
	refunds, _ := f.rows.refunds.Get(tx, id)
	return &revision{Purchase: purchase, before: purchase, facts: facts, factsBefore: facts, refunds: refunds}, nil
}

// factsOf is all that is known of a purchase.
func factsOf(p models.Purchase) (facts payment.Facts, err error) {
	if err := json.Unmarshal(p.Facts, &facts); err != nil {
		return payment.Facts{}, fmt.Errorf("read the facts of %s: %w", p.ID, err)
	}
	return facts, nil
}

// expected is the money that a purchase froze.
func expected(p models.Purchase) payment.Money {
	return payment.Money{AmountMinor: p.PriceMinor, Currency: p.Currency, Live: p.Live}
}

// settle brings everything in step with what is known of the purchase, and stages it. It says whether that has changed
// anything that is seen.
func (f *Funding) settle(tx *ledger.Tx, r *revision) (changed bool, err error) {
	standing := r.facts.Standing(expected(r.Purchase))
	r.stand(standing)
	if standing.Status == payment.Paid && r.GrantID == nil {
		r.issue(tx)
	}
	if target := r.forfeited(standing); r.GrantID != nil && target != r.RefundedTokens {
		if err := tx.Reclaim(*r.GrantID, target, r.cause(standing)); err != nil {
			return false, fmt.Errorf("take back tokens of %s: %w", r.ID, err)
		}
		r.RefundedTokens = target
	}
	r.DueAt = r.due(tx.Now())
	learnt := !reflect.DeepEqual(r.facts, r.factsBefore)
	changed = learnt || !reflect.DeepEqual(r.shown(r.Purchase), r.shown(r.before))
	if !changed && sameInstant(r.DueAt, r.before.DueAt) {
		return false, nil
	}
	if changed {
		r.Version++
		r.UpdatedAt = tx.Now()
		r.Attempts = 0
		if r.Facts, err = json.Marshal(r.facts); err != nil {
			return false, fmt.Errorf("write the facts of %s: %w", r.ID, err)
		}
		tx.Signal(string(r.ID))
		f.stageReferences(tx, r)
		f.stageSavedMethod(tx, r, standing.Saved)
		f.followReferral(tx, &r.Purchase)
	}
	f.rows.purchases.Put(tx, r.ID, r.Purchase)
	f.rows.updatePurchases.Stage(tx, r.Purchase)
	return changed, nil
}

// shown is what of a purchase makes another version of it: not what is known, which is compared by itself, nor when it is
// looked after.
func (*revision) shown(p models.Purchase) models.Purchase {
	p.Facts, p.DueAt, p.Attempts = nil, nil, 0
	return p
}

func sameInstant(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// issue brings the tokens. Who pays late pays for tokens all the same: whether the purchase was called off or had expired
// makes no difference.
func (r *revision) issue(tx *ledger.Tx) {
	now := tx.Now()
	id := models.NewGrantID(now)
	effect := "purchase:" + string(r.ID)
	tx.Issue(models.Grant{
		ID: id, Source: models.SourcePurchase, Tokens: r.Tokens, Note: r.note, EffectKey: &effect,
		ExpiresAt: expiry(now, r.ExpiresAfterDays),
	}, r.actor)
	r.GrantID, r.PaidAt = &id, &now
}

// stageReferences notes the provider's ids that are new, and wakes the notices that waited for them.
func (f *Funding) stageReferences(tx *ledger.Tx, r *revision) {
	known := idsOf(r.factsBefore)
	ids := idsOf(r.facts)
	ids[r.news.SessionID], ids[r.news.PaymentID] = true, true
	for id := range ids {
		if id == "" || id == string(r.ID) || known[id] {
			continue
		}
		reference := models.PaymentReference{Provider: r.Provider, Reference: id, PurchaseID: r.ID}
		f.rows.putReferences.Stage(tx, reference)
		f.rows.wakeNotices.Stage(tx, reference)
	}
}

func idsOf(facts payment.Facts) map[string]bool {
	ids := map[string]bool{}
	for id := range facts.Sessions {
		ids[id] = true
	}
	for id := range facts.Payments {
		ids[id] = true
	}
	return ids
}

// stageSavedMethod keeps the method of payment that the payer lets be charged again.
func (f *Funding) stageSavedMethod(tx *ledger.Tx, r *revision, saved payment.SavedMethod) {
	if saved == (payment.SavedMethod{}) || saved == r.factsBefore.Standing(expected(r.before)).Saved {
		return
	}
	f.rows.putSavedMethods.Stage(tx, models.SavedMethod{
		TeamID: r.TeamID, Provider: r.Provider, Customer: saved.Customer, Method: saved.Method, PurchaseID: r.ID, SavedAt: tx.Now(),
	})
}
