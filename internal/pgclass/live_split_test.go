package pgclass_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgclass"
)

// fillings are what an author fills in between, so that what follows is taken.
const fillings = `UPDATE orders SET note = 'n' || id WHERE note IS NULL;
	UPDATE orders SET customer = 1 WHERE customer IS NULL;
	DO $$ BEGIN UPDATE orders SET extra = 1 WHERE extra IS NULL; EXCEPTION WHEN undefined_column OR undefined_table THEN NULL; END $$;
	DO $$ BEGIN UPDATE orders SET n1 = 9 WHERE n1 IS NULL OR n1 = 0; EXCEPTION WHEN undefined_column OR undefined_table OR generated_always THEN NULL; END $$;
	DO $$ BEGIN UPDATE logs SET id = ascii(line) WHERE id IS NULL; EXCEPTION WHEN undefined_column OR undefined_table THEN NULL; END $$;`

// granted is what an author grants after each file, on what is there by then.
const granted = `DO $$ DECLARE s text; BEGIN
	FOR s IN SELECT nspname FROM pg_namespace WHERE nspname IN ('public', 'archive', 'attic', 'depot', 'store') LOOP
		EXECUTE format('GRANT USAGE ON SCHEMA %I TO app', s);
		EXECUTE format('GRANT ALL ON ALL TABLES IN SCHEMA %I TO app', s);
		EXECUTE format('GRANT ALL ON ALL SEQUENCES IN SCHEMA %I TO app', s);
	END LOOP; END $$`

// TestSplitsOnServer runs the files of every split: until the contract ones
// running code notices nothing, and those are taken.
func TestSplitsOnServer(t *testing.T) {
	t.Parallel()
	db := connect(t, base, grants)
	ran := 0
	for _, s := range splits(t) {
		if slices.ContainsFunc(s.files, func(f pgclass.File) bool { return strings.Contains(f.SQL, "ADD VALUE") }) { // it has to be committed before it is used; see TestSplitsMirror
			continue
		}
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		runSplit(t, tx, s)
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
		ran++
	}
	t.Logf("%d splits were run", ran)
}

func runSplit(t *testing.T, tx *sql.Tx, s splitOf) {
	t.Helper()
	must(t, tx, s.before+";")
	must(t, tx, "INSERT INTO orders (id, total) VALUES (5, 1)")
	before := answers(t, tx, oldCode())
	filled := false
	for _, f := range s.files {
		if f.Phase == "contract" && !filled {
			if _, err := tx.ExecContext(t.Context(), fillings); err != nil && !strings.Contains(s.name, "TABLE") {
				t.Errorf("%s: %v", s.name, err)
			}
			filled = true
		}
		if _, err := tx.ExecContext(t.Context(), strings.ReplaceAll(f.SQL, "CONCURRENTLY ", "")); err != nil {
			t.Errorf("%s: the server refuses %s: %v\n%s", s.name, f.Name, err, f.SQL)
			return
		}
		must(t, tx, granted)
		if f.Phase == "contract" {
			continue
		}
		got := answers(t, tx, oldCode())
		if f.Phase == "data" {
			got, before = failures(got), failures(before)
		}
		if changed := firstChange(before, got); changed != "" {
			t.Errorf("%s: running code notices %s: %s\n%s", s.name, f.Name, changed, f.SQL)
		}
	}
}

// mirrorCase is a change, what old and new code write, and what both then
// read.
type mirrorCase struct {
	sql      string
	old      []string // what running code writes
	fresh    []string // what new code writes
	oldReads string
	newReads string
	want     string // by both
	after    []string
	finally  string
}

func mirrorCases() []mirrorCase {
	return []mirrorCase{
		{
			sql:      "ALTER TABLE orders RENAME COLUMN weight TO grams",
			old:      []string{"INSERT INTO orders (id, total, weight) VALUES (70, 1, 7), (73, 1, DEFAULT)", "UPDATE orders SET weight = 11 WHERE id = 1"},
			fresh:    []string{"INSERT INTO orders (id, total, grams) VALUES (71, 1, 8)", "UPDATE orders SET grams = 22 WHERE id = 2", "UPDATE orders SET note = 'touched' WHERE id = 71"},
			oldReads: "SELECT id, weight FROM orders ORDER BY id", newReads: "SELECT id, grams FROM orders ORDER BY id",
			want:  "[1 11]\n[2 22]\n[70 7]\n[71 8]\n[73 4]",
			after: []string{"INSERT INTO orders (id, total, grams) VALUES (72, 1, 9), (74, 1, DEFAULT)"}, finally: "[1 11]\n[2 22]\n[70 7]\n[71 8]\n[72 9]\n[73 4]\n[74 4]",
		},
		{
			sql:      "ALTER TABLE orders ALTER COLUMN amount TYPE text",
			old:      []string{"INSERT INTO orders (id, total) VALUES (70, 1)", "UPDATE orders SET amount = 1.5 WHERE id = 1"},
			fresh:    []string{"INSERT INTO orders (id, total, amount_v2) VALUES (71, 1, '8.00')", "UPDATE orders SET amount_v2 = '2.00' WHERE id = 2"},
			oldReads: "SELECT id, amount FROM orders ORDER BY id", newReads: "SELECT id, amount_v2 FROM orders ORDER BY id",
			want:  "[1 1.50]\n[2 2.00]\n[70 0.00]\n[71 8.00]",
			after: []string{"INSERT INTO orders (id, total) VALUES (72, 1)"}, finally: "[1 1.50]\n[2 2.00]\n[70 0.00]\n[71 8.00]\n[72 0]",
		},
		{
			sql:      "ALTER TABLE orders ALTER COLUMN weight TYPE bigint",
			old:      []string{"INSERT INTO orders (id, total, weight) VALUES (70, 1, 7), (73, 1, DEFAULT)", "UPDATE orders SET weight = 11 WHERE id = 1"},
			fresh:    []string{"INSERT INTO orders (id, total, weight) VALUES (71, 1, 8)", "UPDATE orders SET weight = weight + 1 WHERE id = 2"},
			oldReads: "SELECT id, weight FROM orders ORDER BY id", newReads: "SELECT id, weight FROM orders ORDER BY id",
			want:  "[1 11]\n[2 5]\n[70 7]\n[71 8]\n[73 4]",
			after: []string{"INSERT INTO orders (id, total, weight) VALUES (72, 1, 5000000000), (74, 1, DEFAULT)"}, finally: "[1 11]\n[2 5]\n[70 7]\n[71 8]\n[72 5000000000]\n[73 4]\n[74 4]",
		},
		{
			sql:      "ALTER TABLE customers RENAME TO people",
			old:      []string{"INSERT INTO customers (id, name) VALUES (70, 'old')", "UPDATE customers SET email = 'x' WHERE id = 1", "DELETE FROM customers WHERE id = 70", "INSERT INTO customers (id, name) VALUES (72, 'y') ON CONFLICT (id) DO NOTHING"},
			fresh:    []string{"INSERT INTO people (id, name) VALUES (71, 'new')", "UPDATE people SET email = 'z' WHERE id = 2"},
			oldReads: "SELECT id, email, name FROM customers ORDER BY id", newReads: "SELECT id, email, name FROM people ORDER BY id",
			want:  "[1 x ANN]\n[2 z BOB]\n[71 <nil> NEW]\n[72 <nil> Y]",
			after: []string{"DELETE FROM people WHERE id > 70"}, finally: "[1 x ANN]\n[2 z BOB]",
		},
		{
			sql:      "ALTER TABLE logs SET SCHEMA archive",
			old:      []string{"INSERT INTO logs VALUES ('a')"},
			fresh:    []string{"INSERT INTO archive.logs VALUES ('b')", "DELETE FROM archive.logs WHERE line = 'l'"},
			oldReads: "SELECT line FROM logs ORDER BY line", newReads: "SELECT line FROM archive.logs ORDER BY line",
			want:  "[a]\n[b]\n[o]",
			after: []string{"INSERT INTO archive.logs VALUES ('c')"}, finally: "[a]\n[b]\n[c]\n[o]",
		},
		{
			sql:      "ALTER FUNCTION shout RENAME TO cry",
			old:      []string{"INSERT INTO logs VALUES (shout('a'))", "CREATE VIEW loud AS SELECT shout(line) AS line FROM logs"},
			fresh:    []string{"INSERT INTO logs VALUES (cry('b'))", "DROP VIEW loud"},
			oldReads: "SELECT shout(t => line) FROM logs ORDER BY 1", newReads: "SELECT cry(t => line) FROM logs ORDER BY 1",
			want: "[A]\n[B]\n[L]\n[O]", finally: "[A]\n[B]\n[L]\n[O]",
		},
		{
			sql:      "ALTER DOMAIN score RENAME TO rating",
			old:      []string{"INSERT INTO orders (id, total, points) VALUES (70, 7, 800::score)"},
			fresh:    []string{"INSERT INTO orders (id, total, points) VALUES (71, 7, 900::rating)"},
			oldReads: "SELECT id, points FROM orders WHERE points > 700::score ORDER BY id", newReads: "SELECT id, points FROM orders WHERE points > 700::rating ORDER BY id",
			want: "[70 800]\n[71 900]", finally: "[70 800]\n[71 900]",
		},
		{
			sql:      "ALTER TYPE place RENAME TO address",
			old:      []string{"CREATE TABLE homes (at place)", "INSERT INTO homes VALUES (ROW('a', 'b')::place)"},
			fresh:    []string{"INSERT INTO homes VALUES (ROW('c', 'd')::address)"},
			oldReads: "SELECT (at::place).town FROM homes ORDER BY 1", newReads: "SELECT (at::address).town FROM homes ORDER BY 1",
			want: "[b]\n[d]", finally: "[b]\n[d]",
		},
		{
			sql:      "ALTER TYPE mood RENAME VALUE 'angry' TO 'cross'",
			old:      []string{"INSERT INTO orders (id, total, feeling) VALUES (70, 7, 'angry')"},
			fresh:    []string{"INSERT INTO orders (id, total, feeling) VALUES (71, 7, 'cross')"},
			oldReads: "SELECT id, feeling FROM orders WHERE feeling >= 'angry' ORDER BY id", newReads: "SELECT id, feeling FROM orders WHERE feeling IN ('angry', 'cross') ORDER BY id",
			want: "[70 angry]\n[71 cross]", finally: "[70 cross]\n[71 cross]",
		},
	}
}

// TestSplitsMirror runs old and new code side by side between the expand and
// the contract files.
func TestSplitsMirror(t *testing.T) {
	t.Parallel()
	released := release(t)
	for _, c := range mirrorCases() {
		t.Run(c.sql, func(t *testing.T) {
			t.Parallel()
			db := connect(t, base)
			run := func(texts ...string) {
				t.Helper()
				for _, text := range texts {
					if _, err := db.ExecContext(t.Context(), text); err != nil {
						t.Fatalf("%s: %v", text, err)
					}
				}
			}
			reads := func(text string) string {
				t.Helper()
				tx, err := db.BeginTx(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer tx.Rollback() //nolint:errcheck // it has only read
				return answer(t.Context(), tx, text)
			}
			v := pgclass.Of(read(t, c.sql)[0], released, released)
			phases := map[string][]string{}
			for _, f := range v.Split {
				phases[f.Phase] = append(phases[f.Phase], f.SQL)
			}
			run(phases["expand"]...)
			run(c.old...)
			run(phases["data"]...)
			run(c.fresh...)
			for _, text := range []string{c.oldReads, c.newReads} {
				if got := reads(text); got != c.want {
					t.Errorf("%s gives\n%s\nexpected\n%s", text, got, c.want)
				}
			}
			run(phases["contract"]...)
			run(c.after...)
			if got := reads(c.newReads); got != c.finally {
				t.Errorf("in the end %s gives\n%s\nexpected\n%s", c.newReads, got, c.finally)
			}
			if strings.Contains(c.newReads, "_v2") || strings.Contains(c.newReads, "grams") {
				if got := reads(c.oldReads); got != "error 42703" {
					t.Errorf("the old column is still there: %s", got)
				}
			}
		})
	}
}
