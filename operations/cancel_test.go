package operations

import (
	"errors"
	"testing"

	"productgenerator/models"
)

func TestCancellingGivesBackWhatIsUnsettledAndDropsTheLateResult(t *testing.T) {
	p := newPlatform(t)
	g := newGate()
	whole, s := &studio{}, behind(g)
	s.images, s.prices = whole.FindImages, whole.FindPrices // these are delivered before
	tm, works, desk := p.team(100), p.process(s, 1), p.process(&studio{}, 0)
	product := tm.product()
	generation := tm.run(desk, product, models.OperationGenerateAll)
	<-g.arrived
	<-g.arrived
	generation = desk.await(generation.ID, func(g models.Generation) bool { return g.Progress() == 0.5 })

	cancelled, balance, err := desk.Cancel(within(t), tm.owner, generation)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "status", cancelled.Status, models.GenerationCancelled)
	want(t, "captured", cancelled.Captured(), 20)
	want(t, "released", cancelled.Released(), 45)
	want(t, "why", *cancelled.Parts[0].Failure, models.FailureCancelled)
	want(t, "available", balance.Available, models.LimitOf(80))
	tm.run(desk, product, models.OperationGenerateTexts) // its place is free at once

	close(g.open)
	works.halt() // the late results have come by now
	after, err := desk.Generation(within(t), generation.ID)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "afterwards", GenerationChanged(cancelled, after), false)
	want(t, "texts stored for it", stored(p, generation.ID, models.PartShortDescription), 0)
}

func TestWhoMayCancel(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(1000), p.process(&studio{}, 0)
	author := tm.seat(p.user(), models.RoleMember)
	for _, c := range []struct {
		role   models.TeamRole
		wanted error
	}{
		{"", models.ErrNotFound},
		{models.RoleViewer, models.ErrForbidden},
		{models.RoleMember, models.ErrForbidden},
		{models.RoleAdmin, nil},
		{models.RoleOwner, nil},
	} {
		request := tm.request(tm.product(), models.OperationSearchImages)
		request.Actor, request.Key = author, freshKey(author)
		generation, _, err := desk.Run(within(t), request)
		if err != nil {
			t.Fatal(err)
		}
		user := p.user()
		if c.role != "" {
			tm.seat(user, c.role)
		}
		if _, _, err := desk.Cancel(within(t), user, generation); !errors.Is(err, c.wanted) {
			t.Errorf("%q cancels another's: got %v, want %v", c.role, err, c.wanted)
		}
		if c.wanted == nil {
			continue
		}
		if _, _, err := desk.Cancel(within(t), author, generation); err != nil {
			t.Errorf("its author cancels: %v", err)
		}
	}
	tm.holds(1000, 0)
}

func TestWhatIsFinishedCannotBeCancelled(t *testing.T) {
	p := newPlatform(t)
	tm, works := p.team(100), p.process(&studio{}, 1)
	generation := works.finished(tm.run(works, tm.product(), models.OperationSearchImages).ID)
	_, _, err := works.Cancel(within(t), tm.owner, generation)
	var refusal *models.Refusal
	if !errors.As(err, &refusal) || refusal.Blockers[0].Code != models.BlockerFinished || refusal.Blockers[0].GenerationID != generation.ID {
		t.Errorf("cancel: %v", err)
	}
	tm.holds(90, 0)
}

func TestCancellingARunEndsWhatIsUnfinishedOfIt(t *testing.T) {
	p := newPlatform(t)
	g := newGate()
	tm, works := p.team(1000), p.process(behind(g), 1)
	batch, _, err := works.RunMany(within(t), tm.many(tm.products(20), models.OperationSearchImages))
	if err != nil {
		t.Fatal(err)
	}
	<-g.arrived
	g.open <- struct{}{}
	<-g.arrived // one is done, one runs, the others wait
	cancelled, balance, err := works.CancelBatch(within(t), tm.owner, batch)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "status", cancelled.Status(), models.GenerationCancelled)
	want(t, "tally", [2]int{cancelled.Succeeded(), cancelled.Cancelled()}, [2]int{1, 19})
	want(t, "available", balance.Available, models.LimitOf(990))
	_, _, err = works.CancelBatch(within(t), tm.owner, batch)
	want(t, "again", codes(err), "FINISHED")
	close(g.open)
}

func TestACancelThatMeetsASettlementSettlesEachPartOnce(t *testing.T) {
	p := newPlatform(t)
	const tries = 100
	g := newGate()
	s := behind(g)
	tm, works, desk := p.team(tries*65), p.process(s, 4), p.process(&studio{}, 0)
	outcomes := map[models.GenerationStatus]int{}
	for _, product := range tm.products(tries) {
		generation := tm.run(desk, product, models.OperationGenerateAll)
		for range 4 {
			<-g.arrived
		}
		atOnce(2, func(i int) {
			if i == 0 {
				for range 4 {
					g.open <- struct{}{}
				}
				return
			}
			if _, _, err := desk.Cancel(within(t), tm.owner, generation); err != nil && codes(err) != "FINISHED" {
				t.Errorf("cancel: %v", err)
			}
		})
		outcomes[works.finished(generation.ID).Status]++
	}
	t.Logf("outcomes: %v", outcomes)
	want(t, "reserved in the end", tm.balance().Reserved, 0)
}
