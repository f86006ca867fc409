package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// columns are actions on one column.
func (a alteration) columns() (ruling, bool) {
	c := a.column()
	switch a.cmd.GetSubtype() {
	case pg.AlterTableType_AT_AddColumn:
		return a.addColumn(a.cmd.GetDef().GetColumnDef()), true
	case pg.AlterTableType_AT_DropColumn:
		return c.drop(), true
	case pg.AlterTableType_AT_ColumnDefault:
		if a.cmd.GetDef() == nil {
			return c.dropDefault(), true
		}
		return c.setDefault(), true
	case pg.AlterTableType_AT_SetNotNull:
		return c.setNotNull(), true
	case pg.AlterTableType_AT_DropNotNull:
		return c.dropNotNull(), true
	case pg.AlterTableType_AT_AlterColumnType:
		return c.retype(), true
	}
	return c.source()
}

// column is the action with the column that it names.
func (a alteration) column() columnAlteration {
	c := columnAlteration{alteration: a, name: a.cmd.GetName(), full: a.table.String() + "." + quotedPart(a.cmd.GetName())}
	if a.t != nil {
		c.c = a.t.Column(c.name)
	}
	return c
}

type columnAlteration struct {
	alteration
	name, full string
	c          *pgschema.Column // nil when the schema does not hold it
}

func (c columnAlteration) isNew() bool { return c.newColumn(c.table, c.name) }

func (c columnAlteration) act(verb string) string { return act(verb, c.table.Local, c.name) }

func (c columnAlteration) sqlColumn() string {
	return c.sql() + " ALTER COLUMN " + ident(c.name)
}

func (c columnAlteration) drop() ruling {
	switch {
	case c.t != nil && c.c == nil && c.cmd.GetMissingOk() && len(c.t.Columns) > 0:
		return neutral(c.act("drop"), "drops nothing, as there is no %s", c.full)
	case c.isNew():
		if lost := c.takesAlong(); lost != "" {
			return contract(c.act("drop"), "drops %s and with it %s, which released code may use", c.full, lost).losing()
		}
		return free(c.act("drop"), "drops %s, which released code does not know", c.full)
	}
	r := contract(c.act("drop"), "drops %s, which released code may read", c.full)
	r.Loses = c.c == nil || !c.c.Generated
	return r
}

// takesAlong names something released that goes with a new column.
func (c columnAlteration) takesAlong() string {
	if c.cmd.GetBehavior() != pg.DropBehavior_DROP_CASCADE {
		return ""
	}
	after := c.now.Clone()
	after.Remove(after.DroppedColumn(c.table, c.name))
	return c.lost(after)
}

// setDefault is an expand where INSERTs of running code had NULL or an error,
// and the default is one that the table takes.
func (c columnAlteration) setDefault() ruling {
	act, down := c.act("default"), c.sqlColumn()+" DROP DEFAULT"
	switch {
	case c.newRelation(c.table):
		return free(act, "sets the default of %s, which released code does not know", c.full)
	case c.c == nil:
		return ask(act, "sets the default of %s, and whether it had one is not known", c.full)
	case pgsyntax.Same(c.c.Default, c.cmd.GetDef()):
		return neutral(act, "sets the default of %s that it has", c.full)
	case c.rejected() != "":
		return contract(act, "gives %s a default that %s may reject, so that INSERTs of running code that leave it out fail", c.full, c.rejected()).back(c.restoreDefault())
	case c.isNew() && c.repeats(), c.c.Default == nil && !c.isNew() && c.repeats():
		return contract(act, "gives %s, which is unique, a default, so that a second INSERT of running code that leaves it out fails", c.full).back(c.restoreDefault())
	case c.isNew():
		return free(act, "sets the default of %s, which released code does not know", c.full)
	case c.c.Default == nil:
		return expand(act, "gives %s its first default", c.full).back(down)
	}
	return ask(act, "changes the default of %s, so that INSERTs of running code write another value", c.full)
}

// rejected names what may reject the default that a column gets. Where INSERTs
// that leave it out fail today, nothing gets worse.
func (c columnAlteration) rejected() string {
	if !c.isNew() && c.c.NotNull && !c.filled(c.c) {
		return ""
	}
	hypothetical := *c.c
	hypothetical.Default = c.cmd.GetDef()
	return c.refusal(c.t, &hypothetical)
}

// repeats reports whether a unique index, or what excludes rows, may take a
// default of the column once.
func (c columnAlteration) repeats() bool {
	probe := &pgschema.Column{Default: c.cmd.GetDef(), NotNull: true}
	return !c.distinct(probe) && c.leaves(probe).kind != null &&
		slices.ContainsFunc(c.now.IndexesOf(c.table), func(i *pgschema.Index) bool {
			return (i.Unique || i.Method == "gist") && slices.Contains(i.Columns, c.name)
		})
}

func (c columnAlteration) dropDefault() ruling {
	switch {
	case c.newRelation(c.table):
		return c.onNew(c.act("default"), "drops a default")
	case c.c != nil && c.c.Default == nil:
		return neutral(c.act("default"), "drops no default, as %s has none", c.full)
	case c.c != nil && c.c.NotNull:
		return contract(c.act("default"), "drops the default of %s, which is NOT NULL: INSERTs of running code that leave it out fail", c.full).back(c.restoreDefault())
	case c.isNew():
		return free(c.act("default"), "drops the default of %s, where running code then leaves NULL", c.full)
	}
	return contract(c.act("default"), "drops the default of %s, so that INSERTs of running code that leave it out write NULL", c.full).back(c.restoreDefault())
}

func (c columnAlteration) restoreDefault() string {
	if c.c == nil {
		return ""
	}
	if c.c.Default == nil {
		return c.sqlColumn() + " DROP DEFAULT"
	}
	text, err := pgsyntax.DeparseExpression(c.c.Default)
	if err != nil {
		return ""
	}
	return c.sqlColumn() + " SET DEFAULT " + text
}

func (c columnAlteration) setNotNull() ruling {
	down := c.sqlColumn() + " DROP NOT NULL"
	switch {
	case c.newRelation(c.table):
		return c.onNew(c.act("not_null"), "forbids NULL in a column")
	case c.c != nil && c.c.NotNull:
		return neutral(c.act("not_null"), "forbids NULL in %s, which does not take it already", c.full)
	case c.isNew() && c.filled(c.c):
		return free(c.act("not_null"), "forbids NULL in %s, which its default fills for running code", c.full).back(down)
	case c.isNew():
		return contract(c.act("not_null"), "forbids NULL in %s, which INSERTs of running code leave out", c.full).back(down)
	case c.checked():
		return neutral(c.act("not_null"), "forbids NULL in %s, where a validated CHECK rejects it already", c.full).back(down)
	}
	r := contract(c.act("not_null"), "forbids NULL in %s, which running code may write", c.full).back(down)
	if c.c != nil && !c.t.IsNotNull(c.name) {
		r.Split = notNullFiles(c.judging, c.table, c.name)
	}
	return r
}

// checked reports whether the release has a validated CHECK that the column is
// not NULL, so that running code lives with it.
func (c columnAlteration) checked() bool {
	was := c.origin(c.table)
	return was != nil && c.t != nil && c.t.IsNotNull(c.name) && was.IsNotNull(c.name)
}

func (c columnAlteration) dropNotNull() ruling {
	switch {
	case c.isNew():
		return free(c.act("null"), "lets %s be NULL, which released code does not know", c.full)
	case c.c != nil && !c.c.NotNull:
		return neutral(c.act("null"), "lets %s be NULL, which it may be already", c.full)
	}
	return expand(c.act("null"), "lets %s be NULL, which running code meets once new code writes it", c.full)
}

// source are actions that change where a column's values come from.
func (c columnAlteration) source() (ruling, bool) {
	kind := c.cmd.GetSubtype()
	switch kind {
	case pg.AlterTableType_AT_SetExpression, pg.AlterTableType_AT_DropExpression, pg.AlterTableType_AT_AddIdentity,
		pg.AlterTableType_AT_SetIdentity, pg.AlterTableType_AT_DropIdentity:
	default:
		return ruling{}, false
	}
	act := c.act("alter")
	if c.newRelation(c.table) {
		return c.onNew(act, "changes what fills a column"), true
	}
	switch {
	case kind == pg.AlterTableType_AT_SetExpression && c.isNew():
		return free(act, "changes the expression of %s, which released code does not know", c.full), true
	case kind == pg.AlterTableType_AT_SetExpression:
		return c.computedAgain(act), true
	case kind == pg.AlterTableType_AT_DropExpression:
		return contract(act, "stops to compute %s, which running code does not write itself", c.full), true
	case kind == pg.AlterTableType_AT_DropIdentity:
		return contract(act, "drops the identity of %s, which INSERTs of running code leave out", c.full), true
	case c.always():
		return contract(act, "generates %s always, so that INSERTs of running code that name it fail", c.full), true
	}
	return expand(act, "generates %s where an INSERT leaves it out", c.full), true
}

// always reports whether an identity is GENERATED ALWAYS.
func (c columnAlteration) always() bool {
	if k := c.cmd.GetDef().GetConstraint(); k != nil {
		return k.GetGeneratedWhen() == "a"
	}
	for _, o := range c.cmd.GetDef().GetList().GetItems() {
		if d := o.GetDefElem(); d.GetDefname() == "generated" {
			return d.GetArg().GetInteger().GetIval() == 'a'
		}
	}
	return false
}
