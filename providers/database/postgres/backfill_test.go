package postgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
	"github.com/lockstep-dev/lockstep/providers/providertest"
)

// filling is a step that adds one to every row, which is wrong twice.
func (b *bench) filling(change func(*plans.Backfill)) providers.Request {
	spec := plans.Backfill{
		Database: "orders", Table: "orders", Key: "id", Update: "UPDATE orders SET n = n + 1 WHERE id BETWEEN :from AND :to",
		File: "changes/a.lockstep.hcl", Line: 7, Batch: 100, BatchDuration: plans.Duration(time.Second), MaxLag: plans.Duration(10 * time.Second),
	}
	if change != nil {
		change(&spec)
	}
	spec.Definition = plans.BackfillDefinition(spec.Table, spec.Key, spec.Update)
	return providers.Request{
		Run: "r1", Plan: plans.DigestOf([]byte("plan")), Actor: "alice", ChangeSet: "status", Environment: "dev",
		Settings: b.backfillSettings(spec),
		Step:     plans.Step{Address: "backfill.ids", Phase: plans.Deploy, Action: plans.ActionBackfill, Backfill: &spec},
		Progress: func(line string) { b.lines = append(b.lines, line) },
	}
}

func (b *bench) backfillSettings(spec plans.Backfill) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(
		`{"database":{"name":"orders","driver":"postgres","url":%q,"lock_timeout":"300ms","statement_timeout":"1m"},"table":%q,"key":%q}`,
		b.url, spec.Table, spec.Key))
}

// orders makes a table of so many rows with gaps between their keys.
func (b *bench) orders(rows int) {
	b.exec(fmt.Sprintf(`CREATE TABLE orders (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, code text UNIQUE, uid uuid UNIQUE, at timestamptz UNIQUE);
		INSERT INTO orders (id, code, uid, at)
		SELECT i * 3, 'k''' || i, md5(i::text)::uuid, '2026-01-01'::timestamptz + i * interval '1.000007 s' FROM generate_series(1, %d) i`, rows))
}

const once = "1,1"

func (b *bench) wantOnce(want string) {
	b.t.Helper()
	b.want("SELECT min(n), max(n) FROM orders", want)
}

func TestBackfillKeysOfAllKinds(t *testing.T) {
	t.Parallel()
	for key, condition := range map[string]string{
		"id":   "id BETWEEN :from AND :to",
		"code": "code >= :from AND code <= :to AND ':from' <> ':to' /* :from */ AND code::text = code",
		"uid":  "uid BETWEEN :from::uuid AND :to",
		"at":   "orders.at BETWEEN :from AND :to",
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.orders(950)
			req := b.filling(func(s *plans.Backfill) { s.Key, s.Update = key, "UPDATE orders SET n = n + 1 WHERE "+condition })
			b.verdict(req, providers.Absent)
			result := b.apply(req)
			if result.Figures["rows"] != int64(950) || result.Figures["batches"] != int64(10) {
				t.Errorf("%+v", result)
			}
			b.wantOnce(once)
			b.verdict(req, providers.Done)
			if again := b.apply(req); again.Changed {
				t.Errorf("again: %+v", again)
			}
			b.wantOnce(once)
		})
	}
}

// Rows with equal keys belong to one batch, however small it is.
func TestBackfillWithEqualKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("CREATE TABLE orders (id int NOT NULL, n int NOT NULL DEFAULT 0); CREATE INDEX ON orders (id); INSERT INTO orders SELECT i / 7 FROM generate_series(1, 100) i")
	b.apply(b.filling(func(s *plans.Backfill) { s.Batch = 3 }))
	b.wantOnce(once)
}

func TestBackfillOfQuotedNamesInASchema(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`CREATE SCHEMA "Shop"; CREATE TABLE "Shop"."Order" ("Id" int PRIMARY KEY, n int NOT NULL DEFAULT 0); INSERT INTO "Shop"."Order" SELECT i FROM generate_series(1, 20) i`)
	req := b.filling(func(s *plans.Backfill) {
		s.Table, s.Key, s.Update = `"Shop"."Order"`, `"Id"`, `UPDATE "Shop"."Order" SET n = n + 1 WHERE "Id" BETWEEN :from AND :to`
	})
	if seen := b.surveyed(req); !seen.figures.Indexed || seen.figures.KeyType != "integer" || seen.figures.Missing != "" {
		t.Errorf("%+v", seen.figures)
	}
	b.apply(req)
	b.want(`SELECT min(n), max(n) FROM "Shop"."Order"`, once)
}

// Rows that come during a backfill are the matter of the code that writes
// them: the pass ends where the table ended when it began.
func TestBackfillEndsWhereTheTableEnded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orders(300)
	b.exec(`CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO orders (id) VALUES (nextval('more')); RETURN NULL; END $$;
		CREATE SEQUENCE more START 100000; CREATE TRIGGER late AFTER UPDATE ON orders FOR EACH STATEMENT EXECUTE FUNCTION late()`)
	b.apply(b.filling(nil))
	b.want("SELECT count(*) FILTER (WHERE n = 1), count(*) FILTER (WHERE n = 0) FROM orders", "300,3")
}

type surveyed struct {
	state   plans.BackfillState
	figures plans.BackfillFigures
}

func (b *bench) surveyed(req providers.Request) surveyed {
	b.t.Helper()
	seen, err := postgres.New().Observe(b.t.Context(), providers.ObserveRequest{ChangeSet: req.ChangeSet, Address: req.Step.Address, Settings: req.Settings})
	if err != nil || seen.Backfill == nil || !strings.HasPrefix(seen.Identity, "system ") {
		b.t.Fatalf("%+v, %v", seen, err)
	}
	s := surveyed{state: *seen.Backfill}
	if err := json.Unmarshal(seen.Informative, &s.figures); err != nil {
		b.t.Fatal(err)
	}
	return s
}

func TestBackfillSurvey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.filling(nil)
	if seen := b.surveyed(req); seen.figures.Missing != "table" {
		t.Errorf("%+v", seen)
	}
	b.orders(10)
	seen := b.surveyed(req)
	if f := seen.figures; f.KeyType != "bigint" || !f.Indexed || f.Nullable || f.Shared || f.Rows == nil || *f.Rows != (plans.RowEstimate{Count: 10, Source: "measured", From: "count(*)"}) {
		t.Errorf("%+v %+v", f, f.Rows)
	}
	b.exec("ANALYZE orders")
	if f := b.surveyed(req).figures; f.Rows == nil || *f.Rows != (plans.RowEstimate{Count: 10, Source: "assumed", From: "pg_class.reltuples"}) {
		t.Errorf("%+v", f.Rows)
	}
	if f := b.surveyed(b.filling(func(s *plans.Backfill) { s.Key = "n" })).figures; f.Indexed || f.Nullable {
		t.Errorf("%+v", f)
	}
	if f := b.surveyed(b.filling(func(s *plans.Backfill) { s.Key = "at" })).figures; !f.Indexed || !f.Nullable {
		t.Errorf("%+v", f)
	}
	b.exec("CREATE UNIQUE INDEX ON orders (n, id)")
	if f := b.surveyed(b.filling(func(s *plans.Backfill) { s.Key = "n" })).figures; !f.Indexed || !f.Shared {
		t.Errorf("the first of two columns: %+v", f)
	}
	if f := b.surveyed(b.filling(func(s *plans.Backfill) { s.Key = "gone" })).figures; f.Missing != "column" {
		t.Errorf("%+v", f)
	}
	b.exec("CREATE TABLE parts (id int PRIMARY KEY, n int) PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100); INSERT INTO parts SELECT i FROM generate_series(1, 30) i; ANALYZE parts")
	if f := b.surveyed(b.filling(func(s *plans.Backfill) { s.Table = "parts" })).figures; f.Rows == nil || f.Rows.Count != 30 || !f.Indexed {
		t.Errorf("%+v", f)
	}
}

// A row that somebody else holds: nobody queues for long, the batch is undone
// and tried smaller, and rows before it are not held back.
func TestBackfillStepsBackFromHeldRows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orders(500)
	tx, err := b.db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(context.Background(), "UPDATE orders SET code = 'held' WHERE id = 900"); err != nil {
		t.Fatal(err)
	}
	req := b.filling(nil)
	said := make(chan string, 1000)
	req.Progress = func(line string) { said <- line }
	done := make(chan error, 1)
	go func() { _, err := postgres.New().Apply(t.Context(), req); done <- err }()
	for line := range said {
		if strings.Contains(line, "undone, others were in the way") && strings.Contains(line, "keys ") && strings.Contains(line, "blocked by pid ") {
			break
		}
	}
	b.want("SELECT count(*) FROM orders WHERE n = 1 AND id > 900", "0")
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	b.wantOnce(once)
}

// A session that ends in the middle of its batch loses that batch alone, and
// the backfill goes on by itself.
func TestBackfillGoesOnOverLostConnections(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orders(1000)
	b.exec(`CREATE TABLE ended (at int PRIMARY KEY);
		CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			PERFORM pg_terminate_backend(pg_backend_pid()) WHERE new.id IN (600, 1500, 3000) AND (SELECT last_value FROM cuts) = new.id / 300;
			RETURN new; END $$;
		CREATE SEQUENCE cuts START 2; CREATE TRIGGER cut BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION cut()`)
	req := b.filling(nil)
	moved := map[string]string{"2": "5", "5": "10", "10": "11"}
	req.Progress = func(line string) {
		b.lines = append(b.lines, line)
		if strings.Contains(line, "the connection was lost") {
			b.exec("ALTER SEQUENCE cuts RESTART " + moved[b.get("SELECT last_value FROM cuts")])
		}
	}
	result := b.apply(req)
	if result.Figures["connections_lost"] != int64(3) || result.Figures["rows"] != int64(1000) {
		t.Errorf("%+v\n%s", result, strings.Join(b.lines, "\n"))
	}
	b.wantOnce(once)
}

// Two processes of two runs cannot carry out the same backfill.
func TestOneBackfillAtATime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orders(300)
	tx, err := b.db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(context.Background(), "SELECT FROM orders FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	first := b.filling(nil)
	begun := make(chan string, 1000)
	first.Progress = func(line string) { begun <- line }
	done := make(chan error, 1)
	go func() { _, err := postgres.New().Apply(t.Context(), first); done <- err }()
	<-begun // a batch was undone
	second := b.filling(nil)
	second.Run = "r2"
	waits := make(chan string, 1000)
	second.Progress = func(line string) { waits <- line }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	other := make(chan error, 1)
	go func() { _, err := postgres.New().Apply(ctx, second); other <- err }()
	if line := <-waits; !strings.Contains(line, "waiting for another process that carries out this backfill") || !strings.Contains(line, "lockstep/r1/") {
		t.Errorf("%q", line)
	}
	cancel()
	if err := <-other; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	b.wantOnce(once)
}

// The cursor alone, without the lock, keeps a batch from running twice.
func TestACursorThatWasTakenOverStopsTheBackfill(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orders(300)
	req := b.filling(func(s *plans.Backfill) { s.Batch = 50 })
	asked := 0
	req.Stopping = func() bool {
		if asked++; asked == 5 {
			b.exec("UPDATE lockstep.backfill SET run = 'r9'")
		}
		return false
	}
	_, err := postgres.New().Apply(t.Context(), req)
	if err == nil || !strings.Contains(err.Error(), "run r9 has taken this backfill over at key ") {
		t.Fatalf("%v", err)
	}
	b.want("SELECT sum(n) = (SELECT rows_changed FROM lockstep.backfill) FROM orders", "t")
	b.apply(b.filling(func(s *plans.Backfill) { s.Batch = 50 }))
	b.wantOnce(once)
}

func TestBackfillNamesKeysAndPlaceOfAnError(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orders(200)
	b.exec("ALTER TABLE orders ADD CHECK (id <> 450 OR n = 0)")
	req := b.filling(func(s *plans.Backfill) { s.Update = "UPDATE orders\nSET n = n + 1\nWHERE id BETWEEN :from AND :to" })
	_, err := postgres.New().Apply(t.Context(), req)
	for _, want := range []string{"backfill.ids: keys 303 to 600", "changes/a.lockstep.hcl:7", "SQLSTATE 23514"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	req.Step.Backfill.Update = "UPDATE orders\nSET n = nn + 1\nWHERE id BETWEEN :from AND :to"
	if _, err = postgres.New().Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "changes/a.lockstep.hcl:8: column \"nn\" does not exist") {
		t.Errorf("%v", err)
	}
}

func TestBackfillTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orders(1000)
	b.exec("ANALYZE orders")
	req := b.filling(func(s *plans.Backfill) { s.Remaining = "SELECT count(*) FROM orders WHERE n = 0" })
	var figures []map[string]any
	req.Measure = func(line string, f map[string]any) { b.lines, figures = append(b.lines, line), append(figures, f) }
	result := b.apply(req)
	if result.Summary != "1,000 rows changed in 10 batches, none left" {
		t.Errorf("%q", result.Summary)
	}
	if len(figures) == 0 || figures[0]["keys"] != int64(100) || figures[0]["rows_total"] != int64(1000) || figures[0]["last_key"] != "300" {
		t.Errorf("%+v", figures)
	}
	if !slices.ContainsFunc(b.lines, func(l string) bool { return strings.HasPrefix(l, "100 of about 1,000 rows (10 %), ") }) {
		t.Errorf("%q", b.lines)
	}
}

func TestPostgresBackfillConformance(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Case{
		New: func(*testing.T) providers.Provider { return postgres.New() },
		Target: func(t *testing.T) providertest.Fixture {
			b := newBench(t)
			b.orders(300)
			req := b.filling(nil)
			return providertest.Fixture{
				Step: req.Step, Settings: req.Settings, Irreversible: true,
				Observe:   providers.ObserveRequest{Address: "backfill.ids", Settings: req.Settings},
				Signature: func(*testing.T) string { return b.get("SELECT id, n FROM orders ORDER BY id") },
				Crash: func(t *testing.T, p providers.Provider, req providers.Request) {
					if err := req.Record(database.Facts{PID: 1}); err != nil {
						t.Fatal(err)
					}
					asked := 0
					req.Record, req.Stopping = nil, func() bool { asked++; return asked > 3 }
					if _, err := p.Apply(t.Context(), req); !errors.Is(err, providers.ErrStopped) {
						t.Fatal(err)
					}
				},
				Break: func(t *testing.T) {
					b.exec("ALTER TABLE orders RENAME TO gone; DROP SCHEMA IF EXISTS lockstep CASCADE; CREATE SCHEMA lockstep; CREATE TABLE lockstep.backfill (change_set int)")
				},
			}
		},
	})
}

// A down file takes with it what a backfill has filled, so it is filled again
// when the schema comes back.
func TestADownForgetsTheBackfillsOfItsChangeSet(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	up := b.step(1, "CREATE TABLE orders (id int PRIMARY KEY, n int NOT NULL); INSERT INTO orders SELECT i, 0 FROM generate_series(1, 10) i", "DROP TABLE orders")
	b.apply(up)
	b.apply(b.filling(nil))
	b.rollback(up)
	b.want("SELECT count(*) FROM lockstep.backfill", "0")
	b.apply(up)
	b.verdict(b.filling(nil), providers.Absent)
	b.apply(b.filling(nil))
	b.wantOnce(once)
}
