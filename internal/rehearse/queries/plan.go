package queries

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"
)

// node is one node of EXPLAIN's JSON.
// Source: the manual's page on EXPLAIN, and explain.c.
type node struct {
	Kind      string   `json:"Node Type"`
	Role      string   `json:"Parent Relationship"`
	Operation string   `json:"Operation"`
	Schema    string   `json:"Schema"`
	Relation  string   `json:"Relation Name"`
	Index     string   `json:"Index Name"`
	Condition string   `json:"Index Cond"`
	OrderBy   string   `json:"Order By"` // of an index that orders by distance
	Output    []string `json:"Output"`
	Plans     []node   `json:"Plans"`
}

// plan has the statement planned without values and notes what the plan tells.
// Only the planner knows some errors, such as an ON CONFLICT without its index.
func (d *describer) plan(ctx context.Context, a *Described, parameters int) error {
	var root node
	prepared := false
	failure, err := d.attempt(ctx, a.Statement, func() (err error) {
		command := "EXPLAIN (VERBOSE, FORMAT JSON) "
		switch {
		case parameters == 0:
			command += a.Tried
		case d.version >= 160000:
			command = "EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) " + a.Tried
		default:
			if _, err := d.conn.ExecContext(ctx, "PREPARE "+preparedName+" AS "+a.Tried); err != nil {
				return err
			}
			prepared = true
			command += "EXECUTE " + preparedName + " (" + strings.TrimSuffix(strings.Repeat("NULL, ", parameters), ", ") + ")"
		}
		root, err = d.explain(ctx, command)
		if err != nil {
			return err
		}
		return d.learn(ctx, a, root)
	})
	if err == nil && prepared {
		err = d.deallocate(ctx)
	}
	switch {
	case failure == nil:
		a.Planned = err == nil
	case failure.SQLState == insufficientPrivilege: // whose right it is to run it is not asked
	case strings.HasPrefix(failure.SQLState, "42"), strings.HasPrefix(failure.SQLState, "0A"):
		a.Failure = failure
	}
	return err
}

func (d *describer) explain(ctx context.Context, command string) (node, error) {
	var document []byte
	if err := d.conn.QueryRowContext(ctx, command).Scan(&document); err != nil {
		return node{}, err
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal(document, &plans); err != nil || len(plans) != 1 {
		return node{}, fmt.Errorf("read the plan that the server has shown: %w", err)
	}
	return plans[0].Plan, nil
}

func (d *describer) learn(ctx context.Context, a *Described, root node) error {
	indexes, err := d.indexes(ctx, searched(root, "", ordered(a.Tried)))
	if err != nil {
		return err
	}
	a.Indexes = indexes
	if a.Unfilled, err = d.unfilled(ctx, root); err != nil {
		return err
	}
	written := writes(root, a.Tried)
	if slices.ContainsFunc(written, func(w write) bool { return w.operation == "Delete" || w.operation == "Merge" }) {
		if a.Tables, err = d.allTables(ctx); err != nil {
			return err
		}
	}
	a.Rules, err = d.rules(ctx, a.Statement, written)
	return err
}

// ordered reports whether the statement asks for an order, or for what an
// ordered index gives.
func ordered(text string) bool {
	for _, t := range tokensOf(text) {
		if t.Is("ORDER") || t.Is("GROUP") || t.Is("DISTINCT") || t.Is("min") || t.Is("max") {
			return true
		}
	}
	return false
}

// searched returns the indexes that a plan searches, as {schema, index}. An
// index that is read from end to end counts only where the statement has a use
// for its order: else the planner took it because sequential scans are off.
func searched(n node, schema string, ordered bool) [][2]string {
	if n.Schema != "" {
		schema = n.Schema // an index is in its table's schema
	}
	var found [][2]string
	if n.Index != "" && (n.Condition != "" || n.OrderBy != "" || ordered) {
		found = append(found, [2]string{schema, n.Index})
	}
	for _, child := range n.Plans {
		found = append(found, searched(child, schema, ordered)...)
	}
	return found
}

// indexes looks up the definitions, each once and in the order of names.
func (d *describer) indexes(ctx context.Context, names [][2]string) ([]Index, error) {
	var schemas, relations []string
	for _, n := range names {
		schemas, relations = append(schemas, n[0]), append(relations, n[1])
	}
	if len(names) == 0 {
		return nil, nil
	}
	rows, err := d.conn.QueryContext(ctx, `
		SELECT DISTINCT format('%I.%I', n.nspname, c.relname), regexp_replace(pg_get_indexdef(c.oid), '^.*? ON ', 'ON '), c.oid::bigint, i.indrelid::bigint
		FROM unnest($1::text[], $2::text[]) AS asked (schema, name)
		JOIN pg_namespace n ON n.nspname = asked.schema
		JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = asked.name
		JOIN pg_index i ON i.indexrelid = c.oid
		WHERE c.relkind IN ('i', 'I') ORDER BY 1`, pq.Array(schemas), pq.Array(relations))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []Index
	for rows.Next() {
		var i Index
		if err := rows.Scan(&i.Name, &i.Definition, &i.id, &i.table); err != nil {
			return nil, err
		}
		found = append(found, i)
	}
	return found, rows.Err()
}

// unfilled returns the columns that an INSERT leaves NULL and that must not be:
// the plan lists one output for each column of the table, in order, and NULL
// for one that has no default. A trigger that could fill them in is left the
// benefit of the doubt.
func (d *describer) unfilled(ctx context.Context, n node) ([]string, error) {
	var found []string
	for _, child := range n.Plans {
		below, err := d.unfilled(ctx, child)
		if err != nil {
			return nil, err
		}
		found = append(found, below...)
	}
	if n.Kind != "ModifyTable" || n.Operation != "Insert" || len(n.Plans) == 0 {
		return found, nil
	}
	below, err := d.unfilledColumns(ctx, n, n.source().Output)
	return slices.Concat(found, below), err
}

// source is the node whose rows another one writes; the zero node where there
// is none. "Member" is what "Outer" was called before PostgreSQL 14.
func (n node) source() node {
	i := slices.IndexFunc(n.Plans, func(child node) bool { return child.Role == "Outer" || child.Role == "Member" })
	if i < 0 {
		return node{}
	}
	return n.Plans[i]
}

// allTables reads once what tables the schema has.
func (d *describer) allTables(ctx context.Context) (map[string]bool, error) {
	if d.tables != nil {
		return d.tables, nil
	}
	var names []string
	err := d.conn.QueryRowContext(ctx, `SELECT ARRAY(SELECT format('%I.%I', n.nspname, c.relname)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p'))`).Scan(pq.Array(&names))
	if err != nil {
		return nil, err
	}
	d.tables = map[string]bool{}
	for _, name := range names {
		d.tables[name] = true
	}
	return d.tables, nil
}

// unfilledColumns takes what is put into each column of an INSERT's table.
func (d *describer) unfilledColumns(ctx context.Context, insert node, outputs []string) ([]string, error) {
	var empty []int64
	for i, output := range outputs {
		if strings.HasPrefix(output, "NULL::") {
			empty = append(empty, int64(i)+1)
		}
	}
	if len(empty) == 0 {
		return nil, nil
	}
	var names []string
	err := d.conn.QueryRowContext(ctx, `
		SELECT ARRAY(SELECT format('%I.%I', c.relname, a.attname) FROM pg_class c
			JOIN pg_namespace n ON n.oid = c.relnamespace
			JOIN pg_attribute a ON a.attrelid = c.oid
			WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum = ANY ($3) AND a.attnotnull AND a.attgenerated = ''
				AND c.relnatts = $4
				AND NOT EXISTS (SELECT FROM pg_trigger t
					WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgtype & 7 = 7)
			ORDER BY a.attnum)`, insert.Schema, insert.Relation, pq.Array(empty), len(outputs)).Scan(pq.Array(&names))
	return names, err
}
