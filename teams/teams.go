package teams

import (
	"errors"
	"time"

	"gorm.io/gorm"

	"productgenerator/ledger"
	"productgenerator/models"
)

// Errors that callers branch on, besides models.ErrNotFound, models.ErrForbidden and models.FieldErrors.
var (
	// ErrEmailTaken says that another account has the e-mail address.
	ErrEmailTaken = errors.New("the e-mail address belongs to another account")
	// ErrInvitation says that a token invites nobody any more: unknown, expired or accepted before.
	ErrInvitation = errors.New("no open invitation")
)

// defaultInvitationLife is how long an invitation's link works.
const defaultInvitationLife = 7 * 24 * time.Hour

// Options are what teams need besides their database and ledger.
type Options struct {
	// WelcomeTokens is the gift that comes with the first team that a user creates; 0: there is none.
	WelcomeTokens models.Tokens
	// InvitationLife is how long an invitation's link works; 0: 7 days.
	InvitationLife time.Duration
	// Now dates new ids. What is stored is dated by the database.
	Now func() time.Time
}

// Teams creates and reads teams and their members. It is safe for concurrent use.
type Teams struct {
	db             *gorm.DB
	ledger         *ledger.Ledger
	welcomeTokens  models.Tokens
	invitationLife time.Duration
	now            func() time.Time
	rows           rows
}

// New keeps teams in that database, on that ledger.
func New(db *gorm.DB, l *ledger.Ledger, o Options) *Teams {
	if o.InvitationLife == 0 {
		o.InvitationLife = defaultInvitationLife
	}
	return &Teams{
		db: db, ledger: l, welcomeTokens: o.WelcomeTokens, invitationLife: o.InvitationLife, now: o.Now,
		rows: newRows(),
	}
}

// Place is where a user stands, or would stand, in a team.
type Place struct {
	Team models.TeamID
	User models.UserID
}
