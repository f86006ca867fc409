package queries_test

import (
	"context"
	"database/sql"
	"os"
	"sync"
	"testing"

	_ "github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

var cluster = &statisticsCluster{Cluster: pgtest.NewCluster(pgtest.Options{})}

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

// statisticsCluster is a server that keeps statistics of statements where its
// package brings the extension.
type statisticsCluster struct {
	*pgtest.Cluster
	once      sync.Once
	installed bool
	err       error
}

func (c *statisticsCluster) start(t *testing.T) {
	t.Helper()
	server := c.Server(t)
	c.once.Do(func() {
		var db *sql.DB
		if db, c.err = sql.Open("postgres", server.URL("postgres")); c.err != nil {
			return
		}
		defer db.Close()
		c.err = db.QueryRowContext(context.Background(),
			"SELECT count(*) > 0 FROM pg_available_extensions WHERE name = 'pg_stat_statements'").Scan(&c.installed)
		if c.err == nil && c.installed {
			c.err = server.Restart(pgtest.Options{Settings: map[string]string{
				"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "all",
			}})
		}
	})
	if c.err != nil {
		t.Fatal(c.err)
	}
}

// database is an empty database of its own for one test.
func database(t *testing.T) *sql.DB {
	t.Helper()
	cluster.start(t)
	db, err := sql.Open("postgres", cluster.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// statistics is one that keeps statistics.
func statistics(t *testing.T) *sql.DB {
	t.Helper()
	db := database(t)
	if !cluster.installed {
		t.Skip("this server's package has no pg_stat_statements")
	}
	run(t, db, "CREATE EXTENSION pg_stat_statements")
	return db
}

func run(t *testing.T, on interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}, text string,
) {
	t.Helper()
	if _, err := on.ExecContext(t.Context(), text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func connection(t *testing.T, db *sql.DB) *sql.Conn {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
