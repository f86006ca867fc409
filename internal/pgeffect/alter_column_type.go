package pgeffect

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// alterColumnType writes the table anew unless the old values are good as they
// are. Indexes on the column are made again; where neither the values nor
// their order change, the old files are kept. A CHECK on the column is checked
// again.
//
// Source: "Changing the type of an existing column will normally cause the
// entire table and its indexes to be rewritten ... the USING clause does not
// change the column contents and the old type is either binary coercible to
// the new type or an unconstrained domain over the new type" in
// https://www.postgresql.org/docs/current/sql-altertable.html; ATPostAlterTypeCleanup
// and CheckIndexCompatible in PostgreSQL's sources. Measured: type_*.
func (a *alteration) alterColumnType(c *pg.AlterTableCmd) {
	for _, n := range a.tables {
		t := a.schema.Tables[n]
		if t == nil {
			continue
		}
		column := t.Column(c.GetName())
		if column == nil {
			a.unknown("column " + c.GetName() + " of " + n.String() + " is not in the schema")
			continue
		}
		a.retype(t, column, c.GetDef().GetColumnDef())
	}
}

func (a *alteration) retype(t *pgschema.Table, column *pgschema.Column, d *pg.ColumnDef) {
	to := a.schema.TypeOf(d.GetTypeName())
	keepsRows := a.trivialUsing(column, to, d.GetRawDefault()) && a.keepsValues(column.Type, to)
	collation := pgschema.NameOfParts(pgschema.Strings(d.GetCollClause().GetCollname())).Local
	sameOrder := a.sortsAs(column.Type) == a.sortsAs(to) && collation == column.Collation

	var remade []pgschema.Name
	for _, i := range a.schema.IndexesOf(t.Name) {
		if !slices.Contains(i.Columns, column.Name) {
			continue
		}
		remade = append(remade, i.Name)
		a.lock(i.Name, accessExclusive)
		if !keepsRows || !sameOrder || !i.Plain() {
			a.scan(t.Name)
		}
	}
	a.recheck(t, column, keepsRows && sameOrder)
	if !keepsRows {
		a.rewrite(t.Name, remade...)
	}
}

// recheck notes what the constraints on a column cost: a CHECK is read again,
// a foreign key is dropped and made again, which locks its other side.
func (a *alteration) recheck(t *pgschema.Table, column *pgschema.Column, same bool) {
	for _, k := range t.Constraints {
		if !slices.Contains(k.Columns, column.Name) {
			continue
		}
		if k.Kind == pgschema.Check && k.Validated {
			a.scan(t.Name)
		}
		if k.Kind == pgschema.ForeignKey {
			a.lock(k.References, accessExclusive)
			if !same && k.Validated {
				a.scan(t.Name)
				a.scan(k.References)
			}
		}
	}
	for _, ref := range a.schema.ReferencesTo(t.Name) {
		if !a.referenced(t, ref.Constraint, column.Name) {
			continue
		}
		a.lock(ref.From, accessExclusive)
		if !same && ref.Constraint.Validated {
			a.scan(t.Name)
			a.scan(ref.From)
		}
	}
}

// referenced reports whether a foreign key points at a column; without columns
// it points at the primary key.
func (a *alteration) referenced(t *pgschema.Table, k *pgschema.Constraint, column string) bool {
	if len(k.ReferencedColumns) > 0 {
		return slices.Contains(k.ReferencedColumns, column)
	}
	return slices.ContainsFunc(t.Constraints, func(c *pgschema.Constraint) bool {
		return c.Kind == pgschema.Primary && slices.Contains(c.Columns, column)
	})
}

// trivialUsing reports whether USING says nothing but the column itself,
// perhaps with a cast to its own or to the new type.
func (a *alteration) trivialUsing(column *pgschema.Column, to pgschema.DataType, using *pg.Node) bool {
	if using == nil {
		return true
	}
	for using.GetTypeCast() != nil {
		cast := a.schema.TypeOf(using.GetTypeCast().GetTypeName())
		if !cast.Equal(to) && !a.keepsValues(column.Type, cast) {
			return false
		}
		using = using.GetTypeCast().GetArg()
	}
	return pgschema.ColumnOf(using) == column.Name
}
