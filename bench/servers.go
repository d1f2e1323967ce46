package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	baselineCommand = "serve-baseline"
	// programWorkers is how many generations the program runs at once where it runs any: its default.
	programWorkers = 32

	startTimeout = 30 * time.Second
	stopTimeout  = 30 * time.Second
)

// process is a server that this program has started.
type process struct {
	command *exec.Cmd
	address string
	ended   chan error
}

// startServer starts a server on a database.
type startServer func(ctx context.Context, s settings, url string, workers int) (*process, error)

// startProgram starts the built binary with providers that answer at once.
func startProgram(ctx context.Context, s settings, url string, workers int) (*process, error) {
	return start(ctx, exec.Command(s.program), url,
		"WORKERS="+strconv.Itoa(workers), "TEXT_PROVIDERS=noop", "IMAGE_PROVIDERS=noop", "PRICE_PROVIDERS=noop",
		"FACT_PROVIDERS=noop", "SEED_DEMO=false", "ADMIN_EMAIL=", "LOG_LEVEL=error")
}

// startBaseline starts this binary as the server to compare with.
func startBaseline(ctx context.Context, _ settings, url string, _ int) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return start(ctx, exec.Command(self, baselineCommand), url)
}

func start(ctx context.Context, command *exec.Cmd, url string, environment ...string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	p := &process{command: command, address: address, ended: make(chan error, 1)}
	command.Env = append(append(os.Environ(), "ADDR="+address, "PUBLIC_URL=http://"+address, "DATABASE_URL="+url), environment...)
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w (build it first)", command.Path, err)
	}
	go func() { p.ended <- command.Wait() }()
	if err := p.awaitReady(ctx); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// freeAddress is one that nobody listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

func (p *process) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if body, err := p.get(ctx, "/readyz"); err == nil {
			return body.Close()
		}
		select {
		case <-tick.C:
		case err := <-p.ended:
			p.ended <- err
			return fmt.Errorf("%s has ended: %v", p.command.Path, err)
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", p.command.Path, ctx.Err())
		}
	}
}

// get reads a path of the server's.
func (p *process) get(ctx context.Context, path string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("%s: %s", path, response.Status), response.Body.Close())
	}
	return response.Body, nil
}

// committed is what a ledger has done; nothing where the server has none that counts.
type committed struct{ transactions, changes float64 }

func (p *process) committed(ctx context.Context) (c committed, err error) {
	body, err := p.get(ctx, "/metrics")
	if err != nil {
		return c, err
	}
	defer body.Close()
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		switch name {
		case "productgenerator_ledger_transactions_total":
			c.transactions, err = strconv.ParseFloat(value, 64)
		case "productgenerator_ledger_changes_total":
			c.changes, err = strconv.ParseFloat(value, 64)
		}
		if err != nil {
			return c, err
		}
	}
	return c, lines.Err()
}

// stop ends the server in its own way, or after a while at once.
func (p *process) stop() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-p.ended:
		return err
	case <-time.After(stopTimeout):
		return errors.Join(fmt.Errorf("%s does not stop", p.command.Path), p.command.Process.Kill())
	}
}
