package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// stopLimit is how long the program may take to stop, by its contract.
const stopLimit = 30 * time.Second

// process is the program, serving.
type process struct {
	t       testing.TB
	address string // host:port
	command *exec.Cmd
	output  *record
	ended   chan struct{} // closed when it has ended
}

// start starts the program with the settings, each NAME=value, on a free loopback port, and waits until it can serve.
func start(t testing.TB, settings ...string) *process {
	t.Helper()
	p := begin(t, settings...)
	p.awaitReady()
	return p
}

// begin is start without waiting. The process is killed when the test ends, unless it has ended by then.
func begin(t testing.TB, settings ...string) *process {
	t.Helper()
	p := &process{t: t, address: freeAddress(t), output: new(record), ended: make(chan struct{})}
	p.command = command(context.Background(), append([]string{"ADDR=" + p.address}, settings...))
	p.command.Stdout, p.command.Stderr = p.output, p.output
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.command.Wait() // whoever wants to know reads the state
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", p.address, p.output.tail(6_000))
		}
	})
	return p
}

// command prepares a run of the program with nothing of the test's own environment but where things are.
func command(ctx context.Context, settings []string, arguments ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, *program, arguments...)
	for _, name := range []string{"PATH", "HOME", "PGBIN", "TMPDIR", "XDG_CACHE_HOME"} {
		if value, set := os.LookupEnv(name); set {
			c.Env = append(c.Env, name+"="+value)
		}
	}
	c.Env = append(c.Env, settings...)
	return c
}

// outcome is what became of a command that has ended.
type outcome struct {
	exit           int
	stdout, stderr string
}

// execute runs a command of the program to its end.
func execute(t testing.TB, name string, settings ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	var arguments []string
	if name != "" {
		arguments = []string{name}
	}
	c := command(ctx, settings, arguments...)
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) || ctx.Err() != nil {
		t.Fatalf("productgenerator %s: %v\n%s", name, err, stderr.String())
	}
	return outcome{exit: c.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
}

// checkBooks runs "productgenerator check" and fails the test unless it finds everything in order.
func checkBooks(t testing.TB, settings ...string) {
	t.Helper()
	checked := execute(t, "check", settings...)
	if checked.exit != 0 || !strings.Contains(checked.stdout, "0 discrepancies") {
		t.Fatalf("check: exit %d\n%s%s", checked.exit, checked.stdout, checked.stderr)
	}
	t.Logf("check: %s", lastLine(checked.stdout))
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

func (p *process) url() string { return "http://" + p.address }

// awaitReady waits until the process can serve.
func (p *process) awaitReady() {
	p.t.Helper()
	await(p.t, "the program is ready", func() bool {
		select {
		case <-p.ended:
			p.t.Fatalf("the program ended: %s", p.command.ProcessState)
		default:
		}
		status, _ := p.get("/readyz")
		return status == http.StatusOK
	})
}

// get is the status and the body of a page, 0 where nobody answers.
func (p *process) get(path string) (status int, body string) {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(p.url() + path)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	content, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(content)
}

// kill ends the process as kill -9 does, and waits until it is gone.
func (p *process) kill() {
	_ = p.command.Process.Kill() // one that has ended needs none
	<-p.ended
}

// terminate asks the process to stop, and fails the test unless it does so in time and without an error.
func (p *process) terminate() {
	p.t.Helper()
	began := time.Now()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(stopLimit):
		p.t.Fatalf("the program runs on %s after SIGTERM", stopLimit)
	}
	if code := p.command.ProcessState.ExitCode(); code != 0 {
		p.t.Fatalf("the program ended after SIGTERM with %s", p.command.ProcessState)
	}
	p.t.Logf("stopped in %s", time.Since(began).Round(time.Millisecond))
}

// ports below those that the system gives out by itself, each handed out once in this test process.
var ports struct {
	sync.Mutex
	used map[int]bool
}

// freeAddress is a loopback address that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	if ports.used == nil {
		ports.used = map[int]bool{}
	}
	for range 1_000 {
		port := 20_000 + rand.IntN(12_000)
		if ports.used[port] {
			continue
		}
		ports.used[port] = true
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if listener, err := net.Listen("tcp", address); err == nil {
			listener.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// await polls until the condition holds.
func await(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited %s in vain until %s", patience, what)
		}
	}
}

// record keeps what a process writes.
type record struct {
	mu   sync.Mutex // protects text
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// tail is the end of what was written, at most so many bytes.
func (r *record) tail(bytes int) string {
	text := r.String()
	return text[max(0, len(text)-bytes):]
}
