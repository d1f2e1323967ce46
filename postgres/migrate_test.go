package postgres

import (
	"errors"
	"io/fs"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// migrations are files as in the migrations folder.
func migrations(files map[string]string) fs.FS {
	folder := fstest.MapFS{}
	for name, statements := range files {
		folder[name] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + statements)}
	}
	return folder
}

func TestFourProcessesMigrateAnEmptyDatabaseAtOnce(t *testing.T) {
	url := emptyDatabase(t)
	ctx := within(t, 2*time.Minute)
	var all sync.WaitGroup
	for range 4 {
		db, err := Open(ctx, url, Options{AllowUnsafe: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(db.Close)
		all.Go(func() {
			if err := Migrate(ctx, db); err != nil {
				t.Error(err)
			}
			if err := Migrated(ctx, db); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestASchemaThatLacksMigrationsIsNotReady(t *testing.T) {
	db := openEmpty(t, Options{})
	ctx := within(t, time.Minute)
	first := migrations(map[string]string{"00001_one.sql": "CREATE TABLE one (id int);"})
	both := migrations(map[string]string{
		"00001_one.sql": "CREATE TABLE one (id int);", "00002_two.sql": "CREATE TABLE two (id int);",
	})
	if err := migrated(ctx, db, first); !errors.Is(err, ErrNotMigrated) {
		t.Errorf("an empty database: got %v", err)
	}
	if err := migrate(ctx, db, first); err != nil {
		t.Fatal(err)
	}
	if err := migrated(ctx, db, first); err != nil {
		t.Errorf("a migrated database: got %v", err)
	}
	if err := migrated(ctx, db, both); !errors.Is(err, ErrNotMigrated) {
		t.Errorf("a migration to come: got %v", err)
	}
	if err := migrate(ctx, db, both); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(migrated(ctx, db, both), migrated(ctx, db, first)); err != nil {
		t.Errorf("the program that is rolled out and the one before: %v", err)
	}
}

func TestAMissingJobQueueIsNotReady(t *testing.T) {
	db := openEmpty(t, Options{})
	ctx := within(t, time.Minute)
	files := migrations(map[string]string{"00001_one.sql": "CREATE TABLE one (id int);"})
	if err := migrate(ctx, db, files); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Pool.Exec(ctx, "DELETE FROM river_migration WHERE version = (SELECT max(version) FROM river_migration)"); err != nil {
		t.Fatal(err)
	}
	if err := migrated(ctx, db, files); !errors.Is(err, ErrNotMigrated) {
		t.Errorf("got %v", err)
	}
}

func TestAMigrationThatFailsLeavesNothingAndLocksNobodyOut(t *testing.T) {
	db := openEmpty(t, Options{})
	ctx := within(t, time.Minute)
	broken := migrations(map[string]string{"00001_one.sql": "CREATE TABLE one (id int);\nSELECT 1/0;"})
	if err := migrate(ctx, db, broken); err == nil {
		t.Fatal("no error")
	}
	mended := migrations(map[string]string{"00001_one.sql": "CREATE TABLE one (id int);"})
	if err := migrate(ctx, db, mended); err != nil {
		t.Error(err)
	}
}

func TestAMigrationMayTakeLongerThanAStatementOfThePool(t *testing.T) {
	db, err := Open(within(t, time.Minute), emptyDatabase(t)+"&statement_timeout=50ms", Options{AllowUnsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	slow := migrations(map[string]string{"00001_one.sql": "SELECT pg_sleep(0.2);"})
	if err := migrate(within(t, time.Minute), db, slow); err != nil {
		t.Error(err)
	}
}
