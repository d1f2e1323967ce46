package bus

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"productgenerator/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// patience is how long a test waits for what must happen.
const patience = 15 * time.Second

// noLeaks fails the test if goroutines that it starts from here on outlive it.
func noLeaks(t testing.TB) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

// hears waits for a signal.
func hears(t testing.TB, s *Subscription) {
	t.Helper()
	select {
	case <-s.C:
	case <-time.After(patience):
		t.Fatalf("no signal of %q came", s.topic)
	}
}

// hearsNothing fails if a signal is there.
func hearsNothing(t testing.TB, s *Subscription) {
	t.Helper()
	select {
	case <-s.C:
		t.Fatalf("a signal of %q came", s.topic)
	default:
	}
}

// eventually waits until the condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}
