package catalog

import (
	"slices"
	"strings"
)

// regranted sets privileges back. Each line of the attribute is a difference
// to what an object of the kind has by default: "grant SELECT to app" or
// "without EXECUTE to PUBLIC".
func (w *way) regranted(o Object, d Difference) []string {
	old, now := lines(d.From), lines(d.To)
	var sql []string
	for _, line := range now {
		if !slices.Contains(old, line) {
			sql = append(sql, w.grant(o, line, true))
			sql = append(sql, w.columnGrants(o, line)...)
		}
	}
	for _, line := range old {
		if !slices.Contains(now, line) {
			sql = append(sql, w.grant(o, line, false))
		}
	}
	return sql
}

// columnGrants gives privileges on columns again that go when the same one on
// their table is revoked.
func (w *way) columnGrants(o Object, line string) []string {
	var sql []string
	for _, column := range w.before.Objects {
		if (column.Kind != Column && column.Kind != ViewColumn) || column.On != o.Name || column.Kind == o.Kind {
			continue
		}
		for _, own := range lines(column.get("grants")) {
			if strings.TrimSuffix(own, " with grant option") == strings.TrimSuffix(line, " with grant option") {
				sql = append(sql, w.grant(column, own, false))
			}
		}
	}
	return sql
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// grant does what a line says, or undoes it.
func (w *way) grant(o Object, line string, undo bool) string {
	if strings.Contains(line, " by ") {
		w.refuse("privileges on %s %s were granted by another than its owner: %s", o.Kind, o.Name, line)
	}
	word, rest, _ := strings.Cut(line, " ")
	what, grantee, _ := strings.Cut(rest, " to ")
	grantee, option := strings.CutSuffix(grantee, " with grant option")
	prefix, on := "", " ON "+granted(o)
	switch o.Kind {
	case Column, ViewColumn:
		what += " (" + o.bare() + ")"
	case DefaultGrants:
		role, kind, _ := strings.Cut(o.Name, " ON ")
		prefix, on = "ALTER DEFAULT PRIVILEGES "+role+" ", " ON "+kind
	}
	if (word == "grant") == undo {
		return prefix + "REVOKE " + what + on + " FROM " + grantee
	}
	if option {
		grantee += " WITH GRANT OPTION"
	}
	return prefix + "GRANT " + what + on + " TO " + grantee
}

// granted spells an object as GRANT wants it.
func granted(o Object) string {
	switch o.Kind {
	case Table, View, MaterializedView:
		return "TABLE " + o.Name
	case Column, ViewColumn:
		return "TABLE " + o.On
	case Enum, Composite, Range, BaseType, Domain:
		return "TYPE " + o.Name
	case Function, Procedure, Aggregate:
		return "ROUTINE " + o.Name
	}
	return strings.ToUpper(string(o.Kind)) + " " + o.Name
}
