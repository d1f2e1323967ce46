package resolvers

import (
	"context"
	"errors"

	"productgenerator/auth"
	"productgenerator/graph"
	"productgenerator/models"
	"productgenerator/teams"
)

func (r *mutationResolver) SignUp(ctx context.Context, input graph.SignUpInput) (*graph.SignInPayload, error) {
	user, err := r.signUp(ctx, input)
	if err != nil {
		userErrors, err := r.userErrors(ctx, "", err)
		return &graph.SignInPayload{UserErrors: userErrors}, err
	}
	return r.enter(ctx, user)
}

// signUp checks everything before it computes a password's hash, which is dear, and tells all faults at once.
func (r *Resolver) signUp(ctx context.Context, input graph.SignUpInput) (models.User, error) {
	newUser := teams.NewUser{
		Name: input.Name, Locale: string(tongueOf(ctx)), TeamName: textOr(input.TeamName, ""),
		TimeZone: textOr(input.TimeZone, ""), InvitationToken: textOr(input.InvitationToken, ""),
	}
	email, emailErr := auth.NormalizeEmail(input.Email)
	newUser.Email = email
	riders, codeErr := r.invitedBy(ctx, textOr(input.ReferralCode, ""), newUser.InvitationToken != "")
	newUser.Riders = riders
	faults, err := mergeFaults(emailErr, auth.CheckPassword(input.Password, input.Email), newUser.Check(), codeErr)
	if err != nil {
		return models.User{}, err
	}
	if err := faults.Err(); err != nil {
		return models.User{}, err
	}
	newUser.PasswordHash, err = r.Passwords.Hash(ctx, input.Password)
	if err != nil {
		return models.User{}, err
	}
	user, err := r.Teams.SignUp(ctx, newUser)
	if errors.Is(err, teams.ErrInvitation) {
		return models.User{}, models.FieldErrors{{Path: []string{"invitationToken"}, Code: models.FieldInvalid}}
	}
	return user, err
}

// mergeFaults is what is wrong with several fields as one list, or the first error that is something else.
func mergeFaults(errs ...error) (models.FieldErrors, error) {
	var faults models.FieldErrors
	for _, err := range errs {
		field, isField := errors.AsType[*auth.FieldError](err)
		fields, areFields := errors.AsType[models.FieldErrors](err)
		switch {
		case err == nil:
		case isField:
			faults.Add(models.FieldCode(field.Code), field.Limit, field.Field)
		case areFields:
			faults = append(faults, fields...)
		default:
			return nil, err
		}
	}
	return faults, nil
}

func (r *mutationResolver) SignIn(ctx context.Context, input graph.SignInInput) (*graph.SignInPayload, error) {
	user, err := r.Accounts.SignIn(ctx, input.Email, input.Password)
	if err != nil {
		userErrors, err := r.userErrors(ctx, "", err)
		return &graph.SignInPayload{UserErrors: userErrors}, err
	}
	return r.enter(ctx, user)
}

// enter begins the user's session.
func (r *Resolver) enter(ctx context.Context, user models.User) (*graph.SignInPayload, error) {
	token, err := r.Sessions.Enter(ctx, user)
	if err != nil {
		return nil, err
	}
	return &graph.SignInPayload{Viewer: &user, Token: &token}, nil
}

func (r *mutationResolver) SignOut(ctx context.Context) (*graph.SignOutPayload, error) {
	if err := r.Sessions.Leave(ctx); err != nil {
		return nil, err
	}
	return &graph.SignOutPayload{}, nil
}

func (r *queryResolver) Viewer(ctx context.Context) (*models.User, error) {
	viewer := auth.ViewerFrom(ctx)
	if viewer == nil {
		return nil, nil
	}
	user := viewer.User
	return &user, nil
}

// PlatformRole is told of oneself only. Right behind signing in the user is asking already.
func (r *userResolver) PlatformRole(ctx context.Context, user *models.User) (*models.PlatformRole, error) {
	viewer := auth.ViewerFrom(ctx)
	if viewer == nil || viewer.User.ID != user.ID {
		return nil, nil
	}
	return &user.PlatformRole, nil
}

func (r *userResolver) Memberships(ctx context.Context, user *models.User) ([]models.Membership, error) {
	if auth.ViewerFrom(ctx) == nil {
		return []models.Membership{}, nil
	}
	return orNone(loadersFrom(ctx).places.Load(ctx, user.ID))
}

func (r *Resolver) User() graph.UserResolver { return &userResolver{r} }

type userResolver struct{ *Resolver }
