package trace_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
)

var cluster = pgtest.NewCluster(pgtest.Options{})

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

const shop = `
CREATE TABLE customers (id bigint PRIMARY KEY, email text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint REFERENCES customers, total int, note varchar(10));
CREATE INDEX orders_total ON orders (total);
CREATE INDEX orders_note ON orders (note);
CREATE VIEW open_orders AS SELECT id, customer FROM orders;
CREATE TABLE lockstep_journal (id int PRIMARY KEY);`

// TestStatement reads the measurements of single statements as a reader would.
func TestStatement(t *testing.T) {
	t.Parallel()
	tracer := tracerOf(t, database(t, shop), "public.lockstep_journal")
	for _, c := range []struct {
		name, statement string
		want            []string
	}{
		{"what is dropped keeps its name", "DROP TABLE orders CASCADE", []string{
			"lock AccessExclusiveLock index public.orders_note", "lock AccessExclusiveLock index public.orders_pkey",
			"lock AccessExclusiveLock index public.orders_total",
			"lock AccessExclusiveLock table public.customers", "lock AccessExclusiveLock table public.orders",
			"lock AccessExclusiveLock view public.open_orders",
			"drop cascade view public.open_orders", "drop named table public.orders",
			"drop part index public.orders_note", "drop part index public.orders_pkey", "drop part index public.orders_total",
			"drop part table constraint orders_customer_fkey on public.orders", "drop part table constraint orders_pkey on public.orders",
		}},
		{"what is renamed too", "ALTER TABLE customers RENAME TO clients", []string{"lock AccessExclusiveLock table public.customers"}},
		{"a rewrite has its reason; a rebuilt index is told apart", "ALTER TABLE orders ALTER COLUMN total TYPE bigint", []string{
			"lock AccessExclusiveLock index public.orders_note", "lock AccessExclusiveLock index public.orders_pkey",
			"lock AccessExclusiveLock index public.orders_total", "lock AccessExclusiveLock table public.orders",
			"rewrite index public.orders_note", "rewrite index public.orders_pkey", "rewrite table public.orders [type]",
			"rebuilt public.orders_total", "scan public.orders 0 rows",
		}},
		{"an index that keeps its storage is not rebuilt", "ALTER TABLE orders ALTER COLUMN note TYPE varchar(20)", []string{
			"lock AccessExclusiveLock index public.orders_note", "lock AccessExclusiveLock table public.orders",
		}},
		{"what is created stands apart", "CREATE TABLE lines (id int PRIMARY KEY, o bigint REFERENCES orders)", []string{
			"lock ShareRowExclusiveLock table public.orders", "created index public.lines_pkey", "created table public.lines",
		}},
		{"nobody else sees a temporary table", "CREATE TEMP TABLE scratch AS SELECT 1 AS one", nil},
		{"what is ignored", "DROP TABLE lockstep_journal", []string{
			"drop named table public.lockstep_journal", "drop part index public.lockstep_journal_pkey",
			"drop part table constraint lockstep_journal_pkey on public.lockstep_journal",
		}},
		{"a statement that looks for nothing by name", "SET search_path = ''; SET LOCAL lock_timeout = '1s'", nil},
		{"settings that change how moments are spelled", "SET LOCAL timezone = 'Asia/Tokyo'; SET datestyle = 'German'", nil},
		{"triggers that are switched off", "SET LOCAL session_replication_role = replica; DROP VIEW open_orders", []string{
			"lock AccessExclusiveLock view public.open_orders", "drop named view public.open_orders",
		}},
		{"another role", "GRANT ALL ON SCHEMA public TO pg_monitor; SET LOCAL ROLE pg_monitor; CREATE TABLE own (id int); DROP TABLE own", []string{
			"drop named table public.own",
		}},
	} {
		measured, err := inTransaction(t, tracer, c.statement)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		got := spell(measured)
		if slices.Sort(c.want); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
		}
		if measured.Took <= 0 {
			t.Errorf("%s: took %s", c.name, measured.Took)
		}
	}
}

// TestStatementsOfOneTransaction shows that each has what is its own.
func TestStatementsOfOneTransaction(t *testing.T) {
	t.Parallel()
	tracer := tracerOf(t, database(t, shop))
	if err := tracer.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		statement string
		want      []string
	}{
		{"CREATE INDEX ON customers (email)", []string{"lock ShareLock table public.customers", "created index public.customers_email_idx", "scan public.customers 0 rows"}},
		{"INSERT INTO customers VALUES (1, 'a')", []string{"lock RowExclusiveLock table public.customers"}},
		{"ALTER TABLE customers ADD COLUMN a int", []string{"lock AccessExclusiveLock table public.customers"}},
		{"UPDATE customers SET a = 1", []string{"lock RowExclusiveLock index public.customers_pkey", "scan public.customers 1 rows"}},
		{"CREATE TABLE fresh (id int)", []string{"created table public.fresh"}},
		{"ALTER TABLE fresh ADD COLUMN x int DEFAULT random()", nil},
		{"DROP TABLE fresh", []string{"drop named table public.fresh"}},
	} {
		measured, err := tracer.Statement(t.Context(), c.statement)
		if err != nil {
			t.Fatalf("%s: %v", c.statement, err)
		}
		if got := spell(measured); !slices.Equal(got, slices.Sorted(slices.Values(c.want))) {
			t.Errorf("%s:\n got %q\nwant %q", c.statement, got, c.want)
		}
	}
	if err := tracer.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestStatementThatEndsItsTransaction(t *testing.T) {
	t.Parallel()
	tracer := tracerOf(t, database(t, shop))
	for _, statement := range []string{"ALTER TABLE orders ADD COLUMN x int; COMMIT; BEGIN", "ALTER TABLE orders ADD COLUMN y int; COMMIT", "ROLLBACK", "END"} {
		if err := tracer.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		measured, err := tracer.Statement(t.Context(), statement)
		if err != nil || !strings.Contains(strings.Join(measured.Unseen, " "), "ended the transaction") {
			t.Errorf("%s: %v, unseen: %q", statement, err, measured.Unseen)
		}
		measured, err = tracer.Statement(t.Context(), "ALTER TABLE orders ADD COLUMN z int")
		if err != nil || !slices.Contains(spell(measured), "lock AccessExclusiveLock table public.orders") {
			t.Errorf("after %s: %v, %q", statement, err, spell(measured))
		}
		if err := tracer.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAlone measures what no transaction can hold.
func TestAlone(t *testing.T) {
	t.Parallel()
	tracer := tracerOf(t, database(t, shop))
	for _, c := range []struct {
		statement string
		want      []string
	}{
		{"CREATE INDEX CONCURRENTLY fresh ON customers (email)", []string{
			"lock ShareUpdateExclusiveLock table public.customers", "created index public.fresh", "scan public.customers 0 rows",
		}},
		{"REINDEX INDEX CONCURRENTLY orders_total", []string{
			"lock ShareUpdateExclusiveLock index public.orders_total", "lock ShareUpdateExclusiveLock table public.orders",
			"rebuilt public.orders_total", "scan public.orders 0 rows",
		}},
		{"DROP INDEX CONCURRENTLY orders_total", []string{
			"lock ShareUpdateExclusiveLock index public.orders_total", "lock ShareUpdateExclusiveLock table public.orders",
			"drop named index public.orders_total",
		}},
		{"VACUUM orders", []string{"lock ShareUpdateExclusiveLock table public.orders"}},
	} {
		measured, err := tracer.Alone(t.Context(), c.statement)
		if err != nil {
			t.Fatalf("%s: %v", c.statement, err)
		}
		if strings.Contains(strings.Join(measured.Unseen, "; "), "before PostgreSQL 15") {
			c.want = slices.DeleteFunc(c.want, func(w string) bool { return strings.HasPrefix(w, "scan ") })
		}
		if got := spell(measured); !slices.Equal(got, slices.Sorted(slices.Values(c.want))) {
			t.Errorf("%s:\n got %q\nwant %q", c.statement, got, c.want)
		}
	}
	if _, err := tracer.Alone(t.Context(), "VACUUM missing"); err == nil {
		t.Error("a statement that fails is reported as done")
	}
}

// TestAloneAmongOthers shows that what others hold costs sight, and that it is
// said.
func TestAloneAmongOthers(t *testing.T) {
	t.Parallel()
	db := database(t, shop)
	tracer := tracerOf(t, db)
	other, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Rollback() }()
	if _, err := other.Exec("LOCK TABLE orders IN ROW EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	measured, err := tracer.Alone(t.Context(), "VACUUM customers")
	if err != nil {
		t.Fatal(err)
	}
	if len(measured.Locks) != 0 || !strings.Contains(strings.Join(measured.Unseen, "; "), "could not be made to wait: canceling statement due to lock timeout") {
		t.Errorf("locks %v, unseen %q", measured.Locks, measured.Unseen)
	}
}

// TestWithoutSuperuser shows what is left, and that it is said.
func TestWithoutSuperuser(t *testing.T) {
	t.Parallel()
	admin := database(t, "CREATE ROLE plain_tracer LOGIN")
	t.Cleanup(func() {
		_, _ = admin.Exec("DROP OWNED BY plain_tracer; DROP ROLE plain_tracer")
		_ = admin.Close()
	})
	var name string
	if err := admin.QueryRow("SELECT current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	execute(t, admin, "CREATE SCHEMA own AUTHORIZATION plain_tracer; GRANT CREATE ON DATABASE "+name+" TO plain_tracer")
	db, err := sql.Open("postgres", strings.Replace(cluster.Server(t).URL(name), "postgres@", "plain_tracer@", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	execute(t, db, "CREATE TABLE own.t (id int)")
	tracer := tracerOf(t, db)
	measured, err := inTransaction(t, tracer, "DROP TABLE own.t")
	if err != nil {
		t.Fatal(err)
	}
	if got := spell(measured); !slices.Equal(got, []string{"lock AccessExclusiveLock table own.t"}) {
		t.Errorf("got %q", got)
	}
	if len(measured.Unseen) != 1 || !strings.Contains(measured.Unseen[0], "superuser") {
		t.Errorf("unseen: %q", measured.Unseen)
	}
}

// TestCloseLeavesNothing compares the catalog before and after.
func TestCloseLeavesNothing(t *testing.T) {
	t.Parallel()
	db := database(t, shop)
	tracer, err := trace.New(t.Context(), db, trace.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inTransaction(t, tracer, "DROP TABLE orders CASCADE"); err != nil {
		t.Fatal(err)
	}
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := db.QueryRow("SELECT (SELECT count(*) FROM pg_event_trigger) + (SELECT count(*) FROM pg_namespace WHERE nspname = 'lockstep_trace')").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d things are left: %v", left, err)
	}
}

func spell(m trace.Measured) []string {
	var found []string
	for _, l := range m.Locks {
		found = append(found, fmt.Sprintf("lock %s %s %s", l.Mode, l.Kind, l.Relation))
	}
	for _, w := range m.Rewrites {
		found = append(found, strings.TrimSuffix(fmt.Sprintf("rewrite %s %s %v", w.Kind, w.Relation, w.Reasons), " []"))
	}
	for _, name := range m.Rebuilt {
		found = append(found, "rebuilt "+name)
	}
	for _, s := range m.Scans {
		found = append(found, fmt.Sprintf("scan %s %d rows", s.Relation, s.Rows))
	}
	for _, r := range m.Created {
		found = append(found, fmt.Sprintf("created %s %s", r.Kind, r.Name))
	}
	for _, d := range m.Dropped {
		if strings.Contains(d.Identity, "_not_null on ") {
			continue // a constraint from PostgreSQL 18 on
		}
		found = append(found, fmt.Sprintf("drop %s %s %s", d.Why, d.Kind, d.Identity))
	}
	slices.Sort(found)
	return found
}

func inTransaction(t *testing.T, tracer *trace.Tracer, statement string) (trace.Measured, error) {
	t.Helper()
	if err := tracer.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	measured, failure := tracer.Statement(t.Context(), statement)
	if err := tracer.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	return measured, failure
}

func tracerOf(t *testing.T, db *sql.DB, ignore ...string) *trace.Tracer {
	t.Helper()
	tracer, err := trace.New(t.Context(), db, trace.Options{Ignore: ignore})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tracer.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return tracer
}

func database(t *testing.T, statements string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", cluster.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	execute(t, db, statements)
	return db
}
