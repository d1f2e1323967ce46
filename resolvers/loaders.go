package resolvers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vikstrous/dataloadgen"

	"productgenerator/auth"
	"productgenerator/catalog"
	"productgenerator/funding"
	"productgenerator/models"
	"productgenerator/reports"
	"productgenerator/teams"
)

// How long a loader waits for more keys, and how many it reads at once.
const (
	loaderWait  = 500 * time.Microsecond
	loaderBatch = 1_000
)

// loader reads things by their key, those that are asked for at about the same time together, each once.
type loader[K comparable, V any] struct {
	batches *dataloadgen.Loader[K, V]
}

func newLoader[K comparable, V any](read func(ctx context.Context, keys []K) (map[K]V, error)) loader[K, V] {
	// The batch must not fail because the field that happened to ask first is cancelled.
	detached := func(ctx context.Context, keys []K) (map[K]V, error) { return read(context.WithoutCancel(ctx), keys) }
	return loader[K, V]{dataloadgen.NewMappedLoader(detached,
		dataloadgen.WithWait(loaderWait), dataloadgen.WithBatchCapacity(loaderBatch))}
}

// Load is the thing with that key, or models.ErrNotFound.
func (l loader[K, V]) Load(ctx context.Context, key K) (V, error) {
	value, err := l.batches.Load(ctx, key)
	if errors.Is(err, dataloadgen.ErrNotFound) {
		var none V
		return none, fmt.Errorf("%v: %w", key, models.ErrNotFound)
	}
	return value, err
}

// Find is the thing with that key; nil: there is none.
func (l loader[K, V]) Find(ctx context.Context, key K) (*V, error) {
	value, err := l.Load(ctx, key)
	switch {
	case errors.Is(err, models.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	default:
		return &value, nil
	}
}

// orNone takes what is not there for none.
func orNone[V any](value V, err error) (V, error) {
	if errors.Is(err, models.ErrNotFound) {
		var none V
		return none, nil
	}
	return value, err
}

// productKey names a product together with its team, without which no product is read.
type productKey struct {
	team    models.TeamID
	product models.ProductID
}

// loaders are those of one response: nothing that they have read is shown in another one, so that each event of a
// subscription reads anew.
type loaders struct {
	users        loader[models.UserID, models.User]
	places       loader[models.UserID, []models.Membership] // those that the viewer may know of
	teams        loader[models.TeamID, models.Team]
	memberships  loader[teams.Place, models.Membership]
	standings    loader[teams.Place, standing]
	balances     loader[models.TeamID, models.Balance]
	paces        loader[reports.Today, reports.Pace]
	clocks       loader[models.TeamID, time.Time] // the database's, never behind the account's last entry
	grants       loader[models.GrantID, models.Grant]
	rules        loader[models.AlertRuleID, models.AlertRule]
	packages     loader[models.TokenPackageID, models.TokenPackage]
	purchases    loader[models.PurchaseID, models.Purchase]
	bought       loader[models.GrantID, models.Purchase] // by the grant that it brought
	topUps       loader[models.TeamID, funding.TopUp]
	promotions   loader[models.PromotionID, models.Promotion]
	redeemed     loader[models.GrantID, models.Promotion] // by the grant that it brought
	active       loader[models.PromotionID, bool]
	referrals    loader[models.TeamID, models.ReferralSummary]
	generations  loader[models.GenerationID, models.Generation]
	batches      loader[models.BatchID, models.GenerationBatch]
	reservations loader[models.GenerationID, models.Reservation]
	products     loader[productKey, models.Product]
	texts        loader[productKey, catalog.Texts]
	images       loader[productKey, []models.ProductImage]
	prices       loader[productKey, []models.ProductPrice]
}

// standing is what a member has used of the team's day.
type standing struct {
	used      models.Tokens
	remaining models.Limit
}

func (r *Resolver) newLoaders(viewer *auth.Viewer) *loaders {
	return &loaders{
		users: newLoader(r.Accounts.UsersByID),
		places: newLoader(func(ctx context.Context, users []models.UserID) (map[models.UserID][]models.Membership, error) {
			return r.placesFor(ctx, viewer, users)
		}),
		teams:        newLoader(r.Teams.TeamsByID),
		memberships:  newLoader(r.Teams.Memberships),
		standings:    newLoader(r.readStandings),
		balances:     newLoader(r.Ledger.Balances),
		paces:        newLoader(r.Reports.Paces),
		clocks:       newLoader(r.readClocks),
		grants:       newLoader(r.Ledger.GrantsByID),
		rules:        newLoader(r.Ledger.RulesByID),
		packages:     newLoader(r.Funding.PackagesByID),
		purchases:    newLoader(r.Funding.PurchasesByID),
		bought:       newLoader(r.Funding.PurchasesByGrant),
		topUps:       newLoader(r.Funding.AutoTopUps),
		promotions:   newLoader(r.Funding.PromotionsByID),
		redeemed:     newLoader(r.Funding.PromotionsByGrant),
		active:       newLoader(r.Funding.ActivePromotions),
		referrals:    newLoader(r.Funding.Referrals),
		generations:  newLoader(r.Operations.Generations),
		batches:      newLoader(r.Operations.Batches),
		reservations: newLoader(r.Ledger.ReservationsByGeneration),
		products:     newLoader(byTeam(r.Catalog.Products)),
		texts:        newLoader(byTeam(r.Catalog.Contents)),
		images:       newLoader(byTeam(r.Catalog.Images)),
		prices:       newLoader(byTeam(r.Catalog.Prices)),
	}
}

// placesFor is the places of users in teams, as far as the viewer may know: all of one's own, of others those in teams
// that the viewer shares; for administrators all.
func (r *Resolver) placesFor(ctx context.Context, viewer *auth.Viewer, users []models.UserID) (map[models.UserID][]models.Membership, error) {
	if viewer == nil {
		return nil, nil
	}
	if isAdministrator(viewer) {
		return r.Teams.MembershipsOf(ctx, users, nil)
	}
	return r.Teams.MembershipsOf(ctx, users, &viewer.User.ID)
}

// readStandings reads what members have used today, team by team.
func (r *Resolver) readStandings(ctx context.Context, places []teams.Place) (map[teams.Place]standing, error) {
	users := map[models.TeamID][]models.UserID{}
	for _, place := range places {
		users[place.Team] = append(users[place.Team], place.User)
	}
	standings := make(map[teams.Place]standing, len(places))
	for team, members := range users {
		account, err := r.Ledger.Account(ctx, team, members...)
		if err != nil {
			return nil, err
		}
		for _, user := range members {
			standings[teams.Place{Team: team, User: user}] = standing{account.Member(user).Used, account.MemberRemaining(user)}
		}
	}
	return standings, nil
}

// readClocks reads the instants that accounts stand at.
func (r *Resolver) readClocks(ctx context.Context, list []models.TeamID) (map[models.TeamID]time.Time, error) {
	clocks := make(map[models.TeamID]time.Time, len(list))
	for _, team := range list {
		account, err := r.Ledger.Account(ctx, team)
		if err != nil {
			return nil, err
		}
		clocks[team] = account.Now()
	}
	return clocks, nil
}

// byTeam reads what belongs to products, team by team.
func byTeam[V any](read func(context.Context, models.TeamID, []models.ProductID) (map[models.ProductID]V, error)) func(context.Context, []productKey) (map[productKey]V, error) {
	return func(ctx context.Context, keys []productKey) (map[productKey]V, error) {
		ids := map[models.TeamID][]models.ProductID{}
		for _, key := range keys {
			ids[key.team] = append(ids[key.team], key.product)
		}
		values := make(map[productKey]V, len(keys))
		for team, list := range ids {
			found, err := read(ctx, team, list)
			if err != nil {
				return nil, err
			}
			for id, value := range found {
				values[productKey{team, id}] = value
			}
		}
		return values, nil
	}
}

// loaderSets are the loaders of one response. The root fields of a mutation run one after the other and each sees what
// those before it did, so each has a set of its own; all other operations have one.
type loaderSets struct {
	new func() *loaders

	mu     sync.Mutex // protects byRoot
	byRoot map[string]*loaders
}

func (s *loaderSets) of(root string) *loaders {
	s.mu.Lock()
	defer s.mu.Unlock()
	set := s.byRoot[root]
	if set == nil {
		set = s.new()
		s.byRoot[root] = set
	}
	return set
}

type loadersKey struct{}

// WithLoaders is the context that one response is resolved with: a query's, a mutation's, each event's of a
// subscription. Every one has loaders of its own.
func (r *Resolver) WithLoaders(ctx context.Context) context.Context {
	// Who asks is looked up late: a mutation that signs in goes on as the one who has signed in.
	sets := &loaderSets{new: func() *loaders { return r.newLoaders(auth.ViewerFrom(ctx)) }, byRoot: map[string]*loaders{}}
	return context.WithValue(ctx, loadersKey{}, sets)
}

// loadersFrom are the loaders for the field that is resolved. It panics where WithLoaders was not called.
func loadersFrom(ctx context.Context) *loaders {
	sets := ctx.Value(loadersKey{}).(*loaderSets)
	return sets.of(mutationField(ctx))
}

// mutationField is the root field of a mutation that is resolved; empty in other operations.
func mutationField(ctx context.Context) string {
	if !graphql.HasOperationContext(ctx) || graphql.GetOperationContext(ctx).Operation.Operation != ast.Mutation {
		return ""
	}
	root := graphql.GetRootFieldContext(ctx)
	if root == nil {
		return ""
	}
	return root.Field.Alias
}
