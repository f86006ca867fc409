package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// Run runs one statement outside of a transaction, on a connection of its own.
func (s *session) Run(ctx context.Context, statement database.Statement) (database.Measured, error) {
	what := fmt.Sprintf("%s:%d", statement.File, statement.Line)
	return s.persist(ctx, what, func(ctx context.Context, a *attempt) (database.Measured, error) {
		return s.runOnce(ctx, statement, a)
	})
}

func (s *session) runOnce(ctx context.Context, statement database.Statement, a *attempt) (m database.Measured, err error) {
	if statement.Concurrently() {
		// A try that was cut short (a deadlock) leaves an INVALID index.
		if effect, err := s.Inspect(ctx, statement.Statement); err != nil || effect == database.EffectBroken {
			if err := errors.Join(err, s.Mend(ctx, statement.Statement)); err != nil {
				return m, err
			}
		}
	}
	c, err := connect(ctx, s.job.Target.URL, applicationName(s.job.Run, s.job.Step))
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	a.watch.follow(c.pid)
	lock, total := s.patience(statement)
	if _, err := c.ExecContext(ctx, fmt.Sprintf(`SET lock_timeout = %d; SET statement_timeout = %d; SET synchronous_commit = on`,
		lock.Milliseconds(), total.Milliseconds())); err != nil {
		return m, fmt.Errorf("set the timeouts: %w", err)
	}
	start := time.Now()
	result, err := c.ExecContext(ctx, statement.Text)
	if err != nil {
		return m, describe(err, statement.File, statement.Text, statement.Line)
	}
	m.Duration = time.Since(start)
	if countsAsChange(statement.Statement) {
		m.Rows, err = result.RowsAffected()
	}
	return m, err
}

// patience: the CONCURRENTLY forms wait for old transactions by lock waits, in
// which nobody queues behind them; cut short they leave an INVALID index. So
// they get no limit but the step's own.
func (s *session) patience(statement database.Statement) (lock, total time.Duration) {
	if statement.Concurrently() {
		return 0, 0
	}
	return s.job.Target.LockTimeout, s.job.Target.StatementTimeout
}
