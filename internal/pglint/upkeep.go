package pglint

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

func triggers(l look) []hit {
	if t := l.Tree.GetCreateTrigStmt(); t != nil {
		return l.about("change-trigger", pgschema.NameOf(t.GetRelation()))
	}
	if r := l.Tree.GetRuleStmt(); r != nil {
		return l.about("drop-trigger", pgschema.NameOf(r.GetRelation()))
	}
	return l.alters(func(table pgschema.Name, c *pg.AlterTableCmd) []hit {
		switch c.GetSubtype() {
		case pg.AlterTableType_AT_EnableTrig, pg.AlterTableType_AT_EnableAlwaysTrig, pg.AlterTableType_AT_EnableReplicaTrig,
			pg.AlterTableType_AT_DisableTrig, pg.AlterTableType_AT_EnableTrigAll, pg.AlterTableType_AT_DisableTrigAll,
			pg.AlterTableType_AT_EnableTrigUser, pg.AlterTableType_AT_DisableTrigUser:
			return l.about("change-trigger", table)
		}
		return nil
	})
}

func maintenance(l look) []hit {
	switch n := l.Tree.GetNode().(type) {
	case *pg.Node_ClusterStmt:
		if n.ClusterStmt.GetRelation() == nil {
			return []hit{{"table-rewrite", pgrule.Names{Whole: vacuumAll}}}
		}
		return []hit{{"table-rewrite", pgrule.Names{Table: pgschema.NameOf(n.ClusterStmt.GetRelation()).String()}}}
	case *pg.Node_VacuumStmt:
		if switchedOn(n.VacuumStmt.GetOptions(), "full") {
			return l.vacuumed(n.VacuumStmt)
		}
	case *pg.Node_RefreshMatViewStmt:
		if view := pgschema.NameOf(n.RefreshMatViewStmt.GetRelation()); l.old(view) {
			return l.refreshed(n.RefreshMatViewStmt, view)
		}
		return nil
	case *pg.Node_AlterTableMoveAllStmt:
		return []hit{{"table-storage", pgrule.Names{Whole: lines("-- one relation after the other, each in a quiet hour and in a file of its own, and only those that can wait:",
			"SELECT c.oid::regclass FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace WHERE t.spcname = "+literal(n.AlterTableMoveAllStmt.GetOrigTablespacename()))}}}
	case *pg.Node_CommentStmt:
		return []hit{{code: "table-upkeep"}}
	case *pg.Node_AlterSystemStmt:
		return []hit{{code: "alter-system"}}
	case *pg.Node_DropdbStmt:
		name := n.DropdbStmt.GetDbname()
		return []hit{{"destroy-without-copy", pgrule.Names{Name: sqlscan.Identifier(name), Whole: lines(
			"ALTER DATABASE "+quotedPart(name)+" RENAME TO "+quotedPart("unused_"+name),
			"-- in a later change set, from another database:", "DROP DATABASE "+quotedPart("unused_"+name))}}}
	}
	return l.alters(l.storage)
}

const vacuumAll = "-- in a file of its own, or by autovacuum:\nVACUUM (ANALYZE);"

func (l look) vacuumed(v *pg.VacuumStmt) []hit {
	if len(v.GetRels()) == 0 {
		return []hit{{"table-rewrite", pgrule.Names{Whole: vacuumAll}}}
	}
	var hits []hit
	for _, r := range v.GetRels() {
		hits = append(hits, hit{"table-rewrite", pgrule.Names{Table: pgschema.NameOf(r.GetVacuumRelation().GetRelation()).String()}})
	}
	return hits
}

// refreshed: CONCURRENTLY lets readers in, and keeps out only who else
// refreshes the view.
func (l look) refreshed(r *pg.RefreshMatViewStmt, view pgschema.Name) []hit {
	names := pgrule.Names{Table: view.String(), Name: view.String()}
	if r.GetConcurrent() {
		names.Whole = lines("-- readers go on and another REFRESH waits, so it is right as it is, in a file of its own:", l.own())
		return []hit{{"refresh-matview", names}}
	}
	unique := slices.ContainsFunc(l.schema.IndexesOf(view), func(i *pgschema.Index) bool { return i.Unique && i.Where == nil })
	if l.schema.Views[view] != nil && !unique {
		names.Whole = lines("-- after a unique index over columns that tell its rows apart, in a file of its own:", "REFRESH MATERIALIZED VIEW CONCURRENTLY "+sql(view))
	}
	return []hit{{"refresh-matview", names}}
}

// identity is the narrowest replica identity that a table can have.
func (l look) identity(table pgschema.Name) string {
	return lines("-- in a file of its own:", l.identityOf(table))
}

func (l look) identityOf(table pgschema.Name) string {
	alter := "ALTER TABLE " + sql(table) + " REPLICA IDENTITY "
	t := l.schema.Tables[table]
	for _, i := range l.schema.IndexesOf(table) {
		nullable := func(p pgschema.IndexPart) bool {
			c := t.Column(p.Column)
			return c == nil || !c.NotNull
		}
		switch {
		case i.Primary:
			return alter + "DEFAULT"
		case t != nil && i.Unique && i.Where == nil && !slices.ContainsFunc(i.Parts, nullable):
			return alter + "USING INDEX " + quotedPart(i.Name.Local)
		}
	}
	return alter + "FULL"
}

// switchedOn reports whether an option is there and not false. Source: boolean
// in https://www.postgresql.org/docs/current/sql-vacuum.html
func switchedOn(options []*pg.Node, name string) bool {
	i := slices.IndexFunc(options, func(o *pg.Node) bool { return o.GetDefElem().GetDefname() == name })
	if i < 0 {
		return false
	}
	switch v := options[i].GetDefElem().GetArg().GetNode().(type) {
	case *pg.Node_String_:
		return !slices.Contains([]string{"false", "off"}, v.String_.GetSval())
	case *pg.Node_Integer:
		return v.Integer.GetIval() != 0
	case *pg.Node_Boolean:
		return v.Boolean.GetBoolval()
	}
	return true
}

func (l look) storage(table pgschema.Name, c *pg.AlterTableCmd) []hit {
	names := pgrule.Names{Table: table.String()}
	switch c.GetSubtype() {
	case pg.AlterTableType_AT_SetLogged, pg.AlterTableType_AT_SetUnLogged, pg.AlterTableType_AT_SetTableSpace, pg.AlterTableType_AT_SetAccessMethod:
		names.Name = beside(table, table.Local+"_new")
		return []hit{{"table-storage", names}}
	case pg.AlterTableType_AT_ChangeOwner:
		return []hit{{"owner-to", names}}
	case pg.AlterTableType_AT_SetRelOptions, pg.AlterTableType_AT_ResetRelOptions, pg.AlterTableType_AT_ClusterOn, pg.AlterTableType_AT_DropCluster:
		return []hit{{"table-upkeep", names}}
	case pg.AlterTableType_AT_ReplicaIdentity:
		names.Whole = l.identity(table)
		return []hit{{"replica-identity", names}}
	}
	return nil
}

// unreadable meets what runs code that does not stand in the file.
func unreadable(l look) []hit {
	switch l.Tree.GetNode().(type) {
	case *pg.Node_DoStmt, *pg.Node_CallStmt, *pg.Node_ExecuteStmt:
		return []hit{{code: unreadableStatement}}
	}
	return nil
}

const unreadableStatement = "unreadable-statement"

// unknown finds a statement that the grammar does not know. It may be newer
// than the grammar, and then only a server can say what it does.
func (f *fileview) unknown(l look) {
	if l.Tree != nil || l.Problem == nil {
		return
	}
	tokens := l.Tokens()
	for i := range tokens[:max(0, len(tokens)-1)] {
		if tokens[i].Is("NOT") && tokens[i+1].Is("ENFORCED") {
			f.report(l, hit{"not-enforced", pgrule.Names{Whole: "-- NOT VALID in its place: new rows are checked, and old ones when it is validated\n"}})
		}
	}
	rule, _ := pgrule.Find(unreadableStatement)
	f.findings = append(f.findings, plans.Finding{
		Code: rule.Code, Severity: rule.Severity, File: f.path, Line: l.Problem.Line, Roles: Roles(rule),
		Summary: fmt.Sprintf("the grammar of PostgreSQL %d does not know the statement: %s", pgsyntax.GrammarVersion, l.Problem.Message),
		Detail:  "It is wrong, or newer than that. What it locks and what it loses is not known before it has run; a rehearsal measures it.",
		Fix:     "mend it; where the server knows it, say where the file belongs: -- lockstep:phase expand|contract REASON",
	})
}
