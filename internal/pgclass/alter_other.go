package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// alterOther is ALTER of what is no table.
func (j judging) alterOther(tree *pg.Node) (ruling, bool) {
	switch n := tree.GetNode().(type) {
	case *pg.Node_AlterEnumStmt:
		return j.alterEnum(n.AlterEnumStmt), true
	case *pg.Node_AlterDomainStmt:
		return j.alterDomain(n.AlterDomainStmt), true
	case *pg.Node_AlterSeqStmt:
		return j.alterSequence(n.AlterSeqStmt), true
	case *pg.Node_RenameStmt:
		return j.rename(n.RenameStmt), true
	case *pg.Node_AlterObjectSchemaStmt:
		return j.move(n.AlterObjectSchemaStmt), true
	case *pg.Node_AlterOwnerStmt:
		return j.owner(n.AlterOwnerStmt), true
	case *pg.Node_AlterFunctionStmt:
		name := pgschema.NameOfParts(pgschema.Strings(n.AlterFunctionStmt.GetFunc().GetObjname()))
		if j.newFunction(name) {
			return free(act("alter", name.Local), "alters the function %s, which released code does not know", name), true
		}
		return ask(act("alter", name.Local), "alters the function %s, which running code may call", name), true
	case *pg.Node_AlterExtensionContentsStmt, *pg.Node_AlterObjectDependsStmt:
		return neutral("alter", "changes what belongs to an extension"), true
	case *pg.Node_AlterExtensionStmt:
		return ask(act("alter", n.AlterExtensionStmt.GetExtname()), "updates the extension %s, whose functions running code may call", n.AlterExtensionStmt.GetExtname()), true
	}
	return altersKnown(tree)
}

// altersKnown are kinds of objects that the schema does not hold.
func altersKnown(tree *pg.Node) (ruling, bool) {
	what := map[string]string{
		"AlterTypeStmt": "a type", "AlterOperatorStmt": "an operator", "AlterOpFamilyStmt": "an operator family",
		"AlterTsdictionaryStmt": "a text search dictionary", "AlterTsconfigurationStmt": "a text search configuration",
		"AlterFdwStmt": "a foreign data wrapper", "AlterForeignServerStmt": "a foreign server",
		"AlterUserMappingStmt": "a user mapping", "AlterEventTrigStmt": "an event trigger",
		"CreateEventTrigStmt": "an event trigger, which acts on every later change of the schema", "AlterDatabaseStmt": "a database",
		"SecLabelStmt": "a security label",
	}[kindOf(tree)]
	if what == "" {
		return ruling{}, false
	}
	return ask("alter", "creates or alters %s, and whether running code uses it is not known", what), true
}

func (j judging) alterEnum(a *pg.AlterEnumStmt) ruling {
	name := pgschema.NameOfParts(pgschema.Strings(a.GetTypeName()))
	act := act("type", name.Local, a.GetNewVal())
	switch {
	case a.GetOldVal() == "" && j.newType(name):
		return expand(act, "adds %s to the type %s, which released code does not know", literal(a.GetNewVal()), name)
	case a.GetOldVal() == "":
		return expand(act, "adds %s to the type %s: nothing takes a value back, and running code meets it once new code writes it", literal(a.GetNewVal()), name)
	case j.newType(name):
		return free(act, "renames %s of the type %s, which released code does not know", literal(a.GetOldVal()), name)
	}
	return split(j.enumFiles(name, a.GetOldVal(), a.GetNewVal()), act, "renames %s of the type %s, which running code reads and writes", literal(a.GetOldVal()), name)
}

func (j judging) alterDomain(a *pg.AlterDomainStmt) ruling {
	name := pgschema.NameOfParts(pgschema.Strings(a.GetTypeName()))
	act := act("domain", name.Local)
	if j.newType(name) && (!slices.Contains([]string{"T", "O", "C"}, a.GetSubtype()) || !j.inReleased(name)) {
		return free(act, "alters the domain %s, which released code does not know", name)
	}
	switch a.GetSubtype() { // see pgschema for the letters
	case "N":
		return expand(act, "lets the domain %s be NULL, which running code meets once new code writes it", name)
	case "O":
		return contract(act, "forbids NULL in the domain %s, which running code may write", name)
	case "C":
		return contract(act, "adds a CHECK to the domain %s, which rejects values that running code may write, NOT VALID or not", name)
	case "X":
		if d := j.released.Types[name]; d != nil && !slices.ContainsFunc(d.Checks, func(c *pgschema.Constraint) bool { return c.Name == a.GetName() }) {
			return free(act, "drops a CHECK of the domain %s, which released code does not know", name)
		}
		return contract(act, "drops a CHECK of the domain %s, which running code may rely on to reject its writes", name)
	case "V":
		return neutral(act, "validates a CHECK of the domain %s, which rejects new values already", name)
	}
	return ask(act, "changes the default of the domain %s, so that INSERTs of running code may write another value", name)
}

// alterSequence is nothing that code sees, unless numbers start again.
func (j judging) alterSequence(a *pg.AlterSeqStmt) ruling {
	name := pgschema.NameOf(a.GetSequence())
	act := act("sequence", name.Local)
	if j.newRelation(name) {
		return free(act, "alters the sequence %s, which released code does not know", name)
	}
	for _, o := range a.GetOptions() {
		if slices.Contains([]string{"restart", "increment", "cycle", "minvalue", "maxvalue", "as"}, o.GetDefElem().GetDefname()) {
			return ask(act, "changes which numbers the sequence %s gives, so that running code may get one twice or none", name)
		}
	}
	return neutral(act, "changes the owner or the cache of the sequence %s", name)
}

// inReleased reports whether a table of running code has a column of a type,
// which an INSERT of running code leaves out.
func (j judging) inReleased(typ pgschema.Name) bool {
	return slices.ContainsFunc(j.now.TablesUsing(typ), func(t *pgschema.Table) bool { return !j.newRelation(t.Name) })
}

func (j judging) owner(a *pg.AlterOwnerStmt) ruling {
	parts := objectParts(a.GetObject())
	name := pgschema.NameOfParts(parts)
	if a.GetRelation() != nil {
		name = pgschema.NameOf(a.GetRelation())
	}
	act := act("owner", name.Local)
	kind := kindName(a.GetObjectType())
	if j.newObject(a.GetObjectType(), parts) {
		return expand(act, "gives the %s %s, which released code does not know, to %s", kind, name, a.GetNewowner().GetRolename())
	}
	return ask(act, "gives the %s %s to %s: code that runs as its present owner loses what it may do there", kind, name, a.GetNewowner().GetRolename())
}
