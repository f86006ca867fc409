package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// rights are grants, policies and roles.
func (j judging) rights(tree *pg.Node) (ruling, bool) {
	switch n := tree.GetNode().(type) {
	case *pg.Node_GrantStmt:
		return j.grant(n.GrantStmt), true
	case *pg.Node_GrantRoleStmt:
		if n.GrantRoleStmt.GetIsGrant() {
			return expand("grant_role", "grants a role"), true
		}
		return contract("revoke_role", "takes a role away that running code may act as"), true
	case *pg.Node_AlterDefaultPrivilegesStmt:
		return neutral("default_privileges", "says who may use what is made later"), true
	case *pg.Node_CreatePolicyStmt:
		return j.createPolicy(n.CreatePolicyStmt), true
	case *pg.Node_AlterPolicyStmt:
		table := pgschema.NameOf(n.AlterPolicyStmt.GetTable())
		if j.newPolicy(table, n.AlterPolicyStmt.GetPolicyName()) {
			return free(act("policy", table.Local), "alters the policy %s of %s, which released code does not know", n.AlterPolicyStmt.GetPolicyName(), table), true
		}
		return contract(act("policy", table.Local), "alters the policy %s, which decides which rows of %s running code sees and writes", n.AlterPolicyStmt.GetPolicyName(), table), true
	case *pg.Node_AlterRoleStmt:
		return alterRole(n.AlterRoleStmt), true
	case *pg.Node_AlterRoleSetStmt:
		return setting(n.AlterRoleSetStmt.GetSetstmt(), "a role"), true
	case *pg.Node_AlterDatabaseSetStmt:
		return setting(n.AlterDatabaseSetStmt.GetSetstmt(), "a database"), true
	case *pg.Node_AlterSystemStmt:
		return setting(n.AlterSystemStmt.GetSetstmt(), "the server"), true
	}
	return ruling{}, false
}

func (j judging) grant(g *pg.GrantStmt) ruling {
	what, isNew := "rights", len(g.GetObjects()) > 0
	for i, o := range g.GetObjects() {
		parts := objectParts(o)
		if r := o.GetRangeVar(); r != nil {
			parts = []string{pgschema.NameOf(r).Schema, pgschema.NameOf(r).Local}
		}
		if i == 0 {
			what = "rights on " + pgschema.NameOfParts(parts).String()
		}
		kind := g.GetObjtype()
		isNew = isNew && g.GetTargtype() == pg.GrantTargetType_ACL_TARGET_OBJECT && j.newObject(kind, parts)
	}
	act := act("grant", what)
	switch {
	case g.GetIsGrant():
		return expand(act, "grants %s", what)
	case isNew:
		return free(act, "revokes %s, which released code does not know", what)
	}
	return contract(act, "revokes %s, which running code may need", what)
}

// createPolicy shows more rows, or fewer when it is restrictive.
func (j judging) createPolicy(c *pg.CreatePolicyStmt) ruling {
	table := pgschema.NameOf(c.GetTable())
	act := act("policy", table.Local, c.GetPolicyName())
	down := "DROP POLICY " + ident(c.GetPolicyName()) + " ON " + sqlName(table)
	switch {
	case c.GetPermissive() && !j.newRelation(table) && hasPolicies(j.now.Tables[table]) && j.mayFail(&pg.Node{Node: &pg.Node_CreatePolicyStmt{CreatePolicyStmt: c}}) != "":
		return ask(act, "adds the policy %s to %s by what can fail for a row, and a query of running code fails with it", c.GetPolicyName(), table).back(down)
	case c.GetPermissive():
		return expand(act, "adds the policy %s, which shows rows of %s and hides none", c.GetPolicyName(), table).back(down)
	case j.newRelation(table):
		return expand(act, "adds the policy %s to %s, which released code does not know", c.GetPolicyName(), table).back(down)
	}
	return contract(act, "adds the restrictive policy %s, which hides rows of %s from running code", c.GetPolicyName(), table).back(down)
}

// hasPolicies reports whether policies decide already what running code sees
// of a table.
func hasPolicies(t *pgschema.Table) bool { return t == nil || len(t.Policies) > 0 }

// alterRole is ALTER ROLE ... WITH.
func alterRole(a *pg.AlterRoleStmt) ruling {
	role := a.GetRole().GetRolename()
	act := act("role", role)
	for _, o := range a.GetOptions() {
		d := o.GetDefElem()
		switch {
		case slices.Contains([]string{"password", "validUntil", "connectionlimit"}, d.GetDefname()):
			return contract(act, "changes how the role %s logs in, which running code may do", role)
		case d.GetArg().GetBoolean() != nil && !d.GetArg().GetBoolean().GetBoolval():
			return contract(act, "takes a right from the role %s, which running code may act as", role)
		}
	}
	return expand(act, "gives rights to the role %s", role)
}

// setting is a setting of new sessions; some change what queries mean.
func setting(s *pg.VariableSetStmt, of string) ruling {
	meaning := []string{
		"search_path", "role", "row_security", "timezone", "datestyle", "intervalstyle", "standard_conforming_strings",
		"default_transaction_isolation", "default_transaction_read_only", "bytea_output", "lc_numeric", "lc_monetary", "transform_null_equals",
	}
	if s.GetKind() == pg.VariableSetKind_VAR_RESET_ALL || slices.Contains(meaning, s.GetName()) {
		return ask("setting", "changes %s for new sessions of %s, so that queries of running code may mean something else", s.GetName(), of)
	}
	return neutral("setting", "sets %s for new sessions of %s", s.GetName(), of)
}
