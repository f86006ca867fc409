package postgres_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
	"github.com/lockstep-dev/lockstep/providers/database/sqlite"
)

func survey(t *testing.T, dsn string, live bool, relations ...string) plans.Survey {
	t.Helper()
	got, err := postgres.New().Survey(t.Context(), providers.SurveyRequest{
		Environment: "dev", Address: "database.orders", Settings: block(dsn, ""), Relations: relations, Live: live,
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func figuresOf(t *testing.T, s plans.Survey, relation string) plans.RelationFigures {
	t.Helper()
	i := slices.IndexFunc(s.Relations, func(r plans.RelationFigures) bool { return r.Relation == relation })
	if i < 0 {
		t.Fatalf("no figures of %s: %+v", relation, s)
	}
	return s.Relations[i]
}

func says(s plans.Survey, word string) bool {
	return slices.ContainsFunc(s.Unknown, func(u string) bool { return strings.Contains(u, word) })
}

const sizedTables = `
	CREATE TABLE orders (id bigint PRIMARY KEY, note text);
	ALTER TABLE orders ALTER note SET STORAGE EXTERNAL;
	INSERT INTO orders SELECT i, CASE WHEN i <= 20 THEN repeat('x', 100000) END FROM generate_series(1, 12345) i;
	CREATE TABLE uncounted AS SELECT 1 AS id;
	CREATE TABLE empty (id int);
	CREATE SCHEMA "Odd";
	CREATE TABLE "Odd"."My Parts" (id int, day date) PARTITION BY RANGE (day);
	CREATE TABLE "Odd".a PARTITION OF "Odd"."My Parts" FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
	CREATE TABLE "Odd".b PARTITION OF "Odd"."My Parts" FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
	INSERT INTO "Odd"."My Parts" SELECT i, date '2026-01-01' + i % 50 FROM generate_series(1, 5000) i;
	CREATE INDEX ON "Odd"."My Parts" (id);
	CREATE VIEW seen AS SELECT * FROM orders;
	ANALYZE orders, "Odd"."My Parts", "Odd".a, "Odd".b`

func TestSurveyOfSizes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(sizedTables)
	names := []string{"orders", "uncounted", "empty", `"Odd"."My Parts"`, "orders_pkey", "seen", "nowhere", `"Odd".nowhere`, "not ( a name", "orders"}
	got := survey(t, b.url, false, names...)
	if !strings.HasPrefix(got.Server, "PostgreSQL 1") || !got.Primary || got.Host != "unix socket" || got.Address != "database.orders" {
		t.Errorf("%+v", got)
	}
	orders := figuresOf(t, got, "orders")
	if orders.Rows != 12000 || orders.Bytes < 2<<20 || orders.Bytes > 5<<20 || orders.IndexBytes < 250<<10 || orders.IndexBytes > 500<<10 || orders.Partitions != 0 {
		t.Errorf("TOAST or the index is missing: %+v", orders)
	}
	parts := figuresOf(t, got, `"Odd"."My Parts"`)
	if parts.Rows != 5000 || parts.Partitions != 2 || parts.Bytes < 150<<10 || parts.IndexBytes < 64<<10 {
		t.Errorf("%+v", parts)
	}
	if e := figuresOf(t, got, "empty"); e.Rows != 0 || e.Bytes != 0 {
		t.Errorf("%+v", e)
	}
	if i := figuresOf(t, got, "orders_pkey"); i.Rows != 12000 || i.Bytes != 0 || i.IndexBytes < 250<<10 || i.WritesPerSecond != -1 {
		t.Errorf("%+v", i)
	}
	if len(got.Relations) != 5 { // a view has no size, and what is not there none either
		t.Errorf("%+v", got.Relations)
	}
	if !says(got, `not there now, so without a size: "Odd".nowhere, not ( a name, nowhere (`) || says(got, "pg_monitor") {
		t.Errorf("%q", got.Unknown)
	}
	again := survey(t, b.url, false, names...)
	for i := range got.Relations { // an average moves when a minute is full
		got.Relations[i].WritesPerSecond, got.Relations[i].WritesOver = 0, 0
		again.Relations[i].WritesPerSecond, again.Relations[i].WritesOver = 0, 0
	}
	if !reflect.DeepEqual(got, again) {
		t.Errorf("a quiet database is not surveyed the same again:\n%+v\n%+v", got, again)
	}
}

// TestSurveyDoesNotWait: somebody holds a lock that nobody can read behind.
func TestSurveyDoesNotWait(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(sizedTables)
	tx, err := b.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	if _, err := tx.ExecContext(t.Context(), `LOCK TABLE orders`); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	got := survey(t, b.url, false, "orders", "uncounted")
	if took := time.Since(begun); took > 30*time.Second { // the lock is held as long as the test
		t.Errorf("it took %s", took)
	}
	if f := figuresOf(t, got, "orders"); f.Rows != 12000 || f.Bytes < 100<<10 {
		t.Errorf("%+v", f)
	}
	if !says(got, "somebody has locked orders, so") {
		t.Errorf("%q", got.Unknown)
	}
}

// TestSurveyNamesOpenTransactions: those that hold a lock on a partition, an
// index, a prepared one, and one that holds none.
func TestSurveyNamesOpenTransactions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(sizedTables)
	for _, statement := range []string{`SELECT FROM "Odd".a`, `SELECT 1`} {
		tx, err := b.db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }() // it wrote nothing
		if _, err := tx.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := b.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, statement := range []string{`BEGIN`, `INSERT INTO orders VALUES (-1)`, `PREPARE TRANSACTION 'left behind'`} {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(t.Context()), `ROLLBACK PREPARED 'left behind'`) }()

	var got plans.Survey
	for begun := time.Now(); time.Since(begun) < time.Minute && len(got.Transactions) < 3; { // until they are old enough
		got = survey(t, b.url, false, "orders", `"Odd"."My Parts"`)
	}
	if len(got.Transactions) != 3 {
		t.Fatalf("%+v", got.Transactions)
	}
	holds := map[string]string{}
	for _, tr := range got.Transactions {
		if time.Duration(tr.Age) < 5*time.Second || tr.User != "postgres" || (tr.PID == 0) != (tr.State == "prepared") {
			t.Errorf("%+v", tr)
		}
		holds[strings.Join(tr.Relations, ", ")] = tr.State + " " + tr.Application
	}
	if holds[`"Odd"."My Parts"`] != "idle in transaction " || holds[""] != "idle in transaction " || holds["orders"] != "prepared left behind" {
		t.Errorf("%+v", holds)
	}
}

func TestSurveyCountsWrites(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`CREATE TABLE busy (id int) PARTITION BY RANGE (id); CREATE TABLE busy_1 PARTITION OF busy DEFAULT; CREATE TABLE idle (id int)`)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			if _, err := b.db.ExecContext(ctx, `INSERT INTO busy SELECT generate_series(1, 10)`); err != nil && ctx.Err() == nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	var got plans.Survey
	for begun := time.Now(); time.Since(begun) < time.Minute; { // a backend reports about once a second
		got = survey(t, b.url, true, "busy", "idle")
		if figuresOf(t, got, "busy").WritesPerSecond > 0 {
			break
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if f := figuresOf(t, got, "busy"); f.WritesPerSecond <= 0 || time.Duration(f.WritesOver) != time.Second {
		t.Errorf("%+v", f)
	}
	if f := figuresOf(t, got, "idle"); f.WritesPerSecond != 0 || time.Duration(f.WritesOver) != time.Second {
		t.Errorf("%+v", f)
	}
}

func TestSurveyOfARoleThatSeesLittle(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(sizedTables)
	role := "modest_" + b.get(`SELECT current_database()`)
	b.exec(`CREATE ROLE ` + role + ` LOGIN`)
	t.Cleanup(func() { b.exec(`DROP ROLE ` + role) })
	weak := with(t, b.url, role)
	got := survey(t, weak, false, "orders", `"Odd"."My Parts"`)
	if !says(got, "types: GRANT pg_monitor TO "+role) {
		t.Errorf("%q", got.Unknown)
	}
	// Sizes are no secret: the catalog and the statistics show them to all.
	if figuresOf(t, got, "orders").Rows != 12000 || figuresOf(t, got, `"Odd"."My Parts"`).Rows != 5000 {
		t.Errorf("%+v", got.Relations)
	}
	b.exec(`GRANT pg_monitor TO ` + role)
	if got := survey(t, weak, false, "orders"); len(got.Unknown) > 0 {
		t.Errorf("%q", got.Unknown)
	}
}

func TestSurveyOfReplicas(t *testing.T) {
	t.Parallel()
	b, replica := following(t)
	b.exec(`CREATE TABLE orders (id int)`)
	var got plans.Survey
	for begun := time.Now(); time.Since(begun) < time.Minute; { // until it has caught up
		if got = survey(t, b.url, false, "orders"); len(got.Replicas) == 1 && got.Replicas[0].Lag == 0 {
			break
		}
	}
	if len(got.Replicas) != 1 || got.Replicas[0].Sync != "async" || got.Replicas[0].Lag != 0 {
		t.Errorf("%+v", got.Replicas)
	}
	if there := survey(t, replica.url, false, "orders"); there.Primary || !says(there, "use the primary's url") {
		t.Errorf("%+v", there)
	}
}

func TestSurveyThatCannotBe(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := postgres.New().Survey(t.Context(), providers.SurveyRequest{
		Address: "database.orders", Settings: block(strings.Replace(with(t, b.url, "nosuch"), "/test_", "/no_test_", 1), ""),
	})
	if err == nil || !strings.Contains(err.Error(), "database.orders: ") || strings.Contains(err.Error(), "hush-hush") {
		t.Errorf("%v", err)
	}
	_, err = sqlite.New("").Survey(t.Context(), providers.SurveyRequest{Address: "database.orders", Settings: block("sqlite3://x", "")})
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := postgres.New().Survey(stopped, providers.SurveyRequest{Settings: block(b.url, "")}); err == nil {
		t.Error("a survey that was stopped says that it is complete")
	}
}

// TestSurveyOfWritesKnowsItsWindow: the server is older than the database, and
// counters that were just reset say nothing of a longer time. In both cases a
// second is looked at, in which nobody writes.
func TestSurveyOfWritesKnowsItsWindow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`CREATE TABLE filled AS SELECT i AS id FROM generate_series(1, 100000) i`)
	for _, before := range []string{"SELECT 1", "SELECT pg_stat_reset()"} {
		b.exec(before)
		if f := figuresOf(t, survey(t, b.url, false, "filled"), "filled"); f.WritesPerSecond != 0 || time.Duration(f.WritesOver) != time.Second {
			t.Errorf("%s: %+v", before, f)
		}
	}
}
