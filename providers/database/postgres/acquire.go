package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Polling. A request that fails at once keeps nobody waiting, however often
// it is made; the pause bounds what it costs the server.
const (
	shortestPoll = 10 * time.Millisecond
	longestPoll  = 60 * time.Millisecond
	// starving is how many polls in a row fail before a request may wait.
	starving = 8
)

// acquisition begins the transaction of a try and takes its locks.
type acquisition struct {
	*attempt
	session *session
	on      *connection
	needs   needs
	wants   []want

	stale     int       // times that the catalog had changed
	misses    int       // polls since the last request that waited
	waitUntil time.Time // no request may wait before
	cancelled map[int64]bool
}

// acquire begins a transaction that holds all the locks that its statements
// are known to need and that can be taken beforehand, or none: whatever is
// missing, everything is undone before the next try, so that no lock is held
// while another is waited for.
func (s *session) acquire(ctx context.Context, on *connection, a *attempt, n needs) error {
	q := &acquisition{attempt: a, session: s, on: on, needs: n, cancelled: map[int64]bool{}}
	if err := q.resolve(ctx); err != nil {
		return err
	}
	if len(q.wants) > 0 && a.asked.IsZero() {
		a.asked = time.Now()
	}
	a.patient = n.rowsOnly() || a.rows && q.harmless()
	for {
		granted, err := q.try(ctx)
		if err != nil {
			return err
		}
		if granted {
			a.granted = time.Now()
			a.watch.follow(on.pid)
			return nil
		}
		if err := q.wait(ctx); err != nil {
			return err
		}
		a.tries++
	}
}

func (q *acquisition) resolve(ctx context.Context) (err error) {
	q.wants, err = q.needs.resolve(ctx, q.on)
	if err == nil && len(q.wants) > 0 {
		names := make([]string, len(q.wants))
		for i, w := range q.wants {
			names[i] = w.String()
		}
		q.wanted = strings.Join(names, ", ")
	}
	return err
}

// try is one transaction's begin: granted, or undone as a whole.
func (q *acquisition) try(ctx context.Context) (granted bool, err error) {
	wait, queues := q.mayQueue()
	start := time.Now()
	err = q.first.run(ctx, q.on, q.script(wait))
	if queues {
		q.queued = max(q.queued, time.Since(start))
		q.misses, q.waitUntil = 0, time.Now().Add(rest(wait))
	}
	if err == nil {
		return true, nil
	}
	if _, undoErr := q.on.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`); undoErr != nil {
		return false, errors.Join(fmt.Errorf("begin: %w", err), fmt.Errorf("undo: %w", undoErr))
	}
	switch code(err) {
	case "55P03", "40P01":
		q.misses++
		if queues {
			q.failed++
		}
		return false, nil
	case "42P01", "3F000", "42501", "42809": // it was dropped, or its rights or kind were changed, since we looked
		q.stale++
		if err := q.resolve(ctx); err != nil {
			return false, err
		}
		if q.stale > starving {
			q.wants = nil // the file will say what is wrong
		}
		return false, nil
	default:
		return false, fmt.Errorf("begin: %w", err)
	}
}

// mayQueue says how long the next request may wait: not at all as long as
// polling may do. It is let wait when polls starve, those in the way are
// short transactions, and the application has had its rest.
func (q *acquisition) mayQueue() (wait time.Duration, queues bool) {
	if q.misses < starving || time.Now().Before(q.waitUntil) {
		return 0, false
	}
	if q.harmless() {
		return q.limit, true
	}
	if wait = q.queue(); !q.worthwhile(wait) {
		return 0, false
	}
	return wait, true
}

// harmless: behind such requests nobody waits but other catalog changes.
func (q *acquisition) harmless() bool {
	for _, w := range q.wants {
		if w.mode.stopsTraffic() {
			return false
		}
	}
	return true
}

// script begins the transaction, sets its limits and takes the locks in one
// round trip.
func (q *acquisition) script(wait time.Duration) string {
	var b strings.Builder
	b.WriteString("BEGIN; " + q.session.limits(q.bodyLimit()))
	if wait > 0 {
		fmt.Fprintf(&b, "; SET LOCAL lock_timeout = %d", max(q.portion(wait).Milliseconds(), 1))
	}
	for _, w := range q.wants {
		if wait > 0 && q.waitsFor(w) {
			b.WriteString("; " + w.queue())
		} else {
			b.WriteString("; " + w.lock())
		}
	}
	if wait > 0 {
		fmt.Fprintf(&b, "; SET LOCAL lock_timeout = %d", max(q.bodyLimit().Milliseconds(), 1))
	}
	return b.String()
}

// limits are the settings of a transaction: how long one request for a lock
// and one statement may take, and the durability that a role may have turned
// off; a receipt must not be lost.
func (s *session) limits(lock time.Duration) string {
	return timeouts(lock, s.job.Target.StatementTimeout) + `; SET LOCAL synchronous_commit = on`
}

// longestIdle is how long the server keeps a transaction whose client says
// nothing: it holds locks and an old snapshot, and the server may never notice
// that the network or the client's machine is gone.
const longestIdle = 10 * time.Second

func timeouts(lock, statement time.Duration) string {
	return fmt.Sprintf(`SET LOCAL lock_timeout = %d; SET LOCAL statement_timeout = %d; SET LOCAL %s = %d`,
		max(lock.Milliseconds(), 1), max(statement.Milliseconds(), 1), idleLimit, longestIdle.Milliseconds())
}

// portion divides a wait between the relations that are waited for: the
// locks granted first are held while the others are waited for.
func (q *acquisition) portion(wait time.Duration) time.Duration {
	n := 0
	for _, w := range q.wants {
		if q.waitsFor(w) {
			n++
		}
	}
	return wait / time.Duration(max(n, 1))
}

// waitsFor: a relation that nobody was seen on is asked for without a wait.
func (q *acquisition) waitsFor(w want) bool {
	for _, other := range q.wants {
		if other.seen {
			return w.seen
		}
	}
	return true
}

// wait looks who is in the way, says so, and pauses.
func (q *acquisition) wait(ctx context.Context) error {
	holders, err := findHolders(ctx, q.session.guard, q.wants, q.on.pid, false)
	if err != nil {
		return err
	}
	q.meet(holders)
	q.session.endAutovacuum(ctx, q)
	q.report.say(q.budget, 0)
	pause := min(max(time.Since(q.begun)/50, shortestPoll), longestPoll)
	pause += rand.N(pause)
	if time.Now().Add(pause).After(q.deadline) {
		return q.exhausted()
	}
	return sleep(ctx, pause)
}

// endAutovacuum ends an autovacuum that is in the way, as the server itself
// does for a request that waits for deadlock_timeout; ours never wait so long.
func (s *session) endAutovacuum(ctx context.Context, q *acquisition) {
	for _, h := range q.holders {
		if !h.autovacuum() || h.protected() || time.Since(q.met[h.transaction]) < lasting || q.cancelled[h.pid] {
			continue
		}
		q.cancelled[h.pid] = true
		var ended bool
		// Without the right to do it the wait goes on, and says who can.
		err := s.guard.QueryRowContext(ctx, `
			SELECT pg_cancel_backend(pid) FROM pg_stat_activity
			WHERE pid = $1 AND backend_type = 'autovacuum worker' AND query NOT LIKE '%to prevent wraparound%'`, h.pid).Scan(&ended)
		if err == nil && ended {
			q.say("%s: ended an autovacuum (pid %d, %s), as the server does for whoever waits; it will begin again", q.what, h.pid, h.claim)
		}
	}
}
