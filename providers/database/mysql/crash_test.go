package mysql_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/mysql"
)

// The server goes on with a statement whose client was killed. Probe ends it,
// and only then looks.
func TestProbeEndsWhatAKilledProcessLeft(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.step(1, "create table a (id int);\ncreate table slow as select sleep(600) as s;", "drop table slow;\ndrop table a;")
	b.kill(t, req, func() { b.running(t, "create table slow") })
	b.running(t, "create table slow") // the server does not know yet
	b.verdict(req, providers.Partial)
	b.want("SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'create table slow%'", "0")
	b.rollback(req)
	b.verdict(req, providers.Absent)
	if got := b.tables(); got != "" {
		t.Errorf("left: %s", got)
	}
}

func TestKilledTransactionIsUndone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table a (id int)")
	req := b.rows(1, "insert into a values (1);\ninsert into a select sleep(600);", "delete from a")
	b.kill(t, req, func() { b.running(t, "insert into a select sleep") })
	b.verdict(req, providers.Absent)
	b.want("SELECT COUNT(*) FROM a", "0")
	b.want("SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'insert into a%'", "0")
}

// A process that died after its statement, and before the receipt said so.
func TestWhatIsThereIsFoundInTheCatalog(t *testing.T) {
	t.Parallel()
	forms := []struct{ name, before, up, down string }{
		{"table", "", "create table a (id int)", "drop table a"},
		{"view", "", "create view a as select 1 as n", "drop view a"},
		{"column", "create table a (id int)", "alter table a add column n int, add m int", "alter table a drop column n, drop m"},
		{"columns in parentheses", "create table a (id int)", "alter table a add column (n int, m int)", "alter table a drop n, drop m"},
		{"dropped column", "create table a (id int, n int)", "alter table a drop column n", "alter table a add column n int"},
		{"renamed column", "create table a (id int, n int)", "alter table a rename column n to m", "alter table a rename column m to n"},
		{"changed column", "create table a (id int, n int)", "alter table a change n m bigint", "alter table a change m n int"},
		{"index", "create table a (id int)", "create index i on a (id)", "drop index i on a"},
		{"added index", "create table a (id int not null)", "alter table a add unique key i (id), add primary key (id)", "alter table a drop key i, drop primary key"},
		{"renamed index", "create table a (id int, key i (id))", "alter table a rename index i to j", "alter table a rename index j to i"},
		{"constraint", "create table a (id int)", "alter table a add constraint c check (id > 0)", "alter table a drop constraint c"},
		{"foreign key", "create table p (id int primary key); create table a (id int)", "alter table a add constraint f foreign key (id) references p (id)", "alter table a drop foreign key f, drop index f"},
		{"renamed tables", "create table a (id int); create table c (id int)", "rename table a to b, c to d", "rename table d to c, b to a"},
		{"renamed by alter", "create table a (id int)", "alter table a rename to b", "alter table b rename a"},
		{"partition", "create table a (id int) partition by range (id) (partition p1 values less than (1))", "alter table a add partition (partition p2 values less than (2))", "alter table a drop partition p2"},
		{"procedure", "", "create procedure p() begin select 1; end", "drop procedure p"},
		{"trigger", "create table a (id int)", "create trigger g before insert on a for each row set new.id = 1", "drop trigger g"},
		{"event", "", "create event e on schedule every 1 day do select 1", "drop event e"},
		{"upper case", "", "CREATE TABLE `A` (id INT)", "DROP TABLE `A`"},
	}
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if form.before != "" {
				b.exec(form.before)
			}
			before := b.signature()
			req := b.step(1, form.up, form.down)
			b.apply(req)
			b.forgetEnd(req)
			b.verdict(req, providers.Partial)
			b.apply(req)
			b.verdict(req, providers.Done)
			b.forgetEnd(req)
			b.rollback(req)
			b.verdict(req, providers.Absent)
			if got := b.signature(); !strings.HasPrefix(got, before) {
				t.Errorf("got\n%s\nwant\n%s", got, before)
			}
		})
	}
}

// forgetEnd leaves the books as a process does that dies after its statement
// and before the receipt of that.
func (b *bench) forgetEnd(req providers.Request) {
	b.t.Helper()
	text := string(b.blobs[req.Step.Migration.Up])
	b.exec("delete from schema_migrations; delete from lockstep_history; insert into lockstep_statement_receipt values " +
		fmt.Sprintf("(1, 'up', 0, '%s', 'r1', 's', now(), false)", b.blob(text)))
}

func TestNobodyKnowsWhetherRowsWereChanged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table a (id int)")
	req := b.step(1, "-- lockstep:no-transaction\ninsert into a values (1)", "delete from a")
	b.apply(req)
	b.exec("delete from schema_migrations; delete from lockstep_history; insert into lockstep_statement_receipt values " +
		fmt.Sprintf("(1, 'up', 0, '%s', 'r1', 's', now(), false)", b.blob("insert into a values (1)")))
	b.verdict(req, providers.Unknown)
	b.refused(req, "the catalog does not tell whether it ended; look, then decide")
}

func TestOverdueStatementIsEnded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.step(1, "create table slow as select sleep(600) as s", "drop table slow")
	req.Settings = []byte(strings.Replace(string(req.Settings), `"statement_timeout":"1m"`, `"statement_timeout":"1s"`, 1))
	b.refused(req, "m/0001_step.up.sql:1: the statement ran longer than statement_timeout and was ended")
	b.verdict(req, providers.Absent)
}

// A reader that has forgotten its transaction holds the table. The migration
// does not queue in front of the application, and says who is in the way.
func TestApplicationDoesNotQueueBehindUs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table busy (id int primary key, n int); insert into busy values (1, 1)")
	tx, err := b.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "select * from busy"); err != nil {
		t.Fatal(err)
	}
	req := b.step(1, "alter table busy add column step int", "alter table busy drop column step")
	told := make(chan string, 100)
	req.Progress = func(line string) { told <- line }
	ended := make(chan error, 1)
	go func() {
		_, err := mysql.New().Apply(context.Background(), req)
		ended <- err
	}()
	for range 2 {
		line := <-told
		if !strings.Contains(line, "m/0001_step.up.sql:1: try") || !strings.Contains(line, "lock timeout; blocked by connection") || !strings.Contains(line, "user root") {
			t.Errorf("said %q", line)
		}
		b.want("SELECT n FROM busy WHERE id = 1", "1") // while the reader holds on
		b.exec("update busy set n = n")
	}
	select {
	case err := <-ended:
		t.Fatalf("ended while it was blocked: %v", err)
	default:
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	b.verdict(req, providers.Done)
	b.want("SELECT tries > 1 AND lock_wait_ms > 0 FROM lockstep_history", "1")
}

func TestBlockedUntilPatienceEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table busy (id int primary key, n int); insert into busy values (1, 1)")
	_, release := b.block(t)
	req := b.step(1, "alter table busy add column step int", "")
	req.Step.Timeout = 2e9
	_, err := mysql.New().Apply(t.Context(), req)
	if !errors.Is(err, providers.ErrBlocked) || !strings.Contains(err.Error(), "undone each time: lock timeout; blocked by connection") {
		t.Errorf("got %v", err)
	}
	release()
	b.verdict(req, providers.Absent)
	b.apply(req)
}

// A COMMIT whose answer is lost: the client sees the same error whether the
// server committed or not, and must find out.
func TestConnectionLostAroundCommit(t *testing.T) {
	t.Parallel()
	for _, reached := range []bool{false, true} {
		t.Run(fmt.Sprint("commit reached the server: ", reached), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.exec("create table a (id int)")
			b.apply(b.step(1, "create table base (id int)", "drop table base"))
			direct := b.url
			cut := newCutter(t, cluster.Server(t).Socket(), reached)
			b.url = "mysql://root@tcp(" + cut.address + ")/" + b.name
			_, err := mysql.New().Apply(t.Context(), b.rows(2, "insert into a values (1)", "delete from a"))
			b.url = direct
			req := b.rows(2, "insert into a values (1)", "delete from a")
			if !cut.fired.Load() {
				t.Fatal("the proxy never saw the commit")
			}
			want := map[bool]providers.Verdict{false: providers.Absent, true: providers.Done}[reached]
			if (err == nil) != reached {
				t.Errorf("got %v", err)
			}
			b.verdict(req, want)
			b.apply(req)
			b.want("SELECT COUNT(*) FROM a", "1")
		})
	}
}

// cutter is a proxy that ends the connection of the migration's COMMIT, the
// one after the insert, before or after the server has seen it.
type cutter struct {
	address string
	fired   atomic.Bool
}

func newCutter(t *testing.T, socket string, reached bool) *cutter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	c := &cutter{address: listener.Addr().String()}
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
	var silent atomic.Bool
	go func() {
		_, _ = io.Copy(muted{client, &silent}, server)
		client.Close()
	}()
	in := bufio.NewReader(client)
	buf := make([]byte, 64<<10)
	inserted := false
	for {
		n, err := in.Read(buf)
		if err != nil {
			return
		}
		text := string(buf[:n])
		inserted = inserted || strings.Contains(text, "insert into a values")
		if inserted && strings.Contains(text, "\x03COMMIT") && c.fired.CompareAndSwap(false, true) {
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
