package measure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// world is what has to be there before a file can run. It is as plain as can
// be: every column has the same type unless a statement asks for another.
type world struct {
	base, key string // the types of columns of which nothing is known, and of those named like keys
	schemas   []string
	relations map[pgschema.Name]*relation
	order     []pgschema.Name
	types     []string // statements that make types and functions, in order
	then      []string // statements for when all relations are there
	// made are relations, and indexes and constraints by their name, that the
	// files make themselves; added their columns, as "schema.table.column".
	made map[pgschema.Name]bool
	// builtin are the names of PostgreSQL's own functions: one that fails has
	// the wrong arguments, and is not made.
	builtin map[string]bool
	added   map[string]bool
}

func newWorld(base, key string) *world {
	return &world{
		base: base, key: key, relations: map[pgschema.Name]*relation{}, made: map[pgschema.Name]bool{}, added: map[string]bool{},
	}
}

// relation is a table, or what its kind says, that was there before.
type relation struct {
	kind      string // TABLE, UNLOGGED TABLE, VIEW, MATERIALIZED VIEW, SEQUENCE
	columns   []column
	partition string // "RANGE", "LIST", "HASH": it is partitioned by its first column
}

type column struct{ name, typ string }

// relation returns the relation of that name. It is nil when the files make it.
func (w *world) relation(n pgschema.Name) *relation {
	if w.made[n] || n.Local == "" {
		return nil
	}
	if w.relations[n] == nil {
		w.relations[n] = &relation{kind: "TABLE"}
		w.order = append(w.order, n)
		w.schema(n.Schema)
	}
	return w.relations[n]
}

func (w *world) schema(name string) {
	if !slices.Contains([]string{"", "public", "pg_catalog", "information_schema"}, name) && !slices.Contains(w.schemas, name) {
		w.schemas = append(w.schemas, name)
	}
}

// column gives a relation a column; typ may be empty. A type that is asked for
// overrules one that nothing is known of.
func (w *world) column(n pgschema.Name, name, typ string) {
	r := w.relation(n)
	if r == nil || name == "" || w.added[n.String()+"."+name] || slices.Contains(systemColumns(), name) {
		return
	}
	for i, c := range r.columns {
		if c.name == name {
			if typ != "" {
				r.columns[i].typ = typ
			}
			return
		}
	}
	r.columns = append(r.columns, column{name, typ})
}

func systemColumns() []string { return []string{"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"} }

// typeOf is the type of a column of which only the name is known.
func (w *world) typeOf(name string) string {
	if lower := strings.ToLower(name); lower == "id" || strings.HasSuffix(lower, "_id") {
		return w.key
	}
	return w.base
}

// first returns a column of the relation, and gives it one if it has none.
func (w *world) first(n pgschema.Name) string {
	r := w.relation(n)
	if r == nil {
		return ""
	}
	if len(r.columns) == 0 {
		w.column(n, "some_column", "")
	}
	return r.columns[0].name
}

// after adds a statement that runs when the relations are there, once.
func (w *world) after(format string, args ...any) {
	w.then = once(w.then, format, args)
}

// before adds a statement that runs when only the schemas are there, once.
func (w *world) before(format string, args ...any) {
	w.types = once(w.types, format, args)
}

// once adds a text, spelled with quoted names, unless it is in the list.
func once(list []string, format string, args []any) []string {
	for i, a := range args {
		if n, is := a.(pgschema.Name); is {
			args[i] = ident(n.Schema, n.Local)
		}
	}
	text := strings.TrimSpace(fmt.Sprintf(format, args...))
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// index puts an index on a column of a table.
func (w *world) index(n pgschema.Name, table pgschema.Name, unique string) {
	if w.made[n] || w.made[table] {
		return
	}
	w.after("CREATE %s INDEX IF NOT EXISTS %s ON %s (%s)", unique, ident(n.Local), table, ident(w.first(table)))
}

func ident(parts ...string) string {
	for i, p := range parts {
		parts[i] = `"` + strings.ReplaceAll(p, `"`, `""`) + `"`
	}
	return strings.Join(parts, ".")
}

// statements make the world.
func (w *world) statements() []string {
	var list []string
	for _, s := range w.schemas {
		list = append(list, "CREATE SCHEMA IF NOT EXISTS "+ident(s))
	}
	list = append(list, w.types...)
	for _, n := range w.order {
		if r := w.relations[n]; r.partition != "" || strings.HasSuffix(r.kind, "TABLE") {
			list = append(list, r.create(n, w.typeOf))
		}
	}
	for _, n := range w.order {
		if r := w.relations[n]; r.partition == "" && !strings.HasSuffix(r.kind, "TABLE") {
			list = append(list, r.create(n, w.typeOf))
		}
	}
	return append(list, w.then...)
}

func (r *relation) create(n pgschema.Name, typeOf func(string) string) string {
	name := ident(n.Schema, n.Local)
	switch r.kind {
	case "SEQUENCE":
		return "CREATE SEQUENCE " + name
	case "VIEW", "MATERIALIZED VIEW":
		return fmt.Sprintf("CREATE %s %s AS SELECT %s FROM generate_series(1, 1) AS base", r.kind, name, r.selected(typeOf))
	}
	var parts []string
	for _, c := range r.columns {
		parts = append(parts, ident(c.name)+" "+c.spelled(typeOf(c.name)))
	}
	text := fmt.Sprintf("CREATE %s %s (%s)", r.kind, name, strings.Join(parts, ", "))
	if r.partition != "" {
		text += fmt.Sprintf(" PARTITION BY %s (%s)", r.partition, ident(r.columns[0].name))
	}
	return text
}

func (c column) spelled(base string) string {
	if c.typ == "" || strings.HasPrefix(c.typ, "NOT NULL") {
		return strings.TrimSpace(base + " " + c.typ)
	}
	return c.typ
}

func (r *relation) selected(typeOf func(string) string) string {
	if len(r.columns) == 0 {
		return "1 AS some_column"
	}
	var parts []string
	for _, c := range r.columns {
		parts = append(parts, "NULL::"+typeOf(c.name)+" AS "+ident(c.name))
	}
	return strings.Join(parts, ", ")
}
