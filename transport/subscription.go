package transport

import (
	"context"
	"encoding/json"
	"net/http"
)

// subscription is an operation that runs on a socket, of whatever kind.
type subscription struct {
	id     string
	cancel context.CancelFunc
}

// handle acts on a message. false: the socket has ended.
func (c *socket) handle(data []byte) bool {
	m, err := readMessage(data, c.server.config.Limits.JSONDepth)
	if err != nil {
		c.end(closeBadMessage, "Invalid message")
		return false
	}
	switch m.kind {
	case typeInit:
		return c.initialise(m)
	case typePing:
		return c.enqueue(c.ctx, c.server.plainFrame(typePong, encoded(m.payload)))
	case typePong:
		return true
	case typeSubscribe:
		return c.subscribe(m)
	case typeComplete:
		c.complete(m.id)
		return true
	default:
		c.end(closeBadMessage, "Invalid message")
		return false
	}
}

// encoded is a payload that is sent back, nil if there was none.
func encoded(payload any) []byte {
	if payload == nil {
		return nil
	}
	data, err := json.Marshal(payload)
	if err != nil {
		return nil
	}
	return data
}

// initialise finds out who the client is.
func (c *socket) initialise(m message) bool {
	authorization, err := m.authorization()
	switch {
	case err != nil:
		c.end(closeBadMessage, "Invalid message")
		return false
	case c.viewer() != nil:
		c.end(closeTooManyInits, "Too many initialisation requests")
		return false
	}
	who, err := c.server.config.Init(c.ctx, authorization)
	if err != nil {
		c.forbid()
		return false
	}
	c.mu.Lock()
	c.who = who
	c.mu.Unlock()
	c.heard()
	return c.enqueue(c.ctx, c.server.plainFrame(typeAck, nil))
}

// subscribe starts an operation, or says why it does not run.
func (c *socket) subscribe(m message) bool {
	who := c.viewer()
	if who == nil {
		c.end(closeUnauthorized, "Unauthorized")
		return false
	}
	req, refusal := readRequest(m.payload, c.header)
	if refusal != nil || m.id == "" || len(m.id) > maxID {
		c.end(closeBadMessage, "Invalid message")
		return false
	}
	ctx, cancel := context.WithCancel(who)
	sub := &subscription{id: m.id, cancel: cancel}
	if !c.register(sub) {
		cancel()
		c.end(closeDuplicateID, "Subscriber already exists")
		return false
	}
	op, refusal := c.admit(ctx, req)
	if refusal != nil {
		cancel()
		c.server.observeRefusal(overSocket)
		return c.enqueue(c.ctx, c.server.errorFrame(sub, refusal.Errors))
	}
	c.tasks.Go(func() {
		defer cancel()
		c.run(ctx, sub, op)
	})
	return true
}

// admit takes an operation on if there is room for one more: then its goroutine is counted already.
func (c *socket) admit(ctx context.Context, req request) (*operation, *Refusal) {
	limit := c.server.config.Limits.Subscriptions
	c.mu.Lock()
	// The ids of operations that ended are free before their goroutines are gone.
	full := len(c.subscriptions) > limit || c.running >= 2*limit
	c.mu.Unlock()
	if full {
		return nil, refuse(http.StatusTooManyRequests, CodeTooManySubscriptions,
			"A socket runs at most %d operations at once.", limit)
	}
	op, refusal := c.server.admit(ctx, req)
	if refusal != nil {
		return nil, refusal
	}
	c.mu.Lock()
	c.running++
	c.mu.Unlock()
	c.server.operations.Add(1)
	return op, nil
}

// run sends what an operation gives: next for each response, then complete or error.
func (c *socket) run(ctx context.Context, sub *subscription, op *operation) {
	defer c.done()
	e := c.server.execute(ctx, op)
	defer e.observe(overSocket)
	for response := e.response(); response != nil; response = e.response() {
		if !c.enqueue(ctx, c.server.nextFrame(sub, response)) {
			return
		}
	}
	if errs := e.failure(); len(errs) > 0 {
		c.enqueue(ctx, c.server.errorFrame(sub, errs))
		return
	}
	c.enqueue(ctx, c.server.completeFrame(sub))
}

// done counts an operation's goroutine out. A panic in it, outside of resolvers, ends the socket and nothing else.
func (c *socket) done() {
	if r := recover(); r != nil {
		_ = c.server.recovered(c.ctx, r)
		c.end(closeInternalFailure, "Internal server error")
	}
	c.server.operations.Add(-1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
}

// complete stops the operation that the client wants no more of. Its id is free at once.
func (c *socket) complete(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if sub := c.subscriptions[id]; sub != nil {
		delete(c.subscriptions, id)
		sub.cancel()
	}
}

// register claims an operation's id, if it is free.
func (c *socket) register(sub *subscription) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.subscriptions[sub.id] != nil {
		return false
	}
	c.subscriptions[sub.id] = sub
	return true
}

// release says whether a frame's operation is still wanted, and frees its id with the last one: the client may use it
// again as soon as it has read that.
func (c *socket) release(f frame) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.subscriptions[f.of.id] != f.of {
		return false
	}
	if f.last {
		delete(c.subscriptions, f.of.id)
	}
	return true
}

// enqueue hands a frame to the writer, waiting for room. false: ctx or the socket ended before.
func (c *socket) enqueue(ctx context.Context, f frame) bool {
	select {
	case c.queue <- f:
		return true
	case <-ctx.Done():
	case <-c.ended:
	}
	c.server.buffers.put(f.buffer)
	return false
}
