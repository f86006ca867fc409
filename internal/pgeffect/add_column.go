package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// addColumn writes the table anew when rows get a value that is not the same
// for all: a volatile default, an identity, a stored expression, or a domain
// that has to be checked. What is declared behind the column is built or
// checked at once.
//
// Source: "Adding a column with a volatile DEFAULT ..., a stored generated
// column, an identity column, or a column with a domain data type that has
// constraints will cause the entire table and its indexes to be rewritten" in
// the notes of https://www.postgresql.org/docs/current/sql-altertable.html;
// constant defaults since 11. Measured: add_col_*.
func (a *alteration) addColumn(c *pg.AlterTableCmd) {
	d := c.GetDef().GetColumnDef()
	if a.definition.Column(d.GetColname()) != nil {
		return // with IF NOT EXISTS nothing but the lock; an error without
	}
	typ := a.schema.TypeOf(d.GetTypeName())
	if a.schema.Constrained(typ) || typ.Serial() {
		a.rewriteAll()
	}
	k := columnConstraints(d)
	if k.fallback != nil {
		a.columnDefault(k.fallback)
	}
	if k.identity || k.stored {
		a.rewriteAll()
	}
	if k.check || k.notNull && k.fallback == nil && !k.identity && !k.stored && !typ.Serial() {
		a.scanAll()
	}
	for _, key := range k.keys {
		a.keyBelow(key)
		a.scanAll()
	}
	for _, fk := range k.references {
		a.foreignKey(fk, k.fallback != nil || k.identity || k.stored)
	}
}

func (a *alteration) columnDefault(e *pg.Node) {
	for _, q := range pgschema.SequencesIn(e) {
		a.lock(q, rowExclusive)
	}
	if a.volatile(e) {
		a.rewriteAll()
	}
}

// declared is what stands behind a column's type.
type declared struct {
	fallback                         *pg.Node // DEFAULT
	identity, stored, check, notNull bool
	keys, references                 []*pg.Constraint
}

func columnConstraints(d *pg.ColumnDef) declared {
	k := declared{fallback: d.GetRawDefault(), notNull: d.GetIsNotNull()}
	for _, n := range d.GetConstraints() {
		c := n.GetConstraint()
		switch c.GetContype() {
		case pg.ConstrType_CONSTR_DEFAULT:
			k.fallback = c.GetRawExpr()
		case pg.ConstrType_CONSTR_IDENTITY:
			k.identity = true
		case pg.ConstrType_CONSTR_GENERATED:
			k.stored = true // the grammar knows no other kind
		case pg.ConstrType_CONSTR_CHECK:
			k.check = true
		case pg.ConstrType_CONSTR_NOTNULL:
			k.notNull = true
		case pg.ConstrType_CONSTR_PRIMARY, pg.ConstrType_CONSTR_UNIQUE:
			k.keys = append(k.keys, c)
		case pg.ConstrType_CONSTR_FOREIGN:
			k.references = append(k.references, c)
		}
	}
	return k
}
