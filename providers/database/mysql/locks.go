package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"

	migrate "github.com/golang-migrate/migrate/v4/database"

	"github.com/lockstep-dev/lockstep/providers"
)

// lockName is golang-migrate's user lock of a database and its version table.
func lockName(name, table string) (string, error) {
	id, err := migrate.GenerateAdvisoryLockId(name + ":" + table)
	if err != nil {
		return "", fmt.Errorf("name the migration lock: %w", err)
	}
	return id, nil
}

// lock takes golang-migrate's lock: by the database's name as the URL has it,
// as its command line does, and as the server says it, as a program does that
// hands it a connection.
func (s *session) lock(ctx context.Context) error {
	var name string
	if err := s.guard.QueryRowContext(ctx, `SELECT DATABASE()`).Scan(&name); err != nil {
		return fmt.Errorf("take the migration lock: %w", err)
	}
	names := []string{name}
	if s.guard.config.DBName != name {
		names = append(names, s.guard.config.DBName)
	}
	for _, name := range names {
		key, err := lockName(name, s.job.Target.Table)
		if err != nil {
			return err
		}
		if err := s.lockOne(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// lockOne tries until patience ends; it never waits in the server's queue.
func (s *session) lockOne(ctx context.Context, key string) error {
	deadline := s.lastTry(ctx)
	if own := time.Now().Add(s.job.LockPatience); s.job.LockPatience > 0 && own.Before(deadline) {
		deadline = own
	}
	for try := 0; ; try++ {
		var got sql.NullBool
		if err := s.guard.QueryRowContext(ctx, `SELECT GET_LOCK(?, 0)`, key).Scan(&got); err != nil {
			return fmt.Errorf("take the migration lock: %w", err)
		}
		if got.Bool {
			return nil
		}
		holder := s.holder(ctx, key)
		pause := backoff(try)
		if time.Now().Add(pause).After(deadline) {
			return fmt.Errorf("%w: another migration of this database is running: %s; wait for it, or end it", providers.ErrBlocked, holder)
		}
		if try == 0 {
			s.job.Say("waiting for another migration of this database: %s", holder)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

func (s *session) holder(ctx context.Context, key string) string {
	var id sql.NullInt64
	if err := s.guard.QueryRowContext(ctx, `SELECT IS_USED_LOCK(?)`, key).Scan(&id); err != nil || !id.Valid {
		return "its connection has just ended"
	}
	var who string
	err := s.guard.QueryRowContext(ctx, `SELECT CONCAT('user ', user, ' from ', host, ', ', LOWER(command), ' for ', time, ' s')
		FROM information_schema.processlist WHERE id = ?`, id.Int64).Scan(&who)
	if err != nil {
		return fmt.Sprintf("connection %d, which this user may not look at", id.Int64)
	}
	return fmt.Sprintf("connection %d, %s", id.Int64, who)
}

// backoff grows from about 100 ms to about 5 s, with jitter, so that several
// waiters do not meet again and again.
func backoff(try int) time.Duration {
	pause := min(100*time.Millisecond<<min(try, 6), 5*time.Second)
	return pause/2 + rand.N(pause)
}
