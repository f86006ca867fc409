package pglint

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

func changeConstraint(l look) []hit {
	return l.alters(func(table pgschema.Name, c *pg.AlterTableCmd) []hit {
		code, names := "", pgrule.Names{Table: table.String(), Name: sqlscan.Identifier(c.GetName())}
		switch c.GetSubtype() {
		case pg.AlterTableType_AT_AddConstraint:
			k := c.GetDef().GetConstraint()
			code = l.addedConstraint(table, k)
			names = l.insteadOfConstraint(code, table, k)
		case pg.AlterTableType_AT_ValidateConstraint:
			code = "validate-constraint"
		case pg.AlterTableType_AT_AlterConstraint:
			code = "alter-constraint"
		case pg.AlterTableType_AT_DropConstraint:
			code = l.droppedConstraint(table, c.GetName())
			if code == "drop-foreign-key" {
				names.Other = sql(l.schema.Tables[table].Constraint(c.GetName()).References)
			}
		}
		if code == "" {
			return nil
		}
		return []hit{{code, names}}
	})
}

func (l look) addedConstraint(table pgschema.Name, k *pg.Constraint) string {
	switch k.GetContype() {
	case pg.ConstrType_CONSTR_CHECK:
		if !k.GetSkipValidation() {
			return "add-check-validated"
		}
	case pg.ConstrType_CONSTR_FOREIGN:
		if !k.GetSkipValidation() {
			return "add-fk-validated"
		}
		if t := l.schema.Tables[table]; t != nil && t.Partitioned {
			return "fk-not-valid-on-partitioned"
		}
	case pg.ConstrType_CONSTR_UNIQUE:
		if k.GetIndexname() == "" {
			return "add-unique"
		}
	case pg.ConstrType_CONSTR_PRIMARY:
		if k.GetIndexname() == "" {
			return "add-primary-key"
		}
		if l.scans(table) || l.schema.Tables[table] == nil {
			return "pk-using-index-nullable"
		}
	case pg.ConstrType_CONSTR_EXCLUSION:
		return "add-exclusion"
	}
	return ""
}

// droppedConstraint: a foreign key has a table on its other side.
func (l look) droppedConstraint(table pgschema.Name, name string) string {
	if t := l.schema.Tables[table]; t != nil {
		if k := t.Constraint(name); k != nil && k.Kind == pgschema.ForeignKey {
			return "drop-foreign-key"
		}
	}
	return "drop-constraint"
}
