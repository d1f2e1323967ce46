package teams

import (
	"errors"
	"strings"
	"testing"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
)

// to is a field of an update that is given.
func to[T any](value T) Field[T] { return Field[T]{Given: true, Value: &value} }

// cleared is a field of an update that is given as null.
func cleared[T any]() Field[T] { return Field[T]{Given: true} }

// update changes the team as its creator.
func (w *world) update(team models.Team, change TeamChange) models.Team {
	w.t.Helper()
	change.Team, change.Actor = team.ID, team.CreatedBy
	updated, err := w.UpdateTeam(w.ctx(), change)
	if err != nil {
		w.t.Fatalf("%+v: %v", change, err)
	}
	return updated
}

func TestATeamIsChangedWhereSomethingIsGivenAndStaysElsewhere(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("owner")
	shows := func(name string, own, limit, threshold models.Tokens) {
		t.Helper()
		stored, err := w.Team(w.ctx(), team.ID)
		if err != nil {
			t.Fatal(err)
		}
		balance := w.balance(team.ID)
		want(t, "name", stored.Name, name)
		want(t, "own limit", models.LimitFrom(balance.OwnDailyLimit).API(), own)
		want(t, "limit in force", balance.DailyLimit.API(), limit)
		want(t, "threshold", balance.LowBalanceThreshold, threshold)
	}
	w.update(team, TeamChange{})
	shows("owner's team", -1, 650, 130)
	want(t, "the name answered", w.update(team, TeamChange{Name: to("  Lamps ")}).Name, "Lamps")
	shows("Lamps", -1, 650, 130)
	w.update(team, TeamChange{DailyLimit: to[models.Tokens](100), LowBalanceThreshold: to[models.Tokens](0)})
	shows("Lamps", 100, 100, 0)
	w.update(team, TeamChange{DailyLimit: to[models.Tokens](0), LowBalanceThreshold: to(MaxLowBalanceThreshold)})
	shows("Lamps", 0, 0, MaxLowBalanceThreshold)
	w.update(team, TeamChange{DailyLimit: to[models.Tokens](1_000)}) // looser than the platform's
	shows("Lamps", 1_000, 650, MaxLowBalanceThreshold)
	w.update(team, TeamChange{DailyLimit: cleared[models.Tokens](), Name: to("Owls")})
	shows("Owls", -1, 650, MaxLowBalanceThreshold)
	w.checked()
}

func TestAnAlertRuleFollowsTheThresholdThatItStandsAt(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("owner")
	at := func(threshold int) int {
		return w.count(`SELECT count(*) FROM alert_rules WHERE team_id = $1 AND metric = 'AVAILABLE_TOKENS_BELOW' AND threshold = $2`,
			team.ID, threshold)
	}
	want(t, "rules at 130", at(130), 1)
	w.update(team, TeamChange{LowBalanceThreshold: to[models.Tokens](40)})
	want(t, "rules at 130", at(130), 0)
	want(t, "rules at 40", at(40), 1)
}

func TestBadSettingsAreNamedTogetherAndNothingIsChanged(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("owner")
	before := w.balance(team.ID).Version
	for _, test := range []struct {
		change TeamChange
		faults string
	}{
		{
			TeamChange{Name: to(" "), TimeZone: to(""), DailyLimit: to[models.Tokens](-1), LowBalanceThreshold: to[models.Tokens](-1)},
			"name: REQUIRED, timeZone: REQUIRED, dailyLimit: OUT_OF_RANGE, lowBalanceThreshold: OUT_OF_RANGE",
		},
		{
			TeamChange{
				Name: cleared[string](), TimeZone: cleared[string](), DailyLimit: cleared[models.Tokens](),
				LowBalanceThreshold: cleared[models.Tokens](),
			},
			"name: REQUIRED, timeZone: REQUIRED, lowBalanceThreshold: REQUIRED",
		},
		{
			TeamChange{Name: to(strings.Repeat("é", 101)), LowBalanceThreshold: to(MaxLowBalanceThreshold + 1)},
			"name: TOO_LONG, lowBalanceThreshold: OUT_OF_RANGE",
		},
		{TeamChange{Name: to("Lamps\nOwls"), DailyLimit: to[models.Tokens](5)}, "name: INVALID"},
		{TeamChange{Name: to("Lamps"), TimeZone: to("Local")}, "timeZone: INVALID"},
		{TeamChange{DailyLimit: to[models.Tokens](5), TimeZone: to("Europe/Atlantis")}, "timeZone: INVALID"},
		{TeamChange{TimeZone: to("../etc/localtime")}, "timeZone: INVALID"},
	} {
		test.change.Team, test.change.Actor = team.ID, team.CreatedBy
		_, err := w.UpdateTeam(w.ctx(), test.change)
		faults, ok := errors.AsType[models.FieldErrors](err)
		if !ok || faults.Error() != "bad input: "+test.faults {
			t.Errorf("got %v, want %s", err, test.faults)
		}
	}
	stored, err := w.Team(w.ctx(), team.ID)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "the name", stored.Name, "owner's team")
	want(t, "the version", w.balance(team.ID).Version, before)
}

func TestATimeZoneIsPendingUntilItTakesEffectAndIsChangedOnceADay(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("owner") // in Madrid
	now := w.update(team, TeamChange{TimeZone: to("America/New_York"), Name: to("Lamps")})
	want(t, "the name", now.Name, "Lamps")
	balance := w.balance(team.ID)
	want(t, "zone", balance.TimeZone, "Europe/Madrid")
	if balance.PendingTimeZone == nil || *balance.PendingTimeZone != "America/New_York" {
		t.Fatalf("pending: %v", balance.PendingTimeZone)
	}
	if lead := balance.PendingTimeZoneAt.Sub(balance.ResetsAt); lead < 20*time.Hour || lead > 45*time.Hour {
		t.Errorf("it takes effect %s behind the next midnight", lead)
	}

	_, err := w.UpdateTeam(w.ctx(), TeamChange{
		Team: team.ID, Actor: team.CreatedBy, TimeZone: to("Asia/Tokyo"), Name: to("Owls"), DailyLimit: to[models.Tokens](1),
	})
	refusal, ok := errors.AsType[*ledger.ZoneRefusal](err)
	if !ok || !refusal.Until.Equal(*balance.PendingTimeZoneAt) {
		t.Errorf("another zone: got %v, want a refusal until %s", err, balance.PendingTimeZoneAt)
	}
	again := w.update(team, TeamChange{TimeZone: to("America/New_York")})
	want(t, "the name behind a refused change", again.Name, "Lamps")
	after := w.balance(team.ID)
	want(t, "the limit behind a refused change", after.DailyLimit.API(), 650)
	want(t, "the version behind what changed nothing", after.Version, balance.Version)

	w.update(team, TeamChange{TimeZone: to("Europe/Madrid")})
	if taken := w.balance(team.ID); taken.PendingTimeZone != nil || taken.PendingTimeZoneAt != nil {
		t.Errorf("taken back, but pending is %v", *taken.PendingTimeZone)
	}
	w.checked()
}

func TestOnlyAdminsOfATeamChangeIt(t *testing.T) {
	w := newWorld(t)
	_, team := w.signUp("owner")
	for role, allowed := range map[models.TeamRole]error{
		models.RoleViewer: models.ErrForbidden, models.RoleMember: models.ErrForbidden, models.RoleAdmin: nil, models.RoleOwner: nil,
	} {
		user, _ := w.signUp("the-" + string(role))
		w.join(team, user, role)
		_, err := w.UpdateTeam(w.ctx(), TeamChange{Team: team.ID, Actor: user.ID, Name: to(string(role))})
		if !errors.Is(err, allowed) {
			t.Errorf("%s: got %v, want %v", role, err, allowed)
		}
	}
	stranger, own := w.signUp("stranger")
	for _, id := range []models.TeamID{team.ID, models.NewTeamID(time.Now())} {
		_, err := w.UpdateTeam(w.ctx(), TeamChange{Team: id, Actor: stranger.ID, Name: to("Mine")})
		if !errors.Is(err, models.ErrNotFound) {
			t.Errorf("a stranger: got %v", err)
		}
	}
	want(t, "the stranger's own", w.update(own, TeamChange{Name: to("Mine")}).Name, "Mine")
}

func TestARoleThatIsLostMeanwhileNoLongerChangesTheTeam(t *testing.T) {
	w := newWorld(t)
	owner, team := w.signUp("owner")
	admin, _ := w.signUp("admin")
	place := w.join(team, admin, models.RoleAdmin)
	errs := atOnce(2, func(i int) error {
		if i == 0 {
			_, err := w.UpdateMember(w.ctx(), MemberChange{ID: place.ID, Actor: owner.ID, Role: to(models.RoleViewer)})
			return err
		}
		_, err := w.UpdateTeam(w.ctx(), TeamChange{Team: team.ID, Actor: admin.ID, Name: to("Mine")})
		return err
	})
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	stored, err := w.Team(w.ctx(), team.ID)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "the name as the answer was", stored.Name == "Mine", errs[1] == nil)
	_, err = w.UpdateTeam(w.ctx(), TeamChange{Team: team.ID, Actor: admin.ID, Name: to("Late")})
	if !errors.Is(err, models.ErrForbidden) {
		t.Errorf("afterwards: got %v", err)
	}
}
