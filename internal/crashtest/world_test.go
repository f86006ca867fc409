package crashtest

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

// commandLimit ends a command that hangs; none takes a tenth of it.
const commandLimit = 2 * time.Minute

// world is one project with a database of its own.
type world struct {
	binary   string
	server   *pgtest.Server
	dir      string
	url      string // the database, without anything between
	through  string // how the binary reaches it; "": as we do
	database string
	before   string // the newest run before the change set that is killed
	free     func() // ends what hold has begun

	environment []string // what the binary is told besides
}

// origin is a world in which the first change set of a project was applied.
// Every other world is a copy of it, with the second change set laid over it.
func origin(t *testing.T, server *pgtest.Server, binary, project string) *world {
	t.Helper()
	w := &world{binary: binary, server: server}
	w.begin(t, project)
	return w
}

// begin fills a new world.
func (w *world) begin(t *testing.T, project string) {
	t.Helper()
	w.dir = worlds.dir(t)
	w.create(t, "")
	w.copyFrom(t, filepath.Join(project, "before"))
	if r := w.lockstep(t, crash{}, "apply", "first", "--env", "dev", "--auto-approve"); r.code != 0 {
		t.Fatalf("the first change set failed with exit code %d:\n%s", r.code, r.output)
	}
	w.before = w.lastRun(t)
	w.copyFrom(t, filepath.Join(project, "after"))
}

var databases atomic.Int64

// create makes the world's database; it goes when the test ends.
func (w *world) create(t *testing.T, from string) {
	t.Helper()
	w.database = fmt.Sprintf("world_%d", databases.Add(1))
	w.url = w.server.URL(w.database)
	ask(t, w.server.URL("postgres"), "CREATE DATABASE "+pq.QuoteIdentifier(w.database)+from)
	t.Cleanup(func() {
		ask(t, w.server.URL("postgres"), "DROP DATABASE "+pq.QuoteIdentifier(w.database)+" WITH (FORCE)")
	})
}

// again copies the world.
func (w *world) again(t *testing.T) *world {
	t.Helper()
	c := &world{binary: w.binary, server: w.server, dir: worlds.dir(t), before: w.before, environment: w.environment}
	c.copyFrom(t, w.dir)
	// Terraform's working folder is bound to its path; it can be made again.
	if err := os.RemoveAll(filepath.Join(c.dir, ".lockstep", "work")); err != nil {
		t.Fatal(err)
	}
	c.create(t, " TEMPLATE "+pq.QuoteIdentifier(w.database))
	return c
}

func (w *world) copyFrom(t *testing.T, dir string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", dir+"/.", w.dir).CombinedOutput(); err != nil {
		t.Fatalf("copy %s: %v: %s", dir, err, out)
	}
}

// ask returns the first column of a query's rows, as text.
func ask(t *testing.T, url, query string) []string {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		list = append(list, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return list
}

// crash says where a command dies, and where it lists the points it passes.
type crash struct {
	at   int    // 0: it lives
	log  string // "": nowhere
	stop bool   // it is stopped and not killed
}

// result is how a command ended.
type result struct {
	code   int
	killed bool
	output string
}

// command prepares the binary in the world.
func (w *world) command(ctx context.Context, c crash, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, w.binary, args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(),
		"LOCKSTEP_REHEARSE=never", // a rehearsal changes no target, and thousands of commands would each start a server for it
		"LOCKSTEP_VAR_database_url="+cmp.Or(w.through, w.url), "LOCKSTEP_VAR_marks="+w.marks(),
		fmt.Sprintf("LOCKSTEP_FP_AT=%d", c.at), "LOCKSTEP_FP_LOG="+c.log)
	cmd.Env = append(cmd.Env, w.environment...)
	if c.stop {
		cmd.Env = append(cmd.Env, "LOCKSTEP_FP_STOP=yes")
	}
	cmd.WaitDelay = time.Second
	return cmd
}

func (w *world) marks() string { return filepath.Join(w.dir, "marks") }

// lockstep runs the binary in the world.
func (w *world) lockstep(t *testing.T, c crash, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	cmd := w.command(ctx, c, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	r := result{output: "$ lockstep " + strings.Join(args, " ") + "\n" + out.String()}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		r.code = exit.ExitCode()
		r.killed = wasKilled(exit)
	case err != nil:
		t.Fatalf("%v\n%s", err, r.output)
	}
	return r
}

func wasKilled(exit *exec.ExitError) bool {
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// applyArgs is the command that is killed. One step at a time makes the points
// of two passes equal.
func applyArgs() []string {
	return []string{"apply", "ship", "--env", "dev", "--auto-approve", "--parallelism", "1"}
}

// lastRun returns the newest run's id, or "" when the second change set has
// none.
func (w *world) lastRun(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(w.dir, ".lockstep", "runs", "r-*", "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		return ""
	}
	slices.Sort(found)
	run := filepath.Base(filepath.Dir(found[len(found)-1]))
	if run == w.before {
		return ""
	}
	return run
}

// goesBack reports whether a run is one that undoes another.
func (w *world) goesBack(t *testing.T, run string) bool {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, ".lockstep", "runs", run, "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := bytes.Cut(b, []byte("\n"))
	return bytes.Contains(first, []byte(`"kind":"rollback"`))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
