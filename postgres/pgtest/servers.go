//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"productgenerator/postgres"
)

// templateName is the database that is migrated once and copied for each test.
const templateName = "template_migrated"

// durability is what a server promises about a commit.
type durability string

const (
	throwAway durability = "throwaway" // nothing: a stopped machine loses it
	durable   durability = "durable"   // production's settings
)

var errNoMain = errors.New("call pgtest.Main from the package's TestMain")

// running are the servers of this test process. The testing package has no other place for what tests share.
var running servers

// servers are the embedded servers of a test process, started when a test first needs them.
type servers struct {
	mu       sync.Mutex // protects the fields below; held while a server starts
	accepted bool       // between open and stop
	started  map[durability]*server
}

func (s *servers) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted, s.started = true, map[durability]*server{}
}

// server returns the server with the promise, starting it if it is the first time.
func (s *servers) server(ctx context.Context, d durability) (*server, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.accepted {
		return nil, errNoMain
	}
	if started := s.started[d]; started != nil {
		return started, nil
	}
	if len(s.started) == 0 {
		removeAbandoned()
	}
	started, err := start(ctx, d)
	if err != nil {
		return nil, err
	}
	s.started[d] = started
	return started, nil
}

// stop ends the servers and removes their data.
func (s *servers) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var errs []error
	for _, started := range s.started {
		errs = append(errs, started.embedded.Stop(ctx), os.RemoveAll(started.dir))
	}
	s.accepted, s.started = false, nil
	return errors.Join(errs...)
}

// server is one embedded server with a migrated template.
type server struct {
	embedded *postgres.Embedded
	dir      string       // holds its data and its socket
	created  atomic.Int64 // numbers the databases
}

func start(ctx context.Context, d durability) (*server, error) {
	dir, err := makeDir(parentFor(d))
	if err != nil {
		return nil, err
	}
	embedded, err := postgres.StartEmbedded(ctx, postgres.EmbeddedOptions{
		DataDir:   filepath.Join(dir, "data"),
		SocketDir: filepath.Join(dir, "socket"),
		Fast:      d == throwAway,
		Params:    map[string]string{"max_connections": "300"},
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s := &server{embedded: embedded, dir: dir}
	if err := s.prepareTemplate(ctx); err != nil {
		return nil, errors.Join(err, embedded.Stop(ctx), os.RemoveAll(dir))
	}
	return s, nil
}

func (s *server) prepareTemplate(ctx context.Context) error {
	if err := s.embedded.CreateDatabase(ctx, templateName, ""); err != nil {
		return err
	}
	db, err := postgres.Open(ctx, s.embedded.URL(templateName), postgres.Options{AllowUnsafe: true})
	if err != nil {
		return err
	}
	defer db.Close()
	return postgres.Migrate(ctx, db)
}

// create makes a database and returns its name.
func (s *server) create(ctx context.Context, template string) (string, error) {
	name := "test_" + strconv.FormatInt(s.created.Add(1), 10)
	return name, s.embedded.CreateDatabase(ctx, name, template)
}

// drop removes a database, disconnecting whoever uses it.
func (s *server) drop(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, s.embedded.URL("postgres"))
	if err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	return nil
}
