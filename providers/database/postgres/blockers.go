package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"
)

// holder is a transaction that keeps us from a lock.
type holder struct {
	pid         int64  // 0 for a prepared transaction
	transaction string // virtual id, unique as long as it is open
	claim       string // "ShareLock on orders", "waits for ShareLock on orders"
	user        string
	superuser   bool
	application string
	kind        string // client backend, autovacuum worker, ...
	state       string
	age         time.Duration // of its transaction, as long as we may see or have seen it
	query       string
	prepared    string // a prepared transaction's global id
}

// holders of locks that conflict with what is wanted, those in the queue
// included: they too stand before us. pg_blocking_pids cannot tell of a
// request that does not wait; pg_locks has fast-path locks, too.
const holders = `
WITH RECURSIVE wanted AS (
	SELECT w.oid::oid, w.conflicts, NOT w.one AS deep
	FROM unnest(%s::bigint[], %s::int[], %s::bool[]) AS w (oid, conflicts, one)
), tree AS (
	SELECT oid, conflicts, deep, oid AS root FROM wanted
	UNION
	SELECT i.inhrelid, tree.conflicts, true, tree.root FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid WHERE tree.deep
), held AS (
	SELECT DISTINCT ON (l.virtualtransaction, tree.root) l.pid, l.virtualtransaction, l.mode, l.granted, l.relation, tree.root
	FROM pg_locks l JOIN tree ON tree.oid = l.relation
	WHERE l.locktype = 'relation' AND l.pid IS DISTINCT FROM %d
	  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
	  AND (tree.conflicts >> array_position(ARRAY[%s], l.mode)) & 1 = 1
	  AND (l.granted OR %t OR l.pid = ANY (pg_blocking_pids(%[4]d)))
	ORDER BY l.virtualtransaction, tree.root, l.granted DESC, l.relation = tree.root DESC
)
SELECT held.root::bigint, ` + identity + `
ORDER BY age DESC, held.virtualtransaction`

// identity are the columns of a holder and the tables they come from.
const identity = `coalesce(held.pid, 0), held.virtualtransaction,
       CASE WHEN held.mode IS NULL THEN '' WHEN held.granted THEN held.mode || ' on ' || held.relation::regclass
            ELSE 'waits for ' || held.mode || ' on ' || held.relation::regclass END,
       coalesce(a.usename, p.owner, ''), coalesce(r.rolsuper, false), coalesce(nullif(a.application_name, ''), 'unnamed application'),
       coalesce(a.backend_type, ''), coalesce(a.state, ''),
       coalesce(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)), 0)::float8 AS age,
       left(regexp_replace(coalesce(a.query, ''), '\s+', ' ', 'g'), 80), coalesce(p.gid, '')
FROM held LEFT JOIN pg_stat_activity a ON a.pid = held.pid
LEFT JOIN pg_prepared_xacts p ON held.pid IS NULL AND p.transaction IN (
	SELECT x.transactionid FROM pg_locks x
	WHERE x.pid IS NULL AND x.locktype = 'transactionid' AND x.virtualtransaction = held.virtualtransaction)
LEFT JOIN pg_roles r ON r.rolname = coalesce(a.usename, p.owner)`

// findHolders asks who holds, or waits for, what conflicts with wants. It
// marks the wants that somebody is in the way of. When self stands in the
// queue, those behind it are not in its way.
func findHolders(ctx context.Context, c *connection, wants []want, self int, queues bool) ([]holder, error) {
	var oids, conflicts []int
	var onlys []bool
	for _, w := range wants {
		oids, conflicts, onlys = append(oids, int(w.oid)), append(conflicts, w.mode.conflicts()), append(onlys, w.only)
	}
	names := make([]string, 0, len(modeNames))
	for _, name := range modeNames[1:] {
		names = append(names, pq.QuoteLiteral(name))
	}
	rows, err := c.QueryContext(ctx, fmt.Sprintf(holders,
		intArray(oids), intArray(conflicts), boolArray(onlys), self, strings.Join(names, ","), !queues))
	if err != nil {
		return nil, fmt.Errorf("look up who holds the locks: %w", err)
	}
	list, roots, err := readHolders(rows)
	if err != nil {
		return nil, fmt.Errorf("look up who holds the locks: %w", err)
	}
	for i := range wants {
		wants[i].seen = wants[i].seen || roots[wants[i].oid]
	}
	return list, nil
}

// findBlockers asks for whom a backend waits that waits for no relation.
func findBlockers(ctx context.Context, c *connection, pid int) ([]holder, error) {
	rows, err := c.QueryContext(ctx, fmt.Sprintf(`
		WITH held AS (
			SELECT nullif(b.pid, 0) AS pid, coalesce((SELECT min(l.virtualtransaction) FROM pg_locks l WHERE l.pid = b.pid), '') AS virtualtransaction,
			       NULL::text AS mode, true AS granted, NULL::oid AS relation
			FROM unnest(pg_blocking_pids(%d)) AS b (pid))
		SELECT 0, `+identity, pid))
	if err != nil {
		return nil, fmt.Errorf("look up who is waited for: %w", err)
	}
	list, _, err := readHolders(rows)
	return list, err
}

// findOlder asks for transactions that have been open for a while and keep a
// snapshot, have written, or use what is wanted: CONCURRENTLY waits until they
// have ended.
func findOlder(ctx context.Context, c *connection, wants []want) ([]holder, error) {
	var oids []int
	for _, w := range wants {
		oids = append(oids, int(w.oid))
	}
	rows, err := c.QueryContext(ctx, fmt.Sprintf(`
		WITH held AS (
			SELECT a.pid, '' AS virtualtransaction, NULL::text AS mode, true AS granted, NULL::oid AS relation
			FROM pg_stat_activity a
			WHERE a.datname = current_database() AND (a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL
			       OR a.pid IN (SELECT l.pid FROM pg_locks l WHERE l.locktype = 'relation' AND l.relation = ANY (%s)))
			  AND a.pid <> pg_backend_pid() AND a.xact_start < clock_timestamp() - interval '%d ms' AND a.query NOT ILIKE 'vacuum%%')
		SELECT 0, `, intArray(oids), lasting.Milliseconds())+strings.Replace(identity, "held.virtualtransaction", "held.pid::text", 1)+` ORDER BY age DESC`)
	if err != nil {
		return nil, fmt.Errorf("look up open transactions: %w", err)
	}
	list, _, err := readHolders(rows)
	return list, err
}

func readHolders(rows *sql.Rows) (list []holder, relations map[int64]bool, err error) {
	defer rows.Close()
	relations = map[int64]bool{}
	for rows.Next() {
		var h holder
		var relation int64
		var seconds float64
		if err := rows.Scan(&relation, &h.pid, &h.transaction, &h.claim, &h.user, &h.superuser,
			&h.application, &h.kind, &h.state, &seconds, &h.query, &h.prepared); err != nil {
			return nil, nil, err
		}
		h.age = time.Duration(seconds * float64(time.Second))
		relations[relation] = true
		list = append(list, h)
	}
	return list, relations, rows.Err()
}

// String names the holder for people.
func (h holder) String() string {
	if h.pid == 0 && h.prepared == "" {
		return "a prepared transaction"
	}
	if h.prepared != "" {
		return fmt.Sprintf("prepared transaction %q (user %s, prepared for %s, %s)", h.prepared, h.user, age(h.age), h.claim)
	}
	facts := []string{"user " + h.user, h.application}
	if h.autovacuum() {
		facts = []string{"autovacuum"}
	}
	if h.state != "" && h.state != "active" {
		facts = append(facts, h.state)
	}
	facts = append(facts, "transaction open for "+age(h.age).String())
	if h.claim != "" {
		facts = append(facts, h.claim)
	}
	return strings.TrimSuffix(fmt.Sprintf("pid %d (%s): %s", h.pid, strings.Join(facts, ", "), h.query), ": ")
}

// age rounds as people read it.
func age(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(time.Second)
}

func (h holder) autovacuum() bool { return h.kind == "autovacuum worker" }

// protected: an autovacuum that keeps transaction ids from running out must
// come to its end.
func (h holder) protected() bool { return strings.Contains(h.query, "to prevent wraparound") }

// remedy says who may end the holder, and what to type.
func (h holder) remedy() string {
	switch {
	case h.pid == 0 && h.prepared == "":
		return "look for it: SELECT * FROM pg_prepared_xacts"
	case h.prepared != "":
		return fmt.Sprintf("user %s or a superuser: ROLLBACK PREPARED %s", h.user, pq.QuoteLiteral(h.prepared))
	case h.autovacuum() && h.protected():
		return fmt.Sprintf("nobody should end pid %d: it prevents transaction id wraparound; let it come to its end", h.pid)
	case h.autovacuum():
		return fmt.Sprintf("a superuser: SELECT pg_cancel_backend(%d)", h.pid)
	case h.superuser:
		return fmt.Sprintf("its client, user %s or a superuser: SELECT pg_terminate_backend(%d)", h.user, h.pid)
	default:
		return fmt.Sprintf("its client, user %s or a member of pg_signal_backend: SELECT pg_terminate_backend(%d)", h.user, h.pid)
	}
}

// nobody is what is said when the holders were gone before they could be seen.
const nobody = "short transactions that were gone before we could look"

// naming bounds a line for people.
const naming = 3

// nameAll lists the oldest holders.
func nameAll(list []holder) string {
	return join(list, holder.String)
}

// remedies says who may end the oldest holders, and what to type.
func remedies(list []holder) string {
	if len(list) == 0 {
		return "nobody has to be ended: use a longer timeout, or a quieter time"
	}
	return join(list, holder.remedy)
}

func join(list []holder, text func(holder) string) string {
	if len(list) == 0 {
		return nobody
	}
	var parts []string
	seen := map[string]bool{}
	for _, h := range list {
		if !seen[h.transaction] && len(parts) < naming {
			parts = append(parts, text(h))
		}
		seen[h.transaction] = true
	}
	if more := len(seen) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}
