package pglint

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// attachedLater is a partition that is made as a table and attached.
func (l look) attachedLater(c *pg.CreateStmt) pgrule.Names {
	child := pgschema.NameOf(c.GetRelation())
	parent := pgschema.NameOf(c.GetInhRelations()[0].GetRangeVar())
	n := pgrule.Names{Table: parent.String(), Name: sql(child)}
	bound := boundText(c.GetPartbound())
	if bound == "" {
		return n
	}
	all := []string{"-- in a file of its own:", "CREATE TABLE " + sql(child) + " (LIKE " + sql(parent) + " INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"}
	all = append(all, l.freeDefault(parent, c.GetPartbound())...)
	n.Whole = lines(append(all, "-- in a file of its own:", "ALTER TABLE "+sql(parent)+" ATTACH PARTITION "+sql(child)+" "+bound)...)
	return n
}

// attachedChecked attaches a table whose rows were checked before, while others
// read and write them.
func (l look) attachedChecked(parent pgschema.Name, p *pg.PartitionCmd) string {
	child, fits := sql(pgschema.NameOf(p.GetName())), l.fits(parent, p.GetBound())
	free := l.freeDefault(parent, p.GetBound())
	attach := []string{"-- in a file of its own:", l.own()}
	if fits == "" {
		return lines(append(free, attach...)...)
	}
	name := quotedPart(p.GetName().GetRelname() + "_fits")
	all := append([]string{
		"-- each in a file of its own:",
		"ALTER TABLE " + child + " ADD CONSTRAINT " + name + " CHECK (" + fits + ") NOT VALID",
		"ALTER TABLE " + child + " VALIDATE CONSTRAINT " + name,
	}, free...)
	return lines(append(append(all, attach...), "ALTER TABLE "+child+" DROP CONSTRAINT "+name)...)
}

// freeDefault shows that the default partition has no row of the new one,
// which would be looked for under ACCESS EXCLUSIVE.
func (l look) freeDefault(parent pgschema.Name, bound *pg.PartitionBoundSpec) []string {
	rest, fits := l.schema.DefaultPartition(parent), l.fits(parent, bound)
	if rest == nil || fits == "" {
		return nil
	}
	alter, name := "ALTER TABLE "+sql(rest.Name), quotedPart(rest.Name.Local+"_has_none")
	return []string{
		"-- each in a file of its own:",
		alter + " ADD CONSTRAINT " + name + " CHECK (NOT (" + fits + ")) NOT VALID",
		alter + " VALIDATE CONSTRAINT " + name,
	}
}

// fits is the condition that rows of a partition meet; empty for bounds that
// no CHECK says, and for keys that are not one column.
// Source: partition constraints in
// https://www.postgresql.org/docs/current/ddl-partitioning.html
func (l look) fits(parent pgschema.Name, bound *pg.PartitionBoundSpec) string {
	t := l.schema.Tables[parent]
	if t == nil || len(t.PartitionKey) != 1 || bound.GetIsDefault() {
		return ""
	}
	column := quotedPart(t.PartitionKey[0])
	parts := []string{column + " IS NOT NULL"}
	if len(bound.GetListdatums()) > 0 {
		var values []string
		for _, v := range bound.GetListdatums() {
			if v.GetAConst().GetIsnull() {
				return ""
			}
			values = append(values, expression(v))
		}
		return parts[0] + " AND " + column + " IN (" + strings.Join(values, ", ") + ")"
	}
	for _, side := range []struct {
		operator string
		values   []*pg.Node
	}{{" >= ", bound.GetLowerdatums()}, {" < ", bound.GetUpperdatums()}} {
		if len(side.values) != 1 {
			return ""
		}
		if side.values[0].GetColumnRef() == nil { // else MINVALUE or MAXVALUE
			parts = append(parts, column+side.operator+expression(side.values[0]))
		}
	}
	return strings.Join(parts, " AND ")
}

// boundText writes a partition's bound.
func boundText(bound *pg.PartitionBoundSpec) string {
	const before = "ALTER TABLE x ATTACH PARTITION y "
	relation := func(name string) *pg.RangeVar { return &pg.RangeVar{Relname: name, Inh: true, Relpersistence: "p"} }
	text := statement(&pg.Node{Node: &pg.Node_AlterTableStmt{AlterTableStmt: &pg.AlterTableStmt{
		Relation: relation("x"), Objtype: pg.ObjectType_OBJECT_TABLE,
		Cmds: []*pg.Node{{Node: &pg.Node_AlterTableCmd{AlterTableCmd: &pg.AlterTableCmd{
			Subtype: pg.AlterTableType_AT_AttachPartition, Behavior: pg.DropBehavior_DROP_RESTRICT,
			Def: &pg.Node{Node: &pg.Node_PartitionCmd{PartitionCmd: &pg.PartitionCmd{Name: relation("y"), Bound: bound}}},
		}}}},
	}}})
	after, found := strings.CutPrefix(text, before)
	if !found {
		return ""
	}
	return after
}
