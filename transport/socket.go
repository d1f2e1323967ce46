package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	queuedFrames = 16        // that wait for a socket's writer; whoever has one more waits for room
	kernelBuffer = 128 << 10 // bytes that the kernel may hold for a client that does not read
	lingerBytes  = 1 << 20   // that are still read of a client after its socket was closed
)

// socket is one WebSocket connection. The request's goroutine reads, one more writes, and one runs for each operation.
// All of them end when the socket does.
type socket struct {
	server *Server
	ws     *websocket.Conn
	header http.Header
	ctx    context.Context // the upgrade request's, until the socket ends
	cancel context.CancelFunc
	queue  chan frame
	ended  chan struct{} // closed by end
	flood  flood         // the reader's
	tasks  sync.WaitGroup

	mu            sync.Mutex      // guards what follows, and the order of ended and the deadline for reading
	who           context.Context // made from ctx by connection_init, nil before
	subscriptions map[string]*subscription
	running       int  // goroutines of operations, those that were stopped and not yet gone among them
	owesPong      bool // or connection_init, which has a time limit too
	isEnded       bool
	code          int // to close with; 0: without a word
	reason        string
}

// serveSocket upgrades the request and stays until the socket has closed.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	if !slices.Contains(websocket.Subprotocols(r), subprotocol) {
		s.observeRefusal(overSocket)
		s.answerRefusal(w, typeJSON, badRequest("Sockets speak the subprotocol %s.", subprotocol))
		return
	}
	ws, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		var handshake websocket.HandshakeError
		if errors.As(err, &handshake) {
			s.answerRefusal(w, typeJSON, badRequest("The WebSocket handshake is malformed."))
		}
		return
	}
	if tcp, ok := ws.NetConn().(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(kernelBuffer)
	}
	ctx, cancel := context.WithCancel(r.Context())
	c := &socket{
		server:        s,
		ws:            ws,
		header:        r.Header,
		cancel:        cancel,
		queue:         make(chan frame, queuedFrames),
		ended:         make(chan struct{}),
		flood:         newFlood(s.config.Limits, time.Now()),
		ctx:           ctx,
		subscriptions: make(map[string]*subscription),
	}
	s.sockets.Add(1)
	defer s.sockets.Add(-1)
	s.sessions.add(c)
	defer s.sessions.remove(c)
	c.serve()
}

func (c *socket) serve() {
	var writer sync.WaitGroup
	writer.Go(c.write)
	func() {
		defer func() {
			if r := recover(); r != nil {
				_ = c.server.recovered(c.ctx, r)
				c.end(closeInternalFailure, "Internal server error")
			}
		}()
		c.read()
	}()
	writer.Wait()
	c.linger()
	c.tasks.Wait()
}

// end closes the socket with a code and a reason, if it is not closing already: operations are cancelled, the writer
// says good-bye, the reader wakes up.
func (c *socket) end(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isEnded {
		return
	}
	c.isEnded, c.code, c.reason = true, code, reason
	close(c.ended)
	c.cancel()
	_ = c.ws.SetReadDeadline(time.Unix(1, 0))
	// A write that hangs must not keep the good-bye for longer than this.
	_ = c.ws.NetConn().SetWriteDeadline(time.Now().Add(c.server.config.Timeouts.Linger))
}

func (c *socket) forbid() { c.end(closeForbidden, "Forbidden") }
func (c *socket) stop()   { c.end(websocket.CloseGoingAway, "Going away") }

func (c *socket) viewer() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isEnded {
		return nil
	}
	return c.who
}

// read takes messages until the socket ends.
func (c *socket) read() {
	c.ws.SetReadLimit(c.server.config.Limits.Frame)
	c.ws.SetPongHandler(func(string) error { c.heard(); return c.admitMessage() })
	c.ws.SetPingHandler(c.answerPing)
	c.await(c.server.config.Timeouts.Init)
	for {
		kind, message, err := c.ws.NextReader()
		if err == nil {
			err = c.admitMessage()
		}
		switch {
		case err != nil:
			c.end(c.codeOf(err))
			return
		case kind != websocket.TextMessage:
			c.end(closeBadMessage, "Messages are text")
			return
		case !c.take(message):
			return
		}
	}
}

// take acts on one message. An idle socket holds no buffer. false: the socket has ended.
func (c *socket) take(message io.Reader) bool {
	buffer := c.server.buffers.get()
	defer c.server.buffers.put(buffer)
	if _, err := buffer.ReadFrom(message); err != nil {
		c.end(c.codeOf(err))
		return false
	}
	return c.handle(buffer.Bytes())
}

// await says how long the client may take until its pong, or connection_init, comes. One that owes a pong gains no time
// by the next ping.
func (c *socket) await(patience time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isEnded && !c.owesPong {
		c.owesPong = true
		_ = c.ws.SetReadDeadline(time.Now().Add(patience))
	}
}

// heard lets the client be quiet again, once it has said who it is.
func (c *socket) heard() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isEnded && c.who != nil {
		c.owesPong = false
		_ = c.ws.SetReadDeadline(time.Time{})
	}
}

var errFlood = errors.New("too many messages")

func (c *socket) admitMessage() error {
	if c.flood.allow(time.Now()) {
		return nil
	}
	return errFlood
}

func (c *socket) answerPing(data string) error {
	if err := c.admitMessage(); err != nil {
		return err
	}
	err := c.ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(c.server.config.Timeouts.Write))
	if errors.Is(err, websocket.ErrCloseSent) {
		return nil
	}
	return err
}

// codeOf says how to close after reading failed.
func (c *socket) codeOf(err error) (int, string) {
	switch {
	case errors.Is(err, errFlood):
		return websocket.ClosePolicyViolation, "Too many messages"
	case errors.Is(err, websocket.ErrReadLimit):
		return websocket.CloseMessageTooBig, "Message too large"
	}
	if _, closed := errors.AsType[*websocket.CloseError](err); closed {
		return 0, ""
	}
	broken, ok := errors.AsType[net.Error](err)
	switch {
	case !ok:
		return websocket.CloseProtocolError, "Malformed frame"
	case !broken.Timeout():
		return 0, ""
	case c.viewer() == nil:
		return closeInitTimeout, "Connection initialisation timeout"
	default:
		return websocket.ClosePolicyViolation, "No pong"
	}
}

// write sends frames until the socket ends, pings an idle client, and asks one that got data whether it still reads.
func (c *socket) write() {
	timeouts := c.server.config.Timeouts
	ping := time.NewTimer(timeouts.Ping)
	defer ping.Stop()
	probing := false
	for {
		select {
		case f := <-c.queue:
			if c.send(f) != nil {
				c.end(0, "")
				return
			}
			if !probing {
				probing = true
				ping.Reset(min(timeouts.Probe, timeouts.Ping))
			}
		case <-ping.C:
			probing = false
			ping.Reset(timeouts.Ping)
			c.await(timeouts.Pong)
			if c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(timeouts.Write)) != nil {
				c.end(0, "")
				return
			}
		case <-c.ended:
			c.goodbye()
			return
		case <-c.ctx.Done():
			c.stop()
		}
	}
}

// send writes a frame, unless its operation was stopped meanwhile.
func (c *socket) send(f frame) error {
	defer c.server.buffers.put(f.buffer)
	if f.of != nil && !c.release(f) {
		return nil
	}
	_ = c.ws.SetWriteDeadline(time.Now().Add(c.server.config.Timeouts.Write))
	return c.ws.WriteMessage(websocket.TextMessage, f.buffer.Bytes())
}

func (c *socket) goodbye() {
	c.mu.Lock()
	code, reason := c.code, c.reason
	c.mu.Unlock()
	if code != 0 {
		_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason),
			time.Now().Add(c.server.config.Timeouts.Linger))
	}
}

// linger closes the connection so that the client can still read why: the kernel drops what it has not delivered when a
// connection with unread input is closed at once.
func (c *socket) linger() {
	connection := c.ws.NetConn()
	defer connection.Close()
	c.mu.Lock()
	told := c.code != 0
	c.mu.Unlock()
	half, ok := connection.(interface{ CloseWrite() error })
	if !told || !ok || half.CloseWrite() != nil {
		return
	}
	_ = connection.SetReadDeadline(time.Now().Add(c.server.config.Timeouts.Linger))
	_, _ = io.CopyN(io.Discard, connection, lingerBytes)
}
