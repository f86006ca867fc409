package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// indexed reports whether a condition finds its rows of a table by an index:
// a part of it compares the first column of an index with something.
// The planner may still prefer to read all of a small table, or an index where
// this says nothing of one.
func indexed(s *pgschema.Schema, table pgschema.Name, condition *pg.Node) bool {
	for _, column := range compared(condition) {
		for _, i := range s.IndexesOf(table) {
			if i.Valid && i.Where == nil && len(i.Parts) > 0 && i.Parts[0].Column == column {
				return true
			}
		}
	}
	return false
}

// compared lists the columns that an index could be searched for, of the
// conditions that hold all at once.
func compared(e *pg.Node) []string {
	if and := e.GetBoolExpr(); and != nil && and.GetBoolop() == pg.BoolExprType_AND_EXPR {
		var all []string
		for _, n := range and.GetArgs() {
			all = append(all, compared(n)...)
		}
		return all
	}
	x := e.GetAExpr()
	if x == nil || len(x.GetName()) != 1 {
		return nil
	}
	switch x.GetName()[0].GetString_().GetSval() {
	case "=", "<", "<=", ">", ">=":
	default:
		return nil
	}
	var all []string
	for _, side := range []*pg.Node{x.GetLexpr(), x.GetRexpr()} {
		if c := pgschema.ColumnOf(side); c != "" {
			all = append(all, c)
		}
	}
	return all
}
