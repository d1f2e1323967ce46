package resolvers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"productgenerator/auth"
	"productgenerator/catalog"
	"productgenerator/graph"
	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/teams"
)

// userErrors makes data of what a user can run into in normal use: then the payload holds nothing else. Any other error
// comes back as it is, for the response's errors. team is whose things are at stake, empty where there is none.
//
//	if err != nil {
//		userErrors, err := r.userErrors(ctx, team, err)
//		return &graph.TeamPayload{UserErrors: userErrors}, err
//	}
func (r *Resolver) userErrors(ctx context.Context, team models.TeamID, err error) ([]graph.UserError, error) {
	if refusal, ok := errors.AsType[*models.Refusal](err); ok {
		return r.blockers(ctx, team, refusal.Blockers)
	}
	if list := r.fieldErrors(ctx, err); len(list) > 0 {
		return list, nil
	}
	t := tongueOf(ctx)
	keyConflict, isKeyConflict := errors.AsType[*keyConflictError](err)
	zone, isZone := errors.AsType[*ledger.ZoneRefusal](err)
	switch {
	case isKeyConflict:
		return []graph.UserError{&graph.IdempotencyConflictError{
			Code: graph.UserErrorCodeIdempotencyConflict, IdempotencyKey: keyConflict.key, Path: []string{"idempotencyKey"},
			Message: r.messages.say(t, nil, string(graph.UserErrorCodeIdempotencyConflict)),
		}}, nil
	case errors.Is(err, auth.ErrWrongCredentials):
		return []graph.UserError{r.invalid(t, models.FieldCode(graph.UserErrorCodeWrongCredentials), nil, nil)}, nil
	case isZone:
		return r.zoneFixed(ctx, team, zone.Until)
	case errors.Is(err, teams.ErrEmailTaken):
		return []graph.UserError{r.conflict(t, graph.UserErrorCodeTaken, []string{"email"}, nil, nil)}, nil
	}
	return r.catalogErrors(ctx, team, err)
}

// zoneFixed says that a team's time zone cannot be changed yet, and when it can.
func (r *Resolver) zoneFixed(ctx context.Context, team models.TeamID, until time.Time) ([]graph.UserError, error) {
	zone, err := r.zoneOf(ctx, team)
	if err != nil {
		return nil, err
	}
	f := figures{"until": moment{until, zone}}
	return []graph.UserError{r.invalid(tongueOf(ctx), models.FieldWrongState, []string{"timeZone"}, f)}, nil
}

// fieldErrors is what is wrong with the fields of an input, as each package says it.
func (r *Resolver) fieldErrors(ctx context.Context, err error) (list []graph.UserError) {
	t := tongueOf(ctx)
	if fields, ok := errors.AsType[models.FieldErrors](err); ok {
		for _, field := range fields {
			list = append(list, r.invalidAt(t, field))
		}
	}
	if field, ok := errors.AsType[*auth.FieldError](err); ok {
		list = append(list, r.invalid(t, field.Code, []string{field.Field}, figures{"limit": field.Limit}))
	}
	return list
}

// invalid says what is wrong with the field at that path.
func (r *Resolver) invalid(t tongue, code models.FieldCode, path []string, f figures) *graph.ValidationError {
	message := r.messages.say(t, f, string(code)+"."+fieldOf(path), string(code))
	return &graph.ValidationError{Code: graph.UserErrorCode(code), Message: message, Path: orEmpty(path)}
}

// invalidAt says what is wrong with a field: in a template also where in its text.
func (r *Resolver) invalidAt(t tongue, field models.FieldError) *graph.ValidationError {
	f := figures{"limit": field.Limit, "place": field.Place, "token": field.Token}
	if field.Place == "" {
		return r.invalid(t, field.Code, field.Path, f)
	}
	variant := ".place"
	if field.Token == "" {
		variant = ".syntax"
	}
	message := r.messages.say(t, f, string(field.Code)+variant, string(field.Code))
	return &graph.ValidationError{Code: graph.UserErrorCode(field.Code), Message: message, Path: orEmpty(field.Path)}
}

func (r *Resolver) conflict(t tongue, code graph.UserErrorCode, path []string, with graph.Node, f figures) *graph.ConflictError {
	message := r.messages.say(t, f, string(code)+"."+fieldOf(path), string(code))
	return &graph.ConflictError{Code: code, Message: message, Path: orEmpty(path), ConflictsWith: with}
}

// fieldOf is the last name on a path; the places of a list have none.
func fieldOf(path []string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] != "" && (path[i][0] < '0' || path[i][0] > '9') {
			return path[i]
		}
	}
	return ""
}

// orEmpty is a path as the API writes it: a list, never null.
func orEmpty(path []string) []string {
	if path == nil {
		return []string{}
	}
	return path
}

// catalogErrors is what a user runs into with products and their files.
func (r *Resolver) catalogErrors(ctx context.Context, team models.TeamID, err error) ([]graph.UserError, error) {
	t := tongueOf(ctx)
	if problems, ok := errors.AsType[*catalog.ImportErrors](err); ok {
		return r.importErrors(t, problems), nil
	}
	if taken, ok := errors.AsType[*catalog.TakenError](err); ok {
		with, err := r.Catalog.Products(ctx, team, []models.ProductID{taken.Product})
		if err != nil {
			return nil, fmt.Errorf("read what is in the way: %w", err)
		}
		var node graph.Node
		if product, ok := with[taken.Product]; ok {
			node = &product
		}
		return []graph.UserError{r.conflict(t, graph.UserErrorCodeTaken, []string{taken.Field}, node, nil)}, nil
	}
	if running, ok := errors.AsType[*catalog.RunningError](err); ok {
		node, err := r.generationInTheWay(ctx, running.GenerationID)
		if err != nil {
			return nil, err
		}
		return []graph.UserError{&graph.ConflictError{
			Code: graph.UserErrorCodeAlreadyRunning, Path: []string{}, ConflictsWith: node,
			Message: r.messages.say(t, nil, "ALREADY_RUNNING.product"),
		}}, nil
	}
	if stale, ok := errors.AsType[*catalog.StaleVersionError](err); ok {
		f := figures{"current": stale.Current}
		return []graph.UserError{r.conflict(t, graph.UserErrorCodeStaleVersion, []string{"expectedVersion"}, nil, f)}, nil
	}
	return nil, err
}

// importErrors is what is wrong with an imported file, line by line.
func (r *Resolver) importErrors(t tongue, problems *catalog.ImportErrors) []graph.UserError {
	list := make([]graph.UserError, 0, len(problems.List))
	for _, problem := range problems.List {
		f := figures{
			"limit": problem.Limit, "value": problem.Value, "line": problem.OtherLine, "column": problem.Column,
		}
		e := &graph.ImportError{
			Code: graph.UserErrorCode(problem.Code), Path: []string{"file"}, Line: problem.Line,
			Message: r.messages.say(t, f, "import."+string(problem.Reason), string(problem.Code)),
		}
		if column := problem.Column; column != "" {
			e.Column = &column
		}
		list = append(list, e)
	}
	return list
}

// keyConflictError names the idempotency key that was used for something else.
type keyConflictError struct{ key string }

func (e *keyConflictError) Error() string { return "the idempotency key was used with another input" }

// aboutKey adds the key to an error that only says there is a conflict.
func aboutKey(err error, key string) error {
	if errors.Is(err, ledger.ErrKeyConflict) {
		return &keyConflictError{key: key}
	}
	return err
}
