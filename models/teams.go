package models

import "time"

// TeamRole is what a member may do in a team; the roles are ordered, each includes those before it.
type TeamRole string

// VIEWER reads; MEMBER also spends; ADMIN also buys, configures and invites; OWNER also hands over and deletes.
const (
	RoleViewer TeamRole = "VIEWER"
	RoleMember TeamRole = "MEMBER"
	RoleAdmin  TeamRole = "ADMIN"
	RoleOwner  TeamRole = "OWNER"
)

// Includes says whether the role may do what other may. No role at all includes nothing.
func (r TeamRole) Includes(other TeamRole) bool { return r.rank() >= other.rank() && r.rank() > 0 }

// Require is nil for a role that includes the needed one, and ErrForbidden for another. Who has none, and so is not even in
// the team, learns nothing of it: ErrNotFound.
func (r TeamRole) Require(needed TeamRole) error {
	switch {
	case r == "":
		return ErrNotFound
	case !r.Includes(needed):
		return ErrForbidden
	default:
		return nil
	}
}

// Below says whether the role is a lesser one than other.
func (r TeamRole) Below(other TeamRole) bool { return r.rank() < other.rank() }

func (r TeamRole) rank() int {
	switch r {
	case RoleViewer:
		return 1
	case RoleMember:
		return 2
	case RoleAdmin:
		return 3
	case RoleOwner:
		return 4
	default:
		return 0
	}
}

// PlatformRole is what a user may do beyond teams.
type PlatformRole string

// ADMINISTRATOR runs the platform; everyone else is a USER.
const (
	PlatformUser          PlatformRole = "USER"
	PlatformAdministrator PlatformRole = "ADMINISTRATOR"
)

// Plan is what a team has subscribed to.
type Plan string

// ENTERPRISE teams may be unlimited and have limits of their own.
const (
	PlanStandard   Plan = "STANDARD"
	PlanEnterprise Plan = "ENTERPRISE"
)

// User is a person who can sign in.
type User struct {
	ID           UserID `gorm:"primaryKey"`
	Email        string // as given; compared without regard to case
	Name         string
	Locale       string // en or es: the language of messages that reach the user unasked
	PasswordHash string // argon2id, PHC form
	PlatformRole PlatformRole
	WelcomedAt   *time.Time // when the user's welcome gift was given out: once, ever
	CreatedAt    time.Time
}

// TableName is the table of users.
func (User) TableName() string { return "users" }

// Session is a signed-in client. The client holds the token, the database its SHA-256 only.
type Session struct {
	ID        SessionID `gorm:"primaryKey"`
	UserID    UserID
	TokenHash []byte
	CreatedAt time.Time
	ExpiresAt time.Time
}

// TableName is the table of sessions.
func (Session) TableName() string { return "sessions" }

// Team is who owns tokens and products together. Its limits, zone and tokens are on its balance.
type Team struct {
	ID           TeamID `gorm:"primaryKey"`
	Name         string
	Plan         Plan
	ReferralCode string `gorm:"->"` // drawn by the database when the team is made
	CreatedBy    UserID
	CreatedAt    time.Time
}

// TableName is the table of teams.
func (Team) TableName() string { return "teams" }

// Membership is a user's place in a team.
type Membership struct {
	ID         MembershipID `gorm:"primaryKey"`
	TeamID     TeamID
	UserID     UserID
	Role       TeamRole
	DailyLimit *Tokens // the member's own share of a day; null: only the team's limit holds
	JoinedAt   time.Time
}

// TableName is the table of memberships.
func (Membership) TableName() string { return "memberships" }

// Invitation lets whoever holds its token join a team. The database holds the token's SHA-256 only.
type Invitation struct {
	ID         InvitationID `gorm:"primaryKey"`
	TeamID     TeamID
	Email      string
	Role       TeamRole
	TokenHash  []byte
	InvitedBy  UserID
	CreatedAt  time.Time
	ExpiresAt  time.Time
	AcceptedAt *time.Time
	AcceptedBy *UserID
}

// TableName is the table of invitations.
func (Invitation) TableName() string { return "invitations" }

// Settings are the platform's, one row.
type Settings struct {
	ID                bool    `gorm:"primaryKey"` // always true
	DefaultDailyLimit *Tokens // what a team without a limit of its own may use a day; null: no limit
}

// TableName is the table of the platform's settings.
func (Settings) TableName() string { return "settings" }
