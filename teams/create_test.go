package teams

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"productgenerator/models"
)

func TestTheFirstTeamThatAUserCreatesGetsTheWelcomeGiftAndNoLaterOne(t *testing.T) {
	w := newWorld(t)
	user, first := w.signUp("ann")
	second, err := w.CreateTeam(w.ctx(), user.ID, "Second", "America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	want(t, "the first team's tokens", w.available(first.ID), welcomeTokens)
	want(t, "the second team's tokens", w.available(second.ID), 0)
	want(t, "the second team's zone", w.balance(second.ID).TimeZone, "America/New_York")
	want(t, "its daily limit", w.balance(second.ID).DailyLimit.API(), 650)
	member, err := w.Membership(w.ctx(), Place{second.ID, user.ID})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "role", member.Role, models.RoleOwner)
	w.checked()
}

func TestOfManyFirstTeamsCreatedAtOnceOnTwoProcessesOneGetsTheGift(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("host")
	guest, err := w.SignUp(w.ctx(), NewUser{
		Email: "guest@example.com", Name: "guest", PasswordHash: "-", Locale: "es",
		InvitationToken: w.invite(team, models.RoleMember),
	})
	if err != nil {
		t.Fatal(err)
	}
	processes := []*Teams{w.Teams, newTeams(t, w.db)}
	created := make([]models.Team, 16)
	for i, err := range atOnce(len(created), func(i int) (err error) {
		created[i], err = processes[i%2].CreateTeam(w.ctx(), guest.ID, "Team", "UTC")
		return err
	}) {
		if err != nil {
			t.Errorf("team %d: %v", i, err)
		}
	}
	gifted := 0
	for _, team := range created {
		if w.available(team.ID) == welcomeTokens {
			gifted++
		}
	}
	want(t, "teams with a gift", gifted, 1)
	want(t, "gifts", w.count(`SELECT count(*) FROM grants WHERE effect_key = $1`, "welcome:"+string(guest.ID)), 1)
	want(t, "teams", w.count(`SELECT count(*) FROM memberships WHERE user_id = $1 AND role = 'OWNER'`, guest.ID), 16)
	w.checked()
}

func TestATeamWaitsForWhoGivesTheGiftToAnotherOne(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("host")
	invited := newUser("guest")
	invited.TeamName, invited.InvitationToken = "", w.invite(team, models.RoleMember)
	guest, err := w.SignUp(w.ctx(), invited)
	if err != nil {
		t.Fatal(err)
	}
	other, err := w.db.Pool.Begin(w.ctx())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(w.ctx(), `UPDATE users SET welcomed_at = now() WHERE id = $1`, guest.ID); err != nil {
		t.Fatal(err)
	}
	var created models.Team
	done := make(chan error, 1)
	go func() {
		var err error
		created, err = w.CreateTeam(w.ctx(), guest.ID, "Team", "UTC")
		done <- err
	}()
	w.waitFor(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
	if err := other.Commit(w.ctx()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	want(t, "tokens", w.available(created.ID), 0)
	w.checked()
}

func TestATeamNeedsANameAndAZoneThatExists(t *testing.T) {
	w := newWorld(t)
	user, _ := w.signUp("ann")
	for _, test := range []struct {
		name, zone string
		faults     string
	}{
		{"", "UTC", "bad input: name: REQUIRED"},
		{" \t ", "UTC", "bad input: name: REQUIRED"},
		{strings.Repeat("ñ", 101), "UTC", "bad input: name: TOO_LONG"},
		{"a\nb", "UTC", "bad input: name: INVALID"},
		{"Team", "", "bad input: timeZone: REQUIRED"},
		{"Team", "Local", "bad input: timeZone: INVALID"},
		{"Team", "Mars/Olympus", "bad input: timeZone: INVALID"},
		{"Team", "../etc/passwd", "bad input: timeZone: INVALID"},
		{"Team", "right/Europe/Madrid", "bad input: timeZone: INVALID"},
		{"Team", "localtime", "bad input: timeZone: INVALID"},
		{"", "Mars", "bad input: name: REQUIRED, timeZone: INVALID"},
	} {
		_, err := w.CreateTeam(w.ctx(), user.ID, test.name, test.zone)
		faults, ok := errors.AsType[models.FieldErrors](err)
		if !ok || faults.Error() != test.faults {
			t.Errorf("%q in %q: got %v, want %s", test.name, test.zone, err, test.faults)
		}
	}
	for _, zone := range []string{"UTC", "Europe/Madrid", "Asia/Kathmandu", "Etc/GMT+5", "America/Argentina/Buenos_Aires"} {
		if _, err := w.CreateTeam(w.ctx(), user.ID, " "+strings.Repeat("ñ", 100)+" ", zone); err != nil {
			t.Errorf("%s: %v", zone, err)
		}
	}
	want(t, "teams", w.count(`SELECT count(*) FROM teams`), 6)
}

func TestNobodyWhoIsNoUserCreatesATeam(t *testing.T) {
	w := newWorld(t)
	_, err := w.CreateTeam(w.ctx(), models.NewUserID(w.now()), "Team", "UTC")
	if !errors.Is(err, models.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	want(t, "balances left behind", w.count(`SELECT count(*) FROM balances`), 0)
}

func TestSigningUpMakesUserTeamMembershipAndGiftTogether(t *testing.T) {
	w := newWorld(t)
	user, err := w.SignUp(w.ctx(), NewUser{
		Email: "Ann@Example.com", Name: "  Ann  ", PasswordHash: "hash", Locale: "es", TeamName: " Shop ",
	})
	if err != nil {
		t.Fatal(err)
	}
	team := w.teamOf(user)
	want(t, "name", user.Name, "Ann")
	want(t, "team's name", team.Name, "Shop")
	want(t, "hash told", user.PasswordHash, "")
	want(t, "zone", w.balance(team.ID).TimeZone, "UTC")
	want(t, "tokens", w.available(team.ID), welcomeTokens)
	stored := w.count(`
SELECT count(*) FROM users
WHERE id = $1 AND email = 'Ann@Example.com' AND locale = 'es' AND password_hash = 'hash' AND platform_role = 'USER'
	AND welcomed_at = created_at`, user.ID)
	want(t, "stored users", stored, 1)
	entries, err := w.ledger.Entries(w.ctx(), team.ID, noFilter(), firstPage())
	if err != nil {
		t.Fatal(err)
	}
	entry := entries.Edges[0].Node
	want(t, "kind of the line", entry.Kind, models.EntryGrant)
	if entry.ActorID != nil {
		t.Errorf("actor: %v, want the system", *entry.ActorID)
	}
	w.checked()
}

func TestAnEmailIsTakenInAnyCaseAndByOneOfManyAtOnce(t *testing.T) {
	w := newWorld(t)
	w.signUp("ann")
	again := newUser("x")
	again.Email = "ANN@example.COM"
	if _, err := w.SignUp(w.ctx(), again); !errors.Is(err, ErrEmailTaken) {
		t.Errorf("got %v", err)
	}

	processes := []*Teams{w.Teams, newTeams(t, w.db)}
	signedUp := 0
	for _, err := range atOnce(16, func(i int) error {
		racer := newUser("racer")
		if i%3 == 0 {
			racer.Email = "RACER@example.com"
		}
		_, err := processes[i%2].SignUp(w.ctx(), racer)
		return err
	}) {
		switch {
		case err == nil:
			signedUp++
		case !errors.Is(err, ErrEmailTaken):
			t.Errorf("got %v", err)
		}
	}
	want(t, "signed up", signedUp, 1)
	want(t, "users", w.count(`SELECT count(*) FROM users WHERE lower(email) = 'racer@example.com'`), 1)
	want(t, "teams", w.count(`SELECT count(*) FROM teams`), 2)
	want(t, "balances", w.count(`SELECT count(*) FROM balances`), 2)
	w.checked()
}

func TestATimeZoneIsWrittenAsIANAWritesItWhereverItIsGiven(t *testing.T) {
	w := newWorld(t)
	user, team := w.signUp("ann")
	for _, zone := range []string{"Europe//Madrid", "./Europe/Madrid", "Europe/./Madrid", "Europe/Madrid/", "/Europe/Madrid"} {
		_, creating := w.CreateTeam(w.ctx(), user.ID, "Lamps", zone)
		_, updating := w.UpdateTeam(w.ctx(), TeamChange{Team: team.ID, Actor: user.ID, TimeZone: to(zone)})
		newcomer := newUser("bob")
		newcomer.TimeZone = zone
		for what, err := range map[string]error{"create": creating, "update": updating, "sign up": newcomer.Check()} {
			if faults, ok := errors.AsType[models.FieldErrors](err); !ok || faults.Error() != "bad input: timeZone: INVALID" {
				t.Errorf("%s with %s: %v", what, zone, err)
			}
		}
	}
}

func TestWhoSignsUpChoosesATeamOrAnInvitation(t *testing.T) {
	for _, test := range []struct {
		change func(*NewUser)
		faults string
	}{
		{func(n *NewUser) { n.TeamName = "" }, "bad input: teamName: REQUIRED"},
		{func(n *NewUser) { n.InvitationToken = "pgi_x" }, "bad input: teamName: INVALID"},
		{func(n *NewUser) { n.TimeZone = "Nowhere" }, "bad input: timeZone: INVALID"},
		{func(n *NewUser) { n.Name, n.TeamName = "\x00", "" }, "bad input: name: INVALID, teamName: REQUIRED"},
	} {
		user := newUser("ann")
		test.change(&user)
		if diff := cmp.Diff(test.faults, user.Check().Error()); diff != "" {
			t.Error(diff)
		}
	}
}
