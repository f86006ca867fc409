package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// want is a lock that is taken before the file runs.
type want struct {
	oid  int64
	name string // quoted and qualified
	mode mode
	// only leaves partitions and child tables free.
	only bool
	// seen says that others have been seen to hold it against us.
	seen bool
}

func (w want) String() string { return w.mode.String() + " on " + w.name }

// lock is the statement that takes it or fails at once.
func (w want) lock() string {
	return "LOCK TABLE " + w.target(w.only) + " IN " + w.mode.sql() + " MODE NOWAIT"
}

// queue is the same with a wait. Only the relation itself is waited for:
// those who use its partitions through it hold it, too, and a wait for each
// partition would add up.
func (w want) queue() string {
	wait := "LOCK TABLE " + w.target(true) + " IN " + w.mode.sql() + " MODE"
	if w.only {
		return wait
	}
	return wait + "; " + w.lock()
}

func (w want) target(only bool) string {
	if only {
		return "ONLY " + w.name
	}
	return w.name
}

// needs is what a file, or one statement of it, asks of the lock manager.
type needs struct {
	statements []sqlscan.Statement
	locks      []plans.Lock
}

// rowsOnly reports whether the statements change rows and nothing else, as
// far as their words tell.
func (n needs) rowsOnly() bool {
	return !slices.ContainsFunc(n.statements, func(s sqlscan.Statement) bool {
		return !s.Starts("INSERT") && !s.Starts("UPDATE") && !s.Starts("DELETE") && !s.Starts("MERGE") && !s.Starts("SET")
	})
}

// harmless reports whether nobody's reading and writing waits behind the locks.
func (n needs) harmless() bool {
	return !slices.ContainsFunc(n.locks, func(l plans.Lock) bool { return modeOf(l).stopsTraffic() })
}

// wish is one row of what the catalog is asked about: a lock, or a reach.
type wish struct {
	relation []string
	mode     mode
	only     bool
	reach    reach
}

// wishes leaves weak locks to the file: whoever asks for one waits with the
// application's own statements, and none of those wait behind it.
func (n needs) wishes() []wish {
	var list []wish
	for _, l := range n.locks {
		relation, m := sqlscan.Names(l.Relation), modeOf(l)
		if m >= shareUpdateExclusive && (len(relation) == 1 || len(relation) == 2) {
			list = append(list, wish{relation: relation, mode: m, only: l.Only})
		}
	}
	if len(list) == 0 {
		return nil
	}
	for _, r := range reaches(n.statements) {
		if len(r.relation) <= 2 {
			list = append(list, wish{relation: r.relation, reach: r})
		}
	}
	return list
}

// values spells the rows for the query lockable.
func values(list []wish) (rows string, further bool) {
	spelled := make([]string, len(list))
	for i, w := range list {
		schema := ""
		if len(w.relation) == 2 {
			schema = w.relation[0]
		}
		spelled[i] = fmt.Sprintf("(%s, %s, %d, %t, %s, %s, %t)",
			pq.QuoteLiteral(schema), pq.QuoteLiteral(w.relation[len(w.relation)-1]), w.mode, w.only,
			pq.QuoteLiteral(w.reach.kind), pq.QuoteLiteral(w.reach.item), w.reach.far)
		further = further || w.reach.kind != ""
	}
	return strings.Join(spelled, ", "), further
}

// lockable finds the relations that names stand for and keeps those which
// LOCK TABLE can take for this role.
//
// A view is left to the file, because LOCK TABLE would take the tables under
// it as well; sequences, materialized views and foreign tables, because it
// refuses them; an index stands for its table. The rights are those of the
// LOCK page: any of UPDATE, DELETE, TRUNCATE, and MAINTAIN since version 17.
const lockable = `
WITH RECURSIVE wish (schema, name, mode, one, kind, item, far) AS (VALUES %s),
path AS (
	SELECT n.oid AS namespace, p.ord
	FROM unnest(%s) WITH ORDINALITY AS p (name, ord)
	JOIN pg_namespace n ON n.nspname = CASE p.name WHEN '$user' THEN current_user ELSE p.name END
), named AS (
	SELECT c.oid, c.relkind, wish.mode, wish.one, wish.kind, wish.item, wish.far
	FROM wish CROSS JOIN LATERAL (
		SELECT c.oid, c.relkind FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN path ON path.namespace = n.oid
		WHERE c.relname = wish.name AND has_schema_privilege(n.oid, 'USAGE')
		  AND CASE wish.schema WHEN '' THEN path.ord IS NOT NULL ELSE n.nspname = wish.schema END
		ORDER BY path.ord LIMIT 1) c
), truncated AS (
	SELECT oid FROM named WHERE kind = 'truncate'
	UNION
	SELECT f.conrelid FROM truncated JOIN pg_constraint f ON f.contype = 'f' AND f.confrelid = truncated.oid
), taken (oid, mode, one) AS (
	SELECT oid, mode, one FROM named WHERE kind = '' AND relkind NOT IN ('i', 'I')
	UNION ALL
	SELECT i.indrelid, n.mode, n.one FROM named n JOIN pg_index i ON i.indexrelid = n.oid
	WHERE n.kind = '' AND n.relkind IN ('i', 'I') AND n.mode = 8%s
)
SELECT c.oid, format('%%I.%%I', n.nspname, c.relname), taken.mode, taken.one OR c.relkind = 'r' AND taken.mode < 8
FROM taken JOIN pg_class c ON c.oid = taken.oid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384
  AND (has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
       OR CASE WHEN current_setting('server_version_num')::int >= 170000 THEN has_table_privilege(c.oid, 'MAINTAIN') ELSE false END)`

// resolve asks the catalog, on the connection that the file will run on, for
// the locks to take beforehand, each relation once and in a fixed order.
func (n needs) resolve(ctx context.Context, c *connection) ([]want, error) {
	list := n.wishes()
	if len(list) == 0 {
		return nil, nil
	}
	path, known := searchPath(n.statements)
	if !known {
		path = "NULL::name[]" // unqualified names may be anything
	}
	more := ""
	names, further := values(list)
	if further {
		more = reached
	}
	rows, err := c.QueryContext(ctx, fmt.Sprintf(lockable, names, path, more))
	if err != nil {
		return nil, fmt.Errorf("look up the relations to lock: %w", err)
	}
	wants, err := readWants(rows)
	if err != nil {
		return nil, fmt.Errorf("look up the relations to lock: %w", err)
	}
	return merge(wants), nil
}

func readWants(rows *sql.Rows) ([]want, error) {
	defer rows.Close()
	var list []want
	for rows.Next() {
		var w want
		if err := rows.Scan(&w.oid, &w.name, &w.mode, &w.only); err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, rows.Err()
}

// merge makes one of the locks on a relation and sorts by name: the same
// relations are always taken in the same order.
func merge(list []want) []want {
	slices.SortFunc(list, func(a, b want) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.oid, b.oid)) })
	var merged []want
	for _, w := range list {
		if last := len(merged) - 1; last >= 0 && merged[last].oid == w.oid {
			merged[last].mode = merged[last].mode.with(w.mode)
			merged[last].only = merged[last].only && w.only
			continue
		}
		merged = append(merged, w)
	}
	return merged
}

// searchPath is where the file's unqualified names are looked for, as an SQL
// expression: the session's path, or the one that the file begins with. When
// the file changes it on the way, nobody knows.
func searchPath(statements []sqlscan.Statement) (path string, known bool) {
	path = "current_schemas(true)"
	for i, s := range statements {
		names, sets := setsPath(s)
		switch {
		case !sets:
			continue
		case names == nil || slices.ContainsFunc(statements[:i], lookedUp):
			return "", false
		}
		if !slices.Contains(names, "pg_catalog") {
			names = append([]string{"pg_catalog"}, names...)
		}
		path = textArray(names)
	}
	return path, true
}

// lookedUp: SET and its kin are the only statements that name no relation.
func lookedUp(s sqlscan.Statement) bool { return !s.Starts("SET") && !s.Starts("RESET") }

// setsPath reads SET [LOCAL|SESSION] search_path {TO|=} name, ... It returns
// no names for a path that it cannot read.
func setsPath(s sqlscan.Statement) (names []string, sets bool) {
	tokens := s.Tokens()
	at := slices.IndexFunc(tokens, func(t sqlscan.Token) bool { return t.Name() == "search_path" })
	if at < 0 {
		literal := func(t sqlscan.Token) bool { return strings.EqualFold(t.Text, "'search_path'") }
		return nil, s.Starts("RESET", "ALL") || s.Starts("DISCARD", "ALL") || slices.ContainsFunc(tokens, literal)
	}
	if !s.Starts("SET") || at > 2 || at+2 >= len(tokens) {
		return nil, s.Starts("SET") || s.Starts("RESET")
	}
	for i, t := range tokens[at+2:] {
		switch {
		case i%2 == 1 && t.Symbol(","):
		case i%2 == 0 && t.Kind == sqlscan.String && strings.HasPrefix(t.Text, "'") && !strings.Contains(t.Text, `\`):
			names = append(names, strings.ReplaceAll(t.Text[1:len(t.Text)-1], "''", "'"))
		case i%2 == 0 && t.Name() != "" && !t.Is("DEFAULT"):
			names = append(names, t.Name())
		default:
			return nil, true
		}
	}
	return names, true
}

func textArray(list []string) string {
	quoted := make([]string, len(list))
	for i, text := range list {
		quoted[i] = pq.QuoteLiteral(text)
	}
	return "ARRAY[" + strings.Join(quoted, ",") + "]::text[]"
}

func intArray(list []int) string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.Itoa(n)
	}
	return "ARRAY[" + strings.Join(texts, ",") + "]::int[]"
}

func boolArray(list []bool) string {
	texts := make([]string, len(list))
	for i, b := range list {
		texts[i] = strconv.FormatBool(b)
	}
	return "ARRAY[" + strings.Join(texts, ",") + "]::bool[]"
}
