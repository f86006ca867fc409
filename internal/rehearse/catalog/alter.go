package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// altered sets attributes of an object back from what they are to what they
// were. An attribute that no statement sets is refused by name.
func (w *way) altered(was, is Object, changes []Difference) []string {
	if was.Kind == Column {
		return w.alteredColumn(was, is, changes)
	}
	var sql []string
	for _, d := range changes {
		statements, known := w.general(was, d)
		if !known {
			statements, known = w.particular(was, is, d)
		}
		if !known {
			w.refuse("%s of %s %s cannot be set back", d.Attribute, d.Kind, d.Name)
		}
		sql = append(sql, statements...)
	}
	return slices.Compact(sql)
}

// general sets back what objects of many kinds have.
func (w *way) general(o Object, d Difference) (sql []string, known bool) {
	switch d.Attribute {
	case "owner":
		return []string{"ALTER " + address(o) + " OWNER TO " + d.From}, o.Kind != Extension
	case "comment":
		text := "NULL"
		if d.From != "" {
			text = literal(d.From)
		}
		return []string{"COMMENT ON " + commented(o) + " IS " + text}, true
	case "grants":
		return w.regranted(o, d), true
	case "firing":
		firing := "ENABLE"
		if d.From != "" {
			firing = d.From
		}
		if o.Kind == EventTrigger {
			return []string{"ALTER EVENT TRIGGER " + o.Name + " " + firing}, true
		}
		return []string{fired(o, firing)}, o.Kind == Trigger || o.Kind == Rule
	case "inherited":
		if d.From == "yes" && w.old[key{Table, o.On}].get("inherits") != "" {
			return nil, false // it would come back as the child's own as well
		}
		return nil, o.Kind == Trigger || w.reparented(o)
	}
	return nil, false
}

// fired says when a trigger or rule fires: ENABLE, DISABLE, ENABLE ALWAYS or
// ENABLE REPLICA.
func fired(o Object, firing string) string {
	return fmt.Sprintf("ALTER TABLE %s %s %s %s", o.On, firing, strings.ToUpper(string(o.Kind)), o.bare())
}

// commented is an object's address, but for a column, which COMMENT calls by
// its full name.
func commented(o Object) string {
	if o.Kind == Column {
		return "COLUMN " + o.Name
	}
	return address(o)
}

// reparented reports whether the object's table gets its parents back, which
// makes its parts inherited again, or its own.
func (w *way) reparented(o Object) bool {
	return slices.ContainsFunc(w.changes[key{Table, o.On}], func(d Difference) bool {
		return d.Attribute == "partition of" || d.Attribute == "inherits"
	})
}

// particular sets back what objects of one kind have.
func (w *way) particular(was, is Object, d Difference) (sql []string, known bool) {
	switch was.Kind {
	case Table:
		return w.alteredTable(was, d)
	case View, MaterializedView:
		return options("ALTER "+address(was), d), d.Attribute == "options"
	case ViewColumn:
		return defaultOf("ALTER VIEW "+was.On+" ALTER COLUMN "+was.bare(), d), d.Attribute == "default"
	case Index:
		return []string{"ALTER INDEX " + was.Name + " SET TABLESPACE " + tablespace(d)}, d.Attribute == "tablespace"
	case Constraint:
		if was.get("inherited") == "yes" && w.put[w.parent(was)] {
			return nil, true // with the parent's
		}
		return []string{"ALTER INDEX " + indexOf(was) + " SET (" + d.From + ")"}, d.Attribute == "options" && d.From != ""
	case Function, Procedure:
		return []string{"SET LOCAL check_function_bodies = off", strings.TrimRight(d.From, "\n")}, d.Attribute == "definition"
	case Statistics:
		target := "-1"
		if d.From != "" {
			target = d.From
		}
		return []string{"ALTER STATISTICS " + was.Name + " SET STATISTICS " + target}, d.Attribute == "target"
	case Publication:
		return alteredPublication(was, d)
	case Sequence:
		return w.alteredSequence(was, d)
	case Enum:
		sql = relabelled(was, is)
		return sql, d.Attribute == "labels" && len(sql) > 0 && w.oneDatabase()
	case Domain:
		return w.alteredDomain(was, d)
	case Extension:
		return []string{"ALTER EXTENSION " + was.Name + " SET SCHEMA " + d.From}, d.Attribute == "schema"
	}
	return nil, false
}

func alteredPublication(o Object, d Difference) ([]string, bool) {
	switch d.Attribute {
	case "tables":
		return []string{"ALTER PUBLICATION " + o.Name + " SET TABLE " + d.From}, o.get("schemas") == ""
	case "publish":
		return []string{"ALTER PUBLICATION " + o.Name + " SET (publish = " + literal(d.From) + ")"}, true
	}
	return nil, false
}

func (w *way) alteredSequence(o Object, d Difference) ([]string, bool) {
	switch d.Attribute {
	case "persistence":
		return []string{"ALTER SEQUENCE " + o.Name + " SET " + logged(d)}, true
	case "owned by":
		owner := "NONE"
		if d.From != "" {
			owner = d.From
		}
		return []string{"ALTER SEQUENCE " + o.Name + " OWNED BY " + owner}, true
	case "type", "minimum", "maximum":
		w.lose("sequence %s goes back to its %s only if its value fits", o.Name, d.Attribute)
	case "start", "increment", "cache", "cycle":
	default:
		return nil, false
	}
	return []string{"ALTER SEQUENCE " + o.Name + parameters(o)}, true
}

func (w *way) alteredDomain(o Object, d Difference) ([]string, bool) {
	switch d.Attribute {
	case "default":
		return defaultOf("ALTER DOMAIN "+o.Name, d), true
	case "not null":
		if d.From == "" {
			return []string{"ALTER DOMAIN " + o.Name + " DROP NOT NULL"}, true
		}
		w.lose("NOT NULL of domain %s comes back only if no NULL was written since", o.Name)
		return []string{"ALTER DOMAIN " + o.Name + " SET NOT NULL"}, true
	}
	return nil, false
}

// relabelled renames an enum's labels back. As many labels as before in one
// type can only have been renamed: none can be removed or moved.
func relabelled(was, is Object) []string {
	old, now := labels(was.get("labels")), labels(is.get("labels"))
	if len(old) != len(now) || was.id == "" || was.id != is.id {
		return nil
	}
	var sql []string
	for i := range old {
		if old[i] != now[i] {
			if slices.Contains(now, old[i]) {
				return nil
			}
			sql = append(sql, "ALTER TYPE "+was.Name+" RENAME VALUE "+now[i]+" TO "+old[i])
		}
	}
	return sql
}

// labels cuts a list of literals.
func labels(list string) []string {
	var found []string
	start, inside := 0, false
	for i := range len(list) {
		switch {
		case list[i] == '\'':
			inside = !inside
		case list[i] == ',' && !inside:
			found, start = append(found, strings.TrimSpace(list[start:i])), i+1
		}
	}
	return append(found, strings.TrimSpace(list[start:]))
}

// options sets storage options back, and those that had their default.
func options(alter string, d Difference) []string {
	old, now := split(d.From), split(d.To)
	var reset, set []string
	for _, option := range now {
		name, _, _ := strings.Cut(option, "=")
		if !slices.ContainsFunc(old, func(o string) bool { return strings.HasPrefix(o, name+"=") }) {
			reset = append(reset, name)
		}
	}
	for _, option := range old {
		if !slices.Contains(now, option) {
			set = append(set, option)
		}
	}
	var sql []string
	if len(reset) > 0 {
		sql = append(sql, alter+" RESET ("+strings.Join(reset, ", ")+")")
	}
	if len(set) > 0 {
		sql = append(sql, alter+" SET ("+strings.Join(set, ", ")+")")
	}
	return sql
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ", ")
}

func defaultOf(alter string, d Difference) []string {
	if d.From == "" {
		return []string{alter + " DROP DEFAULT"}
	}
	return []string{alter + " SET DEFAULT " + d.From}
}

func logged(d Difference) string {
	if d.From == "unlogged" {
		return "UNLOGGED"
	}
	return "LOGGED"
}

func tablespace(d Difference) string {
	if d.From == "" {
		return "pg_default"
	}
	return d.From
}
