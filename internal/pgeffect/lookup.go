package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// indexed reports whether a statement finds its rows of a table by an index:
// one of its conditions compares the first column of an index with something.
// The planner may still prefer to read all of a small table, or an index where
// this says nothing of one.
func indexed(s *pgschema.Schema, table pgschema.Name, tree *pg.Node) bool {
	for _, column := range compared(condition(tree)) {
		for _, i := range s.IndexesOf(table) {
			if i.Valid && i.Where == nil && len(i.Parts) > 0 && i.Parts[0].Column == column {
				return true
			}
		}
	}
	return false
}

func condition(tree *pg.Node) *pg.Node {
	switch n := tree.GetNode().(type) {
	case *pg.Node_SelectStmt:
		return n.SelectStmt.GetWhereClause()
	case *pg.Node_UpdateStmt:
		return n.UpdateStmt.GetWhereClause()
	case *pg.Node_DeleteStmt:
		return n.DeleteStmt.GetWhereClause()
	case *pg.Node_MergeStmt:
		return n.MergeStmt.GetJoinCondition()
	}
	return nil
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
