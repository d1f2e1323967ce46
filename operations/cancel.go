package operations

import (
	"context"
	"fmt"

	"productgenerator/ledger"
	"productgenerator/models"
)

// Cancel releases every unsettled part of a generation at once; a result that comes late is dropped. A MEMBER cancels
// what is one's own, an ADMIN anyone's.
//
// It returns models.ErrNotFound, models.ErrForbidden, or a *models.Refusal (FINISHED) where nothing is left to cancel.
func (o *Operations) Cancel(ctx context.Context, actor models.UserID, g models.Generation) (models.Generation, models.Balance, error) {
	outcome, err := o.cancel(ctx, actor, g.TeamID, g.ActorID, []models.GenerationID{g.ID})
	if err != nil {
		return models.Generation{}, models.Balance{}, err
	}
	cancelled, err := o.Generation(ctx, g.ID)
	return cancelled, outcome.Balance, err
}

// CancelBatch cancels what is unfinished of a run over many products. It returns what Cancel returns.
func (o *Operations) CancelBatch(ctx context.Context, actor models.UserID, b models.GenerationBatch) (models.GenerationBatch, models.Balance, error) {
	rows, err := o.pool.Query(ctx, `SELECT id FROM generations WHERE batch_id = $1 AND team_id = $2 ORDER BY id`, string(b.ID), string(b.TeamID))
	ids, err := collectIDs[models.GenerationID](rows, err)
	if err != nil {
		return models.GenerationBatch{}, models.Balance{}, fmt.Errorf("cancel %s: %w", b.ID, err)
	}
	outcome, err := o.cancel(ctx, actor, b.TeamID, b.ActorID, ids)
	if err != nil {
		return models.GenerationBatch{}, models.Balance{}, err
	}
	cancelled, err := o.Batch(ctx, b.ID)
	return cancelled, outcome.Balance, err
}

func (o *Operations) cancel(ctx context.Context, actor models.UserID, team models.TeamID, owner models.UserID, ids []models.GenerationID) (ledger.Outcome, error) {
	return o.ledger.Update(ctx, ledger.Change{
		Team: team, Actor: actor, Reservations: ids, Weight: 5 * len(ids),
		Lookups: []ledger.Want{o.rows.generations.Want(ids...)},
		Decide: func(tx *ledger.Tx) error {
			if err := mayCancel(tx.Member(actor).Role, actor == owner); err != nil {
				return err
			}
			var unfinished []*models.Generation
			for _, id := range ids {
				if g, ok := o.rows.generations.Get(tx, id); ok && !g.Status.Finished() {
					unfinished = append(unfinished, g)
				}
			}
			if len(unfinished) == 0 {
				return &models.Refusal{Blockers: []models.Blocker{{
					Code: models.BlockerFinished, Path: []string{"id"}, GenerationID: ids[0],
				}}}
			}
			for _, g := range unfinished {
				if err := o.endUnsettled(tx, g, models.PartCancelled, models.FailureCancelled); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// mayCancel is the rule of who may cancel: MEMBERs what is their own, ADMINs anything.
func mayCancel(role models.TeamRole, own bool) error {
	if own {
		return role.Require(models.RoleMember)
	}
	return role.Require(models.RoleAdmin)
}
