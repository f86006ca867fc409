package pglint

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// insteadOfColumn are the names in the alternative to a column that is added.
func (l look) insteadOfColumn(code string, table pgschema.Name, d *pg.ColumnDef) pgrule.Names {
	column := d.GetColname()
	n := pgrule.Names{
		Table: table.String(), Column: sqlscan.Identifier(column), Type: l.schema.TypeOf(d.GetTypeName()).String(),
		Name: named(table, []string{column}, "check"),
	}
	switch code {
	case "add-column-volatile-default":
		n.Default = expression(constraintOf(d, pg.ConstrType_CONSTR_DEFAULT).GetRawExpr())
	case "add-column-serial":
		n.Name = beside(table, table.Local+"_"+column+"_seq")
	case "add-column-generated-stored":
		n.Name = named(table, []string{column}, "fill")
		n.Default = expression(renamedColumns(constraintOf(d, pg.ConstrType_CONSTR_GENERATED).GetRawExpr(), ofNewRow))
	case "add-column-domain-check":
		l.insteadOfDomain(&n, column, l.schema.TypeOf(d.GetTypeName()))
	case "add-column-inline-check":
		n.Definition = demand(constraintOf(d, pg.ConstrType_CONSTR_CHECK), column)
		n.Type += l.steadyDefault(table, d)
	case "add-column-inline-unique":
		n.Name, n.Definition = named(table, []string{column}, "key"), "UNIQUE"
		if constraintOf(d, pg.ConstrType_CONSTR_PRIMARY) != nil {
			n.Name, n.Definition = named(table, nil, "pkey"), "PRIMARY KEY"
		}
		n.Type += l.steadyDefault(table, d)
	case "add-column-inline-fk", "add-column-inline-fk-default":
		n.Name = named(table, []string{column}, "fkey")
		n.Definition = demand(constraintOf(d, pg.ConstrType_CONSTR_FOREIGN), column)
		n.Default = expression(constraintOf(d, pg.ConstrType_CONSTR_DEFAULT).GetRawExpr())
	}
	return n
}

// constraintOf is a column's own constraint of a kind, or nil.
func constraintOf(d *pg.ColumnDef, kind pg.ConstrType) *pg.Constraint {
	for _, n := range d.GetConstraints() {
		if n.GetConstraint().GetContype() == kind {
			return n.GetConstraint()
		}
	}
	return nil
}

// ofNewRow makes a column one of a trigger's new row.
func ofNewRow(c *pg.ColumnRef) {
	if fields := c.GetFields(); len(fields) > 0 {
		c.Fields = []*pg.Node{pg.MakeStrNode("new"), fields[len(fields)-1]}
	}
}

// steadyDefault is the column's default where rows do not get each their own.
func (l look) steadyDefault(table pgschema.Name, d *pg.ColumnDef) string {
	e := constraintOf(d, pg.ConstrType_CONSTR_DEFAULT).GetRawExpr()
	if e == nil || l.rewrites(table) {
		return ""
	}
	if text := expression(e); text != "" {
		return " DEFAULT " + text
	}
	return ""
}

// insteadOfDomain: the type below the domain, with the domain's demands on the
// column itself.
func (l look) insteadOfDomain(n *pgrule.Names, column string, typ pgschema.DataType) {
	n.Type = l.schema.Underlying(typ).String()
	if demands := l.domainDemands(typ, column); demands != "" {
		n.Definition = "CHECK (" + demands + ")"
	}
}

// domainDemands is what a domain, and those below it, demand of a column.
func (l look) domainDemands(typ pgschema.DataType, column string) string {
	var all []string
	for range 32 { // a ring cannot be made
		t := l.schema.Types[typ.Name]
		if t == nil || t.Kind != pgschema.Domain {
			break
		}
		if t.NotNull {
			all = append(all, quotedPart(column)+" IS NOT NULL")
		}
		for _, k := range t.Checks {
			all = append(all, expression(renamedColumns(k.Expression, valueBecomes(column))))
		}
		typ = t.Base
	}
	return strings.Join(all, " AND ")
}

// valueBecomes puts a column in the place of VALUE.
func valueBecomes(column string) func(*pg.ColumnRef) {
	return func(c *pg.ColumnRef) { c.Fields = []*pg.Node{pg.MakeStrNode(column)} }
}
