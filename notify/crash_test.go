package notify

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"productgenerator/models"
	"productgenerator/postgres"
)

// victimURL names the environment variable that makes the test binary a process that delivers until it is killed.
const victimURL = "NOTIFY_VICTIM_URL"

// runVictim delivers until it is killed, or until its standard input ends because whoever started it is gone.
func runVictim(url string) int {
	ctx := context.Background()
	db, err := postgres.Open(ctx, url, postgres.Options{AllowUnsafe: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	n, err := newWith(Options{
		DB: db.Gorm, Pool: db.Pool, PublicURL: "https://tokens.example.com", AllowPrivate: true, Describe: describe, Now: time.Now,
	}, quickTiming(), outside{})
	if err == nil {
		err = n.Start(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	return 0
}

// victim starts a process that can be killed.
func (p *platform) victim() *exec.Cmd {
	p.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimURL+"="+p.url)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

func TestAKilledProcessLosesNoWarningAndRepeatsOnlyWhatItWasAt(t *testing.T) {
	t.Parallel()
	const warnings = 200
	p := newPlatform(t)
	reached := make(chan struct{}, warnings*2)
	rec := receivePlain(t, func(nth int, w http.ResponseWriter, r *http.Request) {
		reached <- struct{}{}
		if nth > 60 && nth <= 60+maxRequests { // those that the victim never gets an answer to
			<-r.Context().Done()
		}
	})
	tm := p.team("Team")
	tm.rule(models.MetricDailyLimitPercentUsed, false, rec.URL)
	for range warnings {
		tm.raise(nil)
	}
	victim := p.victim()
	for range 60 + maxRequests {
		select {
		case <-reached:
		case <-time.After(patience):
			t.Fatal("the victim does not deliver")
		}
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	if dispatched := one[int](p, `SELECT count(*) FROM limit_warnings WHERE dispatched_at IS NOT NULL`); dispatched == 0 {
		t.Fatal("nothing was dispatched before the crash: the test shows nothing")
	}
	p.exec(`UPDATE river_job SET attempted_at = attempted_at - interval '10 minutes' WHERE state = 'running'`)
	p.process(nil)
	p.settled()

	times, repeated := rec.times(), 0
	for _, n := range times {
		repeated += n - 1
	}
	// The queue learns of what is done a batch at a time: the victim may have had answers that it has told nobody of.
	if len(times) != warnings || repeated < maxRequests || repeated > 60+maxRequests {
		t.Errorf("%d of %d warnings were delivered, %d of them repeated", len(times), warnings, repeated)
	}
	t.Logf("%d deliveries were repeated", repeated)
}

func TestADeliveryOfAProcessThatLivesIsLeftToIt(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	rec := receivePlain(t, func(nth int, w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-answer
	})
	p.process(nil)
	tm := p.team("Team")
	tm.rule(models.MetricDailyLimitPercentUsed, false, rec.URL)
	tm.raise(nil)
	<-asked
	other := p.process(nil)
	for range 3 { // as often as it looks in a minute
		if err := other.putBack(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	if states := p.states(); states["running"] != 1 {
		t.Errorf("jobs are %v", states)
	}
	close(answer)
	p.settled()
	if n := len(rec.requests()); n != 1 {
		t.Errorf("delivered %d times", n)
	}
}

func TestAStopHandsBackWhatHasNotEnded(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	asked := make(chan struct{}, 2)
	rec := receivePlain(t, func(nth int, w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		if nth == 1 {
			<-r.Context().Done()
		}
	})
	first := p.process(func(s *settings) { s.timing.grace = 50 * time.Millisecond })
	tm := p.team("Team")
	tm.rule(models.MetricDailyLimitPercentUsed, false, rec.URL)
	tm.raise(nil)
	<-asked
	first.halt()
	if states, attempt := p.states(), one[int](p, `SELECT attempt FROM river_job`); states["available"] != 1 || attempt != 0 {
		t.Fatalf("jobs are %v, attempts %d", states, attempt)
	}
	if said := first.log.String(); strings.Contains(said, "not delivered") {
		t.Errorf("logged\n%s", said)
	}
	p.process(nil)
	p.settled()
	if n := len(rec.requests()); n != 2 {
		t.Errorf("asked %d times", n)
	}
}

func TestAStopLetsDeliveriesEndThatAreAboutTo(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	rec := receivePlain(t, func(int, http.ResponseWriter, *http.Request) {
		close(asked)
		<-answer
	})
	proc := p.process(nil)
	tm := p.team("Team")
	tm.rule(models.MetricDailyLimitPercentUsed, false, rec.URL)
	tm.raise(nil)
	<-asked
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		proc.halt()
	}()
	<-proc.stopping.Done()
	close(answer)
	<-stopped
	if states := p.states(); states["completed"] != 1 || proc.counted(Delivered) != 1 {
		t.Errorf("jobs are %v", states)
	}
}
