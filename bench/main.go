// Command bench measures how many generateAll requests the program accepts, against a baseline in the same run.
//
// The program is the built binary with providers that answer at once. The baseline is this binary in the program's
// place: the same GraphQL schema, transport and sessions over the same kind of database, but with one GORM transaction
// for each request, which locks the team's balance, checks what the program checks, and writes the same rows. Both use
// one PostgreSQL that waits for the disk at every commit. They are measured in turns, and what is printed are medians of
// the rounds, so that a machine that is slower for a while is slower for both.
//
// Afterwards the books are checked: what was accepted has to be what is stored, and every invariant has to hold.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// settings are what the command line says.
type settings struct {
	program string        // the built binary
	rounds  int           // that count; one more warms up
	length  time.Duration // of one measurement
	worked  int           // requests that are measured until they are worked off
	only    string        // the one load to measure; empty: all
	history string        // folders of databases whose histories to read instead, separated by commas
	checks  bool          // check those histories' books as well
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) > 1 && os.Args[1] == baselineCommand {
		err = serveBaseline(ctx, os.Getenv("DATABASE_URL"), os.Getenv("ADDR"))
	} else {
		err = benchWhat(ctx, readSettings())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func readSettings() settings {
	s := settings{}
	short := flag.Bool("short", false, "measure for half a minute only")
	flag.StringVar(&s.program, "program", "productgenerator", "the built binary")
	flag.IntVar(&s.rounds, "rounds", 5, "rounds that count")
	flag.DurationVar(&s.length, "length", 3*time.Second, "length of one measurement")
	flag.IntVar(&s.worked, "worked", 3000, "requests that are worked off; 0: none")
	flag.StringVar(&s.only, "only", "", `the one load to measure, such as "hot team, 64"`)
	flag.StringVar(&s.history, "history", "", "the DATA_DIRs in which seed --lines made histories, the shortest first, separated by commas")
	flag.BoolVar(&s.checks, "checks", true, "with -history: check the books as well, which takes minutes for each million lines")
	flag.Parse()
	if *short {
		s.rounds, s.length, s.worked = 2, time.Second, min(s.worked, 500)
	}
	return s
}

// benchWhat measures what the settings ask for.
func benchWhat(ctx context.Context, s settings) (err error) {
	if s.program, err = filepath.Abs(s.program); err != nil {
		return err
	}
	if s.history != "" {
		return benchHistory(ctx, s, strings.Split(s.history, ","), os.Stdout)
	}
	return bench(ctx, s)
}

// bench measures everything and prints it.
func bench(ctx context.Context, s settings) (err error) {
	dir, err := os.MkdirTemp("", "bench-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o711); err != nil { // the database's account passes through
		return err
	}
	m, err := newMeasuring(ctx, s, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	describeMachine(ctx, os.Stdout, m)
	if err := m.measureRequests(ctx); err != nil {
		return err
	}
	printRequests(os.Stdout, m)
	if s.worked > 0 {
		worked, err := m.measureWorkers(ctx)
		if err != nil {
			return err
		}
		printWorked(os.Stdout, worked)
	}
	return m.verify(ctx, os.Stdout)
}
