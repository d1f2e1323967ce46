package operations

import (
	"errors"
	"slices"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/provider"
)

func (tm *team) many(products []models.ProductID, operation models.Operation) RequestMany {
	return RequestMany{Actor: tm.owner, Team: tm.id, Products: products, Operation: operation, Key: freshKey(tm.owner)}
}

// batchFinished waits for the end of a run over many products.
func (p *process) batchFinished(id models.BatchID) models.GenerationBatch {
	p.t.Helper()
	ctx := within(p.t)
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		batch, err := p.Batch(ctx, id)
		if err != nil {
			p.t.Fatalf("the run never finished: %v", err)
		}
		if batch.Status().Finished() {
			return batch
		}
		<-again.C
	}
}

func TestARunOverManyIsOneChange(t *testing.T) {
	p := newPlatform(t)
	tm, desk := p.team(300), p.process(&studio{}, 0)
	products := tm.products(4)
	before := tm.balance().Version
	request := tm.many(products, models.OperationGenerateAll)
	batch, balance, err := desk.RunMany(within(t), request)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "versions", balance.Version-before, 1)
	want(t, "status", batch.Status(), models.GenerationQueued)
	want(t, "reserved", batch.Reserved(), 260)
	tm.holds(40, 260)
	want(t, "RESERVE lines", one[int](p, `SELECT count(*) FROM ledger_entries WHERE kind = 'RESERVE'`), 4)
	stored, err := desk.Batch(within(t), batch.ID)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "as it is read", stored.Tally, batch.Tally)

	listed, err := desk.Page(within(t), List{Team: tm.id, Batch: batch.ID, OldestFirst: true}, models.Page{Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	var order []models.ProductID
	for _, g := range listed.Nodes() {
		order = append(order, g.ProductID)
		want(t, "run", *g.BatchID, batch.ID)
	}
	if !slices.Equal(order, products) {
		t.Errorf("order: got %v, want %v", order, products)
	}

	again, _, err := desk.RunMany(within(t), request)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "the key again", again.ID, batch.ID)
	want(t, "the key again, its tally", again.Tally, batch.Tally)
	other := request
	other.Key = keyOf(tm.owner, request.Key.Key, "else")
	if _, _, err := desk.RunMany(within(t), other); !errors.Is(err, ledger.ErrKeyConflict) {
		t.Errorf("the key with another input: %v", err)
	}
}

func TestARunOverManyIsRefusedAsAWhole(t *testing.T) {
	p := newPlatform(t)
	tm, other, desk := p.team(100), p.team(100), p.process(&studio{}, 0)
	products := tm.products(5)
	for what, with := range map[string]struct {
		products []models.ProductID
		wanted   string
	}{
		"foreign":  {[]models.ProductID{products[0], other.product(), products[1], "product_x"}, "bad input: productIds.1: INVALID, productIds.3: INVALID"},
		"repeated": {[]models.ProductID{products[0], products[1], products[0]}, "bad input: productIds.2: INVALID"},
		"none":     {nil, "bad input: productIds: REQUIRED"},
		"too many": {make([]models.ProductID, MaxBatch+1), "bad input: productIds: TOO_MANY"},
	} {
		_, _, err := desk.RunMany(within(t), tm.many(with.products, models.OperationSearchImages))
		want(t, what, codes(err), with.wanted)
	}
	_, _, err := desk.RunMany(within(t), tm.many(products, models.OperationGenerateTexts))
	want(t, "too dear", codes(err), "INSUFFICIENT_TOKENS")

	running := tm.run(desk, products[2], models.OperationSearchImages)
	_, _, err = desk.RunMany(within(t), tm.many(products, models.OperationSearchImages))
	var refusal *models.Refusal
	if !errors.As(err, &refusal) || len(refusal.Blockers) != 1 {
		t.Fatalf("one runs: %v", err)
	}
	want(t, "which runs", refusal.Blockers[0].GenerationID, running.ID)
	want(t, "at which place", refusal.Blockers[0].Path[1], "2")
	tm.holds(90, 10)
	want(t, "runs", one[int](p, `SELECT count(*) FROM generation_batches`), 0)
}

func TestAThousandProductsRun(t *testing.T) {
	p := newPlatform(t)
	tm, works := p.team(65_000), p.process(&studio{}, 16)
	request := tm.many(tm.products(MaxBatch), models.OperationGenerateAll)
	start := time.Now()
	batch, _, err := works.RunMany(within(t), request)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("1,000 products reserved in %v", time.Since(start))
	done := works.batchFinished(batch.ID)
	t.Logf("and settled in %v", time.Since(start))
	want(t, "status", done.Status(), models.GenerationSucceeded)
	want(t, "succeeded", done.Succeeded(), 1000)
	want(t, "captured", done.Captured(), 65_000)
	want(t, "progress", done.Progress(), 1)
	want(t, "ended", done.FinishedAt() != nil, true)
	tm.holds(0, 0)
}

func TestARunOverManyTellsHowFarItIs(t *testing.T) {
	p := newPlatform(t)
	tm, works := p.team(1000), p.process(choosy(provider.Down), 2)
	products := tm.products(3)
	for i, name := range []string{"Cup 0", "Cup 1", "Cup 15"} {
		p.exec(`UPDATE products SET name = $2 WHERE id = $1`, products[i], name)
	}
	batch, _, err := works.RunMany(within(t), tm.many(products, models.OperationGenerateAll))
	if err != nil {
		t.Fatal(err)
	}
	done := works.batchFinished(batch.ID)
	want(t, "status", done.Status(), models.GenerationPartiallySucceeded)
	want(t, "tally", [3]int{done.Succeeded(), done.PartiallySucceeded(), done.Failed()}, [3]int{1, 1, 1})
	want(t, "captured", done.Captured(), 65+50)
	want(t, "released", done.Released(), 15+65)
	tm.holds(1000-115, 0)
	if _, err := works.Batch(within(t), "batch_unknown"); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("an unknown run: %v", err)
	}
}

func TestASingleProductDoesNotWaitForARunOverMany(t *testing.T) {
	p := newPlatform(t)
	g := newGate()
	tm, works := p.team(1000), p.process(behind(g), 1)
	if _, _, err := works.RunMany(within(t), tm.many(tm.products(3), models.OperationSearchImages)); err != nil {
		t.Fatal(err)
	}
	<-g.arrived // one of the run has the only worker
	single := tm.run(works, tm.product(), models.OperationSearchImages)
	g.open <- struct{}{}
	want(t, "who is next", <-g.arrived, string(single.ID)+":IMAGES")
	close(g.open)
	works.finished(single.ID)
}
