package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// A COMMIT whose answer is lost: the client sees the same error whether the
// server committed or not, and must find out.
func TestConnectionLostAroundCommit(t *testing.T) {
	t.Parallel()
	for _, reached := range []bool{false, true} {
		t.Run(fmt.Sprint("commit reached the server: ", reached), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			req := b.step(1, "create table a (id int)", "drop table a")
			cut := newCutter(t, b.url, reached)
			direct := b.url
			b.url = cut.url
			req.Settings = b.settings("")
			_, err := postgres.New().Apply(t.Context(), req)
			b.url = direct
			req.Settings = b.settings("")
			if !cut.fired.Load() {
				t.Fatal("the proxy never saw the commit")
			}
			if reached {
				if err != nil {
					t.Errorf("committed, but: %v", err)
				}
				b.verdict(req, providers.Done)
			} else {
				if err == nil {
					t.Error("undone, but no error")
				}
				b.verdict(req, providers.Absent)
			}
			b.apply(req)
			b.want("SELECT count(*) FROM lockstep.history", "1")
			b.rollback(req)
		})
	}
}

// cutter is a proxy that ends the connection of the migration's COMMIT,
// before or after the server has seen it.
type cutter struct {
	url   string
	fired atomic.Bool
}

func newCutter(t *testing.T, target string, reached bool) *cutter {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	socket := q.Get("host") + "/.s.PGSQL.5432"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	c := &cutter{}
	q.Del("host")
	u.Host, u.RawQuery = listener.Addr().String(), q.Encode()
	c.url = u.String()
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go c.serve(client, socket, reached)
		}
	}()
	return c
}

func (c *cutter) serve(client net.Conn, socket string, reached bool) {
	defer client.Close()
	server, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer server.Close()
	silent := atomic.Bool{}
	go func() {
		_, _ = io.Copy(muted{client, &silent}, server)
		client.Close()
	}()
	in := bufio.NewReader(client)
	buf := make([]byte, 64<<10)
	for {
		n, err := in.Read(buf)
		if err != nil {
			return
		}
		if strings.Contains(string(buf[:n]), "COMMIT\x00") && c.fired.CompareAndSwap(false, true) {
			if !reached {
				return
			}
			silent.Store(true)
			_, _ = server.Write(buf[:n])
			time.Sleep(50 * time.Millisecond) // the server commits meanwhile; the client asks it either way
			return
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

type muted struct {
	io.Writer
	silent *atomic.Bool
}

func (m muted) Write(p []byte) (int, error) {
	if m.silent.Load() {
		return len(p), nil
	}
	return m.Writer.Write(p)
}

// A CREATE INDEX CONCURRENTLY that dies after it has made the index leaves it
// INVALID: Probe says partial, Apply drops and builds it again, Rollback
// takes it away.
func TestInvalidIndexIsMended(t *testing.T) {
	t.Parallel()
	for _, goal := range []string{"apply", "rollback"} {
		t.Run(goal, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.exec("create table busy (id int); insert into busy select generate_series(1, 1000)")
			req := b.step(2, "create index concurrently ix on busy (id)", "drop index concurrently ix")
			req.Step.Migration.Mode = "statement"
			leaveInvalid(t, b, req)
			b.verdict(req, providers.Partial)
			if goal == "apply" {
				b.apply(req)
				b.want("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix'::regclass", "t")
				b.want("SELECT count(*) FROM pg_index WHERE indrelid = 'busy'::regclass", "1")
				b.verdict(req, providers.Done)
				b.want("SELECT count(*) FROM lockstep.statement_receipt", "0")
			}
			b.rollback(req)
			b.verdict(req, providers.Absent)
			b.want("SELECT count(*) FROM pg_index WHERE indrelid = 'busy'::regclass", "0")
			b.want("SELECT count(*) FROM lockstep.statement_receipt", "0")
		})
	}
}

// Killed between the receipt that a statement begins and the statement itself:
// nothing is there, so the way back runs no down file, which would fail, and
// takes the receipt away, which would hold the next try to this content.
func TestRollbackForgetsWhatNeverRan(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply(b.step(1, "create table busy (id int, n int)", "drop table busy"))
	req := b.step(2, "create index concurrently ix on busy (id)", "drop index concurrently ix")
	req.Step.Migration.Mode = "statement"
	begun := string(plans.DigestOf([]byte("create index concurrently ix on busy (id)")))
	b.exec("insert into lockstep.statement_receipt values (2, 'up', 0, '" + begun + "', 'r1', 'x', now(), false)")
	b.verdict(req, providers.Absent)
	b.rollback(req)
	b.want("SELECT count(*) FROM lockstep.statement_receipt", "0")
	edited := b.step(2, "create index concurrently ix on busy (n)", "drop index concurrently ix")
	edited.Step.Migration.Mode = "statement"
	b.apply(edited)
	b.verdict(edited, providers.Done)
}

// leaveInvalid ends the build while it waits for an older transaction, which
// it does after the index is in the catalog.
func leaveInvalid(t *testing.T, b *bench, req providers.Request) {
	t.Helper()
	old, err := b.db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.ExecContext(context.Background(), "lock table busy in row exclusive mode"); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := postgres.New().Apply(context.Background(), req)
		ended <- err
	}()
	b.await(t, "SELECT count(*) > 0 FROM pg_index WHERE indrelid = 'busy'::regclass AND NOT indisvalid")
	// With its guard, too, it would connect again and wait for the older one.
	b.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'create index%' AND application_name LIKE 'lockstep/%' AND datname = current_database()")
	if err := <-ended; err == nil {
		t.Fatal("a build whose connection was ended says that it is done")
	}
	if err := old.Rollback(); err != nil {
		t.Fatal(err)
	}
	b.want("SELECT indisvalid FROM pg_index WHERE indrelid = 'busy'::regclass", "f")
}

func TestStatementFileResumesBehindWhatIsDone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table busy (id int)")
	up := "-- lockstep:no-transaction\ncreate table first (id int);\ncreate index concurrently ix on busy (id);\nselect 1/(select count(*) from busy);"
	req := b.step(2, up, "drop index ix;\ndrop table first;")
	req.Step.Migration.Mode = "statement"
	_, err := postgres.New().Apply(t.Context(), req)
	if err == nil || !strings.Contains(err.Error(), "m/0002_step.up.sql:4: division by zero") {
		t.Fatalf("got %v", err)
	}
	// SELECT leaves no trace, but it would have left its receipt.
	b.verdict(req, providers.Partial)
	b.exec("insert into busy values (1)")
	b.apply(req)
	b.verdict(req, providers.Done)
	b.rollback(req)
	b.want("SELECT to_regclass('first') IS NULL AND to_regclass('ix') IS NULL", "t")
	b.verdict(req, providers.Absent)
}

// Probe ends the orphan of a process that died, and only then looks.
func TestProbeEndsOrphans(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.step(1, "create table a (id int); select pg_sleep(600)", "drop table a")
	ended, stop := b.asleep(t, req)
	b.verdict(req, providers.Absent)
	stop() // what is left of it would connect again and go on
	if err := <-ended; err == nil {
		t.Error("the orphan says that it is done")
	}
	b.await(t, "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name LIKE 'lockstep/%' AND datname = current_database()")
}

// asleep applies a step that sleeps, and returns once it does.
func (b *bench) asleep(t *testing.T, req providers.Request) (ended chan error, stop func()) {
	t.Helper()
	ended = make(chan error, 1)
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	go func() {
		_, err := postgres.New().Apply(ctx, req)
		ended <- err
	}()
	b.await(t, "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND wait_event = 'PgSleep' AND datname = current_database() AND pid <> pg_backend_pid()")
	return ended, stop
}

// A transaction that goes by another name is not ended, and not overlooked.
func TestProbeSeesHiddenOrphans(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.step(1, "set application_name = 'nobody'; create table a (id int); select pg_sleep(600)", "drop table a")
	ended, stop := b.asleep(t, req)
	b.verdict(req, providers.InFlight)
	b.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nobody' AND datname = current_database()")
	stop()
	if err := <-ended; err == nil {
		t.Error("the orphan says that it is done")
	}
	b.verdict(req, providers.Absent)
}
