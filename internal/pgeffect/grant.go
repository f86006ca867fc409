package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// grant takes no lock on a relation up to 17, and the weakest since 18; ON ALL
// TABLES takes none. Measured: grant_column, revoke.
func (a *analysis) grant(s *pg.GrantStmt) {
	if a.server.Major < 18 || s.GetTargtype() != pg.GrantTargetType_ACL_TARGET_OBJECT {
		return
	}
	for _, o := range s.GetObjects() {
		if o.GetRangeVar() != nil {
			a.named(o.GetRangeVar(), accessShare)
		}
	}
}

// comment is COMMENT and SECURITY LABEL; on a part of a relation it locks the
// relation, for all parts but a column in the weakest mode
// (get_object_address_relobject in src/backend/catalog/objectaddress.c).
//
// Source: "SHARE UPDATE EXCLUSIVE" in
// https://www.postgresql.org/docs/current/explicit-locking.html. Measured:
// comment_table, comment_column.
func (a *analysis) comment(kind pg.ObjectType, object *pg.Node) {
	parts := pgschema.Strings(object.GetList().GetItems())
	m := shareUpdateExclusive
	switch kind {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_INDEX,
		pg.ObjectType_OBJECT_SEQUENCE, pg.ObjectType_OBJECT_FOREIGN_TABLE:
	case pg.ObjectType_OBJECT_COLUMN:
		parts = parts[:max(0, len(parts)-1)]
	case pg.ObjectType_OBJECT_TABCONSTRAINT, pg.ObjectType_OBJECT_TRIGGER,
		pg.ObjectType_OBJECT_RULE, pg.ObjectType_OBJECT_POLICY:
		parts, m = parts[:max(0, len(parts)-1)], accessShare
	default:
		return
	}
	a.lockNamed(pgschema.NameOfParts(parts), m)
}
