package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// committed finds out, on a new connection, what became of a transaction whose
// COMMIT got no answer: once its backend is gone, the books tell.
func (s *session) committed(ctx context.Context, pid int, change database.Change) (bool, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quiesceGrace)
	defer cancel()
	for try := 0; ; try++ {
		known, there, err := s.ask(ctx, pid, change)
		if known {
			return there, err
		}
		if sleepErr := sleep(ctx, backoff(try)); sleepErr != nil {
			return false, errors.Join(errors.New("nobody can tell what became of the transaction"), err)
		}
	}
}

// ask ends the old backend first, so that what it does cannot last.
func (s *session) ask(ctx context.Context, pid int, change database.Change) (known, there bool, err error) {
	c, err := connect(ctx, s.job.Target.URL, s.application())
	if err != nil {
		return false, false, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if left, err := s.endLost(ctx, c, pid); err != nil || left {
		return false, false, err
	}
	state, err := readState(ctx, c, s.job.Target.Table)
	return err == nil, state.Holds(change), err
}

// endLost ends a backend of ours whose client has lost it, and reports whether
// it was still there.
func (s *session) endLost(ctx context.Context, c *connection, pid int) (left bool, err error) {
	err = c.QueryRowContext(ctx, `SELECT count(pg_terminate_backend(pid)) > 0 FROM pg_stat_activity
		WHERE pid = $1 AND application_name = $2 AND pid <> pg_backend_pid()`,
		pid, s.application()).Scan(&left)
	if err != nil {
		return false, fmt.Errorf("end the lost connection: %w", err)
	}
	return left, nil
}

// sinceStart is the part of a wait that this try has seen.
func sinceStart(start time.Time) time.Duration {
	if start.IsZero() {
		return 0
	}
	return time.Since(start)
}
