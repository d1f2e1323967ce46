//go:build unix

package postgres

import (
	"errors"
	"os"
	"path/filepath"
)

// Attach returns the embedded server that another live process runs on the data directory, so that a command can work
// beside it. ok is false where none does. The result is not this process's to stop.
func Attach(dataDir string) (server *Embedded, ok bool) {
	dir, err := filepath.Abs(dataDir)
	if err != nil {
		return nil, false
	}
	file, err := os.Open(filepath.Join(dir, lockName))
	if err != nil {
		return nil, false
	}
	defer file.Close()
	lock, _, err := lockDataDir(dir)
	if err == nil {
		lock.release()
		return nil, false
	}
	_, sockets := readLock(file)
	if inUse := (*InUseError)(nil); !errors.As(err, &inUse) || sockets == "" {
		return nil, false
	}
	return &Embedded{sockets: sockets}, true
}
