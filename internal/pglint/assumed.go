package pglint

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
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

// source labels the statement's figures: where the rules do not cover it all,
// what is missing is assumed not to be.
func (l look) source() string {
	if len(l.effect.Unknown) > 0 {
		return "assumed"
	}
	return "rule"
}
