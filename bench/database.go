package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"

	"productgenerator/postgres"
)

// shop is whose products are asked for.
type shop int

const (
	hotTeam   shop = iota // one team, whose members all ask at once
	manyTeams             // 1,000 teams with a member each
)

const (
	hotMembers = 64
	teamCount  = 1_000
	// tokens is what each team owns: more than it can spend.
	tokens = 1_000_000_000_000
)

// database is a prepared database and what is left of its products.
type database struct {
	*postgres.DB
	url   string
	first map[shop]int // the number of a shop's first product
	stock map[shop]int
	taken map[shop]*atomic.Int64
}

// order is a product to ask for, and who asks.
type order struct {
	product int
	member  int
}

// take hands out a product that nobody has asked for yet.
func (d *database) take(s shop) (*order, bool) {
	n := int(d.taken[s].Add(1)) - 1
	if n >= d.stock[s] {
		return nil, false
	}
	if s == hotTeam {
		return &order{product: d.first[s] + n, member: n % hotMembers}, true
	}
	return &order{product: d.first[s] + n, member: hotMembers + n%teamCount}, true
}

// newDatabase makes a database with the teams, their members, sessions and tokens, and as many products of each shop.
func (m *measuring) newDatabase(ctx context.Context, name string, stock map[shop]int) (*database, error) {
	if err := m.embedded.CreateDatabase(ctx, name, ""); err != nil {
		return nil, err
	}
	db := &database{
		url: m.embedded.URL(name), stock: stock, first: map[shop]int{hotTeam: 0, manyTeams: stock[hotTeam]},
		taken: map[shop]*atomic.Int64{hotTeam: {}, manyTeams: {}},
	}
	var err error
	// The books of a long run take longer to read than a request may.
	db.DB, err = postgres.Open(ctx, db.url, postgres.Options{ApplicationName: "bench", MaxConns: 2})
	if err != nil {
		return nil, err
	}
	m.databases = append(m.databases, db)
	if err := postgres.Migrate(ctx, db.DB); err != nil {
		return nil, err
	}
	if err := db.fill(ctx); err != nil {
		return nil, fmt.Errorf("prepare database %s: %w", name, err)
	}
	return db, nil
}

// The rows of a prepared database. Number 0 is the hot team, its members are the first.
const (
	fillUsers = `
INSERT INTO users (id, email, name, password_hash, created_at)
SELECT 'user_' || lpad(n::text, 26, '0'), n || '@example.com', 'Member ' || n, 'none', now()
FROM generate_series(0, $1::int + $2::int - 1) AS n`

	fillSessions = `
INSERT INTO sessions (id, user_id, token_hash, created_at, expires_at)
SELECT 'session_' || lpad((n - 1)::text, 26, '0'), 'user_' || lpad((n - 1)::text, 26, '0'), hash, now(), now() + interval '1 day'
FROM unnest($1::bytea[]) WITH ORDINALITY AS s (hash, n)`

	fillTeams = `
INSERT INTO teams (id, name, plan, created_by, created_at)
SELECT 'team_' || lpad(n::text, 26, '0'), 'Team ' || n, 'ENTERPRISE', 'user_' || lpad('0', 26, '0'), now()
FROM generate_series(0, $1::int) AS n`

	fillMemberships = `
INSERT INTO memberships (id, team_id, user_id, role, joined_at)
SELECT 'member_' || lpad(n::text, 26, '0'), 'team_' || lpad(greatest(0, n - $1::int + 1)::text, 26, '0'),
	'user_' || lpad(n::text, 26, '0'), 'OWNER', now()
FROM generate_series(0, $1::int + $2::int - 1) AS n`

	fillBalances = `
INSERT INTO balances (team_id, version, available, custom_daily_unlimited, day, sequence, last_entry_at, updated_at)
SELECT id, 1, $1, true, (now() AT TIME ZONE 'UTC')::date, 1, now(), now()
FROM teams`

	fillGrants = `
INSERT INTO grants (id, team_id, source, tokens, remaining, created_at)
SELECT 'grant' || substr(id, 5), id, 'GIFT', $1, $1, now()
FROM teams`

	fillEntries = `
INSERT INTO ledger_entries (id, team_id, sequence, balance_version, kind, amount, tokens, balance_after, grant_id, day, occurred_at)
SELECT 'entry' || substr(b.team_id, 5), b.team_id, 1, 1, 'GRANT', $1, $1, $1, 'grant' || substr(b.team_id, 5), b.day, b.last_entry_at
FROM balances b`

	fillHotProducts = `
INSERT INTO products (id, team_id, name, created_at, updated_at)
SELECT 'product_' || lpad(n::text, 26, '0'), 'team_' || lpad('0', 26, '0'), 'Product ' || n, now(), now()
FROM generate_series(0, $1::int - 1) AS n`

	fillManyProducts = `
INSERT INTO products (id, team_id, name, created_at, updated_at)
SELECT 'product_' || lpad(n::text, 26, '0'), 'team_' || lpad((1 + (n - $1::int) % $3::int)::text, 26, '0'), 'Product ' || n, now(), now()
FROM generate_series($1::int, $1::int + $2::int - 1) AS n`
)

// fill writes the rows, and then lets the database know them: what is measured shall not start with its upkeep.
func (d *database) fill(ctx context.Context) error {
	hashes := make([][]byte, hotMembers+teamCount)
	for n := range hashes {
		hash := sha256.Sum256([]byte(sessionToken(n)))
		hashes[n] = hash[:]
	}
	conn, err := d.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SET statement_timeout = 0"); err != nil {
		return err
	}
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{fillUsers, []any{hotMembers, teamCount}},
		{fillSessions, []any{hashes}},
		{fillTeams, []any{teamCount}},
		{fillMemberships, []any{hotMembers, teamCount}},
		{fillBalances, []any{tokens}},
		{fillGrants, []any{tokens}},
		{fillEntries, []any{tokens}},
		{fillHotProducts, []any{d.stock[hotTeam]}},
		{fillManyProducts, []any{d.first[manyTeams], d.stock[manyTeams], teamCount}},
		{"VACUUM (ANALYZE)", nil},
		{"CHECKPOINT", nil},
	} {
		if _, err := conn.Exec(ctx, step.sql, step.args...); err != nil {
			return err
		}
	}
	return nil
}

// sessionToken is the secret of a member's session.
func sessionToken(member int) string {
	var secret [32]byte
	binary.BigEndian.PutUint64(secret[:], uint64(member))
	return "pgs_" + base64.RawURLEncoding.EncodeToString(secret[:])
}

// finishTimeout is how long the workers may take for what they have been given.
const finishTimeout = 2 * time.Minute

// awaitFinished returns when no generation is unfinished.
func (d *database) awaitFinished(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, finishTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var unfinished bool
		err := d.Pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM generations WHERE finished_at IS NULL)").Scan(&unfinished)
		if err != nil || !unfinished {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("generations stay unfinished: %w", ctx.Err())
		}
	}
}
