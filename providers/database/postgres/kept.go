package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	cleaned chan error
}

// cleanTimeout bounds DISCARD ALL.
const cleanTimeout = 5 * time.Second

// keep keeps a connection for the next migration, as if it was new: whatever
// the last one has set for its session is forgotten (DISCARD ALL). It is done
// while the caller goes on.
func (s *session) keep(c *connection) {
	k := &kept{connection: c, cleaned: make(chan error, 1)}
	s.kept = k
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), cleanTimeout)
		defer cancel()
		_, err := c.ExecContext(ctx, `DISCARD ALL`)
		k.cleaned <- err
	}()
}

// worker returns the connection for a migration: the one that was kept, or a
// new one.
func (s *session) worker(ctx context.Context) (*connection, error) {
	if k := s.kept; k != nil {
		s.kept = nil
		if err := <-k.cleaned; err == nil {
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
	<-s.kept.cleaned
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
)

// withLossCheck makes it the connection's own default, which DISCARD ALL goes
// back to.
func withLossCheck(runtime map[string]string) map[string]string {
	with := map[string]string{lossCheck: lossInterval}
	maps.Copy(with, runtime)
	return with
}
