package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var embedded embed.FS

// ErrNotMigrated says that the schema lacks migrations that this program was built with.
var ErrNotMigrated = errors.New("the database's schema is older than the program")

const (
	// migrateConns are enough for the lock, a migration and the job queue's.
	migrateConns = 3
	// lockRetrySeconds and lockRetries bound the wait for another process that migrates: five minutes.
	lockRetrySeconds = 1
	lockRetries      = 300
)

// Migrate brings the schema up to date: the product's tables, then the job queue's. Processes that start together do
// so one after the other; each migration is applied whole or not at all. It has connections of its own, without the
// pool's time limits.
func Migrate(ctx context.Context, db *DB) error {
	return migrate(ctx, db, ownMigrations())
}

// Migrated returns an error that wraps ErrNotMigrated unless the schema has every migration of this program. It has
// more while a newer program is being rolled out; that is no error.
func Migrated(ctx context.Context, db *DB) error {
	return migrated(ctx, db, ownMigrations())
}

func ownMigrations() fs.FS {
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the path is a constant
	}
	return files
}

func migrate(ctx context.Context, db *DB, files fs.FS) (err error) {
	if err := migrated(ctx, db, files); !errors.Is(err, ErrNotMigrated) {
		return err // the usual start: nothing to do, nobody to wait for
	}
	pool, err := migrationPool(ctx, db)
	if err != nil {
		return err
	}
	defer pool.Close()
	shared := stdlib.OpenDBFromPool(pool)
	defer shared.Close()
	unlock, err := lockSchema(ctx, shared)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := migrateTables(ctx, db, shared, files); err != nil {
		return err
	}
	return migrateQueue(ctx, db, pool)
}

func migrationPool(ctx context.Context, db *DB) (*pgxpool.Pool, error) {
	config := db.Pool.Config() // a copy
	config.MaxConns = migrateConns
	config.ConnConfig.Tracer = nil // what watches the product's statements has no say in the schema's
	config.ConnConfig.RuntimeParams["statement_timeout"] = "0"
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	// A migration waits for the statements that run, each 5 s at most, and holds up those that come after.
	config.ConnConfig.RuntimeParams["lock_timeout"] = "10s"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return pool, nil
}

// lockSchema takes the lock that lets one process migrate at a time. It ends with its connection, should the process
// be killed.
func lockSchema(ctx context.Context, shared *sql.DB) (unlock func() error, err error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockRetrySeconds, lockRetries))
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	conn, err := shared.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	if err := locker.SessionLock(ctx, conn); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for another process that migrates: %w", err), conn.Close())
	}
	return func() error {
		return errors.Join(locker.SessionUnlock(context.WithoutCancel(ctx), conn), conn.Close())
	}, nil
}

func migrateTables(ctx context.Context, db *DB, shared *sql.DB, files fs.FS) error {
	provider, err := goose.NewProvider(goose.DialectPostgres, shared, files,
		goose.WithDisableGlobalRegistry(true), goose.WithSlog(db.log))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	applied, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, result := range applied {
		db.log.InfoContext(ctx, "migrated", "file", result.Source.Path, "took", result.Duration)
	}
	return nil
}

func migrateQueue(ctx context.Context, db *DB, pool *pgxpool.Pool) error {
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: db.log})
	if err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	return nil
}

func migrated(ctx context.Context, db *DB, files fs.FS) error {
	wanted, err := versionsIn(files)
	if err != nil {
		return err
	}
	if err := tablesMigrated(ctx, db, wanted); err != nil {
		return err
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(db.Pool), &rivermigrate.Config{Logger: db.log})
	if err != nil {
		return fmt.Errorf("check the job queue's schema: %w", err)
	}
	result, err := migrator.Validate(ctx, nil)
	if err != nil {
		return fmt.Errorf("check the job queue's schema: %w", err)
	}
	if !result.OK {
		return fmt.Errorf("%w: the job queue's migrations are missing", ErrNotMigrated)
	}
	return nil
}

func tablesMigrated(ctx context.Context, db *DB, wanted []int64) error {
	var missing []int64
	rows, err := db.Pool.Query(ctx, `
		SELECT version
		FROM   unnest($1::bigint[]) AS version
		WHERE  NOT EXISTS (SELECT FROM goose_db_version WHERE version_id = version AND is_applied)
		ORDER  BY version`, wanted)
	if err == nil {
		missing, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	}
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.Code == "42P01": // undefined_table
		return fmt.Errorf("%w: it is empty", ErrNotMigrated)
	case err != nil:
		return fmt.Errorf("check the schema: %w", err)
	case len(missing) > 0:
		return fmt.Errorf("%w: migrations %v are missing", ErrNotMigrated, missing)
	}
	return nil
}

// versionsIn returns the migrations' numbers in order: 3 for 00003_catalog.sql.
func versionsIn(files fs.FS) ([]int64, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	versions := make([]int64, len(names))
	for i, name := range names {
		if versions[i], err = goose.NumericComponent(name); err != nil {
			return nil, fmt.Errorf("read the migrations: %s: %w", name, err)
		}
	}
	return versions, nil
}
