package resolvers

import (
	"fmt"
	"testing"
	"time"

	"productgenerator/models"
)

const (
	ledgerEntries = `subscription($id: ID!, $after: Long) { ledgerEntries(teamId: $id, afterSequence: $after) {
	sequence kind tokens balanceAfter actor { name } grant { id } } }`
	limitWarnings = `subscription($id: ID!, $after: ID) { limitWarnings(teamId: $id, after: $after) {
	id kind message rule { metric } balanceVersion } }`
)

// sequences takes the sequences of the next lines of a stream.
func sequences(t *testing.T, next func() (answer, bool), count int) (got []int) {
	t.Helper()
	for range count {
		a, ok := next()
		sequence, isNumber := at(a.Data, "ledgerEntries", "sequence").(float64)
		if !ok || !isNumber {
			t.Fatalf("the stream ended: %s", a.body)
		}
		got = append(got, int(sequence))
	}
	return got
}

func TestTheLedgersStreamHasEveryLineBehindTheGivenOneAndThenEachNewOne(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	for tokens := range 4 {
		w.grant(ann.team, tokens+1)
	}
	all := ann.events(ledgerEntries, object{"id": ann.team, "after": 0})
	some := ann.events(ledgerEntries, object{"id": ann.team, "after": 3})
	later := ann.events(ledgerEntries, object{"id": ann.team, "after": 6})
	wantJSON(t, fmt.Sprint(sequences(t, all, 5)), `"[1 2 3 4 5]"`)
	wantJSON(t, fmt.Sprint(sequences(t, some, 2)), `"[4 5]"`)
	for tokens := range 3 {
		w.grant(ann.team, tokens+11)
	}
	wantJSON(t, fmt.Sprint(sequences(t, all, 3)), `"[6 7 8]"`)
	wantJSON(t, fmt.Sprint(sequences(t, some, 3)), `"[6 7 8]"`)
	wantJSON(t, fmt.Sprint(sequences(t, later, 2)), `"[7 8]"`)
}

func TestAStreamWithoutAPointHasOnlyWhatIsNew(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	w.grant(ann.team, 5)
	ann.lowRule()
	lines := ann.events(ledgerEntries, object{"id": ann.team})
	warnings := ann.events(limitWarnings, object{"id": ann.team})
	w.listened(ann.team, 2)
	w.grant(ann.team, 10)
	ann.must(setAlertRule, object{"i": object{"teamId": ann.team, "metric": "AVAILABLE_TOKENS_BELOW", "threshold": 300}})
	a, _ := lines()
	wantJSON(t, at(a.Data, "ledgerEntries", "sequence"), `3`)
	wantJSON(t, at(a.Data, "ledgerEntries", "actor", "name"), `"Administrator"`)
	a, _ = warnings()
	mustContain(t, text(a.Data, "limitWarnings", "message"), "The team has 210 tokens left: the warning line is 300 tokens.")
}

// listened waits until that many streams of a team are open.
func (w *world) listened(team string, streams int) {
	w.t.Helper()
	deadline := time.After(patience)
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for w.resolver.streams.of(models.TeamID(team)) != streams {
		select {
		case <-again.C:
		case <-deadline:
			w.t.Fatalf("there are never %d streams", streams)
		}
	}
}

// of counts the open streams of a team.
func (s *streams) of(team models.TeamID) (open int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for place, list := range s.open {
		if place.Team == team {
			open += len(list)
		}
	}
	return open
}

func TestTheStreamOfWarningsGoesOnBehindTheLastOneSeen(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	rule := func(threshold int) {
		ann.must(setAlertRule, object{"i": object{"teamId": ann.team, "metric": "AVAILABLE_TOKENS_BELOW", "threshold": threshold}})
	}
	for threshold := range 4 {
		rule(200 + threshold)
	}
	warnings := ann.warnings(ann.team)
	oldest := text(warnings, 3, "id")
	next := ann.events(limitWarnings, object{"id": ann.team, "after": oldest})
	for place := 2; place >= 0; place-- {
		a, ok := next()
		if got, want := text(a.Data, "limitWarnings", "id"), text(warnings, place, "id"); !ok || got != want {
			t.Fatalf("got %s, want %s", a.body, want)
		}
	}
	rule(300)
	a, _ := next()
	wantJSON(t, text(a.Data, "limitWarnings", "id"), `"`+text(ann.warnings(ann.team), 0, "id")+`"`)
}

func TestAPointThatIsNoneAndAForeignTeamAreRefused(t *testing.T) {
	w := newWorld(t)
	ann, eve := w.signUp("ann"), w.signUp("eve")
	eve.lowRule()
	foreign := text(eve.warnings(eve.team), 0, "id")
	for _, test := range []struct {
		code, query string
		caller      *client
		variables   object
	}{
		{"BAD_USER_INPUT", limitWarnings, ann, object{"id": ann.team, "after": foreign}},
		{"BAD_USER_INPUT", limitWarnings, ann, object{"id": ann.team, "after": "nonsense"}},
		{"BAD_USER_INPUT", limitWarnings, ann, object{"id": ann.team, "after": "warning_00000000000000000000000000"}},
		{"BAD_USER_INPUT", ledgerEntries, ann, object{"id": ann.team, "after": -1}},
		{"NOT_FOUND", ledgerEntries, ann, object{"id": eve.team}},
		{"NOT_FOUND", limitWarnings, ann, object{"id": eve.team, "after": foreign}},
		{"NOT_FOUND", limitWarnings, ann, object{"id": "nonsense"}},
		{"UNAUTHENTICATED", ledgerEntries, w.anonymous(), object{"id": eve.team}},
		{"UNAUTHENTICATED", limitWarnings, w.anonymous(), object{"id": "nonsense"}},
	} {
		a, _ := test.caller.events(test.query, test.variables)()
		if len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != test.code {
			t.Errorf("%s %v: want %s, got %s", test.query, test.variables, test.code, a.body)
		}
	}
}

func TestAStreamThatIsTooFarBehindIsToldToReadTheListAgain(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	ann.lowRule()
	first := text(ann.warnings(ann.team), 0, "id")
	w.exec(`UPDATE balances SET sequence = 10001, warnings = 1002 WHERE team_id = $1`, ann.team)
	for query, variables := range map[string]object{
		ledgerEntries: {"id": ann.team, "after": 0}, limitWarnings: {"id": ann.team, "after": first},
	} {
		next := ann.events(query, variables)
		a, _ := next()
		if len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != "TOO_FAR_BEHIND" {
			t.Errorf("%s: %s", query, a.body)
		}
		if a, more := next(); more {
			t.Errorf("after the end: %s", a.body)
		}
	}
}

func TestTheEventsOfARemovedMemberEndWithAnError(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	bob := ann.member("bob", "VIEWER")
	theirs := []func() (answer, bool){
		bob.events(ledgerEntries, object{"id": ann.team}), bob.events(limitWarnings, object{"id": ann.team}),
	}
	owners := ann.events(ledgerEntries, object{"id": ann.team, "after": 0})
	w.listened(ann.team, 3)
	w.exec(`DELETE FROM memberships WHERE user_id = $1`, bob.user)
	for _, next := range theirs {
		a, ok := next()
		if !ok || len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != "FORBIDDEN" {
			t.Errorf("the removed member's stream: %v %s", ok, a.body)
		}
		if a, more := next(); more {
			t.Errorf("after the end: %s", a.body)
		}
	}
	w.grant(ann.team, 100)
	wantJSON(t, fmt.Sprint(sequences(t, owners, 2)), `"[1 2]"`)
}
