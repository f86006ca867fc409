package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// table has the families that define tables, their parts and what is like
// them; it reports whether the statement is of one.
func (a *analysis) table(tree *pg.Node) bool {
	switch n := tree.GetNode().(type) {
	case *pg.Node_AlterTableStmt:
		a.alterTable(n.AlterTableStmt)
	case *pg.Node_CreateStmt:
		a.createTable(n.CreateStmt)
	case *pg.Node_CreateForeignTableStmt:
		a.createTable(n.CreateForeignTableStmt.GetBaseStmt())
	case *pg.Node_CreateTableAsStmt:
		a.createTableAs(n.CreateTableAsStmt)
	case *pg.Node_AlterTableMoveAllStmt:
		a.moveAll(n.AlterTableMoveAllStmt)
	case *pg.Node_IndexStmt:
		a.createIndex(n.IndexStmt)
	case *pg.Node_DropStmt:
		a.drop(n.DropStmt)
	case *pg.Node_RenameStmt:
		a.rename(n.RenameStmt)
	case *pg.Node_AlterObjectSchemaStmt:
		a.move(n.AlterObjectSchemaStmt)
	case *pg.Node_CreateTrigStmt:
		a.createTrigger(n.CreateTrigStmt)
	case *pg.Node_RuleStmt:
		a.named(n.RuleStmt.GetRelation(), accessExclusive)
	case *pg.Node_CreatePolicyStmt:
		a.named(n.CreatePolicyStmt.GetTable(), accessExclusive)
	case *pg.Node_AlterPolicyStmt:
		a.named(n.AlterPolicyStmt.GetTable(), accessExclusive)
	case *pg.Node_ViewStmt:
		a.createView(n.ViewStmt)
	case *pg.Node_RefreshMatViewStmt:
		a.refresh(n.RefreshMatViewStmt)
	case *pg.Node_TruncateStmt:
		a.truncate(n.TruncateStmt)
	default:
		return false
	}
	return true
}

// object has the families around tables: types, sequences, upkeep, rights.
func (a *analysis) object(tree *pg.Node) bool {
	switch n := tree.GetNode().(type) {
	case *pg.Node_AlterDomainStmt:
		a.alterDomain(n.AlterDomainStmt)
	case *pg.Node_CreateSeqStmt:
		a.createSequence(n.CreateSeqStmt)
	case *pg.Node_AlterSeqStmt:
		a.alterSequence(n.AlterSeqStmt)
	case *pg.Node_VacuumStmt:
		a.vacuum(n.VacuumStmt)
	case *pg.Node_ClusterStmt:
		a.cluster(n.ClusterStmt)
	case *pg.Node_ReindexStmt:
		a.reindex(n.ReindexStmt)
	case *pg.Node_LockStmt:
		a.lockTables(n.LockStmt)
	case *pg.Node_GrantStmt:
		a.grant(n.GrantStmt)
	case *pg.Node_CommentStmt:
		a.comment(n.CommentStmt.GetObjtype(), n.CommentStmt.GetObject())
	case *pg.Node_SecLabelStmt:
		a.comment(n.SecLabelStmt.GetObjtype(), n.SecLabelStmt.GetObject())
	case *pg.Node_CreatePublicationStmt:
		a.publish(n.CreatePublicationStmt.GetPubobjects())
	case *pg.Node_AlterPublicationStmt:
		a.alterPublication(n.AlterPublicationStmt)
	case *pg.Node_CreateStatsStmt:
		for _, r := range n.CreateStatsStmt.GetRelations() {
			a.named(r.GetRangeVar(), shareUpdateExclusive)
		}
	case *pg.Node_AlterOwnerStmt:
		a.owner(n.AlterOwnerStmt)
	case *pg.Node_CreateSchemaStmt:
		for _, e := range n.CreateSchemaStmt.GetSchemaElts() {
			a.table(e)
		}
	default:
		return false
	}
	return true
}

// takesNothing lists statements that lock no relation of the user. Measured
// for those in the table (create_function, create_extension, enum_add_value,
// alter_default_priv, alter_system); the others change shared or system
// objects alone.
func takesNothing(tree *pg.Node) bool {
	switch tree.GetNode().(type) {
	case *pg.Node_CreateEnumStmt, *pg.Node_CreateDomainStmt, *pg.Node_CompositeTypeStmt, *pg.Node_CreateRangeStmt,
		*pg.Node_AlterEnumStmt, *pg.Node_AlterTypeStmt, *pg.Node_DefineStmt, *pg.Node_CreateExtensionStmt,
		*pg.Node_CreateFunctionStmt, *pg.Node_AlterFunctionStmt, *pg.Node_CreateEventTrigStmt, *pg.Node_AlterEventTrigStmt,
		*pg.Node_AlterDefaultPrivilegesStmt, *pg.Node_GrantRoleStmt, *pg.Node_CreateRoleStmt, *pg.Node_AlterRoleStmt,
		*pg.Node_AlterRoleSetStmt, *pg.Node_DropRoleStmt, *pg.Node_AlterSystemStmt, *pg.Node_CreatedbStmt, *pg.Node_DropdbStmt,
		*pg.Node_AlterDatabaseStmt, *pg.Node_AlterDatabaseSetStmt, *pg.Node_VariableSetStmt, *pg.Node_VariableShowStmt,
		*pg.Node_TransactionStmt, *pg.Node_ConstraintsSetStmt, *pg.Node_DiscardStmt, *pg.Node_CheckPointStmt,
		*pg.Node_NotifyStmt, *pg.Node_ListenStmt, *pg.Node_UnlistenStmt, *pg.Node_DeallocateStmt, *pg.Node_LoadStmt,
		*pg.Node_CreateFdwStmt, *pg.Node_CreateForeignServerStmt, *pg.Node_CreateUserMappingStmt,
		*pg.Node_CreateTableSpaceStmt, *pg.Node_DropTableSpaceStmt, *pg.Node_CreateCastStmt, *pg.Node_CreateAmStmt,
		*pg.Node_CreateOpClassStmt, *pg.Node_CreateOpFamilyStmt, *pg.Node_CreateConversionStmt:
		return true
	}
	return false
}
