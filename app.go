package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"productgenerator/auth"
	"productgenerator/bus"
	"productgenerator/catalog"
	"productgenerator/funding"
	"productgenerator/graph"
	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/notify"
	"productgenerator/operations"
	"productgenerator/payment"
	"productgenerator/postgres"
	"productgenerator/reports"
	"productgenerator/resolvers"
	"productgenerator/teams"
	"productgenerator/transport"
	"productgenerator/web"
)

// app is the program's parts, wired together: who needs what is to be seen here, and in which order they stop.
type app struct {
	config *config
	log    *slog.Logger
	db     *database

	bus         *bus.Postgres
	notifier    *notify.Notifier
	ledger      *ledger.Ledger
	balances    *bus.Feed[models.TeamID, models.Balance]
	generations *bus.Feed[models.GenerationID, models.Generation]
	batches     *bus.Feed[models.BatchID, models.GenerationBatch]
	purchases   *bus.Feed[models.PurchaseID, models.Purchase]
	entries     *bus.Events[models.TeamID, models.LedgerEntry]
	warnings    *bus.Events[models.TeamID, models.LimitWarning]
	operations  *operations.Operations
	funding     *funding.Funding

	gate      *auth.Gate
	origins   *auth.Origins
	transport *transport.Server
	receipts  http.Handler // the printable pages of purchases
	metrics   *metrics

	stopHousekeeping func()
	demoPassword     string
}

// newApp opens the database and makes everything that serves it; nothing is left open behind an error.
func newApp(ctx context.Context, c *config, log *slog.Logger) (_ *app, err error) {
	a := &app{config: c, log: log}
	if a.db, err = openDatabase(ctx, c, false, log); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.stop(context.WithoutCancel(ctx), nil))
		}
	}()
	if a.bus, err = bus.Listen(ctx, a.db.url, log); err != nil {
		return nil, err
	}
	if err := a.makeNotifier(); err != nil {
		return nil, err
	}
	signals := warningSignals{a.bus, a.notifier}
	a.ledger = ledger.New(a.db.Gorm, a.db.Pool, signals, ledger.Options{
		Cheapest: operations.CheapestCost, Log: log,
		MayReach: func(address string) bool { return notify.MayReach(address, c.WebhookAllowPrivate) },
	})
	products := catalog.New(a.db.Gorm, time.Now)
	if err := products.LoadPublicCatalogue(ctx); err != nil {
		return nil, fmt.Errorf("public catalogue: %w", err)
	}
	a.operations, err = operations.New(operations.Options{
		DB: a.db.Gorm, Pool: a.db.Pool, Ledger: a.ledger, Catalog: products,
		Providers: makeProviders(c, products, log), Signals: a.bus, Log: log, Workers: c.Workers, Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	if err := a.makeFunding(); err != nil {
		return nil, err
	}
	a.makeFeeds()
	passwords := auth.NewPasswords(runtime.GOMAXPROCS(0))
	sessions := auth.NewSessions(a.db.Gorm, time.Now)
	accounts := auth.NewAccounts(a.db.Gorm, passwords, sessions, time.Now)
	if c.AdminEmail != "" {
		if err := accounts.EnsureAdministrator(ctx, c.AdminEmail, c.AdminPassword); err != nil {
			return nil, fmt.Errorf("ADMIN_EMAIL: %w", err)
		}
	}
	if *c.SeedDemo {
		if a.demoPassword, err = seedDemo(ctx, c, a.db, a.ledger, products, passwords); err != nil {
			return nil, fmt.Errorf("demonstration: %w", err)
		}
	}
	if a.origins, err = auth.NewOrigins(c.PublicURL); err != nil {
		return nil, settingError("PUBLIC_URL", c.PublicURL, "an http or https address")
	}
	a.gate = auth.NewGate(sessions, a.origins, log)
	resolver := resolvers.New(resolvers.Deps{
		Accounts: accounts, Sessions: sessions, Passwords: passwords,
		Teams:  teams.New(a.db.Gorm, a.ledger, teams.Options{WelcomeTokens: models.Tokens(c.WelcomeTokens), Now: time.Now}),
		Ledger: a.ledger, Catalog: products, Operations: a.operations, Funding: a.funding,
		Reports:  reports.New(a.db.Pool),
		Balances: a.balances, Generations: a.generations, Batches: a.batches,
		Purchases: a.purchases, Entries: a.entries, Warnings: a.warnings,
		PublicURL: c.PublicURL, FeedCurrency: c.FeedCurrency, Log: log,
	})
	a.serveGraphQL(resolver, sessions)
	a.receipts = resolvers.Language(resolver.PurchaseDocument(c.InvoiceDetails))
	a.keepHouse()
	// The notifier comes first: it puts back what the other queue's workers would throw away.
	if err := a.notifier.Start(ctx); err != nil {
		return nil, err
	}
	a.funding.Start()
	return a, a.operations.Start(context.WithoutCancel(ctx))
}

// makeFunding makes what sells tokens, with whoever takes the money.
func (a *app) makeFunding() error {
	taker, others, err := a.config.takers()
	if err != nil {
		return err
	}
	a.funding = funding.New(funding.Options{
		DB: a.db.Gorm, Pool: a.db.Pool, Ledger: a.ledger, Provider: taker, Others: others,
		PublicURL:     a.config.PublicURL,
		ObserveNotice: func(o funding.NoticeOutcome) { a.metrics.delivered(o) },
		ObserveRepair: func(r funding.Repaired) { a.metrics.repaired(r) },
		Log:           a.log, Now: time.Now,
	})
	a.log.Info("payments", "provider", taker.Name(), "live", taker.Live())
	return nil
}

// makeNotifier makes what delivers warnings by e-mail and webhook.
func (a *app) makeNotifier() (err error) {
	a.notifier, err = notify.New(notify.Options{
		DB: a.db.Gorm, Pool: a.db.Pool, Mail: a.config.mail(), PublicURL: a.config.PublicURL,
		AllowPrivate: a.config.WebhookAllowPrivate, Describe: resolvers.WarningWriter(),
		Observe: func(c notify.Channel, o notify.Outcome) { a.metrics.attempted(c, o) }, Log: a.log, Now: time.Now,
	})
	return err
}

// warningSignals carries what the ledger says has changed to the bus, and has the notifier look whether there are
// warnings behind it.
type warningSignals struct {
	bus.Bus
	notifier *notify.Notifier
}

// Publish tells both; neither keeps the ledger waiting.
func (s warningSignals) Publish(topics ...string) {
	s.Bus.Publish(topics...)
	s.notifier.Wake()
}

// keepHouse forgets what need not be remembered, and posts what time alone does to teams, until the program stops.
func (a *app) keepHouse() {
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { a.ledger.ForgetRefusalsUntil(ctx) })
	running.Go(func() { a.ledger.SweepUntil(ctx) })
	a.stopHousekeeping = func() {
		stop()
		running.Wait()
	}
}

// makeFeeds makes what subscriptions listen to: one reading of a thing's newest state, or newest events, for all who
// follow it here.
func (a *app) makeFeeds() {
	reading := bus.Reading{Log: a.log}
	a.balances = bus.NewFeed(a.bus, bus.FeedOptions[models.TeamID, models.Balance]{
		Read: a.ledger.Balance, Newer: ledger.BalanceChanged,
		Due:   func(b models.Balance) time.Time { return b.ChangesAt() },
		OnDue: a.ledger.PostTime, Now: time.Now, Reading: reading,
	})
	a.generations = bus.NewFeed(a.bus, bus.FeedOptions[models.GenerationID, models.Generation]{
		Read: a.operations.Generation, Newer: operations.GenerationChanged, Reading: reading,
		Final: func(g models.Generation) bool { return g.Status.Finished() },
	})
	a.batches = bus.NewFeed(a.bus, bus.FeedOptions[models.BatchID, models.GenerationBatch]{
		Read: a.operations.Batch, Newer: operations.BatchChanged, Reading: reading,
		Final: func(b models.GenerationBatch) bool { return b.Status().Finished() },
	})
	a.purchases = bus.NewFeed(a.bus, bus.FeedOptions[models.PurchaseID, models.Purchase]{
		Read: a.funding.PurchaseByID, Newer: funding.PurchaseChanged, Reading: reading,
	})
	a.entries = bus.NewEvents(a.bus, bus.EventsOptions[models.TeamID, models.LedgerEntry]{
		Newest: a.ledger.NewestEntry, After: a.ledger.EntriesAfter,
		Sequence:  func(e models.LedgerEntry) int64 { return e.Sequence },
		MaxBehind: resolvers.MaxEntriesBehind, Reading: reading,
	})
	a.warnings = bus.NewEvents(a.bus, bus.EventsOptions[models.TeamID, models.LimitWarning]{
		Newest: a.ledger.NewestWarning, After: a.ledger.WarningsAfter,
		Sequence:  func(w models.LimitWarning) int64 { return w.Sequence },
		MaxBehind: resolvers.MaxWarningsBehind, Reading: reading,
	})
}

// serveGraphQL puts the resolvers behind the transports.
func (a *app) serveGraphQL(resolver *resolvers.Resolver, sessions *auth.Sessions) {
	a.metrics = newMetrics(a)
	a.transport = transport.New(transport.Config{
		Schema:        graph.NewExecutableSchema(graph.Config{Resolvers: resolver}),
		Logger:        a.log,
		Present:       resolver.Present,
		PerResponse:   resolver.WithLoaders,
		Origins:       a.origins.Ours,
		Init:          a.gate.Init,
		Recheck:       sessions.Recheck,
		Introspection: a.mayIntrospect,
		MoneyMutations: []string{
			"generateTexts", "searchImages", "searchPrices", "generateAll", "generateMany", "cancelGeneration",
			"cancelGenerationBatch", "grantTokens", "revokeGrant", "purchaseTokens", "confirmPurchase", "refundPurchase",
			"redeemPromotion", "cancelPurchase", "setAutoTopUp",
		},
		Observe: a.metrics.observe,
	})
}

// mayIntrospect says who may read the schema: administrators, and anyone in the demonstration.
func (a *app) mayIntrospect(ctx context.Context) bool {
	if *a.config.SeedDemo {
		return true
	}
	viewer := auth.ViewerFrom(ctx)
	return viewer != nil && viewer.User.PlatformRole == models.PlatformAdministrator
}

// handler is every path that the program serves.
func (a *app) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/graphql", a.origins.Handler(a.gate.Handler(resolvers.Language(a.transport))))
	mux.Handle("/graphiql", web.GraphiQL())
	mux.Handle("/graphiql/", web.GraphiQL())
	mux.Handle("/graphiql/{$}", http.RedirectHandler("/graphiql", http.StatusPermanentRedirect))
	mux.Handle("/", web.Home())
	mux.Handle("GET /purchases/{id}", a.gate.Handler(a.receipts))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", a.answerReady)
	if a.config.StripeKey != "" {
		mux.Handle("/webhooks/stripe", a.funding.Notices(payment.StripeName))
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{}))
	return mux
}

// readyTimeout bounds how long the database may take to say that it is there.
const readyTimeout = 2 * time.Second

// answerReady says whether the program can serve: its database answers with the schema it needs, and the bus listens.
func (a *app) answerReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := errors.Join(postgres.Migrated(ctx, a.db.DB), a.bus.Ready(ctx)); err != nil {
		if r.Context().Err() == nil { // somebody still asks
			a.log.Warn("not ready", "error", err)
		}
		answer(w, http.StatusServiceUnavailable, "not ready: the database or the bus does not answer")
		return
	}
	answer(w, http.StatusOK, "ready")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}

// greet prints where to look and how to sign in.
func (a *app) greet(w io.Writer) {
	fmt.Fprintf(w, "\nProduct Generator is ready.\n\n  home        %s/\n  playground  %s/graphiql\n", a.config.PublicURL, a.config.PublicURL)
	if a.demoPassword != "" {
		fmt.Fprintf(w, "  sign in     %s  %s\n", demoEmail, a.demoPassword)
	}
	fmt.Fprintln(w)
}

// stop ends everything in the order of the process contract: no new work, running requests finish, sockets close,
// workers hand their jobs back, deliveries and payments too, the ledger commits what waits, and the embedded database
// stops cleanly.
func (a *app) stop(ctx context.Context, server *http.Server) error {
	var errs []error
	if a.transport != nil {
		errs = append(errs, a.transport.Shutdown(ctx))
	}
	if server != nil {
		errs = append(errs, server.Shutdown(ctx))
	}
	if a.operations != nil {
		errs = append(errs, a.operations.Stop(ctx))
	}
	if a.notifier != nil {
		errs = append(errs, a.notifier.Stop(ctx))
	}
	if a.funding != nil {
		a.funding.Stop()
	}
	if a.stopHousekeeping != nil {
		a.stopHousekeeping()
	}
	if a.balances != nil {
		a.balances.Close()
		a.generations.Close()
		a.batches.Close()
		a.purchases.Close()
		a.entries.Close()
		a.warnings.Close()
	}
	if a.ledger != nil {
		a.ledger.Close()
	}
	if a.bus != nil {
		a.bus.Close()
	}
	return errors.Join(append(errs, a.db.close(ctx))...)
}
