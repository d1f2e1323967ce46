package postgres

import (
	"fmt"
	"os"
	"syscall"
)

// processAttributes starts a server in a process group of its own, so that a terminal's Ctrl-C does not reach it before
// this process has drained, and has the kernel end it with a fast shutdown when the starting thread ends.
func processAttributes(a *account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: a.credential(), Setpgid: true, Pdeathsig: syscall.SIGINT}
}

// inheritedDir is where a child process finds the directory that it inherited as its first extra file. Unlike the
// directory's own path it needs no right to search the parents, so the server runs below a closed home directory too.
const inheritedDir = "/proc/self/fd/3"

func passesDirs() bool {
	_, err := os.Stat("/proc/self/fd")
	return err == nil
}

// servesCluster tells whether the process is a PostgreSQL server on this cluster: a server's working directory is its
// cluster, and another program that got the same process id has another one.
func servesCluster(pid int, cluster string) bool {
	ours, err := os.Stat(cluster)
	if err != nil {
		return false
	}
	theirs, err := os.Stat(fmt.Sprintf("/proc/%d/cwd", pid))
	return err == nil && os.SameFile(ours, theirs)
}
