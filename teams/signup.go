package teams

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"productgenerator/ledger"
	"productgenerator/models"
)

// NewUser is who signs up, and with which team: TeamName, or InvitationToken.
type NewUser struct {
	Email        string // normalized
	Name         string
	PasswordHash string // argon2id, PHC form
	Locale       string // en or es; empty: en

	TeamName        string
	TimeZone        string // of the own team; empty: UTC
	InvitationToken string // joins that team instead

	// Riders are decided with the own team, behind it, and refuse nothing. Who joins another team has none.
	Riders []ledger.Rider
}

// Check tells what is wrong with the names, the zone and the choice of a team: models.FieldErrors. It is what SignUp
// checks, for callers that have more to do before.
func (n NewUser) Check() error {
	n = n.trimmed()
	var faults models.FieldErrors
	faults.Add(checkName(n.Name), MaxName, "name")
	switch {
	case n.InvitationToken != "" && n.TeamName != "":
		faults.Add(models.FieldInvalid, 0, "teamName")
	case n.InvitationToken == "":
		faults.Add(checkName(n.TeamName), MaxName, "teamName")
		faults.Add(checkZone(n.TimeZone), 0, "timeZone")
	}
	return faults.Err()
}

func (n NewUser) trimmed() NewUser {
	n.Name, n.TeamName = trimName(n.Name), trimName(n.TeamName)
	n.TimeZone, n.Locale = cmp.Or(n.TimeZone, "UTC"), cmp.Or(n.Locale, "en")
	return n
}

// SignUp creates a user: with a team of their own, which gets the welcome gift, or as a member of the team that the
// invitation is for; then the gift waits for the first team that the user creates. Everything is stored, or nothing.
//
// It returns models.FieldErrors, ErrEmailTaken, or ErrInvitation.
func (t *Teams) SignUp(ctx context.Context, n NewUser) (models.User, error) {
	if err := n.Check(); err != nil {
		return models.User{}, err
	}
	n = n.trimmed()
	user := models.User{
		ID: models.NewUserID(t.now()), Email: n.Email, Name: n.Name, Locale: n.Locale, PasswordHash: n.PasswordHash,
		PlatformRole: models.PlatformUser,
	}
	sign := t.signUpWithTeam
	if n.InvitationToken != "" {
		sign = t.signUpInvited
	}
	if err := sign(ctx, &user, n); err != nil {
		return models.User{}, fmt.Errorf("sign up: %w", emailFault(err))
	}
	user.PasswordHash = ""
	return user, nil
}

func (t *Teams) signUpWithTeam(ctx context.Context, user *models.User, n NewUser) error {
	wants := []ledger.Want{t.rows.takenEmails.Want(user.Email)}
	for _, rider := range n.Riders {
		wants = append(wants, rider.Lookups...)
	}
	_, err := t.ledger.Update(ctx, ledger.Change{
		Team: models.NewTeamID(t.now()), Open: &ledger.Opening{TimeZone: n.TimeZone}, Weight: 2, Lookups: wants,
		Decide: func(tx *ledger.Tx) error {
			now := tx.Now()
			user.WelcomedAt = &now
			if err := t.stageUser(tx, user); err != nil {
				return err
			}
			t.giveWelcome(tx, user.ID)
			t.stageTeam(tx, user.ID, n.TeamName)
			for _, rider := range n.Riders {
				if err := rider.Decide(tx); err != nil {
					return err
				}
			}
			return nil
		},
	})
	return err
}

func (t *Teams) signUpInvited(ctx context.Context, user *models.User, n NewUser) error {
	invitation, err := t.InvitationByToken(ctx, n.InvitationToken)
	if err != nil {
		return err
	}
	_, err = t.ledger.Update(ctx, ledger.Change{
		Team: invitation.TeamID, Actor: user.ID,
		Lookups: []ledger.Want{t.rows.takenEmails.Want(user.Email), t.rows.invitations.Want(invitation.ID)},
		Decide: func(tx *ledger.Tx) error {
			if _, err := t.openInvitation(tx, invitation.ID); err != nil {
				return err
			}
			if err := t.stageUser(tx, user); err != nil {
				return err
			}
			return t.accept(tx, invitation.ID, user.ID)
		},
	})
	return err
}

// stageUser stores the user, or returns ErrEmailTaken. The address stays taken for the changes that follow in the same
// transaction; of changes in transactions of their own, the unique index lets one through.
func (t *Teams) stageUser(tx *ledger.Tx, user *models.User) error {
	if taken, _ := t.rows.takenEmails.Get(tx, user.Email); taken {
		return ErrEmailTaken
	}
	t.rows.takenEmails.Put(tx, user.Email, true)
	user.CreatedAt = tx.Now()
	t.rows.insertUsers.Stage(tx, *user)
	return nil
}

// uniqueViolation is PostgreSQL's code for a value that a unique index has already.
const uniqueViolation = "23505"

func emailFault(err error) error {
	var answer *pgconn.PgError
	if errors.As(err, &answer) && answer.Code == uniqueViolation && answer.ConstraintName == "users_email" {
		return ErrEmailTaken
	}
	return err
}
