package pgclass

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// rename takes a name away that running code says, unless nobody says it.
func (j judging) rename(r *pg.RenameStmt) ruling {
	kind := r.GetRenameType()
	name := pgschema.NameOf(r.GetRelation())
	parts := objectParts(r.GetObject())
	if r.GetRelation() == nil {
		name = pgschema.NameOfParts(parts)
	}
	act := act("rename", name.Local, r.GetSubname())
	switch kind {
	case pg.ObjectType_OBJECT_COLUMN, pg.ObjectType_OBJECT_ATTRIBUTE:
		return j.renameColumn(name, r)
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_FOREIGN_TABLE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW:
		return j.renameTable(name, r)
	case pg.ObjectType_OBJECT_INDEX, pg.ObjectType_OBJECT_TABCONSTRAINT, pg.ObjectType_OBJECT_DOMCONSTRAINT,
		pg.ObjectType_OBJECT_TRIGGER, pg.ObjectType_OBJECT_POLICY, pg.ObjectType_OBJECT_RULE, pg.ObjectType_OBJECT_STATISTIC_EXT:
		what := describePart(kind, name, r.GetSubname())
		if j.saidOnConflict(kind, name, r.GetSubname()) {
			return ask(act, "renames the %s, which running code may name by ON CONFLICT ON CONSTRAINT", what)
		}
		return neutral(act, "renames the %s, whose name no query needs", what)
	}
	if j.newObject(kind, append([]string{name.Schema}, name.Local)) || len(parts) > 0 && j.newObject(kind, parts) {
		return free(act, "renames the %s %s, which released code does not know", kindName(kind), name)
	}
	return j.renameOther(r, name)
}

// saidOnConflict reports whether a constraint, or the index that keeps it, is
// one that an INSERT of running code can name.
func (j judging) saidOnConflict(kind pg.ObjectType, name pgschema.Name, part string) bool {
	switch kind {
	case pg.ObjectType_OBJECT_INDEX:
		i := j.now.Indexes[name]
		return i != nil && i.Constraint != "" && !j.newConstraint(i.Table, i.Constraint)
	case pg.ObjectType_OBJECT_TABCONSTRAINT:
		t := j.now.Tables[name]
		return t != nil && t.Constraint(part) != nil && t.Constraint(part).Index != (pgschema.Name{}) && !j.newConstraint(name, part)
	}
	return false
}

func describePart(kind pg.ObjectType, name pgschema.Name, part string) string {
	what := kindName(kind)
	switch kind {
	case pg.ObjectType_OBJECT_TABCONSTRAINT, pg.ObjectType_OBJECT_DOMCONSTRAINT:
		what = "constraint"
	}
	if part == "" {
		return what + " " + name.String()
	}
	return what + " " + quotedPart(part) + " of " + name.String()
}

func (j judging) renameOther(r *pg.RenameStmt, name pgschema.Name) ruling {
	kind, act := r.GetRenameType(), act("rename", name.Local)
	to := pgschema.Name{Schema: name.Schema, Local: r.GetNewname()}
	switch kind {
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		return j.callType(otherName{kind: kindName(kind), from: name, to: to, verb: "rename", act: act})
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE:
		return j.callFunction(otherName{kind: kindName(kind), from: name, to: to, verb: "rename", act: act}, r.GetObject().GetObjectWithArgs())
	case pg.ObjectType_OBJECT_SEQUENCE:
		return j.callSequence(otherName{kind: "sequence", from: name, to: to, verb: "rename", act: act})
	case pg.ObjectType_OBJECT_AGGREGATE:
		return ask(act, "renames the aggregate %s, which running code may name: make %s beside it by a CREATE AGGREGATE, and drop the old one after the deployment", name, ident(r.GetNewname()))
	case pg.ObjectType_OBJECT_SCHEMA:
		return j.callSchema(r.GetSubname(), r.GetNewname())
	}
	return ask(act, "renames the %s %s, and whether running code names it is not known", kindName(kind), name)
}

func (j judging) renameColumn(table pgschema.Name, r *pg.RenameStmt) ruling {
	full := table.String() + "." + quotedPart(r.GetSubname())
	act := act("rename", table.Local, r.GetSubname())
	if j.newColumn(table, r.GetSubname()) || j.newType(table) {
		return free(act, "renames %s, which released code does not know", full)
	}
	a := alteration{judging: j, table: table, t: j.now.Tables[table], cmd: &pg.AlterTableCmd{Name: r.GetSubname()}}
	c := a.column()
	reason := "renames %s, which running code reads and writes"
	if c.c == nil {
		return ask(act, reason+", and no migration has made it, so that its type is not known: add %s beside it, keep both in step by a trigger, and drop the old one after the deployment", full, ident(r.GetNewname()))
	}
	if c.c.Generated {
		another := *c.c
		another.Name = r.GetNewname()
		if files, why := c.computedFiles(&another); why == "" {
			return split(files, act, reason, full)
		}
	}
	p := replacement{columnAlteration: c, name: r.GetNewname(), typ: c.c.Type, collation: c.c.Collation}
	if why := p.obstacle(); why != "" {
		return ask(act, reason+"; "+why, full)
	}
	return split(p.files(), act, reason, full).touching(p.touches())
}

// renameTable leaves a view under the old name behind. PostgreSQL writes
// through a view of one table as through the table.
//
// Source: "Updatable Views" in https://www.postgresql.org/docs/current/sql-createview.html.
func (j judging) renameTable(name pgschema.Name, r *pg.RenameStmt) ruling {
	act := act("rename", name.Local)
	kind := kindName(r.GetRenameType())
	if j.newRelation(name) {
		return free(act, "renames the %s %s, which released code does not know", kind, name)
	}
	to := pgschema.Name{Schema: name.Schema, Local: r.GetNewname()}
	alter := "ALTER " + map[string]string{"table": "TABLE", "foreign table": "FOREIGN TABLE", "view": "VIEW", "materialized view": "MATERIALIZED VIEW"}[kind] + " "
	return split([]File{
		{
			Name: "expand_" + act, Phase: "expand",
			SQL: grantsFollow + lines(
				alter+sqlName(name)+" RENAME TO "+ident(to.Local), viewUnder(name, to)),
			Down: lines("DROP VIEW "+sqlName(name), alter+sqlName(to)+" RENAME TO "+ident(name.Local)),
		},
		dropView(name, to),
	}, act, "renames the %s %s, which running code reads", kind, name)
}

// grantsFollow is said of a view that stands in for a table.
const grantsFollow = "-- grant on the view what roles of running code may do with the table\n"

func viewUnder(old, now pgschema.Name) string {
	return "CREATE VIEW " + sqlName(old) + " AS SELECT * FROM " + sqlName(now)
}

func dropView(old, now pgschema.Name) File {
	return File{
		Name: "contract_drop_view_" + act(old.Local), Phase: "contract",
		SQL: lines("DROP VIEW " + sqlName(old)), Down: lines(viewUnder(old, now)),
	}
}

// move is SET SCHEMA.
func (j judging) move(a *pg.AlterObjectSchemaStmt) ruling {
	kind := kindName(a.GetObjectType())
	if a.GetRelation() == nil {
		parts := objectParts(a.GetObject())
		name := pgschema.NameOfParts(parts)
		act := act("move", name.Local)
		if j.newObject(a.GetObjectType(), parts) {
			return free(act, "moves the %s %s, which released code does not know", kind, name)
		}
		return j.moveOther(a, otherName{kind: kind, from: name, to: pgschema.Name{Schema: a.GetNewschema(), Local: name.Local}, verb: "move", act: act})
	}
	name := pgschema.NameOf(a.GetRelation())
	act := act("move", name.Local)
	switch {
	case j.newRelation(name):
		return free(act, "moves the %s %s, which released code does not know", kind, name)
	case a.GetObjectType() == pg.ObjectType_OBJECT_SEQUENCE:
		return j.callSequence(otherName{kind: "sequence", from: name, to: pgschema.Name{Schema: a.GetNewschema(), Local: name.Local}, verb: "move", act: act})
	}
	to := pgschema.Name{Schema: a.GetNewschema(), Local: name.Local}
	alter := "ALTER " + map[string]string{"table": "TABLE", "foreign table": "FOREIGN TABLE", "view": "VIEW", "materialized view": "MATERIALIZED VIEW"}[kind] + " "
	return split([]File{
		{
			Name: "expand_" + act, Phase: "expand",
			SQL: grantsFollow + lines(
				alter+sqlName(name)+" SET SCHEMA "+ident(to.Schema), viewUnder(name, to)),
			Down: lines("DROP VIEW "+sqlName(name), alter+sqlName(to)+" SET SCHEMA "+ident(name.Schema)),
		},
		dropView(name, to),
	}, act, "moves the %s %s to the schema %s, where running code does not find it", kind, name, ident(to.Schema))
}
