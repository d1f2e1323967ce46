package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// MinMajor is the oldest PostgreSQL release that the product runs on.
const MinMajor = 14

// UnsafeSettingError says that the database could forget a commit that it acknowledged, so tokens would be lost.
type UnsafeSettingError struct {
	Setting string // its name in postgresql.conf
	Value   string
}

func (e *UnsafeSettingError) Error() string {
	return fmt.Sprintf("the database has %s=%s and may lose what it has acknowledged: set %s=on", e.Setting, e.Value, e.Setting)
}

// OldServerError says that the server's release lacks what the product needs.
type OldServerError struct {
	Version string // as the server writes it
}

func (e *OldServerError) Error() string {
	return fmt.Sprintf("the database server is PostgreSQL %s, %d or newer is needed", e.Version, MinMajor)
}

// serverFacts is what a server says about itself, in a session of the pool.
type serverFacts struct {
	number            int // 150018 for 15.18
	version           string
	fsync             string
	synchronousCommit string
}

// checkServer asks the server whether the product can run on it.
func checkServer(ctx context.Context, pool *pgxpool.Pool, allowUnsafe bool) error {
	var f serverFacts
	err := pool.QueryRow(ctx, `
		SELECT current_setting('server_version_num')::int,
		       current_setting('server_version'),
		       current_setting('fsync'),
		       current_setting('synchronous_commit')`,
	).Scan(&f.number, &f.version, &f.fsync, &f.synchronousCommit)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	return f.trust(allowUnsafe)
}

// trust returns why the product should not run on the server, nil if it should.
func (f serverFacts) trust(allowUnsafe bool) error {
	switch {
	case f.number/10_000 < MinMajor:
		return &OldServerError{Version: f.version}
	case allowUnsafe:
		return nil
	case f.fsync == "off":
		return &UnsafeSettingError{Setting: "fsync", Value: f.fsync}
	case f.synchronousCommit == "off":
		return &UnsafeSettingError{Setting: "synchronous_commit", Value: f.synchronousCommit}
	default:
		return nil
	}
}
