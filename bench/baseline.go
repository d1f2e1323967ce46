package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"productgenerator/auth"
	"productgenerator/bus"
	"productgenerator/catalog"
	"productgenerator/graph"
	"productgenerator/ledger"
	"productgenerator/operations"
	"productgenerator/postgres"
	"productgenerator/resolvers"
	"productgenerator/teams"
	"productgenerator/transport"
)

// serveBaseline serves the program's API with the baseline's generateAll until ctx ends.
func serveBaseline(ctx context.Context, url, address string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	db, err := postgres.Open(ctx, url, postgres.Options{ApplicationName: "baseline"})
	if err != nil {
		return err
	}
	defer db.Close()
	signals, err := bus.Listen(ctx, url, log)
	if err != nil {
		return err
	}
	defer signals.Close()
	books := ledger.New(db.Gorm, db.Pool, signals, ledger.Options{Cheapest: operations.CheapestCost, Log: log})
	defer books.Close()
	products := catalog.New(db.Gorm, time.Now)
	ops, err := operations.New(operations.Options{
		DB: db.Gorm, Pool: db.Pool, Ledger: books, Catalog: products, Signals: signals, Log: log, Now: time.Now,
	})
	if err != nil {
		return err
	}
	sessions := auth.NewSessions(db.Gorm, time.Now)
	origins, err := auth.NewOrigins("http://" + address)
	if err != nil {
		return err
	}
	root := &baselineRoot{
		Resolver: resolvers.New(resolvers.Deps{
			Sessions: sessions, Teams: teams.New(db.Gorm, books, teams.Options{Now: time.Now}), Ledger: books,
			Catalog: products, Operations: ops, Log: log,
		}),
		baseline: baseline{db: db.Gorm, signals: signals},
	}
	graphql := transport.New(transport.Config{
		Schema: graph.NewExecutableSchema(graph.Config{Resolvers: root}), Logger: log, Present: root.Present,
		PerResponse: root.WithLoaders, Origins: origins.Ours, MoneyMutations: []string{"generateAll"},
	})
	mux := http.NewServeMux()
	mux.Handle("/graphql", origins.Handler(auth.NewGate(sessions, origins, log).Handler(resolvers.Language(graphql))))
	for _, path := range []string{"/readyz", "/metrics"} {
		mux.HandleFunc(path, func(http.ResponseWriter, *http.Request) {})
	}
	return serve(ctx, address, mux)
}

func serve(ctx context.Context, address string, handler http.Handler) error {
	server := &http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: requestLimit}
	served := make(chan error, 1)
	go func() { served <- server.ListenAndServe() }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	err := server.Shutdown(stopping)
	if served := <-served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// baselineRoot is the program's resolvers but for generateAll.
type baselineRoot struct {
	*resolvers.Resolver
	baseline
}

func (r *baselineRoot) Mutation() graph.MutationResolver {
	return &baselineMutation{r.Resolver.Mutation(), r.baseline}
}

type baselineMutation struct {
	graph.MutationResolver
	baseline
}

func (m *baselineMutation) GenerateAll(ctx context.Context, input graph.GenerateInput) (*graph.GenerationPayload, error) {
	return m.generateAll(ctx, auth.ViewerFrom(ctx), input)
}
