package pgtest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lib/pq"
)

// SkipVariable is the environment variable that skips tests which need
// PostgreSQL. Without it a machine that has none fails them.
const SkipVariable = "LOCKSTEP_TEST_SKIP_POSTGRES"

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
	if c.server == nil {
		return code
	}
	if err := c.server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// Server returns the running server.
func (c *Cluster) Server(t testing.TB) *Server {
	t.Helper()
	if os.Getenv(SkipVariable) != "" {
		t.Skip(SkipVariable + " is set")
	}
	c.once.Do(func() { c.server, c.err = Start(c.opts) })
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
	c.admin(t, server, "CREATE DATABASE "+pq.QuoteIdentifier(name))
	t.Cleanup(func() {
		c.admin(t, server, "DROP DATABASE IF EXISTS "+pq.QuoteIdentifier(name)+" WITH (FORCE)")
	})
	return server.URL(name)
}

func (c *Cluster) admin(t testing.TB, server *Server, query string) {
	t.Helper()
	db, err := sql.Open("postgres", server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), query); err != nil {
		t.Fatalf("%s: %v", strings.Fields(query)[0], err)
	}
}
