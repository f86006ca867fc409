package mysqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// SkipVariable is the environment variable that skips tests which need
// MariaDB or MySQL. They are skipped as well where there is no server.
const SkipVariable = "LOCKSTEP_TEST_SKIP_MYSQL"

// Cluster is one server for all tests of a process; a test package keeps it
// between TestMain and its tests.
type Cluster struct {
	opts    Options
	once    sync.Once
	server  *Server
	err     error
	counter atomic.Int64
}

// NewCluster returns a cluster that starts when the first test asks for it.
func NewCluster(opts Options) *Cluster { return &Cluster{opts: opts} }

// Main runs the tests, stops the server and returns the exit code:
//
//	func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }
func (c *Cluster) Main(m *testing.M) int {
	code := m.Run()
	if c.Stop() {
		return code
	}
	return 1
}

// Stop ends the server if there is one, for a package that has a Main
// already, and says on stderr what went wrong.
func (c *Cluster) Stop() bool {
	if c.server == nil {
		return true
	}
	err := c.server.Stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return err == nil
}

// Server returns the running server, or skips the test where none can be had.
func (c *Cluster) Server(t testing.TB) *Server {
	t.Helper()
	if os.Getenv(SkipVariable) != "" {
		t.Skip(SkipVariable + " is set")
	}
	c.once.Do(func() { c.server, c.err = Start(c.opts) })
	if errors.Is(c.err, ErrNoBinaries) {
		t.Skip(c.err)
	}
	if c.err != nil {
		t.Fatalf("%v (or set %s=1 to skip)", c.err, SkipVariable)
	}
	return c.server
}

// Database creates an empty database for one test and returns its URL. It is
// dropped, with whoever is still connected, when the test ends.
func (c *Cluster) Database(t testing.TB) string {
	t.Helper()
	server := c.Server(t)
	name := fmt.Sprintf("test_%d", c.counter.Add(1))
	if err := server.Exec("CREATE DATABASE " + name + " CHARACTER SET utf8mb4"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(server.disconnect(name), server.Exec("DROP DATABASE IF EXISTS "+name)); err != nil {
			t.Error(err)
		}
	})
	return server.URL(name)
}

// Exec runs a statement as root, without a database.
func (s *Server) Exec(query string) error {
	db, err := s.open()
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), query); err != nil {
		return fmt.Errorf("%s: %w", strings.Fields(query)[0], err)
	}
	return nil
}

func (s *Server) open() (*sql.DB, error) {
	db, err := sql.Open("mysql", strings.TrimPrefix(s.URL(""), "mysql://"))
	if err != nil {
		return nil, fmt.Errorf("connect to MariaDB: %w", err)
	}
	return db, nil
}

// disconnect ends who is connected to a database, whose locks a DROP DATABASE
// would wait for.
func (s *Server) disconnect(name string) error {
	db, err := s.open()
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.QueryContext(context.Background(), "SELECT id FROM information_schema.processlist WHERE db = ?", name)
	if err != nil {
		return fmt.Errorf("look who is connected: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return fmt.Errorf("look who is connected: %w", err)
		}
		// One that has gone meanwhile is what is wanted.
		_, _ = db.ExecContext(context.Background(), fmt.Sprintf("KILL %d", id))
	}
	return rows.Err()
}
