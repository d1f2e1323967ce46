package operations

import (
	"errors"
	"sync"
	"testing"
	"time"

	"productgenerator/catalog"
	"productgenerator/models"
)

func TestAnEditOfTheSameTextDoesNotFailASettlement(t *testing.T) {
	p := newPlatform(t)
	const generations = 40
	tm, works := p.team(generations*45), p.process(&studio{}, 2)
	shelf, product := catalog.New(p.db.Gorm, time.Now), tm.product()

	stop := make(chan struct{})
	var editors sync.WaitGroup
	for range 3 {
		editors.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := shelf.EditContent(within(t), tm.id, product, models.PartShortDescription, "By hand.", nil, tm.owner); err != nil {
					t.Errorf("edit: %v", err)
					return
				}
			}
		})
	}
	for range generations {
		done := works.finished(tm.run(works, product, models.OperationGenerateTexts).ID)
		want(t, "status", done.Status, models.GenerationSucceeded)
		want(t, "attempts", done.Attempts, 1)
	}
	close(stop)
	editors.Wait()
	tm.holds(0, 0)
	want(t, "versions without a gap", one[bool](p, `SELECT max(version) = count(*) FROM contents WHERE part = 'SHORT_DESCRIPTION'`), true)
}

func TestAProductIsDeletedOrRunsNeverBoth(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(10_000), p.process(&studio{}, 0)
	shelf := catalog.New(p.db.Gorm, time.Now)
	outcomes := map[string]int{}
	for _, product := range tm.products(40) {
		var ran, deleted error
		atOnce(2, func(i int) {
			if i == 0 {
				_, _, ran = desk.Run(within(t), tm.request(product, models.OperationSearchImages))
				return
			}
			_, deleted = shelf.DeleteProduct(within(t), tm.id, product)
		})
		var running *catalog.RunningError
		switch {
		case ran == nil && errors.As(deleted, &running):
			outcomes["runs"]++
		case errors.Is(ran, models.ErrNotFound) && deleted == nil:
			outcomes["deleted"]++
		default:
			t.Errorf("ran: %v; deleted: %v", ran, deleted)
		}
	}
	t.Logf("%v", outcomes)
}
