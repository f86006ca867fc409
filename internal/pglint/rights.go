package pglint

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

func rights(l look) []hit {
	switch n := l.Tree.GetNode().(type) {
	case *pg.Node_GrantStmt, *pg.Node_GrantRoleStmt, *pg.Node_AlterDefaultPrivilegesStmt:
		return []hit{{code: "change-rights"}}
	case *pg.Node_CreateRoleStmt, *pg.Node_AlterRoleStmt, *pg.Node_AlterRoleSetStmt, *pg.Node_DropRoleStmt, *pg.Node_DropOwnedStmt, *pg.Node_ReassignOwnedStmt:
		return []hit{{code: "change-rights"}}
	case *pg.Node_AlterOwnerStmt:
		return []hit{{code: "change-rights"}}
	case *pg.Node_AlterExtensionStmt:
		return []hit{{"create-extension", pgrule.Names{Name: n.AlterExtensionStmt.GetExtname()}}}
	case *pg.Node_ViewStmt:
		if view := pgschema.NameOf(n.ViewStmt.GetView()); n.ViewStmt.GetReplace() && l.old(view) && l.schema.Has(view) && invoker(n.ViewStmt.GetOptions()) {
			return []hit{{"change-rights", pgrule.Names{Name: view.String()}}}
		}
	case *pg.Node_AlterTableStmt:
		if hits := l.viewRights(n.AlterTableStmt); hits != nil {
			return hits
		}
	case *pg.Node_CreatePolicyStmt:
		return l.policy(pgschema.NameOf(n.CreatePolicyStmt.GetTable()))
	case *pg.Node_AlterPolicyStmt:
		return l.policy(pgschema.NameOf(n.AlterPolicyStmt.GetTable()))
	case *pg.Node_CreateExtensionStmt:
		return []hit{{"create-extension", pgrule.Names{Name: n.CreateExtensionStmt.GetExtname()}}}
	case *pg.Node_AlterFunctionStmt:
		return l.alteredFunction(n.AlterFunctionStmt)
	case *pg.Node_CreateFunctionStmt:
		return l.createdFunction(n.CreateFunctionStmt)
	}
	return l.alters(func(table pgschema.Name, c *pg.AlterTableCmd) []hit {
		switch c.GetSubtype() {
		case pg.AlterTableType_AT_EnableRowSecurity:
			t := l.schema.Tables[table]
			if t != nil && len(t.Policies) == 0 {
				return []hit{{"row-level-security", pgrule.Names{Table: table.String(), Name: named(table, nil, "as_before")}}}
			}
			return l.policy(table)
		case pg.AlterTableType_AT_DisableRowSecurity, pg.AlterTableType_AT_ForceRowSecurity, pg.AlterTableType_AT_NoForceRowSecurity:
			return l.policy(table)
		}
		return nil
	})
}

// viewRights: security_invoker decides with whose rights a view is read.
func (l look) viewRights(a *pg.AlterTableStmt) []hit {
	view := pgschema.NameOf(a.GetRelation())
	if a.GetObjtype() != pg.ObjectType_OBJECT_VIEW || !l.old(view) {
		return nil
	}
	for _, n := range a.GetCmds() {
		c := n.GetAlterTableCmd()
		switch c.GetSubtype() {
		case pg.AlterTableType_AT_SetRelOptions, pg.AlterTableType_AT_ResetRelOptions:
			if invoker(c.GetDef().GetList().GetItems()) {
				return []hit{{"change-rights", pgrule.Names{Name: view.String()}}}
			}
		case pg.AlterTableType_AT_ChangeOwner:
			return []hit{{"change-rights", pgrule.Names{Name: view.String()}}}
		}
	}
	return nil
}

// policy is a change of who sees which rows.
func (l look) policy(table pgschema.Name) []hit {
	if !l.old(table) {
		return nil
	}
	return []hit{{"row-level-security", pgrule.Names{Table: table.String(), Whole: lines("-- when no running code relies on the rows that it hides, in a file of its own:", l.own())}}}
}

func (l look) alteredFunction(a *pg.AlterFunctionStmt) []hit {
	if !lends(a.GetActions()) {
		return nil
	}
	f := a.GetFunc()
	name := pgschema.NameOfParts(pgschema.Strings(f.GetObjname()))
	var arguments []string
	for _, t := range f.GetObjargs() {
		arguments = append(arguments, l.schema.TypeOf(t.GetTypeName()).String())
	}
	call := sql(name)
	if !f.GetArgsUnspecified() {
		call += "(" + strings.Join(arguments, ", ") + ")"
	}
	return []hit{{"security-definer", lent(name, call, a.GetActions())}}
}

// createdFunction: one that is replaced is another one for code that runs.
func (l look) createdFunction(c *pg.CreateFunctionStmt) []hit {
	name := pgschema.NameOfParts(pgschema.Strings(c.GetFuncname()))
	if lends(c.GetOptions()) {
		return []hit{{"security-definer", lent(name, l.signature(name, c), c.GetOptions())}}
	}
	if !c.GetReplace() {
		return nil
	}
	other, _ := proto.Clone(c).(*pg.CreateFunctionStmt)
	other.Replace = false
	parts := other.GetFuncname()
	parts[len(parts)-1] = pg.MakeStrNode(name.Local + "_new")
	return []hit{{"replace-function", pgrule.Names{Name: sql(name), Whole: lines("-- under a name of its own for new code:",
		statement(&pg.Node{Node: &pg.Node_CreateFunctionStmt{CreateFunctionStmt: other}}))}}}
}

// signature is a function with the types that it is called with.
func (l look) signature(name pgschema.Name, c *pg.CreateFunctionStmt) string {
	var types []string
	for _, p := range c.GetParameters() {
		switch p.GetFunctionParameter().GetMode() {
		case pg.FunctionParameterMode_FUNC_PARAM_OUT, pg.FunctionParameterMode_FUNC_PARAM_TABLE:
		default:
			types = append(types, l.schema.TypeOf(p.GetFunctionParameter().GetArgType()).String())
		}
	}
	return sql(name) + "(" + strings.Join(types, ", ") + ")"
}

// lent is the alternative of a function that runs with its owner's rights. A
// search_path without pg_temp at its end looks there first.
// Source: "Writing SECURITY DEFINER Functions Safely" in
// https://www.postgresql.org/docs/current/sql-createfunction.html
func lent(name pgschema.Name, call string, options []*pg.Node) pgrule.Names {
	schema := quotedPart(name.Schema)
	n := pgrule.Names{Name: call, Other: schema}
	if endsInTemp(options) {
		n.Whole = lines("-- in the same file; then GRANT EXECUTE to the roles that call it:", "REVOKE ALL ON FUNCTION "+call+" FROM PUBLIC")
	}
	return n
}

// endsInTemp reports whether a function sets a search_path that looks into
// temporary objects last.
func endsInTemp(options []*pg.Node) bool {
	return slices.ContainsFunc(options, func(o *pg.Node) bool {
		set := o.GetDefElem().GetArg().GetVariableSetStmt()
		args := set.GetArgs()
		return set.GetName() == "search_path" && len(args) > 0 && strings.Contains(args[len(args)-1].GetAConst().GetSval().GetSval(), "pg_temp")
	})
}

// lends reports whether a function runs with its owner's rights.
func lends(options []*pg.Node) bool {
	return slices.ContainsFunc(options, func(o *pg.Node) bool {
		return o.GetDefElem().GetDefname() == "security" && o.GetDefElem().GetArg().GetBoolean().GetBoolval()
	})
}
