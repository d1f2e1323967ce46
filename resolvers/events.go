package resolvers

import (
	"context"
	"errors"

	"productgenerator/auth"
	"productgenerator/bus"
	"productgenerator/models"
)

// How far a stream may be behind the events of a team.
const (
	MaxEntriesBehind  = 10_000
	MaxWarningsBehind = 1_000
)

func (r *subscriptionResolver) LimitWarnings(ctx context.Context, teamID string, after *string) (<-chan *models.LimitWarning, error) {
	viewer, team, err := r.teamFor(ctx, teamID, models.RoleViewer)
	if err != nil {
		return nil, err
	}
	var sequence *int64
	if after != nil {
		seen, err := r.seenWarning(ctx, team, *after)
		if err != nil {
			return nil, err
		}
		sequence = &seen.Sequence
	}
	return followEvents(ctx, r.Resolver, team, viewer, r.Warnings, sequence)
}

// seenWarning is the warning of the team that a stream goes on behind.
func (r *Resolver) seenWarning(ctx context.Context, team models.TeamID, after string) (models.LimitWarning, error) {
	id, err := idOf[models.LimitWarningID](after, models.PrefixLimitWarning)
	if err == nil {
		var warning models.LimitWarning
		warning, err = r.Ledger.Warning(ctx, id)
		if err == nil && warning.TeamID == team {
			return warning, nil
		}
	}
	if err == nil || errors.Is(err, models.ErrNotFound) {
		err = models.FieldErrors{{Path: []string{"after"}, Code: models.FieldInvalid}}
	}
	return models.LimitWarning{}, err
}

func (r *subscriptionResolver) LedgerEntries(ctx context.Context, teamID string, afterSequence *int64) (<-chan *models.LedgerEntry, error) {
	viewer, team, err := r.teamFor(ctx, teamID, models.RoleViewer)
	if err != nil {
		return nil, err
	}
	if afterSequence != nil && *afterSequence < 0 {
		return nil, models.FieldErrors{{Path: []string{"afterSequence"}, Code: models.FieldOutOfRange}}
	}
	return followEvents(ctx, r.Resolver, team, viewer, r.Entries, afterSequence)
}

// followEvents hands the events of a team on to a subscription, those behind a sequence first, for as long as the
// viewer may read the team. The viewer has passed the gate.
func followEvents[V any](ctx context.Context, r *Resolver, team models.TeamID, viewer *auth.Viewer, events *bus.Events[models.TeamID, V], after *int64) (<-chan *V, error) {
	stream, err := events.Subscribe(ctx, team, after)
	if err != nil {
		return nil, err
	}
	return hand(ctx, r, team, viewer, stream.Next, stream.Close), nil
}
