package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// budget is what a step may spend to get its locks: its own time, and the
// time of those who queue behind it. Many tries share one.
type budget struct {
	say             func(format string, args ...any)
	what            string
	begun, deadline time.Time
	// limit is the target's lock_timeout: no request ever waits longer.
	limit time.Duration

	tries   int
	asked   time.Time     // the first request for a lock
	queued  time.Duration // the longest wait of one request
	failed  int           // requests that stood in a queue in vain
	rows    bool          // the last wait was for a row
	patient bool          // nobody's traffic on a table queues behind the waits of the file
	wanted  string        // what the last failed try asked for
	holders []holder      // who was in its way
	met     map[string]time.Time
	report  report
}

// attempt is one try within the budget.
type attempt struct {
	*budget
	watch   *watch
	granted time.Time // when the locks known beforehand were there
	first   first
}

// persist repeats a try that fails for a passing cause.
func (s *session) persist(ctx context.Context, what string, try func(context.Context, *attempt) (database.Measured, error)) (database.Measured, error) {
	b := s.budget(ctx, what)
	for {
		b.tries++
		start := time.Now()
		a := &attempt{budget: b, watch: s.watch(ctx, b), granted: start}
		measured, err := try(ctx, a)
		a.watch.stop()
		a.measure(&measured)
		if !passing(err) {
			return measured, s.ended(ctx, err, trial{what, time.Since(start)})
		}
		pause := a.undone(err)
		s.explain(ctx, a.budget, err)
		if time.Now().Add(pause).After(b.deadline) {
			return measured, b.exhausted()
		}
		b.report.say(b, pause)
		if err := sleep(ctx, pause); err != nil {
			return measured, err
		}
	}
}

func (s *session) budget(ctx context.Context, what string) *budget {
	return &budget{
		say: s.job.Say, what: what, begun: time.Now(), deadline: s.lastTry(ctx),
		limit: max(s.job.Target.LockTimeout, time.Millisecond), met: map[string]time.Time{},
	}
}

const deadlock = " (deadlock)"

// measure writes the figures of all tries up to now.
func (a *attempt) measure(m *database.Measured) {
	m.Tries = a.tries
	m.LockWait = a.watch.waitedFor()
	if !a.asked.IsZero() {
		m.LockWait += max(a.granted.Sub(a.asked), 0)
	}
	m.Queued = max(a.queued, a.watch.longestWait())
}

// undone notes a failed try and returns the pause before the next one.
func (a *attempt) undone(err error) time.Duration {
	waited := a.watch.longestWait()
	if a.asked.IsZero() {
		a.asked = time.Now().Add(-waited)
	}
	a.queued, a.failed = max(a.queued, waited), a.failed+1
	if a.rows = a.watch.rows; a.watch.wanted != "" { // else it was too short to be seen, and most likely as before
		a.meet(a.watch.holders)
		a.wanted = a.watch.wanted
	}
	if code(err) == "40P01" && !strings.HasSuffix(a.wanted, deadlock) {
		a.wanted += deadlock
	}
	if a.patient || a.rows {
		return backoff(a.tries)
	}
	return rest(max(waited, a.bodyLimit(), time.Since(a.granted)/restPerQueue))
}

// What one request may wait in a lock's queue, with the application's
// statements behind it. On a table that is used without a break by short
// transactions, a request is granted as soon as those at work have ended: the
// first limit is several times longer than such a transaction takes, and what
// it adds to an application's own time stays below 50 ms.
const (
	firstQueue    = 25 * time.Millisecond
	queueStep     = 5 * time.Millisecond
	ordinaryQueue = 40 * time.Millisecond
	// restPerQueue: for the time that it kept others waiting, a step leaves
	// them alone for so many times longer.
	restPerQueue = 8
	// growFrom is the share of the budget that is spent before a request may
	// wait longer than ordinaryQueue: a late success is better than none, but
	// not at the application's cost as long as there is time.
	growFrom = 0.5
)

// queue is how long the next request may wait. Towards the end of the budget
// it grows up to the target's lock_timeout, unless those in the way have been
// there so long that such a wait would be in vain.
func (b *budget) queue() time.Duration {
	q := min(firstQueue+time.Duration(b.failed)*queueStep, ordinaryQueue)
	spent := float64(time.Since(b.begun)) / float64(b.deadline.Sub(b.begun)+1)
	if over := (min(spent, 1) - growFrom) / (1 - growFrom); over > 0 && b.limit > ordinaryQueue {
		grown := time.Duration(float64(ordinaryQueue) * math.Pow(float64(b.limit)/float64(ordinaryQueue), over))
		if b.worthwhile(grown) {
			q = grown
		}
	}
	return min(q, b.limit)
}

// worthwhile reports whether a wait can be expected to end well: how long a
// transaction has been open says best how long it will yet be.
func (b *budget) worthwhile(wait time.Duration) bool {
	for _, h := range b.holders {
		if h.age > 2*wait {
			return false
		}
	}
	return true
}

// bodyLimit bounds the waits of the file itself, after the locks known
// beforehand are taken. A file that changes rows and holds no table against
// anybody may wait longer: behind its request for a row only those stand who
// want the same row, and behind its request for a table only catalog changes.
// The rows that it has changed already stay locked meanwhile, as they do for
// the rest of its transaction.
func (b *budget) bodyLimit() time.Duration {
	if b.patient {
		return b.limit
	}
	return b.queue()
}

// meet notes who is in the way. A transaction's age is hidden from a role
// without pg_read_all_stats; that it is still there is not.
func (b *budget) meet(list []holder) {
	now := time.Now()
	for i, h := range list {
		if b.met[h.transaction].IsZero() {
			b.met[h.transaction] = now
		}
		list[i].age = max(h.age, now.Sub(b.met[h.transaction]))
	}
	b.holders = list
}

// exhausted is the error at the end of the budget.
func (b *budget) exhausted() error {
	return fmt.Errorf("%w: %s was tried %s in %s and undone each time, nothing is changed; %s; blocked by %s; who may end that, and how: %s; then apply again",
		providers.ErrBlocked, b.what, times(b.tries), age(time.Since(b.begun)), b.missing(), nameAll(b.holders), remedies(b.holders))
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func (b *budget) missing() string {
	if b.wanted == "" {
		return "a lock was not granted in time"
	}
	return "it needs " + b.wanted
}

// rest is a pause after others were kept waiting, with jitter.
func rest(waited time.Duration) time.Duration {
	pause := restPerQueue * max(waited, time.Millisecond)
	return pause + rand.N(pause/2)
}

// lastTry is when patience ends: early enough that a try which waits for its
// lock can still give up by itself before the context ends it.
func (s *session) lastTry(ctx context.Context) time.Time {
	last := time.Now().Add(s.job.Patience)
	if end, ok := ctx.Deadline(); ok {
		if end = end.Add(-s.job.Target.LockTimeout - 250*time.Millisecond); end.Before(last) {
			return end
		}
	}
	return last
}

// passing reports whether another try may end well: lock_not_available and
// deadlock_detected.
func passing(err error) bool {
	c := code(err)
	return c == "55P03" || c == "40P01"
}

func code(err error) string {
	var pqErr *pq.Error
	if errors.As(err, &pqErr) {
		return string(pqErr.Code)
	}
	return ""
}
