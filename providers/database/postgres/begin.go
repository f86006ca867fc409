package postgres

import (
	"context"
	"fmt"
	"hash/crc32"

	"github.com/lib/pq"
)

// first is what a transaction reads in the round trip that begins it.
type first struct {
	query string // one row; empty for nothing
	into  []any
}

func (f first) run(ctx context.Context, on *connection, script string) error {
	if f.query == "" {
		_, err := on.ExecContext(ctx, script)
		return err
	}
	return on.QueryRowContext(ctx, script+"; "+f.query).Scan(f.into...)
}

// migrating is the class of the advisory lock that a migration's transaction
// holds until its end, on top of the locks that the session's guard holds.
const migrating = 0x10c557e9

// onlyOne tries for that lock. Nothing that a file does gives it back before
// the transaction ends, so whoever gets it knows that no transaction of an
// earlier process is under way, under whatever name it connected.
func (s *session) onlyOne() string {
	return fmt.Sprintf(`pg_try_advisory_xact_lock(%d, %d)`, migrating, s.lockObject())
}

// enterAlone tries for it in the middle of a message, which ends there when the
// lock is not to be had. The transaction's id and beginning are remembered
// until its end.
func (s *session) enterAlone() string {
	return `SELECT CASE WHEN ` + s.onlyOne() + ` THEN pg_catalog.set_config('lockstep.xid', pg_catalog.pg_current_xact_id()::text, true)
		ELSE (pg_catalog.set_config('lockstep.xid', '` + notAlone + `', true)::int)::text END,
		pg_catalog.set_config('lockstep.began', extract(epoch FROM pg_catalog.clock_timestamp())::text, true)`
}

// began is the id that enterAlone has remembered; another transaction does not
// know it.
const began = `pg_catalog.current_setting('lockstep.xid', true)`

// sinceBegan is the time since then, in milliseconds.
const sinceBegan = `((extract(epoch FROM pg_catalog.clock_timestamp()) - pg_catalog.current_setting('lockstep.began', true)::numeric) * 1000)::bigint`

// notAlone is what the server cannot read as a number.
const notAlone = "a transaction of an earlier try has not ended"

func (s *session) lockObject() int32 {
	return int32(crc32.ChecksumIEEE([]byte(s.job.Target.Name + "\x00" + s.job.Target.Table)))
}

// underWay returns the backend of a migration's transaction that has not
// ended, or 0.
func (s *session) underWay(ctx context.Context) (pid int, err error) {
	err = s.guard.QueryRowContext(ctx, `
		SELECT coalesce(max(pid), 0) FROM pg_locks
		WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid::bigint = $1 AND objid::bigint = $2
		  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
		migrating, int64(uint32(s.lockObject()))).Scan(&pid)
	if err != nil {
		return 0, fmt.Errorf("look for an interrupted try: %w", err)
	}
	return pid, nil
}

// errNotAlone is a passing cause: that transaction ends.
func errNotAlone() error {
	return &pq.Error{Code: "55P03", Message: notAlone}
}
