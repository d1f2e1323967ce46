package postgres

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// logged runs statements on a database of the test's own, with a log at the level, and returns what was logged.
func logged(t *testing.T, level slog.Level, slow time.Duration, statements func(*gorm.DB)) string {
	t.Helper()
	var log records
	db := openEmpty(t, Options{})
	ctx := within(t, time.Minute)
	if err := db.Gorm.WithContext(ctx).Exec("CREATE TABLE one (name text PRIMARY KEY)").Error; err != nil {
		t.Fatal(err)
	}
	quiet := &statementLog{log: log.logger(level), slow: slow}
	statements(db.Gorm.Session(&gorm.Session{Context: ctx, Logger: quiet}))
	return log.String()
}

func TestExpectedOutcomesAreNotLoggedAsErrors(t *testing.T) {
	log := logged(t, slog.LevelInfo, time.Minute, func(db *gorm.DB) {
		for range 2 {
			db.Exec("INSERT INTO one VALUES (?)", "sesame")
		}
		var found struct{ Name string }
		if err := db.Table("one").Where("name = ?", "nobody").Take(&found).Error; !errors.Is(err, gorm.ErrRecordNotFound) {
			t.Errorf("got %v", err)
		}
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		db.WithContext(gone).Exec("SELECT 1")
	})
	if log != "" {
		t.Errorf("logged: %s", log)
	}
	for _, code := range []string{"23505", "40001", "40P01", "55P03"} {
		if !expected(&pgconn.PgError{Code: code}) {
			t.Errorf("%s is logged as an error", code)
		}
	}
	if expected(&pgconn.PgError{Code: "57014"}) || expected(errors.New("broken")) {
		t.Error("what nobody handles is not logged")
	}
}

func TestAFailedStatementIsLoggedWithoutItsValues(t *testing.T) {
	log := logged(t, slog.LevelInfo, time.Minute, func(db *gorm.DB) {
		db.Exec("INSERT INTO one VALUES (?::uuid::text)", "sesame") // PostgreSQL's own words would quote it
	})
	for _, part := range []string{"level=ERROR", "statement failed", "INSERT INTO one", "SQLSTATE 22P02"} {
		if !strings.Contains(log, part) {
			t.Errorf("the log lacks %q: %s", part, log)
		}
	}
	if strings.Contains(log, "sesame") {
		t.Errorf("the log shows the value: %s", log)
	}
	if kind := kindOf(errors.New(`unable to encode "sesame" into binary format`)); strings.Contains(kind, "sesame") {
		t.Errorf("pgx's error would be logged as %q", kind)
	}
}

func TestASlowStatementIsAWarningWithoutItsValues(t *testing.T) {
	log := logged(t, slog.LevelWarn, 10*time.Millisecond, func(db *gorm.DB) {
		db.Exec("SELECT pg_sleep(0.02), ?::text", "sesame")
		var found struct{ Name string }
		db.Table("one").Where("name = ? AND pg_sleep(0.02) IS NULL", "sesame").Limit(1).Find(&found)
	})
	if strings.Count(log, "level=WARN") != 1 || !strings.Contains(log, `msg="slow statement"`) || !strings.Contains(log, "pg_sleep") {
		t.Errorf("want one warning: %s", log)
	}
	if strings.Contains(log, "sesame") {
		t.Errorf("the log shows the value: %s", log)
	}
}

func TestEveryStatementIsLoggedAtDebugWithoutItsValues(t *testing.T) {
	log := logged(t, slog.LevelDebug, time.Minute, func(db *gorm.DB) {
		db.Table("one").Create(map[string]any{"name": "sesame"})
	})
	if !strings.Contains(log, "level=DEBUG") || !strings.Contains(log, "rows=1") {
		t.Errorf("want the statement and its rows: %s", log)
	}
	if strings.Contains(log, "sesame") {
		t.Errorf("the log shows the value: %s", log)
	}
}

func TestALongStatementIsCut(t *testing.T) {
	log := logged(t, slog.LevelDebug, time.Minute, func(db *gorm.DB) {
		db.Exec("SELECT 1 /* " + strings.Repeat("x", 10*statementLogLimit) + " */")
	})
	if len(log) > 2*statementLogLimit {
		t.Errorf("logged %d bytes", len(log))
	}
}
