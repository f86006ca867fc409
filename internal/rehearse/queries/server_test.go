package queries_test

import (
	"context"
	"database/sql"
	"os"
	"testing"

	_ "github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

var cluster = pgtest.NewStatisticsCluster()

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

// database is an empty database of its own for one test.
func database(t *testing.T) *sql.DB {
	t.Helper()
	cluster.Installed(t)
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
	if !cluster.Installed(t) {
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
