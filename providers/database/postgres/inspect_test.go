package postgres_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// What a CONCURRENTLY statement leaves when it is cut short is found and
// mended by the next try: nobody has to read the catalog.
func TestWhatConcurrentlyLeavesIsMended(t *testing.T) {
	t.Parallel()
	const invalid = "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relname = 'busy' AND NOT indisvalid"
	for name, tt := range map[string]struct{ setup, hold, up, left, mended string }{
		"reindex an index": {
			"create index busy_id on busy (id)", "insert into busy values (2)", "reindex index concurrently busy_id",
			"SELECT (" + invalid + ") = 1", "SELECT (" + invalid + ") = 0",
		},
		"reindex a table": {
			"create index busy_id on busy (id)", "insert into busy values (2)", "reindex (verbose) table concurrently public.busy",
			"SELECT (" + invalid + ") > 0", "SELECT (" + invalid + ") = 0",
		},
		"detach a partition": {
			"create table parted (id int) partition by range (id); create table \"Part\" partition of parted for values from (1) to (9)",
			"select * from parted", "alter table parted detach partition \"Part\" concurrently",
			"SELECT inhdetachpending FROM pg_inherits", "SELECT count(*) = 0 FROM pg_inherits",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.exec("create table busy (id int); insert into busy values (1); " + tt.setup)
			release := b.holdOpen(tt.hold)
			req := b.planned(b.step(1, tt.up, "select 1"))
			p := b.applying(req)
			b.await(t, "SELECT coalesce(("+tt.left+"), false)")
			b.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = '" + tt.up + "' AND application_name LIKE 'lockstep/%' AND datname = current_database()")
			if err := <-p.ended; err == nil {
				t.Fatal("a statement whose connection was ended says that it is done")
			}
			release()
			b.want(tt.left, "t")
			b.verdict(req, providers.Partial)
			b.apply(req)
			b.want(tt.mended, "t")
			b.verdict(req, providers.Done)
		})
	}
}

// An index that the server refuses to build is left INVALID by it, which costs
// every write: it goes at once, and the next try begins anew.
func TestARefusedIndexLeavesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table busy (id int); insert into busy values (1), (1)")
	req := b.step(1, "create unique index concurrently busy_id on busy (id)", "drop index concurrently busy_id")
	for range 2 {
		if _, err := postgres.New().Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "could not create unique index") {
			t.Fatalf("got %v", err)
		}
		b.want("SELECT to_regclass('busy_id') IS NULL", "t")
		b.verdict(req, providers.Absent)
	}
	b.exec("delete from busy")
	b.apply(req)
	b.verdict(req, providers.Done)
}

// What a statement was refused for is not taken for its effect by the next try.
func TestANameThatIsTakenStaysRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table busy (id int, other int); create index busy_id on busy (other)")
	req := b.step(1, "create index concurrently busy_id on busy (id)", "drop index concurrently busy_id")
	for range 2 {
		if _, err := postgres.New().Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), `relation "busy_id" already exists`) {
			t.Fatalf("got %v", err)
		}
		b.verdict(req, providers.Absent)
	}
	b.want("SELECT indisvalid FROM pg_index WHERE indexrelid = 'busy_id'::regclass", "t")
}
