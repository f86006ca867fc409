package pglint

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// across meets the rules about statements of one transaction together.
func (f *fileview) across() {
	t := newTransaction()
	for _, l := range f.looked {
		if l.OutsideTransaction() && len(f.looked) > 1 {
			f.report(l, hit{code: "mixed-transaction"})
		}
		if l.ends() {
			t = newTransaction()
		}
		if len(t.alone) > 0 && l.changesRows() {
			f.report(l, hit{"schema-and-rows-one-transaction", pgrule.Names{Whole: lines("-- in a file of its own, or as a backfill block:", l.own())}})
		}
		f.newValue(l, t)
		f.validated(l, t.unchecked)
		if t.held != "" && l.works() && !f.warnedAt(l.Line) {
			f.report(l, hit{"statement-after-access-exclusive", pgrule.Names{Table: t.held}})
		}
		t.note(l)
	}
}

// transaction is what the statements of one transaction so far have done.
type transaction struct {
	alone     map[string]bool          // relations that nobody else can use since
	held      string                   // a relation that nobody else can use or write to
	unchecked map[string]int           // constraints that were added NOT VALID, and tables of which one was validated
	labels    map[string]pgschema.Name // values that were added to enums, with the type
	types     map[pgschema.Name]bool   // enums that it made: their values can be used at once
}

func newTransaction() *transaction {
	return &transaction{alone: map[string]bool{}, unchecked: map[string]int{}, labels: map[string]pgschema.Name{}, types: map[pgschema.Name]bool{}}
}

func (t *transaction) note(l look) {
	for _, k := range l.effect.Locks {
		if k.Mode == "AccessExclusiveLock" {
			t.alone[k.Relation] = true
		}
		if blocking(k.Mode) {
			t.held = k.Relation
		}
	}
	t.noteEnum(l)
}

// ends reports whether the statement ends the transaction.
func (l look) ends() bool {
	k := l.Tree.GetTransactionStmt().GetKind()
	return k == pg.TransactionStmtKind_TRANS_STMT_COMMIT || k == pg.TransactionStmtKind_TRANS_STMT_ROLLBACK
}

// works reports whether the statement reads or writes a relation from end to
// end.
func (l look) works() bool { return len(l.effect.Scans)+len(l.effect.Rewrites) > 0 }

// warnedAt reports whether there is a warning or an error of a line.
func (f *fileview) warnedAt(line int) bool {
	return slices.ContainsFunc(f.findings, func(x plans.Finding) bool { return x.Line == line && x.Severity != plans.SeverityInfo })
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
		if c.GetSubtype() == pg.AlterTableType_AT_ValidateConstraint {
			unchecked[table.String()] = l.Line
		}
		switch {
		case c.GetSubtype() == pg.AlterTableType_AT_AddConstraint && k.GetSkipValidation():
			unchecked[table.String()+" "+k.GetConname()] = l.Line
		case c.GetSubtype() == pg.AlterTableType_AT_SetNotNull && unchecked[table.String()] > 0:
			return []hit{{"set-not-null-same-transaction", pgrule.Names{
				Table: table.String(), Column: sqlscan.Identifier(c.GetName()), Name: named(table, []string{c.GetName()}, "check"),
			}}}
		case c.GetSubtype() == pg.AlterTableType_AT_ValidateConstraint && unchecked[key] > 0:
			return []hit{{"not-valid-and-validate-one-transaction", pgrule.Names{Table: table.String(), Name: c.GetName()}}}
		}
		return nil
	}) {
		f.report(l, h)
	}
}
