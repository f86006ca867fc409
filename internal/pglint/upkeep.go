package pglint

import (
	"fmt"
	"slices"
	"strings"

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

func types(l look) []hit {
	switch n := l.Tree.GetNode().(type) {
	case *pg.Node_AlterEnumStmt:
		e := n.AlterEnumStmt
		switch {
		case e.GetOldVal() != "":
			return []hit{{code: "rename-type"}}
		case e.GetNewValNeighbor() == "":
			return []hit{{code: "enum-add-value-order"}}
		}
	case *pg.Node_AlterDomainStmt:
		switch n.AlterDomainStmt.GetSubtype() {
		case "V":
			return []hit{{code: "domain-validate"}}
		case "C", "O":
			known := len(l.effect.Unknown) == 0 || n.AlterDomainStmt.GetDef().GetConstraint().GetSkipValidation()
			if l.holdsWork() || !known {
				return []hit{{code: "domain-add-check"}}
			}
		}
	case *pg.Node_AlterSeqStmt:
		return l.about("alter-sequence", pgschema.NameOf(n.AlterSeqStmt.GetSequence()))
	case *pg.Node_CompositeTypeStmt:
		return nil
	}
	return nil
}

func maintenance(l look) []hit {
	switch n := l.Tree.GetNode().(type) {
	case *pg.Node_ClusterStmt:
		return []hit{{"table-rewrite", pgrule.Names{Table: pgschema.NameOf(n.ClusterStmt.GetRelation()).String()}}}
	case *pg.Node_VacuumStmt:
		if switchedOn(n.VacuumStmt.GetOptions(), "full") {
			return []hit{{code: "table-rewrite"}}
		}
	case *pg.Node_RefreshMatViewStmt:
		if view := pgschema.NameOf(n.RefreshMatViewStmt.GetRelation()); l.old(view) {
			return []hit{{"refresh-matview", pgrule.Names{Table: view.String(), Name: view.String()}}}
		}
		return nil
	case *pg.Node_CommentStmt:
		return []hit{{code: "table-upkeep"}}
	case *pg.Node_AlterSystemStmt:
		return []hit{{code: "alter-system"}}
	case *pg.Node_DropdbStmt:
		return []hit{{"destroy-without-copy", pgrule.Names{Name: sqlscan.Identifier(n.DropdbStmt.GetDbname())}}}
	}
	return l.alters(l.storage)
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
		return []hit{{"table-storage", names}}
	case pg.AlterTableType_AT_ChangeOwner:
		return []hit{{"owner-to", names}}
	case pg.AlterTableType_AT_SetRelOptions, pg.AlterTableType_AT_ResetRelOptions, pg.AlterTableType_AT_ClusterOn, pg.AlterTableType_AT_DropCluster:
		return []hit{{"table-upkeep", names}}
	case pg.AlterTableType_AT_ReplicaIdentity:
		return []hit{{"replica-identity", names}}
	}
	return nil
}

func rights(l look) []hit {
	switch n := l.Tree.GetNode().(type) {
	case *pg.Node_GrantStmt, *pg.Node_GrantRoleStmt, *pg.Node_AlterDefaultPrivilegesStmt:
		return []hit{{code: "change-rights"}}
	case *pg.Node_CreatePolicyStmt:
		return l.about("row-level-security", pgschema.NameOf(n.CreatePolicyStmt.GetTable()))
	case *pg.Node_AlterPolicyStmt:
		return l.about("row-level-security", pgschema.NameOf(n.AlterPolicyStmt.GetTable()))
	case *pg.Node_CreateExtensionStmt:
		return []hit{{"create-extension", pgrule.Names{Name: n.CreateExtensionStmt.GetExtname()}}}
	case *pg.Node_CreateRoleStmt, *pg.Node_AlterRoleStmt, *pg.Node_AlterRoleSetStmt, *pg.Node_DropRoleStmt, *pg.Node_DropOwnedStmt, *pg.Node_ReassignOwnedStmt:
		return []hit{{code: "change-rights"}}
	case *pg.Node_AlterFunctionStmt:
		if lends(n.AlterFunctionStmt.GetActions()) {
			return []hit{{"security-definer", pgrule.Names{Name: strings.Join(pgschema.Strings(n.AlterFunctionStmt.GetFunc().GetObjname()), ".")}}}
		}
	case *pg.Node_CreateFunctionStmt:
		if lends(n.CreateFunctionStmt.GetOptions()) {
			return []hit{{"security-definer", pgrule.Names{Name: strings.Join(pgschema.Strings(n.CreateFunctionStmt.GetFuncname()), ".")}}}
		}
		if n.CreateFunctionStmt.GetReplace() {
			return []hit{{code: "replace-function"}}
		}
	}
	return l.alters(func(table pgschema.Name, c *pg.AlterTableCmd) []hit {
		switch c.GetSubtype() {
		case pg.AlterTableType_AT_EnableRowSecurity, pg.AlterTableType_AT_DisableRowSecurity,
			pg.AlterTableType_AT_ForceRowSecurity, pg.AlterTableType_AT_NoForceRowSecurity:
			return l.about("row-level-security", table)
		}
		return nil
	})
}

// lends reports whether a function runs with its owner's rights.
func lends(options []*pg.Node) bool {
	return slices.ContainsFunc(options, func(o *pg.Node) bool {
		return o.GetDefElem().GetDefname() == "security" && o.GetDefElem().GetArg().GetBoolean().GetBoolval()
	})
}

// rows meets what changes all rows of a table that was there.
func rows(l look) []hit {
	switch n := l.Tree.GetNode().(type) {
	case *pg.Node_UpdateStmt:
		if n.UpdateStmt.GetWhereClause() == nil {
			return l.about("unbatched-update", pgschema.NameOf(n.UpdateStmt.GetRelation()))
		}
	case *pg.Node_DeleteStmt:
		if n.DeleteStmt.GetWhereClause() == nil {
			return l.about("unbatched-delete", pgschema.NameOf(n.DeleteStmt.GetRelation()))
		}
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
	rule, _ := pgrule.Find(unreadableStatement)
	f.findings = append(f.findings, plans.Finding{
		Code: rule.Code, Severity: rule.Severity, File: f.path, Line: l.Problem.Line, Roles: Roles(rule),
		Summary: fmt.Sprintf("the grammar of PostgreSQL %d does not know the statement: %s", pgsyntax.GrammarVersion, l.Problem.Message),
		Detail:  "It is wrong, or newer than that. What it locks and what it loses is not known before it has run; a rehearsal measures it.",
		Fix:     "mend it; where the server knows it, say where the file belongs: -- lockstep:phase expand|contract REASON",
	})
}
