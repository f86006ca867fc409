package updown_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	_ "github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
	"github.com/lockstep-dev/lockstep/plans"
)

var cluster pgtest.Cluster

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

func bench(t *testing.T) updown.Bench {
	t.Helper()
	return updown.Bench{
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

// files are pairs of up and down; "" is a file that is not there.
func files(pairs ...string) []plans.MigrationFile {
	var list []plans.MigrationFile
	for i := 0; i < len(pairs); i += 2 {
		f := plans.MigrationFile{Version: uint64(i/2 + 1), Name: "m", Up: sqlFile(fmt.Sprintf("%04d_m.up.sql", i/2+1), pairs[i])}
		if pairs[i+1] != "" {
			f.Down = sqlFile(fmt.Sprintf("%04d_m.down.sql", i/2+1), pairs[i+1])
		}
		list = append(list, f)
	}
	return list
}

func sqlFile(path, text string) plans.SQLFile {
	return plans.SQLFile{Path: path, Bytes: []byte(text), Digest: plans.DigestOf([]byte(text))}
}

func TestWhatDownFilesRestore(t *testing.T) {
	t.Parallel()
	list, err := updown.Rehearse(t.Context(), bench(t), files(
		"CREATE TABLE orders (id bigint PRIMARY KEY, n int);", "DROP TABLE orders;",
		"ALTER TABLE orders ADD COLUMN s text DEFAULT 'new'; CREATE INDEX orders_s ON orders (s);", "ALTER TABLE orders DROP COLUMN s;",
		"ALTER TABLE orders ALTER COLUMN n SET DEFAULT 1;", "SELECT 1;",
		"ALTER TABLE orders ALTER COLUMN n SET NOT NULL;", "ALTER TABLE orders ALTER COLUMN m DROP NOT NULL;",
		"CREATE INDEX CONCURRENTLY orders_n ON orders (n);", "DROP INDEX CONCURRENTLY orders_n;",
		"ALTER TABLE orders DROP COLUMN s;", "ALTER TABLE orders ADD COLUMN s text DEFAULT 'new'; CREATE INDEX orders_s ON orders (s);",
		"CREATE TABLE last (id int);", "",
	))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1 ok ok true structural",
		"2 ok ok true structural",
		"3 ok ok false none",
		"4 ok failed false none",
		"5 ok ok true exact",
		"6 ok ok true structural",
		"7 ok missing false none",
	}
	for i, m := range list {
		if got := fmt.Sprint(m.Version, " ", m.Up, " ", m.Down, " ", m.Restores, " ", m.Grade); got != want[i] {
			t.Errorf("got %s, want %s: %q", got, want[i], m.Differences)
		}
	}
	if d := list[2].Differences; len(d) != 1 || !strings.Contains(d[0], "after the down file: ") || !strings.Contains(d[0], "default") {
		t.Errorf("%q", d)
	}
	if d := list[3].Differences; len(d) != 1 || !strings.Contains(d[0], `0004_m.down.sql:1`) || !strings.Contains(d[0], `column "m"`) {
		t.Errorf("%q", d)
	}
}

func TestStatementsAreMeasured(t *testing.T) {
	t.Parallel()
	list, err := updown.Rehearse(t.Context(), bench(t), files(
		"CREATE TABLE orders (id bigint PRIMARY KEY, n int);", "DROP TABLE orders;",
		"BEGIN;\nALTER TABLE orders ALTER COLUMN n TYPE bigint;\nCOMMIT;", "ALTER TABLE orders ALTER COLUMN n TYPE int;",
	))
	if err != nil {
		t.Fatal(err)
	}
	s := list[1].Statements
	if len(s) != 1 || s[0].Line != 2 || s[0].Source != "measured" || !slices.Contains(s[0].Rewrites, "public.orders") ||
		!slices.Contains(s[0].Locks, plans.Lock{Mode: "AccessExclusiveLock", Relation: "public.orders"}) {
		t.Errorf("%+v", s)
	}
}

// TestWhatIsDropped names what goes with what is named, and who still names it.
func TestWhatIsDropped(t *testing.T) {
	t.Parallel()
	list, err := updown.Rehearse(t.Context(), bench(t), files(
		`CREATE TABLE a (id int, n int);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER a_touch BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION touch();
CREATE VIEW small AS SELECT * FROM a WHERE n < 9;
CREATE FUNCTION smalls() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM small); END';
CREATE FUNCTION smaller() RETURNS int LANGUAGE sql AS 'SELECT 1';`, "",
		"DROP FUNCTION touch() CASCADE;\nDROP VIEW small;", "",
	))
	if err != nil {
		t.Fatal(err)
	}
	want := []plans.Dropped{
		{Line: 1, Kind: "function", Identity: "public.touch()", Why: "named"},
		{Line: 1, Kind: "trigger", Identity: "a_touch on public.a", Why: "cascade"},
		{Line: 2, Kind: "view", Identity: "public.small", Why: "named"},
	}
	if got := list[1]; !slices.Equal(got.Dropped, want) || len(got.Naming) != 1 || !strings.Contains(got.Naming[0], "smalls() names small") {
		t.Errorf("got %+v, %q", got.Dropped, got.Naming)
	}
}

// TestWhatNeedsRows fails nothing where the database stands for one with rows.
func TestWhatNeedsRows(t *testing.T) {
	t.Parallel()
	const base = `CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE a (id int PRIMARY KEY, m mood);
CREATE TABLE b (a int NOT NULL REFERENCES a); CREATE MATERIALIZED VIEW v AS SELECT id FROM a WITH NO DATA; CREATE UNIQUE INDEX ON v (id);`
	for _, up := range []string{
		"INSERT INTO b VALUES (7);",
		"DO $$ BEGIN IF NOT EXISTS (SELECT FROM a) THEN RAISE 'no rows'; END IF; END $$;",
		"DO $$ DECLARE n int; BEGIN SELECT id INTO STRICT n FROM a; END $$;",
		"SELECT 1 / (SELECT count(*) FROM a);",
		"REFRESH MATERIALIZED VIEW CONCURRENTLY v;",
	} {
		for _, rows := range []bool{true, false} {
			b := bench(t)
			b.Rows = rows
			list, err := updown.Rehearse(t.Context(), b, files(base, "", up, "SELECT 1;"))
			if err != nil {
				t.Fatal(err)
			}
			want := plans.OutcomeFailed
			if rows {
				want = plans.OutcomeSkipped
			}
			if m := list[1]; m.Up != want || rows != (len(m.OnRows) == 1) {
				t.Errorf("%s: rows %t: %+v", up, rows, m)
			}
		}
	}
	for _, up := range []string{"INSERT INTO a VALUES (1, 'bad');", "INSERT INTO nowhere VALUES (1);", "SELECT 'x'::int;"} {
		b := bench(t)
		b.Rows = true
		list, err := updown.Rehearse(t.Context(), b, files(base, "", up, ""))
		if err != nil || list[1].Up != plans.OutcomeFailed {
			t.Errorf("%s fails on any rows: %+v, %v", up, list, err)
		}
	}
}

// TestBehindAFailingUp says of each file what is known of it without that one.
func TestBehindAFailingUp(t *testing.T) {
	t.Parallel()
	b := bench(t)
	b.Refuse = func(f plans.MigrationFile) string {
		if f.Version == 6 {
			return "it is the sixth"
		}
		return ""
	}
	b.Excuse = func(failure error) string {
		if strings.Contains(failure.Error(), "excused") {
			return "the server is to blame"
		}
		return ""
	}
	list, err := updown.Rehearse(t.Context(), b, files(
		"CREATE TABLE a (id int);", "DROP TABLE a;",
		"CREATE TABLE b (id nonsense);", "DROP TABLE b;",
		"ALTER TABLE a ADD n int;", "ALTER TABLE a DROP n;",
		"ALTER TABLE b ADD n int;", "",
		"CREATE TABLE a (id int);", "",
		"SELECT 1;", "SELECT 1;",
		"CREATE INDEX CONCURRENTLY a_n ON a (n); CREATE TABLE excused (id excused);", "DROP INDEX a_n;",
		"CREATE INDEX a_n ON a (n);", "DROP INDEX a_n;",
	))
	if err != nil || len(list) != 8 {
		t.Fatal(list, err)
	}
	for i, want := range []struct{ outcomes, differences, unseen string }{
		{"ok ok", "", ""},
		{"failed skipped", "0002_m.up.sql:1", ""},
		{"ok ok", "", "how it works behind all files before it: 0002_m failed"},
		{"skipped skipped", "not tried because 0002_m failed: as things are, 0004_m.up.sql:1", ""},
		{"failed skipped", "; it was tried although 0002_m failed, 0004_m was not rehearsed", ""},
		{"skipped skipped", "not rehearsed: it is the sixth", ""},
		{"skipped skipped", "not rehearsed: the server is to blame", ""},
		{"ok ok", "", "0002_m failed, 0004_m was not rehearsed, 0005_m failed, and 2 more"},
	} {
		m := list[i]
		differences, unseen := strings.Join(m.Differences, "; "), strings.Join(m.Unseen, "; ")
		if got := fmt.Sprint(m.Up, " ", m.Down); got != want.outcomes || !strings.Contains(differences, want.differences) || !strings.Contains(unseen, want.unseen) {
			t.Errorf("%d: got %s: %s: %s, want %+v", i+1, got, differences, unseen, want)
		}
	}
}

func TestRowsAreNotPartOfASchema(t *testing.T) {
	t.Parallel()
	list, err := updown.Rehearse(t.Context(), bench(t), files(
		"CREATE TABLE orders (id bigint PRIMARY KEY, n int);", "DROP TABLE orders;",
		"ALTER TABLE orders ADD COLUMN m int; UPDATE orders SET m = n, n = NULL;", "ALTER TABLE orders DROP COLUMN m;",
	))
	if err != nil {
		t.Fatal(err)
	}
	if m := list[1]; !m.Restores || m.Grade != plans.GradeStructural {
		t.Errorf("%+v", m)
	}
}

// TestRowsOfASecondUpGo: what a file inserts is there once for the next, whatever
// its down file leaves.
func TestRowsOfASecondUpGo(t *testing.T) {
	t.Parallel()
	list, err := updown.Rehearse(t.Context(), bench(t), files(
		"CREATE TABLE countries (code text);", "DROP TABLE countries;",
		"INSERT INTO countries VALUES ('de');", "SELECT 1;",
		"ALTER TABLE countries ADD UNIQUE (code);", "ALTER TABLE countries DROP CONSTRAINT countries_code_key;",
	))
	if err != nil {
		t.Fatal(err)
	}
	if m := list[2]; m.Up != plans.OutcomeOK || !m.Restores {
		t.Errorf("%+v", m)
	}
}

// TestParts gives what one database would, also behind a file that fails.
func TestParts(t *testing.T) {
	t.Parallel()
	var pairs []string
	for i := range 45 {
		pairs = append(pairs, fmt.Sprintf("CREATE TABLE t%d (id bigint PRIMARY KEY, n int);", i), fmt.Sprintf("DROP TABLE t%d;", i))
	}
	pairs[2*40] = "ALTER TABLE t39 ADD COLUMN m int REFERENCES t0;"
	pairs[2*40+1] = "ALTER TABLE t39 DROP COLUMN m;"
	whole, broken := files(pairs...), files(append(append(slices.Clone(pairs[:20]), "SELECT nonsense;", ""), pairs[22:]...)...)
	serial := files(append(slices.Clone(pairs), "SELECT 'create role x';", "")...)
	for name, c := range map[string]struct {
		files []plans.MigrationFile
		ok    int
	}{"whole": {whole, 45}, "broken": {broken, 10}, "about roles": {serial, 46}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := updown.Rehearse(t.Context(), bench(t), c.files)
			if err != nil || len(list) != len(c.files) {
				t.Fatal(len(list), err)
			}
			for i, m := range list {
				want := plans.OutcomeOK
				if i == c.ok {
					want = plans.OutcomeFailed
				}
				if m.Up != want || m.Version != uint64(i+1) || m.Up == plans.OutcomeOK && m.Down != plans.OutcomeMissing && m.Grade != plans.GradeStructural {
					t.Errorf("%+v", m)
				}
			}
		})
	}
}

// BenchmarkRehearsal is of migrations that make a table and an index each.
func BenchmarkRehearsal(b *testing.B) {
	var pairs []string
	for i := range 100 {
		pairs = append(pairs, fmt.Sprintf("CREATE TABLE t%d (id bigint PRIMARY KEY, n int);\nCREATE INDEX ON t%d (n);", i, i), fmt.Sprintf("DROP TABLE t%d;", i))
	}
	at := updown.Bench{Open: func(context.Context) (*sql.DB, func() error, error) {
		db, err := sql.Open("postgres", cluster.Database(b))
		return db, db.Close, err
	}}
	for b.Loop() {
		if _, err := updown.Rehearse(b.Context(), at, files(pairs...)); err != nil {
			b.Fatal(err)
		}
	}
}
