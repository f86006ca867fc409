package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// createTable locks what the new table is tied to: referenced tables, a table
// that it inherits from or is a partition of, and the source of LIKE.
//
// Source: https://www.postgresql.org/docs/current/sql-createtable.html.
// Measured: create_table_fk, create_table_inherits,
// create_part_of_default_exists.
func (a *analysis) createTable(s *pg.CreateStmt) {
	if s.GetIfNotExists() && a.schema.Has(pgschema.NameOf(s.GetRelation())) {
		return
	}
	for _, r := range s.GetInhRelations() {
		if s.GetPartbound() == nil {
			a.named(r.GetRangeVar(), shareUpdateExclusive)
			continue
		}
		a.defaultPartition(a.named(r.GetRangeVar(), accessExclusive), pgschema.Name{})
		a.inheritReferences(pgschema.NameOf(r.GetRangeVar()))
	}
	for _, e := range append(s.GetTableElts(), s.GetConstraints()...) {
		a.element(e, pgschema.NameOf(s.GetRelation()))
	}
}

// inheritReferences locks what a partition's foreign keys point at: it gets
// those of its parent.
func (a *analysis) inheritReferences(parent pgschema.Name) {
	t := a.schema.Tables[parent]
	if t == nil {
		return
	}
	for _, k := range t.Constraints {
		if k.Kind == pgschema.ForeignKey {
			a.lock(k.References, shareRowExclusive)
		}
	}
}

func (a *analysis) element(e *pg.Node, own pgschema.Name) {
	for _, n := range e.GetColumnDef().GetConstraints() {
		a.reference(n.GetConstraint(), own)
	}
	if k := e.GetConstraint(); k != nil {
		a.reference(k, own)
	}
	if l := e.GetTableLikeClause(); l != nil {
		a.named(l.GetRelation(), accessShare)
	}
}

func (a *analysis) reference(k *pg.Constraint, own pgschema.Name) {
	if k.GetContype() != pg.ConstrType_CONSTR_FOREIGN || pgschema.NameOf(k.GetPktable()) == own {
		return
	}
	a.below(a.named(k.GetPktable(), shareRowExclusive), shareRowExclusive)
}

// createTableAs runs its query, unless WITH NO DATA says that it is only to be
// looked at.
func (a *analysis) createTableAs(s *pg.CreateTableAsStmt) {
	if s.GetInto().GetSkipData() {
		a.query(s.GetQuery(), planned)
		return
	}
	a.query(s.GetQuery(), ran)
}
