package pgclass

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// upkeep are statements that no code has a contract with.
func upkeep(tree *pg.Node) (ruling, bool) {
	switch n := tree.GetNode().(type) {
	case *pg.Node_CommentStmt:
		return neutral("comment", "comments on an object"), true
	case *pg.Node_VacuumStmt:
		if !n.VacuumStmt.GetIsVacuumcmd() {
			return neutral("analyze", "collects statistics%s", ofTables(n.VacuumStmt.GetRels())), true
		}
		return neutral("vacuum", "frees the space of dead rows%s", ofTables(n.VacuumStmt.GetRels())), true
	case *pg.Node_ReindexStmt:
		return neutral("reindex", "makes an index anew%s", ofRelation(n.ReindexStmt.GetRelation())), true
	case *pg.Node_ClusterStmt:
		return neutral("cluster", "sorts rows by an index%s", ofRelation(n.ClusterStmt.GetRelation())), true
	case *pg.Node_RefreshMatViewStmt:
		if n.RefreshMatViewStmt.GetSkipData() {
			name := pgschema.NameOf(n.RefreshMatViewStmt.GetRelation())
			return contract(act("empty", name.Local), "empties the materialized view %s, and queries of running code fail until it is filled", name), true
		}
		return neutral("refresh", "reads the materialized view %s anew", pgschema.NameOf(n.RefreshMatViewStmt.GetRelation())), true
	case *pg.Node_CreateStatsStmt, *pg.Node_AlterStatsStmt:
		return neutral("statistics", "says which statistics are collected"), true
	case *pg.Node_LockStmt:
		return neutral("lock", "locks%s until its transaction ends", ofTables(n.LockStmt.GetRelations())), true
	case *pg.Node_VariableSetStmt:
		return neutral("set", "sets %s for its session", n.VariableSetStmt.GetName()), true
	}
	return session(tree)
}

// session are statements that end with their session or change none but it.
func session(tree *pg.Node) (ruling, bool) {
	switch tree.GetNode().(type) {
	case *pg.Node_TransactionStmt:
		return neutral("", "begins or ends a transaction"), true
	case *pg.Node_VariableShowStmt, *pg.Node_DiscardStmt, *pg.Node_CheckPointStmt, *pg.Node_ListenStmt, *pg.Node_UnlistenStmt,
		*pg.Node_NotifyStmt, *pg.Node_PrepareStmt, *pg.Node_DeallocateStmt, *pg.Node_DeclareCursorStmt, *pg.Node_FetchStmt,
		*pg.Node_ClosePortalStmt, *pg.Node_ConstraintsSetStmt:
		return neutral("", "changes nothing that outlives its session"), true
	case *pg.Node_AlterTableMoveAllStmt, *pg.Node_AlterTableSpaceOptionsStmt, *pg.Node_AlterDatabaseRefreshCollStmt, *pg.Node_AlterCollationStmt:
		return neutral("", "changes how data is stored, which no code sees"), true
	}
	return ruling{}, false
}

func ofRelation(r *pg.RangeVar) string {
	if r.GetRelname() == "" {
		return ""
	}
	return " of " + pgschema.NameOf(r).String()
}

// ofTables names the first table that a statement lists.
func ofTables(list []*pg.Node) string {
	for _, n := range list {
		if r := n.GetRangeVar(); r != nil {
			return ofRelation(r)
		}
		if r := n.GetVacuumRelation().GetRelation(); r != nil {
			return ofRelation(r)
		}
	}
	return ""
}
