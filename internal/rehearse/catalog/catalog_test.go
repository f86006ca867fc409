package catalog_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	_ "github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
)

// databases counts those that were made, to name them.
var databases atomic.Int64

var cluster = pgtest.NewCluster(pgtest.Options{Settings: map[string]string{"wal_level": "logical"}})

func TestMain(m *testing.M) {
	draw()
	os.Exit(cluster.Main(m))
}

// binariesVariable lists folders with the programs of further PostgreSQL
// majors, separated as PATH is.
const binariesVariable = "LOCKSTEP_TEST_POSTGRES_BINDIRS"

// major is a server of one major version.
type major struct {
	number int
	server *pgtest.Server
}

// found is the server that the machine has.
func found(t testing.TB) major {
	t.Helper()
	return numbered(t, cluster.Server(t))
}

// majors runs a test on the server that is found and on those that are given,
// and says which these are.
func majors(t *testing.T, test func(t *testing.T, m major)) {
	t.Helper()
	all := []major{found(t)}
	for _, folder := range filepath.SplitList(os.Getenv(binariesVariable)) {
		server, err := pgtest.Start(pgtest.Options{Binaries: folder, Settings: map[string]string{"wal_level": "logical"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
		})
		all = append(all, numbered(t, server))
	}
	for _, m := range all {
		t.Logf("PostgreSQL %d", m.number)
		t.Run(fmt.Sprintf("PostgreSQL %d", m.number), func(t *testing.T) { test(t, m) })
	}
}

func numbered(t testing.TB, server *pgtest.Server) major {
	t.Helper()
	db, err := sql.Open("postgres", server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	m := major{server: server}
	if err := db.QueryRow("SELECT current_setting('server_version_num')::int / 10000").Scan(&m.number); err != nil {
		t.Fatal(err)
	}
	return m
}

// connect opens a database of the test's own.
func (m major) connect(t testing.TB) *sql.DB {
	t.Helper()
	admin := open(t, m.server.URL("postgres"))
	name := fmt.Sprintf("test_%d", databases.Add(1))
	run(t, admin, "CREATE DATABASE "+name)
	db := open(t, m.server.URL(name))
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		run(t, admin, "DROP DATABASE "+name)
	})
	return db
}

func connect(t testing.TB) *sql.DB {
	t.Helper()
	return found(t).connect(t)
}

func open(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
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
