//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// Superuser is the role that the embedded server's databases belong to.
const Superuser = "productgenerator"

// clusterName is the folder of the cluster in a data directory. While it is being made it has another name, so that a
// start that was killed half-way leaves nothing that looks finished.
const (
	clusterName    = "postgres"
	unfinishedName = "postgres.unfinished"
)

// cluster is PostgreSQL's own files, and who works on them with which binaries.
type cluster struct {
	dir     string // absolute, free of links
	account *account
	bin     binaries
	fast    bool
}

// clusterMajor returns the release that made the cluster, 0 if there is none yet.
func clusterMajor(dir string) (int, error) {
	content, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0, fmt.Errorf("%s is not a PostgreSQL cluster: PG_VERSION is %q", dir, content)
	}
	return major, nil
}

// create makes the cluster: UTF-8 and sorted by code point, whatever the machine's language, trust for those who reach
// the socket.
func (c *cluster) create(ctx context.Context) error {
	unfinished := filepath.Join(filepath.Dir(c.dir), unfinishedName)
	var out []byte
	var err error
	for _, locale := range c.locales() {
		if out, err = c.initialize(ctx, unfinished, locale); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("create the database cluster in %s: %w\n%s", unfinished, err, strings.TrimSpace(string(out)))
	}
	if err := os.Rename(unfinished, c.dir); err != nil {
		return fmt.Errorf("create the database cluster: %w", err)
	}
	return syncDir(filepath.Dir(c.dir))
}

// locales are initdb's arguments for UTF-8 text ordered by code point, in the order to try: PostgreSQL's own since 17,
// the C library's, and for systems that lack it only the letters of another one.
func (c *cluster) locales() [][]string {
	system := [][]string{{"--locale=C.UTF-8"}, {"--locale=C", "--lc-ctype=en_US.UTF-8"}}
	if c.bin.major < 17 {
		return system
	}
	builtin := []string{"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"}
	return append([][]string{builtin}, system...)
}

func (c *cluster) initialize(ctx context.Context, dir string, locale []string) ([]byte, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if err := c.account.give(dir); err != nil {
		return nil, err
	}
	args := append([]string{"--username=" + Superuser, "--auth=trust", "--encoding=UTF8"}, locale...)
	if c.fast {
		args = append(args, "--no-sync", "--wal-segsize=1")
	}
	command, release, err := c.command(ctx, dir, "initdb", args...)
	if err != nil {
		return nil, err
	}
	defer release()
	runtime.LockOSThread() // the kernel ends initdb with the thread that starts it
	defer runtime.UnlockOSThread()
	return command.CombinedOutput()
}

// command prepares one of the binaries to work on dir as the cluster's account. The caller releases it when the
// command has ended.
func (c *cluster) command(ctx context.Context, dir, name string, args ...string) (*exec.Cmd, func(), error) {
	command := exec.CommandContext(ctx, c.bin.path(name))
	command.Dir = "/"
	// The environment of this process holds settings and secrets that are not the database's business.
	command.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "TZ=UTC"}
	command.SysProcAttr = processAttributes(c.account)
	release := func() {}
	if c.account != nil && passesDirs() {
		handle, err := os.Open(dir)
		if err != nil {
			return nil, nil, err
		}
		command.ExtraFiles = []*os.File{handle}
		release = func() { _ = handle.Close() }
		dir = inheritedDir
	} else if err := c.account.reach(dir); err != nil {
		return nil, nil, err
	}
	command.Args = append([]string{command.Path, "-D", dir}, args...)
	return command, release, nil
}

func syncDir(dir string) error {
	handle, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(handle.Sync(), handle.Close())
}
