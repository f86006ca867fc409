package postgres_test

import (
	"context"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// CONCURRENTLY waits for old transactions for as long as they take: a limit
// of 300 ms, as the target has, would leave an INVALID index. Meanwhile no
// session of ours keeps a transaction open, or it would wait for itself.
func TestConcurrentlyOutwaitsOldTransactions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ setup, up, done string }{
		"create index": {"", "create index concurrently busy_id on busy (id)", "SELECT indisvalid FROM pg_index WHERE indexrelid = 'busy_id'::regclass"},
		"reindex":      {"create index busy_id on busy (id)", "reindex index concurrently busy_id", "SELECT indisvalid FROM pg_index WHERE indexrelid = 'busy_id'::regclass"},
		"drop index":   {"create index busy_id on busy (id)", "drop index concurrently busy_id", "SELECT to_regclass('busy_id') IS NULL"},
		"detach": {
			"create table parted (id int) partition by range (id); create table part partition of parted for values from (1) to (9)",
			"alter table parted detach partition part concurrently", "SELECT count(*) = 0 FROM pg_inherits WHERE inhrelid = 'part'::regclass",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.exec("create table busy (id int); insert into busy values (1); " + tt.setup)
			held := "insert into busy values (2) /* the long import */"
			if strings.Contains(tt.up, "parted") {
				held = "select * from parted /* the long import */"
			}
			release := b.holdOpen(held)
			// Old enough to be named.
			b.await(t, "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%the long import%' AND state = 'idle in transaction' AND datname = current_database() AND xact_start < clock_timestamp() - interval '1.1 s'")
			p := b.applying(b.planned(b.step(1, tt.up, "select 1")))
			foreseen, waits := <-p.said, <-p.said
			if !strings.Contains(foreseen, "m/0001_step.up.sql:1: will wait for transactions that are open now") || !strings.Contains(foreseen, "the long import") || !strings.Contains(foreseen, "SELECT pg_terminate_backend(") {
				t.Errorf("beforehand: %q", foreseen)
			}
			if !strings.Contains(waits, "waiting for ") || !strings.Contains(waits, "the long import") {
				t.Errorf("meanwhile: %q", waits)
			}
			for range 50 {
				b.want("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'lockstep/%' AND state LIKE 'idle in transaction%' AND datname = current_database()", "0")
			}
			release()
			if err := <-p.ended; err != nil {
				t.Fatal(err)
			}
			b.want(tt.done, "t")
			if p.Figures["tries"] != 1 || p.Figures["lock_wait_ms"].(int64) == 0 {
				t.Errorf("figures %v", p.Figures)
			}
		})
	}
}

// In a file that runs statement by statement, what can be in a transaction
// takes its locks like a file does, and VACUUM may wait: nobody waits for it.
func TestStatementsOfAFileWithoutTransaction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table busy (id int primary key, a int)")
	release := b.holdOpen("select * from busy /* the long report */")
	tr := b.traffic(2, "update busy set a = 1 where id = %d")
	watcher, err := b.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Close()
	p := b.applying(b.planned(b.step(1, "-- lockstep:no-transaction\nvacuum busy;\nalter table busy add c int;\nvacuum full busy", "-- lockstep:no-transaction\nalter table busy drop c;\nvacuum busy")))
	line := <-p.said
	if !strings.Contains(line, "up.sql:3: waiting for locks since") || !strings.Contains(line, "nobody queues behind them") || !strings.Contains(line, "the long report") {
		t.Errorf("said %q", line)
	}
	for range 200 {
		if n := b.behindUs(watcher); n > 0 {
			t.Fatalf("%d sessions wait behind the migration", n)
		}
	}
	tr.end()
	release()
	if err := <-p.ended; err != nil {
		t.Fatal(err)
	}
	b.want("SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'c'", "1")
}

// A rollback keeps nobody waiting either.
func TestTheWayBackTakesItsLocksFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table busy (id int)")
	req := b.planned(b.step(1, "alter table busy add c int", "alter table busy drop c"))
	b.apply(req)
	release := b.holdOpen("select * from busy /* the long report */")
	said := make(chan string, 100)
	req.Progress = func(line string) { said <- line }
	ended := make(chan error, 1)
	go func() {
		_, err := postgres.New().Rollback(context.Background(), req)
		ended <- err
	}()
	if line := <-said; !strings.Contains(line, "nobody queues behind them; it needs AccessExclusiveLock on public.busy") || !strings.Contains(line, "the long report") {
		t.Errorf("said %q", line)
	}
	release()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	b.want("SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'c'", "0")
}

// A wait for a row may take as long as lock_timeout says: nobody's traffic on
// the table queues behind it.
func TestAFileOfRowsWaitsForRows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table busy (id int primary key, a int); insert into busy values (1, 1), (2, 1)")
	release := b.holdOpen("update busy set a = 2 where id = 1 /* the long edit */")
	p := b.applying(b.planned(b.step(1, "update busy set a = 3", "select 1")))
	line := <-p.said
	if !strings.Contains(line, "a row that another transaction has changed") || !strings.Contains(line, "the long edit") {
		t.Errorf("said %q", line)
	}
	b.exec("update busy set a = 4 where id = 2") // ours is undone between two tries
	release()
	if err := <-p.ended; err != nil {
		t.Fatal(err)
	}
	b.want("SELECT id, a FROM busy ORDER BY id", "1,3\n2,3")
	if p.Figures["lock_queued_ms"].(int64) < 100 {
		t.Errorf("it gave up earlier than it has to: figures %v", p.Figures)
	}
}
