package pgclass

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// createOther are the statements that make what no released code can know.
func (j judging) createOther(tree *pg.Node) (ruling, bool) {
	switch n := tree.GetNode().(type) {
	case *pg.Node_CreateEnumStmt:
		return created("TYPE", pgschema.NameOfParts(pgschema.Strings(n.CreateEnumStmt.GetTypeName()))), true
	case *pg.Node_CreateRangeStmt:
		return created("TYPE", pgschema.NameOfParts(pgschema.Strings(n.CreateRangeStmt.GetTypeName()))), true
	case *pg.Node_CompositeTypeStmt:
		return created("TYPE", pgschema.NameOf(n.CompositeTypeStmt.GetTypevar())), true
	case *pg.Node_CreateDomainStmt:
		return created("DOMAIN", pgschema.NameOfParts(pgschema.Strings(n.CreateDomainStmt.GetDomainname()))), true
	case *pg.Node_CreateSeqStmt:
		return created("SEQUENCE", pgschema.NameOf(n.CreateSeqStmt.GetSequence())), true
	case *pg.Node_CreateSchemaStmt:
		name := n.CreateSchemaStmt.GetSchemaname()
		return expand(act("create", name), "creates the schema %s", name), true
	case *pg.Node_CreateExtensionStmt:
		name := n.CreateExtensionStmt.GetExtname()
		return expand(act("create", name), "creates the extension %s", name).back("DROP EXTENSION " + ident(name)), true
	case *pg.Node_DefineStmt:
		return j.define(n.DefineStmt), true
	case *pg.Node_CreateCastStmt:
		if n.CreateCastStmt.GetContext() == pg.CoercionContext_COERCION_EXPLICIT {
			return expand("create_cast", "creates a cast that is used where it is written"), true
		}
		return ask("create_cast", "creates a cast that is used without being written, so that queries of running code may mean something else"), true
	}
	return makes(tree)
}

// define is CREATE AGGREGATE, OPERATOR, TYPE, COLLATION and TEXT SEARCH ....
func (j judging) define(d *pg.DefineStmt) ruling {
	name := pgschema.NameOfParts(pgschema.Strings(d.GetDefnames()))
	if d.GetReplace() && !j.newFunction(name) {
		return ask(act("replace", name.Local), "replaces %s, which running code may use", name)
	}
	return expand(act("create", name.Local), "creates %s", name)
}

func created(kind string, name pgschema.Name) ruling {
	return expand(act("create", name.Local), "creates the %s %s", strings.ToLower(kind), name).back("DROP " + kind + " " + sqlName(name))
}

func makes(tree *pg.Node) (ruling, bool) {
	made := map[string]string{
		"CreateRoleStmt": "a role", "CreateTableSpaceStmt": "a tablespace", "CreateFdwStmt": "a foreign data wrapper",
		"CreateForeignServerStmt": "a foreign server", "CreateUserMappingStmt": "a user mapping", "CreateAmStmt": "an access method",
		"CreatePlangStmt": "a language", "CreateOpClassStmt": "an operator class", "CreateOpFamilyStmt": "an operator family",
		"CreateConversionStmt": "a conversion", "CreateTransformStmt": "a transform", "CreatedbStmt": "a database",
		"ImportForeignSchemaStmt": "foreign tables",
	}[kindOf(tree)]
	if made == "" {
		return ruling{}, false
	}
	return expand(act("create", made), "creates %s", made), true
}

// createFunction leaves running code alone unless it has a call that would
// reach the new function.
func (j judging) createFunction(c *pg.CreateFunctionStmt) ruling {
	name := pgschema.NameOfParts(pgschema.Strings(c.GetFuncname()))
	act := act("create", name.Local)
	known := j.now.Functions[name] != nil && !j.newFunction(name)
	switch {
	case known && c.GetReplace():
		return ask(act, "replaces the function %s, which running code may call: both versions of the code meet the new one", name)
	case known:
		return ask(act, "adds another function named %s, which calls of running code may reach", name)
	}
	if c.GetReplace() && j.now.Functions[name] == nil {
		if !j.sure() {
			return ask(act, "creates or replaces the function %s: the schema is not all known, so running code may call one of that name", name)
		}
		return expand(act, "creates the function %s; where somebody has made one of that name outside of the migrations, running code calls the new one", name)
	}
	return expand(act, "creates the function %s", name).back(dropFunction(c, name))
}

// dropFunction takes a function back whose parameters can be left out.
func dropFunction(c *pg.CreateFunctionStmt, name pgschema.Name) string {
	if len(c.GetParameters()) > 0 || c.GetReplace() {
		return ""
	}
	if c.GetIsProcedure() {
		return "DROP PROCEDURE " + sqlName(name) + "()"
	}
	return "DROP FUNCTION " + sqlName(name) + "()"
}

func (j judging) createRule(r *pg.RuleStmt) ruling {
	table := pgschema.NameOf(r.GetRelation())
	if j.newRelation(table) {
		return expand(act("rule", table.Local), "creates the rule %s on %s, which released code does not know", r.GetRulename(), table)
	}
	return ask(act("rule", table.Local), "creates the rule %s, which rewrites what running code does to %s", r.GetRulename(), table)
}
