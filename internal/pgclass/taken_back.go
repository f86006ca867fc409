package pgclass

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/plans"
)

// takenBack is the statement that takes a unit back, by the schema before it;
// empty for none, and for what loses something.
func (j judging) takenBack(u unit) string {
	if u.down != "" || u.Loses || u.Tree == nil || u.Class == plans.ClassNeutral && u.Tree.GetAlterTableStmt() == nil {
		return u.down
	}
	for _, way := range []func(unit) string{j.unmade, j.remade, j.realtered} {
		if text := way(u); text != "" {
			return text
		}
	}
	return ""
}

// unmade drops what a unit makes.
func (j judging) unmade(u unit) string {
	switch n := u.Tree.GetNode().(type) {
	case *pg.Node_CreateStmt:
		return "DROP TABLE " + sqlName(pgschema.NameOf(n.CreateStmt.GetRelation()))
	case *pg.Node_IndexStmt:
		return dropIndex(n.IndexStmt)
	case *pg.Node_CreateSeqStmt:
		return "DROP SEQUENCE " + sqlName(pgschema.NameOf(n.CreateSeqStmt.GetSequence()))
	case *pg.Node_CreateEnumStmt:
		return "DROP TYPE " + sqlName(pgschema.NameOfParts(pgschema.Strings(n.CreateEnumStmt.GetTypeName())))
	case *pg.Node_CompositeTypeStmt:
		return "DROP TYPE " + sqlName(pgschema.NameOf(n.CompositeTypeStmt.GetTypevar()))
	case *pg.Node_CreateDomainStmt:
		return "DROP DOMAIN " + sqlName(pgschema.NameOfParts(pgschema.Strings(n.CreateDomainStmt.GetDomainname())))
	case *pg.Node_CreateSchemaStmt:
		if name := n.CreateSchemaStmt.GetSchemaname(); name != "" && len(n.CreateSchemaStmt.GetSchemaElts()) == 0 {
			return "DROP SCHEMA " + ident(name)
		}
	case *pg.Node_CreateTrigStmt:
		if !n.CreateTrigStmt.GetReplace() {
			return "DROP TRIGGER " + ident(n.CreateTrigStmt.GetTrigname()) + " ON " + sqlName(pgschema.NameOf(n.CreateTrigStmt.GetRelation()))
		}
	case *pg.Node_CreatePolicyStmt:
		return "DROP POLICY " + ident(n.CreatePolicyStmt.GetPolicyName()) + " ON " + sqlName(pgschema.NameOf(n.CreatePolicyStmt.GetTable()))
	}
	return j.unmadeOther(u)
}

func (j judging) unmadeOther(u unit) string {
	switch n := u.Tree.GetNode().(type) {
	case *pg.Node_ViewStmt:
		if name := pgschema.NameOf(n.ViewStmt.GetView()); !n.ViewStmt.GetReplace() || !j.now.Has(name) {
			return "DROP VIEW " + sqlName(name)
		}
	case *pg.Node_CreateTableAsStmt:
		kind := "TABLE "
		if n.CreateTableAsStmt.GetObjtype() == pg.ObjectType_OBJECT_MATVIEW {
			kind = "MATERIALIZED VIEW "
		}
		return "DROP " + kind + sqlName(pgschema.NameOf(n.CreateTableAsStmt.GetInto().GetRel()))
	case *pg.Node_CreateFunctionStmt:
		f := n.CreateFunctionStmt
		name, arguments := pgschema.NameOfParts(pgschema.Strings(f.GetFuncname())), j.argumentTypes(f)
		if arguments == "" || f.GetReplace() && j.now.Functions[name] != nil {
			return ""
		}
		return "DROP " + map[bool]string{true: "PROCEDURE ", false: "FUNCTION "}[f.GetIsProcedure()] + sqlName(name) + arguments
	}
	return ""
}

func dropIndex(i *pg.IndexStmt) string {
	if i.GetIdxname() == "" {
		return ""
	}
	text := "DROP INDEX "
	if i.GetConcurrent() {
		text += "CONCURRENTLY "
	}
	return text + sqlName(pgschema.Name{Schema: pgschema.NameOf(i.GetRelation()).Schema, Local: i.GetIdxname()})
}

// remade makes again what a unit drops by itself, where no rows go with it.
func (j judging) remade(u unit) string {
	d := u.Tree.GetDropStmt()
	if d == nil || len(d.GetObjects()) != 1 || d.GetBehavior() == pg.DropBehavior_DROP_CASCADE {
		return ""
	}
	parts := objectParts(d.GetObjects()[0])
	name := pgschema.NameOfParts(parts)
	switch d.GetRemoveType() {
	case pg.ObjectType_OBJECT_INDEX:
		if i := j.now.Indexes[name]; i != nil && i.Made != nil && i.Parent == (pgschema.Name{}) {
			r := replacement{columnAlteration: columnAlteration{alteration: alteration{judging: j, table: i.Table, t: j.now.Tables[i.Table]}}}
			made := r.indexStatement(i, r.old())
			made.Concurrent = d.GetConcurrent()
			return deparsed(made)
		}
	case pg.ObjectType_OBJECT_TRIGGER:
		return j.triggerAgain(parts)
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE:
		if made := j.now.Overload(name, d.GetObjects()[0].GetObjectWithArgs()); made != nil {
			return written(&pg.Node{Node: &pg.Node_CreateFunctionStmt{CreateFunctionStmt: made}})
		}
	}
	return ""
}

func (j judging) triggerAgain(parts []string) string {
	if len(parts) < 2 {
		return ""
	}
	t := j.now.Tables[pgschema.NameOfParts(parts[:len(parts)-1])]
	if t == nil {
		return ""
	}
	for _, g := range t.Triggers {
		if g.Name == parts[len(parts)-1] && g.Made != nil && g.Made.GetTrigname() == g.Name && pgschema.NameOf(g.Made.GetRelation()) == t.Name {
			return written(&pg.Node{Node: &pg.Node_CreateTrigStmt{CreateTrigStmt: g.Made}})
		}
	}
	return ""
}

// realtered takes one action on a table back.
func (j judging) realtered(u unit) string {
	a := u.Tree.GetAlterTableStmt()
	if a == nil || len(a.GetCmds()) != 1 {
		return ""
	}
	cmd := a.GetCmds()[0].GetAlterTableCmd()
	c := alteration{judging: j, table: pgschema.NameOf(a.GetRelation()), cmd: cmd}
	if c.t = j.now.Tables[c.table]; c.t == nil {
		return ""
	}
	k := c.t.Constraint(cmd.GetName())
	switch cmd.GetSubtype() {
	case pg.AlterTableType_AT_ValidateConstraint:
		if k != nil && !k.Validated {
			return c.sql() + " DROP CONSTRAINT " + ident(k.Name) + ";\n" + c.sql() + " ADD CONSTRAINT " + ident(k.Name) + " " + c.demanded(k) + " NOT VALID"
		}
	case pg.AlterTableType_AT_DropConstraint:
		if k != nil && (k.Kind == pgschema.Check || k.Kind == pgschema.ForeignKey) && cmd.GetBehavior() != pg.DropBehavior_DROP_CASCADE && c.demanded(k) != "" {
			return anew{table: c.table, old: k.Name, was: c.demanded(k), validated: k.Validated}.addOld()
		}
	case pg.AlterTableType_AT_SetNotNull:
		return c.sql() + " ALTER COLUMN " + ident(cmd.GetName()) + " DROP NOT NULL"
	}
	return ""
}

// demanded is what a CHECK or a foreign key demands, empty where it cannot be
// written.
func (a alteration) demanded(k *pgschema.Constraint) string {
	if k.Kind == pgschema.ForeignKey {
		return foreignKey(k, k.Columns, k.ReferencedColumns)
	}
	r := replacement{columnAlteration: columnAlteration{alteration: a}}
	return r.checkText(k, r.old())
}
