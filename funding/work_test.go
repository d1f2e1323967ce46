package funding

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// diary is a log that a test can read while it is written.
type diary struct {
	mu   sync.Mutex // protects text
	text strings.Builder
}

func (d *diary) Write(line []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(line)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

func newWork(log io.Writer) *work { return &work{log: slog.New(slog.NewTextHandler(log, nil))} }

// tally is a chore that says when it was done, and does as it is told.
func tally(name string, answers ...func() (bool, error)) (chore, <-chan int) {
	done := make(chan int, 1_000)
	times := 0
	return chore{name: name, do: func(context.Context) (bool, error) {
		times++
		defer func() { done <- times }()
		if times <= len(answers) {
			return answers[times-1]()
		}
		return false, nil
	}}, done
}

func await(t *testing.T, done <-chan int, times int) {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case n := <-done:
			if n >= times {
				return
			}
		case <-deadline:
			t.Fatalf("the chore was not done %d times", times)
		}
	}
}

func TestWorkIsDoneAtTheStartWhileThereIsMoreAndWhenItIsWoken(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	w := newWork(io.Discard)
	more := func() (bool, error) { return true, nil }
	c, done := tally("c", more, more)
	w.start([]chore{c})
	defer w.end()
	await(t, done, 3)
	began := time.Now()
	w.wakeAll()
	await(t, done, 4)
	if waited := time.Since(began); waited > pollEvery*9/10 {
		t.Errorf("whoever was woken took %s", waited)
	}
}

func TestWorkThatFailsOrPanicsIsLoggedAndDoneAgainWithoutSpinning(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	log := &diary{}
	w := newWork(log)
	c, done := tally("errands",
		func() (bool, error) { return true, errors.New("out of string") },
		func() (bool, error) { panic("out of paper") },
	)
	other, others := tally("others")
	w.start([]chore{c, other})
	defer w.end()
	await(t, done, 1)
	await(t, others, 1)
	w.wakeAll()
	await(t, done, 2)
	began := time.Now()
	await(t, done, 3) // by the poll
	if waited := time.Since(began); waited < pollEvery/2 {
		t.Errorf("it was done again after %s", waited)
	}
	for _, word := range []string{"errands", "out of string", "out of paper"} {
		if !strings.Contains(log.String(), word) {
			t.Errorf("the log doesn't say %q: %s", word, log)
		}
	}
}

func TestWorkMayBeWokenBeforeItStartsWhileItDoesAndAfterItHasStopped(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	w := newWork(io.Discard)
	w.wakeAll()
	var wakers sync.WaitGroup
	for range 4 {
		wakers.Go(func() {
			for range 1_000 {
				w.wakeAll()
			}
		})
	}
	c, done := tally("c")
	w.start([]chore{c})
	await(t, done, 1)
	w.end()
	wakers.Wait()
	w.wakeAll()
	w.end()
}
