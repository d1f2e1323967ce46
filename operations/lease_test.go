package operations

import (
	"errors"
	"testing"
	"time"

	"productgenerator/models"
)

// dies is a worker that claims a generation and is never heard of again; its job goes with it.
func (p *platform) dies(by *process, g models.Generation) lease {
	p.t.Helper()
	l := lease{holder: "the dead", job: Job{Generation: g.ID, Team: g.TeamID}}
	if _, _, err := by.claim(within(p.t), l); err != nil {
		p.t.Fatalf("claim: %v", err)
	}
	p.exec(`DELETE FROM river_job WHERE args ->> 'generation' = $1`, g.ID)
	return l
}

// lapse lets the generation's lease lapse.
func (p *platform) lapse(id models.GenerationID) {
	p.t.Helper()
	p.exec(`UPDATE generations SET lease_until = clock_timestamp() - interval '1 second' WHERE id = $1 AND lease_until IS NOT NULL`, id)
}

func (p *process) sweep() {
	p.t.Helper()
	if err := p.Sweep(within(p.t)); err != nil {
		p.t.Fatalf("sweep: %v", err)
	}
}

func (p *process) read(id models.GenerationID) models.Generation {
	p.t.Helper()
	return p.await(id, func(models.Generation) bool { return true })
}

// delivered are results for all parts of a generation, as a worker that comes back late would have them.
func delivered(g models.Generation) []result {
	results := make([]result, len(g.Parts))
	for i, part := range g.Parts {
		results[i] = result{part: part.Part, provider: "late", text: "late"}
	}
	return results
}

func TestWhatADeadWorkerLeavesIsFinishedByAnother(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(100), p.process(&studio{}, 0)
	generation := tm.run(desk, tm.product(), models.OperationGenerateTexts)
	dead := p.dies(desk, generation)

	desk.sweep()
	want(t, "under its lease", desk.read(generation.ID).Status, models.GenerationRunning)
	p.lapse(generation.ID)
	desk.sweep()
	waits := desk.read(generation.ID)
	want(t, "after its lease", waits.Status, models.GenerationQueued)
	want(t, "its parts", waits.Parts[0].Status, models.PartQueued)

	s := &studio{}
	works := p.process(s, 2)
	done := works.finished(generation.ID)
	want(t, "status", done.Status, models.GenerationSucceeded)
	want(t, "attempts", done.Attempts, 2)
	want(t, "attempts at a part", done.Parts[0].Attempts, 2)
	want(t, "times asked", s.times(generation.ID, models.PartShortDescription), 1)

	if err := desk.settle(within(t), dead, delivered(generation)); !errors.Is(err, errNotOurs) {
		t.Errorf("the dead one comes back: %v", err)
	}
	want(t, "nothing changed", GenerationChanged(done, desk.read(generation.ID)), false)
	tm.holds(55, 0)
}

func TestAWorkerThatComesBackLateCapturesNothing(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(100), p.process(&studio{}, 0)
	generation := tm.run(desk, tm.product(), models.OperationGenerateAll)
	late := p.dies(desk, generation)
	p.lapse(generation.ID)
	if err := desk.settle(within(t), late, delivered(generation)); !errors.Is(err, errNotOurs) {
		t.Errorf("settle after the lease: %v", err)
	}
	if held, err := desk.extend(within(t), late); held || err != nil {
		t.Errorf("a lapsed lease was renewed: %v, %v", held, err)
	}
	tm.holds(35, 65)
}

func TestALeaseIsRenewedByItsHolderAlone(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(100), p.process(&studio{}, 0)
	generation := tm.run(desk, tm.product(), models.OperationGenerateAll)
	holder := p.dies(desk, generation)
	p.exec(`UPDATE generations SET lease_until = clock_timestamp() + interval '5 seconds'`)
	if held, err := desk.extend(within(t), holder); !held || err != nil {
		t.Errorf("renewed by its holder: %v, %v", held, err)
	}
	left := one[float64](p, `SELECT extract(epoch FROM lease_until - clock_timestamp()) FROM generations`)
	if left < 25 || left > 30 {
		t.Errorf("the lease ends in %v s", left)
	}
	other := holder
	other.holder = "another"
	if held, err := desk.extend(within(t), other); held || err != nil {
		t.Errorf("renewed by another: %v, %v", held, err)
	}
}

func TestAWorkerThatLosesItsLeaseStopsAsking(t *testing.T) {
	p := newPlatform(t)
	g := newGate()
	tm, frozen := p.team(100), p.process(behind(g), 1)
	generation := tm.run(frozen, tm.product(), models.OperationSearchImages)
	<-g.arrived
	p.lapse(generation.ID)
	works := p.process(&studio{}, 1)
	works.sweep()
	done := works.finished(generation.ID)
	want(t, "status", done.Status, models.GenerationSucceeded)
	close(g.open) // and now the first one's answer comes
	frozen.halt()
	want(t, "nothing changed", GenerationChanged(done, works.read(generation.ID)), false)
	want(t, "images", stored(p, generation.ID, models.PartImages), 2)
	tm.holds(90, 0)
}

func TestAfterThreeAttemptsEverythingGoesBack(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(100), p.process(&studio{}, 0)
	generation := tm.run(desk, tm.product(), models.OperationGenerateAll)
	for attempt := 1; attempt <= 3; attempt++ {
		p.dies(desk, generation)
		want(t, "attempts", desk.read(generation.ID).Attempts, attempt)
		p.lapse(generation.ID)
		desk.sweep()
	}
	ended := desk.read(generation.ID)
	want(t, "status", ended.Status, models.GenerationFailed)
	for _, part := range ended.Parts {
		want(t, string(part.Part), *part.Failure, models.FailureInterrupted)
	}
	tm.holds(100, 0)
}

func TestAfterTenMinutesEverythingGoesBack(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(100), p.process(&studio{}, 0)
	generation := tm.run(desk, tm.product(), models.OperationGenerateAll)
	p.dies(desk, generation)
	p.exec(`UPDATE generations SET started_at = clock_timestamp() - interval '10 minutes'`)
	p.lapse(generation.ID)
	desk.sweep()
	want(t, "status", desk.read(generation.ID).Status, models.GenerationFailed)
	tm.holds(100, 0)
}

func TestAWorkerEndsWhatHasHadItsTenMinutes(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(100), p.process(&studio{}, 0)
	generation := tm.run(desk, tm.product(), models.OperationGenerateTexts)
	p.dies(desk, generation)
	p.lapse(generation.ID)
	desk.sweep()
	p.exec(`UPDATE generations SET attempts = 0, started_at = clock_timestamp() - interval '9 minutes 58 seconds'`)
	g := newGate()
	works := p.process(behind(g), 1)
	<-g.arrived
	ended := works.finished(generation.ID)
	want(t, "status", ended.Status, models.GenerationFailed)
	want(t, "why", *ended.Parts[0].Failure, models.FailureInterrupted)
	tm.holds(100, 0)
}

func TestWhatNobodyBeginsGoesBackAfterADay(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(100), p.process(&studio{}, 0)
	generation := tm.run(desk, tm.product(), models.OperationGenerateAll)
	p.exec(`UPDATE generations SET created_at = clock_timestamp() - interval '23 hours 59 minutes'`)
	desk.sweep()
	want(t, "before", desk.read(generation.ID).Status, models.GenerationQueued)
	p.exec(`UPDATE generations SET created_at = clock_timestamp() - interval '24 hours'`)
	desk.sweep()
	ended := desk.read(generation.ID)
	want(t, "after", ended.Status, models.GenerationFailed)
	want(t, "attempts", ended.Attempts, 0)
	tm.holds(100, 0)
}

func TestAWorkerThatComesAfterADayEndsWhatItFinds(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(100), p.process(&studio{}, 0)
	generation := tm.run(desk, tm.product(), models.OperationGenerateAll)
	p.exec(`UPDATE generations SET created_at = clock_timestamp() - interval '24 hours'`)
	l := lease{holder: "late riser", job: Job{Generation: generation.ID, Team: tm.id}}
	if _, _, err := desk.claim(within(t), l); !errors.Is(err, errNotOurs) {
		t.Errorf("claim: %v", err)
	}
	want(t, "status", desk.read(generation.ID).Status, models.GenerationFailed)
	tm.holds(100, 0)
}

func TestALostJobIsMadeAnew(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(100), p.process(&studio{}, 0)
	lost := tm.run(desk, tm.product(), models.OperationSearchImages)
	fetched := tm.run(desk, tm.product(), models.OperationSearchImages)
	waits := tm.run(desk, tm.product(), models.OperationSearchImages)
	jobs := func(g models.Generation) int {
		return one[int](p, `SELECT count(*) FROM river_job WHERE args ->> 'generation' = $1 AND state = 'available'`, g.ID)
	}
	p.exec(`DELETE FROM river_job WHERE args ->> 'generation' = $1`, lost.ID)
	p.exec(`UPDATE river_job SET state = 'running', attempted_at = clock_timestamp() - interval '50 seconds' WHERE args ->> 'generation' = $1`, fetched.ID)
	desk.sweep()
	want(t, "in its first seconds", jobs(lost), 0)
	p.exec(`UPDATE generations SET created_at = created_at - interval '16 seconds'`)
	for range 2 {
		desk.sweep()
		want(t, "jobs of the lost one", jobs(lost), 1)
		want(t, "jobs of the one that was fetched", jobs(fetched), 0)
		want(t, "jobs of the one that waits", jobs(waits), 1)
	}
	p.exec(`UPDATE river_job SET attempted_at = clock_timestamp() - interval '61 seconds' WHERE state = 'running'`)
	desk.sweep()
	want(t, "jobs of the one that was fetched and forgotten", jobs(fetched), 1)
	p.exec(`UPDATE river_job SET state = 'retryable', scheduled_at = now() + interval '1 hour' WHERE args ->> 'generation' = $1`, waits.ID)
	desk.sweep()
	want(t, "jobs of the one whose job is put off", jobs(waits), 1)
	works := p.process(&studio{}, 2)
	for _, g := range []models.Generation{lost, fetched, waits} {
		want(t, "attempts", works.finished(g.ID).Attempts, 1)
	}
}

func TestAStoppedProcessHandsItsWorkBack(t *testing.T) {
	p := newPlatform(t)
	g := newGate()
	s := behind(g)
	tm, stops := p.team(200), p.process(s, 2)
	first := tm.run(stops, tm.product(), models.OperationGenerateTexts)
	second := tm.run(stops, tm.product(), models.OperationGenerateTexts)
	for range 4 {
		<-g.arrived
	}
	begin := time.Now()
	stops.halt()
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
	desk := p.process(&studio{}, 0)
	for _, id := range []models.GenerationID{first.ID, second.ID} {
		back := desk.read(id)
		want(t, "status", back.Status, models.GenerationQueued)
		want(t, "attempts", back.Attempts, 0)
		want(t, "attempts at a part", back.Parts[0].Attempts, 0)
		want(t, "started", back.StartedAt == nil, true)
	}
	tm.holds(110, 90)
	close(g.open)
	works := p.process(s, 2)
	for _, id := range []models.GenerationID{first.ID, second.ID} {
		done := works.finished(id)
		want(t, "status", done.Status, models.GenerationSucceeded)
		want(t, "attempts", done.Attempts, 1)
		want(t, "times the part was asked for by the same key", s.times(id, models.PartLongDescription), 2)
	}
	want(t, "keys", s.keysAsked(), 4)
	tm.holds(110, 0)
}

func TestWorkersMayBeStoppedBeforeTheyStart(t *testing.T) {
	p := newPlatform(t)
	for _, workers := range []int{0, 2} {
		proc := newProcess(t, p.open(), p.bus, p.log, (&studio{}).providers(quickLimits()), workers)
		proc.halt()
	}
}

func TestSeveralProcessesSweepAtOnce(t *testing.T) {
	p := newPlatform(t)
	tm := p.team(10_000)
	processes := []*process{p.process(&studio{}, 0), p.process(&studio{}, 0), p.process(&studio{}, 0)}
	var generations []models.Generation
	for _, product := range tm.products(20) {
		g := tm.run(processes[0], product, models.OperationSearchImages)
		p.dies(processes[0], g)
		generations = append(generations, g)
	}
	p.exec(`UPDATE generations SET lease_until = clock_timestamp() - interval '1 second'`)
	atOnce(3, func(i int) { processes[i].sweep() })
	works := p.process(&studio{}, 4)
	for _, g := range generations {
		done := works.finished(g.ID)
		want(t, "attempts", done.Attempts, 2)
		want(t, "status", done.Status, models.GenerationSucceeded)
	}
	tm.holds(10_000-200, 0)
}
