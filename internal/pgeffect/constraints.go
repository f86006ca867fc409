package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// addConstraint reads the whole table for a CHECK or a foreign key that is not
// NOT VALID, and builds an index for a key.
//
// Source: ADD table_constraint in
// https://www.postgresql.org/docs/current/sql-altertable.html. Measured:
// add_check, add_fk, add_unique, add_pk_*.
func (a *alteration) addConstraint(k *pg.Constraint) {
	switch k.GetContype() {
	case pg.ConstrType_CONSTR_CHECK:
		if !k.GetSkipValidation() {
			a.scanAll()
		}
	case pg.ConstrType_CONSTR_FOREIGN:
		a.foreignKey(k, !k.GetSkipValidation())
	case pg.ConstrType_CONSTR_PRIMARY, pg.ConstrType_CONSTR_UNIQUE, pg.ConstrType_CONSTR_EXCLUSION:
		if k.GetIndexname() != "" {
			a.keyUsingIndex(k)
			return
		}
		a.keyBelow(k)
		a.scan(a.name)
	}
}

// foreignKey locks the table that is referenced, and its partitions, as hard
// as its own, and reads both when rows have to be checked. Measured: add_fk,
// add_fk_nv, add_fk_part, add_col_inline_fk_default.
func (a *alteration) foreignKey(k *pg.Constraint, checks bool) {
	target := a.named(k.GetPktable(), shareRowExclusive)
	a.below(target, shareRowExclusive)
	if !checks {
		return
	}
	a.scan(a.name)
	a.scan(target)
}

// keyBelow locks the partitions that get an index of their own. Measured:
// add_unique_part; a primary key sets its columns NOT NULL first, which takes
// the hard lock on every version.
func (a *alteration) keyBelow(k *pg.Constraint) {
	if !a.definition.Partitioned {
		return
	}
	m := share
	if a.server.Major >= 18 || k.GetContype() == pg.ConstrType_CONSTR_PRIMARY {
		m = accessExclusive
	}
	for _, n := range a.tables[1:] {
		a.lock(n, m)
	}
}

// keyUsingIndex takes an index as it is. A primary key whose column may be
// NULL is checked row by row, and an index that gets the constraint's name is
// renamed. Measured: add_unique_using_index, add_pk_using_index_*.
func (a *alteration) keyUsingIndex(k *pg.Constraint) {
	index := pgschema.Name{Schema: a.name.Schema, Local: k.GetIndexname()}
	i := a.schema.Indexes[index]
	if i == nil {
		a.unknown("index " + index.String() + " is not in the schema")
		return
	}
	if k.GetConname() != "" && k.GetConname() != index.Local {
		a.lock(index, a.renameIndexMode())
	}
	if k.GetContype() != pg.ConstrType_CONSTR_PRIMARY {
		return
	}
	for _, p := range i.Parts {
		if p.Column != "" {
			a.setNotNull(p.Column)
		}
	}
}

// setNotNull reads the table unless it is known that no NULL is there.
//
// Source: "if a valid CHECK constraint is found which proves no NULL can
// exist, then the table scan is skipped" in
// https://www.postgresql.org/docs/current/sql-altertable.html, since 12.
// Measured: set_not_null_*.
func (a *alteration) setNotNull(column string) {
	for _, n := range a.tables {
		t := a.schema.Tables[n]
		if t == nil {
			continue
		}
		c := t.Column(column)
		if c == nil {
			a.unknown("column " + column + " of " + n.String() + " is not in the schema")
		}
		if c != nil && c.NotNull || a.server.Major >= 12 && t.IsNotNull(column) {
			continue
		}
		a.scan(n)
	}
}

// validate reads the table; for a foreign key the other table, too, which is
// locked ROW SHARE. A constraint that is valid is left alone.
//
// Source: VALIDATE CONSTRAINT in
// https://www.postgresql.org/docs/current/sql-altertable.html.
func (a *alteration) validate(name string) {
	known := false
	for _, n := range a.tables {
		t := a.schema.Tables[n]
		if t == nil || t.Constraint(name) == nil {
			continue
		}
		known = true
		k := t.Constraint(name)
		if k.Validated {
			continue
		}
		a.scan(n)
		if k.Kind == pgschema.ForeignKey {
			a.below(k.References, rowShare)
			a.scan(k.References)
		}
	}
	if !known {
		a.scanAll()
		a.unknown("constraint " + name + " of " + a.name.String() + " is not in the schema")
	}
}

// identity locks the sequence of an identity column: DROP IDENTITY drops it,
// SET changes it. Measured: drop_identity.
func (a *alteration) identity(c *pg.AlterTableCmd) {
	for _, q := range a.schema.SequencesOf(a.name) {
		if q.Column != c.GetName() || !q.Internal {
			continue
		}
		if c.GetSubtype() == pg.AlterTableType_AT_DropIdentity {
			a.lock(q.Name, accessExclusive)
			continue
		}
		a.sequenceOptions(q.Name, c.GetDef().GetList().GetItems())
	}
}
