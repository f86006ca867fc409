package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// rename locks a relation for its new name, and for that of a part of it.
// Types, functions and schemas have no lock that a query would meet.
//
// Source: RENAME in https://www.postgresql.org/docs/current/sql-altertable.html.
// Measured: rename_*.
func (a *analysis) rename(s *pg.RenameStmt) {
	if s.GetRelation() == nil {
		a.renameType(s.GetRenameType(), s.GetObject())
		return
	}
	name := pgschema.NameOf(s.GetRelation())
	if s.GetMissingOk() && !a.schema.Has(name) {
		a.unknown(name.String() + " is not in the schema; nothing is locked if it is not there")
	}
	switch s.GetRenameType() {
	case pg.ObjectType_OBJECT_INDEX:
		a.lockNamed(name, a.renameIndexMode())
		return
	case pg.ObjectType_OBJECT_COLUMN, pg.ObjectType_OBJECT_ATTRIBUTE:
		a.below(name, accessExclusive)
	case pg.ObjectType_OBJECT_TABCONSTRAINT:
		a.renameConstraint(name, s.GetSubname())
	case pg.ObjectType_OBJECT_TRIGGER:
		if a.server.Major >= 15 {
			a.below(name, accessExclusive)
		}
	}
	a.lockNamed(name, accessExclusive)
}

// renameConstraint renames the index that keeps the constraint along with it;
// a CHECK goes to the tables below.
func (a *analysis) renameConstraint(table pgschema.Name, constraint string) {
	t := a.schema.Tables[table]
	if t == nil || t.Constraint(constraint) == nil {
		return
	}
	k := t.Constraint(constraint)
	if k.Index != (pgschema.Name{}) {
		a.lock(k.Index, a.renameIndexMode())
	}
	if k.Kind == pgschema.Check {
		a.below(table, accessExclusive)
	}
}

func (a *analysis) renameType(kind pg.ObjectType, object *pg.Node) {
	if kind != pg.ObjectType_OBJECT_TYPE {
		return
	}
	name := pgschema.NameOfParts(pgschema.Strings(object.GetList().GetItems()))
	if t := a.schema.Types[name]; t != nil && t.Kind == pgschema.Composite {
		a.lock(name, accessExclusive)
	}
}

// move is SET SCHEMA; the sequences that a table's columns own move with it.
//
// Source: https://www.postgresql.org/docs/current/sql-altertable.html, SET
// SCHEMA; AlterSeqNamespaces in src/backend/commands/tablecmds.c.
func (a *analysis) move(s *pg.AlterObjectSchemaStmt) {
	if s.GetRelation() == nil {
		a.renameType(s.GetObjectType(), s.GetObject())
		return
	}
	name := a.named(s.GetRelation(), accessExclusive)
	for _, q := range a.schema.SequencesOf(name) {
		a.lock(q.Name, accessExclusive)
	}
}

// owner gives away what is no table. A composite type is a relation.
func (a *analysis) owner(s *pg.AlterOwnerStmt) {
	a.renameType(s.GetObjectType(), s.GetObject())
}
