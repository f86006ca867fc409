package pglint

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// alters calls see for each part of an ALTER TABLE of a table that was there.
func (l look) alters(see func(table pgschema.Name, c *pg.AlterTableCmd) []hit) (hits []hit) {
	a := l.Tree.GetAlterTableStmt()
	table := pgschema.NameOf(a.GetRelation())
	if a == nil || a.GetObjtype() != pg.ObjectType_OBJECT_TABLE || !l.old(table) {
		return nil
	}
	for _, n := range a.GetCmds() {
		hits = append(hits, see(table, n.GetAlterTableCmd())...)
	}
	return hits
}

func addColumn(l look) []hit {
	return l.alters(func(table pgschema.Name, c *pg.AlterTableCmd) []hit {
		if c.GetSubtype() != pg.AlterTableType_AT_AddColumn {
			return nil
		}
		d := c.GetDef().GetColumnDef()
		if t := l.schema.Tables[table]; t != nil && t.Column(d.GetColname()) != nil {
			return nil // IF NOT EXISTS, and it does
		}
		var hits []hit
		for _, code := range l.addedColumn(table, d) {
			hits = append(hits, hit{code, l.insteadOfColumn(code, table, d)})
		}
		return hits
	})
}

// added is what stands behind a new column's type.
type added struct {
	notNull, fallback, identity, stored, check, unique, reference bool
}

func addedTo(d *pg.ColumnDef) added {
	a := added{notNull: d.GetIsNotNull(), fallback: d.GetRawDefault() != nil}
	for _, n := range d.GetConstraints() {
		switch n.GetConstraint().GetContype() {
		case pg.ConstrType_CONSTR_NOTNULL:
			a.notNull = true
		case pg.ConstrType_CONSTR_DEFAULT:
			a.fallback = true
		case pg.ConstrType_CONSTR_IDENTITY:
			a.identity = true
		case pg.ConstrType_CONSTR_GENERATED:
			a.stored = true
		case pg.ConstrType_CONSTR_CHECK:
			a.check = true
		case pg.ConstrType_CONSTR_UNIQUE, pg.ConstrType_CONSTR_PRIMARY:
			a.unique = true
		case pg.ConstrType_CONSTR_FOREIGN:
			a.reference = true
		}
	}
	return a
}

func (l look) addedColumn(table pgschema.Name, d *pg.ColumnDef) (codes []string) {
	a, typ := addedTo(d), l.schema.TypeOf(d.GetTypeName())
	serial := typ.Serial()
	meets := func(code string, yes bool) {
		if yes {
			codes = append(codes, code)
		}
	}
	meets("add-column-serial", serial)
	meets("add-column-identity", a.identity)
	meets("add-column-generated-stored", a.stored)
	meets("add-column-domain-check", l.schema.Constrained(typ))
	meets("add-column-not-null-no-default", a.notNull && !a.fallback && !a.identity && !a.stored && !serial)
	meets("add-column-inline-check", a.check)
	meets("add-column-inline-unique", a.unique)
	meets("add-column-inline-fk-default", a.reference && a.fallback)
	meets("add-column-inline-fk", a.reference && !a.fallback)
	meets("add-column-volatile-default", a.fallback && len(codes) == 0 && l.rewrites(table))
	meets("add-column-json", typ.Builtin() == "json")
	return codes
}

func changeColumn(l look) []hit {
	return l.alters(func(table pgschema.Name, c *pg.AlterTableCmd) []hit {
		code := l.changedColumn(table, c)
		if code == "" {
			return nil
		}
		return []hit{{code, l.insteadOfChange(code, table, c)}}
	})
}

func (l look) changedColumn(table pgschema.Name, c *pg.AlterTableCmd) string {
	switch c.GetSubtype() {
	case pg.AlterTableType_AT_AlterColumnType:
		return l.changedType(table, c)
	case pg.AlterTableType_AT_SetNotNull:
		if l.scans(table) {
			return "set-not-null"
		}
	case pg.AlterTableType_AT_DropNotNull:
		return "drop-not-null"
	case pg.AlterTableType_AT_ColumnDefault:
		if column := l.column(table, c.GetName()); column == nil || column.Default != nil {
			return "change-default"
		}
	case pg.AlterTableType_AT_DropColumn:
		return "drop-column"
	case pg.AlterTableType_AT_SetStorage, pg.AlterTableType_AT_SetCompression, pg.AlterTableType_AT_DropExpression,
		pg.AlterTableType_AT_AddIdentity, pg.AlterTableType_AT_SetIdentity, pg.AlterTableType_AT_DropIdentity:
		return "column-storage"
	case pg.AlterTableType_AT_SetExpression:
		return "set-expression"
	case pg.AlterTableType_AT_SetStatistics, pg.AlterTableType_AT_SetOptions, pg.AlterTableType_AT_ResetOptions:
		return "column-statistics"
	}
	return ""
}

// column is nil when it is not known. What the file adds to a table that is
// not known is.
func (l look) column(table pgschema.Name, name string) *pgschema.Column {
	schema := l.schema
	if schema.Tables[table] == nil && l.file.shadow != nil {
		schema = l.file.shadow
	}
	if t := schema.Tables[table]; t != nil {
		return t.Column(name)
	}
	return nil
}
