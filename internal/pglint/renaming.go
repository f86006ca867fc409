package pglint

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

func (l look) renamed(r *pg.RenameStmt) []hit {
	switch r.GetRenameType() {
	case pg.ObjectType_OBJECT_INDEX:
		return l.about("rename-index", pgschema.NameOf(r.GetRelation()))
	case pg.ObjectType_OBJECT_TABCONSTRAINT:
		return l.about("alter-constraint", pgschema.NameOf(r.GetRelation()))
	case pg.ObjectType_OBJECT_TRIGGER:
		return l.about("drop-trigger", pgschema.NameOf(r.GetRelation()))
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		typ := pgschema.NameOfParts(pgschema.Strings(r.GetObject().GetList().GetItems()))
		return []hit{{"rename-type", pgrule.Names{Name: sql(typ), Whole: lines("-- a domain under the new name; the old name stays until no code uses it:",
			"CREATE DOMAIN "+beside(typ, r.GetNewname())+" AS "+sql(typ))}}}
	case pg.ObjectType_OBJECT_ATTRIBUTE:
		return []hit{{"rename-type", pgrule.Names{Name: pgschema.NameOf(r.GetRelation()).String(), Whole: lines("-- after the deployment, in a file of its own:", l.own())}}}
	case pg.ObjectType_OBJECT_SCHEMA:
		return []hit{{"rename", pgrule.Names{Name: sqlscan.Identifier(r.GetSubname()), Whole: l.schemaUnder(r)}}}
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE, pg.ObjectType_OBJECT_AGGREGATE:
		name := pgschema.NameOfParts(pgschema.Strings(r.GetObject().GetObjectWithArgs().GetObjname()))
		return []hit{{"rename", pgrule.Names{Name: sql(name), Whole: lines("-- create it under the new name beside the old one, and after the deployment:", "DROP "+l.own()[len("ALTER "):l.renameAt()])}}}
	}
	table := pgschema.NameOf(r.GetRelation())
	if r.GetRelation() == nil || !l.old(table) {
		return nil
	}
	if r.GetRenameType() == pg.ObjectType_OBJECT_COLUMN {
		return []hit{{"rename", l.columnBeside(table, r)}}
	}
	return []hit{{"rename", pgrule.Names{Table: table.String(), Name: sqlscan.Identifier(r.GetNewname()), Moved: beside(table, r.GetNewname()), Whole: l.sequenceBeside(table, r)}}}
}

// renameAt is where the word RENAME stands in the statement.
func (l look) renameAt() int {
	for _, t := range l.Tokens() {
		if t.Is("RENAME") {
			return max(t.Offset-1, len("ALTER "))
		}
	}
	return len(l.own())
}

// sequenceBeside: no view stands for a sequence.
func (l look) sequenceBeside(n pgschema.Name, r *pg.RenameStmt) string {
	if r.GetRenameType() != pg.ObjectType_OBJECT_SEQUENCE {
		return ""
	}
	return lines("-- after the deployment, in a file of its own; code that calls nextval names it:", l.own())
}

// columnBeside adds the new column, and a trigger that keeps both in step
// whichever of them is written.
func (l look) columnBeside(table pgschema.Name, r *pg.RenameStmt) pgrule.Names {
	n := pgrule.Names{Table: table.String(), Column: sqlscan.Identifier(r.GetSubname())}
	typ := ""
	if c := l.column(table, r.GetSubname()); c != nil {
		typ = c.Type.String()
	}
	if typ == "" {
		n.Whole = lines("-- with a view under a name of its own for new code, and the old table for old code:",
			"CREATE VIEW "+beside(table, table.Local+"_new")+" AS SELECT *, "+quotedPart(r.GetSubname())+" AS "+quotedPart(r.GetNewname())+" FROM "+sql(table))
		return n
	}
	from, to, name := quotedPart(r.GetSubname()), quotedPart(r.GetNewname()), sqlscan.Identifier(table.Local+"_"+r.GetNewname()+"_sync")
	n.Whole = lines("-- the new column beside the old one, in step with it:",
		"ALTER TABLE "+sql(table)+" ADD COLUMN "+to+" "+typ,
		"CREATE FUNCTION "+name+"() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN\n"+
			"  IF TG_OP = 'INSERT' THEN NEW."+to+" := coalesce(NEW."+to+", NEW."+from+"); NEW."+from+" := NEW."+to+";\n"+
			"  ELSIF NEW."+to+" IS DISTINCT FROM OLD."+to+" THEN NEW."+from+" := NEW."+to+";\n"+
			"  ELSE NEW."+to+" := NEW."+from+"; END IF;\n"+
			"  RETURN NEW; END$$",
		"CREATE TRIGGER "+name+" BEFORE INSERT OR UPDATE ON "+sql(table)+" FOR EACH ROW EXECUTE FUNCTION "+name+"()",
		"-- fill the rows that are there with a backfill block; after the deployment, drop the trigger and the old column")
	return n
}

// moved: a view stays where the table was looked for.
func (l look) moved(s *pg.AlterObjectSchemaStmt) []hit {
	n := pgschema.NameOf(s.GetRelation())
	if s.GetRelation() == nil || !l.old(n) {
		return nil
	}
	names := pgrule.Names{Table: n.String(), Whole: lines("-- in one file:", l.own(),
		"CREATE VIEW "+sql(n)+" AS SELECT * FROM "+sql(pgschema.Name{Schema: s.GetNewschema(), Local: n.Local}),
		"-- after the deployment, drop the view")}
	if s.GetObjectType() == pg.ObjectType_OBJECT_SEQUENCE {
		names.Whole = lines("-- after the deployment, in a file of its own; code that calls nextval names it:", l.own())
	}
	return []hit{{"rename", names}}
}

// schemaUnder gives new code the tables of a schema under the new name.
func (l look) schemaUnder(r *pg.RenameStmt) string {
	all := []string{"-- new code finds views under the new name:", "CREATE SCHEMA " + quotedPart(r.GetNewname())}
	for _, t := range tablesIn(l.schema, r.GetSubname()) {
		all = append(all, "CREATE VIEW "+sql(pgschema.Name{Schema: r.GetNewname(), Local: t.Name.Local})+" AS SELECT * FROM "+sql(t.Name))
	}
	return lines(all...)
}

// replacedView gives new code the view under another name.
func (l look) replacedView(v *pg.ViewStmt, view pgschema.Name) []hit {
	v = proto.CloneOf(v)
	v.Replace, v.View.Relname = false, view.Local+"_new"
	return []hit{{"replace-view", pgrule.Names{Table: view.String(), Whole: lines("-- a view of its own for new code:", statement(&pg.Node{Node: &pg.Node_ViewStmt{ViewStmt: v}}))}}}
}

// withoutCascade is the statement as the server refuses it when something
// depends on the object.
func (l look) withoutCascade() string {
	d := proto.CloneOf(l.Tree.GetDropStmt())
	d.Behavior = pg.DropBehavior_DROP_RESTRICT
	text := statement(&pg.Node{Node: &pg.Node_DropStmt{DropStmt: d}})
	return lines("-- without CASCADE the server says what would go with it:", text)
}
