package ledger

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"productgenerator/models"
)

// expiring gives the team tokens that lapse at that time, and lets the rules forget that they have warned of them.
func (tm *team) expiring(tokens models.Tokens, at time.Time) models.GrantID {
	tm.t.Helper()
	later := time.Now().Add(1_000 * time.Hour)
	grant := gift(tokens, &later)
	tm.must(Change{Decide: func(tx *Tx) error { tx.Issue(grant, nil); return nil }})
	tm.exec(`UPDATE grants SET expires_at = $2 WHERE id = $1`, grant.ID, at)
	return grant.ID
}

func (p *platform) mustSweep(posted int) {
	p.t.Helper()
	got, err := p.ledger.Sweep(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	want(p.t, "teams that the sweep posted", got, posted)
}

// kinds are those of the team's warnings, the oldest first.
func (tm *team) kinds() string {
	tm.t.Helper()
	var kinds []string
	for _, warning := range tm.warnings() {
		kinds = append(kinds, string(warning.Kind))
	}
	return strings.Join(kinds, " ")
}

func TestTheSweepClosesExpiredGrantsOnceAndWarnsOfWhatThatCrosses(t *testing.T) {
	p := newPlatform(t)
	empty, rich, idle := p.funded(0), p.funded(500), p.funded(500)
	empty.expiring(200, time.Now())
	rich.expiring(200, time.Now())
	idle.expiring(200, time.Now().Add(999*time.Hour))

	p.mustSweep(2)
	want(t, "warnings of the empty team", empty.kinds(), "BALANCE_EMPTY BALANCE_LOW")
	want(t, "warnings of the rich team", rich.kinds(), "")
	for _, tm := range []*team{empty, rich} {
		entries := tm.entries()
		last := entries[len(entries)-1]
		want(t, "last line", last.Kind, models.EntryExpire)
		want(t, "amount", last.Amount, 200)
	}
	want(t, "lines of the idle team", len(idle.entries()), 2)
	version := rich.balance().Version
	p.mustSweep(0)
	want(t, "version behind a second sweep", rich.balance().Version, version)
}

func TestTheSweepWarnsOfEachGrantThatComesUnderARuleOnce(t *testing.T) {
	p := newPlatform(t)
	tm := p.funded(500)
	rule := AlertRuleSetting{Metric: models.MetricGrantExpiresWithinDays, Threshold: 30, KeepWebhook: true}
	tm.mustSetRule(rule)
	tm.expiring(100, time.Now().Add(20*24*time.Hour))
	p.mustSweep(1)
	want(t, "warnings", tm.kinds(), "GRANT_EXPIRING")
	p.mustSweep(0)

	tm.expiring(100, time.Now().Add(6*24*time.Hour))
	p.mustSweep(1)
	want(t, "warnings of both rules", tm.kinds(), "GRANT_EXPIRING GRANT_EXPIRING GRANT_EXPIRING")
	p.mustSweep(0)

	tm.exec(`UPDATE alert_rules SET enabled = false, warned_of = '[]' WHERE team_id = $1`, tm.id)
	p.mustSweep(0)
}

// lapsed makes so many teams, each with a grant that has expired. Their ids sort by their number, from 1 on.
func (p *platform) lapsed(count int) {
	p.t.Helper()
	p.exec(`INSERT INTO users (id, email, name, password_hash, created_at) VALUES ('user_s', 's@example.com', 'S', '-', now())`)
	p.exec(`
INSERT INTO teams (id, name, created_by, created_at)
SELECT 'team_' || lpad(n::text, 26, '0'), 'T', 'user_s', now() FROM generate_series(1, $1::int) AS n`, count)
	p.exec(`
INSERT INTO balances (team_id, time_zone, day, available, last_entry_at, updated_at)
SELECT 'team_' || lpad(n::text, 26, '0'), 'UTC', now()::date, 5, now() - interval '1 h', now() FROM generate_series(1, $1::int) AS n`, count)
	p.exec(`
INSERT INTO grants (id, team_id, source, tokens, remaining, expires_at, created_at)
SELECT 'grant_' || lpad(n::text, 26, '0'), 'team_' || lpad(n::text, 26, '0'), 'GIFT', 5, 5, now(), now() - interval '1 h'
FROM generate_series(1, $1::int) AS n`, count)
}

func TestTeamsThatCannotBePostedKeepNobodyElseWaiting(t *testing.T) {
	p := newPlatform(t)
	p.lapsed(sweepBatch + 3)
	p.exec(`UPDATE balances SET time_zone = 'Nowhere/Atall' WHERE team_id <= 'team_' || lpad($1::int::text, 26, '0')`, sweepBatch)
	p.mustSweep(3)
	p.mustSweep(0)
}

func TestSweepsOfSeveralProcessesPostEachLineOnce(t *testing.T) {
	p := newPlatform(t)
	other := p.newLedger(p.db)
	const count = sweepBatch + 20
	p.lapsed(count)

	ledgers := []*Ledger{p.ledger, other}
	posted := make([]int, len(ledgers))
	atOnce(len(ledgers), func(i int) {
		var err error
		if posted[i], err = ledgers[i].Sweep(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if posted[0]+posted[1] < count {
		t.Errorf("posted %v of %d teams", posted, count)
	}
	want(t, "lines", one[int](p, `SELECT count(*) FROM ledger_entries WHERE kind = 'EXPIRE'`), count)
	p.mustSweep(0)
}

func TestTheSweepRunsUntilItIsToldToStop(t *testing.T) {
	p := newPlatform(t)
	p.ledger.sweepEvery = time.Millisecond
	tm := p.funded(0)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		p.ledger.SweepUntil(ctx)
	}()
	for range 2 {
		lines := len(tm.entries())
		tm.expiring(50, time.Now())
		eventually(t, "the grant was closed", func() bool { return len(tm.entries()) == lines+2 })
	}
	stop()
	<-stopped
}

func TestTheSweepLooksAtNoGrantThatLivesOn(t *testing.T) {
	p := newPlatform(t)
	p.exec(`INSERT INTO users (id, email, name, password_hash, created_at) VALUES ('user_s', 's@example.com', 'S', '-', now())`)
	p.exec(`
INSERT INTO teams (id, name, created_by, created_at)
SELECT 'team_' || n, 'T', 'user_s', now() FROM generate_series(1, 5000) AS n`)
	p.exec(`
INSERT INTO balances (team_id, time_zone, day, available, last_entry_at, updated_at)
SELECT 'team_' || n, 'UTC', now()::date, 100, now(), now() FROM generate_series(1, 5000) AS n`)
	for from := 0; from < 100_000; from += 5_000 {
		p.exec(`
INSERT INTO grants (id, team_id, source, tokens, remaining, expires_at, created_at)
SELECT 'grant_' || n, 'team_' || 1 + n % 5000, 'GIFT', 5, 5, now() + n * interval '5 min', now()
FROM generate_series($1::int + 1, $1::int + 5000) AS n`, from)
	}
	p.exec(`
INSERT INTO alert_rules (id, team_id, metric, threshold, email, enabled, warned_of, created_at, updated_at)
SELECT 'alert_' || n, 'team_' || n, 'GRANT_EXPIRES_WITHIN_DAYS', 7, true, true,
	(SELECT coalesce(jsonb_agg(id), '[]') FROM grants WHERE team_id = 'team_' || n AND expires_at <= now() + interval '7 days'),
	now(), now()
FROM generate_series(1, 5000) AS n`)
	p.exec(`ANALYZE`)
	rows, err := p.db.Pool.Query(t.Context(), "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) "+dueSQL, "", sweepBatch)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, line)
	}
	text := strings.Join(plan, "\n")
	if testing.Verbose() {
		fmt.Println(text)
	}
	if strings.Contains(text, "Seq Scan on grants") || strings.Count(text, "grants_expiring") < 2 {
		t.Errorf("the index on expiries does not serve:\n%s", text)
	}
}
