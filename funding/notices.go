package funding

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/models"
	"productgenerator/payment"
)

const (
	// noticeBatch is how many notices are claimed at once, and noticeWorkers how many of them are processed side by
	// side: one that hangs doesn't hold up the others.
	noticeBatch   = 64
	noticeWorkers = 8

	// noticeLease is for how long a claimed notice is nobody else's, and noticePatience how long processing one may take.
	noticeLease    = 30 * time.Second
	noticePatience = 10 * time.Second

	// A notice that fails, or whose purchase is not known, is tried again after noticeWait, which doubles up to
	// longestNoticeWait. One whose purchase is not known by the end of noticeLife is about none of ours.
	noticeWait        = 10 * time.Second
	longestNoticeWait = 6 * time.Hour
	noticeLife        = 31 * 24 * time.Hour
)

// claimedNotice is a stored notice that is this process's until its lease ends.
type claimedNotice struct {
	provider, id string
	content      []byte // the notice as JSON
	attempts     int    // this one counted
	lease        time.Time
	expired      bool // older than noticeLife
}

// processNotices learns what some of the notices say that are due.
func (f *Funding) processNotices(ctx context.Context) (more bool, err error) {
	claimed, err := f.claimNotices(ctx)
	if err != nil {
		return false, fmt.Errorf("claim notices: %w", err)
	}
	var learnt atomic.Bool // what has been learnt may have made others due
	queue := make(chan claimedNotice, len(claimed))
	for _, n := range claimed {
		queue <- n
	}
	close(queue)
	var workers sync.WaitGroup
	for range min(noticeWorkers, len(claimed)) {
		workers.Go(func() {
			for n := range queue {
				if f.processNotice(ctx, n) {
					learnt.Store(true)
				}
			}
		})
	}
	workers.Wait()
	return len(claimed) == noticeBatch || learnt.Load(), nil
}

func (f *Funding) claimNotices(ctx context.Context) ([]claimedNotice, error) {
	rows, err := f.pool.Query(ctx, `
UPDATE payment_notices
SET due_at = now() + $1::interval, attempts = attempts + 1
WHERE (provider, id) IN (
	SELECT provider, id
	FROM payment_notices
	WHERE due_at <= now()
	ORDER BY due_at
	LIMIT $2
	FOR UPDATE SKIP LOCKED)
RETURNING provider, id, notice, attempts, due_at, received_at < now() - $3::interval`, noticeLease, noticeBatch, noticeLife)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (n claimedNotice, err error) {
		err = row.Scan(&n.provider, &n.id, &n.content, &n.attempts, &n.lease, &n.expired)
		return n, err
	})
}

// processNotice learns what a notice says, or puts it off, and says whether it has learnt anything. It finishes what it
// has begun when ctx ends; a notice that it has not begun with is given back.
func (f *Funding) processNotice(ctx context.Context, n claimedNotice) (learnt bool) {
	stopping := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noticePatience)
	defer cancel()
	if stopping {
		if err := f.putOff(ctx, n, 0, ""); err != nil {
			f.log.Warn("a payment notice was not given back, it waits for its lease", "provider", n.provider, "notice", n.id, "error", err)
		}
		return false
	}
	learnt, err := f.learnNotice(ctx, n)
	if err == nil {
		return learnt
	}
	f.log.Warn("a payment notice was not processed, it is tried again",
		"provider", n.provider, "notice", n.id, "attempts", n.attempts, "error", err)
	if err := f.putOff(ctx, n, waitAfter(n.attempts), ""); err != nil {
		f.log.Warn("a payment notice was not put off, it waits for its lease", "provider", n.provider, "notice", n.id, "error", err)
	}
	return false
}

// learnNotice has the notice's purchase learn what it says. A notice whose purchase is not known waits for it. A panic is
// this notice's failure alone.
func (f *Funding) learnNotice(ctx context.Context, n claimedNotice) (learnt bool, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v", errPanicked, cause)
		}
	}()
	var notice payment.Notice
	if err := json.Unmarshal(n.content, &notice); err != nil {
		return false, fmt.Errorf("read the notice: %w", err)
	}
	purchase, err := f.purchaseOf(ctx, n.provider, notice.Subject)
	switch {
	case errors.Is(err, models.ErrNotFound) && !n.expired:
		return false, f.putOff(ctx, n, waitAfter(n.attempts), awaited(notice.Subject))
	case errors.Is(err, models.ErrNotFound):
		level := slog.LevelInfo
		if notice.PurchaseID != "" { // only we name purchases
			level = slog.LevelError
		}
		f.log.Log(ctx, level, "a payment notice is about no purchase that is known here",
			"provider", n.provider, "notice", n.id, "type", notice.Type, "purchase", notice.PurchaseID)
		return false, f.finishNotice(ctx, n)
	case err != nil:
		return false, err
	}
	if err := f.learn(ctx, purchase, notice.News); err != nil {
		return false, err
	}
	return true, f.finishNotice(ctx, n)
}

// purchaseOf finds whom news is about: the purchase that it names itself, or whose session or payment it names. It
// returns models.ErrNotFound if none is known yet.
func (f *Funding) purchaseOf(ctx context.Context, provider string, subject payment.Subject) (models.PurchaseID, error) {
	var id *models.PurchaseID
	err := f.pool.QueryRow(ctx, `
SELECT coalesce(
	(SELECT id FROM purchases WHERE id = $2 AND provider = $1),
	(SELECT purchase_id FROM payment_references WHERE provider = $1 AND reference = $3),
	(SELECT purchase_id FROM payment_references WHERE provider = $1 AND reference = $4))`,
		provider, subject.PurchaseID, subject.SessionID, subject.PaymentID).Scan(&id)
	if err != nil {
		return "", fmt.Errorf("find the purchase: %w", err)
	}
	if id == nil {
		return "", models.ErrNotFound
	}
	return *id, nil
}

// awaited is the provider's id by which a purchase that is not known yet will be known first.
func awaited(subject payment.Subject) string {
	return cmp.Or(subject.SessionID, subject.PaymentID, subject.PurchaseID)
}

// putOff has a notice tried again after a while, or as soon as the provider's id that it waits for is known. If that has
// made it due meanwhile, it stays due.
func (f *Funding) putOff(ctx context.Context, n claimedNotice, wait time.Duration, waitsFor string) error {
	_, err := f.pool.Exec(ctx, `
UPDATE payment_notices
SET due_at = now() + $4::interval, waits_for = coalesce(nullif($5, ''), waits_for)
WHERE provider = $1 AND id = $2 AND due_at = $3`, n.provider, n.id, n.lease, wait, waitsFor)
	if err != nil {
		return fmt.Errorf("put a notice off: %w", err)
	}
	return nil
}

func (f *Funding) finishNotice(ctx context.Context, n claimedNotice) error {
	_, err := f.pool.Exec(ctx, `
UPDATE payment_notices
SET due_at = NULL, waits_for = NULL, processed_at = now()
WHERE provider = $1 AND id = $2 AND processed_at IS NULL`, n.provider, n.id)
	if err != nil {
		return fmt.Errorf("finish a notice: %w", err)
	}
	return nil
}

// waitAfter is how long to wait after an attempt, counted from 1.
func waitAfter(attempts int) time.Duration {
	wait := noticeWait
	for range attempts - 1 {
		if wait *= 2; wait >= longestNoticeWait {
			return longestNoticeWait
		}
	}
	return wait
}
