package resolvers

import (
	"context"
	"errors"
	"fmt"

	"productgenerator/auth"
	"productgenerator/graph"
	"productgenerator/models"
	"productgenerator/teams"
)

// blockers tells what keeps an operation from running, each reason with its figures and what to do about it.
func (r *Resolver) blockers(ctx context.Context, team models.TeamID, blockers []models.Blocker) ([]graph.UserError, error) {
	list := make([]graph.UserError, len(blockers))
	var debt models.Tokens // what comes in pays it first
	for _, blocker := range blockers {
		debt += blocker.Debt
	}
	for i, blocker := range blockers {
		userError, err := r.blocker(ctx, team, blocker, debt)
		if err != nil {
			return nil, err
		}
		list[i] = userError
	}
	return list, nil
}

func (r *Resolver) blocker(ctx context.Context, team models.TeamID, b models.Blocker, debt models.Tokens) (graph.UserError, error) {
	t := tongueOf(ctx)
	switch b.Code {
	case models.BlockerInsufficientTokens:
		shortBy := b.Required - b.Available
		f := figures{"required": b.Required, "available": b.Available, "shortBy": shortBy}
		return &graph.InsufficientTokensError{
			Code: graph.UserErrorCodeInsufficientTokens, Message: r.messages.say(t, f, string(b.Code)),
			Path: orEmpty(b.Path), Required: b.Required, Available: b.Available, ShortBy: shortBy, ClearsAt: b.ClearsAt,
			ClearableBy: roleOrNull(b.ClearableBy), Missing: shortBy + debt,
		}, nil
	case models.BlockerDailyLimitReached:
		return r.limitReached(ctx, team, b)
	case models.BlockerInDebt:
		return &graph.DebtError{
			Code: graph.UserErrorCodeInDebt, Message: r.messages.say(t, figures{"debt": b.Debt}, string(b.Code)),
			Path: orEmpty(b.Path), Debt: b.Debt, ClearableBy: roleOrNull(b.ClearableBy),
		}, nil
	case models.BlockerProviderDown:
		return r.providerDown(ctx, team, b)
	case models.BlockerAlreadyRunning:
		return r.alreadyRunning(ctx, team, b)
	case models.BlockerFinished:
		with, err := r.generationInTheWay(ctx, b.GenerationID)
		if err != nil {
			return nil, err
		}
		return &graph.ConflictError{
			Code: graph.UserErrorCode(b.Code), Message: r.messages.say(t, nil, string(b.Code)),
			Path: orEmpty(b.Path), ConflictsWith: with,
		}, nil
	default:
		return nil, fmt.Errorf("nothing is known of the blocker %q", b.Code)
	}
}

func (r *Resolver) limitReached(ctx context.Context, team models.TeamID, b models.Blocker) (graph.UserError, error) {
	zone, err := r.zoneOf(ctx, team)
	if err != nil {
		return nil, err
	}
	reached := &graph.DailyLimitReachedError{
		Code: graph.UserErrorCodeDailyLimitReached, Path: orEmpty(b.Path), Required: b.Required,
		RemainingToday: b.RemainingToday, DailyLimit: b.DailyLimit, ClearableBy: roleOrNull(b.ClearableBy),
	}
	if b.ClearsAt != nil {
		reached.ResetsAt = *b.ClearsAt
	}
	if b.LimitSource != "" {
		reached.Source = &b.LimitSource
	}
	variant := string(b.Code) + "." + string(b.LimitSource)
	if b.MemberID != "" {
		variant = string(b.Code) + ".member"
		member, err := r.Teams.Membership(ctx, teams.Place{Team: team, User: b.MemberID})
		if err != nil && !errors.Is(err, models.ErrNotFound) {
			return nil, fmt.Errorf("read whose limit it is: %w", err)
		}
		if err == nil {
			reached.Member = &member
		}
	}
	if b.Required > b.DailyLimit {
		variant += ".never"
	}
	reached.Message = r.messages.say(tongueOf(ctx), figures{
		"required": b.Required, "remaining": b.RemainingToday, "limit": b.DailyLimit,
		"resets": moment{reached.ResetsAt, zone},
	}, variant, string(b.Code))
	return reached, nil
}

// alreadyRunning says who started what is in the way, when, and which of its parts are.
func (r *Resolver) alreadyRunning(ctx context.Context, team models.TeamID, b models.Blocker) (graph.UserError, error) {
	f, key := figures{"parts": b.Parts}, string(b.Code)
	conflict := &graph.ConflictError{Code: graph.UserErrorCodeAlreadyRunning, Path: orEmpty(b.Path)}
	generation, err := r.Operations.Generation(ctx, b.GenerationID)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return nil, fmt.Errorf("read what is in the way: %w", err)
	}
	if err == nil {
		conflict.ConflictsWith = &generation
		if key, err = r.describeRun(ctx, team, generation, f); err != nil {
			return nil, err
		}
	}
	conflict.Message = r.messages.say(tongueOf(ctx), f, key)
	return conflict, nil
}

// describeRun adds who started a generation and when to the figures, and says which sentence tells it to the viewer.
func (r *Resolver) describeRun(ctx context.Context, team models.TeamID, generation models.Generation, f figures) (key string, err error) {
	zone, err := r.zoneOf(ctx, team)
	if err != nil {
		return "", err
	}
	f["since"] = moment{generation.CreatedAt, zone}
	key = string(models.BlockerAlreadyRunning)
	if viewer := auth.ViewerFrom(ctx); viewer != nil && viewer.User.ID == generation.ActorID {
		return key + ".own", nil
	}
	actor, err := loadersFrom(ctx).users.Load(ctx, generation.ActorID)
	if err != nil {
		return "", fmt.Errorf("read who started it: %w", err)
	}
	f["who"] = actor.Name
	return key + ".colleague", nil
}

func (r *Resolver) providerDown(ctx context.Context, team models.TeamID, b models.Blocker) (graph.UserError, error) {
	f, key := figures{"parts": b.Parts}, string(b.Code)
	if b.ClearsAt != nil {
		zone, err := r.zoneOf(ctx, team)
		if err != nil {
			return nil, err
		}
		f["retry"], key = moment{*b.ClearsAt, zone}, key+".retry"
	}
	return &graph.ProviderDownError{
		Code: graph.UserErrorCodeProviderDown, Message: r.messages.say(tongueOf(ctx), f, key), Path: orEmpty(b.Path),
		Parts: b.Parts, RetryAt: b.ClearsAt,
	}, nil
}

// generationInTheWay is the generation that a conflict names; nil where it is not there any more.
func (r *Resolver) generationInTheWay(ctx context.Context, id models.GenerationID) (graph.Node, error) {
	generation, err := r.Operations.Generation(ctx, id)
	if errors.Is(err, models.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what is in the way: %w", err)
	}
	return &generation, nil
}

// zoneOf is the zone that a team is told times in; without a team it is UTC.
func (r *Resolver) zoneOf(ctx context.Context, team models.TeamID) (string, error) {
	if team == "" {
		return "UTC", nil
	}
	balance, err := loadersFrom(ctx).balances.Load(ctx, team)
	if err != nil {
		return "", fmt.Errorf("read the zone of %s: %w", team, err)
	}
	return balance.TimeZone, nil
}

func roleOrNull(role models.TeamRole) *models.TeamRole {
	if role == "" {
		return nil
	}
	return &role
}
