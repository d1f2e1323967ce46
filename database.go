package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"time"

	"productgenerator/ledger"
	"productgenerator/operations"
	"productgenerator/postgres"
)

// databaseName is the embedded server's one database.
const databaseName = "productgenerator"

// database is the open database and, where this process runs one, the embedded server it is on.
type database struct {
	*postgres.DB
	url      string
	embedded *postgres.Embedded // nil: somebody else's server
}

// openDatabase opens the database of the settings and brings its schema up to date. Where beside is set, a command works
// beside a process that runs the embedded server.
func openDatabase(ctx context.Context, c *config, beside bool, log *slog.Logger) (_ *database, err error) {
	d := &database{url: c.DatabaseURL}
	if d.url == "" {
		if err := d.openEmbedded(ctx, c, beside, log); err != nil {
			return nil, err
		}
	}
	d.DB, err = postgres.Open(ctx, d.url, postgres.Options{ApplicationName: "productgenerator", Log: log})
	if err == nil {
		err = postgres.Migrate(ctx, d.DB)
	}
	switch {
	case err == nil:
		return d, nil
	case d.embedded == nil && c.DatabaseURL != "":
		err = settingError("DATABASE_URL", withoutPassword(c.DatabaseURL), "a PostgreSQL to use: "+err.Error())
	default:
		err = fmt.Errorf("database: %w", err)
	}
	return nil, errors.Join(err, d.close(ctx))
}

// withoutPassword is a connection string for people: what may be a password is left out.
func withoutPassword(connection string) string {
	u, err := url.Parse(connection)
	if err != nil || u.Host == "" {
		return "…"
	}
	u.RawQuery = ""
	return u.Redacted()
}

func (d *database) openEmbedded(ctx context.Context, c *config, beside bool, log *slog.Logger) error {
	if beside {
		if server, ok := postgres.Attach(c.DataDir); ok {
			d.url = server.URL(databaseName)
			return nil
		}
	}
	server, err := postgres.StartEmbedded(ctx, postgres.EmbeddedOptions{DataDir: c.DataDir, BinDir: c.PGBin, Log: log})
	inUse, isInUse := errors.AsType[*postgres.InUseError](err)
	noFolder, isNoFolder := errors.AsType[*fs.PathError](err)
	switch {
	case isInUse:
		return settingError("DATA_DIR", c.DataDir, "one that no other process uses: "+inUse.Error())
	case isNoFolder:
		return settingError("DATA_DIR", c.DataDir, "a folder for the database's files: "+noFolder.Error())
	case err != nil:
		return fmt.Errorf("embedded database: %w", err)
	}
	d.embedded, d.url = server, server.URL(databaseName)
	if err := server.CreateDatabase(ctx, databaseName, ""); err != nil {
		return errors.Join(fmt.Errorf("embedded database: %w", err), server.Stop(ctx))
	}
	return nil
}

// close closes the connections and stops the embedded server, if this process runs it.
func (d *database) close(ctx context.Context) error {
	if d.DB != nil {
		d.DB.Close()
	}
	if d.embedded == nil {
		return nil
	}
	return d.embedded.Stop(ctx)
}

// migrate brings the schema up to date and says so.
func migrate(ctx context.Context, c *config, log *slog.Logger) error {
	db, err := openDatabase(ctx, c, true, log)
	if err != nil {
		return err
	}
	fmt.Println("the schema is up to date")
	return db.close(ctx)
}

// check verifies every rule that the books must obey and prints what it found, a line for each violation.
func check(ctx context.Context, c *config, log *slog.Logger) (err error) {
	db, err := openDatabase(ctx, c, true, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	books := ledger.New(db.Gorm, db.Pool, silence{}, ledger.Options{Cheapest: operations.CheapestCost, Log: log})
	defer books.Close()
	report, err := books.Check(ctx, nil)
	if err != nil {
		return err
	}
	broken := map[string]bool{}
	for _, d := range report.Discrepancies {
		broken[d.Invariant] = true
		fmt.Printf("BROKEN  %s: %s: expected %s, found %s\n", d.Team, d.Invariant, d.Expected, d.Found)
	}
	for _, invariant := range report.Invariants {
		if !broken[invariant] {
			fmt.Printf("ok      %s\n", invariant)
		}
	}
	fmt.Printf("\n%d invariants over %d teams and %d ledger entries, at %s: %d discrepancies\n", len(report.Invariants),
		report.TeamsChecked, report.EntriesChecked, report.CheckedAt.Format(time.RFC3339), len(report.Discrepancies))
	if len(report.Discrepancies) > 0 {
		return errors.New("the books are not in order")
	}
	return nil
}

// silence is a bus for commands that change nothing anybody watches.
type silence struct{}

func (silence) Publish(...string) {}
