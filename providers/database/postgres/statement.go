package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
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
		if done, err := s.mended(ctx, statement.Statement); err != nil || done {
			return m, err
		}
	}
	c, err := connect(ctx, s.job.Target.URL, s.application())
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if statement.Concurrently() {
		if err := s.foresee(ctx, statement, a); err != nil {
			return m, err
		}
	}
	a.watch.follow(c.pid)
	if err := s.limit(ctx, c, statement, a); err != nil {
		return m, err
	}
	if err := s.prepare(ctx, c, statement); err != nil {
		return m, err
	}
	if _, total := s.patience(statement, a); c.pooled && total > 0 {
		bounded, cancel := context.WithTimeout(ctx, total)
		defer cancel()
		ctx = bounded
	}
	ctx, end, err := s.guarding.beside(ctx)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, end()) }()
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

// mended takes away what a try that was cut short has left, and reports whether
// that was all there was to do.
func (s *session) mended(ctx context.Context, statement sqlscan.Statement) (done bool, err error) {
	effect, err := s.Inspect(ctx, statement)
	if err != nil || effect != database.EffectBroken {
		return false, err
	}
	if err := s.Mend(ctx, statement); err != nil {
		return false, err
	}
	effect, err = s.Inspect(ctx, statement)
	return effect == database.EffectDone, err
}

// prepare sets what the file has set before the statement. Behind a pooler it
// would reach others.
func (s *session) prepare(ctx context.Context, c *connection, statement database.Statement) error {
	for _, set := range statement.Settings {
		if c.pooled {
			return fmt.Errorf("%s:%d: %w", statement.File, set.Line, errSetsPooled)
		}
		if _, err := c.ExecContext(ctx, set.Text); err != nil {
			return describe(err, statement.File, set.Text, set.Line)
		}
	}
	return nil
}

var errSetsPooled = errors.New("a connection pooler stands in between, and a setting for the session would be lost or reach others: " +
	"a statement behind it runs outside of a transaction; take the setting out, or give direct_url in the database block")

// foresee names whom a CONCURRENTLY statement will wait for: who keeps an old
// snapshot, and who uses the table.
func (s *session) foresee(ctx context.Context, statement database.Statement, a *attempt) error {
	wants, err := needs{[]sqlscan.Statement{statement.Statement}, statement.Locks}.resolve(ctx, s.guard)
	if err != nil {
		return err
	}
	older, err := findOlder(ctx, s.guard, wants)
	if err == nil && len(older) > 0 {
		a.say("%s: will wait for transactions that are open now, and keeps nobody waiting meanwhile: %s; to end that: %s",
			a.what, nameAll(older), remedies(older))
	}
	return err
}

// limit sets the timeouts of a connection of our own. What a pooler shares out
// is not touched: the next user of it would get them.
func (s *session) limit(ctx context.Context, c *connection, statement database.Statement, a *attempt) error {
	if c.pooled {
		return nil
	}
	lock, total := s.patience(statement, a)
	if _, err := c.ExecContext(ctx, fmt.Sprintf(`SET lock_timeout = %d; SET statement_timeout = %d; SET synchronous_commit = on`,
		lock.Milliseconds(), total.Milliseconds())); err != nil {
		return fmt.Errorf("set the timeouts: %w", err)
	}
	return nil
}

// patience: the CONCURRENTLY forms wait for old transactions by lock waits, in
// which nobody queues behind them; cut short they leave an INVALID index. So
// they get no limit but the step's own. VACUUM and ANALYZE keep nobody from
// reading and writing, and may wait as long as the target allows. Behind the
// others, and behind what nobody knows, the application's statements queue.
func (s *session) patience(statement database.Statement, a *attempt) (lock, total time.Duration) {
	total = s.job.Target.StatementTimeout
	switch n := (needs{locks: statement.Locks}); {
	case statement.Concurrently():
		return 0, 0
	case len(n.locks) > 0 && n.harmless():
		return a.limit, total
	default:
		return a.bodyLimit(), total
	}
}
