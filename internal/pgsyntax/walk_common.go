package pgsyntax

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// held visits what a node holds, one of many kinds; it reports whether the kind
// is one that most trees are made of.
func (w walker) held(n *pg.Node, depth int) bool {
	switch kind := n.GetNode().(type) {
	case *pg.Node_String_:
		w.visit(kind.String_, depth)
	case *pg.Node_AConst:
		w.visit(kind.AConst, depth)
		w.constant(kind.AConst, depth+1)
	case *pg.Node_ColumnRef:
		w.visit(kind.ColumnRef, depth)
		w.nodes(kind.ColumnRef.GetFields(), depth+1)
	case *pg.Node_List:
		w.visit(kind.List, depth)
		w.nodes(kind.List.GetItems(), depth+1)
	case *pg.Node_ResTarget:
		w.visit(kind.ResTarget, depth)
		w.nodes(kind.ResTarget.GetIndirection(), depth+1)
		part(w, kind.ResTarget.GetVal(), depth+1)
	case *pg.Node_FuncCall:
		w.message(kind.FuncCall, depth)
	case *pg.Node_TypeName:
		w.message(kind.TypeName, depth)
	case *pg.Node_AExpr:
		w.message(kind.AExpr, depth)
	case *pg.Node_SelectStmt:
		w.message(kind.SelectStmt, depth)
	case *pg.Node_InsertStmt:
		w.message(kind.InsertStmt, depth)
	case *pg.Node_ColumnDef:
		w.message(kind.ColumnDef, depth)
	case *pg.Node_AlterTableCmd:
		w.message(kind.AlterTableCmd, depth)
	case *pg.Node_Constraint:
		w.message(kind.Constraint, depth)
	case *pg.Node_IndexElem:
		w.message(kind.IndexElem, depth)
	default:
		return kind == nil
	}
	return true
}

// common visits the parts of a message of a kind that most trees are made of,
// in the order of its fields; it reports whether the kind is one of them.
func (w walker) common(m proto.Message, depth int) bool {
	switch m := m.(type) {
	case *pg.Node:
		return w.held(m, depth)
	case *pg.RangeVar:
		part(w, m.GetAlias(), depth)
	case *pg.TypeName:
		w.nodes(m.GetNames(), depth)
		w.nodes(m.GetTypmods(), depth)
		w.nodes(m.GetArrayBounds(), depth)
	case *pg.FuncCall:
		w.nodes(m.GetFuncname(), depth)
		w.nodes(m.GetArgs(), depth)
		w.nodes(m.GetAggOrder(), depth)
		part(w, m.GetAggFilter(), depth)
		part(w, m.GetOver(), depth)
	case *pg.A_Expr:
		w.nodes(m.GetName(), depth)
		part(w, m.GetLexpr(), depth)
		part(w, m.GetRexpr(), depth)
	case *pg.ColumnDef:
		w.column(m, depth)
	case *pg.AlterTableCmd:
		part(w, m.GetNewowner(), depth)
		part(w, m.GetDef(), depth)
	case *pg.SelectStmt:
		w.query(m, depth)
	case *pg.InsertStmt:
		w.insert(m, depth)
	default:
		return w.definition(m, depth)
	}
	return true
}

// definition is common for what makes and changes tables and indexes.
func (w walker) definition(m proto.Message, depth int) bool {
	switch m := m.(type) {
	case *pg.AlterTableStmt:
		part(w, m.GetRelation(), depth)
		w.nodes(m.GetCmds(), depth)
	case *pg.CreateStmt:
		w.table(m, depth)
	case *pg.Constraint:
		w.constraint(m, depth)
	case *pg.IndexStmt:
		part(w, m.GetRelation(), depth)
		w.nodes(m.GetIndexParams(), depth)
		w.nodes(m.GetIndexIncludingParams(), depth)
		w.nodes(m.GetOptions(), depth)
		part(w, m.GetWhereClause(), depth)
		w.nodes(m.GetExcludeOpNames(), depth)
	case *pg.IndexElem:
		part(w, m.GetExpr(), depth)
		w.nodes(m.GetCollation(), depth)
		w.nodes(m.GetOpclass(), depth)
		w.nodes(m.GetOpclassopts(), depth)
	default:
		return false
	}
	return true
}

func (w walker) table(s *pg.CreateStmt, depth int) {
	part(w, s.GetRelation(), depth)
	w.nodes(s.GetTableElts(), depth)
	w.nodes(s.GetInhRelations(), depth)
	part(w, s.GetPartbound(), depth)
	part(w, s.GetPartspec(), depth)
	part(w, s.GetOfTypename(), depth)
	w.nodes(s.GetConstraints(), depth)
	w.nodes(s.GetOptions(), depth)
}

func (w walker) constraint(c *pg.Constraint, depth int) {
	part(w, c.GetRawExpr(), depth)
	w.nodes(c.GetKeys(), depth)
	w.nodes(c.GetIncluding(), depth)
	w.nodes(c.GetExclusions(), depth)
	w.nodes(c.GetOptions(), depth)
	part(w, c.GetWhereClause(), depth)
	part(w, c.GetPktable(), depth)
	w.nodes(c.GetFkAttrs(), depth)
	w.nodes(c.GetPkAttrs(), depth)
	w.nodes(c.GetFkDelSetCols(), depth)
	w.nodes(c.GetOldConpfeqop(), depth)
}

func (w walker) constant(c *pg.A_Const, depth int) {
	switch value := c.GetVal().(type) {
	case *pg.A_Const_Ival:
		w.visit(value.Ival, depth)
	case *pg.A_Const_Sval:
		w.visit(value.Sval, depth)
	case *pg.A_Const_Fval:
		w.visit(value.Fval, depth)
	case *pg.A_Const_Boolval:
		w.visit(value.Boolval, depth)
	case *pg.A_Const_Bsval:
		w.visit(value.Bsval, depth)
	}
}

func (w walker) column(c *pg.ColumnDef, depth int) {
	part(w, c.GetTypeName(), depth)
	part(w, c.GetRawDefault(), depth)
	part(w, c.GetCookedDefault(), depth)
	part(w, c.GetIdentitySequence(), depth)
	part(w, c.GetCollClause(), depth)
	w.nodes(c.GetConstraints(), depth)
	w.nodes(c.GetFdwoptions(), depth)
}

func (w walker) query(s *pg.SelectStmt, depth int) {
	w.nodes(s.GetDistinctClause(), depth)
	part(w, s.GetIntoClause(), depth)
	w.nodes(s.GetTargetList(), depth)
	w.nodes(s.GetFromClause(), depth)
	part(w, s.GetWhereClause(), depth)
	w.nodes(s.GetGroupClause(), depth)
	part(w, s.GetHavingClause(), depth)
	w.nodes(s.GetWindowClause(), depth)
	w.nodes(s.GetValuesLists(), depth)
	w.nodes(s.GetSortClause(), depth)
	part(w, s.GetLimitOffset(), depth)
	part(w, s.GetLimitCount(), depth)
	w.nodes(s.GetLockingClause(), depth)
	part(w, s.GetWithClause(), depth)
	part(w, s.GetLarg(), depth)
	part(w, s.GetRarg(), depth)
}

func (w walker) insert(s *pg.InsertStmt, depth int) {
	part(w, s.GetRelation(), depth)
	w.nodes(s.GetCols(), depth)
	part(w, s.GetSelectStmt(), depth)
	part(w, s.GetOnConflictClause(), depth)
	w.nodes(s.GetReturningList(), depth)
	part(w, s.GetWithClause(), depth)
}

func (w walker) nodes(list []*pg.Node, depth int) {
	for _, n := range list {
		part(w, n, depth)
	}
}

// part visits a message that may be missing.
func part[M interface {
	proto.Message
	comparable
}](w walker, m M, depth int) {
	if none := *new(M); m != none {
		w.message(m, depth)
	}
}
