package pglint

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/plans"
)

// locks are what the statement takes, made for being asked for beforehand: a
// name that the statement qualifies is qualified, whatever path is searched
// then, and what stays on a table alone says so.
func (l look) locks() []plans.Lock {
	qualified, only := inPublic(l.Tree), alone(l.Tree)
	locks := slices.Clone(l.effect.Locks)
	for i, k := range locks {
		locks[i].Only = k.Only || slices.Contains(only, k.Relation)
		locks[i].Relation = spell(k.Relation, qualified)
	}
	return locks
}

func (l look) spelled(relations []string) []string {
	qualified := inPublic(l.Tree)
	all := slices.Clone(relations)
	for i, r := range all {
		all[i] = spell(r, qualified)
	}
	return all
}

func spell(relation string, qualified []string) string {
	if slices.Contains(qualified, relation) {
		return pgschema.Public + "." + relation
	}
	return relation
}

// inPublic are relations that the statement names with the schema public.
func inPublic(tree *pg.Node) []string {
	if tree == nil {
		return nil
	}
	var found []string
	pgsyntax.Walk(tree, func(m proto.Message) {
		if r, is := m.(*pg.RangeVar); is && r.GetSchemaname() == pgschema.Public {
			found = append(found, pgschema.NameOf(r).String())
		}
	})
	for _, o := range tree.GetDropStmt().GetObjects() {
		if parts := pgschema.Strings(o.GetList().GetItems()); len(parts) == 2 && parts[0] == pgschema.Public {
			found = append(found, pgschema.NameOfParts(parts).String())
		}
	}
	return found
}

// alone are the relations whose partitions and children stay free.
// Source: PostgreSQL's manual, ALTER TABLE (ONLY, RENAME, ATTACH and DETACH
// PARTITION, INHERIT) and CREATE TABLE, PARTITION OF.
func alone(tree *pg.Node) []string {
	switch n := tree.GetNode().(type) {
	case *pg.Node_AlterTableStmt:
		return aloneInAlter(n.AlterTableStmt)
	case *pg.Node_RenameStmt:
		if n.RenameStmt.GetRenameType() == pg.ObjectType_OBJECT_TABLE || !n.RenameStmt.GetRelation().GetInh() {
			return names(n.RenameStmt.GetRelation())
		}
	case *pg.Node_CreateStmt:
		var above []string
		for _, r := range n.CreateStmt.GetInhRelations() {
			above = append(above, names(r.GetRangeVar())...)
		}
		return above
	case *pg.Node_IndexStmt:
		if !n.IndexStmt.GetRelation().GetInh() {
			return names(n.IndexStmt.GetRelation())
		}
	}
	return nil
}

func aloneInAlter(a *pg.AlterTableStmt) []string {
	var found []string
	if !a.GetRelation().GetInh() {
		found = names(a.GetRelation())
	}
	for _, cmd := range a.GetCmds() {
		switch c := cmd.GetAlterTableCmd(); c.GetSubtype() {
		case pg.AlterTableType_AT_AttachPartition, pg.AlterTableType_AT_DetachPartition, pg.AlterTableType_AT_DetachPartitionFinalize:
			found = append(found, names(a.GetRelation())...)
		case pg.AlterTableType_AT_AddInherit, pg.AlterTableType_AT_DropInherit:
			found = append(found, names(c.GetDef().GetRangeVar())...)
		}
	}
	return found
}

func names(r *pg.RangeVar) []string { return []string{pgschema.NameOf(r).String()} }
