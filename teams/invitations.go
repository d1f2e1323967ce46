package teams

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"productgenerator/ledger"
	"productgenerator/models"
)

// maxOpenInvitations is how many open invitations of a team are listed, the newest.
const maxOpenInvitations = 500

// Invite asks somebody to join a team.
type Invite struct {
	Team    models.TeamID
	Inviter models.UserID
	Email   string // normalized
	Role    models.TeamRole
}

// Invite stores an invitation. The token is told this once; whoever holds it may join, under whatever address. Only
// ADMINs invite, as what is below their own role; OWNERs as anything.
//
// It returns models.ErrNotFound to who is no member and models.ErrForbidden to who may not invite as that.
func (t *Teams) Invite(ctx context.Context, i Invite) (models.Invitation, string, error) {
	token, err := newToken()
	if err != nil {
		return models.Invitation{}, "", err
	}
	hash, _ := hashOf(token)
	var invitation models.Invitation
	_, err = t.ledger.Update(ctx, ledger.Change{
		Team: i.Team, Actor: i.Inviter,
		Decide: func(tx *ledger.Tx) error {
			if err := mayInvite(tx.Member(i.Inviter).Role, i.Role); err != nil {
				return err
			}
			invitation = models.Invitation{
				ID: models.NewInvitationID(tx.Now()), TeamID: i.Team, Email: i.Email, Role: i.Role, TokenHash: hash,
				InvitedBy: i.Inviter, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(t.invitationLife),
			}
			t.rows.insertInvitations.Stage(tx, invitation)
			return nil
		},
	})
	if errors.Is(err, ledger.ErrNoAccount) {
		return models.Invitation{}, "", models.ErrNotFound
	}
	if err != nil {
		return models.Invitation{}, "", fmt.Errorf("invite to %s: %w", i.Team, err)
	}
	return invitation, token, nil
}

func mayInvite(inviter, as models.TeamRole) error {
	if err := inviter.Require(models.RoleAdmin); err != nil {
		return err
	}
	if inviter != models.RoleOwner && !as.Below(inviter) {
		return models.ErrForbidden
	}
	return nil
}

// AcceptInvitation joins the user to the team that the token invites to, once. Who is a member already keeps the higher
// of both roles. It returns ErrInvitation for a token that invites nobody any more.
func (t *Teams) AcceptInvitation(ctx context.Context, user models.UserID, token string) (models.Membership, error) {
	invitation, err := t.InvitationByToken(ctx, token)
	if err != nil {
		return models.Membership{}, err
	}
	_, err = t.ledger.Update(ctx, ledger.Change{
		Team: invitation.TeamID, Actor: user, Lookups: []ledger.Want{t.rows.invitations.Want(invitation.ID)},
		Decide: func(tx *ledger.Tx) error { return t.accept(tx, invitation.ID, user) },
	})
	if err != nil {
		return models.Membership{}, fmt.Errorf("accept %s: %w", invitation.ID, err)
	}
	return t.Membership(ctx, Place{invitation.TeamID, user})
}

// accept closes the invitation and gives the user the place that it is for.
func (t *Teams) accept(tx *ledger.Tx, id models.InvitationID, user models.UserID) error {
	invitation, err := t.openInvitation(tx, id)
	if err != nil {
		return err
	}
	now := tx.Now()
	invitation.AcceptedAt, invitation.AcceptedBy = &now, &user
	t.rows.invitations.Put(tx, id, invitation)
	t.rows.acceptInvitations.Stage(tx, acceptance{invitation: id, user: user, at: now})
	if !tx.Member(user).Role.Includes(invitation.Role) {
		t.stageMember(tx, user, invitation.Role)
	}
	return nil
}

// openInvitation is the invitation as it stands under the lock, or ErrInvitation where it is no longer open.
func (t *Teams) openInvitation(tx *ledger.Tx, id models.InvitationID) (models.Invitation, error) {
	invitation, known := t.rows.invitations.Get(tx, id)
	if !known || invitation.AcceptedAt != nil || !invitation.ExpiresAt.After(tx.Now()) {
		return models.Invitation{}, ErrInvitation
	}
	return invitation, nil
}

// InvitationByToken reads the open invitation that a link carries, or returns ErrInvitation.
func (t *Teams) InvitationByToken(ctx context.Context, token string) (models.Invitation, error) {
	hash, ok := hashOf(token)
	if !ok {
		return models.Invitation{}, ErrInvitation
	}
	invitation, err := gorm.G[models.Invitation](t.db).
		Where("token_hash = ? AND accepted_at IS NULL AND expires_at > clock_timestamp()", hash).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Invitation{}, ErrInvitation
	}
	if err != nil {
		return models.Invitation{}, fmt.Errorf("read an invitation: %w", err)
	}
	return invitation, nil
}

// Invitation reads an open invitation by its id, or returns models.ErrNotFound.
func (t *Teams) Invitation(ctx context.Context, id models.InvitationID) (models.Invitation, error) {
	invitation, err := gorm.G[models.Invitation](t.db).
		Where("id = ? AND accepted_at IS NULL AND expires_at > clock_timestamp()", id).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Invitation{}, models.ErrNotFound
	}
	if err != nil {
		return models.Invitation{}, fmt.Errorf("read %s: %w", id, err)
	}
	return invitation, nil
}

// OpenInvitations lists a team's invitations that can still be accepted, the newest first, 500 at most.
func (t *Teams) OpenInvitations(ctx context.Context, team models.TeamID) ([]models.Invitation, error) {
	invitations, err := gorm.G[models.Invitation](t.db).
		Where("team_id = ? AND accepted_at IS NULL AND expires_at > clock_timestamp()", team).
		Order("id DESC").Limit(maxOpenInvitations).Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the invitations of %s: %w", team, err)
	}
	return invitations, nil
}

const (
	// tokenPrefix makes an invitation's token recognisable to people and to scanners for secrets.
	tokenPrefix = "pgi_"
	// tokenEntropy is the randomness of a token, in bytes.
	tokenEntropy = 32
)

func newToken() (string, error) {
	random := make([]byte, tokenEntropy)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(random), nil
}

// hashOf is the token's SHA-256, all that is stored of it, and whether it has the form of a token at all.
func hashOf(token string) (hash []byte, ok bool) {
	if len(token) != len(tokenPrefix)+base64.RawURLEncoding.EncodedLen(tokenEntropy) {
		return nil, false
	}
	sum := sha256.Sum256([]byte(token))
	return sum[:], true
}
