package catalog_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/plans"
)

// TestInverse runs every change, what is derived to lead back, and looks: the
// schema is as before where the grade is exact or structural, and the rows
// where it is exact; and what loses at most what was written between runs
// whatever that was.
func TestInverse(t *testing.T) {
	t.Parallel()
	majors(t, func(t *testing.T, m major) {
		db := m.withBase(t)
		before := read(t, db)
		for _, c := range ups(m.number) {
			t.Run(c.name, func(t *testing.T) {
				tried := trial{t: t, db: db, before: before, up: c}
				if script, losses := tried.back(); !slices.ContainsFunc(losses, holdsUp) {
					tried.again(script)
				}
			})
		}
	})
}

// writes puts a row into every table that takes one.
const writes = `DO $$
DECLARE r record; s text;
BEGIN
	FOREACH s IN ARRAY ARRAY[
		'INSERT INTO t (id, a, nn, b, v, vc, n, e, te, uq, p_id) VALUES (1000, 1000, 1000, ''b'', ''v'', ''vc'', 1, ''a'', ''te'', 1000, 1)',
		'INSERT INTO t (id, a, nn, b, v, vc) VALUES (1001, 1001, 1001, NULL, NULL, NULL)',
		'INSERT INTO t2 (id, a, b, t_id) VALUES (1000, 1, 1, 1)', 'INSERT INTO c (id) VALUES (1000)', 'INSERT INTO p (id) VALUES (1000)',
		'INSERT INTO part (id, k, payload) VALUES (1, 7, ''x'')', 'INSERT INTO part (id, k, payload) VALUES (1, 300007, ''x'')',
		'INSERT INTO part (id, k, payload) VALUES (1, 100007, ''x'')', 'INSERT INTO hp VALUES (1, 1)',
		'INSERT INTO small (id) VALUES (1000)', 'INSERT INTO nopk (id, idn) VALUES (1000, 1000)', 'INSERT INTO gent (id) VALUES (1000)',
		'INSERT INTO seqt (x) VALUES (1000)', 'INSERT INTO gens (id, a) VALUES (1000, 5)', 'INSERT INTO x DEFAULT VALUES', 'INSERT INTO "Odd Name" VALUES (1000)',
		'INSERT INTO nopub (id) VALUES (1000)', 'INSERT INTO child (id, a, b) VALUES (1, 1, 1)', 'INSERT INTO inh2 (id, a, b) VALUES (1, 1, 1)'] LOOP
		BEGIN EXECUTE s; EXCEPTION WHEN OTHERS THEN NULL; END;
	END LOOP;
END$$`

type trial struct {
	t      *testing.T
	db     *sql.DB
	before catalog.Snapshot
	up     up
}

// back runs the change and its inverse in a transaction that is rolled back,
// looks at schema and rows, and returns the inverse and what it loses.
func (c trial) back() (inverse, losses []string) {
	c.t.Helper()
	tx := c.begin()
	defer func() { _ = tx.Rollback() }()
	rows := content(c.t, tx)
	c.exec(tx, c.up.sql)
	after := c.read(tx)
	if len(catalog.Compare(c.before, after)) == 0 {
		c.t.Fatal("the change is not seen")
	}
	statements, grade, losses := catalog.Inverse(c.before, after)
	script := strings.Join(statements, ";\n")
	if grade != c.up.grade {
		c.t.Errorf("grade %s, want %s\n%s\n%s", grade, c.up.grade, strings.Join(losses, "\n"), script)
	}
	if (grade == plans.GradeExact) != (len(losses) == 0) || (grade == plans.GradeNone) != (statements == nil) {
		c.t.Errorf("%s with losses %q and statements %q", grade, losses, statements)
	}
	if grade == plans.GradeNone {
		return nil, losses
	}
	c.run(tx, statements)
	c.same(c.before, c.read(tx), losses, script)
	if grade == plans.GradeExact && content(c.t, tx) != rows {
		c.t.Errorf("rows are not as before\n%s\n%s\n%s", rows, content(c.t, tx), script)
	}
	return statements, losses
}

// holdsUp reports whether a loss is another than of what was written since.
func holdsUp(loss string) bool {
	return !strings.HasPrefix(loss, "the rows written since to table ") && !strings.HasPrefix(loss, "the values written since to column ")
}

// again runs the change and its inverse with rows written between.
func (c trial) again(inverse []string) {
	c.t.Helper()
	tx := c.begin()
	defer func() { _ = tx.Rollback() }()
	c.exec(tx, c.up.sql)
	c.exec(tx, writes)
	c.run(tx, inverse)
	c.same(c.before, c.read(tx), nil, strings.Join(inverse, ";\n"))
}

func (c trial) begin() *sql.Tx {
	c.t.Helper()
	tx, err := c.db.BeginTx(c.t.Context(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		c.t.Fatal(err)
	}
	return tx
}

func (c trial) run(tx *sql.Tx, statements []string) {
	c.t.Helper()
	for _, statement := range statements {
		if _, err := tx.ExecContext(context.Background(), statement); err != nil {
			c.t.Fatalf("%v\nin %s\nof\n%s", err, statement, strings.Join(statements, ";\n"))
		}
	}
}

// same allows what the losses say of the schema.
func (c trial) same(before, now catalog.Snapshot, losses []string, script string) {
	c.t.Helper()
	for _, d := range catalog.Compare(before, now) {
		if !said(d, losses) {
			c.t.Errorf("%s\n%s", d, script)
		}
	}
}

// said reports whether the losses name a difference: a column comes back
// nullable, a foreign key comes back NOT VALID.
func said(d catalog.Difference, losses []string) bool {
	all := strings.Join(losses, "\n")
	switch d.Attribute {
	case "not null", "not null name":
		return d.To == "" && strings.Contains(all, "NOT NULL of column "+d.Name+":")
	case "validated":
		return strings.Contains(all, "constraint "+d.Name+" comes back NOT VALID")
	}
	return false
}

func (c trial) exec(tx *sql.Tx, statement string) {
	c.t.Helper()
	if _, err := tx.ExecContext(context.Background(), statement); err != nil {
		c.t.Fatalf("%s: %v", statement, err)
	}
}

func (c trial) read(tx *sql.Tx) catalog.Snapshot {
	c.t.Helper()
	snapshot, err := catalog.Read(c.t.Context(), tx, "schema_migrations")
	if err != nil {
		c.t.Fatal(err)
	}
	return snapshot
}

// content is every row of every table, whatever the order of its columns.
func content(t testing.TB, tx *sql.Tx) string {
	t.Helper()
	names, err := tx.QueryContext(t.Context(), `SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE relkind IN ('r', 'm') AND nspname IN ('public', 'sc2', 'sc3') ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			t.Fatal(err)
		}
		parts = append(parts, fmt.Sprintf("SELECT %s || coalesce((SELECT string_agg(to_jsonb(x)::text, ' ' ORDER BY to_jsonb(x)) FROM ONLY %s x), '')", "'"+name+" '", name))
	}
	if err := names.Close(); err != nil {
		t.Fatal(err)
	}
	var all string
	if err := tx.QueryRowContext(t.Context(), "SELECT string_agg(r, E'\n') FROM ("+strings.Join(parts, " UNION ALL ")+") u (r)").Scan(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestInverseBetweenDatabases: without one database, a table renamed is one
// that went and one that came, which nobody may drop.
func TestInverseBetweenDatabases(t *testing.T) {
	t.Parallel()
	db := connect(t)
	run(t, db, "CREATE TABLE orders (id int, status text); CREATE TABLE old (a int); CREATE TYPE mood AS ENUM ('a', 'b')")
	before := read(t, db)
	before = catalog.Snapshot{Server: before.Server, Objects: before.Objects}
	run(t, db, "ALTER TABLE orders RENAME COLUMN status TO state; ALTER TABLE old RENAME TO new; ALTER TYPE mood RENAME VALUE 'a' TO 'z'")
	statements, grade, losses := catalog.Inverse(before, read(t, db))
	want := []string{
		"column public.orders.status is missing and public.orders.state is new: if it was renamed, its rows would be dropped",
		"labels of enum type public.mood cannot be set back",
		"table public.old is missing and public.new is new: if it was renamed, its rows would be dropped",
	}
	for _, w := range want {
		if !slices.Contains(losses, w) {
			t.Errorf("%q is missing in %q", w, losses)
		}
	}
	if grade != plans.GradeNone || statements != nil {
		t.Errorf("%s: %q", grade, statements)
	}
}

// TestInverseOfKeysTurnedOn: which trigger of the server's own was off before
// has no name that a statement could call.
func TestInverseOfKeysTurnedOn(t *testing.T) {
	t.Parallel()
	db := connect(t)
	run(t, db, "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int CONSTRAINT b_a REFERENCES a); ALTER TABLE b DISABLE TRIGGER ALL")
	before := read(t, db)
	run(t, db, "ALTER TABLE b ENABLE TRIGGER ALL")
	after := read(t, db)
	if found := catalog.Compare(before, after); len(found) != 1 || found[0].String() != "key triggers of table b is gone, was b_a off" {
		t.Errorf("%v", found)
	}
	if _, grade, losses := catalog.Inverse(before, after); grade != plans.GradeNone || !slices.Equal(losses, []string{"key triggers of table public.b cannot be set back"}) {
		t.Errorf("%s: %q", grade, losses)
	}
}

// TestInverseOfWhatWasMadeAnew: the same name says nothing of the values.
func TestInverseOfWhatWasMadeAnew(t *testing.T) {
	t.Parallel()
	db := connect(t)
	run(t, db, "CREATE TABLE a (id int, note text); CREATE TABLE b (id int); CREATE TABLE same (id int)")
	before := read(t, db)
	run(t, db, "ALTER TABLE a DROP COLUMN note, ADD COLUMN note jsonb; DROP TABLE b; CREATE TABLE b (id int)")
	after := read(t, db)
	if found := catalog.Anew(before, after); len(found) != 2 || found[0].Name != "public.b" || found[1].Name != "public.a.note" {
		t.Errorf("%+v", found)
	}
	statements, grade, losses := catalog.Inverse(before, after)
	want := []string{
		"the rows that table public.b had: it was dropped and made anew",
		"the values of column public.a.note are converted from jsonb to text: one that does not fit, written since or by the migration itself, makes the statement fail",
		"the values that column public.a.note had: it was dropped and made anew",
	}
	if grade != plans.GradeStructural || !slices.Equal(losses, want) || !slices.Equal(statements, []string{"ALTER TABLE public.a ALTER COLUMN note TYPE text"}) {
		t.Errorf("%s: %q\n%q", grade, statements, losses)
	}
}

// TestInverseOfASchemaRenamed: what is in it goes back along with it.
func TestInverseOfASchemaRenamed(t *testing.T) {
	t.Parallel()
	db := connect(t)
	run(t, db, "CREATE SCHEMA a; CREATE TEXT SEARCH CONFIGURATION a.t (COPY = pg_catalog.english)")
	before := read(t, db)
	run(t, db, "ALTER SCHEMA a RENAME TO b")
	if statements, grade, losses := catalog.Inverse(before, read(t, db)); grade != plans.GradeExact || !slices.Equal(statements, []string{"ALTER SCHEMA b RENAME TO a"}) {
		t.Errorf("%s: %q %q", grade, statements, losses)
	}
}
