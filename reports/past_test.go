package reports

import (
	"fmt"
	"testing"
	"time"

	"productgenerator/bus"
	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
)

// past is a database whose clock the test moves, with a ledger on it: what happens, happens as it would have then.
type past struct {
	t       testing.TB
	db      *postgres.DB
	ledger  *ledger.Ledger
	reports *Reports
	now     time.Time
	made    int
}

func newPast(t testing.TB, begin time.Time) *past {
	t.Helper()
	p := &past{t: t, db: atGivenTime(t), now: begin}
	p.ledger = ledger.New(p.db.Gorm, p.db.Pool, bus.NewMemory(), ledger.Options{Cheapest: 10})
	t.Cleanup(p.ledger.Close)
	p.reports = New(p.db.Pool)
	p.exec(`INSERT INTO clock VALUES ($1)`, begin)
	p.exec(`UPDATE settings SET default_daily_limit = NULL`)
	return p
}

// atGivenTime opens a database whose now() and clock_timestamp() are what the table clock says.
func atGivenTime(t testing.TB) *postgres.DB {
	t.Helper()
	url := pgtest.NewURL(t)
	open := func() *postgres.DB {
		db, err := postgres.Open(t.Context(), url, postgres.Options{AllowUnsafe: true})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := open()
	_, err := db.Pool.Exec(t.Context(), `
CREATE SCHEMA given;
CREATE TABLE given.clock (at timestamptz);
CREATE FUNCTION given.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM given.clock';
CREATE FUNCTION given.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM given.clock';
DO $$ BEGIN
	EXECUTE format('ALTER DATABASE %I SET search_path = given, pg_catalog, public', current_database());
END $$`)
	db.Close()
	if err != nil {
		t.Fatal(err)
	}
	db = open()
	t.Cleanup(db.Close)
	return db
}

func (p *past) exec(sql string, args ...any) {
	p.t.Helper()
	if _, err := p.db.Pool.Exec(p.t.Context(), sql, args...); err != nil {
		p.t.Fatal(err)
	}
}

// pass lets time pass.
func (p *past) pass(d time.Duration) {
	p.t.Helper()
	p.now = p.now.Add(d)
	p.exec(`UPDATE clock SET at = $1`, p.now)
}

// id makes ids that sort by when they were made, with a prefix.
func (p *past) id(prefix string) string {
	p.made++
	return fmt.Sprintf("%s_%026d", prefix, p.made)
}

// team is a team in the past, with members and products.
type team struct {
	*past
	id       models.TeamID
	members  []models.UserID
	products []models.ProductID
}

// addTeam makes a team with a million tokens, members who are called Member 1 and so on, and products.
func (p *past) addTeam(zone string, members, products int) *team {
	p.t.Helper()
	tm := &team{past: p, id: models.TeamID(p.id("team"))}
	for i := range members {
		user := models.UserID(p.id("user"))
		p.exec(`INSERT INTO users (id, email, name, password_hash, created_at) VALUES ($1, $1, $2, '-', now())`,
			user, fmt.Sprintf("Member %d", i+1))
		tm.members = append(tm.members, user)
	}
	p.exec(`INSERT INTO teams (id, name, created_by, created_at) VALUES ($1, 'Shop', $2, now())`, tm.id, tm.members[0])
	for _, user := range tm.members {
		p.exec(`INSERT INTO memberships (id, team_id, user_id, role, joined_at) VALUES ($1, $2, $3, 'OWNER', now())`, p.id("member"), tm.id, user)
	}
	for i := range products {
		product := models.ProductID(p.id("product"))
		p.exec(`INSERT INTO products (id, team_id, name, created_at, updated_at) VALUES ($1, $2, $3, now(), now())`,
			product, tm.id, fmt.Sprintf("Product %d", i+1))
		tm.products = append(tm.products, product)
	}
	tm.change(ledger.Change{Open: &ledger.Opening{TimeZone: zone}, Decide: func(tx *ledger.Tx) error {
		tx.Issue(models.Grant{ID: models.GrantID(p.id("grant")), Source: models.SourceGift, Tokens: 1_000_000}, nil)
		return nil
	}})
	return tm
}

func (tm *team) change(c ledger.Change) ledger.Outcome {
	tm.t.Helper()
	c.Team = tm.id
	outcome, err := tm.ledger.Update(tm.t.Context(), c)
	if err != nil {
		tm.t.Fatal(err)
	}
	return outcome
}

func costOf(part models.Part) models.Tokens {
	return map[models.Part]models.Tokens{
		models.PartShortDescription: 15, models.PartLongDescription: 30, models.PartImages: 10, models.PartPrices: 10,
	}[part]
}

// running is a generation whose parts are reserved.
type running struct {
	id        models.GenerationID
	member    models.UserID
	product   models.ProductID
	operation models.Operation
	open      []models.Part
}

func (tm *team) reserve(member models.UserID, product models.ProductID, operation models.Operation) *running {
	tm.t.Helper()
	g := &running{models.GenerationID(tm.past.id("gen")), member, product, operation, operation.Parts()}
	request := ledger.ReserveRequest{Generation: g.id, Product: product, Operation: operation}
	for _, part := range g.open {
		request.Parts = append(request.Parts, ledger.PartCost{Part: part, Tokens: costOf(part)})
	}
	tm.change(ledger.Change{Actor: member, Decide: func(tx *ledger.Tx) error { return tx.Reserve(member, request) }})
	tm.exec(`
INSERT INTO generations (id, team_id, product_id, product_name, actor_id, operation, status, created_at)
VALUES ($1, $2, $3, '-', $4, $5, 'QUEUED', now())`, g.id, tm.id, product, member, operation)
	return g
}

// settle captures or releases parts of a generation, in one change.
func (tm *team) settle(g *running, capture bool, parts ...models.Part) {
	tm.t.Helper()
	tm.change(ledger.Change{Reservations: []models.GenerationID{g.id}, Decide: func(tx *ledger.Tx) error {
		for _, part := range parts {
			how := tx.Release
			if capture {
				how = tx.Capture
			}
			if err := how(g.id, part); err != nil {
				return err
			}
		}
		return nil
	}})
}

// day is the team's day.
func (tm *team) day() models.Date {
	tm.t.Helper()
	balance, err := tm.ledger.Balance(tm.t.Context(), tm.id)
	if err != nil {
		tm.t.Fatal(err)
	}
	return balance.Day
}
