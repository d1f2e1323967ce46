package catalog

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"gorm.io/gorm"

	"productgenerator/models"
	"productgenerator/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// shop is a catalogue with two teams in a database of the test's own.
type shop struct {
	*Catalog
	t           testing.TB
	db          *gorm.DB
	pool        *pgxpool.Pool
	team, other models.TeamID
	author      models.UserID
}

func newShop(t testing.TB) *shop {
	t.Helper()
	db := pgtest.New(t)
	s := &shop{Catalog: New(db.Gorm, time.Now), t: t, db: db.Gorm, pool: db.Pool, author: models.NewUserID(time.Now())}
	s.team, s.other = s.newTeam(), s.newTeam()
	return s
}

func (s *shop) exec(sql string, args ...any) {
	s.t.Helper()
	if err := s.db.Exec(sql, args...).Error; err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) newTeam() models.TeamID {
	s.t.Helper()
	now := time.Now()
	team, user := models.NewTeamID(now), models.NewUserID(now)
	s.exec(`INSERT INTO users (id, email, name, locale, password_hash, platform_role, created_at)
		VALUES (?, ?, 'Ada', 'en', '', 'USER', ?)`, user, string(user)+"@example.com", now)
	s.exec(`INSERT INTO teams (id, name, plan, created_by, created_at) VALUES (?, 'Shop', 'STANDARD', ?, ?)`, team, user, now)
	s.exec(`INSERT INTO balances (team_id, day, last_entry_at, updated_at) VALUES (?, ?, ?, ?)`, team, now, now, now)
	return team
}

// within is a context with the test's own deadline.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func (s *shop) product(name string) models.Product {
	s.t.Helper()
	product, err := s.CreateProduct(within(s.t), s.team, NewProduct{Name: name})
	if err != nil {
		s.t.Fatal(err)
	}
	return product
}

func (s *shop) imports(file string) ImportResult {
	s.t.Helper()
	result, err := s.Import(within(s.t), ImportRequest{TeamID: s.team, Reader: strings.NewReader(file)})
	if err != nil {
		s.t.Fatal(err)
	}
	return result
}

func (s *shop) list(search string) []string {
	s.t.Helper()
	list, err := s.List(within(s.t), s.team, search, models.Page{Size: models.MaxPageSize})
	if err != nil {
		s.t.Fatal(err)
	}
	if list.Total != len(list.Edges) {
		s.t.Errorf("total %d of %d", list.Total, len(list.Edges))
	}
	names := []string{}
	for _, product := range list.Nodes() {
		names = append(names, product.Name)
	}
	return names
}

func text(s string) *string { return &s }
