package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
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
	names := map[string]string{}
	for i, o := range after {
		if was, ok := old[o.id]; ok && was.Kind == o.Kind {
			after[i].Name, after[i].On = was.Name, was.On
			w.rename(was, o, names)
		}
	}
	if len(names) == 0 {
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

// rename adds the statements that undo one object's name, and notes the word
// that its definition and those of others hold now, and the old one.
func (w *way) rename(was, is Object, names map[string]string) {
	from, to := parts(is), parts(was)
	if was.bare() == is.bare() || len(from) == 0 || len(from) != len(to) || was.get("inherited") == "yes" {
		return
	}
	last := len(to) - 1
	current, wanted := quoted(from[last]), quoted(to[last])
	same := current == wanted
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
		if len(to) == 2 && names[quoted(from[0])] == quoted(to[0]) || is.Kind == Index || is.get("owned by") != "" {
			from[0] = to[0]
		}
		if sql := moved(is, from, to); len(sql) > 0 {
			w.first = append(w.first, sql...)
			names[quoted(from[0])], same = quoted(to[0]), false
		}
	}
	if !same {
		names[current] = wanted
	}
}

// parts reads an object's name, that of a routine without its arguments.
func parts(o Object) []string {
	switch o.Kind {
	case Function, Procedure, Aggregate:
		name, _, _ := strings.Cut(o.Name, "(")
		return sqlscan.Names(name)
	}
	return sqlscan.Names(o.Name)
}

// moved moves what has a name of its own back to its schema, and renames it.
func moved(is Object, from, to []string) []string {
	var sql []string
	is.Name = strings.Replace(is.Name, sqlscan.Identifier(parts(is)...), quoted(from...), 1)
	last := len(to) - 1
	if last == 1 && from[0] != to[0] {
		sql = append(sql, fmt.Sprintf("ALTER %s SET SCHEMA %s", address(is), quoted(to[0])))
		is.Name = strings.Replace(is.Name, quoted(from[0])+".", quoted(to[0])+".", 1)
	}
	if from[last] != to[last] {
		sql = append(sql, fmt.Sprintf("ALTER %s RENAME TO %s", address(is), quoted(to[last])))
	}
	return sql
}

// clash refuses a rename back to a name that something else has by now.
func (w *way) clash(after []Object) {
	seen := map[key]bool{}
	for _, o := range after {
		if seen[o.key()] {
			w.refuse("%s %s was renamed and its name was given to another since", o.Kind, o.Name)
		}
		seen[o.key()] = true
	}
}

// explained gives an object its old attributes where the new ones differ by
// renamed words alone: PostgreSQL prints them from what they refer to, so they
// will read as before. What it does not recognise is made anew.
func explained(is, was Object, names map[string]string) []Attribute {
	words := regexp.MustCompile(`"(?:[^"]|"")*"|[\w$]+|[^\w$"]+`)
	plain := func(value string) string {
		parts := words.FindAllString(value, -1)
		for i, part := range parts {
			if old, ok := names[part]; ok {
				parts[i] = old
			}
		}
		return unaliased(strings.Join(parts, ""))
	}
	attributes := slices.Clone(is.Attributes)
	for i, a := range attributes {
		if old := was.get(a.Name); a.Name != "comment" && old != "" && plain(a.Value) == plain(old) {
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

// quoted spells a name as format('%I') does for all names but keywords, which
// are read back all the same.
func quoted(parts ...string) string { return sqlscan.Identifier(parts...) }
