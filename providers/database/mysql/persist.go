package mysql

import (
	"context"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// attempt is one try of something that may have to be repeated.
type attempt struct {
	what string
	// tables are those whose holders are to blame.
	tables []string
	try    func(ctx context.Context, n int) (database.Measured, error)
}

// persist repeats a try that fails for a passing cause.
func (s *session) persist(ctx context.Context, a attempt) (database.Measured, error) {
	deadline := s.lastTry(ctx)
	begun := time.Now()
	var waited, queued time.Duration
	for n := 1; ; n++ {
		tried := time.Now()
		measured, err := a.try(ctx, n)
		measured.LockWait, measured.Queued, measured.Tries = waited, queued, n
		if !passing(err) {
			return measured, err
		}
		queued = max(queued, time.Since(tried))
		blockers := s.blockers(ctx, a.tables)
		pause := backoff(n)
		if time.Now().Add(pause).After(deadline) {
			return measured, fmt.Errorf("%w: %s was tried %d times in %s and undone each time: %s; %s",
				providers.ErrBlocked, a.what, n, time.Since(begun).Round(time.Second), reason(err), blockers)
		}
		s.job.Say("%s: try %d undone: %s; %s; again in %s", a.what, n, reason(err), blockers, pause.Round(10*time.Millisecond))
		if err := sleep(ctx, pause); err != nil {
			return measured, err
		}
		waited = time.Since(begun)
	}
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

// The server's errors that another try may do without.
const (
	lockWaitTimeout = 1205
	deadlock        = 1213
	lockNoWait      = 3572
)

func passing(err error) bool {
	switch number(err) {
	case lockWaitTimeout, deadlock, lockNoWait:
		return true
	default:
		return false
	}
}

func reason(err error) string {
	if number(err) == deadlock {
		return "deadlock"
	}
	return "lock timeout"
}

// impatience is how many tries ask without waiting at all, where the server
// can: nobody queues behind a request that is not there. Then a try may wait
// longer and longer, up to lock_timeout, or it would never come to its turn.
const impatience = 4

// lockWait is lock_wait_timeout of the n-th try in seconds. MySQL takes whole
// seconds from 1 on, MariaDB also 0.
func (s *session) lockWait(n int) int64 {
	most := seconds(s.job.Target.LockTimeout)
	if s.server.mariadb {
		if n <= impatience {
			return 0
		}
		n -= impatience
	}
	return min(int64(1)<<min(n-1, 16), most)
}

func seconds(d time.Duration) int64 {
	return max(int64((d+time.Second-1)/time.Second), 1)
}
