//go:build unix && !linux

package postgres

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// processAttributes starts a server in a process group of its own, so that a terminal's Ctrl-C does not reach it before
// this process has drained. No kernel but Linux ends it with its parent: the next start on the cluster does.
func processAttributes(a *account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: a.credential(), Setpgid: true}
}

// inheritedDir is unused where directories cannot be passed on.
const inheritedDir = ""

func passesDirs() bool { return false }

// servesCluster tells whether the process is a PostgreSQL server on this cluster, by its command line.
func servesCluster(pid int, cluster string) bool {
	command, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(command), "postgres") && strings.Contains(string(command), cluster)
}
