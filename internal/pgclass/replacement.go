package pgclass

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// replacement is a column that takes the place of another one: running code
// goes on with the old column, new code has its own, and a trigger keeps both
// in step until the old one is dropped.
type replacement struct {
	columnAlteration
	name      string // of the new column
	typ       pgschema.DataType
	collation string
}

// obstacle says what the files below do not cover; it is empty for a plain
// column.
func (r replacement) obstacle() string {
	t, column := r.t, r.columnAlteration.name
	switch {
	case t.Column(r.name) != nil:
		return "there is a column " + quotedPart(r.name) + " already"
	case r.c.Identity || r.c.Generated:
		return "the server computes it"
	case typeSQL(r.typ) == "" || typeSQL(r.c.Type) == "":
		return "its type is not one that can be spelled here"
	case slices.Contains(t.PartitionKey, column), t.PartitionOf != pgschema.Name{}, len(t.Inherits) > 0, t.Foreign:
		return "its table is a partition, a child or a foreign table, or is divided by it"
	case len(r.now.ViewsOn(r.table, column)) > 0:
		return "the view " + r.now.ViewsOn(r.table, column)[0].Name.String() + " reads it"
	}
	for _, c := range t.Columns {
		if c.Generated && c.Default != nil && slices.Contains(pgschema.MentionsOf(c.Default).Columns, column) {
			return "the generated column " + quotedPart(c.Name) + " is computed from it"
		}
	}
	for _, ref := range r.now.ReferencesTo(r.table) {
		if slices.Contains(ref.Constraint.ReferencedColumns, column) {
			return "the foreign key " + quotedPart(ref.Constraint.Name) + " of " + ref.From.String() + " points at it"
		}
	}
	return r.boundBy()
}

// boundBy names a key that has the column in it.
func (r replacement) boundBy() string {
	column := r.columnAlteration.name
	for _, k := range r.t.Constraints {
		if slices.Contains(k.Columns, column) && (k.Kind == pgschema.Primary || k.Kind == pgschema.Exclusion) {
			return "it is part of the " + string(k.Kind) + " " + quotedPart(k.Name)
		}
	}
	for _, i := range r.now.IndexesOf(r.table) {
		if slices.Contains(i.Columns, column) && (!i.Plain() || i.Method != "btree" || len(i.Columns) != len(i.Parts)) {
			return "the index " + i.Name.String() + " is made of more than columns"
		}
	}
	if r.t.Partitioned && len(r.indexes()) > 0 {
		return "indexes of a partitioned table cannot be made CONCURRENTLY"
	}
	if _, ok := r.constraintsAnew(); !ok {
		return "a CHECK on it cannot be written anew"
	}
	return ""
}

func (r replacement) indexes() []*pgschema.Index {
	return slices.DeleteFunc(r.now.IndexesOf(r.table), func(i *pgschema.Index) bool {
		return !slices.Contains(i.Columns, r.columnAlteration.name)
	})
}

// files are the split, in order.
func (r replacement) files() []File {
	files := []File{r.expandFile()}
	for _, i := range r.indexes() {
		files = append(files, r.indexFile(i))
	}
	return append(append(files, r.fillFile()), r.contractFiles()...)
}

func (r replacement) label() string { return act(r.table.Local, r.name) }

// trigger sorts behind other triggers of the table, which PostgreSQL fires by
// name: what they write has to be seen.
func (r replacement) trigger() string { return named("zz_sync", r.table.Local, r.name) }

func (r replacement) function() string {
	return sqlName(pgschema.Name{Schema: r.table.Schema, Local: r.trigger()})
}

func (r replacement) expandFile() File {
	add := r.sql() + " ADD COLUMN " + ident(r.name) + " " + typeSQL(r.typ)
	if r.collation != "" {
		add += " COLLATE " + `"` + strings.ReplaceAll(r.collation, `"`, `""`) + `"`
	}
	trigger := "CREATE TRIGGER " + ident(r.trigger()) + " BEFORE INSERT OR UPDATE ON " + sqlName(r.table) +
		" FOR EACH ROW EXECUTE FUNCTION " + r.function() + "()"
	return File{
		Name: "expand_add_" + r.label(), Phase: phaseExpand,
		SQL:  lines(add, r.syncFunction(), trigger),
		Down: lines("DROP TRIGGER "+ident(r.trigger())+" ON "+sqlName(r.table), "DROP FUNCTION "+r.function()+"()", r.sql()+" DROP COLUMN "+ident(r.name)),
	}
}

// syncFunction lets the column win that a statement writes; where it writes
// both, the new one.
func (r replacement) syncFunction() string {
	old, now := ident(r.columnAlteration.name), ident(r.name)
	toNow, toOld := "NEW."+now+" := NEW."+old+r.cast(r.typ), "NEW."+old+" := NEW."+now+r.cast(r.c.Type)
	if !r.takesAll() {
		toNow = "BEGIN NEW." + now + " := NEW." + old + "; EXCEPTION WHEN others THEN NEW." + now + " := NULL; END"
	}
	compared := ""
	if !comparable(r.typ) {
		compared = "::text"
	}
	body := "BEGIN\n" +
		"  IF TG_OP = 'INSERT' THEN\n" +
		"    IF NEW." + now + " IS NULL THEN " + toNow + "; ELSE " + toOld + "; END IF;\n" +
		"  ELSIF NEW." + now + compared + " IS DISTINCT FROM OLD." + now + compared + " THEN " + toOld + ";\n" +
		"  ELSE " + toNow + ";\n" +
		"  END IF;\n" +
		"  RETURN NEW;\nEND"
	tag := "$sync$"
	for strings.Contains(body, tag) {
		tag = "$" + strings.Trim(tag, "$") + "_$"
	}
	return "CREATE FUNCTION " + r.function() + "() RETURNS trigger LANGUAGE plpgsql AS " + tag + "\n" + body + "\n" + tag
}

func (r replacement) cast(to pgschema.DataType) string {
	if r.typ.Equal(r.c.Type) {
		return ""
	}
	return "::" + typeSQL(to)
}

// takesAll reports whether the new type takes every value of the old one, so
// that no write of running code can fail at it.
func (r replacement) takesAll() bool {
	from, to := r.now.Underlying(r.c.Type), r.typ
	if from.Equal(to) || r.typ.Equal(r.c.Type) {
		return true
	}
	if r.now.Constrained(to) || from.Array || to.Array || len(to.Modifiers) > 0 {
		return false
	}
	wider := map[string][]string{
		"int2": {"int4", "int8", "numeric", "float4", "float8"}, "int4": {"int8", "numeric", "float8"}, "int8": {"numeric"},
		"float4": {"float8"}, "timestamp": {"timestamptz"}, "timestamptz": {"timestamp"}, "date": {"timestamp", "timestamptz"},
	}
	return spelled(to) || slices.Contains(wider[from.Name.Local], to.Name.Local)
}

// spelled reports whether a type holds the spelling of any value: text.
func spelled(d pgschema.DataType) bool {
	return !d.Array && slices.Contains([]string{"text", "varchar", "bpchar", "citext"}, d.Name.Local)
}

// comparable reports whether the type has an operator =.
func comparable(d pgschema.DataType) bool {
	return !slices.Contains([]string{"json", "xml", "point", "polygon", "path", "line", "lseg", "box", "circle"}, d.Name.Local)
}

func (r replacement) fillFile() File {
	old, now := ident(r.columnAlteration.name), ident(r.name)
	cast, hint := r.cast(r.typ), "-- on a large table let a backfill do it in batches\n"
	if !r.takesAll() {
		hint += "-- it fails at a value that " + typeSQL(r.typ) + " does not hold; those are the author's to mend first\n"
	}
	if spelled(r.c.Type) && spelled(r.typ) {
		cast = "" // a cast would cut what is too long; without one it is an error
	}
	return File{
		Name: "data_fill_" + r.label(), Phase: phaseData,
		SQL: hint + lines("UPDATE "+sqlName(r.table)+" SET "+now+" = "+old+cast+" WHERE "+now+" IS NULL AND "+old+" IS NOT NULL"),
	}
}

// renamedColumns puts the new column's name in a list of columns.
func (r replacement) renamedColumns(columns []string) []string {
	list := slices.Clone(columns)
	for i := range list {
		if list[i] == r.columnAlteration.name {
			list[i] = r.name
		}
	}
	return list
}

func (r replacement) indexName(i *pgschema.Index) string { return named(i.Name.Local, r.name) }

func (r replacement) indexFile(i *pgschema.Index) File {
	unique := ""
	if i.Unique {
		unique = "UNIQUE "
	}
	name := r.indexName(i)
	sql := "CREATE " + unique + "INDEX CONCURRENTLY " + ident(name) + " ON " + sqlName(r.table) + " (" + idents(r.renamedColumns(keys(i))) + ")"
	return File{
		Name: "expand_index_" + act(name), Phase: phaseExpand, SQL: r.indexHeader(i) + lines(sql),
		Down: lines("DROP INDEX CONCURRENTLY " + sqlName(pgschema.Name{Schema: r.table.Schema, Local: name})),
	}
}

// indexHeader is for a unique index that has columns of running code in it,
// which the old index keeps unique as it is.
func (r replacement) indexHeader(i *pgschema.Index) string {
	if !i.Unique {
		return ""
	}
	return "-- lockstep:phase expand another index demands the same of the column that it is in step with\n"
}

// constraintsAnew are the CHECKs and foreign keys of the old column, for the
// new one; ok is false where one cannot be written.
func (r replacement) constraintsAnew() (list []constraintAnew, ok bool) {
	column := r.columnAlteration.name
	for _, k := range r.t.Constraints {
		if !slices.Contains(k.Columns, column) {
			continue
		}
		switch k.Kind {
		case pgschema.Check:
			text, err := pgsyntax.DeparseExpression(r.inTermsOfNew(k.Expression))
			if err != nil {
				return nil, false
			}
			list = append(list, constraintAnew{named(k.Name, r.name), "CHECK (" + text + ")"})
		case pgschema.ForeignKey:
			list = append(list, constraintAnew{named(k.Name, r.name), r.foreignKey(k)})
		}
	}
	return list, true
}

type constraintAnew struct{ name, text string }

func (r replacement) foreignKey(k *pgschema.Constraint) string {
	text := "FOREIGN KEY (" + idents(r.renamedColumns(k.Columns)) + ") REFERENCES " + sqlName(k.References)
	if len(k.ReferencedColumns) > 0 {
		text += " (" + idents(k.ReferencedColumns) + ")"
	}
	actions := map[string]string{"r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
	if does := actions[k.OnDelete]; does != "" {
		text += " ON DELETE " + does
	}
	if does := actions[k.OnUpdate]; does != "" {
		text += " ON UPDATE " + does
	}
	return text
}

// inTermsOfNew is an expression with the new column for the old one.
func (r replacement) inTermsOfNew(e *pg.Node) *pg.Node {
	return renameColumns(e, r.columnAlteration.name, r.name)
}
