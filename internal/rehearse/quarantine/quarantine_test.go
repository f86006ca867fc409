package quarantine_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	_ "github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/internal/rehearse/quarantine"
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

const shop = `
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN code AS text NOT NULL;
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (
	id bigserial PRIMARY KEY,
	customer bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
	state text NOT NULL,
	note text DEFAULT 'none',
	amount int CHECK (amount > 0),
	"user" text,
	ref text NOT NULL UNIQUE,
	zip code,
	twice int GENERATED ALWAYS AS (amount * 2) STORED,
	parent bigint REFERENCES orders
);
COMMENT ON TABLE orders IS 'What was bought; 100%';
COMMENT ON COLUMN orders.state IS 'It''s new or paid';
CREATE TABLE lines (id bigint PRIMARY KEY, ord bigint REFERENCES orders, n int CHECK (n IS NOT NULL));
CREATE INDEX orders_state ON orders (state);
CREATE VIEW open_orders AS SELECT id, customer FROM orders WHERE customer > 0;
CREATE MATERIALIZED VIEW "Totals" AS SELECT count(*) AS n FROM open_orders;
CREATE FUNCTION paid(o bigint) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT state = ''paid'' FROM orders WHERE id = o); END';
CREATE TABLE events (id bigint, at date NOT NULL, kind text NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_all PARTITION OF events DEFAULT;
CREATE TABLE "a_table_whose_name_is_as_long_as_postgresql_permits_it_to_be_63" (id int PRIMARY KEY, v text);
CREATE SCHEMA other;
CREATE TABLE other."user" (id int PRIMARY KEY, event bigint, at date, FOREIGN KEY (event, at) REFERENCES events);
CREATE TABLE numbers (id int PRIMARY KEY, n serial);
CREATE TABLE counted (n int DEFAULT nextval('numbers_n_seq'));
INSERT INTO customers VALUES (1, 'a');
INSERT INTO orders (customer, state, ref, zip) VALUES (1, 'paid', 'r1', '1');
INSERT INTO lines VALUES (1, 1, 2);
`

func files() []plans.MigrationFile {
	return []plans.MigrationFile{{Version: 1, Name: "shop", Up: plans.SQLFile{Path: "migrations/0001_shop.up.sql", Bytes: []byte(shop)}}}
}

func empty(version uint64, name string) plans.MigrationFile {
	id := fmt.Sprintf("migrations/%04d_%s", version, name)
	return plans.MigrationFile{Version: version, Name: name, Up: plans.SQLFile{Path: id + ".up.sql"}, Down: plans.SQLFile{Path: id + ".down.sql"}}
}

func wanted(target, fill string) quarantine.Wanted {
	return quarantine.Wanted{Files: files(), Target: target, Fill: fill, Away: empty(2, "x_quarantine"), Gone: empty(3, "x_destroy")}
}

// TestMake tries what it writes: Make returns only what leads back, with rows.
func TestMake(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]quarantine.Wanted{
		"table_with_keys_and_views":   wanted("orders", ""),
		"column_not_null":             wanted("orders.state", ""),
		"column_not_null_filled":      wanted("orders.state", "'old'::text || '$$'"),
		"column_with_default":         wanted("public.orders.note", ""),
		"column_plain":                wanted("customers.name", ""),
		"column_with_check":           wanted("lines.n", ""),
		"column_keyword":              wanted(`orders."user"`, ""),
		"column_foreign_key":          wanted("lines.ord", ""),
		"column_self_reference":       wanted("orders.parent", ""),
		"column_unique":               wanted("orders.ref", ""),
		"column_domain_filled":        wanted("orders.zip", "'0'"),
		"table_partitioned":           wanted("events", ""),
		"column_of_partitioned":       wanted("events.kind", ""),
		"table_with_the_longest_name": wanted("a_table_whose_name_is_as_long_as_postgresql_permits_it_to_be_63", ""),
		"table_keyword":               wanted(`other."user"`, ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := quarantine.Make(t.Context(), bench(t), w)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+name+".golden", spell(m))
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		w       quarantine.Wanted
		reason  string
		instead string
	}{
		"nothing there":        {wanted("nothing", ""), "there is no table or column nothing", "expected TABLE"},
		"no such column":       {wanted("orders.nothing", ""), "there is no table or column", "SCHEMA.TABLE.COLUMN"},
		"no name":              {wanted("a b", ""), "is no name", "expected TABLE"},
		"a view":               {wanted("open_orders", ""), "public.open_orders is no table", "drop it"},
		"a partition":          {wanted("events_all", ""), "part of another table", "DETACH"},
		"primary key":          {wanted("orders.id", ""), "primary key", "another key"},
		"a view reads it":      {wanted("orders.customer", ""), "view public.open_orders reads column customer", "make the view anew"},
		"domain without fill":  {wanted("orders.zip", ""), "takes no NULL", "--fill"},
		"fill not needed":      {wanted("orders.note", "'x'"), "has a default", "leave --fill out"},
		"fill of a table":      {wanted("orders", "'x'"), "is a table", "leave --fill out"},
		"fill that collides":   {wanted("orders.ref", "'x'"), "unique index public.orders_ref_key", "drop the index"},
		"fill of two":          {wanted("orders.state", "'x'; SELECT 1"), "is no value", "one value"},
		"fill of a wrong kind": {wanted("orders.state", "nonsense()"), "does not work: the up file fails: migrations/0002_x_quarantine.up.sql:", "mend"},
		"a column made of it":  {wanted("orders.amount", ""), "column twice of public.orders is computed from column amount", "drop that one first"},
		"a default needs it":   {wanted("numbers.n", ""), "could not be dropped at the end: migrations/0003_x_destroy.up.sql:3: pq: cannot drop column quarantined_n", "depends on it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := quarantine.Make(t.Context(), bench(t), tt.w)
			refusal, ok := errors.AsType[*quarantine.Refusal](err)
			if !ok || !strings.Contains(refusal.Reason, tt.reason) || !strings.Contains(refusal.Instead, tt.instead) {
				t.Errorf("got %#v %v", refusal, err)
			}
		})
	}
}

func spell(m quarantine.Made) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s -> %s\n", m.What, m.Now)
	for _, r := range m.Remarks {
		fmt.Fprintf(&b, "remark: %s\n", r)
	}
	for _, f := range []plans.SQLFile{m.Away.Up, m.Away.Down, m.Gone.Up, m.Gone.Down} {
		fmt.Fprintf(&b, "==> %s\n%s", f.Path, f.Bytes)
	}
	return b.String()
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

// TestRowsOfTheQuarantineDoNotHinderTheWayBack writes what new code may write
// and old constraints refuse, and goes back.
func TestRowsOfTheQuarantineDoNotHinderTheWayBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ target, meanwhile, back, want string }{
		{
			"orders.state", "INSERT INTO orders (customer, ref, zip) VALUES (1, 'r2', '1')",
			"SELECT string_agg(coalesce(state, 'none'), ',' ORDER BY id) FROM orders", "paid,none",
		},
		{
			"lines.n", "INSERT INTO lines (id, ord) VALUES (2, 1)",
			"SELECT string_agg(coalesce(n::text, 'none'), ',' ORDER BY id) || (SELECT convalidated FROM pg_constraint WHERE conname = 'lines_n_check') FROM lines", "2,nonefalse",
		},
		{
			"orders", "DELETE FROM customers; INSERT INTO lines VALUES (2, 99, 1); CREATE TABLE orders_new (id int)",
			"SELECT string_agg(state, ',' ORDER BY id) || (SELECT string_agg(convalidated::text, ',') FROM pg_constraint WHERE contype = 'f' AND conname <> 'orders_parent_fkey' AND conrelid::regclass::text IN ('orders', 'lines')) FROM orders", "paidfalse,false",
		},
	} {
		t.Run(tt.target, func(t *testing.T) {
			t.Parallel()
			m, err := quarantine.Make(t.Context(), bench(t), wanted(tt.target, ""))
			if err != nil {
				t.Fatal(err)
			}
			s, err := bench(t).Replay(t.Context(), append(files(), m.Away))
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}()
			if _, err := s.Conn.ExecContext(t.Context(), tt.meanwhile); err != nil {
				t.Fatal(err)
			}
			if err := s.Run(t.Context(), m.Away.Down); err != nil {
				t.Fatal(err)
			}
			var got string
			if err := s.Conn.QueryRowContext(t.Context(), tt.back).Scan(&got); err != nil || got != tt.want {
				t.Errorf("got %q %v, want %q", got, err, tt.want)
			}
		})
	}
}

// TestATriggerThatNamesIt: the cause is said before what follows from it.
func TestATriggerThatNamesIt(t *testing.T) {
	t.Parallel()
	w := wanted("persons.nick", "")
	w.Files[0].Up.Bytes = []byte(`CREATE TABLE persons (id int PRIMARY KEY, nick text);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.nick := coalesce(NEW.nick, ''x''); RETURN NEW; END';
CREATE TRIGGER touch BEFORE INSERT ON persons FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE bills (person int NOT NULL REFERENCES persons);`)
	_, err := quarantine.Make(t.Context(), bench(t), w)
	refusal, ok := errors.AsType[*quarantine.Refusal](err)
	const want = `the quarantine of column public.persons.nick does not work: table public.persons takes a row before the up file and none after it: record "new" has no field "nick"; ` +
		"so those take none that refer to it: public.bills; function public.touch() names it in its text, which keeps the old name: from the quarantine on it fails where it uses that"
	if !ok || refusal.Reason != want {
		t.Errorf("got %v", err)
	}
}
