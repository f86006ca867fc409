package pgclass

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// alter is ALTER TABLE and what PostgreSQL reads like one, with one action:
// cut has taken the others apart.
func (j judging) alter(tree *pg.Node) (ruling, bool) {
	a := tree.GetAlterTableStmt()
	if a == nil || len(a.GetCmds()) == 0 {
		return ruling{}, false
	}
	c := alteration{judging: j, table: pgschema.NameOf(a.GetRelation()), cmd: a.GetCmds()[0].GetAlterTableCmd()}
	c.t = j.now.Tables[c.table]
	switch a.GetObjtype() {
	case pg.ObjectType_OBJECT_INDEX:
		return neutral(act("alter", c.table.Local), "changes how the index %s is stored or whose part it is", c.table), true
	case pg.ObjectType_OBJECT_TYPE:
		return c.attribute(), true
	case pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_SEQUENCE:
		return c.noTable(), true
	}
	for _, family := range []func() (ruling, bool){c.columns, c.constraints, c.relations, c.guards, c.storage} {
		if r, is := family(); is {
			return r, true
		}
	}
	return ask(act("alter", c.table.Local), "changes %s in a way that there is no rule for (%s)", c.table, c.cmd.GetSubtype()), true
}

// alteration is one action on one table.
type alteration struct {
	judging
	table pgschema.Name
	t     *pgschema.Table // nil when the schema does not hold it
	cmd   *pg.AlterTableCmd
}

func (a alteration) sql() string { return "ALTER TABLE " + sqlName(a.table) }

// onNew is what an action is on a table that no running code has seen.
func (a alteration) onNew(act, what string) ruling {
	return free(act, "%s of %s, which released code does not know", what, a.table)
}

// noTable is ALTER TABLE's grammar for a view or a sequence.
func (a alteration) noTable() ruling {
	act := act("alter", a.table.Local)
	switch {
	case a.newRelation(a.table):
		return free(act, "alters %s, which released code does not know", a.table)
	case a.cmd.GetSubtype() == pg.AlterTableType_AT_ChangeOwner:
		return a.owner()
	}
	return ask(act, "alters %s, which running code may read", a.table)
}

// attribute changes a composite type.
func (a alteration) attribute() ruling {
	act := act("alter", a.table.Local, a.cmd.GetName())
	switch a.cmd.GetSubtype() {
	case pg.AlterTableType_AT_AddColumn:
		if a.newType(a.table) {
			break
		}
		return ask(act, "adds an attribute to the type %s: ROW (...)::%s with the attributes that running code knows fails from then on", a.table, a.table)
	case pg.AlterTableType_AT_DropColumn:
		if a.newType(a.table) {
			break
		}
		return contract(act, "drops the attribute %s of the type %s, which released code may read", a.cmd.GetName(), a.table).losing()
	}
	if a.newType(a.table) {
		return free(act, "alters the type %s, which released code does not know", a.table)
	}
	return ask(act, "changes the attribute %s of the type %s, which released code may read, and a type has no second form: let new code read both forms, and say -- lockstep:phase contract, or make another type", a.cmd.GetName(), a.table)
}

// storage are actions that no code sees.
func (a alteration) storage() (ruling, bool) {
	act := act("alter", a.table.Local)
	switch a.cmd.GetSubtype() {
	case pg.AlterTableType_AT_SetStatistics, pg.AlterTableType_AT_SetOptions, pg.AlterTableType_AT_ResetOptions,
		pg.AlterTableType_AT_SetStorage, pg.AlterTableType_AT_SetCompression, pg.AlterTableType_AT_ClusterOn,
		pg.AlterTableType_AT_DropCluster, pg.AlterTableType_AT_SetLogged, pg.AlterTableType_AT_SetAccessMethod,
		pg.AlterTableType_AT_SetTableSpace, pg.AlterTableType_AT_SetRelOptions, pg.AlterTableType_AT_ResetRelOptions,
		pg.AlterTableType_AT_ReplaceRelOptions, pg.AlterTableType_AT_DropOids:
		return neutral(act, "changes how %s is stored, which no code sees", a.table), true
	case pg.AlterTableType_AT_SetUnLogged:
		if a.newRelation(a.table) {
			return a.onNew(act, "sets the storage"), true
		}
		return ask(act, "makes %s lose its rows at a crash of the server", a.table), true
	}
	return ruling{}, false
}

// relations are actions that tie tables to one another.
func (a alteration) relations() (ruling, bool) {
	act := act("alter", a.table.Local)
	switch a.cmd.GetSubtype() {
	case pg.AlterTableType_AT_AttachPartition:
		part := pgschema.NameOf(a.cmd.GetDef().GetPartitionCmd().GetName())
		if r, is := a.stricterPartition(partition{part, a.table, demands(a.now.Tables[part]), act}); is && a.newRelation(part) {
			return r, true
		}
		if a.newRelation(part) || a.newRelation(a.table) && !a.released.Has(part) {
			return expand(act, "attaches the partition %s to %s", part, a.table), true
		}
		return ask(act, "attaches %s, which running code may write to, to %s: its rows appear there, and writes outside of the bound fail", part, a.table), true
	case pg.AlterTableType_AT_DetachPartition, pg.AlterTableType_AT_DetachPartitionFinalize:
		part := pgschema.NameOf(a.cmd.GetDef().GetPartitionCmd().GetName())
		if a.newRelation(part) || a.newRelation(a.table) {
			return free(act, "detaches %s from %s, which released code has not seen together", part, a.table), true
		}
		return contract(act, "detaches %s, whose rows running code no longer finds in %s", part, a.table), true
	case pg.AlterTableType_AT_AddInherit:
		parent := pgschema.NameOf(a.cmd.GetDef().GetRangeVar())
		if a.newRelation(a.table) || a.newRelation(parent) {
			return expand(act, "puts %s below %s", a.table, parent), true
		}
		return ask(act, "puts the rows of %s into what running code reads of %s", a.table, parent), true
	case pg.AlterTableType_AT_DropInherit:
		parent := pgschema.NameOf(a.cmd.GetDef().GetRangeVar())
		if a.newRelation(a.table) || a.newRelation(parent) {
			return free(act, "takes %s from below %s, which released code has not seen together", a.table, parent), true
		}
		return contract(act, "takes the rows of %s out of what running code reads of %s", a.table, parent), true
	}
	return ruling{}, false
}

// guards are triggers, rules, row level security, owners and what is sent to
// subscribers.
func (a alteration) guards() (ruling, bool) {
	if r, is := a.switched(); is {
		return r, true
	}
	act := act("alter", a.table.Local)
	kind := a.cmd.GetSubtype()
	switch kind {
	case pg.AlterTableType_AT_ChangeOwner:
		return a.owner(), true
	case pg.AlterTableType_AT_ReplicaIdentity:
		return a.identity(), true
	case pg.AlterTableType_AT_EnableRowSecurity, pg.AlterTableType_AT_ForceRowSecurity:
		if a.newRelation(a.table) {
			return expand(act, "turns on row level security of %s, which released code does not know", a.table), true
		}
		return contract(act, "hides the rows of %s from running code where no policy shows them", a.table).
			back(a.sql() + map[bool]string{true: " DISABLE", false: " NO FORCE"}[kind == pg.AlterTableType_AT_EnableRowSecurity] + " ROW LEVEL SECURITY"), true
	case pg.AlterTableType_AT_DisableRowSecurity, pg.AlterTableType_AT_NoForceRowSecurity:
		if a.newRelation(a.table) {
			return a.onNew(act, "turns off the row level security"), true
		}
		return ask(act, "shows rows of %s that policies hide from running code", a.table), true
	case pg.AlterTableType_AT_AddOf, pg.AlterTableType_AT_DropOf, pg.AlterTableType_AT_GenericOptions, pg.AlterTableType_AT_AlterColumnGenericOptions:
		if a.newRelation(a.table) {
			return a.onNew(act, "changes the kind"), true
		}
		return ask(act, "changes what %s is or where its rows come from", a.table), true
	}
	return ruling{}, false
}

func (a alteration) owner() ruling {
	to := a.cmd.GetNewowner().GetRolename()
	if to == "" {
		to = "another role"
	}
	act := act("owner", a.table.Local)
	if a.newRelation(a.table) {
		return expand(act, "gives %s, which released code does not know, to %s", a.table, to)
	}
	return ask(act, "gives %s to %s: code that runs as its present owner loses what it may do there", a.table, to)
}

// identity is REPLICA IDENTITY, which only subscribers see, unless it is taken
// from a table that is published: then UPDATE and DELETE fail at once.
func (a alteration) identity() ruling {
	act := act("alter", a.table.Local)
	if a.cmd.GetDef().GetReplicaIdentityStmt().GetIdentityType() == "n" && !a.newRelation(a.table) && a.published() {
		return contract(act, "leaves %s without a replica identity, so that an UPDATE or a DELETE of running code fails while it is published", a.table)
	}
	return neutral(act, "changes what subscribers get to know of rows of %s", a.table)
}

func (a alteration) published() bool {
	for _, p := range a.now.Publications {
		if p.AllTables || containsName(p.Tables, a.table) || containsSchema(p.Schemas, a.table) {
			return true
		}
	}
	return false
}

// switched are triggers and rules that are turned on or off.
func (a alteration) switched() (ruling, bool) {
	name := a.cmd.GetName()
	act := act("trigger", a.table.Local, name)
	if name == "" {
		name = "all"
	}
	switch a.cmd.GetSubtype() {
	case pg.AlterTableType_AT_DisableTrig, pg.AlterTableType_AT_DisableTrigAll, pg.AlterTableType_AT_DisableTrigUser, pg.AlterTableType_AT_DisableRule:
		if a.newTrigger(a.table, name) {
			return free(act, "turns off the trigger %s of %s, which released code does not know", name, a.table), true
		}
		return contract(act, "turns off what %s of the triggers and rules of %s does for running code", name, a.table), true
	case pg.AlterTableType_AT_EnableTrig, pg.AlterTableType_AT_EnableAlwaysTrig, pg.AlterTableType_AT_EnableReplicaTrig,
		pg.AlterTableType_AT_EnableTrigAll, pg.AlterTableType_AT_EnableTrigUser, pg.AlterTableType_AT_EnableRule,
		pg.AlterTableType_AT_EnableAlwaysRule, pg.AlterTableType_AT_EnableReplicaRule:
		if a.newRelation(a.table) {
			return a.onNew(act, "turns on triggers"), true
		}
		return ask(act, "turns on %s of the triggers and rules of %s, which then act on what running code writes", name, a.table), true
	}
	return ruling{}, false
}
