//go:build unix

package postgres

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// program writes an executable shell script.
func program(t *testing.T, path, script string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// install puts a pretended PostgreSQL of a release in a bin directory.
func install(t *testing.T, dir, version string) {
	t.Helper()
	program(t, filepath.Join(dir, "postgres"), fmt.Sprintf("echo 'postgres (PostgreSQL) %s'", version))
	program(t, filepath.Join(dir, "initdb"), "exit 1")
}

func quietSearch(t *testing.T) search {
	return search{cacheDir: t.TempDir(), log: slog.New(slog.DiscardHandler)}
}

func TestBinariesAreFoundInPathThenPgConfigThenTheUsualPlacesNewestFirst(t *testing.T) {
	root := t.TempDir()
	path, links, config := filepath.Join(root, "path"), filepath.Join(root, "links"), filepath.Join(root, "config")
	install(t, path, "16.1")
	install(t, config, "16.2")
	for _, dir := range []string{"usr/lib/postgresql/9.6/bin", "usr/lib/postgresql/15/bin", "usr/lib/postgresql/17/bin"} {
		install(t, filepath.Join(root, dir), "15.0")
	}
	program(t, filepath.Join(links, "pg_config"), "echo "+config)
	if err := os.Symlink(filepath.Join(path, "postgres"), filepath.Join(links, "postgres")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", links)

	got := candidates(within(t, time.Minute), root)

	want := []string{
		path, links, config, filepath.Join(root, "usr/lib/postgresql/17/bin"),
		filepath.Join(root, "usr/lib/postgresql/15/bin"), filepath.Join(root, "usr/lib/postgresql/9.6/bin"),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestNamedBinariesAreUsedOrRefusedWithTheReason(t *testing.T) {
	good, old, empty := filepath.Join(t.TempDir(), "bin"), filepath.Join(t.TempDir(), "bin"), t.TempDir()
	install(t, good, "17.5 (Debian 17.5-1)")
	install(t, old, "13.9")
	s := quietSearch(t)
	s.binDir = good
	if b, err := s.find(within(t, time.Minute)); err != nil || b.dir != good || b.major != 17 {
		t.Errorf("got %+v, %v", b, err)
	}
	for dir, reason := range map[string]string{
		old: "14 or newer is needed", empty: "no executable postgres in " + empty,
	} {
		s.binDir = dir
		if _, err := s.find(within(t, time.Minute)); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("got %v, want %q", err, reason)
		}
	}
}

func TestBinariesHaveToBeOfTheReleaseThatMadeTheData(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bin")
	install(t, dir, "17.5")
	s := quietSearch(t)
	s.binDir, s.major = dir, 16
	if _, err := s.find(within(t, time.Minute)); err == nil || !strings.Contains(err.Error(), "was made by 16") {
		t.Errorf("got %v", err)
	}
}

func TestBinariesThatTheAccountCannotReachAreRefused(t *testing.T) {
	closed := t.TempDir()
	dir := filepath.Join(closed, "bin")
	install(t, dir, "17.5")
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	s := quietSearch(t)
	s.binDir, s.account = dir, &account{name: "nobody", uid: 1 << 30, gid: 1 << 30}
	_, err := s.find(within(t, time.Minute))
	if err == nil || !strings.Contains(err.Error(), "closed to nobody") {
		t.Errorf("got %v, want the closed directory named", err)
	}
}

func TestAMachineWithoutPostgreSQLIsToldWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	s := quietSearch(t)
	s.major = 1 // of which there is none anywhere
	_, err := s.find(within(t, time.Minute))
	if err == nil || !strings.Contains(err.Error(), "apt-get install postgresql") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line that says what to install", err)
	}
}
