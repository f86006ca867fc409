package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/plans"
)

// newcomer is a column that is about to be added.
type newcomer struct {
	*pgschema.Column
	drawn   bool // the value is another one for each row
	unique  bool
	demands []*pg.Constraint // its CHECKs and foreign keys
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
	if r, is := a.refused(c, d, act); is {
		return r
	}
	for _, k := range c.demands {
		if parent := pgschema.NameOf(k.GetPktable()); k.GetContype() == pg.ConstrType_CONSTR_FOREIGN && holds(k) && !a.newRelation(parent) {
			return expand(act, "adds %s; once new code has written to it, a DELETE of a row of %s that it points at fails", full, parent).back(down)
		}
	}
	return expand(act, "adds %s", full).back(down)
}

// refused rules on a column that INSERTs of running code do not survive.
func (a alteration) refused(c newcomer, d *pg.ColumnDef, act string) (ruling, bool) {
	full := a.table.String() + "." + quotedPart(c.Name)
	switch {
	case c.NotNull && !a.filled(c.Column):
		const reason = "adds %s as NOT NULL without a default: INSERTs of running code do not fill it, and a table with rows refuses it"
		if files := a.requiredFiles(d); files != nil {
			return split(files, act, reason, full), true
		}
		return ask(act, reason+"; add it without the NOT NULL first, and forbid NULL after the deployment, when all rows have a value", full), true
	case c.Generated && a.mayFail(c.Default) != "":
		return ask(act, "computes %s by what can fail for a row (%s), and a write of running code fails with it", full, a.mayFail(c.Default)), true
	case c.Generated && !a.fits(c.Type, c.Default):
		return ask(act, "computes %s, whose type may not take the result, so that a write of running code fails with it", full), true
	case !c.Generated && a.refusal(&pgschema.Table{Name: a.table}, c.Column) != "":
		return ask(act, "adds %s, and %s may reject what INSERTs of running code leave in it", full, a.refusal(&pgschema.Table{Name: a.table}, c.Column)), true
	case c.unique && c.Generated:
		return a.later(d, uniqueKind, ask(act, "adds %s as unique, though it is computed from what running code may repeat", full)), true
	case c.unique && a.filled(c.Column) && !c.drawn:
		return ask(act, "adds %s with one default for all rows, of which a unique column takes a single one", full), true
	}
	for _, k := range c.demands {
		if why := a.demandFails(c, k); why != "" {
			return a.later(d, func(kind pg.ConstrType) bool { return kind == k.GetContype() }, ask(act, "adds %s, and %s", full, why)), true
		}
	}
	return ruling{}, false
}

// later is a split that adds a column first and those of its constraints after
// the deployment that are of a kind; where that cannot be written it is the
// author's to do.
func (a alteration) later(d *pg.ColumnDef, kind func(pg.ConstrType) bool, r ruling) ruling {
	files := a.laterFiles(d, kind)
	if len(files) < 2 {
		r.Reason += ": add the column first, and the constraint after the deployment"
		return r
	}
	r.Class, r.Split = plans.ClassSplit, files
	return r
}

// demandFails says why a CHECK or a foreign key of a new column may reject a
// write of running code, empty for one that does not.
func (a alteration) demandFails(c newcomer, k *pg.Constraint) string {
	if k.GetContype() == pg.ConstrType_CONSTR_FOREIGN {
		if a.pointsNowhere(a.t, c.Column, []string{c.Name}) {
			return ""
		}
		return "its foreign key rejects its default where no row of " + pgschema.NameOf(k.GetPktable()).String() + " has it, and keeps that row from being deleted"
	}
	for _, name := range pgschema.MentionsOf(k).Columns {
		if name != c.Name && !a.newColumn(a.table, name) {
			return "its CHECK rejects rows by " + quotedPart(name) + ", which running code writes"
		}
	}
	if !a.check(a.t, c.Column, k.GetRawExpr()).passes() {
		return "its CHECK may reject what INSERTs of running code leave in it"
	}
	return ""
}

func (a alteration) newcomer(d *pg.ColumnDef) newcomer {
	typ := a.now.TypeOf(d.GetTypeName())
	c := newcomer{Column: &pgschema.Column{
		Name: d.GetColname(), Type: typ, NotNull: d.GetIsNotNull(), Default: d.GetRawDefault(), Identity: typ.Serial(),
	}}
	if domain := a.now.Types[typ.Name]; domain != nil && domain.NotNull {
		c.NotNull = true
	}
	for _, k := range d.GetConstraints() {
		c.demand(k.GetConstraint())
	}
	c.drawn = a.distinct(c.Column)
	return c
}

func (c *newcomer) demand(k *pg.Constraint) {
	switch k.GetContype() {
	case pg.ConstrType_CONSTR_NOTNULL:
		c.NotNull = true
	case pg.ConstrType_CONSTR_PRIMARY:
		c.NotNull, c.unique = true, true
	case pg.ConstrType_CONSTR_UNIQUE:
		c.unique = true
	case pg.ConstrType_CONSTR_DEFAULT:
		c.Default = k.GetRawExpr()
	case pg.ConstrType_CONSTR_GENERATED:
		c.Generated, c.Default = true, k.GetRawExpr()
	case pg.ConstrType_CONSTR_IDENTITY:
		c.Identity = true
	case pg.ConstrType_CONSTR_CHECK:
		c.NotNull = c.NotNull || pgschema.ImpliesNotNull(k.GetRawExpr(), c.Name)
		c.demands = append(c.demands, k)
	case pg.ConstrType_CONSTR_FOREIGN:
		c.demands = append(c.demands, k)
	}
}

func uniqueKind(kind pg.ConstrType) bool {
	return slices.Contains([]pg.ConstrType{pg.ConstrType_CONSTR_UNIQUE, pg.ConstrType_CONSTR_PRIMARY}, kind)
}
