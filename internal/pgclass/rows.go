package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// rows are statements that read or write rows. A WITH may write in places of
// its own: the worst counts.
func (j judging) rows(tree *pg.Node) (ruling, bool) {
	switch n := tree.GetNode().(type) {
	case *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_MergeStmt, *pg.Node_SelectStmt:
	case *pg.Node_CopyStmt:
		return j.copy(n.CopyStmt), true
	default:
		return ruling{}, false
	}
	return worstOf(append(j.changes(tree), j.calls(tree))), true
}

// changes judges each statement in a tree that changes rows, those of a WITH
// included: they run whoever reads them.
func (j judging) changes(tree *pg.Node) []ruling {
	var all []ruling
	pgschema.Walk(tree, func(m proto.Message) {
		switch s := m.(type) {
		case *pg.InsertStmt:
			all = append(all, j.insert(s))
		case *pg.UpdateStmt:
			all = append(all, j.update(s))
		case *pg.DeleteStmt:
			all = append(all, j.delete(s))
		case *pg.MergeStmt:
			all = append(all, j.merge(s))
		}
	})
	return all
}

// insert of written rows is reference data, which running code survives; rows
// that come from a query are moved.
func (j judging) insert(s *pg.InsertStmt) ruling {
	table := pgschema.NameOf(s.GetRelation())
	act := act("insert", table.Local)
	moved := len(s.GetSelectStmt().GetSelectStmt().GetFromClause()) > 0 || s.GetSelectStmt().GetSelectStmt().GetOp() > pg.SetOperation_SETOP_NONE
	onConflict := s.GetOnConflictClause()
	switch {
	case onConflict.GetAction() == pg.OnConflictAction_ONCONFLICT_UPDATE && !j.allNew(table, targets(onConflict.GetTargetList())):
		return ask(act, "writes rows to %s over those that released code reads", table).losing()
	case moved:
		return data(act, "moves rows into %s", table)
	}
	return expand(act, "adds rows to %s", table)
}

func targets(list []*pg.Node) []string {
	var all []string
	for _, n := range list {
		all = append(all, n.GetResTarget().GetName())
	}
	return all
}

// update fills what is new, or writes over what running code reads.
func (j judging) update(s *pg.UpdateStmt) ruling {
	table := pgschema.NameOf(s.GetRelation())
	columns := targets(s.GetTargetList())
	if len(columns) == 0 {
		return ask(act("fill", table.Local), "changes rows of %s, and which columns is not known", table)
	}
	act := act("fill", table.Local, columns[0])
	if j.newRelation(table) {
		return data(act, "changes rows of %s, which released code does not know", table)
	}
	for _, c := range columns {
		switch full := table.String() + "." + quotedPart(c); {
		case j.newColumn(table, c):
		case j.madeBeside(table):
			return data(act, "changes %s", full)
		case onlyNulls(s.GetWhereClause(), c):
		default:
			return ask(act, "writes over %s, which released code reads; whether it understands the new values only the author knows", full).losing()
		}
	}
	if j.allNew(table, columns) {
		return data(act, "fills %s.%s, which released code does not know; rows that it writes later are missed unless a trigger or a default fills them", table, quotedPart(columns[0]))
	}
	return data(act, "fills %s.%s where it is NULL", table, quotedPart(columns[0]))
}

// madeBeside is for temporary tables, which the schema keeps like others.
func (j judging) madeBeside(table pgschema.Name) bool {
	t := j.now.Tables[table]
	return t != nil && t.Temporary
}

// onlyNulls reports whether a condition lets only rows through in which the
// column is NULL.
func onlyNulls(where *pg.Node, column string) bool {
	if and := where.GetBoolExpr(); and != nil && and.GetBoolop() == pg.BoolExprType_AND_EXPR {
		return slices.ContainsFunc(and.GetArgs(), func(n *pg.Node) bool { return onlyNulls(n, column) })
	}
	test := where.GetNullTest()
	return test != nil && test.GetNulltesttype() == pg.NullTestType_IS_NULL && pgschema.ColumnOf(test.GetArg()) == column
}

func (j judging) delete(s *pg.DeleteStmt) ruling {
	table := pgschema.NameOf(s.GetRelation())
	act := act("delete", table.Local)
	if j.newRelation(table) || j.madeBeside(table) {
		return data(act, "deletes rows of %s, which released code does not know", table)
	}
	return contract(act, "deletes rows of %s, which released code may read", table).losing()
}

func (j judging) merge(s *pg.MergeStmt) ruling {
	table := pgschema.NameOf(s.GetRelation())
	act := act("merge", table.Local)
	worst := data(act, "moves rows into %s", table)
	if j.newRelation(table) {
		return worst
	}
	for _, n := range s.GetMergeWhenClauses() {
		switch when := n.GetMergeWhenClause(); when.GetCommandType() {
		case pg.CmdType_CMD_DELETE:
			return contract(act, "deletes rows of %s, which released code may read", table).losing()
		case pg.CmdType_CMD_UPDATE:
			if !j.allNew(table, targets(when.GetTargetList())) {
				worst = ask(act, "writes over rows of %s, which released code reads", table).losing()
			}
		}
	}
	return worst
}

// copy is COPY, in which a program may be run.
func (j judging) copy(s *pg.CopyStmt) ruling {
	table := pgschema.NameOf(s.GetRelation())
	switch {
	case s.GetIsProgram():
		return ask("copy", "runs a program on the server")
	case s.GetIsFrom():
		return expand(act("copy", table.Local), "adds rows to %s", table)
	case s.GetQuery() != nil:
		return j.calls(s.GetQuery())
	}
	return neutral(act("copy", table.Local), "reads %s", table)
}

// calls judges a query by the functions that it calls.
func (j judging) calls(tree *pg.Node) ruling {
	q := tree.GetSelectStmt()
	if into := q.GetIntoClause(); into != nil {
		name := pgschema.NameOf(into.GetRel())
		return expand(act("create", name.Local), "creates the table %s from a query", name)
	}
	if q == nil {
		return j.ownCalls(tree)
	}
	for _, f := range pgschema.MentionsOf(tree).Functions {
		switch pgeffect.Volatility(f, j.now) {
		case "volatile", "":
			return j.call(f)
		}
	}
	return neutral("select", "reads and changes nothing")
}

// ownCalls judges the functions in a statement that writes rows: those that a
// migration has made may write elsewhere.
func (j judging) ownCalls(tree *pg.Node) ruling {
	for _, f := range pgschema.MentionsOf(tree).Functions {
		if own := j.now.Functions[calledName(f)]; own != nil && own.Volatility == "volatile" {
			return ask(act("call", own.Name.Local), "calls %s(), whose effect only its author knows", own.Name)
		}
	}
	return neutral("", "changes no other rows")
}

// call is a function that may change something. What PostgreSQL's own ones do
// to sequences and settings is known.
func (j judging) call(f *pg.FuncCall) ruling {
	name := calledName(f)
	switch name.Local {
	case "nextval":
		return neutral("select", "takes a number of a sequence, which nobody misses")
	case "setval":
		for _, q := range pgschema.SequencesIn(&pg.Node{Node: &pg.Node_FuncCall{FuncCall: f}}) {
			if j.newRelation(q) {
				return data(act("setval", q.Local), "sets the sequence %s, which released code does not know", q)
			}
		}
		if mentionsMax(f) {
			return data("setval", "sets a sequence behind the greatest number in use")
		}
		return ask("setval", "sets the numbers that a sequence gives, so that running code may get one twice")
	case "set_config", "pg_advisory_lock", "pg_advisory_xact_lock", "pg_advisory_unlock", "pg_sleep", "random", "gen_random_uuid",
		"clock_timestamp", "currval", "lastval", "setseed", "pg_try_advisory_lock", "pg_try_advisory_xact_lock", "pg_advisory_unlock_all":
		return neutral("select", "changes nothing that outlives its session")
	}
	return ask(act("call", name.Local), "calls %s(), whose effect only its author knows", name)
}

func mentionsMax(f *pg.FuncCall) bool {
	return slices.ContainsFunc(pgschema.MentionsOf(f).Functions, func(f *pg.FuncCall) bool { return calledName(f).Local == "max" })
}

func calledName(f *pg.FuncCall) pgschema.Name {
	return pgschema.NameOfParts(pgschema.Strings(f.GetFuncname()))
}
