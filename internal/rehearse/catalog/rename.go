package catalog

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// renames undoes names first: an object of the same address in the catalog
// and another name was renamed or moved. The rest of the way then starts from
// a schema that has the old names.
func (w *way) renames() {
	old := map[string]Object{}
	for _, o := range w.before.Objects {
		old[o.id] = o
	}
	after := slices.Clone(w.after.Objects)
	names := words{old: map[string]string{}, schemas: map[string]string{}, homes: map[string]string{}}
	for i, o := range after {
		if was, ok := old[o.id]; ok && was.Kind == o.Kind {
			after[i].Name, after[i].On = was.Name, was.On
			names.homes[o.Name] = was.Name
		}
	}
	for i, o := range w.after.Objects {
		if was, ok := old[o.id]; ok && was.Kind == o.Kind {
			w.rename(was, o, &names)
		} else {
			after[i].Name, after[i].On = names.along(o)
			names.homes[o.Name] = after[i].Name
		}
	}
	if len(w.first) == 0 {
		return
	}
	w.clash(after)
	now := map[key]key{}
	for i, o := range w.after.Objects {
		now[o.key()] = after[i].key()
	}
	for i, o := range after {
		after[i].uses = slices.Clone(o.uses)
		for j, k := range o.uses {
			after[i].uses[j] = now[k]
		}
		if was, ok := old[o.id]; ok && was.Name != w.after.Objects[i].Name { // back in its schema
			inSchema := func(k key) bool { return k.kind == Schema }
			after[i].uses = append(slices.DeleteFunc(after[i].uses, inSchema), slices.DeleteFunc(slices.Clone(was.uses), func(k key) bool { return !inSchema(k) })...)
		}
		after[i].Attributes = explained(names.pointing(after[i], o), old[o.id], names)
	}
	w.after.Objects = after
}

// words are the names in definitions that a rename changes: new to old.
type words struct {
	old     map[string]string // single words
	schemas map[string]string // schemas that were renamed themselves
	homes   map[string]string // full names
	moved   []string          // qualified names of what was moved, in pairs
}

// along is what a new object will be called when the names of what it is on,
// and of the schema and the types in its own, are back.
func (n words) along(o Object) (name, on string) {
	on = or(n.homes[o.On], o.On)
	switch {
	case o.On != "" && o.Kind != Index:
		return on + "." + o.bare(), on
	case o.Kind == DefaultGrants:
		role, kind, _ := strings.Cut(o.Name, " ON ")
		who, schema, _ := strings.Cut(role, " IN SCHEMA ")
		if old := n.schemas[schema]; old != "" {
			role = who + " IN SCHEMA " + old
		}
		return role + " ON " + kind, on
	case o.Kind == Cast || o.Kind == Operator || len(parts(o)) < 2:
		return n.retyped(o.Name), on
	}
	at := parts(o)
	schema := or(n.schemas[at[0]], at[0])
	if o.Kind == Index {
		schema = schemaOf(on)
	} else if owner := o.get("owned by"); owner != "" {
		schema = schemaOf(or(n.homes[owner], owner))
	}
	_, arguments, routine := strings.Cut(o.Name, "(")
	if routine {
		arguments = "(" + n.retyped(arguments)
	}
	return schema + "." + at[1] + arguments, on
}

// pointing gives an object's references to others their old names.
func (n words) pointing(back, o Object) Object {
	back.Attributes = slices.Clone(o.Attributes)
	for i, a := range back.Attributes {
		switch a.Name {
		case "owned by", "inherited":
			a.Value = or(n.homes[a.Value], a.Value)
		case "inherits":
			parents := split(a.Value)
			for j, parent := range parents {
				parents[j] = or(n.homes[parent], parent)
			}
			a.Value = strings.Join(parents, ", ")
		case "partition of":
			parent, values := bound(a.Value)
			a.Value = or(n.homes[parent], parent) + " " + values
		case "identity sequence": // is where its table is
			a.Value = schemaOf(back.On) + "." + lastOf(a.Value)
		}
		back.Attributes[i] = a
	}
	return back
}

// retyped gives the types in a list of arguments their old names.
func (n words) retyped(arguments string) string {
	qualified := regexp.MustCompile(`(?:"(?:[^"]|"")*"|[\w$]+)\.(?:"(?:[^"]|"")*"|[\w$]+)`)
	return qualified.ReplaceAllStringFunc(arguments, func(name string) string { return or(n.homes[name], name) })
}

// rename adds the statements that undo one object's name, and notes the word
// that its definition and those of others hold now, and the old one.
func (w *way) rename(was, is Object, names *words) {
	from, to := parts(is), parts(was)
	if was.bare() == is.bare() || len(from) == 0 || len(from) != len(to) {
		return
	}
	if is.get("inherited") != "" && (is.Kind == Column || is.get("kind") == "check") {
		w.renamedAlong(was, is, names)
		return
	}
	last := len(to) - 1
	current, wanted := from[last], to[last]
	switch is.Kind {
	case Cast, Operator, ViewColumn, DefaultGrants:
		return
	case Other:
		for now, old := range names.schemas {
			if strings.Replace(is.Name, " "+now+".", " "+old+".", 1) == was.Name {
				return
			}
		}
		w.refuse("%s was renamed or moved from %s: how it gets that back is not known", is.Name, was.Name)
		return
	case Column, Constraint:
		w.first = append(w.first, fmt.Sprintf("ALTER TABLE %s RENAME %s %s TO %s", was.On, strings.ToUpper(string(is.Kind)), current, wanted))
	case DomainConstraint:
		w.first = append(w.first, fmt.Sprintf("ALTER DOMAIN %s RENAME CONSTRAINT %s TO %s", was.On, current, wanted))
	case Trigger, Policy, Rule:
		w.first = append(w.first, fmt.Sprintf("ALTER %s %s ON %s RENAME TO %s", strings.ToUpper(string(is.Kind)), current, was.On, wanted))
	default:
		if len(to) == 2 {
			from[0] = w.home(was, is, *names)
		}
		w.first = append(w.first, moved(is, from, to)...)
		if is.Kind == Schema {
			names.schemas[current] = wanted
		}
		if len(to) == 2 && from[0] != to[0] {
			names.moved = append(names.moved, from[0]+"."+wanted, was.Name)
		}
	}
	if current != wanted {
		names.old[current] = wanted
	}
}

// home is the schema that an object is in when that one has its old name and
// what the object moves along with is back.
func (w *way) home(was, is Object, names words) string {
	at := schemaOf(is.Name)
	schema, to := or(names.schemas[at], at), schemaOf(was.Name)
	if is.Kind == Index {
		schema = to
	} else if owner := is.get("owned by"); owner != "" {
		schema = schemaOf(or(names.homes[owner], owner))
		if schema != to {
			w.refuse("sequence %s was moved from its schema and is owned by column %s, which was not", was.Name, owner)
		}
	}
	_, there := w.after.byKey()[key{Schema, to}]
	if schema != to && !there && !slices.Contains(slices.Collect(maps.Values(names.schemas)), to) {
		w.refuse("%s %s was moved from schema %s, which went", was.Kind, was.Name, to)
	}
	return schema
}

// renamedAlong notes the names of what is inherited: they go back with those
// of the parent, or cannot go back on their own.
func (w *way) renamedAlong(was, is Object, names *words) {
	current, wanted := parts(is)[len(parts(is))-1], parts(was)[len(parts(was))-1]
	if current == wanted {
		return
	}
	table := w.after.byKey()[key{Table, is.On}]
	for _, parent := range parents(table) {
		if names.homes[parent+"."+current] != or(names.homes[parent], parent)+"."+wanted {
			w.refuse("%s %s was renamed and is inherited from %s, where it was not", was.Kind, was.Name, parent)
		}
	}
}

// parts reads an object's name, that of a routine without its arguments.
func parts(o Object) []string {
	switch o.Kind {
	case Other:
		return []string{o.Name}
	case Function, Procedure, Aggregate:
		name, _, _ := strings.Cut(o.Name, "(")
		return spelled(name)
	}
	return spelled(o.Name)
}

// spelled cuts a qualified name at its dots and leaves the quotes, which
// PostgreSQL has set where its keywords want them.
func spelled(name string) []string {
	return regexp.MustCompile(`"(?:[^"]|"")*"|[^."]+`).FindAllString(name, -1)
}

// schemaOf is the first part of a name, lastOf its last; "" of no name at all.
func schemaOf(name string) string {
	if all := spelled(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

func lastOf(name string) string {
	if all := spelled(name); len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

// moved moves what has a name of its own back to its schema, and renames it.
func moved(is Object, from, to []string) []string {
	var sql []string
	is.Name = strings.Replace(is.Name, strings.Join(parts(is), "."), strings.Join(from, "."), 1)
	last := len(to) - 1
	if last == 1 && from[0] != to[0] {
		sql = append(sql, fmt.Sprintf("ALTER %s SET SCHEMA %s", address(is), to[0]))
		is.Name = strings.Replace(is.Name, from[0]+".", to[0]+".", 1)
	}
	if from[last] != to[last] {
		sql = append(sql, fmt.Sprintf("ALTER %s RENAME TO %s", address(is), to[last]))
	}
	return sql
}

// clash refuses a rename back to a name that something else has by now, be it
// renamed back itself.
func (w *way) clash(after []Object) {
	holder := map[string]string{}
	for _, o := range w.after.Objects {
		for _, claim := range claims(o) {
			holder[claim] = o.id
		}
	}
	for i, o := range after {
		for _, claim := range claims(o) {
			if id, held := holder[claim]; held && id != o.id && o.Name != w.after.Objects[i].Name {
				w.refuse("%s %s was renamed and its name was given to another since", o.Kind, o.Name)
			}
		}
	}
}

// explained gives an object its old attributes where the new ones differ by
// renamed words alone: PostgreSQL prints them from what they refer to, so they
// will read as before. What it does not recognise is made anew.
func explained(is, was Object, names words) []Attribute {
	pieces := regexp.MustCompile(`"(?:[^"]|"")*"|[\w$]+|[^\w$"]+`)
	plain := func(value string) string {
		parts := pieces.FindAllString(value, -1)
		for i, part := range parts {
			if old, ok := names.old[part]; ok {
				parts[i] = old
			}
		}
		return unaliased(strings.NewReplacer(names.moved...).Replace(strings.Join(parts, "")))
	}
	attributes := slices.Clone(is.Attributes)
	for i, a := range attributes {
		if old := was.get(a.Name); a.Name != "comment" && old != "" && plain(a.Value) == unaliased(old) {
			attributes[i].Value = old
		}
	}
	return attributes
}

// unaliased leaves out "AS x" after a column x: a view whose column's source
// was renamed says it, and the one before does not.
func unaliased(value string) string {
	return regexp.MustCompile(`([\w$]+) AS ([\w$]+)`).ReplaceAllStringFunc(value, func(found string) string {
		if name, alias, _ := strings.Cut(found, " AS "); name == alias {
			return name
		}
		return found
	})
}
