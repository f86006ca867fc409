package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/lib/pq"
)

// lockKeys are golang-migrate's advisory locks. Its command line hashes the
// database's name with a leading slash, a program that hands it a connection
// without; holding both keeps out either.
// Source: golang-migrate v4 database.GenerateAdvisoryLockId, postgres.Open.
func lockKeys(database, schema, table string) []int64 {
	const salt uint32 = 1486364155
	keys := make([]int64, 0, 2)
	for _, name := range []string{database, "/" + database} {
		sum := crc32.ChecksumIEEE([]byte(strings.Join([]string{schema, table, name}, "\x00")))
		keys = append(keys, int64(sum*salt))
	}
	return keys
}

// lock tries for both keys until patience ends. It never waits inside of the
// server, where a waiter can deadlock with CREATE INDEX CONCURRENTLY.
func (s *session) lock(ctx context.Context) error {
	var name, schema string
	if err := s.guard.QueryRowContext(ctx, `SELECT current_database(), coalesce(current_schema(), '')`).Scan(&name, &schema); err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	keys := lockKeys(name, schema, s.job.Target.Table)
	return s.outwait(ctx, func(ctx context.Context) (string, error) {
		got, err := s.tryLock(ctx, keys)
		if err != nil {
			return "", err
		}
		if !got {
			return s.holder(ctx, keys), nil
		}
		leased, err := s.leased(ctx, leaseName(schema, s.job.Target.Table))
		if leased != "" {
			err = errors.Join(err, s.unlock(ctx, keys))
		}
		return leased, err
	})
}

// leased names the run that has the database's lease: one that works through
// a pooler, and does not hold our locks all the time.
func (s *session) leased(ctx context.Context, name string) (string, error) {
	var exists bool
	if err := s.guard.QueryRowContext(ctx, `SELECT to_regclass('lockstep.lease') IS NOT NULL`).Scan(&exists); err != nil || !exists {
		return "", err
	}
	var held leaseRow
	err := held.scan(s.guard.QueryRowContext(ctx, selectLease+` WHERE name = $1 AND run NOT IN ('', $2)`, name, s.job.Run))
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && !held.live:
		return "", nil
	case err != nil:
		return "", fmt.Errorf("look for a lease: %w", err)
	default:
		return held.String(), nil
	}
}

// tryLock takes both keys or none.
func (s *session) tryLock(ctx context.Context, keys []int64) (bool, error) {
	for i, key := range keys {
		var got bool
		if err := s.guard.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, key).Scan(&got); err != nil {
			return false, fmt.Errorf("take the migration lock: %w", err)
		}
		if got {
			continue
		}
		return false, s.unlock(ctx, keys[:i])
	}
	return true, nil
}

func (s *session) unlock(ctx context.Context, keys []int64) error {
	for _, held := range keys {
		var was bool
		err := s.guard.QueryRowContext(ctx, `SELECT pg_advisory_unlock($1)`, held).Scan(&was)
		if err == nil && !was {
			err = errors.New("the server says that it was not held: does a connection pooler stand in between?")
		}
		if err != nil {
			return fmt.Errorf("give the migration lock back: %w", err)
		}
	}
	return nil
}

// letGoLimit bounds what letting go may cost when the network is gone.
const letGoLimit = 5 * time.Second

// letGo gives the guard's locks back. They would go with its connection, but a
// server that does not notice the loss of one keeps them for hours, and then
// keeps the next run out: so its backend is ended from another connection.
// Where there is no way to the server, that is all that can be done.
func (s *session) letGo() error {
	ctx, cancel := context.WithTimeout(context.Background(), letGoLimit)
	defer cancel()
	if _, err := s.guard.ExecContext(ctx, `SELECT pg_advisory_unlock_all()`); err == nil || s.guard.pooled {
		return nil
	}
	c, err := connect(ctx, s.job.Target.URL, s.application())
	if err != nil {
		return nil //nolint:nilerr // the work is done or has failed, and its outcome is known
	}
	_, _ = s.endLost(ctx, c, s.guard.pid) // as above
	return c.close()
}

const holderQuery = `
	SELECT string_agg(DISTINCT format('pid %s, user %s, %s, from %s, connected since %s', a.pid, a.usename,
	       coalesce(nullif(a.application_name, ''), 'unnamed application'), coalesce(a.client_addr::text, 'the server''s own host'),
	       date_trunc('second', a.backend_start)), '; ')
	FROM pg_locks l JOIN pg_stat_activity a USING (pid)
	WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
	  AND ((l.classid::bigint << 32) | l.objid::bigint) = ANY($1)
	  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`

func (s *session) holder(ctx context.Context, keys []int64) string {
	var who string
	err := s.guard.QueryRowContext(ctx, holderQuery, pq.Array(keys)).Scan(&who)
	if err != nil {
		return "its connection has just ended"
	}
	return who
}

// backoff grows from about 100 ms to about 5 s, with jitter, so that several
// waiters do not meet again and again.
func backoff(try int) time.Duration {
	pause := min(100*time.Millisecond<<min(try, 6), 5*time.Second)
	return pause/2 + rand.N(pause)
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
