package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// watch looks, from the guard connection, at what a try waits for and for
// whom: once the try has given up, the server no longer tells.
type watch struct {
	guard  *connection
	budget *budget
	cancel context.CancelFunc
	ended  chan struct{}
	begun  time.Time

	mu      sync.Mutex
	pid     int
	since   time.Time // begin of the wait under way
	waited  time.Duration
	longest time.Duration

	// Of the last wait that was seen; to be read after stop.
	wanted  string
	holders []holder
	rows    bool
}

// The watch's pace bounds the error of the measured wait. A statement that
// runs for hours is not looked at a hundred times a second.
const (
	fastestLook = 5 * time.Millisecond
	slowestLook = 250 * time.Millisecond
)

func (s *session) watch(ctx context.Context, b *budget) *watch {
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{guard: s.guard, budget: b, cancel: cancel, ended: make(chan struct{}), begun: time.Now()}
	go w.run(ctx)
	return w
}

// follow names the backend to look at.
func (w *watch) follow(pid int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pid = pid
}

// waitedFor is the time waited up to now, longestWait the longest part of it
// in one piece.
func (w *watch) waitedFor() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.waited + sinceStart(w.since)
}

func (w *watch) longestWait() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(w.longest, sinceStart(w.since))
}

// stop ends the watch.
func (w *watch) stop() {
	w.cancel()
	<-w.ended
	w.settle(time.Now())
}

func (w *watch) run(ctx context.Context) {
	defer close(w.ended)
	for {
		pace := min(max(time.Since(w.begun)/200, fastestLook), slowestLook)
		if sleep(ctx, pace) != nil {
			return
		}
		w.look(ctx)
	}
}

func (w *watch) look(ctx context.Context) {
	w.mu.Lock()
	pid := w.pid
	w.mu.Unlock()
	if pid == 0 {
		return
	}
	// A cancelled query would break the guard, which holds the locks.
	waits, err := w.see(context.WithoutCancel(ctx), pid)
	switch {
	case err != nil:
		return
	case !waits:
		w.settle(time.Now())
		return
	}
	w.mu.Lock()
	if w.since.IsZero() {
		w.since = time.Now()
	}
	lasts := sinceStart(w.since)
	w.mu.Unlock()
	if lasts > lasting {
		w.tell()
		w.endOrphans(context.WithoutCancel(ctx))
	}
}

// endOrphans ends connections of Lockstep whose client went away in the middle
// of a message: for the server they are at work, so that no timeout of its own
// ends them, and CREATE INDEX CONCURRENTLY waits for them.
func (w *watch) endOrphans(ctx context.Context) {
	var ended int
	err := w.guard.QueryRowContext(ctx, fmt.Sprintf(`
		SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE (application_name = '%[1]s' OR application_name LIKE '%[1]s/%%') AND usename = current_user AND datname = current_database()
		  AND state = 'active' AND wait_event = 'ClientRead'
		  AND xact_start < clock_timestamp() - %[2]d * interval '1 millisecond'`, observing, longestIdle.Milliseconds())).Scan(&ended)
	if err == nil && ended > 0 {
		w.budget.say("%s: ended %d connections of Lockstep whose client is gone", w.budget.what, ended)
	}
}

// tell reports on a long wait while it lasts; the try itself is busy.
func (w *watch) tell() {
	b := w.budget
	b.meet(w.holders)
	b.wanted = w.wanted
	b.report.sayWaiting(b)
}

func (w *watch) settle(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.since.IsZero() {
		lasted := max(now.Sub(w.since), time.Millisecond) // a wait that was seen is never none
		w.waited += lasted
		w.longest = max(w.longest, lasted)
		w.since = time.Time{}
	}
}

// see reports whether the backend waits for a lock, and notes for which one
// and who has it.
func (w *watch) see(ctx context.Context, pid int) (bool, error) {
	var waits bool
	err := w.guard.QueryRowContext(ctx, fmt.Sprintf(`SELECT coalesce(wait_event_type = 'Lock', false) FROM pg_stat_get_activity(%d)`, pid)).Scan(&waits)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil // it has ended
	}
	if err != nil || !waits {
		return false, err
	}
	var kind, mode string
	var relation int64
	err = w.guard.QueryRowContext(ctx, fmt.Sprintf(`SELECT locktype, mode, coalesce(relation::bigint, 0) FROM pg_locks WHERE pid = %d AND NOT granted`, pid)).
		Scan(&kind, &mode, &relation)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	w.rows = kind == "transactionid" || kind == "tuple"
	if kind == "relation" {
		return true, w.seeRelation(ctx, pid, want{oid: relation, mode: modeOf(plans.Lock{Mode: mode}), only: true})
	}
	wanted := map[string]string{
		"transactionid": "a row that another transaction has changed", "tuple": "a row that another transaction has changed",
		"virtualxid": "the end of transactions that are older than it",
	}[kind]
	if wanted == "" {
		wanted = "a lock on " + kind
	}
	list, err := findBlockers(ctx, w.guard, pid)
	w.note(wanted, list)
	return true, err
}

// note keeps what was seen. Who has just let go was in the way all the same.
func (w *watch) note(wanted string, list []holder) {
	if len(list) > 0 || wanted != w.wanted {
		w.wanted, w.holders = wanted, list
	}
}

func (w *watch) seeRelation(ctx context.Context, pid int, asked want) error {
	if asked.mode == 0 {
		return nil
	}
	if err := w.guard.QueryRowContext(ctx, fmt.Sprintf(`SELECT %d::regclass::text`, asked.oid)).Scan(&asked.name); err != nil {
		return err
	}
	list, err := findHolders(ctx, w.guard, []want{asked}, pid, true)
	w.note(asked.String(), list)
	return err
}
