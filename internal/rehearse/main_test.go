package rehearse

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/plans"
)

// targets is the PostgreSQL that stands for targets.
var targets = pgtest.NewStatisticsCluster()

func TestMain(m *testing.M) {
	if scratch := os.Getenv(childVariable); scratch != "" {
		os.Exit(child(scratch))
	}
	os.Exit(targets.Main(m))
}

// named is the server that a user names, of one test.
func named(t *testing.T) string {
	t.Helper()
	targets.Installed(t)
	s, err := pgtest.Start(pgtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s.URL("postgres")
}

// target is a database with the schema and rows of a shop.
func target(t *testing.T, more ...string) string {
	t.Helper()
	targets.Installed(t)
	url := targets.Database(t)
	run(t, url, append([]string{`
		CREATE TYPE mood AS ENUM ('good', 'bad');
		CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
		CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint NOT NULL REFERENCES customers, n int, status text NOT NULL DEFAULT 'new', feeling mood);
		CREATE INDEX orders_customer ON orders (customer);
		INSERT INTO customers SELECT i, 'c' || i FROM generate_series(1, 50) i;
		INSERT INTO orders SELECT i, i % 50 + 1, i FROM generate_series(1, 500) i;
		CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);`}, more...)...)
	return url
}

func run(t *testing.T, url string, statements ...string) {
	t.Helper()
	db := open(t, url)
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// as is the target's URL for another role, which is made.
func as(t *testing.T, url, role string) string {
	t.Helper()
	db := open(t, targets.Server(t).URL("postgres"))
	run(t, url, "CREATE ROLE "+pq.QuoteIdentifier(role)+" LOGIN")
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.Background(), "DROP ROLE "+pq.QuoteIdentifier(role)); err != nil {
			t.Error(err)
		}
	})
	return strings.Replace(url, "postgres@", role+"@", 1)
}

// files are pairs of up and down with versions from 1; "" is a file that is not
// there.
func files(pairs ...string) []plans.MigrationFile {
	var list []plans.MigrationFile
	for i := 0; i < len(pairs); i += 2 {
		f := plans.MigrationFile{Version: uint64(i/2 + 1), Name: "m", Up: sqlFile(fmt.Sprintf("db/%04d_m.up.sql", i/2+1), pairs[i])}
		if pairs[i+1] != "" {
			f.Down = sqlFile(fmt.Sprintf("db/%04d_m.down.sql", i/2+1), pairs[i+1])
		}
		list = append(list, f)
	}
	return list
}

func sqlFile(path, text string) plans.SQLFile {
	return plans.SQLFile{Path: path, Bytes: []byte(text), Digest: plans.DigestOf([]byte(text))}
}

func write(t *testing.T, name, text string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// rehearsed runs a request that must come to its end.
func rehearsed(t *testing.T, r Request) Result {
	t.Helper()
	if r.Omit == nil {
		r.Omit = []string{"schema_migrations"}
	}
	done, err := Run(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return done
}
