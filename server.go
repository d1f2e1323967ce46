// Command productgenerator writes product content for e-commerce teams and keeps their tokens.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

// How long stopping may take in all, how long a client may take to send a request's headers, and how long a connection
// may wait for its next request.
const (
	stopTimeout   = 30 * time.Second
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "productgenerator:", oneLine(err))
		os.Exit(1)
	}
}

// oneLine is the error's text in one line, whatever it is made of.
func oneLine(err error) string {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' })
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "; ")
}

// run carries out one command.
func run(args []string) error {
	c, command, err := readConfig(args)
	if err != nil {
		return err
	}
	log := c.logger()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	switch command {
	case "version":
		fmt.Println(version())
		return nil
	case "migrate":
		return migrate(ctx, c, log)
	case "check":
		return check(ctx, c, log)
	case "seed":
		if c.Seed.Lines != 0 {
			return seedHistory(ctx, c, log)
		}
		return seed(ctx, c, log)
	default:
		return serve(ctx, c, log)
	}
}

// serve runs the program until a signal asks it to stop, and then stops in order.
func serve(ctx context.Context, c *config, log *slog.Logger) error {
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return settingError("ADDR", c.Addr, "an address that is free to listen on ("+err.Error()+")")
	}
	defer listener.Close()
	a, err := newApp(ctx, c, log)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           a.handler(),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	a.greet(os.Stdout)
	select {
	case <-ctx.Done():
	case err = <-served:
	}
	log.Info("stopping")
	stopping, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, a.stop(stopping, server))
}

// version is the program's own, as the build recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision := "unknown"
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			revision = setting.Value
		}
	}
	return fmt.Sprintf("productgenerator %s (%s, %s)", info.Main.Version, revision, info.GoVersion)
}
