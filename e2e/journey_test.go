package e2e_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const demoEmail = "demo@example.com"

// embedded is the settings of a process with an embedded database in a fresh folder, which is taken away when the test
// ends and nobody uses it any more.
func embedded(t testing.TB) []string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		await(t, "the embedded database has stopped", func() bool {
			pid := databasePID(t, dir)
			return pid == 0 || syscall.Kill(pid, 0) != nil
		})
	})
	return []string{"DATA_DIR=" + dir, "DEMO_PASSWORD=" + password}
}

// databasePID is the process of the embedded server that runs on a folder, or ran until it was killed; 0: there is none.
func databasePID(t testing.TB, dir string) int {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "*", "postmaster.pid")) // the pattern is well formed
	if len(files) == 0 {
		return 0
	}
	content, err := os.ReadFile(files[0])
	first, _, _ := strings.Cut(string(content), "\n")
	if err != nil || first == "" {
		return 0 // it is being taken away, or written
	}
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestAFreshMachineServesTheMainJobToATeamOfTwo(t *testing.T) {
	t.Parallel()
	settings := embedded(t)
	p := start(t, settings...)
	await(t, "the program says how to sign in", func() bool {
		said := p.output.String()
		return strings.Contains(said, p.url()) && strings.Contains(said, demoEmail) && strings.Contains(said, password)
	})

	costs := ask[struct {
		OperationCosts []struct {
			Operation string
			Tokens    int64
		}
	}](p.anonymous(), "{ operationCosts { operation tokens } }", nil).OperationCosts
	if len(costs) != 4 || costs[3].Operation != "GENERATE_ALL" || costs[3].Tokens != 65 {
		t.Errorf("operationCosts: %+v", costs)
	}

	demo := p.signIn(demoEmail, password)
	products := demo.products(demo.team)
	if len(products) < 10 {
		t.Fatalf("the demonstration has %d products", len(products))
	}
	before := demo.readBalance(demo.team)
	if before.Available != 1_000 {
		t.Errorf("the demonstration starts with %+v", before)
	}
	quoted := demo.quote("GENERATE_ALL", products[0])
	if !quoted.Allowed || quoted.Tokens != 65 || quoted.AvailableAfter != 935 || quoted.BalanceVersion != before.Version {
		t.Errorf("quote: %+v", quoted)
	}

	grace := p.signUp("Grace", demo.invite("grace@example.com", "MEMBER"))
	if grace.team != demo.team {
		t.Fatalf("Grace was invited to %s and is in %s", demo.team, grace.team)
	}
	balances := grace.watchBalance(demo.team)
	if first, _, _ := next[balanceEvent](balances); first.BalanceChanged.Available != 1_000 {
		t.Errorf("the subscription begins with %+v", first)
	}

	run := demo.generate(products[0], "first")
	answered := time.Now()
	if run.Generation == nil || run.Balance.Available != 935 || run.Balance.Reserved != 65 {
		t.Fatalf("generateAll: %+v", run)
	}
	spent, at := until(balances, func(e balanceEvent) bool { return e.BalanceChanged.Version >= run.Balance.Version })
	t.Logf("the other member saw the spend %s after the answer", at.Sub(answered).Round(100*time.Microsecond))
	if spent.BalanceChanged.Available > 1_000-45 {
		t.Errorf("the other member saw %+v", spent)
	}

	finished := grace.followToItsEnd(run.Generation.ID)
	if finished.Captured+finished.Released != 65 || finished.Captured < 45 || finished.Actor.ID != demo.id {
		t.Errorf("the generation ended as %+v", finished)
	}
	settled, _ := until(balances, func(e balanceEvent) bool { return e.BalanceChanged.Reserved == 0 })
	if want := 1_000 - finished.Captured; settled.BalanceChanged.Available != want {
		t.Errorf("the team has %d tokens in the end, want %d", settled.BalanceChanged.Available, want)
	}
	checkBooks(t, settings...) // beside the running program

	p.terminate()
	p = start(t, settings...)
	demo = p.signIn(demoEmail, password)
	if after := demo.readBalance(demo.team); after != settled.BalanceChanged {
		t.Errorf("before the restart %+v, after it %+v", settled.BalanceChanged, after)
	}
	if again := demo.products(demo.team); len(again) != len(products) {
		t.Errorf("%d products before the restart, %d after it", len(products), len(again))
	}
	if read := grace.at(p).readGeneration(finished.ID); read.Status != finished.Status || read.Captured != finished.Captured {
		t.Errorf("before the restart %+v, after it %+v", finished, read)
	}
	p.terminate()
	checkBooks(t, settings...) // with nobody serving
}

func TestAGenerationThatAKillInterruptsFinishesAfterTheRestart(t *testing.T) {
	t.Parallel()
	settings := embedded(t)
	p := start(t, append(settings, "LOCAL_PACE=2s")...)
	demo := p.signIn(demoEmail, password)
	product := demo.products(demo.team)[0]
	run := demo.generate(product, "interrupted")
	until(demo.watchGeneration(run.Generation.ID), func(e generationEvent) bool {
		for _, part := range e.GenerationProgress.Parts {
			if part.Status == "RUNNING" && part.Text != "" {
				return true
			}
		}
		return false
	})
	p.kill()

	p = start(t, append(settings, "LOCAL_PACE=0s")...)
	demo = demo.at(p)
	if again := demo.generate(product, "interrupted"); again.Generation == nil || again.Generation.ID != run.Generation.ID {
		t.Errorf("the same key after the crash: %+v", again)
	}
	finished := demo.followToItsEnd(run.Generation.ID)
	if finished.Captured+finished.Released != 65 || finished.Captured < 45 {
		t.Errorf("the generation ended as %+v", finished)
	}
	if after := demo.readBalance(demo.team); after.Available != 1_000-finished.Captured || after.Reserved != 0 {
		t.Errorf("%d tokens were captured, the balance is %+v", finished.Captured, after)
	}
	checkBooks(t, settings...)
	p.terminate()
}

// followToItsEnd watches a generation until its stream completes, and holds what it sees to the rules: progress never
// falls, and each part ends delivered by a provider that is named, or with a reason.
func (u *user) followToItsEnd(id string) (last generation) {
	u.t.Helper()
	progress := u.watchGeneration(id)
	for {
		event, _, ok := next[generationEvent](progress)
		if !ok {
			break
		}
		if event.GenerationProgress.Progress < last.Progress {
			u.t.Errorf("progress went from %v back to %v", last.Progress, event.GenerationProgress.Progress)
		}
		last = event.GenerationProgress
	}
	if !progress.ending.completed || !last.finished() || last.Progress != 1 {
		u.t.Fatalf("the stream ended as %+v after %+v", progress.ending, last)
	}
	for _, part := range last.Parts {
		if fault := part.unsettled(); fault != "" {
			u.t.Errorf("%s: %s: %+v", id, fault, part)
		}
		if part.Status == "SUCCEEDED" && part.Text == "" && len(part.Images) == 0 && len(part.Prices) == 0 {
			u.t.Errorf("%s: delivered nothing: %+v", id, part)
		}
	}
	return last
}

// unsettled says what a finished part lacks; empty: nothing.
func (p part) unsettled() string {
	switch {
	case p.Status == "SUCCEEDED" && p.Provider == "":
		return "delivered by nobody"
	case p.Status == "FAILED" && (p.Failure == "" || p.Error == ""):
		return "failed without a reason"
	case p.Status != "SUCCEEDED" && p.Status != "FAILED":
		return "not finished"
	default:
		return ""
	}
}

// quote is what an operation would cost.
type quote struct {
	Allowed                                                     bool
	Tokens, AvailableAfter, RemainingTodayAfter, BalanceVersion int64
	Blockers                                                    []userError
	Affordable                                                  []string
}

// quote asks what an operation on a product of the user's team would cost.
func (u *user) quote(operation string, products ...string) quote {
	u.t.Helper()
	return ask[struct{ Quote quote }](u.client, `query($input: QuoteInput!) { quote(input: $input) {
		allowed tokens availableAfter remainingTodayAfter balanceVersion affordable blockers { `+errorFields+` } } }`,
		input(vars{"teamId": u.team, "operation": operation, "productIds": products})).Quote
}

// products are the ids of all products of a team, read page by page.
func (u *user) products(team string) (ids []string) {
	u.t.Helper()
	type page struct {
		Team struct {
			Products struct {
				Nodes      []struct{ ID string }
				PageInfo   pageInfo
				TotalCount int
			}
		}
	}
	for after := any(nil); ; {
		read := ask[page](u.client, `query($id: ID!, $after: String) { team(id: $id) { products(first: 100, after: $after) {
			nodes { id } pageInfo { hasNextPage endCursor } totalCount } } }`, vars{"id": team, "after": after}).Team.Products
		for _, node := range read.Nodes {
			ids = append(ids, node.ID)
		}
		if !read.PageInfo.HasNextPage {
			if len(ids) != read.TotalCount {
				u.t.Errorf("%d products are listed, %d counted", len(ids), read.TotalCount)
			}
			return ids
		}
		after = read.PageInfo.EndCursor
	}
}

type pageInfo struct {
	HasNextPage bool
	EndCursor   string
}
