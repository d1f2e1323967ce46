package ledger

import (
	"context"
	"fmt"
	"time"
)

// refusalLife is how long a refused key stays refused. A key that had an effect is remembered for ever.
const refusalLife = 7 * 24 * time.Hour

// forgetEvery is how often refusals that are old enough are forgotten.
const forgetEvery = time.Hour

// forgetRefusals forgets the keys that were refused more than 7 days ago and returns how many they were: they may be
// tried again.
func (l *Ledger) forgetRefusals(ctx context.Context) (forgotten int64, err error) {
	tag, err := l.pool.Exec(ctx, `
DELETE FROM idempotency_keys
WHERE refusal IS NOT NULL AND created_at < clock_timestamp() - make_interval(secs => $1)`, refusalLife.Seconds())
	if err != nil {
		return 0, fmt.Errorf("forget refusals: %w", err)
	}
	return tag.RowsAffected(), nil
}

// ForgetRefusalsUntil forgets old refusals every hour, until ctx ends.
func (l *Ledger) ForgetRefusalsUntil(ctx context.Context) {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		if _, err := l.forgetRefusals(ctx); err != nil && ctx.Err() == nil {
			l.log.Warn("old refusals were not forgotten, it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
