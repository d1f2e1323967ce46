//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// leftoverFast and leftoverImmediate are how long a server that an earlier process left behind may take for each of the
// two shutdowns.
const (
	leftoverFast      = 15 * time.Second
	leftoverImmediate = 10 * time.Second
)

// stopLeftover ends the server that a killed process left on the cluster, if one is still there. The caller holds the
// data directory's lock, so no live process of ours is using it.
func stopLeftover(ctx context.Context, cluster string) error {
	pid, err := leftoverPID(cluster)
	if err != nil || pid == 0 {
		return err
	}
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, leftoverFast}, {syscall.SIGQUIT, leftoverImmediate}} {
		if err := syscall.Kill(pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("a PostgreSQL server (process %d) runs on %s and cannot be stopped: %w", pid, cluster, err)
		}
		if gone, err := waitGone(ctx, pid, cluster, step.wait); err != nil || gone {
			return err
		}
	}
	return fmt.Errorf("a PostgreSQL server (process %d) runs on %s and does not stop: end it first", pid, cluster)
}

// leftoverPID returns the live server that the cluster's pid file names, 0 if there is none. A pid file whose process is
// gone, or is not this cluster's server, is PostgreSQL's own to deal with.
func leftoverPID(cluster string) (int, error) {
	content, err := os.ReadFile(filepath.Join(cluster, "postmaster.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for a server left behind: %w", err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 1 || !servesCluster(pid, cluster) {
		return 0, nil
	}
	return pid, nil
}

func waitGone(ctx context.Context, pid int, cluster string, limit time.Duration) (bool, error) {
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for servesCluster(pid, cluster) {
		select {
		case <-poll.C:
		case <-deadline.C:
			return false, nil
		case <-ctx.Done():
			return false, fmt.Errorf("wait for the server left behind (process %d) to stop: %w", pid, ctx.Err())
		}
	}
	return true, nil
}
