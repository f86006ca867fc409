package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/faultproxy"
	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// many is enough files for several rows.
const many = 80

func TestRowsAreSentAhead(t *testing.T) {
	t.Parallel()
	r := newRow(newBench(t), tables(many)...)
	for i, req := range r.steps {
		result, err := postgres.New().Apply(t.Context(), req)
		if want := fmt.Sprintf("%d -> %d", i+1, i+2); err != nil || !result.Changed || result.Summary != want {
			t.Fatalf("step %d: %+v, %v, expected %s", i, result, err, want)
		}
		// The second step takes its row along, and sends the one after it.
		if i == 1 && !slices.Contains(r.ahead, r.steps[40].Step.Address) {
			t.Fatalf("after the second step: ahead %q", r.ahead)
		}
	}
	r.want(`SELECT count(*), count(DISTINCT xid), max(version) FROM lockstep.history`, "81,81,81")
	r.want(`SELECT bool_and(h.xid = c.xmin::text) FROM lockstep.history h JOIN pg_class c ON c.relname = 't' || h.version`, "t")
	once := slices.Compact(slices.Sorted(slices.Values(r.ahead)))
	if len(once) != len(r.ahead) {
		t.Errorf("sent twice: %q", r.ahead)
	}
}

func TestARowSentAheadEndsAtItsFirstError(t *testing.T) {
	t.Parallel()
	files := tables(many)
	files[44] = "create table x (id int);\n\ncreate table t2 (id int)" // which is there
	r := newRow(newBench(t), files...)
	results, err := r.applyAll()
	if err == nil || !strings.Contains(err.Error(), `"t2" already exists`) || len(results) != 44 {
		t.Fatalf("%d done, %v", len(results), err)
	}
	if !slices.Contains(r.ahead, r.steps[44].Step.Address) {
		t.Errorf("it was not in a row: %q", r.ahead)
	}
	r.want(`SELECT max(version), count(*), to_regclass('x') IS NULL AND to_regclass('t47') IS NULL FROM lockstep.history`, "45,45,t")
}

// When nothing follows any more, what was sent ahead is ended: each of its
// files is there with its receipt or not at all, and the next run goes on.
func TestWhatWasSentAheadEndsWithTheRun(t *testing.T) {
	t.Parallel()
	files := tables(many)
	files[40] = "create table slow (id int)"
	b := newBench(t)
	b.sleepAt("public.slow")
	r := newRow(b, files...)
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
	r.want(`SELECT count(*), max(version), to_regclass('slow') IS NULL FROM lockstep.history`, "41,41,t")
	r.verdict(r.steps[39], providers.Done)
	r.verdict(r.steps[40], providers.Absent)
	mended := r.planned(r.step(42, "create table t42 (id int)", "drop table t42"))
	r.steps[40].Step = mended.Step
	if _, err := r.applyAll(); err != nil {
		t.Fatal(err)
	}
	r.want(`SELECT count(*), max(version) FROM lockstep.history`, "81,81")
}

// sleepAt makes the creation of a table take ten minutes.
func (b *bench) sleepAt(table string) {
	b.exec(`CREATE FUNCTION nap() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
		IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = '` + table + `') THEN
			PERFORM pg_sleep(600);
		END IF;
	END $$;
	CREATE EVENT TRIGGER nap ON ddl_command_end EXECUTE FUNCTION nap()`)
}

// What reads rows takes as long as they take: nothing waits for it that could
// have gone before.
func TestWhatReadsRowsIsNotPartOfARow(t *testing.T) {
	t.Parallel()
	for _, slow := range []string{
		"create table filled as select 1 as n", "create unlogged table if not exists filled (n) as table first",
		"create materialized view filled as select 1 as n",
	} {
		files := tables(5)
		files[3] = slow
		r := newRow(newBench(t), files...)
		if _, err := r.applyAll(); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(r.ahead, r.steps[2].Step.Address) || slices.Contains(r.ahead, r.steps[3].Step.Address) {
			t.Errorf("%s: sent ahead: %q", slow, r.ahead)
		}
	}
	files := tables(5)
	files[3] = "create table numbered (id int generated always as identity);\ncreate view shown as select id from numbered"
	r := newRow(newBench(t), files...)
	if _, err := r.applyAll(); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(r.ahead, r.steps[3].Step.Address) {
		t.Errorf("sent ahead: %q", r.ahead)
	}
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
			p.Arm(faultproxy.Fault{From: faultproxy.Client, Says: "create table t45 ", Before: before})
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
			b.want(`SELECT count(*), max(version) FROM lockstep.history`, "81,81")
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
	b := newBenchAt(t, server.URL("postgres"))
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
