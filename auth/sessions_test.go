package auth

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"productgenerator/models"
)

func TestASessionIsFoundByItsTokenUntilItEnds(t *testing.T) {
	w := newWorld(t)
	user, token := w.session()
	if !strings.HasPrefix(token, "pgs_") || len(token) != len("pgs_")+43 {
		t.Errorf("not a token of 256 bits: %d characters", len(token))
	}
	viewer := must(w.sessions.Resolve(t.Context(), token))(t)
	if viewer.User.ID != user.ID || viewer.User.Email != annEmail || viewer.User.PlatformRole != models.PlatformUser {
		t.Errorf("found %+v", viewer.User)
	}
	if viewer.User.PasswordHash != "" {
		t.Error("the viewer carries the password hash")
	}

	check(t, w.sessions.End(t.Context(), token))
	w.refuses(w.sessions, token)
	check(t, w.sessions.End(t.Context(), token))
	check(t, w.sessions.End(t.Context(), "no token at all"))
}

func TestTheDatabaseKnowsTheDigestOfATokenOnly(t *testing.T) {
	w := newWorld(t)
	_, token := w.session()
	var row string
	check(t, w.db.WithContext(t.Context()).Raw(`SELECT sessions::text FROM sessions`).Scan(&row).Error)
	if strings.Contains(row, token) || strings.Contains(row, strings.TrimPrefix(token, tokenPrefix)) {
		t.Error("the token is stored")
	}
}

func TestWhatIsNoTokenIsRefusedWithoutAskingTheDatabase(t *testing.T) {
	w := newWorld(t)
	_, token := w.session()
	for _, wrong := range []string{"", "pgs_", "x", token[:len(token)-1], token + "a", strings.TrimPrefix(token, "pgs_")} {
		w.refuses(w.sessions, wrong)
	}
	if asked := w.reads.total(); asked != 0 {
		t.Errorf("%d reads", asked)
	}
	w.refuses(w.sessions, token[:len(token)-1]+"!")
}

func TestASessionExpiresAfterThirtyDaysAlsoWhereItIsKnown(t *testing.T) {
	w := newWorld(t)
	_, token := w.session()
	w.clock.advance(sessionLife - time.Millisecond)
	w.admits(w.sessions, token)
	w.clock.advance(time.Millisecond)
	w.refuses(w.sessions, token)
	w.clock.advance(time.Hour)
	w.refuses(w.sessions, token)
}

func TestStartingASessionClearsExpiredOnesAway(t *testing.T) {
	w := newWorld(t)
	user, _ := w.session()
	w.clock.advance(sessionLife)
	_, living, err := w.sessions.Start(t.Context(), user.ID)
	check(t, err)
	if stored := w.storedSessions(); stored != 1 {
		t.Errorf("%d sessions are stored", stored)
	}
	if want := w.clock.Now().Add(30 * 24 * time.Hour); !living.ExpiresAt.Equal(want) {
		t.Errorf("expires at %s, want %s", living.ExpiresAt, want)
	}
}

func TestASessionIsReadOnceASecondHoweverOftenItIsAskedFor(t *testing.T) {
	w := newWorld(t)
	_, token := w.session()
	for range 1000 {
		w.admits(w.sessions, token)
	}
	if asked := w.reads.total(); asked != 1 {
		t.Errorf("%d reads in the first second", asked)
	}
	w.clock.advance(time.Second)
	w.admits(w.sessions, token)
	if asked := w.reads.total(); asked != 2 {
		t.Errorf("%d reads after it", asked)
	}
}

func TestAnotherProcessRefusesAnEndedSessionAfterASecond(t *testing.T) {
	w := newWorld(t)
	_, token := w.session()
	other := w.another()
	w.admits(other, token)
	check(t, w.sessions.End(t.Context(), token))
	w.clock.advance(time.Second)
	w.refuses(other, token)
}

func TestAThousandQuestionsAtOnceShareAFewReads(t *testing.T) {
	w := newWorld(t)
	user, first := w.session()
	tokens := []string{first}
	for range 9 {
		token, _, err := w.sessions.Start(t.Context(), user.ID)
		check(t, err)
		tokens = append(tokens, token)
	}
	letGo := w.reads.holdBack()
	var asking sync.WaitGroup
	asking.Go(func() { w.admits(w.sessions, first) })
	within(t, w.reads.held, "the first read")
	for i := range 1000 {
		asking.Go(func() { w.admits(w.sessions, tokens[i%len(tokens)]) })
	}
	w.until("all wait", func() bool {
		w.sessions.mu.Lock()
		defer w.sessions.mu.Unlock()
		return len(w.sessions.waiting) == len(tokens)
	})
	letGo()
	asking.Wait()
	if asked := w.reads.total(); asked > 3 { // a late one of the thousand may have come while the second ran
		t.Errorf("%d reads", asked)
	}
}

func TestASessionThatEndsWhileItIsReadIsRefusedFromThenOn(t *testing.T) {
	w := newWorld(t)
	_, token := w.session()
	letGo := w.reads.holdBack()
	var asking sync.WaitGroup
	asking.Go(func() { _, _ = w.sessions.Resolve(t.Context(), token) }) // read before the end: either answer is right
	within(t, w.reads.held, "the read")
	check(t, w.sessions.End(t.Context(), token))

	asking.Go(func() { w.refuses(w.sessions, token) }) // asked after the end
	w.until("the second waits", func() bool {
		w.sessions.mu.Lock()
		defer w.sessions.mu.Unlock()
		return len(w.sessions.waiting) == 1
	})
	letGo()
	asking.Wait()
	w.refuses(w.sessions, token)
}

func TestWhoGivesUpGetsHisAnswerAtOnceAndTheOthersTheirs(t *testing.T) {
	w := newWorld(t)
	_, token := w.session()
	letGo := w.reads.holdBack()
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan struct{})
	go func() {
		defer close(gaveUp)
		if _, err := w.sessions.Resolve(ctx, token); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}()
	within(t, w.reads.held, "the read")
	var asking sync.WaitGroup
	asking.Go(func() { w.admits(w.sessions, token) })
	cancel()
	within(t, gaveUp, "the answer to the one who gave up")
	letGo()
	asking.Wait()
}

func TestADatabaseThatCannotAnswerIsAnErrorAndEndsNobodysSession(t *testing.T) {
	w := newWorld(t)
	_, token := w.session()
	ctx := withViewer(t.Context(), w.viewer(token))
	w.clock.advance(time.Second)
	w.breakSessions()
	_, err := w.sessions.Resolve(t.Context(), token)
	if err == nil || errors.Is(err, ErrNoSession) {
		t.Errorf("got %v", err)
	}
	check(t, w.sessions.Recheck(ctx))
	if ViewerFrom(ctx) == nil {
		t.Error("the viewer is gone")
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	known := newGenerations[int, int](100, time.Second)
	now := time.Unix(1_000_000, 0)
	for i := range 100_000 {
		known.put(i, i, now)
		if size := len(known.young) + len(known.old); size > 200 {
			t.Fatalf("%d entries after %d", size, i)
		}
		if value, ok := known.get(i); !ok || value != i {
			t.Fatalf("%d is not known just after it was put", i)
		}
	}
	known.remove(99_999)
	if _, ok := known.get(99_999); ok {
		t.Error("known after it was removed")
	}
}

func TestAnEntryIsKeptForALifeAndForgottenAfterTwo(t *testing.T) {
	known := newGenerations[string, int](100, time.Minute)
	start := time.Unix(1_000_000, 0)
	known.put("first", 1, start)
	known.put("other", 1, start.Add(59*time.Second))
	known.put("first of the next generation", 1, start.Add(60*time.Second))
	if _, ok := known.get("other"); !ok {
		t.Error("forgotten after a second")
	}
	known.put("late", 1, start.Add(121*time.Second))
	if _, ok := known.get("first"); ok {
		t.Error("known after two lives")
	}
	known.put("clock set back", 1, start.Add(-time.Hour))
	if _, ok := known.get("late"); ok {
		t.Error("an entry of the future is kept")
	}
}

// admits and refuses ask for the token's session.
func (w *world) admits(s *Sessions, token string) {
	w.t.Helper()
	if _, err := s.Resolve(w.t.Context(), token); err != nil {
		w.t.Errorf("refused: %v", err)
	}
}

func (w *world) refuses(s *Sessions, token string) {
	w.t.Helper()
	if viewer, err := s.Resolve(w.t.Context(), token); !errors.Is(err, ErrNoSession) || viewer.User.ID != "" {
		w.t.Errorf("got %v, %v; want %v", viewer, err, ErrNoSession)
	}
}

func (w *world) viewer(token string) *Viewer {
	w.t.Helper()
	viewer := must(w.sessions.Resolve(w.t.Context(), token))(w.t)
	return &viewer
}

// breakSessions has every later statement on sessions fail.
func (w *world) breakSessions() {
	w.t.Helper()
	check(w.t, w.db.WithContext(w.t.Context()).Exec(`ALTER TABLE sessions RENAME TO elsewhere`).Error)
}

// until waits for a condition that others bring about.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("not within %s: %s", patience, what)
		}
	}
}
