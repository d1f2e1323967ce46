package funding

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"productgenerator/ledger"
	"productgenerator/models"
)

// ErrNothingRemains says that nothing of the grant remains to be taken back.
var ErrNothingRemains = errors.New("nothing remains of the grant")

// RevokeInput is a grant that an administrator takes back.
type RevokeInput struct {
	Grant models.GrantID
	Note  string // why; the team sees it
	Key   ledger.Key
}

// RevokeGrant takes back what remains of a grant on behalf of a platform administrator, once for the key, and for good:
// a dispute that is won later brings back nothing of it.
//
// It returns models.FieldErrors, models.ErrNotFound, ErrNothingRemains, or ledger.ErrKeyConflict.
func (f *Funding) RevokeGrant(ctx context.Context, admin models.UserID, input RevokeInput) (models.Grant, models.Balance, error) {
	if err := input.check(); err != nil {
		return models.Grant{}, models.Balance{}, err
	}
	grant, err := f.grantByID(ctx, input.Grant)
	if err != nil {
		return models.Grant{}, models.Balance{}, err
	}
	note := strings.TrimSpace(input.Note)
	outcome, err := f.ledger.Update(ctx, ledger.Change{
		Team: grant.TeamID, Key: &input.Key, Grants: []models.GrantID{grant.ID},
		Decide: func(tx *ledger.Tx) error {
			tokens, err := tx.Revoke(grant.ID, ledger.Cause{Actor: &admin, Reason: models.ReasonCorrection, Note: &note})
			if err == nil && tokens == 0 {
				err = ErrNothingRemains
			}
			tx.Made(string(grant.ID))
			return err
		},
	})
	if err != nil {
		return models.Grant{}, models.Balance{}, fmt.Errorf("revoke %s: %w", input.Grant, err)
	}
	grant, err = f.grantByID(ctx, input.Grant)
	return grant, outcome.Balance, err
}

func (f *Funding) grantByID(ctx context.Context, id models.GrantID) (models.Grant, error) {
	grants, err := f.ledger.GrantsByID(ctx, []models.GrantID{id})
	if err != nil {
		return models.Grant{}, fmt.Errorf("read a grant: %w", err)
	}
	grant, ok := grants[id]
	if !ok {
		return models.Grant{}, models.ErrNotFound
	}
	return grant, nil
}

func (i RevokeInput) check() error {
	var faults models.FieldErrors
	faults.Add(required(strings.TrimSpace(i.Note), MaxNote, models.CheckText), MaxNote, "note")
	i.Key.Check(&faults)
	return faults.Err()
}
