package crashtest

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq"
)

// commandLimit ends a command that hangs; none takes a tenth of it.
const commandLimit = 2 * time.Minute

// world is one fresh project with a database of its own.
type world struct {
	binary string
	dir    string
	url    string
}

// newWorld lays out the project and an empty database.
func newWorld(t *testing.T, binary string) *world {
	t.Helper()
	w := &world{binary: binary, dir: t.TempDir(), url: cluster.Database(t)}
	if err := os.CopyFS(w.dir, os.DirFS("testdata/project")); err != nil {
		t.Fatal(err)
	}
	for _, script := range []string{"bin/restart", "bin/stop"} {
		if err := os.Chmod(filepath.Join(w.dir, script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// result is how a command ended.
type result struct {
	code   int
	killed bool
	output string
}

// lockstep runs the binary in the world. With at > 0 it dies at that point.
func (w *world) lockstep(t *testing.T, at int, log string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.binary, args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "LOCKSTEP_VAR_database_url="+w.url,
		fmt.Sprintf("LOCKSTEP_FP_AT=%d", at), "LOCKSTEP_FP_LOG="+log)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	r := result{output: out.String()}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		r.code = exit.ExitCode()
		status, ok := exit.Sys().(syscall.WaitStatus)
		r.killed = ok && status.Signaled() && status.Signal() == syscall.SIGKILL
	case err != nil:
		t.Fatalf("lockstep %s: %v\n%s", strings.Join(args, " "), err, r.output)
	}
	return r
}

func (w *world) apply(t *testing.T, at int, log string) result {
	t.Helper()
	return w.lockstep(t, at, log, "apply", "ship", "--env", "dev", "--auto-approve", "--parallelism", "1")
}

// lastRun returns the newest run's id, or "" when none began.
func (w *world) lastRun(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(w.dir, ".lockstep", "runs", "r-*", "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		return ""
	}
	sort.Strings(found)
	return filepath.Base(filepath.Dir(found[len(found)-1]))
}

// signature is the real state of all targets as text, read without Lockstep:
// tables and effects, history, Terraform's resources, the release that runs.
func (w *world) signature(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	w.signDatabase(t, &b)
	w.signTerraform(t, &b)
	w.signRelease(t, &b)
	return b.String()
}

func (w *world) signDatabase(t *testing.T, b *strings.Builder) {
	t.Helper()
	db, err := sql.Open("postgres", w.url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	list := func(title, query string) {
		fmt.Fprintf(b, "%s:", title)
		rows, err := db.QueryContext(t.Context(), query)
		if err != nil {
			fmt.Fprintln(b, " none")
			return
		}
		defer rows.Close()
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			b.WriteString(" " + text)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		b.WriteString("\n")
	}
	list("columns", `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name <> 'schema_migrations' ORDER BY table_name, ordinal_position`)
	var exists bool
	if err := db.QueryRowContext(t.Context(), "SELECT to_regclass('public.effects') IS NOT NULL").Scan(&exists); err != nil {
		t.Fatal(err)
	}
	if exists {
		list("effects", "SELECT name || 'x' || count(*) FROM effects GROUP BY name ORDER BY name")
	}
	if err := db.QueryRowContext(t.Context(), "SELECT to_regclass('lockstep.history') IS NOT NULL").Scan(&exists); err != nil {
		t.Fatal(err)
	}
	if exists {
		list("history", "SELECT version::text || '-' || name FROM lockstep.history ORDER BY version")
		list("version", "SELECT version::text || '/' || dirty::text FROM schema_migrations")
	} else {
		b.WriteString("history:\nversion:\n")
	}
	list("left behind", `SELECT pid::text FROM pg_stat_activity WHERE application_name LIKE 'lockstep/%' AND datname = current_database()`)
	list("locks", "SELECT objid::text FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
}

func (w *world) signTerraform(t *testing.T, b *strings.Builder) {
	t.Helper()
	b.WriteString("terraform:")
	var names []string
	err := filepath.WalkDir(filepath.Join(w.dir, ".lockstep", "state"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "terraform.tfstate" {
			return ignoreMissing(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var state struct {
			Resources []struct{ Type, Name string }
		}
		if err := json.Unmarshal(content, &state); err != nil {
			return err
		}
		for _, r := range state.Resources {
			names = append(names, r.Type+"."+r.Name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(names)
	fmt.Fprintln(b, "", strings.Join(names, " "))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (w *world) signRelease(t *testing.T, b *strings.Builder) {
	t.Helper()
	current, err := os.Readlink(filepath.Join(w.dir, "app", "current"))
	if ignoreMissing(err) != nil {
		t.Fatal(err)
	}
	running, err := os.ReadFile(filepath.Join(w.dir, "running.txt"))
	if ignoreMissing(err) != nil {
		t.Fatal(err)
	}
	queue, err := os.ReadFile(filepath.Join(w.dir, "running.queue"))
	if ignoreMissing(err) != nil {
		t.Fatal(err)
	}
	partial, err := filepath.Glob(filepath.Join(w.dir, "app", "releases", "*.partial*"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(b, "release: %s running %q queue %q partial %d\n", current, running, queue, len(partial))
}
