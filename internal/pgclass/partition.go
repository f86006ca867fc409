package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// partition is a table that becomes a part of another one.
type partition struct {
	name, parent pgschema.Name
	demanding    bool // it has constraints of its own
	act          string
}

// stricterPartition rules on a partition that takes rows over which the
// default partition takes today, and may reject them by its own constraints.
func (j judging) stricterPartition(p partition) (ruling, bool) {
	if !p.demanding || j.newRelation(p.parent) {
		return ruling{}, false
	}
	if j.now.Tables[p.parent] == nil {
		return ask(p.act, "makes %s a partition of %s, which is not in the known schema: where that has a default partition, the constraints of %s reject rows that running code writes", p.name, p.parent, p.name), true
	}
	if j.now.DefaultPartition(p.parent) == nil {
		return ruling{}, false
	}
	return contract(p.act, "makes %s a partition of %s, and its constraints may reject rows that running code writes to the default partition", p.name, p.parent), true
}

// demanding reports whether a new table has constraints in its statement.
func demanding(c *pg.CreateStmt) bool {
	if len(c.GetConstraints()) > 0 {
		return true
	}
	return slices.ContainsFunc(c.GetTableElts(), func(n *pg.Node) bool {
		return n.GetConstraint() != nil || slices.ContainsFunc(n.GetColumnDef().GetConstraints(), func(k *pg.Node) bool {
			return k.GetConstraint().GetContype() != pg.ConstrType_CONSTR_DEFAULT && k.GetConstraint().GetContype() != pg.ConstrType_CONSTR_NULL
		})
	})
}

// demands reports whether a table has constraints, or triggers, which nobody
// reads here.
func demands(t *pgschema.Table) bool {
	return t == nil || len(t.Constraints) > 0 || len(t.Triggers) > 0 || slices.ContainsFunc(t.Columns, func(c *pgschema.Column) bool { return c.NotNull })
}
