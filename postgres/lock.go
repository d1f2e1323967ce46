//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lockName is the file in a data directory that the process using it keeps locked. Its lines are the process id and
// the socket directory in use.
const lockName = "postgres.lock"

// InUseError says that another live process runs the embedded server on this data directory.
type InUseError struct {
	DataDir string
	PID     int // of the process that holds the directory; 0 if it could not be read
}

func (e *InUseError) Error() string {
	owner := "another process"
	if e.PID > 0 {
		owner = "process " + strconv.Itoa(e.PID)
	}
	return fmt.Sprintf("data directory %s is in use by %s: stop it, or use another data directory", e.DataDir, owner)
}

// dirLock is the exclusive use of a data directory. The kernel gives it up when the process ends, however it ends;
// the servers the process starts do not inherit it.
type dirLock struct {
	file *os.File
}

// lockDataDir takes the directory for this process, or returns an *InUseError at once. The second result is the socket
// directory that the last process to hold the lock left behind, empty if it cleaned up.
func lockDataDir(dir string) (*dirLock, string, error) {
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, "", fmt.Errorf("lock data directory: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	pid, sockets := readLock(file)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		_ = file.Close()
		return nil, "", &InUseError{DataDir: dir, PID: pid}
	}
	if err != nil {
		_ = file.Close()
		return nil, "", fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	return &dirLock{file: file}, sockets, nil
}

func readLock(file *os.File) (pid int, sockets string) {
	content, err := io.ReadAll(io.NewSectionReader(file, 0, 4096))
	if err != nil {
		return 0, ""
	}
	first, rest, _ := strings.Cut(string(content), "\n")
	pid, _ = strconv.Atoi(first)
	return pid, strings.TrimSpace(rest)
}

// record writes who holds the lock and the socket directory that has to go when it is found abandoned.
func (l *dirLock) record(sockets string) error {
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("record the lock's owner: %w", err)
	}
	if _, err := l.file.WriteAt(fmt.Appendf(nil, "%d\n%s\n", os.Getpid(), sockets), 0); err != nil {
		return fmt.Errorf("record the lock's owner: %w", err)
	}
	return nil
}

// release empties the file and gives the directory up.
func (l *dirLock) release() {
	_ = l.file.Truncate(0)
	_ = l.file.Close()
}
