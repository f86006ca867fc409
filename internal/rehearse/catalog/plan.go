package catalog

import (
	"slices"
	"strings"
)

// plan makes the tasks of what goes, what is altered and what comes.
func (w *way) plan() {
	for _, o := range w.after.Objects {
		if w.drop[o.key()] && !w.goesAlong(o) {
			w.takesAlong(o)
			w.add(dropping, o, w.dropped(o))
		}
	}
	for _, o := range w.before.Objects {
		switch {
		case w.put[o.key()]:
			if !w.comesAlong(o) {
				w.make(o)
			} else if o.Kind == Constraint {
				w.revalidate(o)
			}
		case o.Kind == Table:
			w.alterTable(o)
		case len(w.changes[o.key()]) > 0:
			w.add(altering, o, w.altered(o, w.now[o.key()], w.changes[o.key()]))
		}
	}
}

func (w *way) add(s step, o Object, sql []string) {
	if len(sql) > 0 {
		w.tasks = append(w.tasks, &task{step: s, object: o, sql: sql})
	}
}

// takesAlong says what was written since to what goes. Those who wrote it need
// not have read it elsewhere before.
func (w *way) takesAlong(o Object) {
	switch {
	case o.Kind == Table && o.get("kind") != "foreign":
		w.lose("the rows written since to table %s", o.Name)
	case o.Kind == Column && o.get("generated") == "":
		w.lose("the values written since to column %s", o.Name)
	}
}

// goesAlong reports whether an object goes with what it is part of.
func (w *way) goesAlong(o Object) bool {
	if slices.ContainsFunc(w.owners(o), func(k key) bool { return w.drop[k] }) || o.Kind == ViewColumn {
		return true
	}
	if owner := o.get("owned by"); owner != "" {
		column, known := w.now[key{Column, owner}]
		return known && (w.drop[column.key()] || w.drop[key{Table, column.On}])
	}
	return o.get("inherited") != "" && o.get("inherited") != "also" && !w.attached(o)
}

// attached reports whether the object came when its table became a partition
// or a child: it stays when the table is one no more, and has to be dropped.
func (w *way) attached(o Object) bool {
	return o.Kind != Trigger && slices.ContainsFunc(w.changes[key{Table, o.On}], func(d Difference) bool {
		return (d.Attribute == "partition of" || d.Attribute == "inherits") && d.From == ""
	})
}

// comesAlong reports whether an object comes with what it is part of.
func (w *way) comesAlong(o Object) bool {
	table, on := w.put[key{Table, o.On}], w.old[key{Table, o.On}]
	key := strings.HasPrefix(o.get("definition"), "FOREIGN KEY")
	switch {
	case o.Kind == Column && table:
		return true
	case o.get("inherited") != "yes":
		return false
	case (o.Kind == Column || o.Kind == Constraint && !key) && len(w.joined(on)) > 0:
		if on.get("inherits") != "" {
			w.refuse("%s %s would come back as the table's own, and was inherited", o.Kind, o.Name)
		}
		if o.get("not null") != "" && o.get("default") == "" {
			w.refuse("column %s would come back nullable, and a partition's must be NOT NULL as its parent's", o.Name)
		}
		return false
	case o.Kind == Constraint && table && !key:
		return on.get("partition of") == ""
	}
	return true
}

// revalidate checks an inherited constraint that was valid though its parent's
// is not: it comes as that one comes.
func (w *way) revalidate(o Object) {
	if o.get("validated") == "" && w.old[w.parent(o)].get("validated") == "no" {
		w.lose("constraint %s is validated again only if no row written since violates it", o.Name)
		w.add(finishing, o, []string{"ALTER TABLE " + o.On + " VALIDATE CONSTRAINT " + o.bare()})
	}
}

// parent is what a part of a partition or child table is inherited from, by
// its name on the parent.
func (w *way) parent(o Object) key {
	table := w.old[key{Table, o.On}]
	parent := ""
	if all := parents(table); len(all) > 0 {
		parent = all[0]
	}
	return key{o.Kind, parent + "." + o.bare()}
}

// parents are the tables that a partition or child table has its parts of.
func parents(table Object) []string {
	if partition := table.get("partition of"); partition != "" {
		parent, _ := bound(partition)
		return []string{parent}
	}
	return split(table.get("inherits"))
}

// left are the parents that a table of after is to leave.
func (w *way) left(table Object) []string {
	was, kept := w.old[table.key()]
	return slices.DeleteFunc(parents(table), func(parent string) bool { return !kept || slices.Contains(parents(was), parent) })
}

// joined are the parents that a table which stayed gets back.
func (w *way) joined(was Object) []string {
	table, kept := w.now[was.key()]
	return slices.DeleteFunc(parents(was), func(parent string) bool {
		return !kept || w.put[was.key()] || slices.Contains(parents(table), parent)
	})
}

// make adds the tasks that make an object anew, with all that is said of it.
func (w *way) make(o Object) {
	if o.Kind == Table {
		w.makeTable(o)
		return
	}
	sql, done := w.created(o)
	if sql == nil && o.Kind != ViewColumn && o.Kind != DefaultGrants {
		w.refuse("%s %s cannot be made anew from what the catalog says", o.Kind, o.Name)
		return
	}
	w.add(making, o, append(sql, w.rest(o, done)...))
	if owner := o.get("owned by"); owner != "" {
		// Its column's default needs the sequence first.
		w.tasks = append(w.tasks, &task{step: finishing, object: o, sql: []string{"ALTER SEQUENCE " + o.Name + " OWNED BY " + owner}})
	}
}

// rest are the statements for the attributes that creating has not set.
func (w *way) rest(o Object, done []string) []string {
	var changes []Difference
	for _, a := range o.Attributes {
		if !slices.Contains(done, a.Name) {
			changes = append(changes, Difference{Changed, o.Kind, o.Name, o.On, a.Name, a.Value, ""})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	if grants := o.get("grants"); grants != "" || o.get("owner") != "" {
		w.defaultGrants(o)
	}
	return w.altered(o, Object{Kind: o.Kind, Name: o.Name, On: o.On}, changes)
}

// defaultGrants refuses to make anew what default privileges would grant:
// which they grant depends on who makes it.
func (w *way) defaultGrants(o Object) {
	kinds := map[Kind]string{
		Table: " ON TABLES", View: " ON TABLES", MaterializedView: " ON TABLES", Sequence: " ON SEQUENCES", Schema: " ON SCHEMAS",
		Function: " ON FUNCTIONS", Procedure: " ON FUNCTIONS", Aggregate: " ON FUNCTIONS",
		Enum: " ON TYPES", Domain: " ON TYPES", Composite: " ON TYPES", Range: " ON TYPES",
	}
	for _, d := range slices.Concat(w.before.Objects, w.after.Objects) {
		if on, ok := kinds[o.Kind]; ok && d.Kind == DefaultGrants && strings.HasSuffix(d.Name, on) {
			w.refuse("%s %s would be made anew, and default privileges (%s) would grant on it what the catalog before does not say", o.Kind, o.Name, d.Name)
		}
	}
}
