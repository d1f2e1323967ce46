package resolvers

import (
	"log/slog"
	"strings"
	"time"

	"productgenerator/auth"
	"productgenerator/bus"
	"productgenerator/catalog"
	"productgenerator/funding"
	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/operations"
	"productgenerator/reports"
	"productgenerator/teams"
)

// streamCheck is how often the rights of those who listen are looked at again: a removed member's stream ends within
// twice that.
const streamCheck = 2 * time.Second

// Deps are what the resolvers call. All of them are needed.
type Deps struct {
	Accounts   *auth.Accounts
	Sessions   *auth.Sessions
	Passwords  *auth.Passwords
	Teams      *teams.Teams
	Ledger     *ledger.Ledger
	Catalog    *catalog.Catalog
	Operations *operations.Operations
	Funding    *funding.Funding
	Reports    *reports.Reports
	// Balances shows the newest balance of teams to those who watch it.
	Balances *bus.Feed[models.TeamID, models.Balance]
	// Generations shows the newest state of generations, up to the last one.
	Generations *bus.Feed[models.GenerationID, models.Generation]
	// Batches shows the newest state of runs over many products, up to the last one.
	Batches *bus.Feed[models.BatchID, models.GenerationBatch]
	// Purchases shows the newest state of purchases.
	Purchases *bus.Feed[models.PurchaseID, models.Purchase]
	// Entries streams the lines of teams' ledgers.
	Entries *bus.Events[models.TeamID, models.LedgerEntry]
	// Warnings streams the warnings of teams.
	Warnings *bus.Events[models.TeamID, models.LimitWarning]
	// PublicURL is what links to the dashboard begin with.
	PublicURL string
	// FeedCurrency is that of imported prices that name none, ISO 4217.
	FeedCurrency string
	Log          *slog.Logger
}

// Resolver is the root of all resolvers. It is safe for concurrent use.
type Resolver struct {
	Deps
	messages messages
	streams  *streams
}

// New makes resolvers.
func New(deps Deps) *Resolver {
	deps.PublicURL = strings.TrimRight(deps.PublicURL, "/")
	r := &Resolver{Deps: deps, messages: newMessages()}
	r.streams = newStreams(deps.Teams.Memberships, streamCheck)
	return r
}
