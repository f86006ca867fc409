package sqlcheck

import (
	"fmt"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/plans"
)

// downTakesRows is the code of a down file that takes away more than its up
// file has made.
const downTakesRows = "down-takes-rows"

// takes warns of what a down file removes though it was there before the up
// file, whose schema is the one right before it: coming back from the migration
// would lose what the migration has never touched.
func (p *Postgres) takes(down *direction) {
	for i, st := range down.trees {
		for _, what := range p.removed(st.Tree) {
			down.report(plans.Finding{
				Code: downTakesRows, Severity: plans.SeverityWarning, Line: down.statements[i].Line, Roles: []string{"dba", "release"},
				Summary: "the down file " + what + ", which was there before the up file",
				Detail:  "A rollback would take rows away that this migration has not brought.",
				Fix:     "take back what the up file does, and nothing else",
			})
		}
	}
}

func (p *Postgres) removed(tree *pg.Node) []string {
	var found []string
	of := func(verb string, list []*pg.Node) {
		for _, o := range list {
			if n := pgschema.NameOf(o.GetRangeVar()); p.now.Tables[n] != nil {
				found = append(found, fmt.Sprintf("%s %s", verb, n))
			}
		}
	}
	switch n := tree.GetNode().(type) {
	case *pg.Node_DropStmt:
		if n.DropStmt.GetRemoveType() != pg.ObjectType_OBJECT_TABLE {
			return nil
		}
		for _, o := range n.DropStmt.GetObjects() {
			if name := pgschema.NameOfParts(pgschema.Strings(o.GetList().GetItems())); p.now.Tables[name] != nil {
				found = append(found, "drops "+name.String())
			}
		}
	case *pg.Node_TruncateStmt:
		of("empties", n.TruncateStmt.GetRelations())
	case *pg.Node_DeleteStmt:
		if name := pgschema.NameOf(n.DeleteStmt.GetRelation()); p.now.Tables[name] != nil && n.DeleteStmt.GetWhereClause() == nil {
			found = append(found, "deletes all rows of "+name.String())
		}
	case *pg.Node_AlterTableStmt:
		name := pgschema.NameOf(n.AlterTableStmt.GetRelation())
		for _, cmd := range n.AlterTableStmt.GetCmds() {
			c := cmd.GetAlterTableCmd()
			if t := p.now.Tables[name]; t != nil && c.GetSubtype() == pg.AlterTableType_AT_DropColumn && t.Column(c.GetName()) != nil {
				found = append(found, fmt.Sprintf("drops %s.%s", name, c.GetName()))
			}
		}
	}
	return found
}
