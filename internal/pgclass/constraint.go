package pgclass

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/plans"
)

// constraints are actions on a constraint of a table.
func (a alteration) constraints() (ruling, bool) {
	name := a.cmd.GetName()
	act := act("constraint", a.table.Local, name)
	switch a.cmd.GetSubtype() {
	case pg.AlterTableType_AT_AddConstraint:
		return a.addConstraint(a.cmd.GetDef().GetConstraint()), true
	case pg.AlterTableType_AT_ValidateConstraint:
		act := "validate" + strings.TrimPrefix(act, "constraint")
		if !a.newRelation(a.table) && a.newConstraint(a.table, name) && a.constrainsReleased(name) {
			return contract(act, "validates %s of %s, which this change set adds for the code that comes", name, a.table), true
		}
		return neutral(act, "validates %s of %s, which rejects new rows already", name, a.table), true
	case pg.AlterTableType_AT_AlterConstraint:
		return a.checkedAt(a.cmd.GetDef().GetConstraint(), act), true
	case pg.AlterTableType_AT_DropConstraint:
		return a.dropConstraint(name), true
	}
	return ruling{}, false
}

// constrainsReleased reports whether a constraint is on columns that running
// code writes.
func (a alteration) constrainsReleased(name string) bool {
	k := a.t.Constraint(name)
	return k == nil || !a.allNew(a.table, k.Columns)
}

func (a alteration) dropConstraint(name string) ruling {
	act := act("drop", a.table.Local, name)
	switch {
	case a.newConstraint(a.table, name):
		return free(act, "drops the constraint %s of %s, which released code does not know", name, a.table)
	case a.t != nil && a.t.Constraint(name) == nil && a.cmd.GetMissingOk():
		return neutral(act, "drops nothing, as %s has no constraint %s", a.table, name)
	}
	return contract(act, "drops the constraint %s of %s, which running code may rely on to reject its writes", name, a.table)
}

func (a alteration) addConstraint(k *pg.Constraint) ruling {
	name := k.GetConname()
	act := act("constraint", a.table.Local, name)
	down := ""
	if name != "" {
		down = a.sql() + " DROP CONSTRAINT " + ident(name)
	}
	if a.newRelation(a.table) {
		return a.onNew(act, "adds a constraint").back(down)
	}
	switch k.GetContype() {
	case pg.ConstrType_CONSTR_CHECK:
		return a.inTwoFiles(k, a.addCheck(k, act)).back(down)
	case pg.ConstrType_CONSTR_FOREIGN:
		return a.inTwoFiles(k, a.addForeignKey(k, act)).back(down)
	case pg.ConstrType_CONSTR_UNIQUE, pg.ConstrType_CONSTR_PRIMARY:
		r := a.addKey(k, act).back(down)
		if r.Class == plans.ClassContract && k.GetIndexname() == "" && !k.GetDeferrable() && len(k.GetIncluding()) == 0 && !k.GetNullsNotDistinct() {
			r.Split = a.keyFiles(k)
		}
		return r
	case pg.ConstrType_CONSTR_EXCLUSION:
		return contract(act, "excludes rows of %s that conflict (%s), so that writes of running code fail", a.table, constraintName(k)).back(down)
	}
	return contract(act, "adds the constraint %s to %s, which writes of running code may break", constraintName(k), a.table).back(down)
}

// inTwoFiles gives a constraint that reads its table the files that add it
// without a scan and validate it in a transaction of their own.
func (a alteration) inTwoFiles(k *pg.Constraint, r ruling) ruling {
	switch r.Class {
	case plans.ClassContract:
		r.Split = a.validatedFiles(k, phaseContract)
	case plans.ClassExpand:
		r.Split = a.validatedFiles(k, phaseExpand)
	}
	return r
}

func constraintName(k *pg.Constraint) string {
	if k.GetConname() == "" {
		return "a constraint without a name"
	}
	return "constraint " + k.GetConname()
}

// checkedAt changes when a constraint is checked within a transaction. Checked
// later, it lets through what it lets through now.
func (a alteration) checkedAt(k *pg.Constraint, act string) ruling {
	name := k.GetConname()
	switch {
	case a.newConstraint(a.table, name):
		return free(act, "changes when %s of %s is checked within a transaction, which released code does not know", name, a.table)
	case a.deferredToday(name, k):
		return contract(act, "checks %s of %s at each statement, where running code may defer it to the end of its transaction", name, a.table)
	}
	return neutral(act, "changes when %s of %s is checked within a transaction, which is no sooner than today", name, a.table)
}

// deferredToday reports whether running code may check a constraint later than
// it will be checked.
func (a alteration) deferredToday(name string, k *pg.Constraint) bool {
	t := a.origin(a.table)
	if t == nil || t.Constraint(name) == nil {
		return !k.GetInitdeferred()
	}
	was := t.Constraint(name)
	return was.Deferrable && !k.GetDeferrable() || was.Deferred && !k.GetInitdeferred()
}

// addCheck rejects new rows from its first moment, NOT VALID or not.
func (a alteration) addCheck(k *pg.Constraint, act string) ruling {
	columns := pgschema.MentionsOf(k).Columns
	if !a.allNew(a.table, columns) {
		return contract(act, "adds the %s to %s, which rejects rows that running code may write, NOT VALID or not", checkName(k), a.table)
	}
	if !a.check(a.t, nil, k.GetRawExpr()).passes() {
		return contract(act, "adds the %s to %s, which may reject what INSERTs of running code leave in %s", checkName(k), a.table, strings.Join(columns, ", "))
	}
	return free(act, "adds the %s to %s on columns that released code does not know", checkName(k), a.table)
}

func checkName(k *pg.Constraint) string {
	if k.GetConname() == "" {
		return "CHECK"
	}
	return "CHECK " + k.GetConname()
}

func (a alteration) addForeignKey(k *pg.Constraint, act string) ruling {
	parent := pgschema.NameOf(k.GetPktable())
	if !a.allNew(a.table, pgschema.Strings(k.GetFkAttrs())) {
		return contract(act, "adds a foreign key from %s to %s (%s), which rejects rows that running code may write, NOT VALID or not", a.table, parent, constraintName(k))
	}
	if !a.pointsNowhere(a.t, nil, pgschema.Strings(k.GetFkAttrs())) {
		return contract(act, "adds a foreign key from %s to %s (%s), which rejects the defaults that INSERTs of running code leave where no row has them", a.table, parent, constraintName(k))
	}
	return free(act, "adds a foreign key from columns of %s that released code does not know to %s", a.table, parent)
}

// addKey adds nothing to what an index demands already.
func (a alteration) addKey(k *pg.Constraint, act string) ruling {
	primary := k.GetContype() == pg.ConstrType_CONSTR_PRIMARY
	what := "adds the unique " + constraintName(k)
	if primary {
		what = "adds the primary key"
	}
	columns := pgschema.Strings(k.GetKeys())
	if k.GetIndexname() != "" {
		i := a.now.Indexes[pgschema.Name{Schema: a.table.Schema, Local: k.GetIndexname()}]
		if i == nil {
			return contract(act, "%s to %s by the index %s, which is not known", what, a.table, k.GetIndexname())
		}
		columns = i.Columns
		if k.GetDeferrable() && !a.newColumns(columns) {
			return a.deferred(what, act)
		}
		if i.Unique && (!primary || !slices.ContainsFunc(columns, a.mayBeNull)) {
			return neutral(act, "%s to %s by the index %s, which rejects the same rows already", what, a.table, k.GetIndexname())
		}
	}
	if primary {
		for _, c := range columns {
			if a.mayBeNull(c) && (!a.newColumn(a.table, c) || !a.filled(a.t.Column(c))) {
				return contract(act, "%s to %s, whose column %s running code may leave NULL", what, a.table, c)
			}
		}
	}
	if k.GetDeferrable() && !a.newColumns(columns) {
		return a.deferred(what, act)
	}
	return a.uniqueness(uniqueness{table: a.table, columns: columns, act: act, what: what, nullsCount: k.GetNullsNotDistinct()})
}

// newColumns reports whether one of them is new, so that no ON CONFLICT of
// running code means their index.
func (a alteration) newColumns(columns []string) bool {
	return slices.ContainsFunc(columns, func(c string) bool { return a.newColumn(a.table, c) })
}

// deferred is a key that is checked later. ON CONFLICT takes no such index, not
// even beside another one on the same columns.
func (a alteration) deferred(what, act string) ruling {
	return contract(act, "%s to %s as DEFERRABLE, so that INSERTs of running code with ON CONFLICT on these columns fail", what, a.table)
}

func (a alteration) mayBeNull(column string) bool {
	return a.t == nil || a.t.Column(column) == nil || !a.t.Column(column).NotNull
}
