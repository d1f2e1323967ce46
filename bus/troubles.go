package bus

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// failuresLogged is how many keys' failures are warnings; those of more would say the same.
const failuresLogged = 10

// troubles tells when keys begin to fail and when they work again, without a flood where all fail at once.
type troubles struct {
	log     *slog.Logger
	failing atomic.Int64 // keys whose last read failed
}

// trouble is whether one key fails. One goroutine uses it.
type trouble struct {
	all     *troubles
	key     string
	failing bool
}

// report logs the first failure of a row and its end; nil is a success.
func (t *trouble) report(ctx context.Context, failure error) {
	if (failure != nil) == t.failing {
		return
	}
	t.failing = failure != nil
	if failure == nil {
		t.all.failing.Add(-1)
		t.all.log.InfoContext(ctx, "what is followed can be read again", "key", t.key)
		return
	}
	level := slog.LevelWarn
	if t.all.failing.Add(1) > failuresLogged {
		level = slog.LevelDebug
	}
	t.all.log.Log(ctx, level, "what is followed can't be brought up to date, trying again", "key", t.key, "error", failure)
}

// forget counts the key out.
func (t *trouble) forget() {
	if t.failing {
		t.all.failing.Add(-1)
	}
}
