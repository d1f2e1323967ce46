package funding

import (
	"context"
	"fmt"
	"time"
)

const (
	// noticesKept is how long a processed notice is kept: banks take up payments for some 540 days, and the notice is
	// evidence then. It is longer than providers list their notices, so that none comes back.
	noticesKept = 550 * 24 * time.Hour

	// forgetEvery is how often old notices are looked for, and forgottenAtOnce how many one statement deletes.
	forgetEvery     = time.Hour
	forgottenAtOnce = 1_000
)

// retention forgets old notices at the start and every hour.
func (f *Funding) retention() chore {
	var due time.Time // by the clock of waits; zero: at the start
	return chore{name: "forget notices", do: func(ctx context.Context) (bool, error) {
		if f.now().Before(due) {
			return false, nil
		}
		forgotten, err := f.forgetNotices(ctx)
		if err != nil || forgotten == forgottenAtOnce {
			return err == nil, err
		}
		due = f.now().Add(forgetEvery)
		return false, nil
	}}
}

// forgetNotices deletes some of the notices that were processed long ago, with the names and addresses of payers in
// them. What they said stays with their purchases.
func (f *Funding) forgetNotices(ctx context.Context) (forgotten int64, err error) {
	tag, err := f.pool.Exec(ctx, `
DELETE FROM payment_notices
WHERE (provider, id) IN (
	SELECT provider, id
	FROM payment_notices
	WHERE processed_at < now() - $1::interval
	ORDER BY processed_at
	LIMIT $2
	FOR UPDATE SKIP LOCKED)`, noticesKept, forgottenAtOnce)
	if err != nil {
		return 0, fmt.Errorf("forget notices: %w", err)
	}
	return tag.RowsAffected(), nil
}
