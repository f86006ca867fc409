package crashtest

import (
	"context"
	"database/sql"
	"fmt"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"
)

// obstacle makes a migration wait inside the server, where no failpoint
// reaches, so that Lockstep is killed while its statement runs on without it.
type obstacle struct {
	name string
	// migration is the one that waits, counted from 1; 0: the obstacle lets
	// all others pass.
	migration int
	// hold is the other session's open transaction.
	hold []string
	// waits finds the backend that it stops.
	waits string
}

func obstacles() []obstacle {
	return []obstacle{
		{
			name:      "a transaction waits for a lock",
			migration: 2,
			hold:      []string{"BEGIN", "LOCK TABLE effects IN SHARE MODE"},
			waits:     "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%+0003%'",
		},
		{
			name:  "an index is built and waits for an old snapshot",
			hold:  []string{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM effects"},
			waits: "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'CREATE INDEX CONCURRENTLY%'",
		},
	}
}

// orphanLimit is how long the obstacle stays after the recovery began. The
// recovery may end the orphan or wait for it: both are right.
const orphanLimit = 2 * time.Second

// tryOrphans kills Lockstep while the server works for it, and recovers while
// the server still does.
func (m *matrix) tryOrphans(t *testing.T, n *counts) {
	t.Helper()
	for _, rec := range recoveries() {
		for _, o := range obstacles() {
			t.Run(rec.name+"/"+o.name, func(t *testing.T) {
				t.Parallel()
				n.add(t, &n.orphan, m.tryOrphan(t, o, rec))
			})
		}
	}
}

func (m *matrix) tryOrphan(t *testing.T, o obstacle, rec recovery) string {
	t.Helper()
	w := m.origin.again(t)
	if o.migration > 1 {
		w.stopBefore(t, m, o.migration)
	}
	w.hold(t, o.hold)
	orphan := w.killWaiting(t, o)
	recovered := make(chan result, 1)
	go func() { recovered <- rec.do(t, w, crash{}) }()
	w.awaitEnd(t, o, orphan)
	w.release(t)
	return m.judge(t, w, rec, <-recovered)
}

// stopBefore carries the change set on to where its n-th migration begins.
func (w *world) stopBefore(t *testing.T, m *matrix, n int) {
	t.Helper()
	for i, point := range m.points {
		if point != "postgres: before begin" {
			continue
		}
		if n--; n == 0 {
			if wrong := kill(t, w, i+1); wrong != "" {
				t.Fatal(wrong)
			}
			return
		}
	}
	t.Fatal("the change set has fewer migrations")
}

// hold runs statements in another session, which stays open until release or
// the end of the test.
func (w *world) hold(t *testing.T, statements []string) {
	t.Helper()
	db, err := sql.Open("postgres", w.url)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	w.free = sync.OnceFunc(func() { _ = db.Close() })
	t.Cleanup(w.free)
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// release ends what hold has begun.
func (w *world) release(t *testing.T) {
	t.Helper()
	w.free()
}

// killWaiting carries the change set on, kills it once its statement waits in
// the server, and returns the backend that waits.
func (w *world) killWaiting(t *testing.T, o obstacle) string {
	t.Helper()
	args := applyArgs()
	if run := w.lastRun(t); run != "" {
		args = []string{"resume", run}
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	cmd := w.command(ctx, crash{}, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		if waiting := ask(t, w.url, o.waits); len(waiting) > 0 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err == nil {
				t.Fatal("a killed run ended well")
			}
			return waiting[0]
		}
		select {
		case err := <-ended:
			t.Fatalf("ended without waiting: %v", describeEnd(err))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func describeEnd(err error) string {
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Wait returns it as it is
		return fmt.Sprintf("exit code %d", exit.ExitCode())
	}
	return fmt.Sprint(err)
}

// awaitEnd returns when the orphan has ended, or after orphanLimit.
func (w *world) awaitEnd(t *testing.T, o obstacle, orphan string) {
	t.Helper()
	for end := time.Now().Add(orphanLimit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if !slices.Contains(ask(t, w.url, o.waits), orphan) {
			return
		}
	}
}
