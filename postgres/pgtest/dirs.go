//go:build unix

package pgtest

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// dirPattern names the directories of test processes. They lie in /tmp because a socket's path has to be short.
const dirPattern = "/tmp/pgtest-*"

// makeDir makes a directory for this process that the server's account may search.
func makeDir() (string, error) {
	dir, err := os.MkdirTemp(filepath.Dir(dirPattern), filepath.Base(dirPattern))
	if err != nil {
		return "", fmt.Errorf("make a directory for the test databases: %w", err)
	}
	return dir, os.Chmod(dir, 0o711)
}

// removeAbandoned removes what test processes that were killed could not. A directory whose servers' locks are all free
// is abandoned; one without locks may be about to start.
func removeAbandoned() {
	dirs, _ := filepath.Glob(dirPattern) // the pattern is well formed
	for _, dir := range dirs {
		locks, _ := filepath.Glob(filepath.Join(dir, "*", "postgres.lock"))
		if len(locks) > 0 && allFree(locks) {
			_ = os.RemoveAll(dir) // another user's stays
		}
	}
}

func allFree(locks []string) bool {
	for _, lock := range locks {
		file, err := os.Open(lock)
		if err != nil {
			return false
		}
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
		_ = file.Close()
		if err != nil {
			return false
		}
	}
	return true
}
