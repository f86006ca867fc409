package queries

import (
	"context"

	"github.com/lib/pq"
)

// Rule is what a table asks of rows that are written to it: a constraint, a
// unique index, a column that must have a value, a trigger. Whether a write
// keeps to it depends on values, which nobody recorded.
type Rule struct {
	Name       string
	Definition string // "CHECK (total > 0)"

	kind ruleKind
	// keys are the columns whose values it compares or checks, and others those
	// that an expression or a predicate of it reads.
	keys, others []ruleColumn
	// strict is true of a CHECK that rows of today may break (NOT VALID), of a
	// foreign key that is MATCH FULL, of a unique index to
	// which NULLs are equal, of a reference that refuses a DELETE, and of a
	// trigger that does nothing but refuse.
	strict bool
	// nullPasses is true of a CHECK to which a row of NULLs is right.
	nullPasses bool
	// of is the table that refers to the written one.
	of string
	// concern is what it is to the statement.
	concern concern
}

type ruleColumn struct {
	number int64
	name   string
}

type ruleKind string

const (
	checkRule      ruleKind = "check"
	excludeRule    ruleKind = "exclude"
	foreignRule    ruleKind = "foreign"
	referencedRule ruleKind = "referenced"
	uniqueRule     ruleKind = "unique"
	notNullRule    ruleKind = "not null"
	triggerRule    ruleKind = "trigger"
)

// rules reads what the written tables ask for, in the order of definitions. A
// unique constraint counts as its index, so that making one of the other is
// nothing new; whether a constraint is validated makes no difference to writes.
func (d *describer) rules(ctx context.Context, s Statement, written []write) ([]Rule, error) {
	var found []Rule
	for _, w := range written {
		of, err := d.rulesOf(ctx, w)
		if err != nil {
			return nil, err
		}
		for i, rule := range of {
			if rule.kind == checkRule && w.leavesNull(rule.keys) {
				if of[i].nullPasses, err = d.passesNulls(ctx, s, w, rule); err != nil {
					return nil, err
				}
			}
			of[i].concern = w.concernedBy(of[i])
		}
		found = append(found, of...)
	}
	return found, nil
}

// ruleQuery reads the rules of a table for an operation. A trigger is strict
// that begins with an error, or in which a row is taken away before it is
// written: that much can be read without knowing the language.
const ruleQuery = `
	WITH t AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2),
	rule (name, definition, kind, keys, others, strict, of) AS (
		SELECT conname::text, replace(pg_get_constraintdef(o.oid), ' NOT VALID', ''),
				CASE contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign' ELSE 'exclude' END,
				conkey, '{}'::int2[], CASE contype WHEN 'c' THEN NOT convalidated ELSE confmatchtype = 'f' END, ''
			FROM t, pg_constraint o WHERE o.conrelid = t.oid AND contype IN ('c', 'f', 'x') AND $3 <> 'Delete'
		UNION ALL SELECT conname::text, conrelid::regclass || ' ' || replace(pg_get_constraintdef(o.oid), ' NOT VALID', ''),
				'referenced', '{}', '{}', confdeltype IN ('a', 'r'), format('%I.%I', n.nspname, c.relname)
			FROM t, pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE o.confrelid = t.oid AND contype = 'f' AND o.conparentid = 0 AND $3 IN ('Delete', 'Merge')
		UNION ALL SELECT indexrelid::regclass::text, regexp_replace(pg_get_indexdef(indexrelid), '^.*? ON ', 'UNIQUE ON '), 'unique',
				ARRAY(SELECT k FROM unnest(indkey::int2[]) WITH ORDINALITY u (k, n) WHERE n <= indnkeyatts),
				ARRAY(SELECT refobjsubid::int2 FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = indexrelid
					AND refclassid = 'pg_class'::regclass AND refobjid = indrelid AND refobjsubid <> ALL (indkey::int2[]) AND refobjsubid > 0),
				coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false), ''
			FROM t, pg_index i WHERE i.indrelid = t.oid AND indisunique AND $3 <> 'Delete'
		UNION ALL SELECT 'NOT NULL ' || attname, 'NOT NULL of column ' || attnum, 'not null', ARRAY[attnum], '{}', false, ''
			FROM t, pg_attribute a WHERE a.attrelid = t.oid AND attnum > 0 AND attnotnull AND $3 <> 'Delete'
		UNION ALL SELECT tgname::text, pg_get_triggerdef(g.oid), 'trigger', tgattr::int2[], '{}',
				tgqual IS NULL AND prosrc !~* 'exception\s+when' AND
					(prosrc ~* '^\s*begin\s+raise\s+(?!debug|log|info|notice|warning)' OR tgtype & 3 = 3 AND prosrc ~* '^\s*begin\s+return\s+null\s*;'), ''
			FROM t, pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid WHERE g.tgrelid = t.oid AND NOT tgisinternal AND tgenabled <> 'D'
				AND tgtype & CASE $3 WHEN 'Insert' THEN 4 WHEN 'Delete' THEN 8 WHEN 'Update' THEN 16 ELSE 28 END <> 0)
	SELECT name, definition, kind, strict, of, keys,
		ARRAY(SELECT coalesce(attname, '')::text FROM unnest(keys) WITH ORDINALITY u (k, n) LEFT JOIN pg_attribute a ON attrelid = (SELECT oid FROM t) AND attnum = k ORDER BY n),
		others, ARRAY(SELECT coalesce(attname, '')::text FROM unnest(others) WITH ORDINALITY u (k, n) LEFT JOIN pg_attribute a ON attrelid = (SELECT oid FROM t) AND attnum = k ORDER BY n)
	FROM rule ORDER BY definition`

func (d *describer) rulesOf(ctx context.Context, w write) ([]Rule, error) {
	rows, err := d.conn.QueryContext(ctx, ruleQuery, w.schema, w.table, w.operation)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []Rule
	for rows.Next() {
		var r Rule
		var keys, others []int64
		var keyNames, otherNames []string
		if err := rows.Scan(&r.Name, &r.Definition, &r.kind, &r.strict, &r.of,
			pq.Array(&keys), pq.Array(&keyNames), pq.Array(&others), pq.Array(&otherNames)); err != nil {
			return nil, err
		}
		r.keys, r.others = ruleColumns(keys, keyNames), ruleColumns(others, otherNames)
		found = append(found, r)
	}
	return found, rows.Err()
}

func ruleColumns(numbers []int64, names []string) []ruleColumn {
	var columns []ruleColumn
	for i, n := range numbers {
		columns = append(columns, ruleColumn{n, names[i]})
	}
	return columns
}

// passesNulls asks the server whether a row that has NULL wherever the rule
// looks is right to it. What cannot be asked so is taken for wrong.
func (d *describer) passesNulls(ctx context.Context, s Statement, w write, rule Rule) (passes bool, err error) {
	table := pq.QuoteIdentifier(w.schema) + "." + pq.QuoteIdentifier(w.table)
	failure, err := d.attempt(ctx, s, func() error {
		var expression string
		err := d.conn.QueryRowContext(ctx, `SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint
			WHERE conrelid = $1::regclass AND conname = $2 AND contype = 'c'`, table, rule.Name).Scan(&expression)
		if err != nil {
			return err
		}
		return d.conn.QueryRowContext(ctx, "SELECT ("+expression+") IS NOT FALSE FROM (SELECT (NULL::"+table+").*) AS "+
			pq.QuoteIdentifier(w.table)).Scan(&passes)
	})
	return passes && failure == nil, err
}
