package funding

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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

const (
	// pollEvery is how long work that nobody was woken for waits.
	pollEvery = 2 * time.Second

	// restFor is how long a chore rests after it was done, however often it is woken meanwhile: a burst of notices has
	// every table looked through some times a second, not once for each of them.
	restFor = 25 * time.Millisecond
)

var errPanicked = errors.New("panic")

// work is the goroutines that do chores, one for each.
type work struct {
	log     *slog.Logger
	running sync.WaitGroup

	mu   sync.Mutex // protects stop and wake
	stop context.CancelFunc
	wake []chan struct{}
}

// Start does what is due, and what becomes due, until Stop.
func (f *Funding) Start() { f.work.start(f.chores()) }

// Stop ends the work; what is being done is finished or left to be done again.
func (f *Funding) Stop() { f.work.end() }

// Wake has what is due done at once, where work has been started. It never waits.
func (f *Funding) Wake() { f.work.wakeAll() }

func (w *work) start(chores []chore) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	for _, c := range chores {
		wake := make(chan struct{}, 1)
		w.wake = append(w.wake, wake)
		w.running.Go(func() { w.doUntil(ctx, c, wake) })
	}
}

func (w *work) end() {
	w.mu.Lock()
	if w.stop != nil {
		w.stop()
	}
	w.stop, w.wake = nil, nil
	w.mu.Unlock()
	w.running.Wait()
}

func (w *work) wakeAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, wake := range w.wake {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

func (w *work) doUntil(ctx context.Context, c chore, wake <-chan struct{}) {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	rest := time.NewTimer(restFor)
	defer rest.Stop()
	for {
		for ctx.Err() == nil {
			more, err := c.attempt(ctx)
			if err != nil && ctx.Err() == nil {
				w.log.Warn("work was not done, it is tried again", "work", c.name, "error", err)
			}
			if err != nil || !more {
				break
			}
		}
		rest.Reset(restFor)
		select {
		case <-ctx.Done():
			return
		case <-rest.C:
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-poll.C:
		}
	}
}

// attempt takes a panic for an error: the next row may do.
func (c chore) attempt(ctx context.Context) (more bool, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v", errPanicked, cause)
		}
	}()
	return c.do(ctx)
}
