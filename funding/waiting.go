package funding

import (
	"context"
	"fmt"
	"time"
)

// Waiting is what waits in the tables, of all processes together.
type Waiting struct {
	Notices   int           // not processed yet
	Overdue   time.Duration // how long the notice that is due the longest has been due; 0: none is
	Purchases int           // that may still be paid
	Attention int           // purchases that an administrator has to look at
}

// Waiting counts what waits.
func (f *Funding) Waiting(ctx context.Context) (w Waiting, err error) {
	err = f.pool.QueryRow(ctx, `
SELECT (SELECT count(*) FROM payment_notices WHERE due_at IS NOT NULL),
	(SELECT greatest(now() - min(due_at), interval '0') FROM payment_notices WHERE due_at IS NOT NULL),
	(SELECT count(*) FROM purchases WHERE status = 'PENDING'),
	(SELECT count(*) FROM purchases WHERE attention IS NOT NULL)`).Scan(&w.Notices, &w.Overdue, &w.Purchases, &w.Attention)
	if err != nil {
		return Waiting{}, fmt.Errorf("count what waits: %w", err)
	}
	return w, nil
}
