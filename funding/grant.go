package funding

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"productgenerator/ledger"
	"productgenerator/models"
)

// MaxNote is how long the reason of a grant is, in characters.
const MaxNote = 500

// MaxGrant is the most tokens that one grant brings: a thousandth of what the API can write, so that a team's tokens
// stay within it.
const MaxGrant = models.MaxTokens / 1_000

// GrantInput is what an administrator gives to a team.
type GrantInput struct {
	Team      models.TeamID
	Tokens    models.Tokens
	Source    models.GrantSource // not PURCHASE: that is paid for
	Note      string             // why; the team sees it
	ExpiresAt *time.Time         // nil: never
	Key       ledger.Key
}

// Grant gives tokens to a team on behalf of a platform administrator, once for the key: a repetition gives the first
// grant as it is now. Debt is paid first.
//
// It returns models.FieldErrors, models.ErrNotFound where there is no such team, or ledger.ErrKeyConflict.
func (f *Funding) Grant(ctx context.Context, actor models.UserID, input GrantInput) (models.Grant, models.Balance, error) {
	if err := input.check(); err != nil {
		return models.Grant{}, models.Balance{}, err
	}
	note := strings.TrimSpace(input.Note)
	outcome, err := f.ledger.Update(ctx, ledger.Change{
		Team: input.Team, Key: &input.Key,
		Decide: func(tx *ledger.Tx) error {
			if input.ExpiresAt != nil && !input.ExpiresAt.After(tx.Now()) {
				return models.FieldErrors{{Path: []string{"expiresAt"}, Code: models.FieldOutOfRange}}
			}
			id := models.NewGrantID(tx.Now())
			tx.Issue(models.Grant{
				ID: id, Source: input.Source, Tokens: input.Tokens, Note: &note, ExpiresAt: input.ExpiresAt,
			}, &actor)
			tx.Made(string(id))
			return nil
		},
	})
	if errors.Is(err, ledger.ErrNoAccount) {
		return models.Grant{}, models.Balance{}, models.ErrNotFound
	}
	if err != nil {
		return models.Grant{}, models.Balance{}, fmt.Errorf("grant tokens to %s: %w", input.Team, err)
	}
	id := models.GrantID(outcome.Subject)
	grants, err := f.ledger.GrantsByID(ctx, []models.GrantID{id})
	if err != nil {
		return models.Grant{}, models.Balance{}, fmt.Errorf("read what was granted: %w", err)
	}
	return grants[id], outcome.Balance, nil
}

func (i GrantInput) check() error {
	var faults models.FieldErrors
	if i.Tokens < 1 || i.Tokens > MaxGrant {
		faults.Add(models.FieldOutOfRange, 1, "tokens")
	}
	if i.Source == models.SourcePurchase {
		faults.Add(models.FieldInvalid, 0, "source")
	}
	faults.Add(required(strings.TrimSpace(i.Note), MaxNote, models.CheckText), MaxNote, "note")
	i.Key.Check(&faults)
	return faults.Err()
}

func required(text string, limit int, check func(string, int) models.FieldCode) models.FieldCode {
	if text == "" {
		return models.FieldRequired
	}
	return check(text, limit)
}
