//go:build unix

package pgtest

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const (
	// diskParent and memoryParent are where test processes make their directories: short paths, because a socket's has
	// to be short. Making a database in memory takes a tenth of the time it takes on a disk.
	diskParent   = "/tmp"
	memoryParent = "/dev/shm"
	// dirPattern names the directories.
	dirPattern = "pgtest-*"
	// memoryNeeded is the free room, in bytes, that lets throw-away data go to memory.
	memoryNeeded = 2 << 30
)

// parentFor returns where a server's data goes: to a disk if it promises to keep it.
func parentFor(d durability) string {
	if d == durable {
		return diskParent
	}
	var room syscall.Statfs_t
	if err := syscall.Statfs(memoryParent, &room); err != nil || uint64(room.Bavail)*uint64(room.Bsize) < memoryNeeded {
		return diskParent
	}
	return memoryParent
}

// makeDir makes a directory that the server's account may search.
func makeDir(parent string) (string, error) {
	dir, err := os.MkdirTemp(parent, dirPattern)
	if err != nil {
		return "", fmt.Errorf("make a directory for the test databases: %w", err)
	}
	return dir, os.Chmod(dir, 0o711)
}

// removeAbandoned removes what test processes that were killed could not. A directory whose server's lock is free is
// abandoned; one without a lock may be about to start.
func removeAbandoned() {
	for _, parent := range []string{diskParent, memoryParent} {
		dirs, _ := filepath.Glob(filepath.Join(parent, dirPattern)) // the pattern is well formed
		for _, dir := range dirs {
			if abandoned(dir) {
				_ = os.RemoveAll(dir) // another user's stays
			}
		}
	}
}

func abandoned(dir string) bool {
	lock, err := os.Open(filepath.Join(dir, "data", "postgres.lock"))
	if err != nil {
		return false
	}
	defer lock.Close()
	return syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil
}
