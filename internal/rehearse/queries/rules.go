package queries

import (
	"context"
	"slices"
)

// Rule is what a table asks of rows that a statement writes: a constraint, a
// unique index, a column that must have a value, a trigger. Whether a write
// keeps to it depends on values, which nobody recorded.
type Rule struct {
	Name       string
	Definition string // "CHECK (total > 0)"
	// Column is the one that must have a value, else "".
	Column string
}

// write is a table that a plan writes to.
type write struct{ schema, table, operation string }

func writes(n node) []write {
	var found []write
	if n.Kind == "ModifyTable" && n.Relation != "" {
		found = append(found, write{n.Schema, n.Relation, n.Operation})
	}
	for _, child := range n.Plans {
		found = append(found, writes(child)...)
	}
	return found
}

// rules reads what the written tables ask for, in the order of definitions. A
// unique constraint counts as its index, so that making one of the other is
// nothing new; whether a constraint is validated makes no difference to writes.
func (d *describer) rules(ctx context.Context, written []write) ([]Rule, error) {
	var found []Rule
	for _, w := range written {
		of, err := d.rulesOf(ctx, w)
		if err != nil {
			return nil, err
		}
		found = append(found, of...)
	}
	return found, nil
}

func (d *describer) rulesOf(ctx context.Context, w write) ([]Rule, error) {
	rows, err := d.conn.QueryContext(ctx, `
			WITH t AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2)
			SELECT conname::text, replace(pg_get_constraintdef(o.oid), ' NOT VALID', '') AS definition, ''
				FROM t, pg_constraint o WHERE o.conrelid = t.oid AND contype IN ('c', 'f', 'x') AND $3 <> 'Delete'
			UNION ALL SELECT conname::text, conrelid::regclass || ' ' || replace(pg_get_constraintdef(o.oid), ' NOT VALID', ''), ''
				FROM t, pg_constraint o WHERE o.confrelid = t.oid AND contype = 'f' AND $3 IN ('Delete', 'Merge')
			UNION ALL SELECT indexrelid::regclass::text, regexp_replace(pg_get_indexdef(indexrelid), '^.*? ON ', 'UNIQUE ON '), ''
				FROM t, pg_index i WHERE i.indrelid = t.oid AND indisunique AND $3 <> 'Delete'
			UNION ALL SELECT 'NOT NULL ' || attname, 'NOT NULL of column ' || attnum, attname::text
				FROM t, pg_attribute a WHERE a.attrelid = t.oid AND attnum > 0 AND attnotnull AND $3 <> 'Delete'
			UNION ALL SELECT tgname::text, pg_get_triggerdef(g.oid), ''
				FROM t, pg_trigger g WHERE g.tgrelid = t.oid AND NOT tgisinternal
					AND tgtype & CASE $3 WHEN 'Insert' THEN 4 WHEN 'Delete' THEN 8 WHEN 'Update' THEN 16 ELSE 28 END <> 0
			ORDER BY 2`, w.schema, w.table, w.operation)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []Rule
	for rows.Next() {
		var r Rule
		if err := rows.Scan(&r.Name, &r.Definition, &r.Column); err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// restricts finds a rule that was not there before, by its name nor by what it
// says: both change where a column is renamed or has another type.
func restricts(before, after Described) (Break, bool) {
	for _, rule := range after.Rules {
		known := slices.ContainsFunc(before.Rules, func(was Rule) bool {
			return was.Name == rule.Name || was.Definition == rule.Definition
		})
		if known || rule.Column != "" && !names(after.Statement.SQL, rule.Column) {
			continue
		}
		b := Break{Kind: Restricts, Object: rule.Name, After: rule.Definition, Contract: true}
		if rule.Column != "" {
			b.After = rule.Name
		}
		return b, true
	}
	return Break{}, false
}

// names reports whether a statement names a column. One that it does not name
// it does not set.
func names(text, column string) bool {
	for _, t := range tokensOf(text) {
		if t.Name() == column {
			return true
		}
	}
	return false
}
