package faultproxy_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/faultproxy"
	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

var cluster = pgtest.NewCluster(pgtest.Options{})

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

// front starts a proxy and returns the URL of a fresh database behind it, and
// a connection that goes around it.
func front(t *testing.T) (*faultproxy.Proxy, string, *sql.DB) {
	t.Helper()
	direct := cluster.Database(t)
	u, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	p, err := faultproxy.Start(t.Context(), "unix", filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	u.Host, u.RawQuery = p.Address(), "sslmode=disable&application_name=fronted"
	db, err := sql.Open("postgres", direct)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE a (n int)"); err != nil {
		t.Fatal(err)
	}
	return p, u.String(), db
}

// insert runs one transaction on a connection of its own.
func insert(t *testing.T, address string) error {
	t.Helper()
	connector, err := pq.NewConnector(address)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, statement := range []string{"BEGIN", "INSERT INTO a VALUES (1)", "COMMIT"} {
		if _, err := c.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func number(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func names(list []faultproxy.Message) []string {
	var names []string
	for _, m := range list {
		names = append(names, m.String())
	}
	return names
}

const backends = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fronted' AND datname = current_database()"

func await(t *testing.T, what string, reached func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !reached(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not reached: " + what)
		}
	}
}

func TestMessagesAreHandedOnAndCounted(t *testing.T) {
	t.Parallel()
	p, address, db := front(t)
	p.Arm(faultproxy.Fault{})
	if err := insert(t, address); err != nil {
		t.Fatal(err)
	}
	want := []string{"StartupMessage", "Query BEGIN", "Query INSERT INTO a VALUES (1)", "Query COMMIT", "Terminate"}
	await(t, "the client's last message", func() bool { return len(p.Seen(faultproxy.Client)) == len(want) })
	if got := names(p.Seen(faultproxy.Client)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	got := names(p.Seen(faultproxy.Server))
	if i := slices.Index(got, "CommandComplete INSERT 0 1"); i < 0 || got[i+1] != "ReadyForQuery in a transaction" {
		t.Errorf("got %q", got)
	}
	if n := number(t, db, "SELECT count(*) FROM a"); n != 1 {
		t.Errorf("got %d rows", n)
	}
	if m, happened := p.Happened(); happened {
		t.Errorf("a fault at %s", m)
	}
}

func TestRequestForEncryptionIsAnswered(t *testing.T) {
	t.Parallel()
	p, address, _ := front(t)
	p.Arm(faultproxy.Fault{})
	if err := insert(t, strings.Replace(address, "disable", "prefer", 1)); err != nil {
		t.Fatal(err)
	}
	if got := names(p.Seen(faultproxy.Client)); got[0] != "SSLRequest" || got[1] != "StartupMessage" {
		t.Errorf("got %q", got)
	}
	if got := names(p.Seen(faultproxy.Server)); got[0] != "encryption N" {
		t.Errorf("got %q", got)
	}
}

// Every message of a transaction, on both sides of it: what was committed
// depends on the place alone, and nothing stays on the server.
func TestCutAtEveryMessage(t *testing.T) {
	t.Parallel()
	p, address, db := front(t)
	p.Arm(faultproxy.Fault{})
	if err := insert(t, address); err != nil {
		t.Fatal(err)
	}
	client := p.Seen(faultproxy.Client)
	answers := p.Seen(faultproxy.Server)
	commit := slices.IndexFunc(client, func(m faultproxy.Message) bool { return m.String() == "Query COMMIT" }) + 1
	committed := slices.IndexFunc(answers, func(m faultproxy.Message) bool { return m.String() == "CommandComplete COMMIT" }) + 1
	if commit == 0 || committed == 0 {
		t.Fatalf("no commit in %q and %q", names(client), names(answers))
	}
	for from, list := range map[faultproxy.Side][]faultproxy.Message{faultproxy.Client: client, faultproxy.Server: answers} {
		for i := range list {
			for _, before := range []bool{true, false} {
				n := i + 1
				there := from == faultproxy.Client && (n > commit || n == commit && !before) || from == faultproxy.Server && n >= committed
				seen := from == faultproxy.Client && n > commit || from == faultproxy.Server && n == len(answers) && !before
				c := cutTrial{p: p, address: address, db: db, there: there, seen: seen}
				c.try(t, faultproxy.Fault{From: from, Number: n, Before: before})
			}
		}
	}
}

// cutTrial is what a cut is to leave: the row, and whether the client knows.
type cutTrial struct {
	p           *faultproxy.Proxy
	address     string
	db          *sql.DB
	there, seen bool
}

func (c cutTrial) try(t *testing.T, fault faultproxy.Fault) {
	t.Helper()
	p, db := c.p, c.db
	if _, err := db.ExecContext(t.Context(), "TRUNCATE a"); err != nil {
		t.Fatal(err)
	}
	p.Arm(fault)
	err := insert(t, c.address)
	await(t, "the fault", func() bool { _, happened := p.Happened(); return happened })
	await(t, "the end of the backends", func() bool { return number(t, db, backends) == 0 })
	m, _ := p.Happened()
	if got := number(t, db, "SELECT count(*) FROM a") == 1; got != c.there {
		t.Errorf("cut at %v's %d (%s), before it %v: there %v, want %v", fault.From, fault.Number, m, fault.Before, got, c.there)
	}
	if (err == nil) != c.seen {
		t.Errorf("cut at %v's %d (%s), before it %v: the client says %v", fault.From, fault.Number, m, fault.Before, err)
	}
}

// The server that does not notice keeps its transaction open; the client knows.
func TestCutThatTheServerDoesNotNotice(t *testing.T) {
	t.Parallel()
	p, address, db := front(t)
	p.Arm(faultproxy.Fault{From: faultproxy.Client, Number: 4, Before: true, Hides: faultproxy.HidesFromServer})
	if err := insert(t, address); err == nil {
		t.Error("the client does not notice")
	}
	if n := number(t, db, backends+" AND state = 'idle in transaction'"); n != 1 {
		t.Errorf("%d transactions are open, want 1", n)
	}
	p.Arm(faultproxy.Fault{})
	if err := insert(t, address); err != nil {
		t.Errorf("the next connection: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	await(t, "the end of the backends", func() bool { return number(t, db, backends) == 0 })
	if n := number(t, db, "SELECT count(*) FROM a"); n != 1 {
		t.Errorf("got %d rows, want 1", n)
	}
}

// The client that does not notice waits for as long as it wants to.
func TestCutThatTheClientDoesNotNotice(t *testing.T) {
	t.Parallel()
	p, address, db := front(t)
	p.Arm(faultproxy.Fault{From: faultproxy.Client, Number: 4, Hides: faultproxy.HidesFromClient})
	ended := make(chan error, 1)
	go func() { ended <- insert(t, address) }()
	await(t, "the commit", func() bool { return number(t, db, "SELECT count(*) FROM a") == 1 })
	await(t, "the end of the backends", func() bool { return number(t, db, backends) == 0 })
	select {
	case err := <-ended:
		t.Errorf("the client ended: %v", err)
	default:
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("the client has an answer")
	}
}

func TestSomethingElseHappensAtAMessage(t *testing.T) {
	t.Parallel()
	p, address, db := front(t)
	rows := -1
	p.Arm(faultproxy.Fault{From: faultproxy.Server, Number: 1, Before: true, Keep: true, Do: func() {
		rows = number(t, db, "SELECT count(*) FROM a")
	}})
	if err := insert(t, address); err != nil {
		t.Fatal(err)
	}
	if rows != 0 {
		t.Errorf("found %d rows", rows)
	}
}

func TestServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	p, err := faultproxy.Start(t.Context(), "unix", filepath.Join(t.TempDir(), "nobody"))
	if err != nil {
		t.Fatal(err)
	}
	if err := insert(t, "postgres://nobody@"+p.Address()+"/x?sslmode=disable"); err == nil {
		t.Error("connected")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
