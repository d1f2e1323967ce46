package bus

import (
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// proxy stands between a bus and the database. Frozen, it passes nothing on and lets nobody know.
type proxy struct {
	url    string
	server string // the database's socket

	mu    sync.Mutex // guards what follows
	moved *sync.Cond // frozen or closed has changed
	// frozen keeps every byte, closed lets go of everything.
	frozen, closed bool
	conns          []net.Conn
}

func newProxy(t testing.TB, url string) *proxy {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{
		url: fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=%s sslmode=disable",
			listener.Addr().(*net.TCPAddr).Port, config.User, config.Database),
		server: filepath.Join(config.Host, ".s.PGSQL."+strconv.Itoa(int(config.Port))),
	}
	p.moved = sync.NewCond(&p.mu)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.set(func() { p.closed = true })
		running.Wait()
	})
	return p
}

func (p *proxy) freeze() { p.set(func() { p.frozen = true }) }

func (p *proxy) thaw() { p.set(func() { p.frozen = false }) }

func (p *proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	if p.closed {
		for _, conn := range p.conns {
			_ = conn.Close()
		}
	}
	p.moved.Broadcast()
}

// pass waits while the proxy is frozen and reports whether it is still open.
func (p *proxy) pass() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.frozen && !p.closed {
		p.moved.Wait()
	}
	return !p.closed
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	if !p.pass() {
		return
	}
	server, err := net.Dial("unix", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	p.set(func() { p.conns = append(p.conns, client, server) })
	var both sync.WaitGroup
	both.Go(func() { p.copy(server, client) })
	both.Go(func() { p.copy(client, server) })
	both.Wait()
}

func (p *proxy) copy(to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if !p.pass() {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
