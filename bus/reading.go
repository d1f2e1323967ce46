package bus

import (
	"log/slog"
	"time"
)

// The values of Reading where none is given.
const (
	defaultEvery       = 5 * time.Second
	defaultMinInterval = 50 * time.Millisecond
	defaultParallel    = 8
)

// Reading says how often keys are read, by feeds and by events. Its zero value is what production uses, but for the log.
type Reading struct {
	// Every bounds how long a lost signal goes unnoticed: a key is read again after four fifths of it to the whole. 5 s
	// by default.
	Every time.Duration
	// MinInterval is the time between two reads of a key that changes all the time, 50 ms by default. The first read
	// after a pause is at once.
	MinInterval time.Duration
	// Parallel is how many keys are read at the same time, 8 by default: a signal to everybody must not take the
	// database's connections from those who pay for them.
	Parallel int
	// Log tells when reads begin to fail and when they work again. Nothing is logged without it.
	Log *slog.Logger
}

// complete fills in what is not given.
func (r *Reading) complete() {
	if r.Every <= 0 {
		r.Every = defaultEvery
	}
	if r.MinInterval <= 0 {
		r.MinInterval = defaultMinInterval
	}
	if r.Parallel <= 0 {
		r.Parallel = defaultParallel
	}
	if r.Log == nil {
		r.Log = slog.New(slog.DiscardHandler)
	}
}
