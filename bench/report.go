package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"productgenerator/ledger"
	"productgenerator/operations"
)

// describeMachine prints what the figures were measured on, and how.
func describeMachine(ctx context.Context, w io.Writer, m *measuring) {
	var server string
	if err := m.program.database.Pool.QueryRow(ctx, "SHOW server_version").Scan(&server); err != nil {
		server = "unknown"
	}
	fmt.Fprintf(w, "%s\n%s, %d cores for everything, %s, PostgreSQL %s with fsync and synchronous_commit on\n",
		strings.Join(os.Args, " "), processor(), runtime.NumCPU(), runtime.Version(), server)
	fmt.Fprintf(w, "generateAll over HTTP, medians of %d rounds of %v each, program and baseline in turns\n\n", m.rounds, m.length)
}

// processor is the machine's, as Linux names it.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // other systems have none
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// printRequests prints the program beside the baseline, load by load.
func printRequests(w io.Writer, m *measuring) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "team, connections\taccepted/s\tp50\tp99\tbatch\tbaseline/s\tp50\tp99\tratio\tp99 ratio\t")
	for _, c := range m.requests {
		fmt.Fprintf(table, "%s\t%.0f\t%s\t%s\t%.1f\t%.0f\t%s\t%s\t%.1f\t%.2f\t\n", c.load.name,
			median(c.program, sample.rate), shown(median(c.program, quantile(50))), shown(median(c.program, quantile(99))),
			median(c.program, sample.batch),
			median(c.baseline, sample.rate), shown(median(c.baseline, quantile(50))), shown(median(c.baseline, quantile(99))),
			medianRatio(c.program, c.baseline, sample.rate), medianRatio(c.program, c.baseline, quantile(99)))
	}
	fmt.Fprintf(table, "constant answer, 64\t%.0f\t%s\t%s\t\t\t\t\t\t\t\n",
		median(m.ceilings, sample.rate), shown(median(m.ceilings, quantile(50))), shown(median(m.ceilings, quantile(99))))
	_ = table.Flush()
	fmt.Fprintln(w)
}

// printWorked prints what was accepted and settled while the workers ran.
func printWorked(w io.Writer, all []worked) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "workers on, connections\trequests\taccepted/s\tsettled/s\t")
	for _, x := range all {
		fmt.Fprintf(table, "%s\t%d\t%.0f\t%.0f\t\n", x.load, x.requests,
			float64(x.requests)/x.accepted.Seconds(), float64(x.requests)/x.settled.Seconds())
	}
	_ = table.Flush()
	fmt.Fprintln(w)
}

// rate is how many requests were accepted in a second.
func (s sample) rate() float64 { return float64(len(s.latencies)) / s.elapsed.Seconds() }

// batch is how many changes shared a transaction.
func (s sample) batch() float64 { return s.changes / max(1, s.transactions) }

// quantile is the time within which that percentage of requests was answered, in seconds.
func quantile(percent int) func(sample) float64 {
	return func(s sample) float64 {
		if len(s.latencies) == 0 {
			return 0
		}
		sorted := slices.Sorted(slices.Values(s.latencies))
		return sorted[min(len(sorted)-1, len(sorted)*percent/100)].Seconds()
	}
}

func shown(seconds float64) string {
	return fmt.Sprintf("%.1f ms", 1000*seconds)
}

// median is that of a figure over the rounds.
func median(rounds []sample, of func(sample) float64) float64 {
	figures := make([]float64, len(rounds))
	for i, round := range rounds {
		figures[i] = of(round)
	}
	return middle(figures)
}

// medianRatio is the median, over the rounds, of the program's figure to the baseline's of the same round.
func medianRatio(program, baseline []sample, of func(sample) float64) float64 {
	ratios := make([]float64, min(len(program), len(baseline)))
	for i := range ratios {
		ratios[i] = of(program[i]) / of(baseline[i])
	}
	return middle(ratios)
}

func middle(figures []float64) float64 {
	if len(figures) == 0 {
		return 0
	}
	slices.SortFunc(figures, cmp.Compare[float64])
	half := len(figures) / 2
	if len(figures)%2 == 1 {
		return figures[half]
	}
	return (figures[half-1] + figures[half]) / 2
}

// verify holds the databases to what was accepted, and their books to every invariant.
func (m *measuring) verify(ctx context.Context, w io.Writer) error {
	if err := verifyBooks(ctx, w, "program", m.program.database, m.program.accepted); err != nil {
		return err
	}
	if err := verifyBooks(ctx, w, "baseline", m.baseline.database, m.baseline.accepted); err != nil {
		return err
	}
	if m.worked == nil {
		return nil
	}
	return verifyBooks(ctx, w, "workers on", m.worked, m.expectedOfWorkings)
}

func verifyBooks(ctx context.Context, w io.Writer, name string, db *database, accepted int) error {
	began := time.Now()
	var stored int
	if err := db.Pool.QueryRow(ctx, "SELECT count(*) FROM generations").Scan(&stored); err != nil {
		return err
	}
	if stored != accepted {
		return fmt.Errorf("%s: %d requests were accepted, %d generations are stored", name, accepted, stored)
	}
	books := ledger.New(db.Gorm, db.Pool, silence{}, ledger.Options{Cheapest: operations.CheapestCost})
	defer books.Close()
	report, err := books.Check(ctx, nil)
	if err != nil {
		return err
	}
	if len(report.Discrepancies) > 0 {
		return fmt.Errorf("%s: the books are not in order: %+v", name, report.Discrepancies[0])
	}
	fmt.Fprintf(w, "%s: %d accepted, all stored; %d ledger entries keep %d invariants (checked in %.1f s)\n",
		name, accepted, report.EntriesChecked, len(report.Invariants), time.Since(began).Seconds())
	return nil
}

// silence is a bus for a ledger that changes nothing.
type silence struct{}

func (silence) Publish(...string) {}
