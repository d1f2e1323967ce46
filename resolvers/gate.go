package resolvers

import (
	"context"
	"errors"

	"productgenerator/auth"
	"productgenerator/models"
	"productgenerator/teams"
)

// errUnauthenticated says that nobody is signed in, where somebody has to be.
var errUnauthenticated = errors.New("not signed in")

// viewerOf is who is asking, or errUnauthenticated.
func viewerOf(ctx context.Context) (*auth.Viewer, error) {
	viewer := auth.ViewerFrom(ctx)
	if viewer == nil {
		return nil, errUnauthenticated
	}
	return viewer, nil
}

// isAdministrator says whether a platform administrator is asking.
func isAdministrator(viewer *auth.Viewer) bool {
	return viewer != nil && viewer.User.PlatformRole == models.PlatformAdministrator
}

// administrator is the platform administrator who is asking, or errUnauthenticated, or models.ErrForbidden.
func administrator(ctx context.Context) (*auth.Viewer, error) {
	viewer, err := viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	if !isAdministrator(viewer) {
		return nil, models.ErrForbidden
	}
	return viewer, nil
}

// member is the viewer as somebody who may do in the team what the role may. Platform administrators may read any team
// and do nothing else in one that they are no member of.
//
// It returns errUnauthenticated; models.ErrNotFound where the team is none of the viewer's business or does not exist,
// both alike; models.ErrForbidden where the viewer's role is too small.
func (r *Resolver) member(ctx context.Context, team models.TeamID, role models.TeamRole) (*auth.Viewer, error) {
	viewer, err := viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	membership, err := r.Teams.Membership(ctx, teams.Place{Team: team, User: viewer.User.ID})
	switch {
	case err == nil && membership.Role.Includes(role):
		return viewer, nil
	case err == nil:
		return nil, r.unlessReading(viewer, role)
	case errors.Is(err, models.ErrNotFound) && isAdministrator(viewer):
		if _, err := r.Teams.Team(ctx, team); err != nil {
			return nil, err
		}
		return viewer, r.unlessReading(viewer, role)
	default:
		return nil, err
	}
}

// unlessReading forbids everything but reading, which administrators may.
func (r *Resolver) unlessReading(viewer *auth.Viewer, role models.TeamRole) error {
	if isAdministrator(viewer) && role == models.RoleViewer {
		return nil
	}
	return models.ErrForbidden
}

// reader is the viewer as somebody who may read the team.
func (r *Resolver) reader(ctx context.Context, team models.TeamID) (*auth.Viewer, error) {
	return r.member(ctx, team, models.RoleViewer)
}

// teamFor is the team with that id, for a viewer who may do there what the role may, and who that is.
func (r *Resolver) teamFor(ctx context.Context, id string, role models.TeamRole) (*auth.Viewer, models.TeamID, error) {
	team, err := idOf[models.TeamID](id, models.PrefixTeam)
	if err != nil {
		return nil, "", unlessAnonymous(ctx, err)
	}
	viewer, err := r.member(ctx, team, role)
	return viewer, team, err
}

// administratorAbout is the platform administrator who is asking, and the id of what the input is about.
func administratorAbout[T ~string](ctx context.Context, id, prefix string) (*auth.Viewer, T, error) {
	viewer, err := administrator(ctx)
	if err != nil {
		return nil, "", err
	}
	about, err := idOf[T](id, prefix)
	return viewer, about, err
}

// idOf reads an id of that type. What is no such id names nothing: models.ErrNotFound.
func idOf[T ~string](id, prefix string) (T, error) {
	if found, ok := models.PrefixOf(id); !ok || found != prefix {
		return "", models.ErrNotFound
	}
	return T(id), nil
}

// unlessAnonymous is the error, or errUnauthenticated where nobody is signed in: who is nobody learns nothing.
func unlessAnonymous(ctx context.Context, err error) error {
	if _, anonymous := viewerOf(ctx); anonymous != nil {
		return anonymous
	}
	return err
}
