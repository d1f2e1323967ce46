package teams

import (
	"context"
	"fmt"

	"productgenerator/ledger"
	"productgenerator/models"
)

// CreateTeam creates a team with the user as its OWNER. The first team that a user ever creates gets the welcome gift.
// It returns models.FieldErrors at name and timeZone.
func (t *Teams) CreateTeam(ctx context.Context, user models.UserID, name, zone string) (models.Team, error) {
	name = trimName(name)
	var faults models.FieldErrors
	faults.Add(checkName(name), MaxName, "name")
	faults.Add(checkZone(zone), 0, "timeZone")
	if err := faults.Err(); err != nil {
		return models.Team{}, err
	}
	var team models.Team
	change := ledger.Change{
		Team: models.NewTeamID(t.now()), Open: &ledger.Opening{TimeZone: zone}, Weight: 2,
		Lookups: []ledger.Want{t.rows.welcomed.Want(user)},
	}
	change.Decide = func(tx *ledger.Tx) error {
		welcomed, known := t.rows.welcomed.Get(tx, user)
		if !known {
			return models.ErrNotFound
		}
		if !welcomed {
			t.rows.welcomed.Put(tx, user, true)
			t.rows.welcomeUsers.Stage(tx, welcome{user: user, at: tx.Now()})
			t.giveWelcome(tx, user)
		}
		team = t.stageTeam(tx, user, name)
		return nil
	}
	if _, err := t.ledger.Update(ctx, change); err != nil {
		return models.Team{}, fmt.Errorf("create a team: %w", err)
	}
	return team, nil
}

// stageTeam stores the team of the account with its OWNER.
func (t *Teams) stageTeam(tx *ledger.Tx, owner models.UserID, name string) models.Team {
	team := models.Team{ID: tx.Team(), Name: name, Plan: models.PlanStandard, CreatedBy: owner, CreatedAt: tx.Now()}
	t.rows.insertTeams.Stage(tx, team)
	t.stageMember(tx, owner, models.RoleOwner)
	return team
}

// stageMember gives the user a place in the account's team, or another role in it.
func (t *Teams) stageMember(tx *ledger.Tx, user models.UserID, role models.TeamRole) {
	t.rows.putMemberships.Stage(tx, models.Membership{
		ID: models.NewMembershipID(tx.Now()), TeamID: tx.Team(), UserID: user, Role: role, JoinedAt: tx.Now(),
	})
	member := tx.Member(user)
	member.Role = role
	tx.AddMember(user, member) // for the changes that follow in the same transaction
	t.noteRole(tx, user, role)
}

// giveWelcome issues the user's welcome gift. Its effect key is the second wall: the database has it once.
func (t *Teams) giveWelcome(tx *ledger.Tx, user models.UserID) {
	if t.welcomeTokens == 0 {
		return
	}
	effect := "welcome:" + string(user)
	tx.Issue(models.Grant{
		ID: models.NewGrantID(tx.Now()), Source: models.SourceGift, Tokens: t.welcomeTokens, EffectKey: &effect,
	}, nil)
}
