package auth

import (
	"errors"
	"sync"
	"testing"

	"gorm.io/gorm"

	"productgenerator/models"
)

const (
	adminEmail    = "admin@example.com"
	adminPassword = "a good password"
)

func (w *world) administrator() models.User {
	w.t.Helper()
	users := must(gorm.G[models.User](w.db).Find(w.t.Context()))(w.t)
	if len(users) != 1 {
		w.t.Fatalf("%d users", len(users))
	}
	if users[0].PlatformRole != models.PlatformAdministrator {
		w.t.Errorf("is %s", users[0].PlatformRole)
	}
	return users[0]
}

func TestTheAdministratorIsCreatedOnceAndKeptAsHeIs(t *testing.T) {
	w := newWorld(t)
	check(t, w.accounts.EnsureAdministrator(t.Context(), adminEmail, adminPassword))
	created := w.administrator()
	token, _, err := w.sessions.Start(t.Context(), created.ID)
	check(t, err)

	check(t, w.accounts.EnsureAdministrator(t.Context(), "Admin@Example.com", adminPassword))
	if again := w.administrator(); again != created {
		t.Errorf("became %s", again.ID)
	}
	w.admits(w.sessions, token)
	must(w.accounts.SignIn(t.Context(), adminEmail, adminPassword))(t)
}

func TestAnotherPasswordOfTheAdministratorEndsHisSessionsAtOnce(t *testing.T) {
	w := newWorld(t)
	ann, anns := w.session()
	check(t, w.accounts.EnsureAdministrator(t.Context(), adminEmail, adminPassword))
	admin := must(w.accounts.SignIn(t.Context(), adminEmail, adminPassword))(t)
	token, _, err := w.sessions.Start(t.Context(), admin.ID)
	check(t, err)
	w.admits(w.sessions, token)

	check(t, w.accounts.EnsureAdministrator(t.Context(), adminEmail, "another good password"))
	w.refuses(w.sessions, token)
	w.admits(w.sessions, anns)
	if _, err := w.accounts.SignIn(t.Context(), adminEmail, adminPassword); !errors.Is(err, ErrWrongCredentials) {
		t.Errorf("the old password: %v", err)
	}
	must(w.accounts.SignIn(t.Context(), adminEmail, "another good password"))(t)
	if users := must(w.accounts.UsersByID(t.Context(), []models.UserID{ann.ID}))(t); users[ann.ID].PlatformRole != models.PlatformUser {
		t.Error("somebody else became an administrator")
	}
}

func TestAUserBecomesTheAdministratorAndStaysSignedIn(t *testing.T) {
	w := newWorld(t)
	user := w.user(adminEmail, adminPassword)
	token, _, err := w.sessions.Start(t.Context(), user.ID)
	check(t, err)
	w.admits(w.sessions, token)
	check(t, w.accounts.EnsureAdministrator(t.Context(), adminEmail, adminPassword))
	if w.administrator().ID != user.ID {
		t.Error("is somebody else")
	}
	if role := w.viewer(token).User.PlatformRole; role != models.PlatformAdministrator {
		t.Errorf("the session is one of a %s", role)
	}
}

func TestAnAdministratorWhoseHashIsNoneGetsOne(t *testing.T) {
	w := newWorld(t)
	user := w.user(adminEmail, adminPassword)
	check(t, w.setHash(user.ID, "!"))
	check(t, w.accounts.EnsureAdministrator(t.Context(), adminEmail, adminPassword))
	must(w.accounts.SignIn(t.Context(), adminEmail, adminPassword))(t)
}

func TestProcessesThatStartAtOnceAgreeOnOneAdministrator(t *testing.T) {
	for name, prepare := range map[string]func(w *world){
		"on an empty database": func(*world) {},
		"with another password before": func(w *world) {
			check(w.t, w.accounts.EnsureAdministrator(w.t.Context(), adminEmail, "the password before"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			prepare(w)
			var starting sync.WaitGroup
			for range 8 {
				starting.Go(func() {
					process := NewAccounts(w.db, w.passwords, w.another(), w.clock.Now)
					if err := process.EnsureAdministrator(t.Context(), adminEmail, adminPassword); err != nil {
						t.Error(err)
					}
				})
			}
			starting.Wait()
			w.administrator()
			must(w.accounts.SignIn(t.Context(), adminEmail, adminPassword))(t)
		})
	}
}

func TestOnlyTheFirstOfTwoProcessesWritesSoThatNewSessionsStay(t *testing.T) {
	w := newWorld(t)
	user := w.user(adminEmail, "the password before") // as the slower process has read him
	check(t, w.accounts.EnsureAdministrator(t.Context(), adminEmail, adminPassword))
	token, _, err := w.sessions.Start(t.Context(), user.ID)
	check(t, err)

	late := must(w.passwords.Hash(t.Context(), adminPassword))(t)
	done, err := w.accounts.promote(t.Context(), user, late, true)
	if err != nil || done {
		t.Errorf("the slower one wrote: %t, %v", done, err)
	}
	w.admits(w.sessions, token)
}

func TestAnAdministratorThatCannotBeIsRefused(t *testing.T) {
	w := newWorld(t)
	refusedAs(t, w.accounts.EnsureAdministrator(t.Context(), "admin", adminPassword), "email", models.FieldInvalid)
	refusedAs(t, w.accounts.EnsureAdministrator(t.Context(), adminEmail, "short"), "password", models.FieldTooShort)
	refusedAs(t, w.accounts.EnsureAdministrator(t.Context(), adminEmail, adminEmail), "password", models.FieldInvalid)
}
