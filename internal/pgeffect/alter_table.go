package pgeffect

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// alteration is one ALTER TABLE.
type alteration struct {
	*analysis
	name pgschema.Name
	// definition is nil where the schema does not hold the table.
	definition *pgschema.Table
	// tables are those that the statement reaches: the table and, without
	// ONLY, all below it.
	tables []pgschema.Name
}

// alterTable locks the table in the strongest mode of its sub-commands, and
// what each of them needs besides.
//
// Source: "the lock level required may differ for each subform" in
// https://www.postgresql.org/docs/current/sql-altertable.html, and
// AlterTableGetLockLevel in src/backend/commands/tablecmds.c.
func (a *analysis) alterTable(s *pg.AlterTableStmt) {
	name := pgschema.NameOf(s.GetRelation())
	if s.GetObjtype() == pg.ObjectType_OBJECT_INDEX || a.schema.Indexes[name] != nil {
		a.alterIndex(name, s.GetCmds())
		return
	}
	alt := &alteration{analysis: a, name: name, definition: a.schema.Tables[name], tables: []pgschema.Name{name}}
	if s.GetRelation().GetInh() {
		alt.tables = a.schema.Tree(name)
	}
	if !a.schema.Has(name) {
		a.unknown(name.String() + " is not in the schema")
		if s.GetMissingOk() {
			return
		}
	}
	for _, c := range s.GetCmds() {
		alt.subcommand(c.GetAlterTableCmd())
	}
}

func (a *alteration) subcommand(c *pg.AlterTableCmd) {
	m := a.modeOf(c)
	a.lock(a.name, m)
	if recurses(c, a.definition) {
		for _, n := range a.tables {
			a.lock(n, m)
		}
	}
	if c.GetSubtype() == pg.AlterTableType_AT_ChangeOwner {
		a.changeOwner()
		return
	}
	if a.definition != nil {
		a.work(c)
	} else if s := a.schema.Views[a.name]; s == nil && a.schema.Sequences[a.name] == nil {
		a.withoutDefinition(c)
	}
}

// modeOf is the lock of a sub-command on its table. Source: as alterTable;
// measured for each sub-command in the table.
func (a *alteration) modeOf(c *pg.AlterTableCmd) mode {
	switch c.GetSubtype() {
	case pg.AlterTableType_AT_SetStatistics, pg.AlterTableType_AT_SetOptions, pg.AlterTableType_AT_ResetOptions,
		pg.AlterTableType_AT_ClusterOn, pg.AlterTableType_AT_DropCluster, pg.AlterTableType_AT_ValidateConstraint,
		pg.AlterTableType_AT_DetachPartitionFinalize:
		return shareUpdateExclusive
	case pg.AlterTableType_AT_EnableTrig, pg.AlterTableType_AT_EnableAlwaysTrig, pg.AlterTableType_AT_EnableReplicaTrig,
		pg.AlterTableType_AT_DisableTrig, pg.AlterTableType_AT_EnableTrigAll, pg.AlterTableType_AT_DisableTrigAll,
		pg.AlterTableType_AT_EnableTrigUser, pg.AlterTableType_AT_DisableTrigUser:
		return shareRowExclusive
	case pg.AlterTableType_AT_AddConstraint:
		if c.GetDef().GetConstraint().GetContype() == pg.ConstrType_CONSTR_FOREIGN {
			return shareRowExclusive
		}
	case pg.AlterTableType_AT_SetRelOptions, pg.AlterTableType_AT_ResetRelOptions, pg.AlterTableType_AT_ReplaceRelOptions:
		return parameterMode(c.GetDef().GetList().GetItems())
	case pg.AlterTableType_AT_AttachPartition:
		if a.server.Major >= 12 {
			return shareUpdateExclusive
		}
	case pg.AlterTableType_AT_DetachPartition:
		if c.GetDef().GetPartitionCmd().GetConcurrent() {
			return shareUpdateExclusive
		}
	}
	return accessExclusive
}

// parameterMode is the lock for storage parameters. Source: "SHARE UPDATE
// EXCLUSIVE lock will be taken for fillfactor, toast and autovacuum storage
// parameters" in https://www.postgresql.org/docs/current/sql-altertable.html,
// and the lock modes in src/backend/access/common/reloptions.c.
func parameterMode(options []*pg.Node) mode {
	hard := []string{
		"user_catalog_table", "security_barrier", "security_invoker", "check_option", "fastupdate",
		"gin_pending_list_limit", "buffering", "pages_per_range", "autosummarize",
	}
	for _, o := range options {
		if slices.Contains(hard, o.GetDefElem().GetDefname()) {
			return accessExclusive
		}
	}
	return shareUpdateExclusive
}

// recurses reports whether a sub-command goes to the tables below. Source:
// ATPrepCmd in src/backend/commands/tablecmds.c.
func recurses(c *pg.AlterTableCmd, t *pgschema.Table) bool {
	partitioned := t != nil && t.Partitioned
	switch c.GetSubtype() {
	case pg.AlterTableType_AT_AddColumn, pg.AlterTableType_AT_DropColumn, pg.AlterTableType_AT_ColumnDefault,
		pg.AlterTableType_AT_SetNotNull, pg.AlterTableType_AT_DropNotNull, pg.AlterTableType_AT_SetStatistics,
		pg.AlterTableType_AT_SetStorage, pg.AlterTableType_AT_SetCompression, pg.AlterTableType_AT_DropConstraint,
		pg.AlterTableType_AT_AlterColumnType, pg.AlterTableType_AT_ValidateConstraint,
		pg.AlterTableType_AT_SetExpression, pg.AlterTableType_AT_DropExpression:
		return true
	case pg.AlterTableType_AT_AddConstraint:
		k := c.GetDef().GetConstraint()
		return k.GetContype() == pg.ConstrType_CONSTR_CHECK && !k.GetIsNoInherit() ||
			k.GetContype() == pg.ConstrType_CONSTR_FOREIGN && partitioned
	case pg.AlterTableType_AT_EnableTrig, pg.AlterTableType_AT_EnableAlwaysTrig, pg.AlterTableType_AT_EnableReplicaTrig,
		pg.AlterTableType_AT_DisableTrig, pg.AlterTableType_AT_EnableTrigAll, pg.AlterTableType_AT_DisableTrigAll,
		pg.AlterTableType_AT_EnableTrigUser, pg.AlterTableType_AT_DisableTrigUser,
		pg.AlterTableType_AT_AlterConstraint, pg.AlterTableType_AT_AddIdentity, pg.AlterTableType_AT_DropIdentity,
		pg.AlterTableType_AT_SetIdentity:
		return partitioned
	}
	return false
}

// work notes what a sub-command does besides locking its table.
func (a *alteration) work(c *pg.AlterTableCmd) {
	switch c.GetSubtype() {
	case pg.AlterTableType_AT_AddColumn:
		a.addColumn(c)
	case pg.AlterTableType_AT_AlterColumnType:
		a.alterColumnType(c)
	case pg.AlterTableType_AT_SetNotNull:
		a.setNotNull(c.GetName())
	case pg.AlterTableType_AT_SetExpression:
		a.rewriteAll()
	case pg.AlterTableType_AT_DropColumn:
		a.removal(a.schema.DroppedColumn(a.name, c.GetName()))
	case pg.AlterTableType_AT_DropConstraint:
		a.removal(a.schema.DroppedConstraint(a.name, c.GetName()))
	case pg.AlterTableType_AT_AddConstraint:
		a.addConstraint(c.GetDef().GetConstraint())
	case pg.AlterTableType_AT_ValidateConstraint:
		a.validate(c.GetName())
	case pg.AlterTableType_AT_SetIdentity, pg.AlterTableType_AT_DropIdentity:
		a.identity(c)
	case pg.AlterTableType_AT_AddInherit, pg.AlterTableType_AT_DropInherit:
		a.inherit(c)
	case pg.AlterTableType_AT_AttachPartition:
		a.attach(c.GetDef().GetPartitionCmd())
	case pg.AlterTableType_AT_DetachPartition, pg.AlterTableType_AT_DetachPartitionFinalize:
		a.detach(c.GetDef().GetPartitionCmd())
	default:
		a.storage(c)
	}
}

// withoutDefinition says what would depend on a table that is not known.
func (a *alteration) withoutDefinition(c *pg.AlterTableCmd) {
	if k := c.GetDef().GetConstraint(); k.GetContype() == pg.ConstrType_CONSTR_FOREIGN {
		a.named(k.GetPktable(), shareRowExclusive)
	}
	if p := c.GetDef().GetPartitionCmd(); p != nil {
		a.named(p.GetName(), accessExclusive)
	}
}

func (a *alteration) rewriteAll() {
	for _, n := range a.tables {
		a.rewrite(n)
	}
}

func (a *alteration) scanAll() {
	for _, n := range a.tables {
		a.scan(n)
	}
}
