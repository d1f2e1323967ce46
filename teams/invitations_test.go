package teams

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
)

func TestRolesInviteBelowThemselvesAndOwnersAnything(t *testing.T) {
	w := newWorld(t)
	owner, team := w.signUp("owner")
	people := map[models.TeamRole]models.User{models.RoleOwner: owner}
	for _, role := range []models.TeamRole{models.RoleAdmin, models.RoleMember, models.RoleViewer} {
		user, _ := w.signUp(strings.ToLower(string(role)))
		w.join(team, user, role)
		people[role] = user
	}
	stranger, _ := w.signUp("stranger")
	allowed := map[models.TeamRole]string{
		models.RoleOwner: "VIEWER MEMBER ADMIN OWNER", models.RoleAdmin: "VIEWER MEMBER",
	}
	for inviter, user := range people {
		for _, as := range []models.TeamRole{models.RoleViewer, models.RoleMember, models.RoleAdmin, models.RoleOwner} {
			_, _, err := w.Invite(w.ctx(), Invite{Team: team.ID, Inviter: user.ID, Email: "x@example.com", Role: as})
			mayInvite := strings.Contains(allowed[inviter], string(as))
			if mayInvite && err != nil || !mayInvite && !errors.Is(err, models.ErrForbidden) {
				t.Errorf("%s invites as %s: %v", inviter, as, err)
			}
		}
	}
	foreign := Invite{Team: team.ID, Inviter: stranger.ID, Email: "x@example.com", Role: models.RoleViewer}
	missing := foreign
	missing.Team = models.NewTeamID(time.Now())
	for _, invite := range []Invite{foreign, missing} {
		if _, _, err := w.Invite(w.ctx(), invite); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("into %s: %v", invite.Team, err)
		}
	}
}

func TestOnlyTheHashOfATokenIsStored(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("owner")
	token := w.invite(team, models.RoleMember)
	open, err := w.OpenInvitations(w.ctx(), team.ID)
	if err != nil || len(open) != 1 {
		t.Fatalf("%d open, %v", len(open), err)
	}
	hash := sha256.Sum256([]byte(token))
	if !bytes.Equal(open[0].TokenHash, hash[:]) {
		t.Error("the stored hash is not the token's SHA-256")
	}
	life := open[0].ExpiresAt.Sub(open[0].CreatedAt)
	want(t, "life", life, 7*24*time.Hour)
}

func TestAnInvitationIsAcceptedOnceWhoeverTriesAtTheSameTime(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("owner")
	token := w.invite(team, models.RoleMember)
	guests := make([]models.User, 12)
	for i := range guests {
		guests[i], _ = w.signUp("guest" + string(rune('a'+i)))
	}
	processes := []*Teams{w.Teams, newTeams(t, w.db)}
	joined := 0
	for i, err := range atOnce(len(guests), func(i int) error {
		_, err := processes[i%2].AcceptInvitation(w.ctx(), guests[i].ID, token)
		return err
	}) {
		switch {
		case err == nil:
			joined++
		case !errors.Is(err, ErrInvitation):
			t.Errorf("guest %d: %v", i, err)
		}
	}
	want(t, "joined", joined, 1)
	want(t, "members", w.count(`SELECT count(*) FROM memberships WHERE team_id = $1`, team.ID), 2)
	if _, err := w.InvitationByToken(w.ctx(), token); !errors.Is(err, ErrInvitation) {
		t.Errorf("the accepted token: %v", err)
	}
}

func TestAMemberKeepsTheHigherOfBothRoles(t *testing.T) {
	w := newWorld(t)
	owner, team := w.signUp("owner")
	guest, _ := w.signUp("guest")
	first := w.join(team, guest, models.RoleMember)
	want(t, "joined as", first.Role, models.RoleMember)
	lower := w.join(team, guest, models.RoleViewer)
	want(t, "after a lower one", lower.Role, models.RoleMember)
	higher := w.join(team, guest, models.RoleAdmin)
	want(t, "after a higher one", higher.Role, models.RoleAdmin)
	want(t, "the place", higher.ID, first.ID)
	want(t, "since", higher.JoinedAt, first.JoinedAt)
	want(t, "the owner, invited as a viewer", w.join(team, owner, models.RoleViewer).Role, models.RoleOwner)
	want(t, "open invitations", w.count(`SELECT count(*) FROM invitations WHERE accepted_at IS NULL`), 0)
}

func TestOneWhoAcceptsSeveralInvitationsAtOnceHoldsTheHighestRole(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("owner")
	guest, _ := w.signUp("guest")
	roles := []models.TeamRole{models.RoleViewer, models.RoleAdmin, models.RoleMember, models.RoleViewer, models.RoleMember}
	tokens := make([]string, len(roles))
	for i, role := range roles {
		tokens[i] = w.invite(team, role)
	}
	for i, err := range atOnce(len(tokens), func(i int) error {
		_, err := w.AcceptInvitation(w.ctx(), guest.ID, tokens[i])
		return err
	}) {
		if err != nil {
			t.Errorf("%s: %v", roles[i], err)
		}
	}
	member, err := w.Membership(w.ctx(), Place{team.ID, guest.ID})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "role", member.Role, models.RoleAdmin)
}

func TestAnExpiredOrUnknownTokenInvitesNobody(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("owner")
	guest, _ := w.signUp("guest")
	token := w.invite(team, models.RoleMember)
	if _, err := w.db.Pool.Exec(w.ctx(), `UPDATE invitations SET expires_at = clock_timestamp()`); err != nil {
		t.Fatal(err)
	}
	unknown, err := newToken()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{token, unknown, "", "pgi_", "\x00", strings.Repeat("x", 10_000)} {
		if _, err := w.AcceptInvitation(w.ctx(), guest.ID, bad); !errors.Is(err, ErrInvitation) {
			t.Errorf("accept %.20q: %v", bad, err)
		}
		user := newUser("late")
		user.TeamName, user.InvitationToken = "", bad
		if bad == "" {
			continue // then a team's name is wanted
		}
		if _, err := w.SignUp(w.ctx(), user); !errors.Is(err, ErrInvitation) {
			t.Errorf("sign up with %.20q: %v", bad, err)
		}
	}
	open, err := w.OpenInvitations(w.ctx(), team.ID)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "open", len(open), 0)
}

func TestAnInvitationThatExpiresBeforeTheLockIsRefusedUnderIt(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("owner")
	guest, _ := w.signUp("guest")
	w.invite(team, models.RoleMember)
	open, err := w.OpenInvitations(w.ctx(), team.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Pool.Exec(w.ctx(), `UPDATE invitations SET expires_at = clock_timestamp()`); err != nil {
		t.Fatal(err)
	}
	_, err = w.ledger.Update(w.ctx(), ledger.Change{
		Team: team.ID, Actor: guest.ID, Lookups: []ledger.Want{w.rows.invitations.Want(open[0].ID)},
		Decide: func(tx *ledger.Tx) error { return w.accept(tx, open[0].ID, guest.ID) },
	})
	if !errors.Is(err, ErrInvitation) {
		t.Errorf("got %v", err)
	}
}

func TestSigningUpByInvitationJoinsThatTeamAndLeavesTheGiftForAnOwnOne(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("owner")
	user := newUser("guest")
	user.TeamName, user.InvitationToken = "", w.invite(team, models.RoleAdmin)
	guest, err := w.SignUp(w.ctx(), user)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "team", w.teamOf(guest).ID, team.ID)
	want(t, "teams", w.count(`SELECT count(*) FROM teams`), 1)
	want(t, "the host's tokens", w.available(team.ID), welcomeTokens)
	own, err := w.CreateTeam(w.ctx(), guest.ID, "Own", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	want(t, "the own team's tokens", w.available(own.ID), welcomeTokens)

	// A taken e-mail leaves the invitation open.
	user.InvitationToken = w.invite(team, models.RoleViewer)
	if _, err := w.SignUp(w.ctx(), user); !errors.Is(err, ErrEmailTaken) {
		t.Errorf("got %v", err)
	}
	if _, err := w.InvitationByToken(w.ctx(), user.InvitationToken); err != nil {
		t.Errorf("the invitation of the refused: %v", err)
	}
	w.checked()
}
