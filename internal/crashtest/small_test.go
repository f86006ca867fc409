package crashtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestManySmallMigrations kills the command that brings many small migrations
// to a database at random moments, again and again: the next one is never
// refused, and in the end each was applied once.
func TestManySmallMigrations(t *testing.T) {
	w := origin(t, cluster.Server(t), programs.get(t, "failpoint"), "testdata/story").again(t)
	for n := 2; n <= smallMigrations+1; n++ {
		w.writeSmall(t, n)
	}
	refused, killed := 0, 0
	var moments []string
	for range smallKills {
		at, progress := w.killAtRandom(t)
		if at == 0 {
			break // it was through before its moment came
		}
		killed++
		moments = append(moments, fmt.Sprintf("%s after the first (%d were there)", at.Round(time.Millisecond), progress))
	}
	r := w.lockstep(t, crash{}, w.goOnArgs(t)...)
	if r.code != 0 && !over(r) {
		refused++
		t.Errorf("the next command ended with exit code %d:\n%s", r.code, r.output)
	}
	for _, q := range []struct{ what, query string }{
		{"tables", "SELECT count(*)::text FROM pg_tables WHERE tablename LIKE 't\\_%'"},
		{"effects", "SELECT count(DISTINCT name)::text FROM effects WHERE name LIKE '+t%'"},
		{"effects, twice or once", "SELECT count(*)::text FROM effects WHERE name LIKE '+t%'"},
		{"receipts", "SELECT count(*)::text FROM lockstep.history WHERE version > 1"},
	} {
		if got := ask(t, w.url, q.query)[0]; got != fmt.Sprint(smallMigrations) {
			t.Errorf("%s %s, want %d", got, q.what, smallMigrations)
		}
	}
	if left := w.settle(t, w.leftRunning); len(left) > 0 {
		t.Errorf("left running: %q", left)
	}
	t.Logf("%d small migrations, %d kills at random moments, the next command refused %d times", smallMigrations, killed, refused)
	t.Logf("  killed: %s", strings.Join(moments, "; "))
}

func (w *world) writeSmall(t *testing.T, n int) {
	t.Helper()
	stem := filepath.Join(w.dir, "migrations", fmt.Sprintf("%04d_t", n))
	up := fmt.Sprintf("CREATE TABLE t_%d (id int);\nINSERT INTO effects (name) VALUES ('+t%d');\n", n, n)
	down := fmt.Sprintf("DROP TABLE t_%d;\nINSERT INTO effects (name) VALUES ('-t%d');\n", n, n)
	for name, text := range map[string]string{".up.sql": up, ".down.sql": down} {
		if err := os.WriteFile(stem+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *world) goOnArgs(t *testing.T) []string {
	t.Helper()
	if run := w.lastRun(t); run != "" {
		return []string{"resume", run}
	}
	return applyArgs()
}

// killAtRandom goes on until a migration more is there, waits for a random
// moment and kills it. It returns when that was, and how many were there; 0
// when all were there already, or the command ended first.
func (w *world) killAtRandom(t *testing.T) (time.Duration, int) {
	t.Helper()
	const count = "SELECT count(*)::text FROM lockstep.history"
	before := ask(t, w.url, count)[0]
	if before == fmt.Sprint(smallMigrations+1) {
		return 0, 0
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	cmd := w.command(ctx, crash{}, w.goOnArgs(t)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for ask(t, w.url, count)[0] == before {
		select {
		case err := <-ended:
			t.Fatalf("ended without a step: %v", describeEnd(err))
		case <-time.After(time.Millisecond):
		}
	}
	moment := rand.N(smallMoment)
	select {
	case err := <-ended:
		ended <- err
	case <-time.After(moment):
	}
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	switch err := <-ended; {
	case err == nil:
		return 0, 0
	case cmd.ProcessState.Exited():
		t.Fatalf("ended: %v", describeEnd(err))
	}
	return max(moment, 1), len(ask(t, w.url, "SELECT version::text FROM lockstep.history"))
}
