package teams

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"productgenerator/ledger"
	"productgenerator/models"
)

// MemberChange is what is changed about a member: all that is given, or nothing.
type MemberChange struct {
	ID         models.MembershipID
	Actor      models.UserID
	Role       Field[models.TeamRole]
	DailyLimit Field[models.Tokens] // the member's own share of a day, 0 or more; nil clears it
}

// UpdateMember changes a member's role and own daily limit together. ADMINs set limits, their own too, and give members
// below themselves roles below their own; OWNERs give any role; everybody may step down.
//
// It returns models.FieldErrors, LAST_OWNER at role where no OWNER would be left; models.ErrNotFound to who is no member
// of the team; or models.ErrForbidden.
func (t *Teams) UpdateMember(ctx context.Context, c MemberChange) (models.Membership, error) {
	if err := c.check(); err != nil {
		return models.Membership{}, err
	}
	member, err := t.MembershipByID(ctx, c.ID)
	if err != nil {
		return models.Membership{}, err
	}
	_, err = t.ledger.Update(ctx, ledger.Change{
		Team: member.TeamID, Actor: c.Actor, Members: []models.UserID{member.UserID},
		Lookups: []ledger.Want{t.rows.owners.Want(member.TeamID)},
		Decide:  func(tx *ledger.Tx) error { return t.updateMember(tx, c, member.UserID) },
	})
	if err != nil {
		return models.Membership{}, fmt.Errorf("update %s: %w", c.ID, err)
	}
	return t.MembershipByID(ctx, c.ID)
}

func (c MemberChange) check() error {
	var faults models.FieldErrors
	faults.Add(c.Role.check(func(models.TeamRole) models.FieldCode { return "" }), 0, "role")
	faults.Add(checkLimit(c.DailyLimit), 0, "dailyLimit")
	return faults.Err()
}

func (t *Teams) updateMember(tx *ledger.Tx, c MemberChange, user models.UserID) error {
	from := tx.Member(user).Role
	to := from
	if c.Role.Given {
		to = *c.Role.Value
	}
	if err := c.allowed(tx.Member(c.Actor).Role, from, to, c.Actor == user); err != nil {
		return err
	}
	owners, _ := t.rows.owners.Get(tx, tx.Team())
	if from == models.RoleOwner && to != from && len(owners) < 2 {
		return models.FieldErrors{{Path: []string{"role"}, Code: models.FieldLastOwner}}
	}
	if to != from {
		t.stageMember(tx, user, to)
	}
	if c.DailyLimit.Given {
		t.rows.limitMembers.Stage(tx, memberLimit{tx.Team(), user, c.DailyLimit.Value})
		tx.SetMemberLimit(user, models.LimitFrom(c.DailyLimit.Value))
	}
	return nil
}

// allowed is the rule of who changes what about a member, who has a role and is to have another or the same.
func (c MemberChange) allowed(actor, from, to models.TeamRole, self bool) error {
	limits, leads := c.DailyLimit.Given, actor.Includes(models.RoleAdmin)
	switch {
	case actor == "", from == "":
		return models.ErrNotFound
	case limits && !leads:
		return models.ErrForbidden
	case self && actor.Includes(to), actor == models.RoleOwner, leads && !c.Role.Given:
		return nil
	case leads && from.Below(actor) && to.Below(actor):
		return nil
	default:
		return models.ErrForbidden
	}
}

// memberLimit is a member's new share of a day; nil: none.
type memberLimit struct {
	team   models.TeamID
	user   models.UserID
	tokens *models.Tokens
}

// owners are the OWNERs of a team.
type owners map[models.UserID]bool

// noteRole keeps the OWNERs right for the changes that follow in the same transaction.
func (t *Teams) noteRole(tx *ledger.Tx, user models.UserID, role models.TeamRole) {
	known, ok := t.rows.owners.Get(tx, tx.Team())
	if !ok {
		return
	}
	if role == models.RoleOwner {
		known[user] = true
	} else {
		delete(known, user)
	}
	t.rows.owners.Put(tx, tx.Team(), known)
}

func (r *rows) addRoleStatements() {
	r.owners = &ledger.Lookup[models.TeamID, owners]{
		SQL:  `SELECT team_id, user_id FROM memberships WHERE team_id = ANY($1) AND role = 'OWNER'`,
		Scan: scanOwner,
	}
	r.limitMembers = &ledger.Statement[memberLimit]{
		Rank: rankMemberLimits,
		SQL: `
UPDATE memberships
SET daily_limit = n.daily_limit
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS n (team_id, user_id, daily_limit)
WHERE memberships.team_id = n.team_id AND memberships.user_id = n.user_id`,
		Key: func(l memberLimit) string { return string(l.team) + string(l.user) },
		Columns: func(limits []memberLimit) []any {
			return []any{
				ledger.Column(limits, func(l memberLimit) string { return string(l.team) }),
				ledger.Column(limits, func(l memberLimit) string { return string(l.user) }),
				ledger.Column(limits, func(l memberLimit) *int64 { return (*int64)(l.tokens) }),
			}
		},
	}
}

func scanOwner(row pgx.CollectableRow, into map[models.TeamID]owners) error {
	var team models.TeamID
	var user models.UserID
	if err := row.Scan(&team, &user); err != nil {
		return err
	}
	if into[team] == nil {
		into[team] = owners{}
	}
	into[team][user] = true
	return nil
}
