package postgres_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/faultproxy"
	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// many is enough files for several rows.
const many = 40

func TestRowsAreSentAhead(t *testing.T) {
	t.Parallel()
	r := newRow(newBench(t), tables(many)...)
	for i, req := range r.steps {
		result, err := postgres.New().Apply(t.Context(), req)
		if want := fmt.Sprintf("%d -> %d", i+1, i+2); err != nil || !result.Changed || result.Summary != want {
			t.Fatalf("step %d: %+v, %v, expected %s", i, result, err, want)
		}
		// The second step takes its row along, and sends the one after it.
		if i == 1 && !slices.Contains(r.ahead, r.steps[20].Step.Address) {
			t.Fatalf("after the second step: ahead %q", r.ahead)
		}
	}
	r.want(`SELECT count(*), count(DISTINCT xid), max(version) FROM lockstep.history`, "41,41,41")
	r.want(`SELECT bool_and(h.xid = c.xmin::text) FROM lockstep.history h JOIN pg_class c ON c.relname = 't' || h.version`, "t")
	once := slices.Compact(slices.Sorted(slices.Values(r.ahead)))
	if len(once) != len(r.ahead) {
		t.Errorf("sent twice: %q", r.ahead)
	}
}

func TestARowSentAheadEndsAtItsFirstError(t *testing.T) {
	t.Parallel()
	files := tables(many)
	files[24] = "create table x (id int);\n\ncreate table t2 (id int)" // which is there
	r := newRow(newBench(t), files...)
	results, err := r.applyAll()
	if err == nil || !strings.Contains(err.Error(), `"t2" already exists`) || len(results) != 24 {
		t.Fatalf("%d done, %v", len(results), err)
	}
	if !slices.Contains(r.ahead, r.steps[24].Step.Address) {
		t.Errorf("it was not in a row: %q", r.ahead)
	}
	r.want(`SELECT max(version), count(*), to_regclass('x') IS NULL AND to_regclass('t27') IS NULL FROM lockstep.history`, "25,25,t")
}

// When nothing follows any more, what was sent ahead is ended: each of its
// files is there with its receipt or not at all, and the next run goes on.
func TestWhatWasSentAheadEndsWithTheRun(t *testing.T) {
	t.Parallel()
	files := tables(many)
	files[20] = "create table slow as select pg_sleep(600)::text as slept"
	r := newRow(newBench(t), files...)
	for _, req := range r.steps[:3] {
		if _, err := postgres.New().Apply(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	r.await(t, `SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()`)
	if err := r.held.Close(); err != nil {
		t.Fatal(err)
	}
	r.await(t, `SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name LIKE 'lockstep/%' AND datname = current_database()`)
	r.want(`SELECT count(*), max(version), to_regclass('slow') IS NULL FROM lockstep.history`, "21,21,t")
	r.verdict(r.steps[19], providers.Done)
	r.verdict(r.steps[20], providers.Absent)
	mended := r.planned(r.step(22, "create table t22 (id int)", "drop table t22"))
	r.steps[20].Step = mended.Step
	if _, err := r.applyAll(); err != nil {
		t.Fatal(err)
	}
	r.want(`SELECT count(*), max(version) FROM lockstep.history`, "41,41")
}

func TestALostAnswerToWhatWasSentAheadIsRead(t *testing.T) {
	t.Parallel()
	for _, before := range []bool{true, false} {
		t.Run(fmt.Sprintf("before=%t", before), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			direct := b.url
			r := newRow(b, tables(many)...)
			p := r.behindProxy()
			p.Arm(faultproxy.Fault{From: faultproxy.Client, Says: "create table t25 ", Before: before})
			results, err := r.applyAll()
			for range 2 {
				if err != nil {
					results, err = r.applyAll()
				}
			}
			if _, happened := p.Happened(); err != nil || !happened || len(results) != many {
				t.Fatalf("%d done, %v; cut: %t", len(results), err, happened)
			}
			b.url = direct
			b.want(`SELECT count(*), max(version) FROM lockstep.history`, "41,41")
		})
	}
}

// A row's commits do not each wait for the disk. What is read of one that was
// cut off must be there after a crash of the server all the same.
func TestWhatIsReadOfARowIsDurable(t *testing.T) {
	t.Parallel()
	lazy := pgtest.Options{Settings: map[string]string{"wal_writer_delay": "10s"}}
	server, err := pgtest.Start(lazy)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	b := &bench{t: t, url: server.URL("postgres"), blobs: map[plans.Digest][]byte{}}
	if b.db, err = sql.Open("postgres", b.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.db.Close() })
	files := tables(8)
	files[6] = "create table t2 (id int)" // which is there
	r := newRow(b, files...)
	if results, err := r.applyAll(); err == nil || len(results) != 6 {
		t.Fatalf("%d done, %v", len(results), err)
	}
	if !slices.Contains(r.ahead, r.steps[6].Step.Address) {
		t.Errorf("it was not in a row: %q", r.ahead)
	}
	if err := server.Restart(lazy); err != nil {
		t.Fatal(err)
	}
	b.db.SetMaxIdleConns(0) // those there are are broken
	r.want(`SELECT count(*), max(version), to_regclass('t7') IS NOT NULL FROM lockstep.history`, "7,7,t")

	b.exec("begin; set local synchronous_commit = off; delete from lockstep.history where version = 7; update schema_migrations set version = 6; commit")
	b.verdict(r.steps[5], providers.Absent)
	if err := server.Restart(lazy); err != nil {
		t.Fatal(err)
	}
	b.verdict(r.steps[5], providers.Absent)
}
