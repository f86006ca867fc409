package pgeffect

import (
	"maps"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// vacuum is VACUUM and ANALYZE. VACUUM FULL writes the table anew.
//
// Source: https://www.postgresql.org/docs/current/sql-vacuum.html and
// sql-analyze.html. Measured: vacuum, vacuum_full, analyze.
func (a *analysis) vacuum(s *pg.VacuumStmt) {
	for _, n := range a.upkeepOf(s) {
		for _, t := range a.schema.Tree(n) {
			a.vacuumOne(t, s)
		}
	}
}

func (a *analysis) upkeepOf(s *pg.VacuumStmt) []pgschema.Name {
	var all []pgschema.Name
	for _, r := range s.GetRels() {
		n := pgschema.NameOf(r.GetVacuumRelation().GetRelation())
		if !a.schema.Has(n) {
			a.unknown(n.String() + " is not in the schema")
		}
		all = append(all, n)
	}
	if len(s.GetRels()) == 0 {
		a.unknown("every table of the database is visited, and not all may be in the schema")
		all = slices.Collect(maps.Keys(a.schema.Tables))
	}
	return all
}

func (a *analysis) vacuumOne(n pgschema.Name, s *pg.VacuumStmt) {
	switch {
	case option(s.GetOptions(), "full"):
		a.lock(n, accessExclusive)
		a.rewrite(n)
	case s.GetIsVacuumcmd():
		a.lock(n, shareUpdateExclusive)
		a.indexes(n, rowExclusive)
	default:
		a.lock(n, shareUpdateExclusive)
	}
}

// option reports whether an option is there and not switched off.
func option(options []*pg.Node, name string) bool {
	for _, o := range options {
		d := o.GetDefElem()
		if d.GetDefname() != name {
			continue
		}
		return !switchedOff(d.GetArg())
	}
	return false
}

func switchedOff(value *pg.Node) bool {
	switch v := value.GetNode().(type) {
	case *pg.Node_String_:
		return v.String_.GetSval() == "false" || v.String_.GetSval() == "off"
	case *pg.Node_Integer:
		return v.Integer.GetIval() == 0
	case *pg.Node_Boolean:
		return !v.Boolean.GetBoolval()
	}
	return false
}

// cluster writes the table in the order of an index.
//
// Source: https://www.postgresql.org/docs/current/sql-cluster.html.
func (a *analysis) cluster(s *pg.ClusterStmt) {
	if s.GetRelation() == nil {
		a.unknown("every table that was clustered before is written, and which ones is not known")
		return
	}
	n := a.named(s.GetRelation(), accessExclusive)
	a.below(n, accessExclusive)
	for _, t := range a.schema.Tree(n) {
		a.rewrite(t)
	}
}

// reindex makes indexes again: writers wait, and readers that plan on one of
// them, unless it is CONCURRENTLY (since 12).
//
// Source: https://www.postgresql.org/docs/current/sql-reindex.html. Measured:
// reindex_table, reindex_schema, reindex_conc.
func (a *analysis) reindex(s *pg.ReindexStmt) {
	concurrently := option(s.GetParams(), "concurrently")
	name := pgschema.NameOf(s.GetRelation())
	switch s.GetKind() {
	case pg.ReindexObjectType_REINDEX_OBJECT_INDEX:
		i := a.schema.Indexes[name]
		if i == nil {
			a.lockNamed(name, accessExclusive)
			a.rewrites[name] = true
			return
		}
		a.reindexOne(i, concurrently)
	case pg.ReindexObjectType_REINDEX_OBJECT_TABLE:
		a.named(s.GetRelation(), reindexMode(concurrently))
		for _, t := range a.schema.Tree(name) {
			a.reindexAll(t, concurrently)
		}
	case pg.ReindexObjectType_REINDEX_OBJECT_SCHEMA:
		a.reindexSchema(s.GetName(), concurrently)
	default:
		a.unknown("every index of the database or of the system is made again")
		a.reindexSchema("", concurrently)
	}
}

func reindexMode(concurrently bool) mode {
	if concurrently {
		return shareUpdateExclusive
	}
	return share
}

func (a *analysis) reindexSchema(schema string, concurrently bool) {
	for n := range a.schema.Tables {
		if schema == "" || n.Schema == schema {
			a.reindexAll(n, concurrently)
		}
	}
}

func (a *analysis) reindexAll(table pgschema.Name, concurrently bool) {
	a.lock(table, reindexMode(concurrently))
	for _, i := range a.schema.IndexesOf(table) {
		a.reindexOne(i, concurrently)
	}
}

// reindexOne makes one index again. CONCURRENTLY builds another one beside it
// and drops the old one, which takes the hard lock on the index alone.
func (a *analysis) reindexOne(i *pgschema.Index, concurrently bool) {
	a.lock(i.Table, reindexMode(concurrently))
	a.lock(i.Name, accessExclusive)
	a.rewrites[i.Name] = true
	a.scan(i.Table)
}

// lockTables is LOCK TABLE, which goes to the tables below, and to what a view
// reads. Source: https://www.postgresql.org/docs/current/sql-lock.html.
func (a *analysis) lockTables(s *pg.LockStmt) {
	m := mode(s.GetMode())
	for _, r := range s.GetRelations() {
		n := a.named(r.GetRangeVar(), m)
		if v := a.schema.Views[n]; v != nil {
			for _, base := range v.Reads {
				a.lock(base, m)
			}
		}
		if r.GetRangeVar().GetInh() {
			a.below(n, m)
		}
	}
}
