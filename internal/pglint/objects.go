package pglint

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

func indexes(l look) []hit {
	if i := l.Tree.GetIndexStmt(); i != nil {
		return l.createIndex(i)
	}
	if r := l.Tree.GetReindexStmt(); r != nil {
		return l.reindexed(r)
	}
	d := l.Tree.GetDropStmt()
	if d.GetRemoveType() != pg.ObjectType_OBJECT_INDEX || d.GetConcurrent() {
		return nil
	}
	return l.dropped(d, "drop-index")
}

// reindexed: of a table that nobody knows, of a schema and of a database it is
// believed that they have indexes.
func (l look) reindexed(r *pg.ReindexStmt) []hit {
	n := pgschema.NameOf(r.GetRelation())
	whole := r.GetRelation() == nil
	if switchedOn(r.GetParams(), "concurrently") || !whole && !l.old(n) {
		return nil
	}
	if len(l.effect.Rewrites) == 0 && l.schema.Has(n) {
		return nil
	}
	kind := strings.TrimPrefix(r.GetKind().String(), "REINDEX_OBJECT_")
	if whole {
		return []hit{{"reindex", pgrule.Names{Name: sqlscan.Identifier(r.GetName()), Type: kind}}}
	}
	return []hit{{"reindex", pgrule.Names{Name: n.String(), Type: kind}}}
}

func (l look) createIndex(i *pg.IndexStmt) []hit {
	table := pgschema.NameOf(i.GetRelation())
	if !l.old(table) {
		return nil
	}
	names := pgrule.Names{Table: table.String(), Name: sqlscan.Identifier(i.GetIdxname()), Column: spelled(indexColumns(i))}
	if i.GetIdxname() == "" {
		names.Name = named(table, indexColumns(i), "idx")
	}
	t := l.schema.Tables[table]
	switch {
	case i.GetConcurrent() && t != nil && t.Partitioned:
		names.Whole = l.onPartitions(i, names.Name)
		return []hit{{"create-index-partitioned", names}}
	case i.GetConcurrent() && i.GetIfNotExists():
		drop := "DROP INDEX CONCURRENTLY IF EXISTS " + beside(table, i.GetIdxname())
		names.Whole = lines("-- each in a file of its own:", drop, l.concurrently(names.Name))
		return []hit{{"index-if-not-exists", names}}
	case i.GetConcurrent() || !i.GetRelation().GetInh():
		return nil // ON ONLY builds nothing
	case t != nil && t.Partitioned:
		names.Whole = l.onPartitions(i, names.Name)
	default:
		names.Whole = lines("-- in a file of its own:", l.concurrently(names.Name))
	}
	return []hit{{"create-index", names}}
}

// holdsAny reports whether anybody is kept from writing.
func (l look) holdsAny() bool {
	for _, k := range l.effect.Locks {
		if blocking(k.Mode) {
			return true
		}
	}
	return false
}

// dropped meets a rule for each object that was there before the file.
func (l look) dropped(d *pg.DropStmt, code string) (hits []hit) {
	for _, o := range d.GetObjects() {
		n := pgschema.NameOfParts(pgschema.Strings(o.GetList().GetItems()))
		if !l.old(n) {
			continue
		}
		names := pgrule.Names{Name: n.String()}
		if i := l.schema.Indexes[n]; i != nil {
			names.Table = i.Table.String()
			if t := l.schema.Tables[i.Table]; t != nil && t.Partitioned {
				names.Whole = lines("-- it cannot be dropped CONCURRENTLY; in a quiet hour, in a file of its own:", l.own())
			}
		}
		if d.GetRemoveType() == pg.ObjectType_OBJECT_TABLE {
			names = l.quarantine(n)
		}
		hits = append(hits, hit{code, names})
	}
	return hits
}

func tables(l look) []hit {
	switch n := l.Tree.GetNode().(type) {
	case *pg.Node_DropStmt:
		return l.drop(n.DropStmt)
	case *pg.Node_TruncateStmt:
		return l.truncated(n.TruncateStmt)
	case *pg.Node_RenameStmt:
		return l.renamed(n.RenameStmt)
	case *pg.Node_AlterObjectSchemaStmt:
		return l.moved(n.AlterObjectSchemaStmt)
	case *pg.Node_CreateStmt:
		return l.createdWithReferences(n.CreateStmt)
	case *pg.Node_ViewStmt:
		if view := pgschema.NameOf(n.ViewStmt.GetView()); n.ViewStmt.GetReplace() && l.old(view) && l.schema.Has(view) {
			return l.replacedView(n.ViewStmt, view)
		}
	}
	return nil
}

// about is a rule about one relation that was there.
func (l look) about(code string, n pgschema.Name) []hit {
	if !l.old(n) {
		return nil
	}
	return []hit{{code, pgrule.Names{Table: n.String()}}}
}

func (l look) drop(d *pg.DropStmt) []hit {
	var hits []hit
	if d.GetBehavior() == pg.DropBehavior_DROP_CASCADE {
		hits = append(hits, hit{"drop-cascade", pgrule.Names{Whole: l.withoutCascade()}})
		hits = append(hits, l.lostColumns(d)...)
	}
	switch d.GetRemoveType() {
	case pg.ObjectType_OBJECT_TABLE:
		return append(hits, l.droppedTables(d)...)
	case pg.ObjectType_OBJECT_TRIGGER, pg.ObjectType_OBJECT_RULE:
		return append(hits, hit{code: "drop-trigger"})
	case pg.ObjectType_OBJECT_POLICY:
		return append(hits, hit{"row-level-security", pgrule.Names{Whole: lines("-- when no running code relies on it, in a file of its own:", l.own())}})
	case pg.ObjectType_OBJECT_INDEX, pg.ObjectType_OBJECT_FOREIGN_TABLE:
		return hits
	case pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_SEQUENCE:
		return append(hits, l.droppedRelations(d)...)
	}
	if len(hits) > 0 {
		return hits // says it already
	}
	return []hit{{code: "drop-object"}}
}

// droppedRelations: what the file made itself nobody misses.
func (l look) droppedRelations(d *pg.DropStmt) []hit {
	for _, o := range d.GetObjects() {
		if n := pgschema.NameOfParts(pgschema.Strings(o.GetList().GetItems())); l.old(n) {
			return []hit{{"drop-object", pgrule.Names{Name: n.String()}}}
		}
	}
	return nil
}

func (l look) droppedTables(d *pg.DropStmt) []hit {
	hits := l.dropped(d, "drop-table")
	for i, o := range d.GetObjects() {
		n := pgschema.NameOfParts(pgschema.Strings(o.GetList().GetItems()))
		if t := l.schema.Tables[n]; t != nil && t.PartitionOf.Local != "" && len(hits) == len(d.GetObjects()) {
			hits[i] = hit{"drop-partition", pgrule.Names{Table: t.PartitionOf.String(), Name: sql(n)}}
		}
	}
	return hits
}

func (l look) truncated(t *pg.TruncateStmt) (hits []hit) {
	for _, n := range t.GetRelations() {
		if table := pgschema.NameOf(n.GetRangeVar()); l.old(table) {
			hits = append(hits, hit{"truncate", l.quarantine(table)})
		}
	}
	return hits
}

// createdWithReferences: a new table's foreign keys lock the tables they point
// at.
func (l look) createdWithReferences(c *pg.CreateStmt) []hit {
	for _, k := range l.effect.Locks {
		if blocking(k.Mode) && c.GetPartbound() == nil && len(c.GetInhRelations()) == 0 {
			return []hit{{"create-table-with-fk", l.referencesLater(c)}}
		}
	}
	if c.GetPartbound() != nil && l.holdsAny() {
		return []hit{{"create-partition-of", l.attachedLater(c)}}
	}
	return nil
}

func partitions(l look) []hit {
	return l.alters(func(table pgschema.Name, c *pg.AlterTableCmd) []hit {
		p := c.GetDef().GetPartitionCmd()
		names := pgrule.Names{Table: table.String(), Name: sql(pgschema.NameOf(p.GetName()))}
		switch c.GetSubtype() {
		case pg.AlterTableType_AT_AttachPartition:
			if l.holdsWork() || l.schema.Tables[table] == nil {
				names.Whole = l.attachedChecked(table, p)
				return []hit{{"attach-partition", names}}
			}
		case pg.AlterTableType_AT_DetachPartition:
			if !p.GetConcurrent() {
				if l.schema.DefaultPartition(table) != nil {
					names.Whole = lines("-- CONCURRENTLY is refused while there is a default partition; in a quiet hour, in a file of its own:", l.own())
				}
				return []hit{{"detach-partition", names}}
			}
		case pg.AlterTableType_AT_AddInherit, pg.AlterTableType_AT_DropInherit:
			return []hit{{"inherit", pgrule.Names{Table: table.String()}}}
		default:
			if t := l.schema.Tables[table]; t != nil && t.Partitioned && l.holdsAny() {
				return []hit{{"partitioned-alter", pgrule.Names{Table: table.String()}}}
			}
		}
		return nil
	})
}
