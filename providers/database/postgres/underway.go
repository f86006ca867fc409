package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/lib/pq"
)

// oursUnderWay reports whether a migration's transaction has not ended that
// this run may have begun. Those of other runs say so by their name.
func (s *session) oursUnderWay(ctx context.Context) (bool, error) {
	pid, err := s.underWay(ctx)
	if err != nil || pid == 0 {
		return false, err
	}
	var name string
	err = s.guard.QueryRowContext(ctx, `SELECT coalesce(application_name, '') FROM pg_stat_activity WHERE pid = $1`, pid).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil // it has ended meanwhile
	}
	if err != nil {
		return false, fmt.Errorf("look for an interrupted try: %w", err)
	}
	return !strings.HasPrefix(name, "lockstep/") || strings.HasPrefix(name, "lockstep/"+s.job.Run+"/"), nil
}

// explain names who is in the way of a try that failed for another migration,
// not for a lock of a table.
func (s *session) explain(ctx context.Context, b *budget, err error) {
	e, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return
	}
	var locks string
	switch l, leases := s.guarding.(*lease); {
	case e.Message == earlierTry():
		locks = fmt.Sprintf(`l.objsubid = 2 AND l.classid::bigint = %d AND l.objid::bigint = %d`, migrating, int64(uint32(s.lockObject())))
	case leases && strings.HasPrefix(e.Message, otherTool):
		locks = fmt.Sprintf(`l.objsubid = 1 AND ((l.classid::bigint << 32) | l.objid::bigint) IN (%d, %d)`, l.keys[0], l.keys[1])
	default:
		return
	}
	b.wanted = "the end of another migration's transaction"
	// Who cannot be looked up now is looked up after the next try.
	if list, err := s.findMigrating(ctx, locks); err == nil && len(list) > 0 {
		b.meet(list)
	}
}

func earlierTry() string {
	if e, ok := errors.AsType[*pq.Error](errNotAlone()); ok {
		return e.Message
	}
	return ""
}

// findMigrating asks who has advisory locks of migrations.
func (s *session) findMigrating(ctx context.Context, locks string) ([]holder, error) {
	rows, err := s.guard.QueryContext(ctx, fmt.Sprintf(`
		WITH held AS (
			SELECT DISTINCT l.pid, l.virtualtransaction, NULL::text AS mode, true AS granted, NULL::oid AS relation
			FROM pg_locks l
			WHERE l.locktype = 'advisory' AND l.granted AND l.pid <> pg_backend_pid() AND %s
			  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
		SELECT 0, `, locks)+identity)
	if err != nil {
		return nil, fmt.Errorf("look for another migration: %w", err)
	}
	list, _, err := readHolders(rows)
	return list, err
}
