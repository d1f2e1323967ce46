package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// statementLogLimit is how many bytes of a statement are logged.
const statementLogLimit = 2000

// statementLog is GORM's logger over slog: failed statements as errors, slow ones as warnings, the others at Debug. It
// never writes the values bound to a statement, nor an error's text, which may quote them. What callers expect and
// handle, such as a duplicate key, is no error here.
type statementLog struct {
	log  *slog.Logger
	slow time.Duration
}

// LogMode implements [logger.Interface]. Levels are the slog handler's business.
func (l *statementLog) LogMode(logger.LogLevel) logger.Interface { return l }

// Info implements [logger.Interface].
func (l *statementLog) Info(ctx context.Context, format string, args ...any) {
	l.log.InfoContext(ctx, fmt.Sprintf(format, args...))
}

// Warn implements [logger.Interface].
func (l *statementLog) Warn(ctx context.Context, format string, args ...any) {
	l.log.WarnContext(ctx, fmt.Sprintf(format, args...))
}

// Error implements [logger.Interface].
func (l *statementLog) Error(ctx context.Context, format string, args ...any) {
	l.log.ErrorContext(ctx, fmt.Sprintf(format, args...))
}

// ParamsFilter implements [gorm.ParamsFilter]: GORM explains a statement to Trace without its values.
func (l *statementLog) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}

// Trace implements [logger.Interface]: it hears of every statement when it has ended.
func (l *statementLog) Trace(ctx context.Context, begin time.Time, statement func() (sql string, rows int64), err error) {
	took := time.Since(begin)
	level, message := slog.LevelDebug, "statement"
	switch {
	case err != nil && !expected(err):
		level, message = slog.LevelError, "statement failed"
	case took > l.slow:
		level, message = slog.LevelWarn, "slow statement"
	}
	if !l.log.Enabled(ctx, level) {
		return
	}
	sql, rows := statement()
	if len(sql) > statementLogLimit {
		sql = sql[:statementLogLimit] + "…"
	}
	attrs := []slog.Attr{slog.String("sql", sql), slog.Duration("took", took), slog.Int64("rows", rows)}
	if err != nil {
		attrs = append(attrs, slog.String("error", kindOf(err)))
	}
	l.log.LogAttrs(ctx, level, message, attrs...)
}

// expected tells whether the caller handles the error as an outcome: nothing found, a key that exists, a caller that
// has gone, a transaction to run again.
func expected(err error) bool {
	for _, outcome := range []error{gorm.ErrRecordNotFound, gorm.ErrDuplicatedKey, context.Canceled} {
		if errors.Is(err, outcome) {
			return true
		}
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case "23505", // unique_violation
		"40001", // serialization_failure
		"40P01", // deadlock_detected
		"55P03": // lock_not_available
		return true
	}
	return false
}

// kindOf names an error without the values that its text may quote.
func kindOf(err error) string {
	var pg *pgconn.PgError
	switch {
	case !errors.As(err, &pg):
		return fmt.Sprintf("%T", err)
	case pg.ConstraintName != "":
		return "SQLSTATE " + pg.Code + " " + pg.ConstraintName
	default:
		return "SQLSTATE " + pg.Code
	}
}
