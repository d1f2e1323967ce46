package e2e_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"productgenerator/postgres/pgtest"
)

// realFeeds are product exports of real shops, where a machine has them beside the repository.
const realFeeds = "../../shared/data/*.csv"

func TestRealFeedsAreGeneratedToTheLastPart(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(realFeeds)
	if err != nil || len(files) == 0 {
		t.Skipf("no real feeds at %s", realFeeds)
	}
	database := "DATABASE_URL=" + pgtest.NewDurableURL(t)
	p := start(t, append(administration(), database)...)
	ada := p.signUp("Ada", "")
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		done := ada.importFile(string(content), false)
		if done.counts() == "" {
			t.Fatalf("%s: %+v", filepath.Base(file), done.UserErrors)
		}
		t.Logf("%s: %s", filepath.Base(file), done.counts())
	}
	products := ada.products(ada.team)
	cost := int64(65 * len(products))

	if before := ada.quote("GENERATE_ALL", products...); before.Allowed || before.Tokens != cost || len(before.Blockers) != 2 {
		t.Errorf("before the grant: %+v", before)
	}
	root := p.administrator()
	root.allow(ada.team, 2*cost)
	root.grant(ada.team, cost, "for all products")
	if after := ada.quote("GENERATE_ALL", products...); !after.Allowed || after.AvailableAfter != 195 {
		t.Errorf("after the grant: %+v", after)
	}

	began := time.Now()
	run := ada.generateMany("all", products...)
	if run.Batch == nil || run.Batch.Total != int64(len(products)) || run.Batch.Reserved != cost || run.Balance.Reserved != cost {
		t.Fatalf("generateMany: %+v", run)
	}
	t.Logf("%d generations were reserved in %s", len(products), since(began))
	last := ada.followBatch(run.Batch.ID)
	took := since(began)
	if last.Captured+last.Released != cost || last.Succeeded+last.PartiallySucceeded+last.Failed != last.Total {
		t.Errorf("the run ended as %+v", last)
	}

	served := map[string]int{} // parts by what became of them
	for _, generation := range ada.generationsOf(run.Batch.ID) {
		for _, part := range generation.Parts {
			if fault := part.unsettled(); fault != "" {
				t.Errorf("%s of %s: %s: %+v", part.Part, generation.ProductName, fault, part)
			}
			served[strings.TrimSpace(fmt.Sprintf("%s %s %s%s", part.Part, part.Status, part.Provider, part.Failure))]++
		}
	}
	final := ada.readBalance(ada.team)
	if final.Available != 195+cost-last.Captured || final.Reserved != 0 {
		t.Errorf("%d of %d tokens were captured, the balance is %+v", last.Captured, cost, final)
	}
	entries := ada.readLedger()
	readd(t, entries, final)
	checkBooks(t, database)

	t.Logf("%d products, %d reserved, %d captured, %d released in %s; %d ledger entries", len(products), cost, last.Captured,
		last.Released, took, len(entries))
	for _, what := range slices.Sorted(maps.Keys(served)) {
		t.Logf("%4d  %s", served[what], what)
	}
}

// generatedMany is the answer to an operation over many products.
type generatedMany struct {
	Batch      *batch
	Balance    *balance
	UserErrors []userError
}

// generateMany runs Generate all over products of the user's team.
func (u *user) generateMany(key string, products ...string) generatedMany {
	u.t.Helper()
	return ask[struct{ GenerateMany generatedMany }](u.client, `mutation($input: GenerateManyInput!) { generateMany(input: $input) {
		batch { `+batchFields+` } balance { `+balanceFields+` } userErrors { `+errorFields+` } } }`,
		input(vars{"teamId": u.team, "productIds": products, "operation": "GENERATE_ALL", "idempotencyKey": key})).GenerateMany
}

// followBatch watches a run over many products until its stream completes.
func (u *user) followBatch(id string) (last batch) {
	u.t.Helper()
	progress := u.watch("subscription($id: ID!) { generationBatchProgress(id: $id) { "+batchFields+" } }", vars{"id": id})
	for {
		event, _, ok := next[struct{ GenerationBatchProgress batch }](progress)
		if !ok {
			break
		}
		if event.GenerationBatchProgress.Progress < last.Progress {
			u.t.Errorf("progress went from %v back to %v", last.Progress, event.GenerationBatchProgress.Progress)
		}
		last = event.GenerationBatchProgress
	}
	if !progress.ending.completed || !last.finished() || last.Progress != 1 {
		u.t.Fatalf("the stream ended as %+v after %+v", progress.ending, last)
	}
	return last
}

// generationsOf reads the generations of a run over many products page by page.
func (u *user) generationsOf(batch string) (all []generation) {
	u.t.Helper()
	type page struct {
		Node struct {
			Generations struct {
				Nodes    []generation
				PageInfo pageInfo
			}
		}
	}
	for after := any(nil); ; {
		read := ask[page](u.client, `query($id: ID!, $after: String) { node(id: $id) { ... on GenerationBatch { generations(first: 100, after: $after) {
			nodes { id status productName captured released parts { part status tokens provider text failure error } }
			pageInfo { hasNextPage endCursor } } } } }`, vars{"id": batch, "after": after}).Node.Generations
		all = append(all, read.Nodes...)
		if !read.PageInfo.HasNextPage {
			return all
		}
		after = read.PageInfo.EndCursor
	}
}

// entry is one line of a ledger.
type entry struct {
	Sequence, BalanceVersion, Amount, Tokens, BalanceAfter int64
	Kind, Operation, Part                                  string
	Actor, Generation                                      *struct{ ID string }
}

// readLedger reads every line of the ledger of the user's team, the newest first.
func (u *user) readLedger() (all []entry) {
	u.t.Helper()
	type page struct {
		Team struct {
			Ledger struct {
				Nodes    []entry
				PageInfo pageInfo
			}
		}
	}
	for after := any(nil); ; {
		read := ask[page](u.client, `query($id: ID!, $after: String) { team(id: $id) { ledger(first: 100, after: $after) {
			nodes { sequence balanceVersion kind amount tokens balanceAfter operation part actor { id } generation { id } }
			pageInfo { hasNextPage endCursor } } } }`, vars{"id": u.team, "after": after}).Team.Ledger
		all = append(all, read.Nodes...)
		if !read.PageInfo.HasNextPage {
			return all
		}
		after = read.PageInfo.EndCursor
	}
}

// readd adds a ledger up again, from its first line, as anybody on the team can.
func readd(t *testing.T, newestFirst []entry, now balance) {
	t.Helper()
	available, reserved := int64(0), int64(0)
	for i, e := range slices.Backward(newestFirst) {
		available += e.Tokens
		switch e.Kind {
		case "RESERVE":
			reserved += e.Amount
		case "CAPTURE", "RELEASE":
			reserved -= e.Amount
		}
		if want := int64(len(newestFirst) - i); e.Sequence != want {
			t.Errorf("line %d follows line %d", e.Sequence, want-1)
		}
		if e.BalanceAfter != available {
			t.Errorf("behind line %d there are %d tokens, the lines add up to %d", e.Sequence, e.BalanceAfter, available)
		}
		if byOperation := e.Kind == "RESERVE" || e.Kind == "CAPTURE" || e.Kind == "RELEASE"; byOperation &&
			(e.Actor == nil || e.Generation == nil || e.Operation == "") {
			t.Errorf("line %d does not say who and what caused it: %+v", e.Sequence, e)
		}
	}
	if available != now.Available || reserved != now.Reserved {
		t.Errorf("the ledger adds up to %d available and %d reserved, the balance is %+v", available, reserved, now)
	}
}
