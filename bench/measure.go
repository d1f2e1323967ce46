package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"productgenerator/postgres"
)

// load is what the clients do.
type load struct {
	name        string
	shop        shop // whose products are asked for
	connections int
}

func loads(only string) (chosen []load) {
	for _, l := range []load{
		{"hot team, 64", hotTeam, 64},
		{"1,000 teams, 64", manyTeams, 64},
		{"hot team, 1", hotTeam, 1},
		{"1,000 teams, 1", manyTeams, 1},
	} {
		if only == "" || only == l.name {
			chosen = append(chosen, l)
		}
	}
	return chosen
}

// The products that one measurement may use up in a second. A measurement that runs out of them ends early.
const (
	programRate  = 10_000
	baselineRate = 4_000
	singleRate   = 3_000 // over one connection
)

// contender is one of the two that are measured, with a database of its own.
type contender struct {
	server   *process
	database *database
	accepted int
}

// measuring is a database server, what runs on it, and what was measured.
type measuring struct {
	settings
	dir                string
	embedded           *postgres.Embedded
	program, baseline  *contender
	requests           []comparison
	ceilings           []sample // of the program's answers that need no database
	databases          []*database
	worked             *database
	expectedOfWorkings int
}

// comparison is one load on both sides, round by round.
type comparison struct {
	load              load
	program, baseline []sample
}

func newMeasuring(ctx context.Context, s settings, dir string) (_ *measuring, err error) {
	m := &measuring{settings: s, dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	m.embedded, err = postgres.StartEmbedded(ctx, postgres.EmbeddedOptions{DataDir: filepath.Join(dir, "data")})
	if err != nil {
		return nil, err
	}
	for _, l := range loads(s.only) {
		m.requests = append(m.requests, comparison{load: l})
	}
	if m.program, err = m.contend(ctx, "program", programRate, startProgram); err != nil {
		return nil, err
	}
	if m.baseline, err = m.contend(ctx, "baseline", baselineRate, startBaseline); err != nil {
		return nil, err
	}
	return m, nil
}

// contend prepares a database with as many products as the rounds may use up, and starts a server on it.
func (m *measuring) contend(ctx context.Context, name string, rate int, start startServer) (*contender, error) {
	stock := map[shop]int{}
	for _, c := range m.requests {
		perSecond := rate
		if c.load.connections == 1 {
			perSecond = min(rate, singleRate)
		}
		stock[c.load.shop] += (m.rounds + 1) * int(float64(perSecond)*m.length.Seconds())
	}
	db, err := m.newDatabase(ctx, name, stock)
	if err != nil {
		return nil, err
	}
	server, err := start(ctx, m.settings, db.url, 0)
	if err != nil {
		return nil, err
	}
	return &contender{server: server, database: db}, nil
}

// measureRequests runs the rounds: in each, every load on one side and then on the other, the order changing from
// round to round. The first round warms up and does not count.
func (m *measuring) measureRequests(ctx context.Context) error {
	for round := range m.rounds + 1 {
		for i := range m.requests {
			c := &m.requests[i]
			sides := []*contender{m.program, m.baseline}
			if round%2 == 1 {
				sides[0], sides[1] = sides[1], sides[0]
			}
			for _, side := range sides {
				taken, err := m.measure(ctx, side, c.load)
				if err != nil {
					return fmt.Errorf("%s: %w", c.load.name, err)
				}
				switch {
				case round == 0:
				case side == m.program:
					c.program = append(c.program, taken)
				default:
					c.baseline = append(c.baseline, taken)
				}
			}
		}
		ceiling, err := measureCeiling(ctx, m.program.server.address, m.length/3)
		if err != nil {
			return fmt.Errorf("constant answers: %w", err)
		}
		if round > 0 {
			m.ceilings = append(m.ceilings, ceiling)
		}
	}
	return nil
}

// measure puts a load on one side for the length of a measurement.
func (m *measuring) measure(ctx context.Context, side *contender, l load) (sample, error) {
	before, err := side.server.committed(ctx)
	if err != nil {
		return sample{}, err
	}
	deadline := time.Now().Add(m.length)
	taken, err := generate(ctx, side.server.address, l.connections, func() (*order, bool) {
		if !time.Now().Before(deadline) {
			return nil, false
		}
		return side.database.take(l.shop)
	})
	side.accepted += len(taken.latencies)
	if err != nil {
		return sample{}, err
	}
	after, err := side.server.committed(ctx)
	if err != nil {
		return sample{}, err
	}
	taken.transactions, taken.changes = after.transactions-before.transactions, after.changes-before.changes
	return taken, nil
}

// worked is a load of a given size that was measured until the last part was settled.
type worked struct {
	load     string
	requests int
	accepted time.Duration // until the last one was accepted
	settled  time.Duration // until the last one was finished
}

// measureWorkers measures the program with its workers on, on a fresh database.
func (m *measuring) measureWorkers(ctx context.Context) (all []worked, err error) {
	db, err := m.newDatabase(ctx, "worked", map[shop]int{hotTeam: m.settings.worked, manyTeams: m.settings.worked})
	if err != nil {
		return nil, err
	}
	server, err := startProgram(ctx, m.settings, db.url, programWorkers)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	for _, l := range loads("")[:2] {
		began := time.Now()
		taken, err := generate(ctx, server.address, l.connections, func() (*order, bool) { return db.take(l.shop) })
		if err != nil {
			return nil, fmt.Errorf("%s, workers on: %w", l.name, err)
		}
		if err := db.awaitFinished(ctx); err != nil {
			return nil, err
		}
		m.expectedOfWorkings += len(taken.latencies)
		all = append(all, worked{l.name, len(taken.latencies), taken.elapsed, time.Since(began)})
	}
	m.worked = db
	return all, nil
}

func (m *measuring) close() error {
	var errs []error
	for _, side := range []*contender{m.program, m.baseline} {
		if side != nil {
			errs = append(errs, side.server.stop())
		}
	}
	for _, db := range m.databases {
		db.Close()
	}
	if m.embedded != nil {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		errs = append(errs, m.embedded.Stop(ctx))
	}
	return errors.Join(errs...)
}
