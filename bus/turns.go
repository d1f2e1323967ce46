package bus

import "context"

// turns bounds how many reads use the database at the same time: one element for each read under way.
type turns chan struct{}

// acquire waits for a turn and reports whether it got one before the context ended.
func (t turns) acquire(ctx context.Context) bool {
	select {
	case t <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// release gives the turn back.
func (t turns) release() {
	<-t
}
