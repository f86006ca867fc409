package pglint

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// rows meets what changes all rows of a table that was there, or rows of the
// system's own; also inside of WITH and of EXPLAIN ANALYZE.
func rows(l look) (hits []hit) {
	if !l.mayChangeRows() {
		return nil
	}
	pgsyntax.Walk(l.Tree, func(m proto.Message) {
		switch s := m.(type) {
		case *pg.UpdateStmt:
			hits = append(hits, l.changesAll(rowChange{"unbatched-update", s.GetRelation(), s.GetWhereClause(), s.GetTargetList(), s.GetFromClause()})...)
		case *pg.DeleteStmt:
			hits = append(hits, l.changesAll(rowChange{"unbatched-delete", s.GetRelation(), s.GetWhereClause(), nil, s.GetUsingClause()})...)
		case *pg.MergeStmt:
			hits = append(hits, l.merged(s)...)
		case *pg.InsertStmt:
			hits = append(hits, l.writesCatalog(s.GetRelation())...)
		}
	})
	return hits
}

func (l look) mayChangeRows() bool {
	switch n := l.Tree.GetNode().(type) {
	case *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_InsertStmt, *pg.Node_MergeStmt, *pg.Node_CopyStmt, *pg.Node_PrepareStmt:
		return true
	case *pg.Node_SelectStmt:
		return n.SelectStmt.GetWithClause() != nil
	case *pg.Node_CreateTableAsStmt:
		return n.CreateTableAsStmt.GetQuery().GetSelectStmt().GetWithClause() != nil
	case *pg.Node_ExplainStmt:
		return switchedOn(n.ExplainStmt.GetOptions(), "analyze")
	}
	return false
}

// rowChange is an UPDATE or a DELETE.
type rowChange struct {
	code   string
	target *pg.RangeVar
	where  *pg.Node
	sets   []*pg.Node
	from   []*pg.Node // other tables take part
}

func (l look) changesAll(c rowChange) []hit {
	if hits := l.writesCatalog(c.target); hits != nil {
		return hits
	}
	table := pgschema.NameOf(c.target)
	joined := l.joined(c)
	if !l.old(table) || c.where != nil && !l.always(c.where, table) && !joined {
		return nil
	}
	n := pgrule.Names{Table: table.String(), Whole: l.batch(table, c)}
	if joined {
		n.Because = "every row that has a partner in the other table is changed"
		n.Whole = lines("-- in parts, each with a range of the key as one more condition, or by a backfill block:", l.own())
	}
	return []hit{{c.code, n}}
}

// joined: whole tables take part, and nothing but equal columns is asked for.
func (l look) joined(c rowChange) bool {
	for _, n := range c.from {
		if n.GetRangeVar() == nil || !l.schema.Has(pgschema.NameOf(n.GetRangeVar())) {
			return false
		}
	}
	return len(c.from) > 0 && c.where != nil && equalColumns(c.where)
}

func equalColumns(e *pg.Node) bool {
	if and := e.GetBoolExpr(); and.GetBoolop() == pg.BoolExprType_AND_EXPR {
		return !slices.ContainsFunc(and.GetArgs(), func(n *pg.Node) bool { return !equalColumns(n) })
	}
	a := e.GetAExpr()
	return a.GetKind() == pg.A_Expr_Kind_AEXPR_OP && slices.Equal(pgschema.Strings(a.GetName()), []string{"="}) &&
		a.GetLexpr().GetColumnRef() != nil && a.GetRexpr().GetColumnRef() != nil
}

// merged: a MERGE whose condition every row meets.
func (l look) merged(m *pg.MergeStmt) []hit {
	if hits := l.writesCatalog(m.GetRelation()); hits != nil {
		return hits
	}
	table := pgschema.NameOf(m.GetRelation())
	if !l.old(table) || !l.always(m.GetJoinCondition(), table) {
		return nil
	}
	for _, w := range m.GetMergeWhenClauses() {
		switch w.GetMergeWhenClause().GetCommandType() {
		case pg.CmdType_CMD_UPDATE:
			return []hit{{"unbatched-update", pgrule.Names{Table: table.String(), Whole: l.batch(table, rowChange{})}}}
		case pg.CmdType_CMD_DELETE:
			return []hit{{"unbatched-delete", pgrule.Names{Table: table.String()}}}
		}
	}
	return nil
}

// writesCatalog meets rows of the system's own.
func (l look) writesCatalog(target *pg.RangeVar) []hit {
	name := target.GetRelname()
	own := target.GetSchemaname() == "pg_catalog" || target.GetSchemaname() == "pg_toast" || target.GetSchemaname() == "information_schema"
	if !own && (target.GetSchemaname() != "" || !strings.HasPrefix(name, "pg_") || l.schema.Has(pgschema.NameOf(target))) {
		return nil
	}
	return []hit{{"write-catalog", pgrule.Names{
		Name: "pg_catalog." + name, Whole: "-- the statement that changes the catalog and all that depends on it: ALTER, COMMENT, GRANT, REINDEX\n",
	}}}
}

// batch is the change in parts: by the key where there is a plain one, else by
// what is not as wanted yet.
func (l look) batch(table pgschema.Name, c rowChange) string {
	if c.code == "unbatched-delete" {
		return ""
	}
	columns, values := assignments(c)
	if columns == nil {
		return lines("-- in parts, each with a condition that leaves out what is done, or by a backfill block:", l.own())
	}
	var set []string
	for i := range columns {
		set = append(set, columns[i]+" = "+values[i])
	}
	update := "UPDATE " + sql(table) + " SET " + strings.Join(set, ", ")
	if key := l.plainKey(table); key != "" {
		return lines("-- and so on to the last key, or as a backfill block:", update+" WHERE "+key+" >= 0 AND "+key+" < 1000")
	}
	left := "ROW(" + strings.Join(columns, ", ") + ") IS DISTINCT FROM ROW(" + strings.Join(values, ", ") + ")"
	return lines("-- again until no row is left, or as a backfill block:",
		update+" WHERE ctid = ANY (ARRAY(SELECT ctid FROM "+sql(table)+" WHERE "+left+" LIMIT 1000))")
}

// plainKey is the one column of a primary key of whole numbers, else empty.
func (l look) plainKey(table pgschema.Name) string {
	t := l.schema.Tables[table]
	if t == nil {
		return ""
	}
	for _, k := range t.Constraints {
		if k.Kind != pgschema.Primary || len(k.Columns) != 1 {
			continue
		}
		switch t.Column(k.Columns[0]).Type.Builtin() {
		case "int2", "int4", "int8":
			return quotedPart(k.Columns[0])
		}
	}
	return ""
}

// assignments are the columns and values behind SET; nil when a value follows
// from other rows, or from the row itself where that cannot be told apart.
func assignments(c rowChange) (columns, values []string) {
	if len(c.from) > 0 {
		return nil, nil
	}
	for _, n := range c.sets {
		t := n.GetResTarget()
		mentions := pgschema.MentionsOf(t.GetVal())
		value := expression(t.GetVal())
		if value == "" || len(t.GetIndirection()) > 0 || mentions.Queries > 0 || len(mentions.Columns) > 0 {
			return nil, nil
		}
		columns, values = append(columns, quotedPart(t.GetName())), append(values, value)
	}
	return columns, values
}
