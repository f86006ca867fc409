package pgclass

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// newcomer is a column that is about to be added.
type newcomer struct {
	name          string
	notNull       bool // also by PRIMARY KEY or a CHECK
	filled        bool // INSERTs that leave it out have a value
	unique        bool
	drawn         bool // the value is another one for each row
	parent        pgschema.Name
	parentIsBound bool // the parent's row cannot go while it is pointed at
}

func (a alteration) addColumn(d *pg.ColumnDef) ruling {
	full := a.table.String() + "." + quotedPart(d.GetColname())
	act := act("add", a.table.Local, d.GetColname())
	if a.t != nil && a.t.Column(d.GetColname()) != nil && a.cmd.GetMissingOk() {
		return neutral(act, "adds nothing, as %s is there already", full)
	}
	down := a.sql() + " DROP COLUMN " + ident(d.GetColname())
	if a.newRelation(a.table) {
		return expand(act, "adds %s to a table that released code does not know", full).back(down)
	}
	c := a.newcomer(d)
	switch {
	case c.notNull && !c.filled:
		return split(a.requiredFiles(d), act, "adds %s as NOT NULL without a default: INSERTs of running code do not fill it, and a table with rows refuses it", full)
	case c.unique && c.filled && !c.drawn:
		return ask(act, "adds %s with one default for all rows, of which a unique column takes a single one", full)
	case c.parentIsBound:
		return expand(act, "adds %s; once new code has written to it, a DELETE of a row of %s that it points at fails", full, c.parent).back(down)
	}
	return expand(act, "adds %s", full).back(down)
}

func (a alteration) newcomer(d *pg.ColumnDef) newcomer {
	typ := a.now.TypeOf(d.GetTypeName())
	c := newcomer{name: d.GetColname(), notNull: d.GetIsNotNull(), filled: d.GetRawDefault() != nil || typ.Serial(), drawn: typ.Serial()}
	if domain := a.now.Types[typ.Name]; domain != nil && domain.NotNull {
		c.notNull = true
	}
	for _, k := range d.GetConstraints() {
		a.demand(&c, k.GetConstraint())
	}
	return c
}

func (a alteration) demand(c *newcomer, k *pg.Constraint) {
	switch k.GetContype() {
	case pg.ConstrType_CONSTR_NOTNULL:
		c.notNull = true
	case pg.ConstrType_CONSTR_PRIMARY:
		c.notNull, c.unique = true, true
	case pg.ConstrType_CONSTR_UNIQUE:
		c.unique = true
	case pg.ConstrType_CONSTR_DEFAULT:
		probe := &pgschema.Column{Default: k.GetRawExpr(), NotNull: true}
		c.filled, c.drawn = filled(probe), a.distinct(probe)
	case pg.ConstrType_CONSTR_GENERATED:
		c.filled, c.drawn = true, true
	case pg.ConstrType_CONSTR_IDENTITY:
		c.filled, c.drawn = true, true
	case pg.ConstrType_CONSTR_CHECK:
		c.notNull = c.notNull || pgschema.ImpliesNotNull(k.GetRawExpr(), c.name)
	case pg.ConstrType_CONSTR_FOREIGN:
		c.parent = pgschema.NameOf(k.GetPktable())
		c.parentIsBound = holds(k) && !a.newRelation(c.parent)
	}
}
