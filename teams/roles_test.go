package teams

import (
	"errors"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
)

// seats is a team with somebody in each role, and their places.
type seats struct {
	*world
	team   models.Team
	users  map[models.TeamRole]models.User
	places map[models.TeamRole]models.Membership
}

// allRoles are the roles, the least first.
func allRoles() []models.TeamRole {
	return []models.TeamRole{models.RoleViewer, models.RoleMember, models.RoleAdmin, models.RoleOwner}
}

func newSeats(t *testing.T) *seats {
	t.Helper()
	s := &seats{world: newWorld(t), users: map[models.TeamRole]models.User{}, places: map[models.TeamRole]models.Membership{}}
	_, s.team = s.signUp("founder")
	for _, role := range allRoles() {
		s.users[role], _ = s.signUp("the-" + string(role))
		s.places[role] = s.join(s.team, s.users[role], role)
	}
	return s
}

// change changes the place of who sits there as who sits as by.
func (s *seats) change(by models.TeamRole, place models.TeamRole, change MemberChange) (models.Membership, error) {
	s.t.Helper()
	change.ID, change.Actor = s.places[place].ID, s.users[by].ID
	return s.UpdateMember(s.ctx(), change)
}

// restore gives everybody the role back that they began with.
func (s *seats) restore() {
	s.t.Helper()
	for role, place := range s.places {
		if _, err := s.db.Pool.Exec(s.t.Context(), `UPDATE memberships SET role = $2, daily_limit = NULL WHERE id = $1`, place.ID, role); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestRolesAreGivenByThoseWhoMay(t *testing.T) {
	s := newSeats(t)
	// Whom, by whom, as what: all others are forbidden. Seats of one role are one person: stepping down is among them.
	may := map[[3]models.TeamRole]bool{}
	allow := func(by, place models.TeamRole, roles ...models.TeamRole) {
		for _, role := range roles {
			may[[3]models.TeamRole{by, place, role}] = true
		}
	}
	viewer, member, admin, owner := models.RoleViewer, models.RoleMember, models.RoleAdmin, models.RoleOwner
	allow(viewer, viewer, viewer)
	allow(member, member, viewer, member)
	allow(admin, admin, viewer, member, admin)
	allow(admin, viewer, viewer, member)
	allow(admin, member, viewer, member)
	for _, place := range allRoles() {
		allow(owner, place, allRoles()...)
	}
	for _, by := range allRoles() {
		for _, place := range allRoles() {
			for _, role := range allRoles() {
				changed, err := s.change(by, place, MemberChange{Role: to(role)})
				switch {
				case may[[3]models.TeamRole{by, place, role}]:
					if err != nil || changed.Role != role || changed.ID != s.places[place].ID {
						t.Errorf("%s makes %s %s: got %+v, %v", by, place, role, changed, err)
					}
				case !errors.Is(err, models.ErrForbidden):
					t.Errorf("%s makes %s %s: got %v", by, place, role, err)
				}
				s.restore()
			}
		}
	}
}

func TestAdminsSetLimitsOfMembersAndTheirOwn(t *testing.T) {
	s := newSeats(t)
	for _, by := range allRoles() {
		for _, place := range allRoles() {
			changed, err := s.change(by, place, MemberChange{DailyLimit: to[models.Tokens](45)})
			if !by.Includes(models.RoleAdmin) {
				if !errors.Is(err, models.ErrForbidden) {
					t.Errorf("%s limits %s: got %v", by, place, err)
				}
				continue
			}
			if err != nil || changed.DailyLimit == nil || *changed.DailyLimit != 45 || changed.Role != place {
				t.Errorf("%s limits %s: got %+v, %v", by, place, changed, err)
			}
			kept, err := s.change(models.RoleOwner, place, MemberChange{Role: to(place)})
			if err != nil || kept.DailyLimit == nil {
				t.Errorf("left out: got %+v, %v", kept, err)
			}
			freed, err := s.change(by, place, MemberChange{DailyLimit: cleared[models.Tokens]()})
			if err != nil || freed.DailyLimit != nil {
				t.Errorf("%s frees %s: got %+v, %v", by, place, freed, err)
			}
		}
	}
}

func TestARoleAndALimitAreChangedTogetherOrNotAtAll(t *testing.T) {
	s := newSeats(t)
	both, err := s.change(models.RoleAdmin, models.RoleViewer, MemberChange{Role: to(models.RoleMember), DailyLimit: to[models.Tokens](7)})
	if err != nil || both.Role != models.RoleMember || both.DailyLimit == nil || *both.DailyLimit != 7 {
		t.Errorf("both: got %+v, %v", both, err)
	}
	stays := func(place models.TeamRole) {
		t.Helper()
		stored, err := s.MembershipByID(s.ctx(), s.places[place].ID)
		if err != nil || stored.Role != place || stored.DailyLimit != nil {
			t.Errorf("it was changed: %+v, %v", stored, err)
		}
	}
	// The limit alone would be allowed, the role is not.
	_, err = s.change(models.RoleAdmin, models.RoleMember, MemberChange{Role: to(models.RoleAdmin), DailyLimit: to[models.Tokens](7)})
	if !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a role too high: got %v", err)
	}
	// Stepping down alone would be allowed, the limit is not.
	_, err = s.change(models.RoleMember, models.RoleMember, MemberChange{Role: to(models.RoleViewer), DailyLimit: to[models.Tokens](7)})
	if !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a limit of one's own: got %v", err)
	}
	_, err = s.change(models.RoleOwner, models.RoleMember, MemberChange{Role: cleared[models.TeamRole](), DailyLimit: to[models.Tokens](-1)})
	if faults, ok := errors.AsType[models.FieldErrors](err); !ok || faults.Error() != "bad input: role: REQUIRED, dailyLimit: OUT_OF_RANGE" {
		t.Errorf("bad input: got %v", err)
	}
	stays(models.RoleMember)
}

func TestTheLastOwnerStays(t *testing.T) {
	w := newWorld(t)
	owner, team := w.signUp("owner")
	admin, _ := w.signUp("admin")
	adminsPlace := w.join(team, admin, models.RoleAdmin)
	place, err := w.Membership(w.ctx(), Place{team.ID, owner.ID})
	if err != nil {
		t.Fatal(err)
	}
	stepDown := MemberChange{ID: place.ID, Actor: owner.ID, Role: to(models.RoleMember), DailyLimit: to[models.Tokens](3)}
	_, err = w.UpdateMember(w.ctx(), stepDown)
	if faults, ok := errors.AsType[models.FieldErrors](err); !ok || faults.Error() != "bad input: role: LAST_OWNER" {
		t.Errorf("the last owner steps down: %v", err)
	}
	if kept, err := w.UpdateMember(w.ctx(), MemberChange{ID: place.ID, Actor: owner.ID, Role: to(models.RoleOwner)}); err != nil || kept.DailyLimit != nil {
		t.Errorf("the last owner stays: %+v, %v", kept, err)
	}
	if _, err := w.UpdateMember(w.ctx(), MemberChange{ID: adminsPlace.ID, Actor: owner.ID, Role: to(models.RoleOwner)}); err != nil {
		t.Fatal(err)
	}
	if down, err := w.UpdateMember(w.ctx(), stepDown); err != nil || down.Role != models.RoleMember {
		t.Errorf("one of two owners steps down: %+v, %v", down, err)
	}
}

func TestOwnersWhoLowerEachOtherAtOnceLeaveOne(t *testing.T) {
	w := newWorld(t)
	other := newTeams(t, w.db) // a second process
	for range 5 {
		_, team := w.signUp("founder" + string(models.NewTeamID(time.Now())))
		var places []models.Membership
		founder, err := w.Membership(w.ctx(), Place{team.ID, team.CreatedBy})
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, founder)
		for range 3 {
			user, _ := w.signUp("owner" + string(models.NewUserID(time.Now())))
			places = append(places, w.join(team, user, models.RoleOwner))
		}
		// Everybody lowers the next one.
		errs := atOnce(len(places), func(i int) error {
			process := w.Teams
			if i%2 == 1 {
				process = other
			}
			_, err := process.UpdateMember(w.ctx(), MemberChange{
				ID: places[(i+1)%len(places)].ID, Actor: places[i].UserID, Role: to(models.RoleMember),
			})
			return err
		})
		lowered := 0
		for _, err := range errs {
			var faults models.FieldErrors
			switch {
			case err == nil:
				lowered++
			case errors.Is(err, models.ErrForbidden), errors.As(err, &faults):
			default:
				t.Error(err)
			}
		}
		left := w.count(`SELECT count(*) FROM memberships WHERE team_id = $1 AND role = 'OWNER'`, team.ID)
		want(t, "owners and those lowered", left+lowered, len(places))
		if left == 0 {
			t.Error("no owner is left")
		}
	}
}

func TestAllOwnersSteppingDownAtOnceLeaveOne(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("founder")
	founder, err := w.Membership(w.ctx(), Place{team.ID, team.CreatedBy})
	if err != nil {
		t.Fatal(err)
	}
	places := []models.Membership{founder}
	for _, name := range []string{"ann", "bob", "cid", "dee", "eve"} {
		user, _ := w.signUp(name)
		places = append(places, w.join(team, user, models.RoleOwner))
	}
	refused := 0
	for _, err := range atOnce(len(places), func(i int) error {
		_, err := w.UpdateMember(w.ctx(), MemberChange{ID: places[i].ID, Actor: places[i].UserID, Role: to(models.RoleAdmin)})
		return err
	}) {
		if err == nil {
			continue
		}
		refused++
		if faults, ok := errors.AsType[models.FieldErrors](err); !ok || faults[0].Code != models.FieldLastOwner {
			t.Error(err)
		}
	}
	want(t, "refused", refused, 1)
	want(t, "owners", w.count(`SELECT count(*) FROM memberships WHERE team_id = $1 AND role = 'OWNER'`, team.ID), 1)
}

func TestOwnersWhoStepDownInOneTransactionLeaveOne(t *testing.T) {
	w := newWorld(t)
	founder, team := w.signUp("founder")
	second, _ := w.signUp("second")
	token := w.invite(team, models.RoleOwner)
	invitation, err := w.InvitationByToken(w.ctx(), token)
	if err != nil {
		t.Fatal(err)
	}
	down := func(tx *ledger.Tx, user models.UserID) error {
		return w.updateMember(tx, MemberChange{Actor: user, Role: to(models.RoleViewer)}, user)
	}
	// What changes that share a transaction see of each other, as one change.
	var alone, first, last error
	_, err = w.ledger.Update(w.ctx(), ledger.Change{
		Team: team.ID, Actor: founder.ID, Members: []models.UserID{second.ID},
		Lookups: []ledger.Want{w.rows.owners.Want(team.ID), w.rows.invitations.Want(invitation.ID)},
		Decide: func(tx *ledger.Tx) error {
			alone = down(tx, founder.ID)
			if err := w.accept(tx, invitation.ID, second.ID); err != nil {
				return err
			}
			first, last = down(tx, founder.ID), down(tx, second.ID)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, refused := range []error{alone, last} {
		if faults, ok := errors.AsType[models.FieldErrors](refused); !ok || faults[0].Code != models.FieldLastOwner {
			t.Errorf("the last owner steps down: got %v", refused)
		}
	}
	if first != nil {
		t.Errorf("one of two owners steps down: got %v", first)
	}
	want(t, "owners", w.count(`SELECT count(*) FROM memberships WHERE team_id = $1 AND role = 'OWNER' AND user_id = $2`, team.ID, second.ID), 1)
}

func TestPlacesInOtherTeamsAreNotFound(t *testing.T) {
	s := newSeats(t)
	stranger, _ := s.signUp("stranger")
	for _, id := range []models.MembershipID{s.places[models.RoleViewer].ID, models.NewMembershipID(time.Now()), "member_nonsense"} {
		_, err := s.UpdateMember(s.ctx(), MemberChange{ID: id, Actor: stranger.ID, Role: to(models.RoleViewer)})
		if !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s: got %v", id, err)
		}
	}
}

func TestAMembersLimitHoldsFromTheNextRequestOnAndWarns(t *testing.T) {
	s := newSeats(t)
	user := s.users[models.RoleMember].ID
	spend := func(tokens models.Tokens) []models.Blocker {
		t.Helper()
		_, err := s.ledger.Update(s.ctx(), ledger.Change{Team: s.team.ID, Actor: user, Decide: func(tx *ledger.Tx) error {
			return tx.Reserve(user, ledger.ReserveRequest{
				Generation: models.NewGenerationID(tx.Now()), Product: "product_1", Operation: models.OperationSearchImages,
				Parts: []ledger.PartCost{{Part: models.PartImages, Tokens: tokens}},
			})
		}})
		var refusal *models.Refusal
		if err != nil && !errors.As(err, &refusal) {
			t.Fatal(err)
		}
		if refusal == nil {
			return nil
		}
		return refusal.Blockers
	}
	want(t, "blockers without a limit", len(spend(40)), 0)
	if _, err := s.change(models.RoleAdmin, models.RoleMember, MemberChange{DailyLimit: to[models.Tokens](50)}); err != nil {
		t.Fatal(err)
	}
	want(t, "warnings of the limit that is near now", s.count(`
SELECT count(*) FROM limit_warnings WHERE team_id = $1 AND kind = 'MEMBER_LIMIT_NEAR' AND member_id = $2`, s.team.ID, user), 1)
	blockers := spend(11)
	if len(blockers) != 1 || blockers[0].MemberID != user || blockers[0].RemainingToday != 10 || blockers[0].DailyLimit != 50 ||
		blockers[0].ClearableBy != models.RoleAdmin || blockers[0].LimitSource != "" || blockers[0].ClearsAt == nil {
		t.Errorf("11 of the 10 left: %+v", blockers)
	}
	want(t, "blockers of the rest", len(spend(10)), 0)
	if _, err := s.change(models.RoleAdmin, models.RoleMember, MemberChange{DailyLimit: cleared[models.Tokens]()}); err != nil {
		t.Fatal(err)
	}
	want(t, "blockers without it again", len(spend(11)), 0)
}
