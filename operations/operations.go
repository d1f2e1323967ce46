package operations

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"productgenerator/catalog"
	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/provider"
)

// Providers are the chains that serve parts, each in its order of preference.
type Providers struct {
	Texts  *provider.Texts
	Images *provider.Images
	Prices *provider.Prices
	Facts  *provider.Facts
}

// Options are what operations need.
type Options struct {
	DB        *gorm.DB
	Pool      *pgxpool.Pool // the same database; jobs are fetched and results read through it
	Ledger    *ledger.Ledger
	Catalog   *catalog.Catalog
	Providers Providers
	Signals   ledger.Signals
	Log       *slog.Logger // nil is silent
	// Workers is how many generations this process runs at once; 0: it runs none, others do.
	Workers int
	// Now is the clock of leases' renewals and deadlines; money has the database's.
	Now func() time.Time
}

// Operations quotes, requests, runs and reads generations.
type Operations struct {
	db        *gorm.DB
	pool      *pgxpool.Pool
	ledger    *ledger.Ledger
	catalog   *catalog.Catalog
	providers Providers
	signals   ledger.Signals
	log       *slog.Logger
	workers   int
	now       func() time.Time

	inserter *river.Client[pgx.Tx]
	worker   *river.Client[pgx.Tx] // nil: this process runs none
	started  bool
	stopping context.Context
	stop     context.CancelFunc
	goes     sync.WaitGroup
	waker    *waker
	owners   owners
	rows     rows
}

// New makes operations; Start begins to work jobs off.
func New(o Options) (*Operations, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ops := &Operations{
		db: o.DB, pool: o.Pool, ledger: o.Ledger, catalog: o.Catalog, providers: o.Providers, signals: o.Signals,
		log: o.Log, workers: o.Workers, now: o.Now,
	}
	ops.stopping, ops.stop = context.WithCancel(context.Background())
	ops.waker = newWaker(o.Pool, o.Log)
	ops.owners.limit = maxKnownOwners
	if err := ops.makeQueue(); err != nil {
		return nil, err
	}
	ops.rows = ops.makeRows()
	return ops, nil
}

const maxKnownOwners = 100_000

// owners remembers which team a product belongs to, which never changes: so that a request needs no read ahead of the
// transaction that decides it.
type owners struct {
	limit int

	mu    sync.Mutex // protects teams
	teams map[models.ProductID]models.TeamID
}

func (o *owners) get(product models.ProductID) (models.TeamID, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	team, ok := o.teams[product]
	return team, ok
}

func (o *owners) put(product models.ProductID, team models.TeamID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.teams == nil || len(o.teams) >= o.limit {
		o.teams = map[models.ProductID]models.TeamID{}
	}
	o.teams[product] = team
}

// TeamOf is the team that a product belongs to, deleted products included. It returns models.ErrNotFound for a product
// that never was.
func (o *Operations) TeamOf(ctx context.Context, product models.ProductID) (models.TeamID, error) {
	if team, ok := o.owners.get(product); ok {
		return team, nil
	}
	var team models.TeamID
	err := o.pool.QueryRow(ctx, `SELECT team_id FROM products WHERE id = $1`, string(product)).Scan(&team)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", models.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("read the team of %s: %w", product, err)
	}
	o.owners.put(product, team)
	return team, nil
}
