package rehearse

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/plans"
)

// childVariable makes this test program rehearse on the server that the
// variable names, say when it is in the middle, and wait there.
const childVariable = "LOCKSTEP_TEST_REHEARSAL_CHILD"

func child(scratch string) int {
	_, err := Run(context.Background(), Request{Scratch: scratch, Pending: stranded(), Begin: func(f plans.MigrationFile) {
		if f.Version == 2 {
			fmt.Println("in the middle")
			_, _ = io.Copy(io.Discard, os.Stdin)
		}
	}})
	fmt.Println(err)
	return 1
}

func stranded() []plans.MigrationFile {
	return files("CREATE TABLE a (id int);", "DROP TABLE a;", "CREATE TABLE b (id int);", "DROP TABLE b;")
}

// TestAKilledRehearsalIsClearedByTheNext kills one in its middle, and rehearses
// again at once.
func TestAKilledRehearsalIsClearedByTheNext(t *testing.T) {
	t.Parallel()
	scratch := named(t)
	killed := exec.CommandContext(t.Context(), os.Args[0])
	killed.Env = append(os.Environ(), childVariable+"="+scratch)
	in, err := killed.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := killed.StdoutPipe()
	if err == nil {
		err = killed.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if !strings.Contains(line, "in the middle") {
		t.Errorf("the child says %q, %v", line, err)
	}
	if err := killed.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = killed.Wait() // it was killed
	db := open(t, scratch)
	for claimed, deadline := true, time.Now().Add(time.Minute); claimed && time.Now().Before(deadline); {
		if err := db.QueryRowContext(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')").Scan(&claimed); err != nil {
			t.Fatal(err)
		}
	}
	var left int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_database WHERE datname ~ '^lockstep'").Scan(&left); err != nil || left == 0 {
		t.Errorf("the killed one has left %d databases, %v", left, err)
	}
	if done := rehearsed(t, Request{Scratch: scratch, Pending: stranded()}); !done.Files[2].Rehearsal.Restores {
		t.Errorf("%+v", done)
	}
	nothingLeft(t, scratch)
}

// TestTwoAtOnce share a server and nothing else.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	url, scratch := target(t), named(t)
	var done [3]Result
	var failures [3]error
	var group sync.WaitGroup
	for i := range done {
		group.Go(func() {
			done[i], failures[i] = Run(t.Context(), Request{Target: url, Scratch: scratch, Pending: pending()[:5], Omit: []string{"schema_migrations"}})
		})
	}
	group.Wait()
	for i := range done {
		if failures[i] != nil || !reflect.DeepEqual(done[i], done[0]) || !done[i].Files[1].Rehearsal.Restores {
			t.Errorf("%d: %v\n%+v\n%+v", i, failures[i], done[i], done[0])
		}
	}
	nothingLeft(t, scratch)
}

// TestTheTargetIsOnlyRead has a server to itself: no transaction there gets a
// number, which the first thing that any transaction writes would give it.
func TestTheTargetIsOnlyRead(t *testing.T) {
	t.Parallel()
	targets.Installed(t)
	server, err := pgtest.Start(pgtest.Options{Settings: map[string]string{"autovacuum": "off"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	url := server.URL("postgres")
	run(t, url, "CREATE ROLE reader LOGIN; CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders VALUES (1, 'x'); GRANT SELECT ON orders TO reader",
		"CREATE SEQUENCE s; GRANT SELECT ON s TO reader")
	written := func() (number string) {
		t.Helper()
		if err := open(t, url).QueryRowContext(t.Context(), "SELECT txid_snapshot_xmax(txid_current_snapshot()) || ' ' || last_value FROM s").Scan(&number); err != nil {
			t.Fatal(err)
		}
		return number
	}
	for name, r := range map[string]Request{
		"superuser": {Target: url}, "weak": {Target: strings.Replace(url, "postgres@", "reader@", 1)}, "named": {Target: url, Scratch: named(t)},
	} {
		before := written()
		r.Sample, r.Queries = 5, write(t, "q.sql", "SELECT nextval('s'); INSERT INTO orders VALUES (2);")
		r.Pending = files("ALTER TABLE orders ADD n int;", "ALTER TABLE orders DROP n;", "UPDATE orders SET n = nextval('s');", "")
		if done := rehearsed(t, r); done.Basis != BasisTarget {
			t.Errorf("%s: %+v", name, done)
		}
		if after := written(); after != before {
			t.Errorf("%s: the target was at %s and is at %s", name, before, after)
		}
	}
}
