package wayback_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	_ "github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/internal/rehearse/wayback"
	"github.com/lockstep-dev/lockstep/plans"
)

var (
	cluster pgtest.Cluster
	update  = flag.Bool("update", false, "write the golden files")
)

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

func bench(t *testing.T) wayback.Bench {
	t.Helper()
	return wayback.Bench{
		Omit: []string{"schema_migrations"},
		Open: func(context.Context) (*sql.DB, func() error, error) {
			db, err := sql.Open("postgres", cluster.Database(t))
			if err != nil {
				return nil, nil, err
			}
			return db, db.Close, nil
		},
	}
}

// folder makes files of up texts, numbered from 1.
func folder(ups ...string) []plans.MigrationFile {
	var list []plans.MigrationFile
	for i, up := range ups {
		list = append(list, plans.MigrationFile{
			Version: uint64(i + 1), Name: "m",
			Up: plans.SQLFile{Path: fmt.Sprintf("migrations/%04d_m.up.sql", i+1), Bytes: []byte(up)},
		})
	}
	return list
}

const base = `
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (id bigserial PRIMARY KEY, customer bigint REFERENCES customers, state text NOT NULL DEFAULT 'new', amount int CHECK (amount > 0));
CREATE INDEX orders_state ON orders (state);
CREATE VIEW open_orders AS SELECT id, state FROM orders WHERE state = 'new';
CREATE TYPE mood AS ENUM ('sad', 'glad');
INSERT INTO customers VALUES (1, 'a'), (2, 'b');
`

// TestDerive derives the down files of the up files in testdata, and compares
// them with the goldens beside these.
func TestDerive(t *testing.T) {
	t.Parallel()
	ups, err := filepath.Glob("testdata/*.up.sql")
	if err != nil || len(ups) == 0 {
		t.Fatal(ups, err)
	}
	for _, path := range ups {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".up.sql"), func(t *testing.T) {
			t.Parallel()
			up, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := wayback.Derive(t.Context(), bench(t), folder(base, string(up)))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(path, ".up.sql")+".golden", spell(got))
		})
	}
}

func spell(d wayback.Derived) string {
	var b strings.Builder
	fmt.Fprintf(&b, "grade %s\n", d.Grade)
	for _, l := range d.Losses {
		fmt.Fprintf(&b, "loss: %s\n", l)
	}
	for _, u := range d.Unproven {
		fmt.Fprintf(&b, "unproven: %s\n", u)
	}
	return b.String() + "----\n" + string(d.Text)
}

// qualified is a column as PostgreSQL before 16 prints it in a view of one table.
var qualified = regexp.MustCompile(`([ (])(?:quarantined_)?(?:orders|open_orders)\.`)

func golden(t *testing.T, path, got string) {
	t.Helper()
	got = qualified.ReplaceAllString(got, "$1")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
