package pgclass

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// rule judges one unit by itself.
func (j judging) rule(st pgsyntax.Statement) ruling {
	if st.Tree == nil {
		why := "there is no tree"
		if st.Problem != nil {
			why = st.Problem.Message
		}
		return ask("", "cannot be read by the grammar of PostgreSQL %d (%s), so nothing is known of what it does", pgsyntax.GrammarVersion, why)
	}
	families := []func(*pg.Node) (ruling, bool){j.create, j.createOther, j.alter, j.alterOther, j.drop, j.rows, j.rights, j.replication, upkeep, j.unknown}
	for _, family := range families {
		if r, is := family(st.Tree); is {
			return r
		}
	}
	return ask("", "is a kind of statement that there is no rule for (%s)", kindOf(st.Tree))
}

func kindOf(tree *pg.Node) string {
	return strings.TrimPrefix(fmt.Sprintf("%T", tree.GetNode()), "*pg_query.Node_")
}

// unknown are statements whose text does not say what they do.
func (j judging) unknown(tree *pg.Node) (ruling, bool) {
	switch n := tree.GetNode().(type) {
	case *pg.Node_DoStmt:
		return ask("do", "runs a DO block, whose effect only its author knows"), true
	case *pg.Node_CallStmt:
		return ask("call", "calls the procedure %s, whose effect only its author knows", calledName(n.CallStmt.GetFunccall())), true
	case *pg.Node_ExecuteStmt:
		return ask("execute", "executes the prepared statement %s", n.ExecuteStmt.GetName()), true
	case *pg.Node_LoadStmt:
		return ask("load", "loads the library %s into the server", n.LoadStmt.GetFilename()), true
	case *pg.Node_ExplainStmt:
		for _, o := range n.ExplainStmt.GetOptions() {
			if o.GetDefElem().GetDefname() == "analyze" {
				return ask("explain", "runs the statement that it explains"), true
			}
		}
		return neutral("explain", "explains a statement and does not run it"), true
	}
	return ruling{}, false
}
