package pglint

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// refusals meets statements that the server refuses each time, whatever rows
// there are. Only a schema of which everything was understood is trusted.
func refusals(l look) []hit {
	if len(l.schema.Unsure) > 0 {
		return nil
	}
	switch n := l.Tree.GetNode().(type) {
	case *pg.Node_DropStmt:
		return l.refusedDrop(n.DropStmt)
	case *pg.Node_CreateStmt:
		return l.secondDefault(n.CreateStmt)
	case *pg.Node_AlterTableStmt:
		return l.refusedParts(n.AlterTableStmt)
	}
	return nil
}

func (l look) refusedDrop(d *pg.DropStmt) []hit {
	if d.GetRemoveType() == pg.ObjectType_OBJECT_INDEX {
		for _, o := range d.GetObjects() {
			n := pgschema.NameOfParts(pgschema.Strings(o.GetList().GetItems()))
			if i := l.schema.Indexes[n]; i != nil && i.Constraint != "" {
				return refused(n, "the constraint "+i.Constraint+" is kept by this index", lines("-- the constraint goes with its index, in a file of its own:",
					"ALTER TABLE "+sql(i.Table)+" DROP CONSTRAINT "+quotedPart(i.Constraint)))
			}
		}
	}
	if found := l.schema.Dependents(d); len(found) > 0 {
		return l.dependedOn(pgrule.Names{}, found)
	}
	return nil
}

// dependedOn is what cannot be dropped before others are.
func (l look) dependedOn(n pgrule.Names, found []string) []hit {
	n.Because = strings.Join(found, ", ") + " would be without it"
	n.Whole = lines("-- when nothing depends on it any more, in a file of its own:", l.own())
	return []hit{{"has-dependents", n}}
}

// refused is a statement that the server refuses because of something.
func refused(n pgschema.Name, because, instead string) []hit {
	return []hit{{"refused-by-server", pgrule.Names{Table: n.String(), Because: because, Whole: instead}}}
}

// secondDefault: a partitioned table has one default partition.
func (l look) secondDefault(c *pg.CreateStmt) []hit {
	if !c.GetPartbound().GetIsDefault() || len(c.GetInhRelations()) == 0 {
		return nil
	}
	return l.defaultBeside(pgschema.NameOf(c.GetInhRelations()[0].GetRangeVar()), pgschema.NameOf(c.GetRelation()))
}

func (l look) defaultBeside(parent, child pgschema.Name) []hit {
	rest := l.schema.DefaultPartition(parent)
	if rest == nil || rest.Name == child {
		return nil
	}
	return refused(parent, rest.Name.String()+" is its default partition already", "-- a partition with bounds: FOR VALUES ...; one can be the default\n")
}

func (l look) refusedParts(a *pg.AlterTableStmt) []hit {
	table := pgschema.NameOf(a.GetRelation())
	for _, n := range a.GetCmds() {
		c := n.GetAlterTableCmd()
		var hits []hit
		switch {
		case a.GetObjtype() == pg.ObjectType_OBJECT_TYPE && c.GetSubtype() == pg.AlterTableType_AT_AlterColumnType:
			hits = l.usedType(table, c)
		case a.GetObjtype() == pg.ObjectType_OBJECT_TABLE:
			hits = l.refusedPart(table, a.GetRelation().GetInh(), c)
		}
		if len(hits) > 0 {
			return hits
		}
	}
	return nil
}

// usedType: an attribute keeps its type while a table stores it.
// Source: find_composite_type_dependencies in src/backend/commands/tablecmds.c.
func (l look) usedType(typ pgschema.Name, c *pg.AlterTableCmd) []hit {
	for _, t := range l.schema.TablesUsing(typ) {
		for _, column := range t.Columns {
			if column.Type.Name == typ {
				return refused(typ, "the column "+t.Name.String()+"."+column.Name+" stores it",
					lines("-- another attribute, and move to it:", "ALTER TYPE "+sql(typ)+" ADD ATTRIBUTE "+quotedPart(c.GetName()+"_new")+" "+l.schema.TypeOf(c.GetDef().GetColumnDef().GetTypeName()).String()))
			}
		}
	}
	return nil
}

func (l look) refusedPart(table pgschema.Name, below bool, c *pg.AlterTableCmd) []hit {
	p := c.GetDef().GetPartitionCmd()
	switch c.GetSubtype() {
	case pg.AlterTableType_AT_DetachPartition:
		if rest := l.schema.DefaultPartition(table); p.GetConcurrent() && rest != nil {
			return refused(table, "CONCURRENTLY cannot be while there is the default partition "+rest.Name.String(),
				lines("-- in a quiet hour, in a file of its own:", "ALTER TABLE "+sql(table)+" DETACH PARTITION "+sql(pgschema.NameOf(p.GetName()))))
		}
	case pg.AlterTableType_AT_AttachPartition:
		if p.GetBound().GetIsDefault() {
			return l.defaultBeside(table, pgschema.NameOf(p.GetName()))
		}
	case pg.AlterTableType_AT_AddConstraint:
		k := c.GetDef().GetConstraint()
		if !below && k.GetContype() == pg.ConstrType_CONSTR_CHECK && !k.GetIsNoInherit() && len(l.schema.Children(table)) > 0 {
			return refused(table, "a CHECK is inherited, and ONLY leaves out the tables below", lines("-- with the tables below, in a file of its own:", strings.Replace(l.own(), "ONLY ", "", 1)))
		}
	case pg.AlterTableType_AT_DropColumn:
		found := l.schema.DependentsOfColumn(table, c.GetName())
		if c.GetBehavior() != pg.DropBehavior_DROP_CASCADE && len(found) > 0 {
			return l.dependedOn(pgrule.Names{Table: table.String(), Column: quotedPart(c.GetName())}, found)
		}
	}
	return nil
}
