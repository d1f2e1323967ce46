package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"
)

const (
	// DefaultMaxConns is the pool's size where Options name none.
	DefaultMaxConns = 20
	// connectTimeout bounds one attempt to connect.
	connectTimeout = 5 * time.Second
	// slowStatement is the time from which a statement is reported.
	slowStatement = 200 * time.Millisecond
)

// sessionSettings are set on every connection unless the connection string sets them itself. The limits keep a stuck
// client from holding a team's row: the server gives up on it first.
func sessionSettings() map[string]string {
	return map[string]string{
		"application_name":                    "productgenerator",
		"timezone":                            "UTC",
		"lock_timeout":                        "2s",
		"statement_timeout":                   "5s",
		"idle_in_transaction_session_timeout": "5s",
		// Compiling a statement takes longer than running any of ours: reports are the only ones whose plans look dear
		// enough for it, and they are to answer within 50 ms.
		"jit": "off",
		// With these the server notices within 30 s that a client's machine is gone. Unix sockets ignore them.
		"tcp_keepalives_idle":     "15",
		"tcp_keepalives_interval": "5",
		"tcp_keepalives_count":    "3",
	}
}

// Options change how a database is opened. The zero value is what production uses.
type Options struct {
	// ApplicationName is what the server's own views call the connections; empty is productgenerator.
	ApplicationName string
	// MaxConns is the size of the pool, GORM's connections included; 0 is DefaultMaxConns.
	MaxConns int
	// AllowUnsafe opens a database that may forget acknowledged commits. For throw-away data only.
	AllowUnsafe bool
	// Tracer hears of every statement; nil traces nothing.
	Tracer pgx.QueryTracer
	// Log hears of slow and failed statements, without the values bound to them; nil is silent.
	Log *slog.Logger
}

// DB is an open database: one pool, used by pgx directly and by GORM through database/sql.
type DB struct {
	Pool *pgxpool.Pool
	Gorm *gorm.DB

	log *slog.Logger
}

// Open connects to the database that the connection string names and checks that the product can trust it: the error
// is an *UnsafeSettingError or an *OldServerError if not. It never shows the string's password.
func Open(ctx context.Context, connString string, o Options) (*DB, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	config, err := poolConfig(connString, o)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := checkServer(ctx, pool, o.AllowUnsafe); err != nil {
		pool.Close()
		return nil, err
	}
	orm, err := openGorm(pool, o.Log)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &DB{Pool: pool, Gorm: orm, log: o.Log}, nil
}

// Close waits for the connections in use to be given back and closes them all.
func (db *DB) Close() {
	if shared, err := db.Gorm.DB(); err == nil {
		_ = shared.Close() // it holds no connection of its own
	}
	db.Pool.Close()
}

func poolConfig(connString string, o Options) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(connString)
	if err != nil {
		return nil, fmt.Errorf("read the database's connection string: %w", err)
	}
	settings := sessionSettings()
	if o.ApplicationName != "" {
		settings["application_name"] = o.ApplicationName
	}
	for name, value := range settings {
		if _, set := config.ConnConfig.RuntimeParams[name]; !set {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	config.MaxConns = DefaultMaxConns
	if o.MaxConns > 0 {
		config.MaxConns = int32(o.MaxConns)
	}
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
	config.ConnConfig.DialFunc = dialer.DialContext
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	config.ConnConfig.Tracer = o.Tracer
	config.AfterConnect = readTimesAsUTC
	return config, nil
}

// readTimesAsUTC has points in time arrive in UTC whatever the machine's zone, so that equal ones compare equal.
func readTimesAsUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

func openGorm(pool *pgxpool.Pool, log *slog.Logger) (*gorm.DB, error) {
	shared := stdlib.OpenDBFromPool(pool)
	// The pool keeps the idle connections: kept here as well, they would be lost to those who use the pool directly.
	shared.SetMaxOpenConns(int(pool.Config().MaxConns))
	orm, err := gorm.Open(gormpostgres.New(gormpostgres.Config{Conn: shared}), &gorm.Config{
		SkipDefaultTransaction: true,  // one statement is atomic already; several go through the ledger's transaction
		TranslateError:         true,  // gorm.ErrDuplicatedKey and its like instead of PostgreSQL's codes
		PrepareStmt:            false, // pgx keeps prepared statements already; twice doubles a read's time
		DisableAutomaticPing:   true,  // checkServer has just asked
		Logger:                 &statementLog{log: log, slow: slowStatement},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database with GORM: %w", err), shared.Close())
	}
	return orm, nil
}
