package rehearse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

func pending() []plans.MigrationFile {
	return files(
		"ALTER TABLE orders ADD COLUMN note text;", "ALTER TABLE orders DROP COLUMN note;",
		"ALTER TABLE orders DROP COLUMN status;", "ALTER TABLE orders ADD COLUMN status text NOT NULL DEFAULT 'new';",
		"CREATE TABLE extra (id int PRIMARY KEY);", "DROP TABLE other;",
		"CREATE INDEX CONCURRENTLY orders_n ON orders (n);", "DROP INDEX CONCURRENTLY orders_n;",
		"ALTER TABLE orders ALTER COLUMN n SET NOT NULL;", "ALTER TABLE orders ALTER COLUMN n DROP NOT NULL;",
		"ALTER TYPE mood ADD VALUE 'fair';", "",
		"CREATE EXTENSION plpgsql SCHEMA pg_catalog;", "",
		"SELECT 1;", "",
	)
}

// TestAPendingSet is all of it on a copy of a target: twice, and once more from
// the cache, with equal results.
func TestAPendingSet(t *testing.T) {
	t.Parallel()
	url := target(t)
	ran := 0
	r := Request{
		Target: url, Pending: pending(), Applied: files("CREATE TABLE not_used ();", ""), Cache: t.TempDir(),
		Queries: write(t, "shop.sql", "-- name: GetOrder :one\nSELECT id, status FROM orders WHERE id = $1;\n-- name: Wrong :one\nSELECT x FROM nowhere;\n"),
		Begin:   func(plans.MigrationFile) { ran++ },
	}
	first := rehearsed(t, r)
	if first.Basis != BasisTarget || first.Server == "" || len(first.Files) != 8 {
		t.Fatalf("%+v", first)
	}
	for version, want := range map[uint64]string{
		1: "ok ok true structural", 2: "ok ok true structural", 3: "ok failed false none", 4: "ok ok true exact",
		5: "ok ok true exact", 6: "ok missing false none", 7: "failed skipped false none", 8: "ok missing false none",
	} {
		if e := first.Files[version].Rehearsal; fmt.Sprint(e.Up, " ", e.Down, " ", e.Restores, " ", e.Grade) != want || e.Basis != BasisTarget || e.Server != first.Server {
			t.Errorf("%d: got %+v, want %s", version, e, want)
		}
	}
	said(t, first, 3, `the down file fails: db/0003_m.down.sql:1: `, `"other" does not exist`)
	said(t, first, 5, "the up file works on empty tables and fails on a row: db/0005_m.up.sql:1: ", "has NULL in n")
	said(t, first, 7, "db/0007_m.up.sql:1", "already exists")
	if q := first.Files[1].Queries; q == nil || !q.ExpandSafe || q.Tried != 2 || q.Unjudged != 1 || len(q.Breaks) != 0 || len(q.From) != 1 {
		t.Errorf("%+v", q)
	}
	q := first.Files[2].Queries
	if q == nil || q.ExpandSafe || len(q.Breaks) != 1 || q.Breaks[0].Where != "shop.sql:2 (GetOrder)" || !q.Breaks[0].Contract || q.Breaks[0].Source != "measured" {
		t.Errorf("%+v", q)
	}
	if s := first.Files[5].Statements; len(s) != 1 || s[0].Source != "measured" || len(s[0].Scans) != 1 || s[0].Scans[0] != "public.orders" ||
		len(s[0].Locks) == 0 || s[0].Locks[0] != (plans.Lock{Mode: "AccessExclusiveLock", Relation: "public.orders"}) {
		t.Errorf("%+v", s)
	}
	if ran != 8 {
		t.Errorf("%d files were run", ran)
	}
	equal(t, "from the cache", first, rehearsed(t, r))
	if ran != 8 {
		t.Error("the cache was not used")
	}
	breakFiles(t, r.Cache)
	equal(t, "behind a broken cache", first, rehearsed(t, r))
	if ran != 16 {
		t.Error("a broken cache was used")
	}
	r.Cache = ""
	equal(t, "without a cache", first, rehearsed(t, r))
}

// said checks that the differences of a file hold the words.
func said(t *testing.T, r Result, version uint64, words ...string) {
	t.Helper()
	all := strings.Join(r.Files[version].Rehearsal.Differences, "\n")
	for _, w := range words {
		if !strings.Contains(all, w) {
			t.Errorf("%d: got %q, want %q in it", version, all, w)
		}
	}
}

func equal(t *testing.T, what string, a, b Result) {
	t.Helper()
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%s:\n%+v\n%+v", what, a, b)
	}
}

// breakFiles changes a letter of everything in a folder, and leaves it JSON.
func breakFiles(t *testing.T, folder string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	text, err := os.ReadFile(found[0])
	if err == nil {
		err = os.WriteFile(found[0], []byte(strings.Replace(string(text), "orders", "0rders", 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestStatementsOfTheTarget are those of pg_stat_statements.
func TestStatementsOfTheTarget(t *testing.T) {
	t.Parallel()
	if !targets.Installed(t) {
		t.Skip("this server's package has no pg_stat_statements")
	}
	url := target(t, "CREATE EXTENSION pg_stat_statements", "SELECT status FROM orders WHERE id = 7 AND status <> 'a secret'")
	done := rehearsed(t, Request{Target: url, Pending: pending()[:2]})
	q := done.Files[2].Queries
	if q == nil || len(q.Breaks) == 0 || q.From[0] != "pg_stat_statements of the target" {
		t.Fatalf("%+v %q", q, done.Notes)
	}
	var texts []string
	for _, b := range q.Breaks {
		texts = append(texts, b.SQL)
		if strings.Contains(fmt.Sprintf("%+v", b), "secret") || !strings.HasPrefix(b.Where, "pg_stat_statements ") {
			t.Errorf("%+v", b)
		}
	}
	if !strings.Contains(strings.Join(texts, "\n"), "SELECT status FROM orders WHERE id = $1") {
		t.Errorf("%q", texts)
	}
}

// TestAFolder begins with files on an empty database, and makes the roles that
// they name.
func TestAFolder(t *testing.T) {
	t.Parallel()
	done := rehearsed(t, Request{
		Applied: files("CREATE TABLE a (id int PRIMARY KEY); GRANT SELECT ON a TO reporting;", ""),
		Pending: files("ALTER TABLE a ADD n int; ALTER TABLE a OWNER TO owner_of_a;", "ALTER TABLE a DROP n; ALTER TABLE a OWNER TO postgres;"),
	})
	e := done.Files[1]
	if done.Basis != BasisFolder || e.Rehearsal.Up != plans.OutcomeOK || !e.Rehearsal.Restores || e.Queries != nil {
		t.Errorf("%+v", done)
	}
	if notes := strings.Join(done.Notes, "\n"); !strings.Contains(notes, "Role reporting was made") || !strings.Contains(notes, "Role owner_of_a was made") {
		t.Errorf("%q", notes)
	}
}

// TestAnEmptyTarget is one where nothing runs yet.
func TestAnEmptyTarget(t *testing.T) {
	t.Parallel()
	targets.Installed(t)
	done := rehearsed(t, Request{Target: targets.Database(t), Applied: files("CREATE TABLE a ();", ""), Pending: files("DROP TABLE a;", "CREATE TABLE a ();")})
	if done.Basis != BasisFolder || !done.Files[1].Rehearsal.Restores {
		t.Errorf("%+v", done)
	}
}

// TestAWeakRole may not read the target's tables, and no plan fails for it.
func TestAWeakRole(t *testing.T) {
	t.Parallel()
	url := target(t, "CREATE TABLE hidden (id int)")
	weak := as(t, url, "weak_rehearser")
	done := rehearsed(t, Request{Target: weak, Applied: files("CREATE TABLE hidden (id int);", ""), Pending: files("ALTER TABLE hidden ADD n int;", "ALTER TABLE hidden DROP n;")})
	if done.Basis != BasisFolder || !done.Files[1].Rehearsal.Restores {
		t.Errorf("%+v", done)
	}
	if notes := strings.Join(done.Notes, "\n"); !strings.Contains(notes, "The schema was made from the folder") || !strings.Contains(notes, "pg_read_all_data") {
		t.Errorf("%q", notes)
	}
}

// TestANamedServer leaves nothing there, also when it is cancelled in the
// middle.
func TestANamedServer(t *testing.T) {
	t.Parallel()
	url, scratch := target(t), named(t)
	done := rehearsed(t, Request{Target: url, Scratch: scratch, Pending: pending()[:5]})
	own := rehearsed(t, Request{Target: url, Pending: pending()[:5]})
	if !reflect.DeepEqual(done.Files, own.Files) {
		t.Errorf("elsewhere:\n%+v\n%+v", done, own)
	}
	nothingLeft(t, scratch)
	for _, at := range []uint64{1, 3, 4} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Run(ctx, Request{Target: url, Scratch: scratch, Pending: pending(), Begin: func(f plans.MigrationFile) {
			if f.Version == at {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled at %d: %v", at, err)
		}
		cancel()
		nothingLeft(t, scratch)
	}
	if _, err := Run(t.Context(), Request{Target: url, Scratch: url, Pending: pending()}); err == nil || !strings.Contains(err.Error(), "the target's own") {
		t.Errorf("the target as scratch server: %v", err)
	}
	nothingLeft(t, url)
}

func nothingLeft(t *testing.T, url string) {
	t.Helper()
	var databases, sessions, roles int
	err := open(t, url).QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM pg_database WHERE datname ~ '^lockstep'),
		(SELECT count(*) FROM pg_stat_activity WHERE datname ~ '^lockstep'), (SELECT count(*) FROM pg_roles WHERE rolname ~ '^lockstep')`).Scan(&databases, &sessions, &roles)
	if err != nil || databases+sessions+roles > 0 {
		t.Errorf("left: %d databases, %d sessions, %d roles, %v", databases, sessions, roles, err)
	}
}

// TestSampledRows shows what fails on rows that nobody would make up.
func TestSampledRows(t *testing.T) {
	t.Parallel()
	url := target(t, "ALTER TABLE customers ADD COLUMN age text", "UPDATE customers SET age = CASE id WHEN 50 THEN 'a secret' ELSE '7' END")
	change := files("ALTER TABLE customers ALTER age TYPE int USING age::int;", "ALTER TABLE customers ALTER age TYPE text;",
		"ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (n) REFERENCES customers;", "ALTER TABLE orders DROP CONSTRAINT f;")
	if done := rehearsed(t, Request{Target: url, Pending: change}); len(done.Files[1].Rehearsal.Differences) > 0 {
		t.Errorf("%+v", done)
	}
	done := rehearsed(t, Request{Target: url, Pending: change, Sample: 10})
	said(t, done, 1, "the up file works on empty tables and fails on a row: db/0001_m.up.sql:1: invalid text representation (SQLSTATE 22P02)")
	if strings.Contains(fmt.Sprintf("%+v", done), "secret") {
		t.Errorf("a value of the target: %+v", done)
	}
	if e := done.Files[2].Rehearsal; len(e.Differences) > 0 || !strings.Contains(strings.Join(e.Unseen, "\n"), "sampled rows lack the rows that they refer to") {
		t.Errorf("%+v", e)
	}
}

// TestOutOfReach are files that no scratch server may run.
func TestOutOfReach(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"COPY a FROM PROGRAM 'id';":                             "runs a program",
		"CREATE DATABASE x;\nGRANT CONNECT ON DATABASE x TO a;": "m.sql:1: CREATE DATABASE changes the server",
		"SELECT 1;\nCREATE DATABASE x;":                         "",
		"CREATE USER MAPPING FOR a SERVER b;":                   "",
		"ALTER SYSTEM SET work_mem = '1MB';":                    "ALTER SYSTEM",
		"CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p;":    "another server",
		"CREATE ROLE r;":                                        "changes the roles",
		"CREATE TABLE program (id int); COPY a FROM STDIN;":     "",
		"ALTER TABLE a ADD COLUMN database text; DROP TABLE b":  "",
	} {
		if got := outOfReach(sqlFile("m.sql", text), false); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	if got := outOfReach(sqlFile("m.sql", "CREATE ROLE r;"), true); got != "" {
		t.Error(got)
	}
	done := rehearsed(t, Request{Pending: files("CREATE TABLE a ();", "DROP TABLE a;", "ALTER SYSTEM SET work_mem = '1MB';", "")})
	if e := done.Files[2].Rehearsal; len(done.Files) != 2 || e.Up != plans.OutcomeSkipped || e.Down != plans.OutcomeSkipped {
		t.Errorf("%+v", done)
	}
	said(t, done, 2, "not rehearsed: db/0002_m.up.sql:1: ALTER SYSTEM changes the server")
}

// TestBehindWhatIsElsewhere tries a file without what is about a database by its
// name, and what is behind such a file.
func TestBehindWhatIsElsewhere(t *testing.T) {
	t.Parallel()
	const named = "ALTER DATABASE nowhere SET work_mem = '8MB'; GRANT CONNECT ON DATABASE nowhere TO PUBLIC;"
	done := rehearsed(t, Request{
		Applied: files(named+" CREATE TABLE a (id int); CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p;", ""),
		Pending: files("ALTER TABLE a ADD x int; "+named, "ALTER TABLE a DROP x;", "ALTER TABLE a ADD y int;", "ALTER TABLE a DROP y;"),
	})
	for version := range uint64(2) {
		if e := done.Files[version+1].Rehearsal; e.Up != plans.OutcomeOK || !e.Restores {
			t.Errorf("%+v", e)
		}
	}
	if unseen := strings.Join(done.Files[1].Rehearsal.Unseen, "\n"); !strings.Contains(unseen, ":1: whether it works: ALTER DATABASE changes the server, and was left out") {
		t.Error(unseen)
	}
}

// TestAMissingExtension leaves out what depends on it, and blames no file for
// that.
func TestAMissingExtension(t *testing.T) {
	t.Parallel()
	url := target(t, "CREATE TYPE place AS (x int)", "CREATE TABLE places (id int, at place)",
		"SET allow_system_table_mods = on; INSERT INTO pg_extension VALUES (99999, 'nowhere', 10, 'public'::regnamespace, false, '1.0'); ALTER EXTENSION nowhere ADD TYPE place")
	done := rehearsed(t, Request{
		Target: url, Applied: files("CREATE EXTENSION nowhere; CREATE TABLE places (id int, at place);", ""),
		Pending: files("ALTER TABLE orders ADD x int;", "ALTER TABLE orders DROP x;", "ALTER TABLE places ADD x int;", "", "ALTER TABLE orders ADD y int;", ""),
	})
	if done.Basis != BasisTarget || len(done.Files) != 3 || !done.Files[1].Rehearsal.Restores || done.Files[3].Rehearsal.Up != plans.OutcomeOK {
		t.Errorf("%+v", done)
	}
	said(t, done, 2, "not rehearsed: it fails on a copy that lacks a part of the target")
	notes := strings.Join(done.Notes, "\n")
	for _, want := range []string{"does not have the extensions nowhere", "The copy lacks TABLE public.places"} {
		if !strings.Contains(notes, want) {
			t.Errorf("%q is not in %q", want, notes)
		}
	}
	whole := rehearsed(t, Request{Target: url, Applied: files("CREATE TABLE places (id int);", ""), Pending: files("ALTER TABLE places ADD x int;", "ALTER TABLE places DROP x;")})
	if whole.Basis != BasisFolder || !whole.Files[1].Rehearsal.Restores {
		t.Errorf("%+v", whole)
	}
}
