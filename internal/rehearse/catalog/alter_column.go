package catalog

import (
	"slices"
	"strings"
)

// alteredColumn sets a column back. Its attributes hang together, so the
// statements have an order of their own: what hinders a change of type goes
// first, what needs the old type comes after.
func (w *way) alteredColumn(was, is Object, changes []Difference) []string {
	if w.follows(was, is, changes) {
		return nil
	}
	alter := "ALTER TABLE " + was.On + " ALTER COLUMN " + was.bare()
	changed := func(attributes ...string) bool {
		return slices.ContainsFunc(changes, func(d Difference) bool { return slices.Contains(attributes, d.Attribute) })
	}
	var sql []string
	if changed("identity", "identity sequence", "identity options") && is.get("identity") != "" && was.get("identity") == "" {
		sql = append(sql, alter+" DROP IDENTITY")
	}
	retyped := changed("type", "collation")
	if is.get("default") != "" && is.get("generated") == "" && (changed("default") || retyped) {
		sql = append(sql, alter+" DROP DEFAULT")
	}
	if retyped {
		sql = append(sql, w.converted(alter, was, is))
	}
	if was.get("default") != "" && (changed("default") || retyped) {
		sql = append(sql, alter+" SET DEFAULT "+was.get("default"))
	}
	if changed("not null", "not null name") {
		sql = append(sql, w.nullable(alter, was, is)...)
	}
	if changed("identity", "identity sequence", "identity options") && was.get("identity") != "" {
		sql = append(sql, w.identified(alter, was, is)...)
	}
	for _, d := range changes {
		sql = append(sql, w.columnDetail(alter, was, d)...)
	}
	return sql
}

// follows reports whether a column has the same changes as the one that it
// inherits from: what is done to that one reaches it.
func (w *way) follows(was, is Object, changes []Difference) bool {
	of := w.changes[w.parent(was)]
	return was.get("inherited") == "yes" && is.get("inherited") == "yes" && len(of) > 0 && !slices.ContainsFunc(changes, func(d Difference) bool {
		return !slices.ContainsFunc(of, func(p Difference) bool { return p.Attribute == d.Attribute && p.From == d.From && p.To == d.To })
	})
}

// converted gives a column its old type back. A cast that PostgreSQL does in
// an assignment refuses what does not fit; an explicit one would cut it.
func (w *way) converted(alter string, was, is Object) string {
	from, to := family(is.get("type")), family(was.get("type"))
	text := alter + " TYPE " + was.get("type")
	if collation := was.get("collation"); collation != "" {
		text += " COLLATE " + collation
	}
	switch {
	case was.get("type") == is.get("type"):
		return text
	case w.of(was.get("type"), Enum) && w.of(is.get("type"), Enum), from == "" && !w.of(is.get("type"), Enum, Domain), to == "" && !w.of(was.get("type"), Enum, Domain):
		w.refuse("column %s was %s and is %s: how its values are converted back is for its author to say", was.Name, was.get("type"), is.get("type"))
	case from != to && to != "text":
		if from != "text" && from != "" && to != "" {
			w.refuse("column %s was %s and is %s: how its values are converted back is for its author to say", was.Name, was.get("type"), is.get("type"))
		}
		if enum := (key{Enum, was.get("type")}); w.put[enum] || len(w.changes[enum]) > 0 {
			// Whether the values were converted before the labels changed or
			// after is in no catalog.
			w.refuse("column %s was %s, which changed as well or went: how its values are converted back is for its author to say", was.Name, was.get("type"))
		}
		text += " USING " + was.bare() + "::" + was.get("type")
	}
	if w.oneDatabase() && was.id != is.id {
		w.lose("the values of column %s are converted from %s to %s: one that does not fit, written since or by the migration itself, makes the statement fail", was.Name, is.get("type"), was.get("type"))
		return text
	}
	w.lose("the values of column %s were converted to %s and are converted back to %s: what that cut off stays so, and a value that does not fit, written since or by the migration itself, makes the statement fail", was.Name, is.get("type"), was.get("type"))
	return text
}

// of reports whether a type is a user's, of one of the kinds.
func (w *way) of(name string, kinds ...Kind) bool {
	return slices.ContainsFunc(kinds, func(kind Kind) bool {
		_, was := w.old[key{kind, name}]
		_, is := w.now[key{kind, name}]
		return was || is
	})
}

// family groups types that PostgreSQL converts into each other when it
// assigns (pg_cast, castcontext a or i), without their modifiers.
func family(name string) string {
	plain, _, _ := strings.Cut(name, "(")
	if _, tail, found := strings.Cut(name, ")"); found {
		plain += tail
	}
	switch plain {
	case "text", "character varying", "character", "name", "citext", "public.citext":
		return "text"
	case "smallint", "integer", "bigint", "numeric", "real", "double precision":
		return "number"
	case "timestamp without time zone", "timestamp with time zone", "date":
		return "moment"
	case "time without time zone", "time with time zone":
		return "time"
	case "bit", "bit varying":
		return "bits"
	case "json", "jsonb":
		return "json"
	case "cidr", "inet":
		return "network"
	case "interval", "uuid", "boolean", "bytea":
		return plain
	}
	return ""
}

// nullable sets NOT NULL back: from PostgreSQL 18 on it is a constraint, with a
// name, and may not be validated yet.
func (w *way) nullable(alter string, was, is Object) (sql []string) {
	if from, to := is.get("not null name"), was.get("not null name"); from != "" && to != "" && is.get("not null") == was.get("not null") {
		return []string{"ALTER TABLE " + was.On + " RENAME CONSTRAINT " + from + " TO " + to}
	}
	if is.get("not null") != "" {
		sql = append(sql, alter+" DROP NOT NULL")
	}
	add := "ALTER TABLE " + was.On + " ADD" + word(was, "not null name", " CONSTRAINT "+was.get("not null name")) + " NOT NULL " + was.bare()
	switch was.get("not null") {
	case "":
		return sql
	case "not validated":
		return append(sql, add+" NOT VALID")
	case "no inherit":
		add += " NO INHERIT"
	}
	if is.get("not null") != "yes" {
		w.lose("NOT NULL of column %s comes back only if no NULL was written since", was.Name)
	}
	if was.get("not null") == "yes" && was.get("not null name") == "" {
		return append(sql, alter+" SET NOT NULL")
	}
	return append(sql, add)
}

// identified gives a column its identity back, or its identity's parameters.
func (w *way) identified(alter string, was, is Object) []string {
	if is.get("identity") == "" {
		w.lose("the position of sequence %s: it starts again", was.get("identity sequence"))
		return []string{alter + " ADD GENERATED " + identity(was)}
	}
	var sql []string
	name := is.get("identity sequence")
	if name != was.get("identity sequence") {
		from, to := parts(Object{Name: name}), parts(Object{Name: was.get("identity sequence")})
		sql = append(sql, moved(Object{Kind: Sequence, Name: name}, from, to)...)
	}
	if is.get("identity") != was.get("identity") {
		sql = append(sql, alter+" SET GENERATED "+was.get("identity"))
	}
	if is.get("identity options") != was.get("identity options") {
		w.lose("sequence %s goes back to its parameters only if its value fits", was.get("identity sequence"))
		sql = append(sql, "ALTER SEQUENCE "+was.get("identity sequence")+" "+was.get("identity options"))
	}
	return sql
}

// columnDetail sets back what does not hang together with the type.
func (w *way) columnDetail(alter string, was Object, d Difference) []string {
	switch d.Attribute {
	case "type", "collation", "default", "not null", "not null name", "identity", "identity sequence", "identity options":
		return nil
	case "statistics":
		return []string{alter + " SET STATISTICS " + or(d.From, "-1")}
	case "compression":
		return []string{alter + " SET COMPRESSION " + or(d.From, "default")}
	case "storage":
		if d.From != "" {
			return []string{alter + " SET STORAGE " + d.From}
		}
		if family(was.get("type")) == "text" || family(was.get("type")) == "json" || was.get("type") == "bytea" {
			return []string{alter + " SET STORAGE EXTENDED"}
		}
	case "options":
		return options(alter, d)
	}
	sql, known := w.general(was, d)
	if !known {
		w.refuse("%s of column %s cannot be set back", d.Attribute, d.Name)
	}
	return sql
}
