package pgclass

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// Names of objects are joined with their kinds: relations and types share
// theirs, columns and constraints belong to their table.

func relationName(n pgschema.Name) string { return joined("relation", n.Schema, n.Local) }

func columnName(table pgschema.Name, column string) string {
	return joined("column", table.Schema, table.Local, column)
}

func constraintKey(table pgschema.Name, name string) string {
	return joined("constraint", table.Schema, table.Local, name)
}

// makesNames are the names that a statement gives to something.
func makesNames(tree *pg.Node) []string {
	switch n := tree.GetNode().(type) {
	case *pg.Node_CreateStmt:
		return []string{relationName(pgschema.NameOf(n.CreateStmt.GetRelation()))}
	case *pg.Node_CreateTableAsStmt:
		return []string{relationName(pgschema.NameOf(n.CreateTableAsStmt.GetInto().GetRel()))}
	case *pg.Node_ViewStmt:
		return []string{relationName(pgschema.NameOf(n.ViewStmt.GetView()))}
	case *pg.Node_CreateSeqStmt:
		return []string{relationName(pgschema.NameOf(n.CreateSeqStmt.GetSequence()))}
	case *pg.Node_CreateEnumStmt:
		return []string{relationName(pgschema.NameOfParts(pgschema.Strings(n.CreateEnumStmt.GetTypeName())))}
	case *pg.Node_CreateDomainStmt:
		return []string{relationName(pgschema.NameOfParts(pgschema.Strings(n.CreateDomainStmt.GetDomainname())))}
	case *pg.Node_CompositeTypeStmt:
		return []string{relationName(pgschema.NameOf(n.CompositeTypeStmt.GetTypevar()))}
	case *pg.Node_CreateFunctionStmt:
		name := pgschema.NameOfParts(pgschema.Strings(n.CreateFunctionStmt.GetFuncname()))
		return []string{joined("function", name.Schema, name.Local)}
	case *pg.Node_IndexStmt:
		table := pgschema.NameOf(n.IndexStmt.GetRelation())
		return []string{relationName(pgschema.Name{Schema: table.Schema, Local: n.IndexStmt.GetIdxname()})}
	case *pg.Node_CreateTrigStmt:
		return []string{constraintKey(pgschema.NameOf(n.CreateTrigStmt.GetRelation()), n.CreateTrigStmt.GetTrigname())}
	case *pg.Node_CreatePolicyStmt:
		return []string{constraintKey(pgschema.NameOf(n.CreatePolicyStmt.GetTable()), n.CreatePolicyStmt.GetPolicyName())}
	case *pg.Node_RenameStmt:
		return renamedTo(n.RenameStmt)
	}
	return altered(tree, pg.AlterTableType_AT_AddColumn, pg.AlterTableType_AT_AddConstraint)
}

func renamedTo(r *pg.RenameStmt) []string {
	table := pgschema.NameOf(r.GetRelation())
	switch r.GetRenameType() {
	case pg.ObjectType_OBJECT_COLUMN:
		return []string{columnName(table, r.GetNewname())}
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_INDEX, pg.ObjectType_OBJECT_SEQUENCE:
		return []string{relationName(pgschema.Name{Schema: table.Schema, Local: r.GetNewname()})}
	}
	return nil
}

// takesNames are the names that a statement takes away.
func takesNames(tree *pg.Node) []string {
	d := tree.GetDropStmt()
	if d == nil {
		return altered(tree, pg.AlterTableType_AT_DropColumn, pg.AlterTableType_AT_DropConstraint)
	}
	var all []string
	for _, o := range d.GetObjects() {
		parts := objectParts(o)
		name := pgschema.NameOfParts(parts)
		switch kind := d.GetRemoveType(); {
		case partKind(kind) && len(parts) > 1:
			all = append(all, constraintKey(pgschema.NameOfParts(parts[:len(parts)-1]), parts[len(parts)-1]))
		case kind == pg.ObjectType_OBJECT_FUNCTION || kind == pg.ObjectType_OBJECT_PROCEDURE || kind == pg.ObjectType_OBJECT_ROUTINE:
			all = append(all, joined("function", name.Schema, name.Local))
		default:
			all = append(all, relationName(name))
		}
	}
	return all
}

// altered names the column or the constraint of an ALTER TABLE of one of two
// kinds.
func altered(tree *pg.Node, column, constraint pg.AlterTableType) []string {
	a := tree.GetAlterTableStmt()
	if len(a.GetCmds()) != 1 {
		return nil
	}
	table, cmd := pgschema.NameOf(a.GetRelation()), a.GetCmds()[0].GetAlterTableCmd()
	switch cmd.GetSubtype() {
	case column:
		if d := cmd.GetDef().GetColumnDef(); d != nil {
			return []string{columnName(table, d.GetColname())}
		}
		return []string{columnName(table, cmd.GetName())}
	case constraint:
		if k := cmd.GetDef().GetConstraint(); k != nil {
			return []string{constraintKey(table, k.GetConname())}
		}
		return []string{constraintKey(table, cmd.GetName())}
	}
	return nil
}
