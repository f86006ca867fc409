package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// drop are the statements that take objects or all rows away.
func (j judging) drop(tree *pg.Node) (ruling, bool) {
	switch n := tree.GetNode().(type) {
	case *pg.Node_DropStmt:
		return j.dropObjects(tree, n.DropStmt), true
	case *pg.Node_TruncateStmt:
		return j.truncate(n.TruncateStmt), true
	case *pg.Node_DropOwnedStmt:
		return contract("drop_owned", "drops all that roles own, which running code may use").losing(), true
	case *pg.Node_ReassignOwnedStmt:
		return ask("reassign_owned", "gives all that roles own to another one: code that runs as them loses what it may do there"), true
	case *pg.Node_DropdbStmt:
		return contract(act("drop", n.DropdbStmt.GetDbname()), "drops the database %s", n.DropdbStmt.GetDbname()).losing(), true
	case *pg.Node_DropTableSpaceStmt:
		return contract(act("drop", n.DropTableSpaceStmt.GetTablespacename()), "drops the tablespace %s", n.DropTableSpaceStmt.GetTablespacename()), true
	case *pg.Node_DropRoleStmt:
		role := "a role"
		if len(n.DropRoleStmt.GetRoles()) > 0 {
			role = n.DropRoleStmt.GetRoles()[0].GetRoleSpec().GetRolename()
		}
		return contract(act("drop", role), "drops the role %s, which running code may log in as", role), true
	case *pg.Node_DropUserMappingStmt:
		return contract("drop_user_mapping", "drops the user mapping for %s, which running code may use", n.DropUserMappingStmt.GetServername()), true
	}
	return ruling{}, false
}

// dropObjects is as bad as the worst of its objects.
func (j judging) dropObjects(tree *pg.Node, d *pg.DropStmt) ruling {
	var all []ruling
	for _, o := range d.GetObjects() {
		all = append(all, j.dropObject(d, objectParts(o)))
	}
	worst := worstOf(all)
	if d.GetBehavior() != pg.DropBehavior_DROP_CASCADE || worst.Class == "contract" {
		return worst
	}
	after := j.now.Clone()
	after.Remove(after.Dropped(d))
	if lost := j.lost(after); lost != "" {
		return contract(worst.act, "%s, and with it %s, which released code may use", worst.Reason, lost).losing()
	}
	return worst
}

func (j judging) dropObject(d *pg.DropStmt, parts []string) ruling {
	kind, name := d.GetRemoveType(), pgschema.NameOfParts(parts)
	what := kindName(kind) + " " + name.String()
	if len(parts) > 1 && partKind(kind) {
		what = kindName(kind) + " " + quotedPart(parts[len(parts)-1]) + " of " + pgschema.NameOfParts(parts[:len(parts)-1]).String()
	}
	act := act("drop", name.Local)
	holdsData := kind == pg.ObjectType_OBJECT_TABLE || kind == pg.ObjectType_OBJECT_SCHEMA && d.GetBehavior() == pg.DropBehavior_DROP_CASCADE
	switch {
	case kind == pg.ObjectType_OBJECT_STATISTIC_EXT:
		return neutral(act, "drops the statistics %s", name)
	case j.newObject(kind, parts):
		return free(act, "drops the %s, which released code does not know", what)
	case d.GetMissingOk() && j.gone(kind, parts) && holdsData:
		return ask(act, "drops the %s if it is there, and no migration has made it: its rows would go", what)
	case d.GetMissingOk() && j.gone(kind, parts) && namedByCode(kind):
		return ask(act, "drops the %s if it is there, and no migration has made it: running code may use what somebody else has made", what)
	case d.GetMissingOk() && j.gone(kind, parts):
		return neutral(act, "drops the %s if it is there, and no migration has made it", what)
	}
	r := contract(act, "drops the %s, which %s", what, whoMisses(kind))
	r.Loses = holdsData
	return r
}

// namedByCode reports whether queries name objects of a kind.
func namedByCode(kind pg.ObjectType) bool {
	return slices.Contains([]pg.ObjectType{
		pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE,
		pg.ObjectType_OBJECT_SEQUENCE, pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN,
	}, kind)
}

func partKind(kind pg.ObjectType) bool {
	return kind == pg.ObjectType_OBJECT_TRIGGER || kind == pg.ObjectType_OBJECT_POLICY || kind == pg.ObjectType_OBJECT_RULE
}

func whoMisses(kind pg.ObjectType) string {
	switch kind {
	case pg.ObjectType_OBJECT_INDEX:
		return "queries of running code may need"
	case pg.ObjectType_OBJECT_TRIGGER, pg.ObjectType_OBJECT_RULE:
		return "acts on what running code writes"
	case pg.ObjectType_OBJECT_POLICY:
		return "decides which rows running code sees"
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE:
		return "running code may call"
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_FOREIGN_TABLE:
		return "released code may read"
	case pg.ObjectType_OBJECT_PUBLICATION:
		return "subscribers may read"
	}
	return "released code may use"
}

func (j judging) truncate(t *pg.TruncateStmt) ruling {
	var all []ruling
	for _, name := range j.emptied(t) {
		act := act("truncate", name.Local)
		if j.newRelation(name) {
			all = append(all, data(act, "empties %s, which released code does not know", name))
			continue
		}
		all = append(all, contract(act, "empties %s, which released code may read", name).losing())
	}
	return worstOf(all)
}

// emptied are the tables that a TRUNCATE names and, with CASCADE, those that
// point at them.
func (j judging) emptied(t *pg.TruncateStmt) []pgschema.Name {
	var all []pgschema.Name
	for _, n := range t.GetRelations() {
		all = append(all, pgschema.NameOf(n.GetRangeVar()))
	}
	for i := 0; i < len(all) && t.GetBehavior() == pg.DropBehavior_DROP_CASCADE; i++ {
		for _, ref := range j.now.ReferencesTo(all[i]) {
			if !containsName(all, ref.From) {
				all = append(all, ref.From)
			}
		}
	}
	return all
}
