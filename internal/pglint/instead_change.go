package pglint

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// insteadOfChange are the names in the alternative to a change of a column.
func (l look) insteadOfChange(code string, table pgschema.Name, c *pg.AlterTableCmd) pgrule.Names {
	n := pgrule.Names{Table: table.String(), Column: sqlscan.Identifier(c.GetName()), Name: named(table, []string{c.GetName()}, "check")}
	if column := l.column(table, c.GetName()); column != nil {
		n.Type = column.Type.String()
	}
	if d := c.GetDef().GetColumnDef(); d.GetTypeName() != nil {
		n.Type = l.schema.TypeOf(d.GetTypeName()).String()
	}
	alter := "ALTER TABLE " + sql(table)
	retype := alter + " ALTER COLUMN " + quotedPart(c.GetName()) + " TYPE " + n.Type
	switch code {
	case "drop-column":
		n.Name = sqlscan.Identifier("unused_" + c.GetName())
	case "alter-type-rewrite", "set-expression":
		n.Name = sqlscan.Identifier(c.GetName() + "_new")
	case "alter-type-noop", "alter-type-index-rebuild", "alter-type-check-rescan", "alter-type-view-dependency":
		retype = strings.TrimSuffix(strings.TrimSpace(l.Text), ";")
	}
	switch code {
	case "alter-type-noop":
		n.Whole = lines("-- safe as it is, in a file of its own; recycle pooled connections after it:", retype)
	case "alter-type-index-rebuild":
		n.Whole = l.aroundIndexes(table, c.GetName(), retype)
	case "alter-type-check-rescan":
		n.Whole = l.aroundChecks(table, c.GetName(), retype)
	case "alter-type-view-dependency":
		n.Whole = l.aroundViews(table, c.GetName(), retype)
	}
	return n
}

// aroundIndexes drops a column's indexes before it changes and builds them
// after it; empty where one belongs to a constraint.
func (l look) aroundIndexes(table pgschema.Name, column, change string) string {
	before, after := []string{"-- each in a file of its own:"}, []string{change}
	for _, i := range l.schema.IndexesOf(table) {
		if !contains(i.Columns, column) {
			continue
		}
		make := indexOn(i, i.Name, table)
		if i.Constraint != "" || i.Parent.Local != "" || make == "" {
			return lines("-- in a quiet hour, in a file of its own: an index of a constraint cannot be dropped by itself", change)
		}
		before = append(before, "DROP INDEX CONCURRENTLY "+sql(i.Name))
		after = append(after, make)
	}
	return lines(append(before, after...)...)
}

// indexOn is the statement that builds an index CONCURRENTLY; empty when it
// cannot be written.
func indexOn(i *pgschema.Index, name, table pgschema.Name) string {
	var keys []string
	for _, p := range i.Parts {
		key := quotedPart(p.Column)
		if p.Expression != nil {
			if key = expression(p.Expression); key == "" {
				return ""
			}
			key = "(" + key + ")"
		}
		if p.Collation != "" {
			key += " COLLATE " + sqlscan.Identifier(p.Collation)
		}
		if p.OpClass != "" {
			key += " " + sqlscan.Identifier(p.OpClass)
		}
		keys = append(keys, key)
	}
	text := "CREATE INDEX CONCURRENTLY "
	if i.Unique {
		text = "CREATE UNIQUE INDEX CONCURRENTLY "
	}
	text += quotedPart(name.Local) + " ON " + sql(table)
	if i.Method != "" && i.Method != "btree" {
		text += " USING " + i.Method
	}
	text += " (" + strings.Join(keys, ", ") + ")"
	if i.Where != nil {
		text += " WHERE " + expression(i.Where)
	}
	return text
}

// aroundChecks drops the CHECKs of a column before it changes and validates
// them again while others read and write.
func (l look) aroundChecks(table pgschema.Name, column, change string) string {
	alter := "ALTER TABLE " + sql(table)
	before, after := []string{"-- in one file:"}, []string{change}
	validate := []string{"-- in a file of its own:"}
	for _, k := range l.checksOn(table, column) {
		name := quotedPart(k.Name)
		before = append(before, alter+" DROP CONSTRAINT "+name)
		after = append(after, alter+" ADD CONSTRAINT "+name+" CHECK ("+expression(k.Expression)+") NOT VALID")
		validate = append(validate, alter+" VALIDATE CONSTRAINT "+name)
	}
	return lines(append(append(before, after...), validate...)...)
}

// aroundViews drops the views on a column before it changes and makes them
// again, those on other views last.
func (l look) aroundViews(table pgschema.Name, column, change string) string {
	before, after := []string{"-- in one file, with the rights that the views had:"}, []string{change}
	for _, v := range l.viewsOn(table, column) {
		kind := "VIEW "
		if v.Materialized {
			kind = "MATERIALIZED VIEW "
		}
		before = append(before, "DROP "+kind+sql(v.Name))
		after = append(after, "CREATE "+kind+sql(v.Name)+" AS "+statement(v.Query))
	}
	return lines(append(before, after...)...)
}
