package pgclass

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// trigger sorts behind other triggers of the table, which PostgreSQL fires by
// name: what they write has to be seen.
func (r replacement) trigger() string { return named("zz_sync", r.table.Local, r.name) }

func (r replacement) function() string {
	return sqlName(pgschema.Name{Schema: r.table.Schema, Local: r.trigger()})
}

// makeSync keeps both columns in step; dropSync stops that.
func (r replacement) makeSync() []string {
	return []string{
		r.syncFunction(),
		"CREATE TRIGGER " + ident(r.trigger()) + " BEFORE INSERT OR UPDATE ON " + sqlName(r.table) +
			" FOR EACH ROW EXECUTE FUNCTION " + r.function() + "()",
	}
}

func (r replacement) dropSync() []string {
	return []string{"DROP TRIGGER " + ident(r.trigger()) + " ON " + sqlName(r.table), "DROP FUNCTION " + r.function() + "()"}
}

// syncFunction lets the column win that a statement writes; where it writes
// both, the new one.
func (r replacement) syncFunction() string {
	body := r.bothWays()
	if r.using != nil {
		body = r.oneWay()
	}
	tag := "$sync$"
	for strings.Contains(body, tag) {
		tag = "$" + strings.Trim(tag, "$") + "_$"
	}
	return "CREATE FUNCTION " + r.function() + "() RETURNS trigger LANGUAGE plpgsql AS " + tag + "\n" + body + "\n" + tag
}

func (r replacement) bothWays() string {
	old, now := ident(r.old()), ident(r.name)
	toOld := "NEW." + old + " := NEW." + now + r.cast(r.c.Type)
	compared := ""
	if !comparable(r.typ) {
		compared = "::text"
	}
	return "BEGIN\n" +
		"  IF TG_OP = 'INSERT' THEN\n" +
		"    IF NEW." + now + " IS NULL THEN " + r.toNow("NEW."+old+r.cast(r.typ)) + "; ELSE " + toOld + "; END IF;\n" +
		"  ELSIF NEW." + now + compared + " IS DISTINCT FROM OLD." + now + compared + " THEN " + toOld + ";\n" +
		"  ELSE " + r.toNow("NEW."+old+r.cast(r.typ)) + ";\n" +
		"  END IF;\n" +
		"  RETURN NEW;\nEND"
}

// oneWay computes the new column where a statement leaves it as it is.
func (r replacement) oneWay() string {
	now, compared := ident(r.name), ""
	if !comparable(r.typ) {
		compared = "::text"
	}
	var before, after []string
	for _, c := range pgschema.MentionsOf(r.using).Columns {
		before, after = append(before, "OLD."+ident(c)+"::text"), append(after, "NEW."+ident(c)+"::text")
	}
	return "BEGIN\n" +
		"  IF TG_OP = 'INSERT' THEN\n" +
		"    IF NEW." + now + " IS NULL THEN " + r.toNow(r.computed(r.ofRow)) + "; END IF;\n" +
		"  ELSIF NEW." + now + compared + " IS NOT DISTINCT FROM OLD." + now + compared +
		" AND ROW(" + strings.Join(after, ", ") + ") IS DISTINCT FROM ROW(" + strings.Join(before, ", ") + ") THEN " + r.toNow(r.computed(r.ofRow)) + ";\n" +
		"  END IF;\n" +
		"  RETURN NEW;\nEND"
}

// toNow sets the new column; what it does not take becomes NULL there, so that
// no write of running code fails at it.
func (r replacement) toNow(value string) string {
	set := "NEW." + ident(r.name) + " := " + value
	if r.takesAll() {
		return set
	}
	return "BEGIN " + set + "; EXCEPTION WHEN others THEN NEW." + ident(r.name) + " := NULL; END"
}

// computed is what USING says, with its columns spelled by a function where
// there is one.
func (r replacement) computed(spell func(*pg.ColumnRef)) string {
	e, _ := proto.Clone(r.using).(*pg.Node)
	if spell != nil {
		pgschema.Walk(e, func(m proto.Message) {
			if c, is := m.(*pg.ColumnRef); is {
				spell(c)
			}
		})
	}
	text, err := pgsyntax.DeparseExpression(e)
	if err != nil {
		return ""
	}
	return "(" + text + ")"
}

func (replacement) ofRow(c *pg.ColumnRef) {
	last := c.GetFields()[len(c.GetFields())-1]
	c.Fields = []*pg.Node{pg.MakeStrNode("new"), last}
}

func (r replacement) cast(to pgschema.DataType) string {
	switch {
	case r.typ.Equal(r.c.Type), spelled(r.c.Type) && spelled(r.typ):
		return "" // a cast would cut what is too long; without one it is an error
	case r.bySpelling():
		return map[bool]string{true: "::text[]::", false: "::text::"}[to.Array] + typeSQL(to)
	}
	return "::" + typeSQL(to)
}

// bySpelling reports whether both are types that PostgreSQL has no cast
// between: enums and ranges.
func (r replacement) bySpelling() bool {
	own := func(d pgschema.DataType) bool {
		t := r.now.Types[d.Name]
		return t != nil && (t.Kind == pgschema.Enum || t.Kind == pgschema.Range)
	}
	return r.alike || own(r.typ) && own(r.c.Type)
}

// takesAll reports whether the new type takes every value of the old one, so
// that no write of running code can fail at it.
func (r replacement) takesAll() bool {
	from, to := r.now.Underlying(r.c.Type), r.typ
	if r.using != nil {
		return false
	}
	if r.alike || from.Equal(to) || r.typ.Equal(r.c.Type) {
		return true
	}
	if r.now.Constrained(to) || from.Array || to.Array || len(to.Modifiers) > 0 {
		return false
	}
	return spelled(to) || slices.Contains(wider(from), to.Name.Local)
}

// wider are the types that hold every value of a type.
func wider(d pgschema.DataType) []string {
	return map[string][]string{
		"int2": {"int4", "int8", "numeric", "float4", "float8"}, "int4": {"int8", "numeric", "float8"}, "int8": {"numeric"},
		"float4": {"float8"}, "timestamp": {"timestamptz"}, "timestamptz": {"timestamp"}, "date": {"timestamp", "timestamptz"},
	}[d.Builtin()]
}

// spelled reports whether a type holds the spelling of any value: text.
func spelled(d pgschema.DataType) bool {
	return !d.Array && slices.Contains([]string{"text", "varchar", "bpchar", "citext"}, d.Name.Local)
}

// comparable reports whether the type has an operator =.
func comparable(d pgschema.DataType) bool {
	return !slices.Contains([]string{"json", "xml", "point", "polygon", "path", "line", "lseg", "box", "circle"}, d.Name.Local)
}
