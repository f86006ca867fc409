package pglint

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

func types(l look) []hit {
	switch n := l.Tree.GetNode().(type) {
	case *pg.Node_AlterEnumStmt:
		return l.alteredEnum(n.AlterEnumStmt)
	case *pg.Node_CreateEnumStmt:
		return createdEnum(n.CreateEnumStmt)
	case *pg.Node_AlterDomainStmt:
		return l.alteredDomain(n.AlterDomainStmt)
	case *pg.Node_AlterSeqStmt:
		return l.about("alter-sequence", pgschema.NameOf(n.AlterSeqStmt.GetSequence()))
	case *pg.Node_AlterTableStmt:
		if n.AlterTableStmt.GetObjtype() == pg.ObjectType_OBJECT_TYPE && n.AlterTableStmt.GetCmds()[0].GetAlterTableCmd().GetSubtype() == pg.AlterTableType_AT_AddColumn {
			return []hit{{"composite-add-attribute", pgrule.Names{Name: pgschema.NameOf(n.AlterTableStmt.GetRelation()).String(), Whole: lines(l.own())}}}
		}
	}
	return nil
}

func createdEnum(c *pg.CreateEnumStmt) []hit {
	name := pgschema.NameOfParts(pgschema.Strings(c.GetTypeName()))
	var rows []string
	for _, v := range pgschema.Strings(c.GetVals()) {
		rows = append(rows, "("+literal(v)+")")
	}
	n := pgrule.Names{Name: sql(name), Default: strings.Join(rows, ", ")}
	return []hit{{"enum-value-removal", n}}
}

// alteredEnum: values cannot be moved later, and a renamed one is gone for old
// code.
func (l look) alteredEnum(e *pg.AlterEnumStmt) []hit {
	name := pgschema.NameOfParts(pgschema.Strings(e.GetTypeName()))
	t := l.schema.Types[name]
	if e.GetOldVal() != "" {
		add := "ALTER TYPE " + sql(name) + " ADD VALUE " + literal(e.GetNewVal()) + " AFTER " + literal(e.GetOldVal())
		all := []string{"-- in a file of its own:", add, "-- release code that knows both; when no code writes the old one, with a backfill block:"}
		for _, table := range l.schema.TablesUsing(name) {
			for _, c := range table.Columns {
				if c.Type.Name == name && !c.Type.Array {
					column := quotedPart(c.Name)
					all = append(all, "UPDATE "+sql(table.Name)+" SET "+column+" = "+literal(e.GetNewVal())+" WHERE "+column+" = "+literal(e.GetOldVal()))
				}
			}
		}
		return []hit{{"rename-type", pgrule.Names{Name: sql(name), Whole: lines(all...)}}}
	}
	if e.GetNewValNeighbor() != "" {
		return nil
	}
	n := pgrule.Names{Type: sql(name), Default: literal(e.GetNewVal()), Other: "'existing_value'"}
	if t != nil && len(t.Values) > 0 {
		n.Other = literal(t.Values[len(t.Values)-1])
	}
	return []hit{{"enum-add-value-order", n}}
}

func (l look) alteredDomain(a *pg.AlterDomainStmt) []hit {
	name := pgschema.NameOfParts(pgschema.Strings(a.GetTypeName()))
	switch a.GetSubtype() {
	case "V":
		return []hit{{"domain-validate", pgrule.Names{Type: sql(name), Name: sql(name), Whole: l.validatedOnTables(name, a.GetName())}}}
	case "C", "O":
		k := a.GetDef().GetConstraint()
		known := len(l.effect.Unknown) == 0 || k.GetSkipValidation()
		if !l.holdsWork() && known {
			return nil
		}
		n := pgrule.Names{Type: sql(name), Name: sqlscan.Identifier(name.Local + "_not_null"), Definition: "CHECK (VALUE IS NOT NULL)"}
		if k.GetContype() == pg.ConstrType_CONSTR_CHECK {
			n.Name, n.Definition = sqlscan.Identifier(name.Local+"_valid"), "CHECK ("+expression(k.GetRawExpr())+")"
		}
		if k.GetConname() != "" {
			n.Name = quotedPart(k.GetConname())
		}
		return []hit{{"domain-add-check", n}}
	}
	return nil
}

// validatedOnTables checks the rows of each table that uses a domain while
// others read and write.
func (l look) validatedOnTables(domain pgschema.Name, constraint string) string {
	t := l.schema.Types[domain]
	if t == nil {
		return lines("-- in a quiet hour, in a file of its own:", l.own())
	}
	all := []string{"-- each in a file of its own; the domain keeps its own constraint NOT VALID:"}
	for _, k := range t.Checks {
		if k.Name != constraint {
			continue
		}
		for _, table := range l.schema.TablesUsing(domain) {
			for _, c := range table.Columns {
				if c.Type.Name != domain || c.Type.Array {
					continue
				}
				alter, name := "ALTER TABLE "+sql(table.Name), quotedPart(table.Name.Local+"_"+c.Name+"_"+constraint)
				check := expression(renamedColumns(k.Expression, valueBecomes(c.Name)))
				all = append(all, alter+" ADD CONSTRAINT "+name+" CHECK ("+check+") NOT VALID", alter+" VALIDATE CONSTRAINT "+name)
			}
		}
	}
	if len(all) == 1 {
		return lines("-- in a quiet hour, in a file of its own:", l.own())
	}
	return lines(all...)
}

// literal spells a value as a string of SQL.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
