package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// sample is one measurement.
type sample struct {
	elapsed               time.Duration
	latencies             []time.Duration // of each request that was accepted
	transactions, changes float64         // of the program's ledger meanwhile
}

// requestLimit is how long an answer may take.
const requestLimit = 30 * time.Second

const mutation = `mutation Run($input: GenerateInput!) { generateAll(input: $input) { ` +
	`generation { id status parts { part status } } balance { version available reserved consumedToday } ` +
	`userErrors { code message } } }`

// generate asks for generateAll over that many connections, each with one request under way, for as long as there are
// orders. Every request has to be accepted.
func generate(ctx context.Context, address string, connections int, next func() (*order, bool)) (sample, error) {
	return ask(ctx, address, connections, func(c *client) (bool, error) {
		o, more := next()
		if !more {
			return false, nil
		}
		body := fmt.Appendf(c.body[:0], `{"query":"%s","variables":{"input":{"productId":"product_%026d","idempotencyKey":"press-%d"}}}`,
			mutation, o.product, o.product)
		c.body = body
		answer, err := c.post(sessionToken(o.member), body)
		if err == nil && !bytes.Contains(answer, []byte(`"status":"QUEUED"`)) {
			err = fmt.Errorf("not accepted: %s", answer)
		}
		return true, err
	})
}

// measureCeiling asks for a constant, which the program answers without its database: what HTTP and GraphQL leave.
func measureCeiling(ctx context.Context, address string, length time.Duration) (sample, error) {
	deadline := time.Now().Add(length)
	return ask(ctx, address, 64, func(c *client) (bool, error) {
		answer, err := c.post("", []byte(`{"query":"{ __typename }"}`))
		if err == nil && !bytes.Contains(answer, []byte(`"Query"`)) {
			err = fmt.Errorf("unexpected: %s", answer)
		}
		return time.Now().Before(deadline), err
	})
}

// ask runs requests over that many connections until each says that there is no more.
func ask(ctx context.Context, address string, connections int, request func(*client) (more bool, err error)) (sample, error) {
	clients := make([]*client, connections)
	for i := range clients {
		c, err := dial(ctx, address)
		if err != nil {
			return sample{}, err
		}
		defer c.conn.Close()
		clients[i] = c
	}
	failures := make([]error, connections)
	var all sync.WaitGroup
	began := time.Now()
	for i, c := range clients {
		all.Go(func() {
			for ctx.Err() == nil {
				start := time.Now()
				more, err := request(c)
				if err != nil {
					failures[i] = err
					return
				}
				if !more {
					return
				}
				c.latencies = append(c.latencies, time.Since(start))
			}
		})
	}
	all.Wait()
	taken := sample{elapsed: time.Since(began)}
	for _, c := range clients {
		taken.latencies = append(taken.latencies, c.latencies...)
	}
	return taken, errors.Join(append(failures, ctx.Err())...)
}

// client is a connection that speaks just as much HTTP as the program's answers need, so that on a machine that the
// program shares with its clients, they leave it most of the time.
type client struct {
	conn      net.Conn
	reader    *bufio.Reader
	head      []byte
	body      []byte
	answer    []byte
	latencies []time.Duration
}

func dial(ctx context.Context, address string) (*client, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, reader: bufio.NewReader(conn), latencies: make([]time.Duration, 0, 4096)}, nil
}

// post sends a GraphQL request and returns the body of its answer, which is valid until the next one.
func (c *client) post(token string, body []byte) ([]byte, error) {
	c.head = append(c.head[:0], "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"+
		"Accept: application/graphql-response+json\r\n"...)
	if token != "" {
		c.head = fmt.Appendf(c.head, "Authorization: Bearer %s\r\n", token)
	}
	c.head = fmt.Appendf(c.head, "Content-Length: %d\r\n\r\n", len(body))
	c.head = append(c.head, body...)
	if err := c.conn.SetDeadline(time.Now().Add(requestLimit)); err != nil {
		return nil, err
	}
	if _, err := c.conn.Write(c.head); err != nil {
		return nil, err
	}
	status, length, err := c.readHead()
	if err != nil {
		return nil, err
	}
	if cap(c.answer) < length {
		c.answer = make([]byte, length)
	}
	c.answer = c.answer[:length]
	if _, err := io.ReadFull(c.reader, c.answer); err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("status %d: %s", status, c.answer)
	}
	return c.answer, nil
}

// readHead reads the status and how long the body is.
func (c *client) readHead() (status, length int, err error) {
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return 0, 0, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return 0, 0, fmt.Errorf("no answer of HTTP: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, err
	}
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return 0, 0, err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			return status, length, nil
		}
		if name, value, _ := bytes.Cut(line, []byte(": ")); bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, 0, err
			}
		}
	}
}
