package pglint

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// named is a name for what the safe alternative makes, in the manner of
// PostgreSQL's own: table, columns, and what it is.
func named(table pgschema.Name, columns []string, what string) string {
	return sqlscan.Identifier(strings.Join(append(append([]string{table.Local}, columns...), what), "_"))
}

// spelled are columns as a list of SQL; empty for none.
func spelled(columns []string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = quotedPart(c)
	}
	return strings.Join(quoted, ", ")
}

// keyColumns are a constraint's columns.
func keyColumns(k *pg.Constraint) []string {
	if columns := pgschema.Strings(k.GetFkAttrs()); len(columns) > 0 {
		return columns
	}
	return pgschema.Strings(k.GetKeys())
}

// indexColumns are an index's columns; nil when it has an expression.
func indexColumns(i *pg.IndexStmt) []string {
	var columns []string
	for _, p := range i.GetIndexParams() {
		name := p.GetIndexElem().GetName()
		if name == "" {
			return nil
		}
		columns = append(columns, name)
	}
	return columns
}

// suffix of a constraint's name by its kind.
func suffix(k *pg.Constraint) string {
	switch k.GetContype() {
	case pg.ConstrType_CONSTR_FOREIGN:
		return "fkey"
	case pg.ConstrType_CONSTR_UNIQUE:
		return "key"
	case pg.ConstrType_CONSTR_PRIMARY:
		return "pkey"
	case pg.ConstrType_CONSTR_EXCLUSION:
		return "excl"
	}
	return "check"
}
