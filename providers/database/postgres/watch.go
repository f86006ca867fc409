package postgres

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"time"
)

// watch looks, from the guard connection, at whom a try waits for: once the
// try has given up, the server no longer tells.
type watch struct {
	guard  *connection
	cancel context.CancelFunc
	ended  chan struct{}
	tries  int           // the number of this try, from 1
	before time.Duration // waited in the tries before

	mu       sync.Mutex
	pid      int
	since    time.Time // begin of the wait under way
	waited   time.Duration
	blockers []string
}

// watchInterval bounds the error of the measured wait.
const watchInterval = 25 * time.Millisecond

func (s *session) watch(ctx context.Context) *watch {
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{guard: s.guard, cancel: cancel, ended: make(chan struct{})}
	go w.run(ctx)
	return w
}

// follow names the backend to look at.
func (w *watch) follow(pid int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pid = pid
}

// sofar is the time waited up to now.
func (w *watch) sofar() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.waited + sinceStart(w.since)
}

// stop ends the watch and names the last blockers that were seen.
func (w *watch) stop() string {
	w.cancel()
	<-w.ended
	w.settle(time.Now())
	if len(w.blockers) == 0 {
		return "somebody who was gone before we could look"
	}
	return strings.Join(w.blockers, "; ")
}

func (w *watch) run(ctx context.Context) {
	defer close(w.ended)
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			w.look(ctx)
		}
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
	found, err := blockers(context.WithoutCancel(ctx), w.guard, pid)
	if err != nil {
		return
	}
	now := time.Now()
	if len(found) == 0 {
		w.settle(now)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.blockers = found
	if w.since.IsZero() {
		w.since = now
	}
}

func (w *watch) settle(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.since.IsZero() {
		w.waited += now.Sub(w.since)
		w.since = time.Time{}
	}
}

func blockers(ctx context.Context, c *connection, pid int) ([]string, error) {
	rows, err := c.QueryContext(ctx, `
		SELECT format('pid %s (user %s, %s, transaction open for %s): %s', pid, usename,
		       coalesce(nullif(application_name, ''), 'unnamed application'),
		       coalesce(date_trunc('second', clock_timestamp() - xact_start)::text, 'an unknown time'),
		       left(regexp_replace(query, '\s+', ' ', 'g'), 80))
		FROM pg_stat_activity WHERE pid = ANY(pg_blocking_pids($1)) ORDER BY pid`, pid)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var who sql.NullString
		if err := rows.Scan(&who); err != nil {
			return nil, err
		}
		list = append(list, who.String)
	}
	return list, rows.Err()
}
