package catalog

import (
	"regexp"
	"slices"
	"strings"
)

// alterTable sets a table back. What names an index waits until that one is
// there, and is said again when the index is made anew. It leaves parents
// first of all and joins them last, when both have the same columns again.
func (w *way) alterTable(o Object) {
	var now, late []Difference
	for _, d := range w.changes[o.key()] {
		switch d.Attribute {
		case "replica identity", "clustered on":
			late = append(late, d)
		case "partition of":
			now = append(now, Difference{d.Change, d.Kind, d.Name, d.On, d.Attribute, "", d.To})
			late = append(late, Difference{d.Change, d.Kind, d.Name, d.On, d.Attribute, d.From, ""})
		case "inherits":
			kept := strings.Join(slices.DeleteFunc(split(d.From), func(parent string) bool { return !slices.Contains(split(d.To), parent) }), ", ")
			now = append(now, Difference{d.Change, d.Kind, d.Name, d.On, d.Attribute, kept, d.To})
			late = append(late, Difference{d.Change, d.Kind, d.Name, d.On, d.Attribute, d.From, kept})
		default:
			now = append(now, d)
		}
	}
	for _, attribute := range []string{"replica identity", "clustered on"} {
		value := o.get(attribute)
		index := strings.TrimPrefix(value, "USING INDEX ")
		anew := w.put[key{Index, schemaOf(o.Name) + "." + index}] || w.put[key{Constraint, o.Name + "." + index}]
		if value != "" && anew && value == w.now[o.key()].get(attribute) {
			late = append(late, Difference{Changed, o.Kind, o.Name, o.On, attribute, value, ""})
		}
	}
	w.add(altering, o, w.altered(o, w.now[o.key()], now))
	w.add(finishing, o, w.altered(o, w.now[o.key()], late))
}

// alteredTable sets one attribute of a table back.
func (w *way) alteredTable(o Object, d Difference) ([]string, bool) {
	alter := "ALTER TABLE " + o.Name + " "
	switch d.Attribute {
	case "persistence":
		return []string{alter + "SET " + logged(d)}, true
	case "options":
		return options("ALTER TABLE "+o.Name, d), true
	case "replica identity":
		return []string{alter + "REPLICA IDENTITY " + or(d.From, "DEFAULT")}, true
	case "row security":
		return []string{alter + or(word(o, d.Attribute, "ENABLE"), "DISABLE") + " ROW LEVEL SECURITY"}, true
	case "forced row security":
		return []string{alter + or(word(o, d.Attribute, "FORCE"), "NO FORCE") + " ROW LEVEL SECURITY"}, true
	case "clustered on":
		if d.From == "" {
			return []string{alter + "SET WITHOUT CLUSTER"}, true
		}
		return []string{alter + "CLUSTER ON " + d.From}, true
	case "access method":
		return []string{alter + "SET ACCESS METHOD " + or(d.From, "heap")}, w.before.Server >= 150000
	case "tablespace":
		return []string{alter + "SET TABLESPACE " + tablespace(d)}, true
	case "key triggers":
		return w.firingAgain(o), d.From == ""
	case "partition of":
		return w.repartitioned(o, d), true
	case "inherits":
		return w.reinherited(o, d), true
	}
	return nil, false
}

// firingAgain turns on the triggers that keep a table's keys: they have names
// that nobody may rely on, so all are turned on, and those of users that were
// not on before are set back behind.
func (w *way) firingAgain(table Object) []string {
	sql := []string{"ALTER TABLE " + table.Name + " ENABLE TRIGGER ALL"}
	for _, o := range w.before.Objects {
		firing := o.get("firing")
		if o.Kind != Trigger || firing == "" {
			continue
		}
		if _, stays := w.now[o.key()]; o.On == table.Name && stays {
			sql = append(sql, fired(o, firing))
		}
		if under(w.old, o.On, table.Name) {
			w.refuse("triggers of table %s were turned off with those that keep its keys, and trigger %s of a partition was not on before", table.Name, o.Name)
		}
	}
	return sql
}

// under reports whether a table is a partition of another, at any depth.
func under(all map[key]Object, table, of string) bool {
	for range all {
		parent, _ := bound(all[key{Table, table}].get("partition of"))
		if parent == of {
			return true
		}
		if table = parent; table == "" {
			return false
		}
	}
	return false
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// repartitioned attaches a partition again, or detaches what was attached.
func (w *way) repartitioned(o Object, d Difference) []string {
	var sql []string
	if d.To != "" {
		parent, _ := bound(d.To)
		if d.From == "" {
			w.lose("the rows written since to table %s by its parent %s: they stay, and %s has them no more", o.Name, parent, parent)
		}
		sql = append(sql, "ALTER TABLE "+parent+" DETACH PARTITION "+o.Name)
	}
	if d.From != "" {
		parent, values := bound(d.From)
		if !w.put[key{Table, o.Name}] {
			w.lose("table %s becomes a partition again only if every row written since fits %s", o.Name, values)
		}
		sql = append(sql, "ALTER TABLE "+parent+" ATTACH PARTITION "+o.Name+" "+values)
	}
	return sql
}

// bound cuts "PARENT FOR VALUES ..." and "PARENT DEFAULT" behind the name, in
// which only quotes hold a space. What is no bound is a name alone.
func bound(partition string) (parent, values string) {
	parent = regexp.MustCompile(`^(?:"(?:[^"]|"")*"|[^" ])*`).FindString(partition)
	return parent, strings.TrimPrefix(partition[len(parent):], " ")
}

func (w *way) reinherited(o Object, d Difference) []string {
	old, now := split(d.From), split(d.To)
	var sql []string
	for _, parent := range now {
		if !slices.Contains(old, parent) {
			sql = append(sql, "ALTER TABLE "+o.Name+" NO INHERIT "+parent)
		}
	}
	for _, parent := range old {
		if !slices.Contains(now, parent) {
			sql = append(sql, "ALTER TABLE "+o.Name+" INHERIT "+parent)
		}
	}
	return sql
}
