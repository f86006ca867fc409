package trace

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// held is the lock modes of the worker's transaction, by relation.
type held map[int64]modes

// readLocks reads, on the observer, what the worker holds and waits for. A lock
// that is waited for would have been taken.
func (t *Tracer) readLocks(ctx context.Context) (held, error) {
	rows, err := t.observer.QueryContext(ctx, fmt.Sprintf(`
		SELECT relation::bigint, mode FROM pg_catalog.pg_locks
		WHERE pid = %d AND locktype = 'relation'
			AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`, t.pid))
	if err != nil {
		return nil, fmt.Errorf("read pg_locks: %w", err)
	}
	defer rows.Close()
	all := held{}
	for rows.Next() {
		var oid int64
		var mode Mode
		if err := rows.Scan(&oid, &mode); err != nil {
			return nil, fmt.Errorf("read pg_locks: %w", err)
		}
		all[oid] = all[oid].with(mode)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read pg_locks: %w", err)
	}
	return all, nil
}

// taken names what is held now and blocks more than what was held before.
func (c change) taken(now, before held) []Lock {
	var found []Lock
	for oid, all := range now {
		r, known := c.before[oid]
		if fresh := all.beyond(before[oid]); known && !c.hidden(oid) && fresh != 0 {
			found = append(found, Lock{Relation: r.name, Kind: r.kind, Mode: fresh.strongest()})
		}
	}
	slices.SortFunc(found, func(a, b Lock) int { return strings.Compare(a.Relation, b.Relation) })
	return found
}

// against leaves the relations where another session's request of the mode
// would wait.
func (h held) against(m Mode) held {
	found := held{}
	for oid, all := range h {
		if all&modes(m.blocks()) != 0 {
			found[oid] = all
		}
	}
	return found
}
