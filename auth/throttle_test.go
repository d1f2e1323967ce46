package auth

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func waitOf(t *testing.T, err error) time.Duration {
	t.Helper()
	if err == nil {
		return 0
	}
	var limited *RateLimitedError
	if !errors.As(err, &limited) || limited.RetryAfter <= 0 {
		t.Fatalf("got %v", err)
	}
	return limited.RetryAfter
}

func TestAnEMailIsTriedTenTimesAMinuteFromOneAddress(t *testing.T) {
	now := newClock()
	attempts := newThrottle(now.Now)
	for i := range triesPerAccount {
		if wait := waitOf(t, attempts.take(annEmail, "one")); wait != 0 {
			t.Fatalf("attempt %d waits %s", i+1, wait)
		}
	}
	if wait := waitOf(t, attempts.take("ANN@EXAMPLE.COM", "one")); wait != 6*time.Second {
		t.Errorf("the eleventh waits %s", wait)
	}
	if wait := waitOf(t, attempts.take(annEmail, "other")); wait != 0 {
		t.Errorf("from another address: %s", wait)
	}
	if wait := waitOf(t, attempts.take("bob@example.com", "one")); wait != 0 {
		t.Errorf("another e-mail: %s", wait)
	}

	now.advance(6*time.Second - 1)
	if wait := waitOf(t, attempts.take(annEmail, "one")); wait != 1 {
		t.Errorf("a nanosecond early: %s", wait)
	}
	now.advance(1)
	if wait := waitOf(t, attempts.take(annEmail, "one")); wait != 0 {
		t.Errorf("when it said: %s", wait)
	}
	if wait := waitOf(t, attempts.take(annEmail, "one")); wait != 6*time.Second {
		t.Errorf("once more: %s", wait)
	}
}

func TestAnAddressTriesAHundredTimesAMinuteWhateverTheEMail(t *testing.T) {
	now := newClock()
	attempts := newThrottle(now.Now)
	for i := range triesPerAddress {
		if wait := waitOf(t, attempts.take(fmt.Sprint(i), "one")); wait != 0 {
			t.Fatalf("attempt %d waits %s", i+1, wait)
		}
	}
	if wait := waitOf(t, attempts.take("next", "one")); wait != 600*time.Millisecond {
		t.Errorf("the next waits %s", wait)
	}
	now.advance(time.Minute)
	if wait := waitOf(t, attempts.take("next", "one")); wait != 0 {
		t.Errorf("after a minute: %s", wait)
	}
}

func TestAttemptsThatSucceedDoNotCount(t *testing.T) {
	now := newClock()
	attempts := newThrottle(now.Now)
	for range 10 * triesPerAddress {
		if wait := waitOf(t, attempts.take(annEmail, "one")); wait != 0 {
			t.Fatalf("waits %s", wait)
		}
		attempts.giveBack(annEmail, "one")
	}
	for i := range triesPerAccount + 1 {
		wait := waitOf(t, attempts.take(annEmail, "one"))
		if (wait > 0) != (i == triesPerAccount) {
			t.Fatalf("failure %d waits %s: what was given back counts more than once", i+1, wait)
		}
	}
}

func TestAttemptsAreRememberedForAMinuteAlthoughOthersCome(t *testing.T) {
	now := newClock()
	attempts := newThrottle(now.Now)
	now.advance(59 * time.Second) // the generation is nearly a life old
	for range triesPerAccount {
		check(t, attempts.take(annEmail, "one"))
	}
	for i := range 5 {
		now.advance(time.Second)
		_ = attempts.take("other", fmt.Sprint(i))
	}
	if wait := waitOf(t, attempts.take(annEmail, "one")); wait != time.Second {
		t.Errorf("waits %s", wait)
	}
}
