//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the operating system's user that the server runs as when this process is root, because PostgreSQL refuses
// to run as root. A nil account is the user of this process.
type account struct {
	name     string
	uid, gid int
}

// serverAccount picks the account: none unless this process is root; the owner of an existing cluster, so that one made
// on another day or by another user keeps working; else postgres, else nobody.
func serverAccount(cluster string) (*account, error) {
	owner, err := os.Stat(cluster)
	exists := err == nil
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if os.Geteuid() != 0 {
		if exists && statOf(owner).Uid != uint32(os.Geteuid()) {
			return nil, fmt.Errorf("%s belongs to user %d: run as that user or as root, or use another data directory",
				cluster, statOf(owner).Uid)
		}
		return nil, nil
	}
	if exists && statOf(owner).Uid != 0 {
		s := statOf(owner)
		return &account{name: "user " + strconv.Itoa(int(s.Uid)), uid: int(s.Uid), gid: int(s.Gid)}, nil
	}
	for _, name := range []string{"postgres", "_postgres", "nobody"} {
		if a, err := lookupAccount(name); err == nil {
			return a, nil
		}
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no account postgres or nobody to run it as: " +
		"run as another user")
}

func lookupAccount(name string) (*account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, uidErr := strconv.Atoi(u.Uid)
	gid, gidErr := strconv.Atoi(u.Gid)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, err
	}
	return &account{name: name, uid: uid, gid: gid}, nil
}

// credential is what a child process needs to run as the account.
func (a *account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
}

// give makes the account the owner of a file or directory.
func (a *account) give(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, a.uid, a.gid)
}

// reach returns an error that names the directory on the way to path, path included, that the account may not search,
// nil if it reaches path. Access control lists are not looked at.
func (a *account) reach(path string) error {
	if a == nil {
		return nil
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	for dir := path; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if info.IsDir() && !a.searches(info) {
			return fmt.Errorf("%s is closed to %s, the account that runs PostgreSQL: chmod o+x %s, or use another directory",
				dir, a.name, dir)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

func (a *account) searches(info os.FileInfo) bool {
	mode, s := info.Mode(), statOf(info)
	switch {
	case s.Uid == uint32(a.uid):
		return mode&0o100 != 0
	case s.Gid == uint32(a.gid):
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

func statOf(info os.FileInfo) *syscall.Stat_t {
	return info.Sys().(*syscall.Stat_t)
}
