package catalog

import (
	"fmt"
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
	names := words{old: map[string]string{}, schemas: map[string]string{}}
	for i, o := range after {
		if was, ok := old[o.id]; ok && was.Kind == o.Kind {
			after[i].Name, after[i].On = was.Name, was.On
			w.rename(was, o, &names)
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
		after[i].Attributes = explained(o, old[o.id], names)
	}
	w.after.Objects = after
}

// words are the names in definitions that a rename changes: new to old.
type words struct {
	old     map[string]string // single words
	schemas map[string]string // schemas that were renamed themselves
	moved   []string          // qualified names of what was moved, in pairs
}

// rename adds the statements that undo one object's name, and notes the word
// that its definition and those of others hold now, and the old one.
func (w *way) rename(was, is Object, names *words) {
	from, to := parts(is), parts(was)
	if was.bare() == is.bare() || len(from) == 0 || len(from) != len(to) || was.get("inherited") == "yes" {
		return
	}
	last := len(to) - 1
	current, wanted := from[last], to[last]
	switch is.Kind {
	case Cast, Operator, ViewColumn, DefaultGrants:
		return
	case Column, Constraint:
		w.first = append(w.first, fmt.Sprintf("ALTER TABLE %s RENAME %s %s TO %s", was.On, strings.ToUpper(string(is.Kind)), current, wanted))
	case DomainConstraint:
		w.first = append(w.first, fmt.Sprintf("ALTER DOMAIN %s RENAME CONSTRAINT %s TO %s", was.On, current, wanted))
	case Trigger, Policy, Rule:
		w.first = append(w.first, fmt.Sprintf("ALTER %s %s ON %s RENAME TO %s", strings.ToUpper(string(is.Kind)), current, was.On, wanted))
	default:
		// The schema may have been renamed itself; what is owned moves along.
		if len(to) == 2 && names.schemas[from[0]] == to[0] || is.Kind == Index || is.get("owned by") != "" {
			from[0] = to[0]
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

// parts reads an object's name, that of a routine without its arguments.
func parts(o Object) []string {
	switch o.Kind {
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
	holder := map[key]string{}
	for _, o := range w.after.Objects {
		holder[o.key()] = o.id
	}
	for _, o := range after {
		if id, held := holder[o.key()]; held && id != o.id {
			w.refuse("%s %s was renamed and its name was given to another since", o.Kind, o.Name)
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
