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

// checkServer asks the server about its release and, unless allowed, about the settings that durability hangs on, as
// they are in a session of the pool.
func checkServer(ctx context.Context, pool *pgxpool.Pool, allowUnsafe bool) error {
	var number int // 150018 for 15.18
	var version, fsync, commit string
	err := pool.QueryRow(ctx, `
		SELECT current_setting('server_version_num')::int,
		       current_setting('server_version'),
		       current_setting('fsync'),
		       current_setting('synchronous_commit')`,
	).Scan(&number, &version, &fsync, &commit)
	switch {
	case err != nil:
		return fmt.Errorf("open the database: %w", err)
	case number/10_000 < MinMajor:
		return &OldServerError{Version: version}
	case allowUnsafe:
		return nil
	case fsync == "off":
		return &UnsafeSettingError{Setting: "fsync", Value: fsync}
	case commit == "off":
		return &UnsafeSettingError{Setting: "synchronous_commit", Value: commit}
	}
	return nil
}
