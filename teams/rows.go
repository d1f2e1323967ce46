package teams

import (
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/ledger"
	"productgenerator/models"
)

// Ranks of the statements: what refers to something is written behind it.
const (
	rankUsers = ledger.RankBefore + iota
	rankTeams
	rankMemberships
	rankMemberLimits
	rankInvitations
)

// rows are the statements and look-ups that teams add to the ledger's transactions.
type rows struct {
	insertUsers       *ledger.Statement[models.User]
	welcomeUsers      *ledger.Statement[welcome]
	insertTeams       *ledger.Statement[models.Team]
	putMemberships    *ledger.Statement[models.Membership]
	insertInvitations *ledger.Statement[models.Invitation]
	acceptInvitations *ledger.Statement[acceptance]
	updatePlans       *ledger.Statement[teamPlan]
	renameTeams       *ledger.Statement[teamName]
	limitMembers      *ledger.Statement[memberLimit]

	takenEmails *ledger.Lookup[string, bool]
	welcomed    *ledger.Lookup[models.UserID, bool]
	invitations *ledger.Lookup[models.InvitationID, models.Invitation]
	limits      *ledger.Lookup[models.TeamID, platformLimits]
	owners      *ledger.Lookup[models.TeamID, owners]
}

// welcome notes when a user's gift was given out.
type welcome struct {
	user models.UserID
	at   time.Time
}

// acceptance closes an invitation.
type acceptance struct {
	invitation models.InvitationID
	user       models.UserID
	at         time.Time
}

// teamPlan is a team's new plan.
type teamPlan struct {
	team models.TeamID
	plan models.Plan
}

// platformLimits is what administrators have set for a team.
type platformLimits struct {
	unlimited bool
	custom    bool // whether daily holds instead of the platform's default
	daily     models.Limit
}

func newRows() rows {
	r := rows{
		takenEmails: &ledger.Lookup[string, bool]{
			SQL: `
SELECT asked.email
FROM unnest($1::text[]) AS asked (email)
WHERE EXISTS (SELECT FROM users WHERE lower(users.email) = lower(asked.email))`,
			Scan: scanTrue[string],
		},
		// The user's row is locked, so that of two first teams made at once one sees the other. Not FOR UPDATE: rows that
		// refer to the user may be written meanwhile.
		welcomed: &ledger.Lookup[models.UserID, bool]{
			SQL: `
SELECT id, welcomed_at IS NOT NULL
FROM users
WHERE id = ANY($1)
ORDER BY id
FOR NO KEY UPDATE`,
			Scan: scanWelcomed,
		},
		invitations: &ledger.Lookup[models.InvitationID, models.Invitation]{
			SQL: `
SELECT id, team_id, email, role, invited_by, created_at, expires_at, accepted_at, accepted_by
FROM invitations
WHERE id = ANY($1)`,
			Scan: scanInvitation,
		},
		limits: &ledger.Lookup[models.TeamID, platformLimits]{
			SQL: `
SELECT team_id, unlimited, custom_daily_limit IS NOT NULL OR custom_daily_unlimited, custom_daily_limit
FROM balances
WHERE team_id = ANY($1)`,
			Scan: scanLimits,
		},
	}
	r.addUserStatements()
	r.addTeamStatements()
	r.addSettingStatements()
	r.addRoleStatements()
	return r
}

func (r *rows) addUserStatements() {
	r.insertUsers = &ledger.Statement[models.User]{
		Rank: rankUsers,
		SQL: `
INSERT INTO users (id, email, name, locale, password_hash, welcomed_at, created_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[])`,
		Columns: func(users []models.User) []any {
			return []any{
				ledger.Column(users, func(u models.User) string { return string(u.ID) }),
				ledger.Column(users, func(u models.User) string { return u.Email }),
				ledger.Column(users, func(u models.User) string { return u.Name }),
				ledger.Column(users, func(u models.User) string { return u.Locale }),
				ledger.Column(users, func(u models.User) string { return u.PasswordHash }),
				ledger.Column(users, func(u models.User) *time.Time { return u.WelcomedAt }),
				ledger.Column(users, func(u models.User) time.Time { return u.CreatedAt }),
			}
		},
	}
	r.welcomeUsers = &ledger.Statement[welcome]{
		Rank: rankUsers,
		SQL: `
UPDATE users
SET welcomed_at = n.at
FROM unnest($1::text[], $2::timestamptz[]) AS n (id, at)
WHERE users.id = n.id AND users.welcomed_at IS NULL`,
		Columns: func(welcomes []welcome) []any {
			return []any{
				ledger.Column(welcomes, func(w welcome) string { return string(w.user) }),
				ledger.Column(welcomes, func(w welcome) time.Time { return w.at }),
			}
		},
	}
}

func (r *rows) addTeamStatements() {
	r.insertTeams = &ledger.Statement[models.Team]{
		Rank: rankTeams,
		SQL: `
INSERT INTO teams (id, name, plan, created_by, created_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])`,
		Columns: func(teams []models.Team) []any {
			return []any{
				ledger.Column(teams, func(t models.Team) string { return string(t.ID) }),
				ledger.Column(teams, func(t models.Team) string { return t.Name }),
				ledger.Column(teams, func(t models.Team) string { return string(t.Plan) }),
				ledger.Column(teams, func(t models.Team) string { return string(t.CreatedBy) }),
				ledger.Column(teams, func(t models.Team) time.Time { return t.CreatedAt }),
			}
		},
	}
	r.updatePlans = &ledger.Statement[teamPlan]{
		Rank: rankTeams,
		SQL: `
UPDATE teams
SET plan = n.plan
FROM unnest($1::text[], $2::text[]) AS n (id, plan)
WHERE teams.id = n.id`,
		Key: func(p teamPlan) string { return string(p.team) },
		Columns: func(plans []teamPlan) []any {
			return []any{
				ledger.Column(plans, func(p teamPlan) string { return string(p.team) }),
				ledger.Column(plans, func(p teamPlan) string { return string(p.plan) }),
			}
		},
	}
	// Who is a member already keeps the place, with the role that was decided.
	r.putMemberships = &ledger.Statement[models.Membership]{
		Rank: rankMemberships,
		SQL: `
INSERT INTO memberships (id, team_id, user_id, role, joined_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
ON CONFLICT (team_id, user_id) DO UPDATE SET role = excluded.role`,
		Key: func(m models.Membership) string { return string(m.TeamID) + string(m.UserID) },
		Columns: func(members []models.Membership) []any {
			return []any{
				ledger.Column(members, func(m models.Membership) string { return string(m.ID) }),
				ledger.Column(members, func(m models.Membership) string { return string(m.TeamID) }),
				ledger.Column(members, func(m models.Membership) string { return string(m.UserID) }),
				ledger.Column(members, func(m models.Membership) string { return string(m.Role) }),
				ledger.Column(members, func(m models.Membership) time.Time { return m.JoinedAt }),
			}
		},
	}
	r.insertInvitations = &ledger.Statement[models.Invitation]{
		Rank: rankInvitations,
		SQL: `
INSERT INTO invitations (id, team_id, email, role, token_hash, invited_by, created_at, expires_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::timestamptz[],
	$8::timestamptz[])`,
		Columns: func(invitations []models.Invitation) []any {
			return []any{
				ledger.Column(invitations, func(i models.Invitation) string { return string(i.ID) }),
				ledger.Column(invitations, func(i models.Invitation) string { return string(i.TeamID) }),
				ledger.Column(invitations, func(i models.Invitation) string { return i.Email }),
				ledger.Column(invitations, func(i models.Invitation) string { return string(i.Role) }),
				ledger.Column(invitations, func(i models.Invitation) []byte { return i.TokenHash }),
				ledger.Column(invitations, func(i models.Invitation) string { return string(i.InvitedBy) }),
				ledger.Column(invitations, func(i models.Invitation) time.Time { return i.CreatedAt }),
				ledger.Column(invitations, func(i models.Invitation) time.Time { return i.ExpiresAt }),
			}
		},
	}
	r.acceptInvitations = &ledger.Statement[acceptance]{
		Rank: rankInvitations,
		SQL: `
UPDATE invitations
SET accepted_at = n.at, accepted_by = n.user_id
FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS n (id, user_id, at)
WHERE invitations.id = n.id AND invitations.accepted_at IS NULL`,
		Columns: func(accepted []acceptance) []any {
			return []any{
				ledger.Column(accepted, func(a acceptance) string { return string(a.invitation) }),
				ledger.Column(accepted, func(a acceptance) string { return string(a.user) }),
				ledger.Column(accepted, func(a acceptance) time.Time { return a.at }),
			}
		},
	}
}

func scanTrue[K ~string](row pgx.CollectableRow, into map[K]bool) error {
	var key K
	if err := row.Scan(&key); err != nil {
		return err
	}
	into[key] = true
	return nil
}

func scanWelcomed(row pgx.CollectableRow, into map[models.UserID]bool) error {
	var id models.UserID
	var welcomed bool
	if err := row.Scan(&id, &welcomed); err != nil {
		return err
	}
	into[id] = welcomed
	return nil
}

func scanInvitation(row pgx.CollectableRow, into map[models.InvitationID]models.Invitation) error {
	var i models.Invitation
	err := row.Scan(&i.ID, &i.TeamID, &i.Email, &i.Role, &i.InvitedBy, &i.CreatedAt, &i.ExpiresAt, &i.AcceptedAt, &i.AcceptedBy)
	if err != nil {
		return err
	}
	into[i.ID] = i
	return nil
}

func scanLimits(row pgx.CollectableRow, into map[models.TeamID]platformLimits) error {
	var team models.TeamID
	var limits platformLimits
	var daily *models.Tokens
	if err := row.Scan(&team, &limits.unlimited, &limits.custom, &daily); err != nil {
		return err
	}
	limits.daily = models.LimitFrom(daily)
	into[team] = limits
	return nil
}
