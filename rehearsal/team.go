package rehearsal

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"productgenerator/ledger"
	"productgenerator/models"
)

// The team: what it is called, where its days begin, and how many people and products it has.
const (
	TeamName     = "History"
	TimeZone     = "Europe/Madrid"
	memberCount  = 12
	productCount = 2_000
)

// Days is how long the history is.
const Days = 365

// Cast is a team that a history can happen to.
type Cast struct {
	Team    models.TeamID
	Members []models.UserID // in the order in which they were made: the OWNER first, a VIEWER last
}

// Owner is who a cast belongs to.
type Owner struct {
	Email        string
	PasswordHash string
	// MemberPasswordHash is that of all other members.
	MemberPasswordHash string
}

// Find reads the team of that owner that Found has made, or returns models.ErrNotFound.
func Find(ctx context.Context, pool *pgxpool.Pool, email string) (Cast, error) {
	rows, err := pool.Query(ctx, `
SELECT t.id, m.user_id
FROM users u
JOIN teams t ON t.created_by = u.id AND t.name = $2
JOIN memberships m ON m.team_id = t.id
WHERE lower(u.email) = lower($1)
ORDER BY t.id, m.id
LIMIT $3`, email, TeamName, memberCount)
	if err != nil {
		return Cast{}, fmt.Errorf("find the team: %w", err)
	}
	var cast Cast
	var member models.UserID
	_, err = pgx.ForEachRow(rows, []any{&cast.Team, &member}, func() error {
		cast.Members = append(cast.Members, member)
		return nil
	})
	if err != nil {
		return Cast{}, fmt.Errorf("find the team: %w", err)
	}
	if len(cast.Members) < memberCount {
		return Cast{}, models.ErrNotFound
	}
	return cast, nil
}

// Found makes the team with its members, as if they had joined before the history begins. It has no tokens and its
// platform limits are the default ones.
func Found(ctx context.Context, books *ledger.Ledger, owner Owner, begin time.Time) (Cast, error) {
	cast := Cast{Team: models.NewTeamID(begin)}
	joined := begin.Add(-time.Hour)
	var users []models.User
	var memberships []models.Membership
	for i, name := range memberNames() {
		user := models.User{
			ID: models.NewUserID(joined.Add(time.Duration(i) * time.Second)), Name: name, Locale: "es",
			Email: fmt.Sprintf("history-%d@example.com", i+1), PasswordHash: owner.MemberPasswordHash, CreatedAt: joined,
		}
		if i == 0 {
			user.Email, user.PasswordHash = owner.Email, owner.PasswordHash
		}
		users = append(users, user)
		cast.Members = append(cast.Members, user.ID)
		memberships = append(memberships, models.Membership{
			ID: models.NewMembershipID(joined.Add(time.Duration(i) * time.Second)), TeamID: cast.Team, UserID: user.ID,
			Role: roleOf(i), JoinedAt: joined,
		})
	}
	team := models.Team{ID: cast.Team, Name: TeamName, Plan: models.PlanEnterprise, CreatedBy: users[0].ID, CreatedAt: joined}
	s := newFounding()
	_, err := books.Update(ctx, ledger.Change{
		Team: cast.Team, Open: &ledger.Opening{TimeZone: TimeZone},
		Decide: func(tx *ledger.Tx) error {
			s.users.Stage(tx, users...)
			s.teams.Stage(tx, team)
			s.memberships.Stage(tx, memberships...)
			return nil
		},
	})
	if err != nil {
		return Cast{}, fmt.Errorf("found the team: %w", err)
	}
	return cast, nil
}

func memberNames() []string {
	return []string{
		"Ana Morales", "Bruno Castillo", "Carla Vidal", "Diego Romero", "Elena Ortega", "Felipe Navarro", "Gloria Serrano",
		"Hugo Delgado", "Irene Molina", "Javier Ramos", "Lucía Blanco", "Marcos Rubio",
	}
}

// roleOf is the role of a member: an OWNER, two ADMINs, a VIEWER who comes last, and MEMBERs.
func roleOf(place int) models.TeamRole {
	switch {
	case place == 0:
		return models.RoleOwner
	case place <= 2:
		return models.RoleAdmin
	case place == memberCount-1:
		return models.RoleViewer
	default:
		return models.RoleMember
	}
}

// founding is what a new team writes besides its account.
type founding struct {
	users       *ledger.Statement[models.User]
	teams       *ledger.Statement[models.Team]
	memberships *ledger.Statement[models.Membership]
}

func newFounding() founding {
	return founding{
		users: &ledger.Statement[models.User]{
			Rank: ledger.RankBefore,
			SQL: `
INSERT INTO users (id, email, name, locale, password_hash, welcomed_at, created_at)
SELECT id, email, name, locale, password_hash, created_at, created_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
	AS n (id, email, name, locale, password_hash, created_at)`,
			Columns: func(rows []models.User) []any {
				return []any{
					ledger.Column(rows, func(u models.User) string { return string(u.ID) }),
					ledger.Column(rows, func(u models.User) string { return u.Email }),
					ledger.Column(rows, func(u models.User) string { return u.Name }),
					ledger.Column(rows, func(u models.User) string { return u.Locale }),
					ledger.Column(rows, func(u models.User) string { return u.PasswordHash }),
					ledger.Column(rows, func(u models.User) time.Time { return u.CreatedAt }),
				}
			},
		},
		teams: &ledger.Statement[models.Team]{
			Rank: ledger.RankBefore + 1,
			SQL: `
INSERT INTO teams (id, name, plan, created_by, created_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])`,
			Columns: func(rows []models.Team) []any {
				return []any{
					ledger.Column(rows, func(t models.Team) string { return string(t.ID) }),
					ledger.Column(rows, func(t models.Team) string { return t.Name }),
					ledger.Column(rows, func(t models.Team) string { return string(t.Plan) }),
					ledger.Column(rows, func(t models.Team) string { return string(t.CreatedBy) }),
					ledger.Column(rows, func(t models.Team) time.Time { return t.CreatedAt }),
				}
			},
		},
		memberships: &ledger.Statement[models.Membership]{
			Rank: ledger.RankBefore + 2,
			SQL: `
INSERT INTO memberships (id, team_id, user_id, role, joined_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])`,
			Columns: func(rows []models.Membership) []any {
				return []any{
					ledger.Column(rows, func(m models.Membership) string { return string(m.ID) }),
					ledger.Column(rows, func(m models.Membership) string { return string(m.TeamID) }),
					ledger.Column(rows, func(m models.Membership) string { return string(m.UserID) }),
					ledger.Column(rows, func(m models.Membership) string { return string(m.Role) }),
					ledger.Column(rows, func(m models.Membership) time.Time { return m.JoinedAt }),
				}
			},
		},
	}
}
