package mysql

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// work returns a connection that is marked as this step's worker.
func (s *session) work(ctx context.Context) (*connection, error) {
	c, err := connect(ctx, s.job.Target.URL, "lockstep/"+s.job.Run+"/"+s.job.Step)
	if err != nil {
		return nil, err
	}
	if err := s.ready(ctx, c); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (s *session) ready(ctx context.Context, c *connection) error {
	if err := s.quiesceWorker(ctx); err != nil {
		return err
	}
	if err := s.mark(ctx, c, workerMark); err != nil {
		return err
	}
	if _, err := c.ExecContext(ctx, `SET SESSION wait_timeout = 2000000`); err != nil {
		return fmt.Errorf("set the timeouts: %w", err)
	}
	if err := s.job.Record(database.Facts{PID: int(c.id)}); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// quiesceWorker waits until the connection of the try before is gone: the
// server takes a moment to notice that it was closed.
func (s *session) quiesceWorker(ctx context.Context) error {
	if s.worker != nil {
		return nil
	}
	return s.quiesce(ctx)
}

// limit sets how long the n-th try may wait for a lock.
func (s *session) limit(ctx context.Context, c *connection, n int) error {
	_, err := c.ExecContext(ctx, fmt.Sprintf(`SET SESSION lock_wait_timeout = %d, innodb_lock_wait_timeout = %d`,
		s.lockWait(n), seconds(s.job.Target.LockTimeout)))
	if err != nil {
		return fmt.Errorf("set the timeouts: %w", err)
	}
	return nil
}

// errOverdue is the cause of a statement's end after statement_timeout. The
// server's own max_execution_time counts for SELECT alone, so it is kept here.
var errOverdue = errors.New("the statement ran longer than statement_timeout and was ended")

// bounded runs one statement of a file within statement_timeout.
func (s *session) bounded(ctx context.Context, c *connection, query string) (rows int64, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.job.Target.StatementTimeout, errOverdue)
	defer cancel()
	result, err := c.exec(ctx, query)
	if err != nil {
		return 0, err
	}
	if rows, err = result.RowsAffected(); err != nil {
		return 0, nil //nolint:nilerr // a statement that counts no rows
	}
	return rows, nil
}
