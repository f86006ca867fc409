package wayback

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// rowChanges says which statements of a file change rows, or may, in tables
// that were there before, and which change what else no comparison of catalogs
// sees.
func rowChanges(file plans.SQLFile, made map[string]bool) (losses []string, err error) {
	list, err := pgsyntax.Read(file.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Path, err)
	}
	for _, s := range list {
		what := "is not known to the grammar: whether it changes rows is not seen"
		if s.Tree != nil {
			what = changed(s.Tree, made)
		}
		if other := updown.Uncompared(s.Statement); what == "" && other != "" {
			what = other + ": it stays as it is"
		}
		if what != "" {
			losses = append(losses, fmt.Sprintf("%s:%d %s", file.Path, s.Line, what))
		}
	}
	return losses, nil
}

// changed says what a statement does to rows, "" for nothing.
func changed(tree *pg.Node, made map[string]bool) (what string) {
	say := func(relation *pg.RangeVar, format string) {
		name := sqlscan.Identifier(relation.GetRelname())
		if schema := relation.GetSchemaname(); schema != "" {
			name = sqlscan.Identifier(schema, relation.GetRelname())
		}
		if what == "" && !made[name] {
			what = fmt.Sprintf(format, name)
		}
	}
	pgsyntax.Walk(tree, func(m proto.Message) {
		switch n := m.(type) {
		case *pg.InsertStmt:
			say(n.GetRelation(), "adds rows to table %s, or changes them: they stay")
		case *pg.UpdateStmt:
			say(n.GetRelation(), "changes rows of table %s: they stay changed")
		case *pg.DeleteStmt:
			say(n.GetRelation(), "deletes rows of table %s: they are gone")
		case *pg.MergeStmt:
			say(n.GetRelation(), "changes rows of table %s: they stay changed")
		case *pg.CopyStmt:
			if n.GetIsFrom() {
				say(n.GetRelation(), "adds rows to table %s: they stay")
			}
		case *pg.TruncateStmt:
			for _, relation := range n.GetRelations() {
				say(relation.GetRangeVar(), "empties table %s: its rows are gone")
			}
		}
	})
	if what == "" {
		what = code(tree)
	}
	return what
}

// code says that a statement runs code of which nobody knows what it changes.
func code(tree *pg.Node) string {
	switch n := tree.GetNode().(type) {
	case *pg.Node_DoStmt:
		return "is a DO block: whether it changes rows is not seen"
	case *pg.Node_CallStmt:
		return "calls a procedure: whether it changes rows is not seen"
	case *pg.Node_ExecuteStmt:
		return "executes a prepared statement: whether it changes rows is not seen"
	case *pg.Node_SelectStmt:
		return called(n.SelectStmt)
	}
	return ""
}

// called says which function a query calls: setval() and users' functions
// write. set_config() alone is known to change the session and nothing else.
func called(query *pg.SelectStmt) (what string) {
	pgsyntax.Walk(query, func(m proto.Message) {
		call, ok := m.(*pg.FuncCall)
		if !ok || what != "" {
			return
		}
		var parts []string
		for _, part := range call.GetFuncname() {
			parts = append(parts, part.GetString_().GetSval())
		}
		if name := strings.TrimPrefix(strings.Join(parts, "."), "pg_catalog."); name != "set_config" {
			what = fmt.Sprintf("calls %s(): whether it changes rows is not seen", name)
		}
	})
	return what
}
