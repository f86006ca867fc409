package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// createIndex locks out writers while it reads the table, unless it is
// CONCURRENTLY. ON ONLY a partitioned table nothing is built.
//
// Source: https://www.postgresql.org/docs/current/sql-createindex.html,
// "Building Indexes Concurrently". Measured: create_index_*, cic.
func (a *analysis) createIndex(s *pg.IndexStmt) {
	m := share
	if s.GetConcurrent() {
		m = shareUpdateExclusive
	}
	table := a.named(s.GetRelation(), m)
	if s.GetIfNotExists() && a.schema.Indexes[pgschema.Name{Schema: table.Schema, Local: s.GetIdxname()}] != nil {
		return
	}
	if t := a.schema.Tables[table]; t != nil && t.Partitioned {
		if !s.GetRelation().GetInh() {
			return
		}
		a.below(table, m)
	}
	a.scan(table)
}

// alterIndex changes an index without its table, but for ATTACH PARTITION,
// which looks at both tables.
//
// Source: https://www.postgresql.org/docs/current/sql-alterindex.html;
// RangeVarCallbackForAttachIndex in src/backend/commands/tablecmds.c.
// Measured: alter_index_fillfactor.
func (a *analysis) alterIndex(name pgschema.Name, commands []*pg.Node) {
	if a.schema.Indexes[name] == nil {
		a.unknown(name.String() + " is not in the schema")
	}
	for _, n := range commands {
		c := n.GetAlterTableCmd()
		switch c.GetSubtype() {
		case pg.AlterTableType_AT_SetRelOptions, pg.AlterTableType_AT_ResetRelOptions:
			a.lock(name, parameterMode(c.GetDef().GetList().GetItems()))
		case pg.AlterTableType_AT_SetStatistics:
			a.lock(name, shareUpdateExclusive)
		case pg.AlterTableType_AT_AttachPartition:
			a.attachIndex(name, pgschema.NameOf(c.GetDef().GetPartitionCmd().GetName()))
		case pg.AlterTableType_AT_SetTableSpace:
			a.lock(name, accessExclusive)
			a.rewrites[name] = true
		default:
			a.lock(name, accessExclusive)
		}
	}
}

func (a *analysis) attachIndex(parent, child pgschema.Name) {
	m := shareUpdateExclusive
	if a.server.Major < 12 {
		m = accessExclusive
	}
	a.lock(parent, m)
	a.lock(child, accessExclusive)
	for _, n := range []pgschema.Name{parent, child} {
		if i := a.schema.Indexes[n]; i != nil {
			a.lock(i.Table, accessShare)
		} else {
			a.unknown(n.String() + " is not in the schema")
		}
	}
}

// renameIndexMode is the lock for giving an index another name. Source: the
// release notes of 12, "reduce the lock level for renaming indexes". Measured:
// rename_index.
func (a *analysis) renameIndexMode() mode {
	if a.server.Major < 12 {
		return accessExclusive
	}
	return shareUpdateExclusive
}
