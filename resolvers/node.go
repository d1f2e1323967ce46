package resolvers

import (
	"context"
	"errors"

	"productgenerator/auth"
	"productgenerator/graph"
	"productgenerator/models"
)

// Node is anything that has an id: null, without an error, for what does not exist and for what the viewer may not see.
func (r *queryResolver) Node(ctx context.Context, id string) (graph.Node, error) {
	prefix, _ := models.PrefixOf(id)
	node, err := r.node(ctx, prefix, id)
	if hidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return node, nil
}

// hidden says whether the error only tells that the viewer sees nothing.
func hidden(err error) bool {
	return errors.Is(err, models.ErrNotFound) || errors.Is(err, models.ErrForbidden) || errors.Is(err, errUnauthenticated)
}

func (r *Resolver) node(ctx context.Context, prefix, id string) (graph.Node, error) {
	switch prefix {
	case models.PrefixUser:
		return r.userNode(ctx, models.UserID(id))
	case models.PrefixTeam:
		return r.teamNode(ctx, models.TeamID(id))
	case models.PrefixMembership:
		membership, err := r.Teams.MembershipByID(ctx, models.MembershipID(id))
		return visible(ctx, r, &membership, membership.TeamID, models.RoleViewer, err)
	case models.PrefixInvitation:
		invitation, err := r.Teams.Invitation(ctx, models.InvitationID(id))
		return r.invitationNode(ctx, &invitation, err)
	case models.PrefixBalance:
		return r.balanceNode(ctx, models.TeamOfBalance(models.BalanceID(id)))
	case models.PrefixGrant:
		grant, err := loadersFrom(ctx).grants.Load(ctx, models.GrantID(id))
		return visible(ctx, r, &grant, grant.TeamID, models.RoleViewer, err)
	case models.PrefixLedgerEntry:
		entry, err := r.Ledger.Entry(ctx, models.LedgerEntryID(id))
		return visible(ctx, r, &entry, entry.TeamID, models.RoleViewer, err)
	case models.PrefixAlertRule:
		rule, err := loadersFrom(ctx).rules.Load(ctx, models.AlertRuleID(id))
		return visible(ctx, r, &rule, rule.TeamID, models.RoleViewer, err)
	case models.PrefixLimitWarning:
		warning, err := r.Ledger.Warning(ctx, models.LimitWarningID(id))
		return visible(ctx, r, &warning, warning.TeamID, models.RoleViewer, err)
	case models.PrefixTokenPackage:
		return r.packageNode(ctx, models.TokenPackageID(id))
	case models.PrefixPurchase:
		purchase, err := loadersFrom(ctx).purchases.Load(ctx, models.PurchaseID(id))
		return visible(ctx, r, &purchase, purchase.TeamID, models.RoleViewer, err)
	case models.PrefixPromotion:
		return r.promotionNode(ctx, models.PromotionID(id))
	case models.PrefixGeneration:
		generation, err := loadersFrom(ctx).generations.Load(ctx, models.GenerationID(id))
		return visible(ctx, r, &generation, generation.TeamID, models.RoleViewer, err)
	case models.PrefixBatch:
		batch, err := r.Operations.Batch(ctx, models.BatchID(id))
		return visible(ctx, r, &batch, batch.TeamID, models.RoleViewer, err)
	case models.PrefixAdministration:
		return r.administrationNode(ctx, id)
	default:
		return r.catalogNode(ctx, prefix, id)
	}
}

// visible is the node if it was found and the viewer's role in its team is large enough.
func visible(ctx context.Context, r *Resolver, node graph.Node, team models.TeamID, role models.TeamRole, err error) (graph.Node, error) {
	if err != nil {
		return nil, err
	}
	if _, err := r.member(ctx, team, role); err != nil {
		return nil, err
	}
	return node, nil
}

func (r *Resolver) teamNode(ctx context.Context, id models.TeamID) (graph.Node, error) {
	team, err := loadersFrom(ctx).teams.Load(ctx, id)
	return visible(ctx, r, &team, id, models.RoleViewer, err)
}

func (r *Resolver) balanceNode(ctx context.Context, team models.TeamID) (graph.Node, error) {
	balance, err := loadersFrom(ctx).balances.Load(ctx, team)
	return visible(ctx, r, &balance, team, models.RoleViewer, err)
}

// invitationNode is for those who see a team's invitations: its ADMINs, and platform administrators.
func (r *Resolver) invitationNode(ctx context.Context, invitation *models.Invitation, err error) (graph.Node, error) {
	if err == nil && isAdministrator(auth.ViewerFrom(ctx)) {
		return invitation, nil
	}
	return visible(ctx, r, invitation, invitation.TeamID, models.RoleAdmin, err)
}

func (r *Resolver) administrationNode(ctx context.Context, id string) (graph.Node, error) {
	if id != models.AdministrationID {
		return nil, models.ErrNotFound
	}
	if _, err := administrator(ctx); err != nil {
		return nil, err
	}
	return r.administrationNow(ctx)
}

// packageNode is for everybody, as long as it can be bought; for who is signed in it is so always: purchases name it.
func (r *Resolver) packageNode(ctx context.Context, id models.TokenPackageID) (graph.Node, error) {
	found, err := loadersFrom(ctx).packages.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	if !found.Active && auth.ViewerFrom(ctx) == nil {
		return nil, models.ErrNotFound
	}
	return &found, nil
}

// promotionNode is for whoever is signed in: only who may see a promotion has come by its id.
func (r *Resolver) promotionNode(ctx context.Context, id models.PromotionID) (graph.Node, error) {
	if _, err := viewerOf(ctx); err != nil {
		return nil, err
	}
	promotion, err := loadersFrom(ctx).promotions.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	return &promotion, nil
}

// userNode is oneself, or who shares a team with the viewer; for administrators everybody.
func (r *Resolver) userNode(ctx context.Context, id models.UserID) (graph.Node, error) {
	viewer, err := viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	if viewer.User.ID != id && !isAdministrator(viewer) {
		shared, err := orNone(loadersFrom(ctx).places.Load(ctx, id))
		if err != nil {
			return nil, err
		}
		if len(shared) == 0 {
			return nil, models.ErrNotFound
		}
	}
	user, err := loadersFrom(ctx).users.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	return &user, nil
}
