package notify

import (
	"slices"
	"testing"
	"time"

	"productgenerator/models"
)

func TestSeveralDispatchersDeliverEachOf500WarningsOnce(t *testing.T) {
	t.Parallel()
	const warnings, teams = 500, 10
	p := newPlatform(t)
	rec := receivePlain(t, nil)
	var ids []models.LimitWarningID
	for range teams {
		tm := p.team("Team")
		tm.rule(models.MetricDailyLimitPercentUsed, false, rec.URL)
		for range warnings / teams {
			ids = append(ids, tm.raise(nil).ID)
		}
	}
	for range 3 {
		p.process(nil)
	}
	p.settled()
	times := rec.times()
	for _, id := range ids {
		if times[id] != 1 {
			t.Errorf("%s was delivered %d times", id, times[id])
		}
	}
	if len(times) != warnings {
		t.Errorf("%d warnings were delivered", len(times))
	}
}

func TestAWarningIsFoundWithoutBeingWokenFor(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	rec := receivePlain(t, nil)
	tm := p.team("Team")
	tm.rule(models.MetricDailyLimitPercentUsed, false, rec.URL)
	p.process(nil)
	for range 3 {
		tm.raise(nil)
		p.settled()
	}
	if n := len(rec.requests()); n != 3 {
		t.Errorf("received %d", n)
	}
}

func TestAWakeHasTheDispatcherLookLongBeforeItWouldByItself(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	rec := receivePlain(t, nil)
	tm := p.team("Team")
	tm.rule(models.MetricDailyLimitPercentUsed, false, rec.URL)
	proc := p.process(func(s *settings) { s.timing.poll = time.Hour })
	for range 3 {
		tm.raise(nil)
		for range 100 {
			proc.Wake()
		}
		p.settled()
	}
}

func TestAWarningThatGoesNowhereIsDispatchedAndDone(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	tm := p.team("Team")
	tm.seat(models.RoleOwner, "en")
	p.process(nil)
	tm.raise(nil)
	p.settled()
	if states := p.states(); len(states) != 0 {
		t.Errorf("jobs: %v", states)
	}
}

func TestARuleThatIsSwitchedOffOrChangedMeanwhileIsObeyed(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	wrong, right := receivePlain(t, status(500)), receivePlain(t, nil)
	tm := p.team("Team")
	off := tm.rule(models.MetricDailyLimitPercentUsed, false, wrong.URL+"/off")
	moved := tm.rule(models.MetricDailyLimitPercentUsed, false, wrong.URL+"/moved")
	proc := p.process(nil)
	tm.raise(nil)
	await(t, "both were tried", func() bool {
		var paths []string
		for _, r := range wrong.requests() {
			paths = append(paths, r.path)
		}
		return slices.Contains(paths, "/off") && slices.Contains(paths, "/moved")
	})
	p.exec(`UPDATE alert_rules SET enabled = false WHERE id = $1`, off)
	p.exec(`UPDATE alert_rules SET webhook_url = $2 WHERE id = $1`, moved, right.URL)
	p.settled()
	if n := len(right.requests()); n != 1 || proc.counted(Dropped) != 1 || proc.counted(Delivered) != 1 {
		t.Errorf("received %d, counted %v", n, proc.outcomes)
	}
}

func TestADeliveryIsTriedForAboutADay(t *testing.T) {
	timing, sum := defaultTiming(), time.Duration(0)
	for attempt := 1; attempt < maxAttempts; attempt++ {
		sum += timing.wait(attempt)
	}
	if first := timing.wait(1); first != 5*time.Second || sum < 20*time.Hour || sum > 30*time.Hour {
		t.Errorf("the first wait is %s, all are %s", first, sum)
	}
	for range 1000 {
		if wait := jitter(time.Minute); wait < 48*time.Second || wait > 72*time.Second {
			t.Fatalf("a minute became %s", wait)
		}
	}
}

func TestADeliveryThatNeverSucceedsIsGivenUp(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	rec := receivePlain(t, status(503))
	proc := p.process(nil)
	tm := p.team("Team")
	tm.rule(models.MetricDailyLimitPercentUsed, false, rec.URL)
	tm.raise(nil)
	p.settled()
	if n := len(rec.requests()); n != maxAttempts || proc.counted(GivenUp) != 1 || p.states()["discarded"] != 1 {
		t.Errorf("asked %d times, counted %v", n, proc.outcomes)
	}
}

func TestWhatADeadProcessHadBegunIsPutBackAtTheStart(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	rec := receivePlain(t, nil)
	tm := p.team("Team")
	tm.rule(models.MetricDailyLimitPercentUsed, false, rec.URL)
	first := p.process(func(s *settings) { s.timing.fetch = time.Hour }) // dispatches only
	tm.raise(nil)
	await(t, "it is dispatched", func() bool { return p.states()["available"] == 1 })
	first.halt()
	p.exec(`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '1 day', attempted_by = '{dead}'`)
	p.process(nil)
	p.settled()
	if n := len(rec.requests()); n != 1 {
		t.Errorf("received %d", n)
	}
}
