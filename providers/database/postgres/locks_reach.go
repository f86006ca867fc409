package postgres

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// reach is what a statement locks besides the relations that it names: the
// catalog alone tells which those are.
type reach struct {
	kind     string   // table, constraint, column, truncate, partition
	relation []string // schema, if any, and name
	item     string   // the constraint or column
	// far says that those who refer to the relation are reached, too.
	far bool
}

// reaches reads the statements for what reaches further. A foreign key that
// goes away is taken from the table at its other end as well; a partition that
// comes or goes changes what the default partition may hold.
func reaches(statements []sqlscan.Statement) []reach {
	var list []reach
	for _, s := range statements {
		r := &nameReader{tokens: s.Tokens()}
		cascade := slices.ContainsFunc(r.tokens, func(t sqlscan.Token) bool { return t.Is("CASCADE") })
		switch {
		case s.Starts("DROP", "TABLE"):
			list = append(list, r.each("table", cascade)...)
		case s.Starts("TRUNCATE") && cascade:
			list = append(list, r.each("truncate", true)...)
		case s.Starts("ALTER", "TABLE"):
			list = append(list, r.altered()...)
		case s.Starts("CREATE"):
			list = append(list, r.partitioned()...)
		}
	}
	return list
}

// each reads DROP TABLE and TRUNCATE.
func (r *nameReader) each(kind string, far bool) (list []reach) {
	r.skip("DROP", "TRUNCATE", "TABLE", "IF", "EXISTS")
	for {
		r.skip("ONLY")
		name := sqlscan.Names(r.name())
		if name == nil {
			return list
		}
		list = append(list, reach{kind: kind, relation: name, far: far})
		if r.symbol("*"); !r.symbol(",") {
			return list
		}
	}
}

// altered reads the clauses of ALTER TABLE.
func (r *nameReader) altered() (list []reach) {
	r.skip("ALTER", "TABLE", "IF", "EXISTS", "ONLY")
	table := sqlscan.Names(r.name())
	if table == nil {
		return nil
	}
	r.symbol("*")
	for more := true; more; more = r.nextClause() {
		if found, ok := r.clause(); ok {
			found.relation = table
			list = append(list, found)
		}
	}
	return list
}

func (r *nameReader) clause() (found reach, ok bool) {
	switch {
	case r.skip("ATTACH") == 1, r.skip("DETACH") == 1:
		return reach{kind: "partition"}, r.is("PARTITION")
	case r.skip("DROP") == 1:
		found = reach{kind: "column", far: true}
		if r.skip("CONSTRAINT") == 1 {
			found = reach{kind: "constraint"}
		}
		r.skip("COLUMN", "IF", "EXISTS")
		found.item, ok = r.single()
		return found, ok
	case r.skip("ALTER") == 1:
		// A foreign key of a column is made again when the type changes.
		r.skip("COLUMN")
		found = reach{kind: "column", far: true}
		found.item, ok = r.single()
		r.skip("SET", "DATA")
		return found, ok && r.is("TYPE")
	default:
		return reach{}, false
	}
}

// single reads a name without a schema.
func (r *nameReader) single() (name string, ok bool) {
	if names := sqlscan.Names(r.name()); len(names) == 1 {
		return names[0], true
	}
	return "", false
}

// partitioned reads CREATE TABLE name PARTITION OF parent.
func (r *nameReader) partitioned() []reach {
	for ; r.at < len(r.tokens); r.at++ {
		if r.skip("PARTITION", "OF") != 2 {
			continue
		}
		if parent := sqlscan.Names(r.name()); parent != nil {
			return []reach{{kind: "partition", relation: parent}}
		}
		return nil
	}
	return nil
}

func (r *nameReader) symbol(s string) bool {
	if r.at >= len(r.tokens) || !r.tokens[r.at].Symbol(s) {
		return false
	}
	r.at++
	return true
}

// nextClause goes behind the next comma outside of parentheses.
func (r *nameReader) nextClause() bool {
	for depth := 0; r.at < len(r.tokens); r.at++ {
		switch t := r.tokens[r.at]; {
		case t.Symbol("("):
			depth++
		case t.Symbol(")"):
			depth--
		case t.Symbol(",") && depth == 0:
			r.at++
			return true
		}
	}
	return false
}

// reached are the relations at the far ends, as part of the query lockable.
const reached = `
	UNION ALL
	SELECT CASE WHEN f.conrelid = n.oid THEN f.confrelid ELSE f.conrelid END, 8, false
	FROM named n JOIN pg_constraint f ON f.contype = 'f' AND CASE n.kind
		WHEN 'table' THEN f.conrelid = n.oid OR n.far AND f.confrelid = n.oid
		WHEN 'constraint' THEN f.conrelid = n.oid AND f.conname = n.item
		WHEN 'column' THEN EXISTS (
			SELECT FROM pg_attribute a WHERE a.attrelid = n.oid AND a.attname = n.item
			  AND (f.conrelid = n.oid AND a.attnum = ANY (f.conkey) OR n.far AND f.confrelid = n.oid AND a.attnum = ANY (f.confkey)))
		ELSE false END
	UNION ALL
	SELECT oid, 8, false FROM truncated
	UNION ALL
	SELECT p.partdefid, 8, false FROM named n JOIN pg_partitioned_table p ON p.partrelid = n.oid WHERE n.kind = 'partition' AND p.partdefid <> 0`
