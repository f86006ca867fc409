package catalog_test

import (
	"context"
	"database/sql"
	"os"
	"testing"

	_ "github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
)

var cluster = pgtest.NewCluster(pgtest.Options{Settings: map[string]string{"wal_level": "logical"}})

func TestMain(m *testing.M) {
	draw()
	os.Exit(cluster.Main(m))
}

// connect opens a database of the test's own.
func connect(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", cluster.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func run(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// read takes a snapshot without the table that another tool would keep.
func read(t testing.TB, db *sql.DB) catalog.Snapshot {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	snapshot, err := catalog.Read(t.Context(), tx, "schema_migrations")
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}
