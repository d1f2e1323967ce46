package teams

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/models"
)

func TestMembersArePagedInTheOrderTheyJoined(t *testing.T) {
	w := newWorld(t)
	owner, team := w.signUp("owner")
	users := []models.UserID{owner.ID}
	for _, name := range []string{"a", "b", "c", "d"} {
		user, _ := w.signUp(name)
		w.join(team, user, models.RoleMember)
		users = append(users, user.ID)
	}
	var read []models.UserID
	page := models.Page{Size: 2}
	for {
		members, err := w.Members(w.ctx(), team.ID, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, member := range members.Nodes() {
			read = append(read, member.UserID)
		}
		if !members.PageInfo.HasNextPage {
			break
		}
		size := page.Size
		if page, err = models.NewPage(&size, members.PageInfo.EndCursor, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(users, read); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	for _, cursor := range []string{"x", "team_01h455vb4pex5vsknk084sn02q", "\x00", "\xff"} {
		if _, err := w.Members(w.ctx(), team.ID, models.Page{Size: 1, Cursor: cursor}); !errors.Is(err, models.ErrPageCursor) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
}

func TestAnothersMembershipsAreThoseInSharedTeams(t *testing.T) {
	w := newWorld(t)
	ann, annsTeam := w.signUp("ann")
	bob, _ := w.signUp("bob")
	eve, _ := w.signUp("eve")
	w.join(annsTeam, bob, models.RoleMember)
	teamsOf := func(user models.UserID, viewer *models.UserID) (count int) {
		t.Helper()
		found, err := w.MembershipsOf(w.ctx(), []models.UserID{user}, viewer)
		if err != nil {
			t.Fatal(err)
		}
		return len(found[user])
	}
	want(t, "bob's, as bob sees them", teamsOf(bob.ID, &bob.ID), 2)
	want(t, "bob's, as ann sees them", teamsOf(bob.ID, &ann.ID), 1)
	want(t, "bob's, as eve sees them", teamsOf(bob.ID, &eve.ID), 0)
	want(t, "bob's, all", teamsOf(bob.ID, nil), 2)
}

func TestMembershipsAreReadByPlace(t *testing.T) {
	w := newWorld(t)
	ann, annsTeam := w.signUp("ann")
	bob, bobsTeam := w.signUp("bob")
	taken := []Place{{annsTeam.ID, ann.ID}, {bobsTeam.ID, bob.ID}}
	free := []Place{{annsTeam.ID, bob.ID}, {bobsTeam.ID, ann.ID}, {models.NewTeamID(time.Now()), ann.ID}}
	found, err := w.Memberships(w.ctx(), append(taken, free...))
	if err != nil {
		t.Fatal(err)
	}
	want(t, "found", len(found), 2)
	for _, place := range taken {
		want(t, "role", found[place].Role, models.RoleOwner)
	}
	for _, place := range free {
		if _, err := w.Membership(w.ctx(), place); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%v: %v", place, err)
		}
	}
}

func TestAdministratorsSearchTeamsByNameOwnerAndPlan(t *testing.T) {
	w := newWorld(t)
	ann, annsTeam := w.signUp("ann")
	_, bobsTeam := w.signUp("bob")
	guest, guestsTeam := w.signUp("guest")
	w.join(annsTeam, guest, models.RoleMember)
	percent, err := w.CreateTeam(w.ctx(), ann.ID, "100%_Ñandú", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.SetPlan(w.ctx(), PlanChange{Team: bobsTeam.ID, Plan: models.PlanEnterprise}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		filter Filter
		want   []models.TeamID
	}{
		{Filter{}, []models.TeamID{percent.ID, guestsTeam.ID, bobsTeam.ID, annsTeam.ID}},
		{Filter{Search: "BOB"}, []models.TeamID{bobsTeam.ID}},
		{Filter{Search: "ann@EXAMPLE"}, []models.TeamID{percent.ID, annsTeam.ID}},
		{Filter{Search: "guest@"}, []models.TeamID{guestsTeam.ID}},
		{Filter{Search: "%_"}, []models.TeamID{percent.ID}},
		{Filter{Search: "ñandú"}, []models.TeamID{percent.ID}},
		{Filter{Search: "no such team"}, []models.TeamID{}},
		{Filter{Search: " \x00\xff "}, []models.TeamID{percent.ID, guestsTeam.ID, bobsTeam.ID, annsTeam.ID}},
		{Filter{Plan: models.PlanEnterprise}, []models.TeamID{bobsTeam.ID}},
		{Filter{Plan: models.PlanEnterprise, Search: "ann"}, []models.TeamID{}},
	} {
		found, err := w.Search(w.ctx(), test.filter, firstPage())
		if err != nil {
			t.Fatal(err)
		}
		got := []models.TeamID{}
		for _, team := range found.Nodes() {
			got = append(got, team.ID)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.filter, diff)
		}
	}
}
