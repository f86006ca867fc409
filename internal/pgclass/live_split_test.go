package pgclass_test

import (
	"database/sql"
	"fmt"
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
	gone     bool // what running code reads is not there in the end
}

func mirrorCases() []mirrorCase {
	return []mirrorCase{
		{
			sql:      "ALTER TABLE orders RENAME COLUMN weight TO grams",
			old:      []string{"INSERT INTO orders (id, total, weight) VALUES (70, 1, 7), (73, 1, DEFAULT)", "UPDATE orders SET weight = 11 WHERE id = 1"},
			fresh:    []string{"INSERT INTO orders (id, total, grams) VALUES (71, 1, 8)", "UPDATE orders SET grams = 22 WHERE id = 2", "UPDATE orders SET note = 'touched' WHERE id = 71"},
			oldReads: "SELECT id, weight FROM orders ORDER BY id", newReads: "SELECT id, grams FROM orders ORDER BY id",
			want:  "[1 11]\n[2 22]\n[70 7]\n[71 8]\n[73 4]",
			after: []string{"INSERT INTO orders (id, total, grams) VALUES (72, 1, 9), (74, 1, DEFAULT)"}, finally: "[1 11]\n[2 22]\n[70 7]\n[71 8]\n[72 9]\n[73 4]\n[74 4]", gone: true,
		},
		{
			sql:      "ALTER TABLE orders ALTER COLUMN amount TYPE text",
			old:      []string{"INSERT INTO orders (id, total) VALUES (70, 1)", "UPDATE orders SET amount = 1.5 WHERE id = 1"},
			fresh:    []string{"INSERT INTO orders (id, total, amount_v2) VALUES (71, 1, '8.00')", "UPDATE orders SET amount_v2 = '2.00' WHERE id = 2"},
			oldReads: "SELECT id, amount FROM orders ORDER BY id", newReads: "SELECT id, amount_v2 FROM orders ORDER BY id",
			want:  "[1 1.50]\n[2 2.00]\n[70 0.00]\n[71 8.00]",
			after: []string{"INSERT INTO orders (id, total) VALUES (72, 1)"}, finally: "[1 1.50]\n[2 2.00]\n[70 0.00]\n[71 8.00]\n[72 0]", gone: true,
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
		{
			sql:      "ALTER TABLE items RENAME COLUMN id TO number",
			old:      []string{"INSERT INTO items (label) VALUES ('old')", "INSERT INTO items (id, label) VALUES (90, 'given')", "UPDATE items SET id = 91 WHERE id = 3", "INSERT INTO pieces (item) VALUES (90)"},
			fresh:    []string{"INSERT INTO items (label) VALUES ('new')", "INSERT INTO items (number, label) VALUES (95, 'said')", "UPDATE items SET number = 96 WHERE label = 'said'", "INSERT INTO pieces (item) VALUES (96)"},
			oldReads: "SELECT id, label FROM items ORDER BY id", newReads: "SELECT number, label FROM items ORDER BY number",
			want:  "[1 a]\n[2 b]\n[4 old]\n[5 new]\n[90 given]\n[91 <nil>]\n[96 said]",
			after: []string{"INSERT INTO items (label) VALUES ('later')", "DELETE FROM items WHERE number = 96"}, finally: "[1 a]\n[2 b]\n[4 old]\n[5 new]\n[7 later]\n[90 given]\n[91 <nil>]", gone: true,
		},
		{
			sql:      "ALTER TABLE orders ALTER COLUMN id TYPE integer",
			old:      []string{"INSERT INTO orders (total) VALUES (7)", "UPDATE orders SET id = 80 WHERE id = 2"},
			fresh:    []string{"INSERT INTO orders (id_v2, total) VALUES (81, 8)", "UPDATE orders SET id_v2 = 82 WHERE id_v2 = 81"},
			oldReads: "SELECT id, total FROM orders ORDER BY id", newReads: "SELECT id_v2, total FROM orders ORDER BY id_v2",
			want:  "[1 10]\n[80 20]\n[82 8]\n[1000 7]",
			after: []string{"DELETE FROM orders WHERE id_v2 = 1000", "INSERT INTO orders (total) VALUES (9)"}, finally: "[1 10]\n[80 20]\n[82 8]\n[1003 9]", gone: true,
		},
		{
			sql:      "ALTER TABLE items ALTER COLUMN id TYPE bigint",
			old:      []string{"INSERT INTO items (label) VALUES ('old')", "INSERT INTO pieces (item) VALUES (4)", "DELETE FROM items WHERE id = 3"},
			fresh:    []string{"INSERT INTO items (label) VALUES ('new')", "UPDATE items SET id = 9 WHERE label = 'new'"},
			oldReads: "SELECT id, label FROM items ORDER BY id", newReads: "SELECT id, label FROM items ORDER BY id",
			want:  "[1 a]\n[2 b]\n[4 old]\n[9 new]",
			after: []string{"INSERT INTO items (id, label) VALUES (5000000000, 'wide')", "INSERT INTO items (label) VALUES ('later')"}, finally: "[1 a]\n[2 b]\n[4 old]\n[6 later]\n[9 new]\n[5000000000 wide]",
		},
		{
			sql:      "ALTER TABLE items ALTER COLUMN label TYPE varchar(9)",
			old:      []string{"INSERT INTO items (label) VALUES ('old')", "INSERT INTO items (label, owner) VALUES ('longer than nine', 9)", "UPDATE items SET label = 'short' WHERE owner = 9"},
			fresh:    []string{"INSERT INTO items (label_v2) VALUES ('new')", "UPDATE items SET label_v2 = 'b2' WHERE id = 2"},
			oldReads: "SELECT id, label FROM items ORDER BY id", newReads: "SELECT id, label_v2 FROM items ORDER BY id",
			want:  "[1 a]\n[2 b2]\n[3 <nil>]\n[4 old]\n[5 short]\n[6 new]",
			after: []string{"INSERT INTO items (label_v2) VALUES ('last')"}, finally: "[1 a]\n[2 b2]\n[3 <nil>]\n[4 old]\n[5 short]\n[6 new]\n[7 last]", gone: true,
		},
		{
			sql:      "ALTER TYPE mood RENAME TO feeling",
			old:      []string{"INSERT INTO items (kind, kinds) VALUES ('angry', '{calm,angry}')", "UPDATE items SET kind = 'angry'::mood WHERE id = 1"},
			fresh:    []string{"INSERT INTO items (kind_v2, kinds_v2) VALUES ('calm'::feeling, ARRAY['angry'::feeling])", "UPDATE items SET kind_v2 = 'angry' WHERE kind_v2 = 'calm'::feeling AND id = 3"},
			oldReads: "SELECT id, kind, kinds FROM items WHERE kind >= 'calm'::mood ORDER BY id", newReads: "SELECT id, kind_v2, kinds_v2 FROM items WHERE kind_v2 >= 'calm'::feeling ORDER BY id",
			want:  "[1 angry <nil>]\n[2 angry <nil>]\n[3 angry <nil>]\n[4 angry {calm,angry}]\n[5 calm {angry}]",
			after: []string{"INSERT INTO items (label) VALUES ('last')"}, finally: "[1 angry <nil>]\n[2 angry <nil>]\n[3 angry <nil>]\n[4 angry {calm,angry}]\n[5 calm {angry}]\n[6 calm <nil>]",
		},
		{
			sql:      "ALTER TABLE orders ALTER COLUMN code TYPE int USING length(code)",
			old:      []string{"INSERT INTO orders (id, total, code) VALUES (70, 1, 'four')", "UPDATE orders SET code = 'yy' WHERE id = 1"},
			fresh:    []string{"INSERT INTO orders (id, total, code, code_v2) VALUES (71, 1, 'three', 5)", "UPDATE orders SET code = 'zzz', code_v2 = 3 WHERE id = 2"},
			oldReads: "SELECT id, length(code) FROM orders ORDER BY id", newReads: "SELECT id, code_v2 FROM orders ORDER BY id",
			want:  "[1 2]\n[2 3]\n[70 4]\n[71 5]",
			after: []string{"INSERT INTO orders (id, total, code_v2) VALUES (72, 1, 6)"}, finally: "[1 2]\n[2 3]\n[70 4]\n[71 5]\n[72 6]", gone: true,
		},
		{
			sql:      "ALTER SEQUENCE fives RENAME TO tens",
			old:      []string{"INSERT INTO logs SELECT nextval('fives')::text", "INSERT INTO logs SELECT nextval('fives')::text"},
			fresh:    []string{"INSERT INTO logs SELECT nextval('tens')::text", "INSERT INTO logs SELECT nextval('tens')::text"},
			oldReads: "SELECT count(*), count(DISTINCT line) FROM logs", newReads: "SELECT count(*), count(DISTINCT line) FROM logs",
			want:  "[6 6]",
			after: []string{"INSERT INTO logs SELECT nextval('tens')::text", "INSERT INTO logs SELECT nextval('tens')::text"}, finally: "[8 8]",
		},
		{
			sql:      "ALTER SCHEMA depot RENAME TO store",
			old:      []string{"INSERT INTO depot.shelves VALUES (2, 'd')", "UPDATE depot.shelves SET code = 'cc' WHERE depot.heavy(9)", "INSERT INTO depot.shelves VALUES (3, 'e') ON CONFLICT (id) DO NOTHING"},
			fresh:    []string{"INSERT INTO store.shelves VALUES (4, 'f')", "DELETE FROM store.shelves WHERE id = 3 AND store.heavy(9)"},
			oldReads: "SELECT s.id, s.code FROM depot.shelves s JOIN depot.full_shelves f USING (id) WHERE f.id::depot.weight > 0 ORDER BY 1", newReads: "SELECT s.id, s.code FROM store.shelves s JOIN store.full_shelves f USING (id) WHERE f.id::store.weight > 0 ORDER BY 1",
			want: "[1 cc]\n[2 cc]\n[4 f]", finally: "[1 cc]\n[2 cc]\n[4 f]",
		},
		{
			sql:      "ALTER PROCEDURE log_it RENAME TO log_line",
			old:      []string{"CALL log_it('a')"},
			fresh:    []string{"CALL log_line('b')"},
			oldReads: "SELECT line FROM logs ORDER BY line", newReads: "SELECT line FROM logs ORDER BY line",
			want: "[a]\n[b]\n[l]\n[o]", finally: "[a]\n[b]\n[l]\n[o]",
		},
		{
			sql:      "ALTER FUNCTION area(int, int) RENAME TO surface",
			old:      []string{"INSERT INTO logs VALUES (area(3)), (area(3, 3)), (area('abc'))"},
			fresh:    []string{"INSERT INTO logs VALUES (surface(4)), (surface(b => 1, a => 1))"},
			oldReads: "SELECT area(5), line FROM logs ORDER BY line", newReads: "SELECT surface(5), line FROM logs ORDER BY line",
			want: "[10 1]\n[10 3]\n[10 6]\n[10 8]\n[10 9]\n[10 l]\n[10 o]", finally: "[10 1]\n[10 3]\n[10 6]\n[10 8]\n[10 9]\n[10 l]\n[10 o]", gone: false,
		},
		{
			sql:      "ALTER FUNCTION lines_of(text[]) RENAME TO words_of",
			old:      []string{"INSERT INTO logs SELECT lines_of('x', 'y')"},
			fresh:    []string{"INSERT INTO logs SELECT * FROM words_of('z')"},
			oldReads: "SELECT lines_of('b', 'a') ORDER BY 1", newReads: "SELECT words_of('b', 'a') ORDER BY 1",
			want: "[a]\n[b]", finally: "[a]\n[b]",
		},
		{
			sql:      "ALTER FUNCTION both_of RENAME TO around",
			old:      []string{"INSERT INTO logs SELECT less FROM both_of(3)"},
			fresh:    []string{"INSERT INTO logs SELECT more FROM around(3)"},
			oldReads: "SELECT line, (both_of(1)).more FROM logs ORDER BY 1", newReads: "SELECT line, (around(1)).more FROM logs ORDER BY 1",
			want: "[2 2]\n[4 2]\n[l 2]\n[o 2]", finally: "[2 2]\n[4 2]\n[l 2]\n[o 2]",
		},
		{
			sql:      "ALTER TABLE orders RENAME COLUMN twice TO two_times",
			old:      []string{"INSERT INTO orders (id, total) VALUES (70, 3)"},
			fresh:    []string{"UPDATE orders SET total = 4 WHERE two_times = 20"},
			oldReads: "SELECT id, twice FROM orders ORDER BY id", newReads: "SELECT id, two_times FROM orders ORDER BY id",
			want: "[1 8]\n[2 40]\n[70 6]", finally: "[1 8]\n[2 40]\n[70 6]", gone: true,
		},
	}
}

// prepare prepares what running code does, and returns how it is executed then.
// What cannot be prepared is run as it is.
func prepare(t *testing.T, db *sql.DB, texts []string) func(string) string {
	t.Helper()
	names := map[string]string{}
	for i, text := range texts {
		name := fmt.Sprintf("old_%d", i)
		if _, err := db.ExecContext(t.Context(), "PREPARE "+name+" AS "+text); err == nil {
			names[text] = "EXECUTE " + name
		}
	}
	return func(text string) string {
		if prepared := names[text]; prepared != "" {
			return prepared
		}
		return text
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
			prepared := prepare(t, db, append(slices.Clone(c.old), c.oldReads))
			run(phases["expand"]...)
			for _, text := range c.old {
				run(prepared(text)) // by a client that has prepared it before the files
			}
			if before, now := reads(prepared(c.oldReads)), reads(c.oldReads); before != now {
				t.Errorf("%s gives\n%s\nand as it was prepared before the files\n%s", c.oldReads, now, before)
			}
			run(phases["data"]...)
			run(c.fresh...)
			for _, text := range []string{c.oldReads, prepared(c.oldReads), c.newReads} {
				if got := reads(text); got != c.want {
					t.Errorf("%s gives\n%s\nexpected\n%s", text, got, c.want)
				}
			}
			run(phases["contract"]...)
			run(c.after...)
			if got := reads(c.newReads); got != c.finally {
				t.Errorf("in the end %s gives\n%s\nexpected\n%s", c.newReads, got, c.finally)
			}
			if c.gone {
				if got := reads(c.oldReads); got != "error 42703" {
					t.Errorf("the old column is still there: %s", got)
				}
			}
		})
	}
}
