package postgres

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"
)

func TestASessionGivesUpOnWhatTakesTooLong(t *testing.T) {
	db := openEmpty(t, Options{ApplicationName: "the test"})
	got := map[string]string{}
	for _, name := range []string{
		"lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "TimeZone",
		"application_name", "jit",
	} {
		var value string
		if err := db.Gorm.WithContext(within(t, time.Minute)).Raw("SELECT current_setting(?)", name).Scan(&value).Error; err != nil {
			t.Fatal(err)
		}
		got[name] = value
	}
	want := map[string]string{
		"lock_timeout": "2s", "statement_timeout": "5s", "idle_in_transaction_session_timeout": "5s",
		"TimeZone": "UTC", "application_name": "the test", "jit": "off",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheConnectionStringHasTheLastWordOnSettings(t *testing.T) {
	db, err := Open(within(t, time.Minute), emptyDatabase(t)+"&statement_timeout=7s", Options{AllowUnsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	var limit string
	if err := db.Pool.QueryRow(within(t, time.Minute), "SHOW statement_timeout").Scan(&limit); err != nil || limit != "7s" {
		t.Errorf("statement_timeout is %q, %v", limit, err)
	}
}

func TestADatabaseThatForgetsCommitsIsRefused(t *testing.T) {
	_, err := Open(within(t, time.Minute), emptyDatabase(t), Options{})
	var unsafe *UnsafeSettingError
	if !errors.As(err, &unsafe) || unsafe.Setting != "fsync" || unsafe.Value != "off" {
		t.Errorf("got %v, want an UnsafeSettingError for fsync", err)
	}
}

func TestASessionThatForgetsCommitsIsRefused(t *testing.T) {
	e := startServer(t, EmbeddedOptions{DataDir: openDir(t)})
	db, err := Open(within(t, time.Minute), e.URL("postgres"), Options{})
	if err != nil {
		t.Fatalf("production's settings are refused: %v", err)
	}
	db.Close()
	_, err = Open(within(t, time.Minute), e.URL("postgres")+"&synchronous_commit=off", Options{})
	var unsafe *UnsafeSettingError
	if !errors.As(err, &unsafe) || unsafe.Setting != "synchronous_commit" {
		t.Errorf("got %v, want an UnsafeSettingError for synchronous_commit", err)
	}
}

func TestWhichServersAreTrusted(t *testing.T) {
	safe := serverFacts{number: 140_000, version: "14.0", fsync: "on", synchronousCommit: "on"}
	with := func(change func(*serverFacts)) serverFacts {
		f := safe
		change(&f)
		return f
	}
	old := with(func(f *serverFacts) { f.number, f.version = 130_021, "13.21" })
	for name, test := range map[string]struct {
		facts       serverFacts
		allowUnsafe bool
		want        string
	}{
		"oldest allowed":         {facts: safe},
		"standby acknowledges":   {facts: with(func(f *serverFacts) { f.synchronousCommit = "remote_apply" })},
		"too old":                {facts: old, want: "the database server is PostgreSQL 13.21, 14 or newer is needed"},
		"too old, unsafe or not": {facts: old, allowUnsafe: true, want: "the database server is PostgreSQL 13.21, 14 or newer is needed"},
		"no fsync": {
			facts: with(func(f *serverFacts) { f.fsync = "off" }),
			want:  "the database has fsync=off and may lose what it has acknowledged: set fsync=on",
		},
		"no fsync, allowed": {facts: with(func(f *serverFacts) { f.fsync = "off" }), allowUnsafe: true},
		"asynchronous commit": {
			facts: with(func(f *serverFacts) { f.synchronousCommit = "off" }),
			want:  "the database has synchronous_commit=off and may lose what it has acknowledged: set synchronous_commit=on",
		},
	} {
		got := ""
		if err := test.facts.trust(test.allowUnsafe); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestNoErrorShowsThePassword(t *testing.T) {
	for _, url := range []string{
		"postgres://user:sesame@127.0.0.1:1/none?sslmode=disable",
		"postgres://user:sesame@host:notaport/none",
		"host=/nowhere user=user password=sesame dbname=none",
	} {
		_, err := Open(within(t, 10*time.Second), url, Options{})
		if err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: got %v", url, err)
		}
	}
}

func TestTimesArriveInUTC(t *testing.T) {
	db := openEmpty(t, Options{})
	var direct, throughGorm time.Time
	const query = "SELECT timestamptz '2026-11-23 10:00:00+02'"
	if err := db.Pool.QueryRow(within(t, time.Minute), query).Scan(&direct); err != nil {
		t.Fatal(err)
	}
	if err := db.Gorm.WithContext(within(t, time.Minute)).Raw(query).Scan(&throughGorm).Error; err != nil {
		t.Fatal(err)
	}
	want := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	if direct != want || throughGorm != want {
		t.Errorf("got %v and %v, want %v", direct, throughGorm, want)
	}
}

func TestADuplicateKeyIsGORMsError(t *testing.T) {
	db := openEmpty(t, Options{})
	ctx := within(t, time.Minute)
	if err := db.Gorm.WithContext(ctx).Exec("CREATE TABLE one (id int PRIMARY KEY)").Error; err != nil {
		t.Fatal(err)
	}
	insert := func() error { return db.Gorm.WithContext(ctx).Exec("INSERT INTO one VALUES (?)", 1).Error }
	if err := errors.Join(insert()); err != nil {
		t.Fatal(err)
	}
	if err := insert(); !errors.Is(err, gorm.ErrDuplicatedKey) {
		t.Errorf("got %v", err)
	}
}

// GORM and pgx share the pool: what GORM has used it gives back.
func TestGORMKeepsNoConnectionFromThePool(t *testing.T) {
	db := openEmpty(t, Options{MaxConns: 1})
	ctx := within(t, 10*time.Second)
	for range 3 {
		if err := db.Gorm.WithContext(ctx).Exec("SELECT 1").Error; err != nil {
			t.Fatal(err)
		}
		if _, err := db.Pool.Exec(ctx, "SELECT 1"); err != nil {
			t.Fatal(err)
		}
	}
	if n := db.Pool.Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections are still in use", n)
	}
}

func TestACallerThatGivesUpFreesItsConnection(t *testing.T) {
	db := openEmpty(t, Options{MaxConns: 1})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := db.Gorm.WithContext(ctx).Exec("SELECT pg_sleep(600)").Error; err == nil {
		t.Fatal("slept 600 s")
	}
	if err := db.Gorm.WithContext(within(t, 10*time.Second)).Exec("SELECT 1").Error; err != nil {
		t.Error(err)
	}
}
