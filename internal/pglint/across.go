package pglint

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// across meets the rules about statements of one transaction together.
func (f *fileview) across() {
	alone := map[string]bool{}    // tables that nobody else can use since
	unchecked := map[string]int{} // constraints that were added NOT VALID
	for _, l := range f.looked {
		if l.OutsideTransaction() && len(f.looked) > 1 {
			f.report(l, hit{code: "mixed-transaction"})
		}
		if len(alone) > 0 && l.changesRows() {
			f.report(l, hit{code: "schema-and-rows-one-transaction"})
		}
		f.validated(l, unchecked)
		for _, k := range l.effect.Locks {
			if k.Mode == "AccessExclusiveLock" {
				alone[k.Relation] = true
			}
		}
	}
}

func (l look) changesRows() bool {
	switch l.Tree.GetNode().(type) {
	case *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_InsertStmt, *pg.Node_MergeStmt:
		return true
	}
	return false
}

// validated: the lock of NOT VALID is held while VALIDATE reads the table.
func (f *fileview) validated(l look, unchecked map[string]int) {
	for _, h := range l.alters(func(table pgschema.Name, c *pg.AlterTableCmd) []hit {
		k := c.GetDef().GetConstraint()
		key := table.String() + " " + c.GetName()
		switch {
		case c.GetSubtype() == pg.AlterTableType_AT_AddConstraint && k.GetSkipValidation():
			unchecked[table.String()+" "+k.GetConname()] = l.Line
		case c.GetSubtype() == pg.AlterTableType_AT_ValidateConstraint && unchecked[key] > 0:
			return []hit{{"not-valid-and-validate-one-transaction", pgrule.Names{Table: table.String(), Name: c.GetName()}}}
		}
		return nil
	}) {
		f.report(l, h)
	}
}
