package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// storage has the sub-commands about a table as a whole: where and how it is
// kept, and who owns it.
//
// Source: SET LOGGED, SET ACCESS METHOD, SET TABLESPACE and REPLICA IDENTITY
// in https://www.postgresql.org/docs/current/sql-altertable.html. Measured:
// set_unlogged, set_unlogged_big, set_access_method.
func (a *alteration) storage(c *pg.AlterTableCmd) {
	switch c.GetSubtype() {
	case pg.AlterTableType_AT_ClusterOn:
		a.lock(pgschema.Name{Schema: a.name.Schema, Local: c.GetName()}, shareUpdateExclusive)
	case pg.AlterTableType_AT_SetUnLogged:
		a.setLogged(!a.definition.Unlogged)
	case pg.AlterTableType_AT_SetLogged:
		a.setLogged(a.definition.Unlogged)
	case pg.AlterTableType_AT_SetAccessMethod:
		if method(c.GetName()) != method(a.definition.AccessMethod) {
			a.rewrite(a.name)
		}
	case pg.AlterTableType_AT_SetTableSpace:
		if !a.definition.Partitioned {
			a.rewrites[a.name] = true // its file is copied, block by block
		}
	case pg.AlterTableType_AT_ReplicaIdentity:
		if i := c.GetDef().GetReplicaIdentityStmt().GetName(); i != "" {
			a.lock(pgschema.Name{Schema: a.name.Schema, Local: i}, share)
		}
	}
}

// moveAll copies all tables, indexes or materialized views of a tablespace, each
// locked to the end. Which ones it holds, a schema does not say: all of the kind
// may be there.
//
// Source: ALL IN TABLESPACE in https://www.postgresql.org/docs/current/sql-altertable.html.
func (a *analysis) moveAll(s *pg.AlterTableMoveAllStmt) {
	a.unknown("which relations the tablespace " + s.GetOrigTablespacename() + " holds is not in the schema")
	taken := func(n pgschema.Name) {
		a.lock(n, accessExclusive)
		a.rewrites[n] = true
	}
	switch s.GetObjtype() {
	case pg.ObjectType_OBJECT_INDEX:
		for n := range a.schema.Indexes {
			taken(n)
		}
	case pg.ObjectType_OBJECT_MATVIEW:
		for n, v := range a.schema.Views {
			if v.Materialized {
				taken(n)
			}
		}
	default:
		for n, t := range a.schema.Tables {
			if !t.Partitioned && !t.Foreign && !t.Temporary {
				taken(n)
			}
		}
	}
}

// changeOwner gives away a table or a materialized view with its indexes and
// the sequences of its columns. Measured: owner_to.
func (a *alteration) changeOwner() {
	a.indexes(a.name, accessExclusive)
	for _, q := range a.schema.SequencesOf(a.name) {
		a.lock(q.Name, accessExclusive)
	}
}

// method is an access method's name; tables have heap where none is named.
func method(name string) string {
	if name == "" {
		return "heap"
	}
	return name
}

// setLogged rewrites the table; since 15 the sequences of its columns as well.
func (a *alteration) setLogged(changes bool) {
	if !changes {
		return
	}
	a.rewrite(a.name)
	if a.server.Major < 15 {
		return
	}
	for _, q := range a.schema.SequencesOf(a.name) {
		a.lock(q.Name, accessExclusive)
		a.rewrites[q.Name] = true
	}
}
