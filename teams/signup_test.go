package teams

import (
	"errors"
	"testing"

	"productgenerator/ledger"
	"productgenerator/models"
)

func TestWhatRidesOnASignUpIsDecidedWithItsTeam(t *testing.T) {
	w := newWorld(t)
	var rode models.TeamID
	note := &ledger.Statement[models.TeamID]{
		Rank: ledger.RankAfter,
		SQL:  `UPDATE teams SET name = 'ridden' WHERE id = ANY($1::text[])`,
		Columns: func(teams []models.TeamID) []any {
			return []any{ledger.Column(teams, func(team models.TeamID) string { return string(team) })}
		},
	}
	codes := &ledger.Lookup[models.UserID, bool]{SQL: `SELECT unnest($1::text[])`, Scan: scanTrue[models.UserID]}
	rider := ledger.Rider{
		Lookups: []ledger.Want{codes.Want("looked up")},
		Decide: func(tx *ledger.Tx) error {
			if found, _ := codes.Get(tx, "looked up"); !found {
				t.Error("what it asked for was not looked up")
			}
			rode = tx.Team()
			note.Stage(tx, tx.Team())
			return nil
		},
	}
	n := newUser("ann")
	n.Riders = []ledger.Rider{rider}
	user, err := w.SignUp(w.ctx(), n)
	if err != nil {
		t.Fatal(err)
	}
	if team := w.teamOf(user); team.ID != rode || team.Name != "ridden" {
		t.Errorf("%s rode on %+v", rode, team)
	}

	failed := errors.New("failed")
	n = newUser("bob")
	n.Riders = []ledger.Rider{{Decide: func(*ledger.Tx) error { return failed }}}
	if _, err := w.SignUp(w.ctx(), n); !errors.Is(err, failed) {
		t.Errorf("a rider that fails: %v", err)
	}
	if _, err := w.SignUp(w.ctx(), newUser("bob")); err != nil {
		t.Errorf("behind it nothing may be left: %v", err)
	}
}
