package funding

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
)

const (
	// stepPatience is how long one step may take: less than stepLease, so that nobody else begins it meanwhile.
	stepPatience = 25 * time.Second

	// maxStepWait is the longest wait between two tries; each is twice the one before.
	maxStepWait = 6 * time.Hour

	// stepsAtOnce is how many purchases a process looks after at the same time.
	stepsAtOnce = 8
)

// followPurchases does what is due about purchases. What goes wrong with one keeps none of the others.
func (f *Funding) followPurchases(ctx context.Context) (more bool, err error) {
	claimed, err := f.claimPurchases(ctx)
	if err != nil {
		return false, err
	}
	failures := make([]error, len(claimed))
	var running sync.WaitGroup
	for i, purchase := range claimed {
		running.Go(func() { failures[i] = f.followPurchase(ctx, purchase) })
	}
	running.Wait()
	return len(claimed) == stepsAtOnce, errors.Join(failures...)
}

// claimPurchases takes due purchases and puts them off, each time for longer: whatever becomes of this process, or of the
// step, they are looked after again.
func (f *Funding) claimPurchases(ctx context.Context) ([]models.Purchase, error) {
	rows, err := f.pool.Query(ctx, `
UPDATE purchases
SET attempts = attempts + 1, due_at = now() + least($1::interval * 2 ^ least(attempts, 20), $2::interval)
WHERE id IN (
	SELECT id
	FROM purchases
	WHERE due_at <= now()
	ORDER BY due_at
	LIMIT $3
	FOR UPDATE SKIP LOCKED)
RETURNING `+purchaseColumns, stepLease, maxStepWait, stepsAtOnce)
	if err != nil {
		return nil, fmt.Errorf("claim purchases: %w", err)
	}
	claimed, err := pgx.CollectRows(rows, pgx.RowToStructByName[models.Purchase])
	if err != nil {
		return nil, fmt.Errorf("claim purchases: %w", err)
	}
	return claimed, nil
}

// followPurchase does the next thing that is to be done about a purchase: one that has been begun is finished.
func (f *Funding) followPurchase(ctx context.Context, p models.Purchase) (err error) {
	if ctx.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepPatience)
	defer cancel()
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v", errPanicked, cause)
		}
		if err != nil {
			err = fmt.Errorf("follow %s: %w", p.ID, err)
		}
	}()
	if err := f.sendRefunds(ctx, p); err != nil {
		return err
	}
	facts, err := factsOf(p)
	if err != nil {
		return err
	}
	switch {
	case p.GrantID != nil:
		return f.learn(ctx, p.ID, noNews(p)) // nothing else is to be done
	case hasOpenPage(facts) && p.SessionID != nil && (p.CancelledAt != nil || p.CheckoutEndsAt.Add(checkoutGrace).Before(f.now())):
		return f.closePage(ctx, p)
	case awaitsCharge(p):
		return f.charge(ctx, p)
	case lacksPage(p):
		return f.open(ctx, p)
	case p.Status == models.PurchasePending && (p.SessionID != nil || p.PaymentID != nil):
		return f.ask(ctx, p)
	default:
		return f.learn(ctx, p.ID, noNews(p))
	}
}
