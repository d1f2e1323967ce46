package ledger

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/models"
)

// keyed reserves an operation under a key.
func (tm *team) keyed(key *Key, operation models.Operation) (Outcome, error) {
	id := models.NewGenerationID(time.Now())
	return tm.update(Change{Key: key, Decide: func(tx *Tx) error {
		if err := tx.Reserve(tm.owner, request(id, operation)); err != nil {
			return err
		}
		tx.Made(string(id))
		return nil
	}})
}

func TestAKeyRepeatedIsAnsweredWithWhatItMadeFirst(t *testing.T) {
	tm := newPlatform(t).funded(100)
	first, err := tm.keyed(keyOf(tm.owner, "key", "input"), models.OperationSearchImages)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "replayed at first", first.Replayed, false)
	again, err := tm.keyed(keyOf(tm.owner, "key", "input"), models.OperationSearchImages)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "replayed", again.Replayed, true)
	want(t, "subject", again.Subject, first.Subject)
	want(t, "reserved", tm.balance().Reserved, 10)
	want(t, "version", again.Balance.Version, first.Balance.Version)
}

func TestAKeyWithAnotherInputOrMutationConflictsAndMovesNothing(t *testing.T) {
	tm := newPlatform(t).funded(100)
	if _, err := tm.keyed(keyOf(tm.owner, "key", "input"), models.OperationSearchImages); err != nil {
		t.Fatal(err)
	}
	other := keyOf(tm.owner, "key", "input")
	other.Mutation = "generateTexts"
	for _, key := range []*Key{keyOf(tm.owner, "key", "another input"), other} {
		if _, err := tm.keyed(key, models.OperationSearchImages); !errors.Is(err, ErrKeyConflict) {
			t.Errorf("got %v, want ErrKeyConflict", err)
		}
	}
	want(t, "reserved", tm.balance().Reserved, 10)
}

func TestARefusedKeyStaysRefusedWithTheSameAnswerAndANewKeyWorks(t *testing.T) {
	tm := newPlatform(t).team("UTC")
	tm.must(Change{Decide: func(tx *Tx) error { tx.SetPlatformLimits(false, true, models.LimitOf(5)); return nil }})
	_, first := tm.keyed(keyOf(tm.owner, "key", "input"), models.OperationSearchImages)
	tm.must(Change{Decide: func(tx *Tx) error {
		tx.SetPlatformLimits(false, true, models.NoLimit())
		tx.Issue(gift(100, nil), nil)
		return nil
	}})
	_, again := tm.keyed(keyOf(tm.owner, "key", "input"), models.OperationSearchImages)
	var refused, refusedAgain *models.Refusal
	if !errors.As(first, &refused) || !errors.As(again, &refusedAgain) {
		t.Fatalf("got %v, then %v, want refusals", first, again)
	}
	if diff := cmp.Diff(refused, refusedAgain); diff != "" {
		t.Errorf("the answers differ (-first +again):\n%s", diff)
	}
	if _, err := tm.keyed(keyOf(tm.owner, "key", "another input"), models.OperationSearchImages); !errors.Is(err, ErrKeyConflict) {
		t.Errorf("got %v, want ErrKeyConflict", err)
	}
	if _, err := tm.keyed(keyOf(tm.owner, "new key", "input"), models.OperationSearchImages); err != nil {
		t.Errorf("a new key: %v", err)
	}
}

func TestAKeyBelongsToItsCallerAndTeam(t *testing.T) {
	p := newPlatform(t)
	tm, other := p.funded(100), p.funded(100)
	mate := p.user()
	tm.join(mate, models.RoleMember)
	seen := map[string]bool{}
	for _, use := range []struct {
		team   *team
		caller models.UserID
	}{{tm, tm.owner}, {tm, mate}, {other, tm.owner}} {
		outcome, err := use.team.keyed(keyOf(use.caller, "key", "input "+string(use.caller)), models.OperationSearchImages)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "replayed", outcome.Replayed, false)
		seen[outcome.Subject] = true
	}
	want(t, "different effects", len(seen), 3)
}

func TestAnErrorThatIsNoRefusalStoresNothingWithTheKey(t *testing.T) {
	tm := newPlatform(t).funded(100)
	invalid := errors.New("not valid")
	_, err := tm.update(Change{Key: keyOf(tm.owner, "key", "input"), Decide: func(*Tx) error { return invalid }})
	if !errors.Is(err, invalid) {
		t.Errorf("got %v", err)
	}
	if _, err := tm.keyed(keyOf(tm.owner, "key", "input"), models.OperationSearchImages); err != nil {
		t.Errorf("the same key with an input that is valid: %v", err)
	}
}

func TestARefusedOpeningIsRefusedAgainByItsKeyAndLeavesNoAccount(t *testing.T) {
	p := newPlatform(t)
	tm := &team{platform: p, id: models.NewTeamID(time.Now()), owner: p.user()}
	for range 2 {
		_, err := tm.update(Change{
			Open: &Opening{TimeZone: "UTC"}, Key: keyOf(tm.owner, "key", "input"),
			Decide: func(*Tx) error {
				return &models.Refusal{Blockers: []models.Blocker{{Code: models.BlockerInDebt}}}
			},
		})
		var refusal *models.Refusal
		if !errors.As(err, &refusal) {
			t.Errorf("got %v, want a refusal", err)
		}
	}
	want(t, "accounts", one[int](p, `SELECT count(*) FROM balances`), 0)
}

func TestARefusalIsForgottenAfterSevenDaysAndWhatAKeyMadeNever(t *testing.T) {
	p := newPlatform(t)
	for key, columns := range map[string]string{
		"refused long ago": `NULL, '{"blockers": []}', now() - interval '8 days'`,
		"refused lately":   `NULL, '{"blockers": []}', now() - interval '6 days'`, "made long ago": `'gen_x', NULL, now() - interval '9 years'`,
	} {
		_, err := p.db.Pool.Exec(t.Context(), `
INSERT INTO idempotency_keys (caller_id, team_id, key, mutation, input_hash, subject, refusal, created_at)
VALUES ('user_x', 'team_x', $1, 'generateAll', '', `+columns+`)`, key)
		if err != nil {
			t.Fatal(err)
		}
	}
	if forgotten, err := p.ledger.forgetRefusals(t.Context()); err != nil || forgotten != 1 {
		t.Fatalf("forgot %d keys, %v; want the one that was refused long ago", forgotten, err)
	}
	var left int
	if err := p.db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM idempotency_keys WHERE key <> 'refused long ago'`).Scan(&left); err != nil || left != 2 {
		t.Fatalf("%d keys are left, %v; want 2", left, err)
	}
}
