package pglint

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/plans"
)

// assume adds the locks of a DROP of relations that the schema does not hold:
// whatever they are, they are locked to go.
//
// Source: ACCESS EXCLUSIVE in
// https://www.postgresql.org/docs/current/explicit-locking.html
func (l *look) assume() {
	d := l.Tree.GetDropStmt()
	switch d.GetRemoveType() {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_FOREIGN_TABLE, pg.ObjectType_OBJECT_INDEX,
		pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_SEQUENCE:
	default:
		return
	}
	for _, o := range d.GetObjects() {
		n := pgschema.NameOfParts(pgschema.Strings(o.GetList().GetItems()))
		if l.schema.Has(n) || n.Local == "" {
			continue
		}
		k := plans.Lock{Mode: "AccessExclusiveLock", Relation: n.String()}
		if d.GetConcurrent() {
			k.Mode = "ShareUpdateExclusiveLock"
		}
		if !slices.ContainsFunc(l.effect.Locks, func(have plans.Lock) bool { return have.Relation == k.Relation }) {
			l.effect.Locks = append(l.effect.Locks, k)
		}
	}
}

// effect is what a statement does. Of a table that the schema does not hold
// the worst is believed: that it is there, and that nothing is known of its
// columns but what the file has said before.
func (f *fileview) effect(st pgsyntax.Statement) pgeffect.Effect {
	server := f.linter.server
	server.UTC = server.UTC && f.zone == "" || f.zone == "utc"
	known := pgeffect.Of(st, f.linter.schema, server)
	a := st.Tree.GetAlterTableStmt()
	n := pgschema.NameOf(a.GetRelation())
	if a == nil || a.GetObjtype() != pg.ObjectType_OBJECT_TABLE || f.linter.schema.Has(n) || f.linter.schema.Indexes[n] != nil {
		return known
	}
	if f.shadow == nil {
		f.shadow = f.linter.schema.Clone()
	}
	if !f.shadow.Has(n) {
		for _, made := range standIn(n) {
			f.shadow.Apply(made)
		}
	}
	worst := pgeffect.Of(st, f.shadow, server)
	worst.Unknown = append(known.Unknown, worst.Unknown...)
	return worst
}

// standIn makes a table without columns.
func standIn(n pgschema.Name) []pgsyntax.Statement {
	quoted := func(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
	list, err := pgsyntax.Read([]byte("CREATE TABLE " + quoted(n.Schema) + "." + quoted(n.Local) + " ()"))
	if err != nil {
		return nil
	}
	return list
}

// source labels the statement's figures: where the rules do not cover it all,
// what is missing is assumed not to be.
func (l look) source() string {
	if len(l.effect.Unknown) > 0 {
		return "assumed"
	}
	return "rule"
}
