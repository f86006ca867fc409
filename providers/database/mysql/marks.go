package mysql

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/providers"
)

// Marks: a connection of ours holds a user lock whose name tells run and step,
// so that a later process finds it. The server gives the lock up when the
// connection has ended, which is after its statement has ended.
// performance_schema, which shows a connection's attributes, is off on MariaDB
// unless somebody has turned it on.
const (
	guardMark  = "guard"
	workerMark = "worker"
)

// markName keeps within the 64 characters of a user lock's name.
func (s *session) markName(kind string) string {
	sum := sha256.Sum256([]byte(s.job.Run + "\x00" + s.job.Step + "\x00" + s.guard.config.DBName))
	return "lockstep:" + hex.EncodeToString(sum[:16]) + ":" + kind
}

func (s *session) mark(ctx context.Context, c *connection, kind string) error {
	var got sql.NullBool
	if err := c.QueryRowContext(ctx, `SELECT GET_LOCK(?, 0)`, s.markName(kind)).Scan(&got); err != nil {
		return fmt.Errorf("mark the connection: %w", err)
	}
	if !got.Bool {
		return fmt.Errorf("%w: another process works on the same step of the same run", providers.ErrBlocked)
	}
	return nil
}

// quiesceGrace is how long a connection may take to end when the step itself
// is not more patient. Undoing a long statement takes its time.
const quiesceGrace = 30 * time.Second

// quiesce ends the connections that an earlier process of this run and step
// left behind, and waits until they are gone: a statement is then there or
// not, for certain.
func (s *session) quiesce(ctx context.Context) error {
	deadline := time.Now().Add(max(quiesceGrace, s.job.Patience))
	for told := false; ; told = true {
		left, err := s.leftBehind(ctx)
		if err != nil || left == 0 {
			return err
		}
		if _, err := s.guard.ExecContext(ctx, fmt.Sprintf(`KILL %d`, left)); err != nil && number(err) != noSuchThread {
			return fmt.Errorf("connection %d of an interrupted try is still working, and cannot be ended by this user: %w; run KILL %d", left, err, left)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%w: the server is still undoing what an interrupted try had begun (connection %d); wait for it, then try again", providers.ErrBlocked, left)
		}
		if !told {
			s.job.Say("ending connection %d, which an interrupted try of this step has left", left)
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

const noSuchThread = 1094

// leftBehind is the connection that holds a mark of this run and step, or 0.
func (s *session) leftBehind(ctx context.Context) (int64, error) {
	var left sql.NullInt64
	err := s.guard.QueryRowContext(ctx, `SELECT COALESCE(NULLIF(IS_USED_LOCK(?), CONNECTION_ID()), NULLIF(IS_USED_LOCK(?), CONNECTION_ID()))`,
		s.markName(workerMark), s.markName(guardMark)).Scan(&left)
	if err != nil {
		return 0, fmt.Errorf("look for an interrupted try: %w", err)
	}
	return left.Int64, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
