package catalog

import (
	"slices"
	"strings"
)

// makeTable makes a table with its columns, and last of all what needs its
// indexes: being a partition, the replica identity, the clustering.
func (w *way) makeTable(o Object) {
	if o.get("kind") == "foreign" || o.get("of type") != "" {
		w.refuse("table %s is %s and cannot be made anew from what the catalog says", o.Name, strings.TrimSpace(o.get("kind")+" "+word(o, "of type", "of a type")))
		return
	}
	w.lose("the rows of table %s", o.Name)
	columns, more := w.tableColumns(o)
	sql := "CREATE" + word(o, "persistence", " UNLOGGED") + " TABLE " + o.Name + " (" + strings.Join(columns, ", ") + ")"
	if parents := o.get("inherits"); parents != "" {
		sql += " INHERITS (" + parents + ")"
	}
	if partition := o.get("partition key"); partition != "" {
		sql += " PARTITION BY " + partition
	}
	if method := o.get("access method"); method != "" {
		sql += " USING " + method
	}
	late := []string{"partition of", "replica identity", "clustered on"}
	done := append([]string{"kind", "persistence", "inherits", "partition key", "access method"}, late...)
	w.add(making, o, slices.Concat([]string{sql}, w.rest(o, done), more))
	var finish []Difference
	for _, attribute := range late {
		if value := o.get(attribute); value != "" {
			finish = append(finish, Difference{Changed, o.Kind, o.Name, o.On, attribute, value, ""})
		}
	}
	w.add(finishing, o, w.altered(o, Object{Kind: o.Kind, Name: o.Name}, finish))
}

// tableColumns lists the columns of a table to be made, in their order, and
// the statements for what is said of them besides. A child of a table that is
// no partition has the columns of its parent without being told.
func (w *way) tableColumns(table Object) (columns, more []string) {
	for _, o := range w.before.Objects {
		if o.Kind != Column || o.On != table.Name {
			continue
		}
		if o.get("inherited") != "yes" || table.get("inherits") == "" {
			o, late := validated(o)
			columns = append(columns, columnText(o))
			more = append(more, append(late, w.rest(o, inline())...)...)
		}
	}
	return columns, more
}

// inline lists what columnText says.
func inline() []string {
	return []string{"type", "collation", "default", "generated", "identity", "identity sequence", "identity options", "not null", "not null name", "inherited"}
}

// columnText spells a column as CREATE TABLE and ADD COLUMN do.
func columnText(o Object) string {
	text := o.bare() + " " + o.get("type")
	if collation := o.get("collation"); collation != "" {
		text += " COLLATE " + collation
	}
	if value := o.get("default"); value != "" {
		text += " DEFAULT " + value
	}
	if expression := o.get("generated"); expression != "" {
		text += " GENERATED ALWAYS AS " + expression
	}
	if o.get("identity") != "" {
		text += " GENERATED " + identity(o)
	}
	if name := o.get("not null name"); name != "" {
		text += " CONSTRAINT " + name
	}
	text += word(o, "not null", " NOT NULL")
	if o.get("not null") == "no inherit" {
		text += " NO INHERIT"
	}
	return text
}

// validated splits a column from its NOT NULL that is not validated, which no
// definition of a column can say.
func validated(o Object) (column Object, late []string) {
	if o.get("not null") != "not validated" {
		return o, nil
	}
	return without(o, "not null", "not null name"), []string{"ALTER TABLE " + o.On + " ADD" +
		word(o, "not null name", " CONSTRAINT "+o.get("not null name")) + " NOT NULL " + o.bare() + " NOT VALID"}
}

func without(o Object, attributes ...string) Object {
	o.Attributes = slices.DeleteFunc(slices.Clone(o.Attributes), func(a Attribute) bool { return slices.Contains(attributes, a.Name) })
	return o
}

func identity(o Object) string {
	return o.get("identity") + " AS IDENTITY (SEQUENCE NAME " + o.get("identity sequence") + " " + o.get("identity options") + ")"
}

// createdColumn adds a column to a table that has rows: they get its default.
func (w *way) createdColumn(o Object) (sql, done []string) {
	value := word(o, "default", "x") + word(o, "identity", "x") + word(o, "generated", "x")
	switch {
	case o.get("generated") == "":
		w.lose("the values of column %s", o.Name)
	case strings.HasSuffix(o.get("generated"), " STORED"):
		w.lose("column %s comes back only if it can be computed of every row written since", o.Name)
	}
	o, late := validated(o)
	if o.get("not null") != "" && value == "" {
		w.lose("NOT NULL of column %s: its rows have no value, so it comes back nullable", o.Name)
		o = without(o, "not null", "not null name")
	}
	return append([]string{"ALTER TABLE " + o.On + " ADD COLUMN " + columnText(o)}, late...), inline()
}
