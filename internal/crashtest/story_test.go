package crashtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// story is a moment at which other tools leave a person with a database that
// says "dirty", a table that already exists, or an INVALID index that counts
// as done.
type story struct {
	name string
	// up and down are the migration, version 2.
	up, down string
	// hold keeps the server at the moment, waits finds the backend there.
	hold  []string
	waits string
	// meanwhile happens between the kill and the next command.
	meanwhile func(*testing.T, *world)
}

const threeStatements = "CREATE TABLE orders (id int);\nSELECT pg_sleep(1.5);\nCREATE TABLE notes (id int);\n"

const buildsIndex = "CREATE INDEX CONCURRENTLY customers_name ON customers (name);\n"

func stories() []story {
	const (
		sleeps = `SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`
		builds = `SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%CREATE INDEX CONCURRENTLY%'
			AND EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('customers_name') AND NOT indisvalid)`
	)
	// An older writer makes the build wait behind its entry in the catalog.
	writes := []string{"BEGIN", "INSERT INTO customers VALUES (0, 'older')"}
	return []story{
		{
			name: "killed inside of a transactional file with three statements",
			up:   threeStatements, down: "DROP TABLE notes;\nDROP TABLE orders;\n", waits: sleeps,
		},
		{
			name: "the same, one statement at a time",
			up:   "-- lockstep:no-transaction\n" + threeStatements, down: "-- lockstep:no-transaction\nDROP TABLE notes;\nDROP TABLE orders;\n", waits: sleeps,
		},
		{
			name: "CREATE INDEX CONCURRENTLY: the client is killed, the server ends it",
			up:   buildsIndex, down: "DROP INDEX CONCURRENTLY customers_name;\n", hold: writes, waits: builds,
			meanwhile: func(t *testing.T, w *world) {
				w.release(t)
				w.waitFor(t, "SELECT 1::text FROM pg_index WHERE indexrelid = to_regclass('customers_name') AND indisvalid")
			},
		},
		{
			name: "CREATE INDEX CONCURRENTLY: the client is killed, the server still builds",
			up:   buildsIndex, down: "DROP INDEX CONCURRENTLY customers_name;\n", hold: writes, waits: builds,
		},
		{
			name: "CREATE INDEX CONCURRENTLY: client and backend are ended, the index is INVALID",
			up:   buildsIndex, down: "DROP INDEX CONCURRENTLY customers_name;\n", hold: writes, waits: builds,
			meanwhile: endBackends,
		},
		{
			name: "the same with IF NOT EXISTS",
			up:   strings.Replace(buildsIndex, "customers_name", "IF NOT EXISTS customers_name", 1),
			down: "DROP INDEX CONCURRENTLY customers_name;\n", hold: writes, waits: builds,
			meanwhile: endBackends,
		},
	}
}

func endBackends(t *testing.T, w *world) {
	t.Helper()
	ask(t, w.url, `SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity WHERE application_name LIKE 'lockstep/%' AND datname = current_database()`)
	w.waitFor(t, `SELECT 1::text WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'lockstep/%' AND datname = current_database())`)
}

func (w *world) waitFor(t *testing.T, query string) {
	t.Helper()
	for end := time.Now().Add(commandLimit); len(ask(t, w.url, query)) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not reached: " + query)
		}
	}
}

// TestDirtyStates is the promise: whatever happened, the next command knows
// the truth and the next step, and no person reads a catalog.
func TestDirtyStates(t *testing.T) {
	below := origin(t, cluster.Server(t), programs.get(t, "failpoint"), "testdata/story")
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			undisturbed := below.again(t)
			undisturbed.write(t, s)
			if r := undisturbed.lockstep(t, crash{}, applyArgs()...); r.code != 0 {
				t.Fatal(r.output)
			}
			w := below.again(t)
			w.write(t, s)
			w.hold(t, s.hold)
			w.killWaiting(t, obstacle{waits: s.waits})
			if s.meanwhile != nil {
				s.meanwhile(t, w)
			}
			if again := w.lockstep(t, crash{}, applyArgs()...); again.code != 0 && !strings.Contains(again.output, "lockstep resume r-0002") {
				t.Errorf("apply does not say what to type:\n%s", again.output)
			}
			time.AfterFunc(orphanLimit, func() { w.free() })
			r := w.lockstep(t, crash{}, "resume")
			if r.code != 0 {
				t.Errorf("the next command ended with exit code %d:\n%s", r.code, r.output)
			}
			w.release(t)
			if got, want := w.signature(t), undisturbed.signature(t); got != want {
				t.Errorf("another state\n--- want\n%s--- got\n%s--- output\n%s", want, got, r.output)
			}
			t.Logf("%s: resume ends with exit code %d, a person does nothing else", s.name, r.code)
		})
	}
}

// write puts the story's migration into the project.
func (w *world) write(t *testing.T, s story) {
	t.Helper()
	for name, text := range map[string]string{"0002_story.up.sql": s.up, "0002_story.down.sql": s.down} {
		if err := os.WriteFile(filepath.Join(w.dir, "migrations", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFailureIsCorrected: the last statement fails, the file is corrected, and
// the same command goes through.
func TestFailureIsCorrected(t *testing.T) {
	below := origin(t, cluster.Server(t), programs.get(t, "failpoint"), "testdata/story")
	for _, header := range []string{"", "-- lockstep:no-transaction\n"} {
		t.Run(fmt.Sprintf("%q", header), func(t *testing.T) {
			t.Parallel()
			w := below.again(t)
			before := w.signature(t)
			good := header + "CREATE TABLE orders (id int);\nCREATE TABLE notes (id int);\n"
			s := story{up: good + "INSERT INTO notes VALUES ('x'::text::int);\n", down: header + "DROP TABLE notes;\nDROP TABLE orders;\n"}
			w.write(t, s)
			r := w.lockstep(t, crash{}, applyArgs()...)
			if r.code != exitRolledBack || !strings.Contains(r.output, "0002_story.up.sql:") {
				t.Errorf("got exit code %d, want %d and the place:\n%s", r.code, exitRolledBack, r.output)
			}
			if got := w.signature(t); got != before {
				t.Errorf("another state\n--- want\n%s--- got\n%s--- output\n%s", before, got, r.output)
			}
			s.up = good
			w.write(t, s)
			if r := w.lockstep(t, crash{}, applyArgs()...); r.code != 0 {
				t.Errorf("the corrected file ended with exit code %d:\n%s", r.code, r.output)
			}
			if there := ask(t, w.url, "SELECT 1::text WHERE to_regclass('orders') IS NOT NULL AND to_regclass('notes') IS NOT NULL"); len(there) == 0 {
				t.Error("the corrected file says that it is done, and it is not")
			}
		})
	}
}
