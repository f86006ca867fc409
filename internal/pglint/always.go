package pglint

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// always reports whether a condition is certain to hold for every row: WHERE
// true, WHERE 1 = 1, WHERE id IS NOT NULL of a column that has no NULL. What
// is not certain is not.
func (l look) always(e *pg.Node, table pgschema.Name) bool {
	switch n := e.GetNode().(type) {
	case *pg.Node_AConst:
		return n.AConst.GetBoolval().GetBoolval()
	case *pg.Node_TypeCast:
		return l.trueText(n.TypeCast)
	case *pg.Node_BoolExpr:
		return l.alwaysBool(n.BoolExpr, table)
	case *pg.Node_NullTest:
		return n.NullTest.GetNulltesttype() == pg.NullTestType_IS_NOT_NULL && l.neverNull(n.NullTest.GetArg(), table)
	case *pg.Node_AExpr:
		return l.alwaysEqual(n.AExpr, table)
	}
	return false
}

// trueText is 't'::boolean, as the grammar has true in older spellings.
func (l look) trueText(c *pg.TypeCast) bool {
	text := c.GetArg().GetAConst().GetSval().GetSval()
	return l.schema.TypeOf(c.GetTypeName()).Builtin() == "bool" && slices.Contains([]string{"t", "true", "on", "yes", "1"}, text)
}

func (l look) alwaysBool(b *pg.BoolExpr, table pgschema.Name) bool {
	holds := func(n *pg.Node) bool { return l.always(n, table) }
	switch b.GetBoolop() {
	case pg.BoolExprType_OR_EXPR:
		return slices.ContainsFunc(b.GetArgs(), holds)
	case pg.BoolExprType_AND_EXPR:
		return !slices.ContainsFunc(b.GetArgs(), func(n *pg.Node) bool { return !holds(n) })
	case pg.BoolExprType_NOT_EXPR:
		c := b.GetArgs()[0].GetAConst()
		return c != nil && c.GetBoolval() != nil && !c.GetBoolval().GetBoolval()
	}
	return false
}

// alwaysEqual: the same constant, or a column without NULLs, on both sides.
func (l look) alwaysEqual(a *pg.A_Expr, table pgschema.Name) bool {
	operator := pgschema.Strings(a.GetName())
	left, right := a.GetLexpr(), a.GetRexpr()
	if a.GetKind() != pg.A_Expr_Kind_AEXPR_OP || len(operator) != 1 || left == nil {
		return false
	}
	l1, l2 := left.GetAConst(), right.GetAConst()
	same := pgsyntax.Same(left, right)
	switch operator[0] {
	case "=", ">=", "<=":
		return same && (l1 != nil && !l1.GetIsnull() || l.neverNull(left, table))
	case "<>":
		return l1.GetIval() != nil && l2.GetIval() != nil && !same
	}
	return false
}

// neverNull: a column of the table that is NOT NULL.
func (l look) neverNull(e *pg.Node, table pgschema.Name) bool {
	name := pgschema.ColumnOf(e)
	if t := l.schema.Tables[table]; t != nil && name != "" {
		c := t.Column(name)
		return c != nil && c.NotNull
	}
	return false
}
