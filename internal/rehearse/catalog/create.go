package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// address spells an object as DROP, COMMENT and ALTER want it.
func address(o Object) string {
	name := strings.ToUpper(string(o.Kind)) + " " + o.Name
	switch o.Kind {
	case ViewColumn:
		return "COLUMN " + o.Name
	case Other:
		return o.Name
	case Constraint, Trigger, Rule, Policy:
		return fmt.Sprintf("%s %s ON %s", strings.ToUpper(string(o.Kind)), o.bare(), o.On)
	case DomainConstraint:
		return fmt.Sprintf("CONSTRAINT %s ON DOMAIN %s", o.bare(), o.On)
	case Enum, Composite, Range, BaseType:
		return "TYPE " + o.Name
	case Statistics:
		return "STATISTICS " + o.Name
	case Aggregate:
		return strings.Replace(name, "()", "(*)", 1)
	case Table:
		if o.get("kind") == "foreign" {
			return "FOREIGN " + name
		}
	}
	return name
}

// dropped is how an object goes.
func (w *way) dropped(o Object) []string {
	switch o.Kind {
	case Column, Constraint:
		return []string{fmt.Sprintf("ALTER TABLE %s DROP %s %s", o.On, strings.ToUpper(string(o.Kind)), o.bare())}
	case DomainConstraint:
		return []string{fmt.Sprintf("ALTER DOMAIN %s DROP CONSTRAINT %s", o.On, o.bare())}
	case DefaultGrants:
		return w.regranted(o, Difference{Attribute: "grants", To: o.get("grants")})
	}
	return []string{"DROP " + address(o)}
}

// created is the statement that makes an object, and which attributes it sets.
// Of a kind that it cannot make it says nothing.
func (w *way) created(o Object) (sql, done []string) {
	definition := o.get("definition")
	switch o.Kind {
	case Schema:
		return []string{"CREATE SCHEMA " + o.Name}, nil
	case Extension:
		w.lose("extension %s is installed anew: what its own tables held, and what was granted on its members, is gone", o.Name)
		return []string{fmt.Sprintf("CREATE EXTENSION %s WITH SCHEMA %s VERSION %s", o.Name, o.get("schema"), literal(o.get("version")))}, []string{"schema", "version"}
	case Function, Procedure:
		return []string{"SET LOCAL check_function_bodies = off", strings.TrimRight(definition, "\n")}, []string{"definition", "arguments", "result"}
	case Aggregate:
		if o.get("kind") != "" {
			return nil, nil
		}
		return []string{"CREATE " + address(o) + " (" + definition + ")"}, []string{"definition"}
	case Operator:
		name, _, _ := strings.Cut(o.Name, "(")
		return []string{"CREATE OPERATOR " + name + " (" + definition + ")"}, []string{"definition"}
	case Cast:
		return []string{"CREATE CAST " + o.Name + " " + definition}, []string{"definition"}
	case EventTrigger:
		when := ""
		if tags := o.get("tags"); tags != "" {
			when = " WHEN TAG IN (" + tags + ")"
		}
		return []string{"CREATE EVENT TRIGGER " + o.Name + " ON " + o.get("event") + when + " EXECUTE FUNCTION " + o.get("function")}, []string{"event", "tags", "function"}
	case Publication:
		return []string{publication(o)}, []string{"all tables", "tables", "schemas", "publish", "publish via partition root"}
	case Sequence:
		w.lose("the position of sequence %s: it starts again", o.Name)
		return []string{"CREATE" + word(o, "persistence", " UNLOGGED") + " SEQUENCE " + o.Name + parameters(o)},
			[]string{"persistence", "type", "start", "increment", "minimum", "maximum", "cache", "cycle", "owned by"}
	case Column:
		return w.createdColumn(o)
	case Collation:
		return collation(o), []string{"provider", "deterministic", "lc_collate", "lc_ctype", "locale"}
	case Enum, Composite, Range, Domain, DomainConstraint:
		return w.createdType(o)
	}
	return w.createdRelation(o)
}

// createdRelation makes what stands on tables.
func (w *way) createdRelation(o Object) (sql, done []string) {
	definition := o.get("definition")
	switch o.Kind {
	case Constraint:
		valid := word(o, "validated", " NOT VALID")
		if w.orphans(o) {
			valid = " NOT VALID"
			w.lose("constraint %s comes back NOT VALID: the rows that it refers to are gone", o.Name)
		} else {
			w.strict(o)
		}
		return []string{"ALTER TABLE " + o.On + " ADD CONSTRAINT " + o.bare() + " " + definition + valid},
			[]string{"kind", "definition", "validated", "inherited"}
	case Index:
		if o.get("valid") != "" {
			return nil, nil
		}
		return w.createdIndex(o), []string{"definition", "inherited"}
	case Statistics, Trigger, Rule:
		return []string{definition}, []string{"definition", "inherited"}
	case Policy:
		return []string{"CREATE POLICY " + o.bare() + " ON " + o.On + " " + definition}, []string{"definition"}
	case View:
		options := ""
		if set := o.get("options"); set != "" {
			options = " WITH (" + set + ")"
		}
		return []string{"CREATE VIEW " + o.Name + options + " AS" + definition}, []string{"definition", "options"}
	case MaterializedView:
		w.lose("the rows of materialized view %s are computed anew", o.Name)
		if o.get("access method") != "" {
			return nil, nil
		}
		return []string{"CREATE MATERIALIZED VIEW " + o.Name + " AS" + definition + word(o, "populated", " WITH NO DATA")}, []string{"definition", "populated"}
	}
	return nil, nil
}

// createdIndex makes the index of a partitioned table without those of its
// partitions, which come by their own names and are attached.
func (w *way) createdIndex(o Object) []string {
	w.strict(o)
	sql := []string{o.get("definition")}
	if parent := o.get("inherited"); parent != "" && !w.put[key{Table, o.On}] && len(w.joined(w.old[key{Table, o.On}])) == 0 {
		sql = append(sql, "ALTER INDEX "+parent+" ATTACH PARTITION "+o.Name)
	}
	return sql
}

// strict says that rows written since can stand against what comes back.
func (w *way) strict(o Object) {
	if _, same := w.now[key{o.Kind, o.Name}]; o.get("validated") == "no" || strings.HasSuffix(o.get("definition"), " NOT ENFORCED") || w.put[key{Table, o.On}] || same && w.now[o.key()].get("definition") == o.get("definition") {
		return
	}
	if o.Kind == Constraint && strings.HasPrefix(o.get("definition"), "PRIMARY KEY") || strings.HasPrefix(o.get("definition"), "UNIQUE") {
		w.filled(o)
	}
	if o.Kind == Index && !strings.HasPrefix(o.get("definition"), "CREATE UNIQUE INDEX") {
		return
	}
	w.lose("%s %s comes back only if no row written since violates it", o.Kind, o.Name)
}

// orphans reports whether a foreign key of a table that stayed refers to one
// that is made anew, without its rows.
func (w *way) orphans(o Object) bool {
	return o.get("kind") == "foreign key" && o.get("validated") == "" && !w.put[key{Table, o.On}] && slices.ContainsFunc(o.uses, func(k key) bool {
		used, ok := w.old[k]
		return ok && used.On != o.On && w.put[key{Table, used.On}]
	})
}

// filled refuses a key over a column that comes back without its values.
func (w *way) filled(o Object) {
	for _, used := range o.uses {
		column := w.old[used]
		if used.kind == Column && w.put[used] && !distinct(column) {
			w.refuse("constraint %s needs the values of column %s, which are lost", o.Name, column.Name)
		}
	}
}

// distinct reports whether rows get a value of their own when the column is
// added to them.
func distinct(column Object) bool {
	return column.get("identity") != "" || strings.HasPrefix(column.get("default"), "nextval(")
}

// collation makes one of the C library or of ICU, which is the only provider
// of collations that are not deterministic.
func collation(o Object) []string {
	create := "CREATE COLLATION " + o.Name
	switch {
	case o.get("provider") == "c":
		return []string{create + " (PROVIDER = libc, LC_COLLATE = " + literal(o.get("lc_collate")) + ", LC_CTYPE = " + literal(o.get("lc_ctype")) + ")"}
	case o.get("provider") == "i":
		return []string{create + " (PROVIDER = icu, LOCALE = " + literal(or(o.get("locale"), o.get("lc_collate"))) + ", DETERMINISTIC = " + o.get("deterministic") + ")"}
	}
	return nil
}

func publication(o Object) string {
	var of []string
	if tables := o.get("tables"); tables != "" {
		of = append(of, "TABLE "+tables)
	}
	if schemas := o.get("schemas"); schemas != "" {
		of = append(of, "TABLES IN SCHEMA "+schemas)
	}
	if o.get("all tables") != "" {
		of = []string{"ALL TABLES"}
	}
	text := "CREATE PUBLICATION " + o.Name
	if len(of) > 0 {
		text += " FOR " + strings.Join(of, ", ")
	}
	return text + " WITH (publish = " + literal(o.get("publish")) + word(o, "publish via partition root", ", publish_via_partition_root = true") + ")"
}

// parameters spells a sequence's.
func parameters(o Object) string {
	return fmt.Sprintf(" AS %s START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s %s",
		o.get("type"), o.get("start"), o.get("increment"), o.get("minimum"), o.get("maximum"), o.get("cache"), o.get("cycle"))
}

// word is what an object says where an attribute is set.
func word(o Object, attribute, text string) string {
	if o.get(attribute) == "" {
		return ""
	}
	return text
}

// literal quotes a text for SQL.
func literal(text string) string {
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if strings.Contains(text, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

// indexOf is the index of a constraint, by its qualified name.
func indexOf(o Object) string {
	return schemaOf(o.On) + "." + o.bare()
}
