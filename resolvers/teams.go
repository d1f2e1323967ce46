package resolvers

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"productgenerator/auth"
	"productgenerator/graph"
	"productgenerator/models"
	"productgenerator/teams"
)

func (r *queryResolver) Team(ctx context.Context, id string) (*models.Team, error) {
	_, team, err := r.teamFor(ctx, id, models.RoleViewer)
	if err != nil {
		return nil, err
	}
	found, err := loadersFrom(ctx).teams.Load(ctx, team)
	return &found, err
}

func (r *queryResolver) Invitation(ctx context.Context, token string) (*models.Invitation, error) {
	invitation, err := r.Teams.InvitationByToken(ctx, token)
	if errors.Is(err, teams.ErrInvitation) {
		return nil, models.ErrNotFound
	}
	return &invitation, err
}

func (r *mutationResolver) CreateTeam(ctx context.Context, input graph.CreateTeamInput) (*graph.TeamPayload, error) {
	viewer, err := viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	team, err := r.Teams.CreateTeam(ctx, viewer.User.ID, input.Name, input.TimeZone)
	if err != nil {
		userErrors, err := r.userErrors(ctx, "", err)
		return &graph.TeamPayload{UserErrors: userErrors}, err
	}
	return &graph.TeamPayload{Team: &team}, nil
}

func (r *mutationResolver) UpdateTeam(ctx context.Context, input graph.UpdateTeamInput) (*graph.TeamPayload, error) {
	viewer, team, err := r.teamFor(ctx, input.TeamID, models.RoleAdmin)
	if err != nil {
		return nil, err
	}
	updated, err := r.Teams.UpdateTeam(ctx, teams.TeamChange{
		Team: team, Actor: viewer.User.ID, Name: fieldGiven(input.Name), TimeZone: fieldGiven(input.TimeZone),
		DailyLimit: fieldGiven(input.DailyLimit), LowBalanceThreshold: fieldGiven(input.LowBalanceThreshold),
	})
	if err != nil {
		userErrors, err := r.userErrors(ctx, team, err)
		return &graph.TeamPayload{UserErrors: userErrors}, err
	}
	return &graph.TeamPayload{Team: &updated}, nil
}

// UpdateMember leaves it to teams who may change what: it depends on both roles.
func (r *mutationResolver) UpdateMember(ctx context.Context, input graph.UpdateMemberInput) (*graph.MembershipPayload, error) {
	viewer, err := viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	id, err := idOf[models.MembershipID](input.ID, models.PrefixMembership)
	if err != nil {
		return nil, err
	}
	membership, err := r.Teams.MembershipByID(ctx, id)
	if err != nil {
		return nil, err
	}
	team := membership.TeamID
	if _, err := r.reader(ctx, team); err != nil {
		return nil, err
	}
	updated, err := r.Teams.UpdateMember(ctx, teams.MemberChange{
		ID: id, Actor: viewer.User.ID, Role: fieldGiven(input.Role), DailyLimit: fieldGiven(input.DailyLimit),
	})
	if err != nil {
		userErrors, err := r.userErrors(ctx, team, err)
		return &graph.MembershipPayload{UserErrors: userErrors}, unlessReader(ctx, r.Resolver, team, err)
	}
	return &graph.MembershipPayload{Membership: &updated}, nil
}

// fieldGiven is a field of an update: what is left out stays, null clears.
func fieldGiven[T any](field graphql.Omittable[*T]) teams.Field[T] {
	value, given := field.ValueOK()
	return teams.Field[T]{Given: given, Value: value}
}

func (r *mutationResolver) InviteMember(ctx context.Context, input graph.InviteMemberInput) (*graph.InvitationPayload, error) {
	viewer, team, err := r.teamFor(ctx, input.TeamID, models.RoleAdmin)
	if err != nil {
		return nil, err
	}
	email, err := auth.NormalizeEmail(input.Email)
	if err != nil {
		userErrors, err := r.userErrors(ctx, team, err)
		return &graph.InvitationPayload{UserErrors: userErrors}, err
	}
	invitation, token, err := r.Teams.Invite(ctx, teams.Invite{
		Team: team, Inviter: viewer.User.ID, Email: email, Role: input.Role,
	})
	if err != nil {
		userErrors, err := r.userErrors(ctx, team, err)
		return &graph.InvitationPayload{UserErrors: userErrors}, err
	}
	acceptURL := r.PublicURL + "/invitation?token=" + url.QueryEscape(token)
	return &graph.InvitationPayload{Invitation: &invitation, AcceptURL: &acceptURL, Token: &token}, nil
}

func (r *mutationResolver) AcceptInvitation(ctx context.Context, input graph.AcceptInvitationInput) (*graph.MembershipPayload, error) {
	viewer, err := viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	membership, err := r.Teams.AcceptInvitation(ctx, viewer.User.ID, input.Token)
	if errors.Is(err, teams.ErrInvitation) {
		err = models.FieldErrors{{Path: []string{"token"}, Code: models.FieldInvalid}}
	}
	if err != nil {
		userErrors, err := r.userErrors(ctx, "", err)
		return &graph.MembershipPayload{UserErrors: userErrors}, err
	}
	return &graph.MembershipPayload{Membership: &membership}, nil
}

func (r *teamResolver) TimeZone(ctx context.Context, team *models.Team) (string, error) {
	balance, err := loadersFrom(ctx).balances.Load(ctx, team.ID)
	return balance.TimeZone, err
}

func (r *teamResolver) OwnDailyLimit(ctx context.Context, team *models.Team) (*models.Tokens, error) {
	balance, err := loadersFrom(ctx).balances.Load(ctx, team.ID)
	return balance.OwnDailyLimit, err
}

func (r *teamResolver) PendingTimeZone(ctx context.Context, team *models.Team) (*string, error) {
	balance, err := loadersFrom(ctx).balances.Load(ctx, team.ID)
	return balance.PendingTimeZone, err
}

func (r *teamResolver) PendingTimeZoneAt(ctx context.Context, team *models.Team) (*time.Time, error) {
	balance, err := loadersFrom(ctx).balances.Load(ctx, team.ID)
	return balance.PendingTimeZoneAt, err
}

func (r *teamResolver) AllowedDailyLimit(ctx context.Context, team *models.Team) (models.Tokens, error) {
	balance, err := loadersFrom(ctx).balances.Load(ctx, team.ID)
	return balance.AllowedDailyLimit.API(), err
}

func (r *teamResolver) LowBalanceThreshold(ctx context.Context, team *models.Team) (models.Tokens, error) {
	balance, err := loadersFrom(ctx).balances.Load(ctx, team.ID)
	return balance.LowBalanceThreshold, err
}

func (r *teamResolver) ViewerMembership(ctx context.Context, team *models.Team) (*models.Membership, error) {
	return r.membershipOf(ctx, team.ID)
}

func (r *teamResolver) ViewerRole(ctx context.Context, team *models.Team) (*models.TeamRole, error) {
	membership, err := r.membershipOf(ctx, team.ID)
	if membership == nil || err != nil {
		return nil, err
	}
	return &membership.Role, nil
}

func (r *teamResolver) Members(ctx context.Context, team *models.Team, first *int, after *string) (*models.Connection[models.Membership], error) {
	page, err := models.NewPage(first, after, nil, nil)
	if err != nil {
		return nil, err
	}
	members, err := r.Teams.Members(ctx, team.ID, page)
	return &members, err
}

// Invitations are told to ADMINs of the team and to platform administrators, who read any team.
func (r *teamResolver) Invitations(ctx context.Context, team *models.Team) ([]models.Invitation, error) {
	if configures, err := r.configures(ctx, team.ID); !configures || err != nil {
		return nil, err
	}
	return r.Teams.OpenInvitations(ctx, team.ID)
}

func (r *invitationResolver) TeamName(ctx context.Context, invitation *models.Invitation) (string, error) {
	team, err := loadersFrom(ctx).teams.Load(ctx, invitation.TeamID)
	return team.Name, err
}

func (r *membershipResolver) User(ctx context.Context, membership *models.Membership) (*models.User, error) {
	return r.user(ctx, &membership.UserID)
}

func (r *membershipResolver) Team(ctx context.Context, membership *models.Membership) (*models.Team, error) {
	team, err := loadersFrom(ctx).teams.Load(ctx, membership.TeamID)
	return &team, err
}

func (r *membershipResolver) ConsumedToday(ctx context.Context, membership *models.Membership) (models.Tokens, error) {
	standing, err := loadersFrom(ctx).standings.Load(ctx, placeOf(membership))
	return standing.used, err
}

func (r *membershipResolver) RemainingToday(ctx context.Context, membership *models.Membership) (models.Tokens, error) {
	standing, err := loadersFrom(ctx).standings.Load(ctx, placeOf(membership))
	return standing.remaining.API(), err
}

// membershipOf is the viewer's own place in a team, nil where there is none.
func (r *Resolver) membershipOf(ctx context.Context, team models.TeamID) (*models.Membership, error) {
	viewer, err := viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	return loadersFrom(ctx).memberships.Find(ctx, teams.Place{Team: team, User: viewer.User.ID})
}

func placeOf(membership *models.Membership) teams.Place {
	return teams.Place{Team: membership.TeamID, User: membership.UserID}
}

func (r *Resolver) Invitation() graph.InvitationResolver { return &invitationResolver{r} }

func (r *Resolver) Membership() graph.MembershipResolver { return &membershipResolver{r} }

func (r *Resolver) Team() graph.TeamResolver { return &teamResolver{r} }

type (
	invitationResolver struct{ *Resolver }
	membershipResolver struct{ *Resolver }
	teamResolver       struct{ *Resolver }
)
