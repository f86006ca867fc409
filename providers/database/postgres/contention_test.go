package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// traffic is what an application does on a table: short transactions that
// read and write, on several connections, without a break.
type traffic struct {
	stop   chan struct{}
	ended  sync.WaitGroup
	served atomic.Int64
}

func (b *bench) traffic(workers int, query string) *traffic {
	tr := &traffic{stop: make(chan struct{})}
	db, err := sql.Open("postgres", b.url+"&application_name=traffic")
	if err != nil {
		b.t.Fatal(err)
	}
	for w := range workers {
		tr.ended.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-tr.stop:
					return
				default:
				}
				if _, err := db.ExecContext(context.Background(), fmt.Sprintf(query, w*1000+i%1000)); err != nil {
					b.t.Errorf("traffic: %v", err)
					return
				}
				tr.served.Add(1)
			}
		})
	}
	b.t.Cleanup(func() {
		tr.end()
		db.Close()
	})
	return tr
}

func (tr *traffic) end() {
	select {
	case <-tr.stop:
	default:
		close(tr.stop)
	}
	tr.ended.Wait()
}

// holdOpen keeps a transaction open in which the query has run.
func (b *bench) holdOpen(query string) (release func()) {
	b.t.Helper()
	tx, err := b.db.BeginTx(context.Background(), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := tx.ExecContext(context.Background(), query); err != nil {
		b.t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil {
			b.t.Error(err)
		}
	}
}

// behindUs counts the application's sessions that wait for one of ours now: for
// one that waits itself, or for long. A lock that was taken before the next one
// was refused is given back at once, and may be met in that blink.
func (b *bench) behindUs(watcher *sql.Conn) int {
	b.t.Helper()
	var n int
	err := watcher.QueryRowContext(context.Background(), `
		SELECT count(*) FROM pg_stat_activity a
		WHERE a.datname = current_database() AND a.wait_event_type = 'Lock' AND a.application_name NOT LIKE 'lockstep/%'
		  AND EXISTS (SELECT FROM unnest(pg_blocking_pids(a.pid)) AS by (pid) JOIN pg_stat_activity o ON o.pid = by.pid
		              WHERE o.application_name LIKE 'lockstep/%'
		                AND (o.wait_event_type = 'Lock' OR clock_timestamp() - a.query_start > interval '1 second'))`).Scan(&n)
	if err != nil {
		b.t.Error(err)
	}
	return n
}

// pending is an apply under way.
type pending struct {
	said  chan string
	ended chan error
	providers.Result
}

func (b *bench) applying(req providers.Request) *pending {
	p := &pending{said: make(chan string, 1000), ended: make(chan error, 1)}
	req.Progress = func(line string) { p.said <- line }
	go func() {
		var err error
		p.Result, err = postgres.New().Apply(context.Background(), req)
		p.ended <- err
	}()
	return p
}

// While somebody holds the table, the migration asks and asks, and nobody of
// the application ever stands behind it.
func TestNobodyQueuesBehindAMigration(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, held, up, undone string }{
		{"add column", "select * from busy /* the long report */", "alter table busy add c int", "SELECT count(*) = 0 FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'c'"},
		{"create index", "update busy set a = 0 where id = -1 /* the long report */", "create index busy_a on busy (a)", "SELECT to_regclass('busy_a') IS NULL"},
		{"set not null", "select * from busy /* the long report */", "alter table busy alter a set not null", "SELECT NOT attnotnull FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'a'"},
		{"add foreign key", "update far set a = 0 where id = -1 /* the long report */", "alter table busy add foreign key (a) references far", "SELECT count(*) = 0 FROM pg_constraint WHERE conrelid = 'busy'::regclass AND contype = 'f'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.exec("create table far (id int primary key, a int); create table busy (id int primary key, a int); insert into far select g, 1 from generate_series(1, 9) g; insert into busy select g, 1 from generate_series(0, 9999) g")
			release := b.holdOpen(tt.held)
			tr := b.traffic(2, "update busy set a = 1 where id = %d")
			watcher, err := b.db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer watcher.Close()
			p := b.applying(b.planned(b.step(1, tt.up, "select 1")))
			said := 0
			for samples := 0; said < 2 || samples < 200; samples++ {
				if n := b.behindUs(watcher); n > 0 {
					t.Fatalf("%d sessions wait behind the migration", n)
				}
				select {
				case line := <-p.said:
					said++
					for _, part := range []string{"blocked by pid ", "idle in transaction", "the long report", "SELECT pg_terminate_backend(", "nobody queues behind them"} {
						if !strings.Contains(line, part) {
							t.Errorf("said %q, want %q in it", line, part)
						}
					}
				case err := <-p.ended:
					t.Fatalf("ended early: %v", err)
				default:
				}
			}
			b.want(tt.undone, "t")
			if n := tr.served.Load(); n == 0 {
				t.Error("there was no traffic: the test shows nothing")
			}
			release()
			if err := <-p.ended; err != nil {
				t.Fatal(err)
			}
			b.want(tt.undone, "f")
			if p.Figures["tries"].(int) < 3 || p.Figures["lock_wait_ms"].(int64) == 0 {
				t.Errorf("figures %v", p.Figures)
			}
		})
	}
}

// A table that short transactions use without a break is never free at the
// instant of a request that does not wait.
func TestATableThatIsNeverFree(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table busy (id int primary key, a int); insert into busy select g, 1 from generate_series(0, 9999) g")
	// Two at a time keep the lock and hand it over before they let it go.
	relay := b.traffic(6, "begin; lock table busy in row exclusive mode; select pg_sleep(0.005); update busy set a = a where id = %d; commit")
	for relay.served.Load() < 20 {
		time.Sleep(time.Millisecond)
	}
	for i, up := range []string{"alter table busy add c int", "create index busy_a on busy (a)", "alter table busy alter a set not null"} {
		result := b.apply(b.planned(b.step(i+1, up, "select 1")))
		if result.Figures["lock_queued_ms"].(int64) > 1000 { // 40 ms, and room for a machine under load
			t.Errorf("%s: figures %v", up, result.Figures)
		}
	}
}

// What was taken before a miss is given back.
func TestNoLockIsHeldWhileAnotherIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table aaa (id int); create table busy (id int)")
	release := b.holdOpen("select * from busy")
	p := b.applying(b.planned(b.step(1, "alter table aaa add b int; alter table busy add b int", "select 1")))
	<-p.said
	for range 50 {
		tx, err := b.db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		// A NOWAIT of ours may hold aaa for the blink until busy is refused.
		_, err = tx.ExecContext(t.Context(), "set local lock_timeout = '10s'; lock table aaa in access exclusive mode; select count(*) from aaa")
		if err := errors.Join(err, tx.Rollback()); err != nil {
			t.Fatal(err)
		}
	}
	b.want("SELECT to_regclass('lockstep.history') IS NULL", "t") // all of the try is undone
	release()
	if err := <-p.ended; err != nil {
		t.Fatal(err)
	}
}

func TestTheBudgetEndsWithNamesAndRemedies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table busy (id int)")
	release := b.holdOpen("insert into busy values (1) /* the long import */")
	defer release()
	req := b.planned(b.step(1, "create index busy_id on busy (id)", "drop index busy_id"))
	req.Step.Timeout = plans.Duration(2 * time.Second)
	_, err := postgres.New().Apply(t.Context(), req)
	if !errors.Is(err, providers.ErrBlocked) {
		t.Fatalf("got %v", err)
	}
	pid := b.get("SELECT pid FROM pg_stat_activity WHERE query LIKE '%the long import%' AND pid <> pg_backend_pid() AND datname = current_database()")
	for _, part := range []string{
		"m/0001_step.up.sql", "ShareLock on public.busy", "blocked by pid " + pid + " (user postgres, unnamed application, idle in transaction, transaction open for ",
		"RowExclusiveLock on busy", "the long import", "user postgres or a superuser: SELECT pg_terminate_backend(" + pid + ")", "nothing is changed", "apply again",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %v", part, err)
		}
	}
	b.verdict(req, providers.Absent)
}

func TestPreparedTransactionsAreNamed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if b.get("SELECT current_setting('max_prepared_transactions')") == "0" {
		t.Fatal("the cluster allows no prepared transactions")
	}
	b.exec("create table busy (id int)")
	b.exec("begin; lock table busy in share mode; prepare transaction 'left behind'")
	defer b.exec("rollback prepared 'left behind'")
	req := b.planned(b.step(1, "alter table busy add c int", "select 1"))
	req.Step.Timeout = plans.Duration(time.Second)
	_, err := postgres.New().Apply(t.Context(), req)
	if err == nil || !strings.Contains(err.Error(), `prepared transaction "left behind" (user postgres`) || !strings.Contains(err.Error(), `ROLLBACK PREPARED 'left behind'`) {
		t.Errorf("got %v", err)
	}
}

// A role that may not see other sessions' activity still learns who it is.
func TestBlockersSeenByAnOrdinaryRole(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	name := b.get("SELECT current_database()")
	role := "plain_" + name
	b.exec(fmt.Sprintf(`create role %[1]s login; grant all on schema public to %[1]s; grant create on database %[2]s to %[1]s;
		create table busy (id int); alter table busy owner to %[1]s`, role, name))
	url := b.url
	t.Cleanup(func() { dropRole(t, url, role) })
	release := b.holdOpen("select * from busy")
	b.url = strings.Replace(b.url, "//postgres@", "//"+role+"@", 1)
	p := b.applying(b.planned(b.step(1, "alter table busy add c int", "select 1")))
	if line := <-p.said; !strings.Contains(line, "blocked by pid ") || !strings.Contains(line, "user postgres, ") || !strings.Contains(line, "AccessShareLock on busy") {
		t.Errorf("said %q", line)
	}
	release()
	if err := <-p.ended; err != nil {
		t.Fatal(err)
	}
}

// An autovacuum gives way to a request that waits for a second; ours never
// wait so long, so it is told to.
func TestTheLocksAreGivenBackAfterAFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table busy (id int)")
	req := b.planned(b.step(1, "alter table busy add c int; select 1/0", "select 1"))
	if _, err := postgres.New().Apply(t.Context(), req); err == nil {
		t.Fatal("it succeeded")
	}
	b.want("SELECT count(*) FROM pg_locks l WHERE l.relation = 'busy'::regclass", "0")
	b.exec("alter table busy add c int")
}
