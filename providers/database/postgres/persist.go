package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// persist repeats a try that fails for a passing cause.
func (s *session) persist(ctx context.Context, what string, try func(context.Context, *watch) (database.Measured, error)) (database.Measured, error) {
	deadline := s.lastTry(ctx)
	begun := time.Now()
	var waited time.Duration
	for n := 1; ; n++ {
		watch := s.watch(ctx)
		measured, err := try(ctx, watch)
		blockers := watch.stop()
		waited += watch.waited
		measured.LockWait, measured.Tries = waited, n
		if !passing(err) {
			return measured, err
		}
		pause := backoff(n + 1)
		if time.Now().Add(pause).After(deadline) {
			return measured, fmt.Errorf("%w: %s was tried %d times in %s and undone each time: %s; blocked by %s",
				providers.ErrBlocked, what, n, time.Since(begun).Round(time.Second), reason(err), blockers)
		}
		s.job.Say("%s: try %d undone after %s of waiting: %s; blocked by %s; again in %s",
			what, n, watch.waited.Round(time.Millisecond), reason(err), blockers, pause.Round(10*time.Millisecond))
		if err := sleep(ctx, pause); err != nil {
			return measured, err
		}
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

func reason(err error) string {
	if code(err) == "40P01" {
		return "deadlock"
	}
	return "lock timeout"
}
