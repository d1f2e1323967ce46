//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrStoppedAtOnce says that the server had no time for an orderly shutdown. Nothing acknowledged is lost; its next
// start recovers.
var ErrStoppedAtOnce = errors.New("PostgreSQL was stopped at once, it recovers at the next start")

const (
	// restartPause and restartPauseMax are how long a server that died stays down: at first, and if it dies again.
	restartPause    = 50 * time.Millisecond
	restartPauseMax = 2 * time.Second
	// healthyRun is how long a server has to live for its death to count as the first one again.
	healthyRun = 10 * time.Second
	// immediateStop is how long an immediate shutdown may take. PostgreSQL itself kills its processes after 5 s.
	immediateStop = 7 * time.Second
	// orphansLimit is how often a first start waits for the processes of a killed server to let go of its memory.
	orphansLimit = 100
)

// serverSettings are the settings the server is started with, those of the options last.
func serverSettings(o EmbeddedOptions, sockets string) map[string]string {
	settings := map[string]string{
		"listen_addresses":        "",
		"unix_socket_directories": sockets,
		"unix_socket_permissions": "0700",
		"port":                    socketPort,
		"cluster_name":            Superuser,
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"logging_collector":       "off",
		"log_destination":         "stderr",
		// Failed statements are told to the client that sent them; in the log they would show people's data.
		"log_min_messages":   "log",
		"log_checkpoints":    "off",
		"fsync":              "on",
		"full_page_writes":   "on",
		"synchronous_commit": "on",
	}
	if o.Fast {
		maps.Copy(settings, map[string]string{
			"fsync":              "off",
			"full_page_writes":   "off",
			"synchronous_commit": "off",
			"wal_level":          "minimal",
			"max_wal_senders":    "0",
			"autovacuum":         "off",
		})
	}
	maps.Copy(settings, o.Params)
	return settings
}

// server keeps one postgres process running on a cluster.
type server struct {
	cluster *cluster
	args    []string
	log     *slog.Logger
	output  *outputTail
	cleanUp func() // runs when the server has ended for good

	served atomic.Bool   // it has answered once: from then on it is restarted whatever it dies of
	done   chan struct{} // closed when the server has ended for good

	mu       sync.Mutex // protects process and stopping
	process  *exec.Cmd  // nil while none runs
	stopping bool
	stopped  chan struct{} // closed when stopping is set, to cut a pause short

	failure error // why it ended without being asked to; set before done is closed
}

func newServer(c *cluster, settings map[string]string, log *slog.Logger) *server {
	var args []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return &server{
		cluster: c, args: args, log: log, output: &outputTail{log: log},
		done: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// supervise runs the server until stop is called or its first start fails. It owns the process: starting and waiting
// happen on one thread, because the kernel ends the server when the thread that started it ends.
func (s *server) supervise() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.done)
	defer s.cleanUp()
	pause := restartPause
	for attempt := 1; ; attempt++ {
		began := time.Now()
		s.failure = s.run()
		if s.isStopping() {
			return
		}
		if !s.served.Load() && (attempt >= orphansLimit || !s.orphansRemain()) {
			return
		}
		if time.Since(began) > healthyRun {
			pause = restartPause
		}
		if s.served.Load() {
			s.log.Warn("PostgreSQL ended, starting it again", "error", s.failure, "pause", pause, "output", s.output.String())
		}
		if !s.sleep(pause) {
			return
		}
		pause = min(2*pause, restartPauseMax)
	}
}

// run starts one postgres process and returns when it has ended.
func (s *server) run() error {
	command, release, err := s.cluster.command(context.Background(), s.cluster.dir, "postgres", s.args...)
	if err != nil {
		return err
	}
	defer release()
	s.output.reset()
	command.Stdout, command.Stderr = s.output, s.output
	// The processes that a killed server leaves behind hold its output open: do not wait for them.
	command.WaitDelay = restartPause
	if err := s.start(command); err != nil {
		return err
	}
	err = command.Wait()
	s.mu.Lock()
	s.process = nil
	s.mu.Unlock()
	if err == nil {
		return errors.New("it shut itself down")
	}
	return err
}

// start starts the process unless stop was called, so that stop always meets the process it has to end.
func (s *server) start(command *exec.Cmd) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return context.Canceled
	}
	if err := command.Start(); err != nil {
		return err
	}
	s.process = command
	return nil
}

// orphansRemain tells whether the process ended because those of a server killed before it are still on the cluster.
func (s *server) orphansRemain() bool {
	return strings.Contains(s.output.String(), "pre-existing shared memory block")
}

func (s *server) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// sleep returns false if the server is to stop.
func (s *server) sleep(pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.stopped:
		return false
	}
}

func (s *server) currentPID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0
	}
	return s.process.Process.Pid
}

func (s *server) stop(ctx context.Context) error {
	s.beginStop()
	if s.awaitEnd(ctx, syscall.SIGINT) {
		return nil
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), immediateStop)
	defer cancel()
	if s.awaitEnd(limit, syscall.SIGQUIT) {
		return ErrStoppedAtOnce
	}
	s.kill()
	<-s.done
	return fmt.Errorf("%w: it had to be killed", ErrStoppedAtOnce)
}

func (s *server) beginStop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopping {
		s.stopping = true
		close(s.stopped)
	}
}

// awaitEnd sends the signal to the process, if one runs, and returns whether the server ended before ctx did.
func (s *server) awaitEnd(ctx context.Context, signal syscall.Signal) bool {
	s.mu.Lock()
	if s.process != nil {
		_ = s.process.Process.Signal(signal) // an error says that it has ended
	}
	s.mu.Unlock()
	select {
	case <-s.done:
		return true
	default:
	}
	select {
	case <-s.done:
		return true
	case <-ctx.Done():
		return false
	}
}

// kill ends the process; those it started end by themselves when they find it gone.
func (s *server) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		_ = s.process.Process.Kill() // an error says that it has ended
	}
}
