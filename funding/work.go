package funding

import (
	"context"
	"sync"
	"time"
)

// chore is one kind of work that waits in a table: purchases to follow, notices to process. Its rows say when they are
// due, so that whatever a process leaves behind another one finishes.
type chore struct {
	name string
	// do does what is due, and says whether there may be more.
	do func(ctx context.Context) (more bool, err error)
}

// work is the goroutines that do chores.
type work struct {
	stop    context.CancelFunc
	running sync.WaitGroup
	wake    []chan struct{}
}

// pollEvery is how long work that nobody was woken for waits.
const pollEvery = 2 * time.Second

// Start does what is due, and what becomes due, until Stop.
func (f *Funding) Start() {
	ctx, stop := context.WithCancel(context.Background())
	f.work.stop = stop
	for _, c := range f.chores() {
		wake := make(chan struct{}, 1)
		f.work.wake = append(f.work.wake, wake)
		f.work.running.Go(func() { f.doUntil(ctx, c, wake) })
	}
}

// Stop ends the work; what is being done is finished or left to be done again.
func (f *Funding) Stop() {
	if f.work.stop != nil {
		f.work.stop()
		f.work.running.Wait()
	}
}

// Wake has what is due done at once. It never waits.
func (f *Funding) Wake() {
	for _, wake := range f.work.wake {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

func (f *Funding) doUntil(ctx context.Context, c chore, wake <-chan struct{}) {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		for more := true; more && ctx.Err() == nil; {
			var err error
			if more, err = c.do(ctx); err != nil && ctx.Err() == nil {
				f.log.Warn("work was not done, it is tried again", "work", c.name, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-poll.C:
		}
	}
}
