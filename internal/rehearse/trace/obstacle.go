package trace

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// obstacle is a session that a statement has to wait for: it holds a snapshot,
// reads every table with its indexes, and locks each table that the statement
// has not come to yet in SHARE mode: that stops what CONCURRENTLY and VACUUM
// begin with, and does not stop the obstacle that follows.
type obstacle struct {
	conn *sql.Conn
	pid  int
}

// stand puts an obstacle in the way. What the worker has locked or waits for is
// only read, and left alone where even that would wait.
func (t *Tracer) stand(ctx context.Context, all catalog, taken held) (*obstacle, error) {
	conn, err := t.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("make a statement wait: %w", err)
	}
	o := &obstacle{conn: conn}
	if err := o.stand(ctx, blockade(all, taken)); err != nil {
		return nil, errors.Join(fmt.Errorf("make a statement wait: %w", err), o.leave())
	}
	return o, nil
}

func (o *obstacle) stand(ctx context.Context, queries []string) error {
	if err := o.conn.QueryRowContext(ctx, "SELECT pg_catalog.pg_backend_pid()").Scan(&o.pid); err != nil {
		return err
	}
	for _, query := range queries {
		if _, err := o.conn.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// blockade is what an obstacle says. Planning a SELECT locks the table and its
// indexes as running it would.
func blockade(all catalog, taken held) []string {
	touched, avoided := tables(all, taken), tables(all, taken.against(AccessShare))
	var lock, read []string
	for _, oid := range slices.Sorted(maps.Keys(all)) {
		r := all[oid]
		lockable := r.kind == Table || r.kind == PartitionedTable
		if avoided[oid] || !lockable && r.kind != MaterializedView {
			continue
		}
		if read = append(read, "SELECT FROM ONLY "+r.name); lockable && !touched[oid] {
			lock = append(lock, "ONLY "+r.name)
		}
	}
	say := []string{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SET LOCAL lock_timeout = '100ms'"}
	if len(lock) > 0 {
		say = append(say, "LOCK TABLE "+strings.Join(lock, ", ")+" IN SHARE MODE")
	}
	if len(read) == 0 {
		read = []string{"SELECT"}
	}
	return append(say, "EXPLAIN "+strings.Join(read, " UNION ALL "))
}

// tables are the tables of the given relations, themselves or by an index.
func tables(all catalog, of held) map[int64]bool {
	found := map[int64]bool{}
	for oid := range of {
		found[oid] = true
		found[all[oid].table] = true
	}
	return found
}

// leave lets the statement go on. Who does not stand cannot leave.
func (o *obstacle) leave() error {
	if o == nil {
		return nil
	}
	// The context of the statement may be over; the rollback is due anyway.
	_, err := o.conn.ExecContext(context.Background(), "ROLLBACK")
	return errors.Join(err, o.conn.Close())
}
