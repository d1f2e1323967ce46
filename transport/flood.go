package transport

import "time"

// flood tells a client that talks a lot from one that never stops: a bucket that fills with rate tokens a second up to
// burst, and one is taken for each message. It belongs to one goroutine.
type flood struct {
	rate, burst float64
	tokens      float64
	last        time.Time
}

func newFlood(limits Limits, now time.Time) flood {
	burst := float64(limits.MessageBurst)
	return flood{rate: float64(limits.MessageRate), burst: burst, tokens: burst, last: now}
}

// allow takes a token for a message, if there is one.
func (f *flood) allow(now time.Time) bool {
	f.tokens = min(f.burst, f.tokens+f.rate*now.Sub(f.last).Seconds())
	f.last = now
	if f.tokens < 1 {
		return false
	}
	f.tokens--
	return true
}
