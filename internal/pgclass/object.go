package pgclass

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// objectParts reads the name of an object, which the grammar keeps in one of
// four shapes.
func objectParts(o *pg.Node) []string {
	switch n := o.GetNode().(type) {
	case *pg.Node_List:
		return pgschema.Strings(n.List.GetItems())
	case *pg.Node_String_:
		return []string{n.String_.GetSval()}
	case *pg.Node_TypeName:
		return pgschema.Strings(n.TypeName.GetNames())
	case *pg.Node_ObjectWithArgs:
		return pgschema.Strings(n.ObjectWithArgs.GetObjname())
	}
	return nil
}

// kindName is what people call a kind of object: "materialized view".
func kindName(kind pg.ObjectType) string {
	name := strings.ToLower(strings.TrimPrefix(kind.String(), "OBJECT_"))
	if name == "matview" {
		return "materialized view"
	}
	return strings.ReplaceAll(name, "_", " ")
}

// newObject reports whether no running code has seen an object. Kinds that the
// schema does not hold are taken for known ones.
func (j judging) newObject(kind pg.ObjectType, parts []string) bool {
	name := pgschema.NameOfParts(parts)
	switch kind {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_FOREIGN_TABLE, pg.ObjectType_OBJECT_VIEW,
		pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_INDEX, pg.ObjectType_OBJECT_SEQUENCE:
		return j.newRelation(name)
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		return j.newType(name)
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE:
		return j.newFunction(name)
	case pg.ObjectType_OBJECT_SCHEMA:
		return j.newSchema(name.Local)
	case pg.ObjectType_OBJECT_EXTENSION:
		return j.newExtension(name.Local)
	case pg.ObjectType_OBJECT_TRIGGER, pg.ObjectType_OBJECT_POLICY, pg.ObjectType_OBJECT_RULE:
		return j.newPart(kind, parts)
	case pg.ObjectType_OBJECT_PUBLICATION:
		return j.now.Publications[name.Local] != nil && j.released.Publications[name.Local] == nil
	}
	return false
}

func (j judging) newPart(kind pg.ObjectType, parts []string) bool {
	if len(parts) < 2 {
		return false
	}
	table, name := pgschema.NameOfParts(parts[:len(parts)-1]), parts[len(parts)-1]
	switch kind {
	case pg.ObjectType_OBJECT_TRIGGER:
		return j.newTrigger(table, name)
	case pg.ObjectType_OBJECT_POLICY:
		return j.newPolicy(table, name)
	}
	return j.newRelation(table)
}

// gone reports whether nothing of that name is there, as far as the schema can
// tell.
func (j judging) gone(kind pg.ObjectType, parts []string) bool {
	return j.sure() && j.absent(kind, parts)
}

// absent reports whether the schema holds nothing of that name.
func (j judging) absent(kind pg.ObjectType, parts []string) bool {
	name := pgschema.NameOfParts(parts)
	switch kind {
	case pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_INDEX, pg.ObjectType_OBJECT_SEQUENCE,
		pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_FOREIGN_TABLE:
		return !j.now.Has(name)
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		return j.now.Types[name] == nil
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE:
		return j.now.Functions[name] == nil
	case pg.ObjectType_OBJECT_TRIGGER, pg.ObjectType_OBJECT_POLICY:
		return j.lacksPart(parts)
	}
	return false
}

func (j judging) lacksPart(parts []string) bool {
	if len(parts) < 2 {
		return false
	}
	t, name := j.now.Tables[pgschema.NameOfParts(parts[:len(parts)-1])], parts[len(parts)-1]
	return t == nil || !slices.Contains(t.Policies, name) && !slices.ContainsFunc(t.Triggers, func(g pgschema.Trigger) bool { return g.Name == name })
}

// lost names something of released code that is not in a schema any more, and
// is now; empty for nothing.
func (j judging) lost(after *pgschema.Schema) string {
	var all []string
	for n, t := range j.now.Tables {
		all = append(all, j.lostOfTable(n, t, after)...)
	}
	for n := range j.now.Views {
		if after.Views[n] == nil && !j.newRelation(n) {
			all = append(all, "the view "+n.String())
		}
	}
	for n, f := range j.now.Functions {
		if after.Functions[n] == nil && !j.newFunction(f.Name) {
			all = append(all, "the function "+n.String())
		}
	}
	for n := range j.now.Types {
		if after.Types[n] == nil && !j.newType(n) {
			all = append(all, "the type "+n.String())
		}
	}
	slices.Sort(all)
	return slices.Concat(all, []string{""})[0]
}

func (j judging) lostOfTable(n pgschema.Name, t *pgschema.Table, after *pgschema.Schema) []string {
	left := after.Tables[n]
	if left == nil {
		if j.newRelation(n) {
			return nil
		}
		return []string{"the table " + n.String()}
	}
	var all []string
	for _, c := range t.Columns {
		if left.Column(c.Name) == nil && !j.newColumn(n, c.Name) {
			all = append(all, "the column "+n.String()+"."+quotedPart(c.Name))
		}
		if k := left.Column(c.Name); k != nil && k.Default == nil && c.Default != nil && !j.newColumn(n, c.Name) {
			all = append(all, "the default of "+n.String()+"."+quotedPart(c.Name))
		}
	}
	for _, k := range t.Constraints {
		if left.Constraint(k.Name) == nil && !j.newConstraint(n, k.Name) {
			all = append(all, "the constraint "+quotedPart(k.Name)+" of "+n.String())
		}
	}
	for _, g := range t.Triggers {
		if !slices.Contains(left.Triggers, g) && !j.newTrigger(n, g.Name) {
			all = append(all, "the trigger "+quotedPart(g.Name)+" of "+n.String())
		}
	}
	return all
}

func quotedPart(name string) string { return sqlscan.Identifier(name) }

func containsName(all []pgschema.Name, n pgschema.Name) bool { return slices.Contains(all, n) }

func containsSchema(all []string, n pgschema.Name) bool { return slices.Contains(all, n.Schema) }
