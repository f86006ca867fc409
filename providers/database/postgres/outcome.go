package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// committed asks the server, on a new connection, what became of a
// transaction whose COMMIT got no answer.
func (s *session) committed(ctx context.Context, pid int, xid string) (bool, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quiesceGrace)
	defer cancel()
	for try := 0; ; try++ {
		status, err := s.ask(ctx, pid, xid)
		switch {
		case err == nil && status == "committed":
			return true, nil
		case err == nil && status == "aborted":
			return false, nil
		}
		if sleepErr := sleep(ctx, backoff(try)); sleepErr != nil {
			return false, errors.Join(fmt.Errorf("transaction %s is %s, and nobody can tell more", xid, status), err)
		}
	}
}

// ask ends the old backend first, so that "in progress" cannot last.
func (s *session) ask(ctx context.Context, pid int, xid string) (status string, err error) {
	c, err := connect(ctx, s.job.Target.URL, applicationName(s.job.Run, s.job.Step))
	if err != nil {
		return "unknown", err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if _, err := c.ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND application_name = $2`,
		pid, applicationName(s.job.Run, s.job.Step)); err != nil {
		return "unknown", fmt.Errorf("end the lost connection: %w", err)
	}
	if err := c.QueryRowContext(ctx, `SELECT coalesce(pg_xact_status($1::text::xid8), 'unknown')`, xid).Scan(&status); err != nil {
		return "unknown", fmt.Errorf("look up transaction %s: %w", xid, err)
	}
	return status, nil
}

// sinceStart is the part of a wait that this try has seen.
func sinceStart(start time.Time) time.Duration {
	if start.IsZero() {
		return 0
	}
	return time.Since(start)
}
