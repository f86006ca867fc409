package pglint

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// changedType goes by what the change does; of a table that nobody knows the
// worst is believed.
func (l look) changedType(table pgschema.Name, c *pg.AlterTableCmd) string {
	switch {
	case len(l.viewsOn(table, c.GetName())) > 0:
		return "alter-type-view-dependency"
	case l.getsZone(table, c):
		return "timestamp-to-timestamptz"
	case l.schema.Tables[table] == nil || l.rewrites(table):
		return "alter-type-rewrite"
	case l.scans(table) && len(l.checksOn(table, c.GetName())) > 0:
		return "alter-type-check-rescan"
	case l.scans(table):
		return "alter-type-index-rebuild"
	default:
		return "alter-type-noop"
	}
}

// getsZone: whether values are written anew, and which instants they become,
// is for the session's time zone to say, unless the file or USING says it.
func (l look) getsZone(table pgschema.Name, c *pg.AlterTableCmd) bool {
	d := c.GetDef().GetColumnDef()
	column := l.column(table, c.GetName())
	return column != nil && column.Type.Builtin() == "timestamp" && l.schema.TypeOf(d.GetTypeName()).Builtin() == "timestamptz" &&
		d.GetRawDefault() == nil && !slices.ContainsFunc(l.file.looked, func(before look) bool { return before.setting() == "timezone" })
}

// viewsOn are the views and materialized views that read a column.
func (l look) viewsOn(table pgschema.Name, column string) []*pgschema.View {
	if l.schema.Tables[table] == nil {
		return nil
	}
	return l.schema.ViewsOn(table, column)
}

// checksOn are a table's CHECK constraints that name a column.
func (l look) checksOn(table pgschema.Name, column string) []*pgschema.Constraint {
	t := l.schema.Tables[table]
	if t == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(t.Constraints), func(k *pgschema.Constraint) bool {
		return k.Kind != pgschema.Check || !slices.Contains(k.Columns, column)
	})
}

// setting is the setting that a SET changes, or a call of set_config().
func (l look) setting() string {
	name, _ := settingOf(l.Tree)
	return name
}
