package funding

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"productgenerator/models"
	"productgenerator/payment"
)

const (
	// reconcileEvery is how often a provider's lists are compared with what is known here.
	reconcileEvery = time.Hour

	// reconcileOverlap is how far behind the last comparison the lists are read, and reconcileReach how far at most:
	// providers remember their notices no longer.
	reconcileOverlap = 3 * 24 * time.Hour
	reconcileReach   = 30 * 24 * time.Hour

	// reconcileLimit bounds one comparison.
	reconcileLimit = 20 * time.Minute

	// listedAtOnce is how many listed notices are stored by one statement.
	listedAtOnce = 100
)

// Repaired is what a comparison with the providers' lists has mended.
type Repaired struct {
	Purchases int // that learnt something from the list of checkouts
	Notices   int // that were never delivered; they are processed like the others
}

func (r *Repaired) add(other Repaired) {
	r.Purchases += other.Purchases
	r.Notices += other.Notices
}

// reconciliation compares at the start and every hour, in one process at a time.
func (f *Funding) reconciliation() chore {
	due := map[string]time.Time{} // by provider, by the clock of waits; zero: at the start
	failures := map[string]int{}
	return chore{name: "reconciliation", do: func(ctx context.Context) (bool, error) {
		var failed []error
		for _, provider := range f.providerNames() {
			if f.now().Before(due[provider]) {
				continue
			}
			wait, err := f.reconcileInTurn(ctx, provider, due[provider].IsZero())
			failures[provider]++
			if err != nil {
				wait = min(waitAfter(failures[provider]), reconcileEvery)
				failed = append(failed, fmt.Errorf("%s: %w", provider, err))
			} else {
				failures[provider] = 0
			}
			due[provider] = f.now().Add(wait)
		}
		return false, errors.Join(failed...)
	}}
}

// reconcileInTurn compares unless another process does so now, or has within the hour if that counts. It says when to
// come back.
func (f *Funding) reconcileInTurn(ctx context.Context, provider string, atOnce bool) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, reconcileLimit)
	defer cancel()
	connection, err := f.pool.Acquire(ctx)
	if err != nil {
		return 0, fmt.Errorf("wait for the turn: %w", err)
	}
	turn, err := takeTurn(ctx, connection, provider)
	if err != nil || !turn {
		connection.Release()
		return reconcileEvery, err
	}
	defer giveTurn(ctx, connection, provider)
	last, err := f.lastReconciled(ctx, provider)
	if err != nil {
		return 0, err
	}
	if age := max(0, f.now().Sub(last)); !atOnce && age < reconcileEvery {
		return reconcileEvery - age, nil
	}
	_, err = f.reconcile(ctx, provider, last)
	return reconcileEvery, err
}

// The turn is a lock of the connection's: it ends with the process, however that ends.
const turnLock = `hashtextextended('reconciliation of ' || $1::text, 0)`

func takeTurn(ctx context.Context, connection *pgxpool.Conn, provider string) (taken bool, err error) {
	if err := connection.QueryRow(ctx, `SELECT pg_try_advisory_lock(`+turnLock+`)`, provider).Scan(&taken); err != nil {
		return false, fmt.Errorf("take the turn: %w", err)
	}
	return taken, nil
}

// giveTurn closes a connection that it cannot free of the lock.
func giveTurn(ctx context.Context, connection *pgxpool.Conn, provider string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storePatience)
	defer cancel()
	if _, err := connection.Exec(ctx, `SELECT pg_advisory_unlock(`+turnLock+`)`, provider); err != nil {
		_ = connection.Conn().Close(ctx) // it is given up
	}
	connection.Release()
}

// Reconcile asks every provider for its own lists and learns what was missed: a checkout's outcome, a notice that was
// never delivered. What it finds twice changes nothing.
func (f *Funding) Reconcile(ctx context.Context) (Repaired, error) {
	var all Repaired
	var failed []error
	for _, provider := range f.providerNames() {
		last, err := f.lastReconciled(ctx, provider)
		if err == nil {
			var repaired Repaired
			repaired, err = f.reconcile(ctx, provider, last)
			all.add(repaired)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("reconcile with %s: %w", provider, err))
		}
	}
	return all, errors.Join(failed...)
}

func (f *Funding) providerNames() []string { return slices.Sorted(maps.Keys(f.providers)) }

// lastReconciled is when the provider's lists were last compared to their ends; zero: never, or nobody knows, because a
// clock that was wrong by more than clocks are apart has noted a time that is yet to come.
func (f *Funding) lastReconciled(ctx context.Context, provider string) (at time.Time, err error) {
	err = f.pool.QueryRow(ctx, `SELECT reconciled_at FROM provider_comparisons WHERE provider = $1`, provider).Scan(&at)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, fmt.Errorf("read when it was reconciled: %w", err)
	}
	if at.After(f.now().Add(reconcileOverlap)) {
		return time.Time{}, nil
	}
	return at, nil
}

// reconcile compares what has happened since some days before the last time, and notes that it has.
func (f *Funding) reconcile(ctx context.Context, provider string, last time.Time) (repaired Repaired, err error) {
	began := f.now()
	since := began.Add(-reconcileReach)
	if from := last.Add(-reconcileOverlap); from.After(since) {
		since = from
	}
	defer func() {
		if repaired != (Repaired{}) {
			f.log.Info("payments were reconciled", "provider", provider, "purchases", repaired.Purchases, "notices", repaired.Notices)
			f.observeRepair(repaired)
			f.Wake()
		}
	}()
	// Checkouts come first: they tell whose payments the notices are about.
	if repaired.Purchases, err = f.learnListed(ctx, f.providers[provider], since); err != nil {
		return repaired, err
	}
	if repaired.Notices, err = f.storeListed(ctx, f.providers[provider], since); err != nil {
		return repaired, err
	}
	_, err = f.pool.Exec(ctx, `
INSERT INTO provider_comparisons (provider, reconciled_at) VALUES ($1, $2)
ON CONFLICT (provider) DO UPDATE SET reconciled_at = excluded.reconciled_at`,
		provider, began)
	if err != nil {
		return repaired, fmt.Errorf("note that it was reconciled: %w", err)
	}
	return repaired, nil
}

// learnListed has purchases learn what the list of checkouts says that they don't know, some side by side. One that
// cannot learn it doesn't keep the others from it.
func (f *Funding) learnListed(ctx context.Context, from payment.Provider, since time.Time) (int, error) {
	var learners sync.WaitGroup
	var mu sync.Mutex // protects all below
	var learnt, failures int
	var first error
	var unknown []string // purchases of ours that there are not
	listed := make(chan payment.News)
	for range noticeWorkers {
		learners.Go(func() {
			for news := range listed {
				repaired, err := f.learnMissed(ctx, from.Name(), news)
				mu.Lock()
				if repaired {
					learnt++
				}
				if errors.Is(err, models.ErrNotFound) {
					if news.PurchaseID != "" && hasMoney(news.Facts) {
						unknown = append(unknown, news.PurchaseID)
					}
				} else if err != nil {
					failures++
					first = cmp.Or(first, fmt.Errorf("checkout %s: %w", news.SessionID, err))
				}
				mu.Unlock()
			}
		})
	}
	var err error
	var news payment.News
	for news, err = range from.Sessions(ctx, since) {
		if err != nil {
			break
		}
		listed <- news
	}
	close(listed)
	learners.Wait()
	if len(unknown) > 0 {
		f.log.Warn("money was paid for purchases that are not known here: was the database put back to an earlier state?",
			"provider", from.Name(), "count", len(unknown), "purchase", slices.Max(unknown))
	}
	switch {
	case err != nil:
		return learnt, fmt.Errorf("list checkouts: %w", err)
	case failures > 0:
		return learnt, fmt.Errorf("%d checkouts were not learnt, the first: %w", failures, first)
	}
	return learnt, nil
}

// hasMoney says whether any payment has come.
func hasMoney(facts payment.Facts) bool {
	for _, p := range facts.Payments {
		if len(p.Received) > 0 {
			return true
		}
	}
	return false
}

// learnMissed says whether the news told its purchase anything. It returns models.ErrNotFound where that is not known.
func (f *Funding) learnMissed(ctx context.Context, provider string, news payment.News) (bool, error) {
	id, err := f.purchaseOf(ctx, provider, news.Subject)
	if err != nil {
		return false, err
	}
	var known payment.Facts
	if err := f.pool.QueryRow(ctx, `SELECT facts FROM purchases WHERE id = $1`, id).Scan(&known); err != nil {
		return false, fmt.Errorf("read what is known: %w", err)
	}
	if reflect.DeepEqual(known.Merge(news.Facts), known) {
		return false, nil
	}
	if err := f.learn(ctx, id, news); err != nil {
		return false, err
	}
	return true, nil
}

// storeListed keeps the notices that never arrived.
func (f *Funding) storeListed(ctx context.Context, from payment.Provider, since time.Time) (stored int, err error) {
	var ids, contents []string
	store := func() error {
		count, err := f.storeMissed(ctx, from.Name(), ids, contents)
		stored += count
		ids, contents = nil, nil
		return err
	}
	for notice, err := range from.Notices(ctx, since) {
		if err != nil {
			return stored, errors.Join(fmt.Errorf("list notices: %w", err), store())
		}
		if notice.Kind == payment.Ignored {
			continue
		}
		content, err := json.Marshal(notice)
		if err != nil {
			return stored, fmt.Errorf("write notice %s as JSON: %w", notice.ID, err)
		}
		ids, contents = append(ids, notice.ID), append(contents, string(content))
		if len(ids) < listedAtOnce {
			continue
		}
		if err := store(); err != nil {
			return stored, err
		}
	}
	return stored, store()
}

func (f *Funding) storeMissed(ctx context.Context, provider string, ids, contents []string) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	tag, err := f.pool.Exec(ctx, `
INSERT INTO payment_notices (provider, id, body, notice, received_at, due_at)
SELECT $1, listed.id, '', listed.notice, now(), now()
FROM unnest($2::text[], $3::jsonb[]) AS listed (id, notice)
ON CONFLICT DO NOTHING`, provider, ids, contents)
	if err != nil {
		return 0, fmt.Errorf("store notices: %w", err)
	}
	return int(tag.RowsAffected()), nil
}
