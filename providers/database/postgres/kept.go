package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/lockstep-dev/lockstep/providers/database"
)

var _ database.Continuing = (*session)(nil)

// guardCheck is how often a session that goes on asks whether its guard is
// there. In between, a transaction that finds the version moved by others
// fails.
const guardCheck = time.Second

var errNotKept = errors.New("the session cannot be kept")

// Continue implements database.Continuing. A session that a pooler is part of
// is not kept.
func (s *session) Continue(ctx context.Context, job database.Job) error {
	if _, ok := s.guarding.(sessionLocks); !ok || s.guard.pooled || job.Target != s.job.Target || job.Run != s.job.Run {
		return errNotKept
	}
	if time.Since(s.checked) > guardCheck {
		if _, err := s.guard.ExecContext(ctx, `SELECT 1`); err != nil {
			return fmt.Errorf("look whether the lock is held: %w", err)
		}
		s.checked = time.Now()
	}
	s.job = job
	return nil
}

// application marks all backends of a session: those of one run at one target.
func (s *session) application() string { return applicationOf(s.job) }

func applicationOf(job database.Job) string {
	if job.Target.Name == "" {
		return applicationName(job.Run, job.Step)
	}
	return applicationName(job.Run, "database."+job.Target.Name)
}

// kept is a connection between two migrations.
type kept struct {
	*connection
	since time.Time
	// plain: the last file has changed the catalog only. What its statements
	// may have left in the session is forgotten in passing.
	plain bool
}

// keep keeps a connection for the next migration. Before that begins, whatever
// the last one has set for its session is forgotten.
func (s *session) keep(c *connection, last database.Work) {
	c.soiled = true
	s.kept = &kept{c, time.Now(), catalogAlone(last)}
}

// forget is DISCARD ALL in the parts that may stand in a message with others.
// Source: PostgreSQL documentation, DISCARD.
const forget = `CLOSE ALL; RESET SESSION AUTHORIZATION; RESET ALL; DEALLOCATE ALL; UNLISTEN *; ` +
	`SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD PLANS; DISCARD TEMP; DISCARD SEQUENCES`

// clean makes the connection as if it was new.
func (c *connection) clean(ctx context.Context) error {
	if !c.soiled {
		return nil
	}
	if _, err := c.ExecContext(ctx, `DISCARD ALL`); err != nil {
		return fmt.Errorf("forget what the last migration has set: %w", err)
	}
	c.soiled, c.prepared = false, false
	return nil
}

// worker returns the connection for a migration: the one that was kept, or a
// new one. It is clean, unless the next message cleans it anyway. One that was
// kept for long may have been ended meanwhile.
func (s *session) worker(ctx context.Context, whole bool) (*connection, error) {
	if k := s.kept; k != nil {
		s.kept = nil
		if whole && k.plain && time.Since(k.since) < guardCheck || k.clean(ctx) == nil {
			return k.connection, nil
		}
		_ = k.close() // nothing is under way in it
	}
	config, err := parse(s.job.Target.URL)
	if err != nil {
		return nil, err
	}
	config.ApplicationName = s.application()
	if s.guard.noticesLoss {
		config.Runtime = withLossCheck(config.Runtime)
	}
	return open(ctx, config)
}

// dismiss closes the connection that was kept.
func (s *session) dismiss() error {
	if s.kept == nil {
		return nil
	}
	err := s.kept.close()
	s.kept = nil
	return err
}

// lossCheck makes the server notice during a statement that its client is
// gone. It is unknown before version 14 and on some systems: then that is
// noticed at the end of the statement.
const (
	lossCheck    = "client_connection_check_interval"
	lossInterval = "5s"

	idleLimit = "idle_in_transaction_session_timeout"
)

// withLossCheck makes it the connection's own default, which DISCARD ALL goes
// back to.
func withLossCheck(runtime map[string]string) map[string]string {
	with := map[string]string{lossCheck: lossInterval, idleLimit: strconv.FormatInt(longestIdle.Milliseconds(), 10)}
	maps.Copy(with, runtime)
	return with
}
