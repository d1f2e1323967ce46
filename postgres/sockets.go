//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// socketPrefix marks the socket directories that are ours to remove. They lie in /tmp because a socket's path may have
// some 100 bytes only, which a data directory easily exceeds.
const (
	socketParent = "/tmp"
	socketPrefix = "productgenerator-"
	// socketPort is part of the socket's file name; no port is opened.
	socketPort = "5432"
)

// makeSockets makes the directory for the server's socket, closed to everyone but the account.
func makeSockets(wanted string, a *account) (string, error) {
	dir, err := wanted, error(nil)
	if wanted == "" {
		dir, err = os.MkdirTemp(socketParent, socketPrefix)
	} else if err = os.Mkdir(wanted, 0o700); errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if err != nil {
		return "", fmt.Errorf("make the socket directory: %w", err)
	}
	if err := a.give(dir); err != nil {
		return "", fmt.Errorf("make the socket directory: %w", err)
	}
	return dir, nil
}

// removeSockets removes a socket directory, if it is one that makeSockets named itself.
func removeSockets(dir string) {
	if filepath.Dir(dir) == socketParent && strings.HasPrefix(filepath.Base(dir), socketPrefix) {
		_ = os.RemoveAll(dir) // what stays is an empty directory in /tmp
	}
}
