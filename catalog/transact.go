package catalog

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// transact runs the change in a transaction, and again as a whole where it met another one: a deadlock, a lock that was
// not given in time, or a row that the other inserted first. It is the one place of this package that begins one.
//
// A change that fails for good because a value is taken returns its own error before the insert or, having lost the
// race for it, sees the winner when it runs again.
func (c *Catalog) transact(ctx context.Context, change func(tx *gorm.DB) error) error {
	const attempts = 5
	for attempt := 1; ; attempt++ {
		err := c.db.WithContext(ctx).Transaction(change)
		if err == nil || !isConflict(err) || attempt == attempts {
			return err
		}
		pause := time.NewTimer(rand.N(time.Duration(attempt) * 20 * time.Millisecond))
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}

// isConflict says whether a transaction failed only because another one ran at the same time.
func isConflict(err error) bool {
	if errors.Is(err, gorm.ErrDuplicatedKey) || errors.Is(err, errChanged) {
		return true
	}
	var failure *pgconn.PgError
	if !errors.As(err, &failure) {
		return false
	}
	switch failure.Code {
	case "40001", "40P01", "55P03": // serialization failure, deadlock, lock not available
		return true
	}
	return false
}

// errChanged says that rows which a change had read were gone when it wrote.
var errChanged = errors.New("changed meanwhile")
