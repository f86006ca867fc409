package pgclass

import (
	"strings"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// identity makes a column number its rows as the old one did, and goOn lets it
// begin behind the numbers of the other one.
func (r replacement) identity(column string, typ pgschema.DataType) string {
	when := map[bool]string{true: "ALWAYS", false: "BY DEFAULT"}[r.c.Always]
	text := r.sql() + " ALTER COLUMN " + ident(column) + " ADD GENERATED " + when + " AS IDENTITY"
	if q := r.numbering(); q != nil {
		name := q.Name
		if column != r.old() {
			name.Local = r.newNumbering()
		}
		text += " (" + strings.TrimSpace("SEQUENCE NAME "+sqlName(name)+" "+sequenceOptions(q.Options, typ.Same(r.c.Type))) + ")"
	}
	return text
}

// numbering is the sequence of the identity; newNumbering is what that of the
// new column is called until it has the other one's name.
func (r replacement) numbering() *pgschema.Sequence {
	for _, q := range r.now.SequencesOf(r.table) {
		if q.Column == r.old() && q.Internal {
			return q
		}
	}
	return nil
}

func (r replacement) newNumbering() string { return named(r.table.Local, r.name, "seq") }

func (r replacement) goOn(column, behind string) string {
	owned := func(column string) string {
		return "pg_get_serial_sequence(" + literal(sqlName(r.table)) + ", " + literal(column) + ")"
	}
	return "SELECT setval(" + owned(column) + ", nextval(" + owned(behind) + "))"
}

// defaultAnew moves the default, and the sequence that it draws from.
func (r replacement) defaultAnew() []string {
	text, err := pgsyntax.DeparseExpression(r.c.Default)
	if err != nil {
		return []string{r.sql() + " ALTER COLUMN " + ident(r.name) + " SET DEFAULT NULL"}
	}
	drawn := pgschema.SequencesIn(r.c.Default)
	switch constant := r.c.Default.GetAConst() != nil; {
	case r.typ.Equal(r.c.Type), len(drawn) > 0:
	case r.using != nil:
		return nil // what the old one began with is no value of the new one
	case r.bySpelling() && uncastNode(r.c.Default).GetAConst() != nil:
		if text, err = pgsyntax.DeparseExpression(uncastNode(r.c.Default)); err != nil {
			return nil
		}
	case constant && strings.HasPrefix(r.c.Type.Name.Local, "timestamp"):
		text += r.cast(r.c.Type) // read in the zone of the session that inserts, as it was
	case !constant:
		text = "(" + text + ")" + r.cast(r.c.Type) + r.cast(r.typ)
	}
	all := []string{r.sql() + " ALTER COLUMN " + ident(r.name) + " SET DEFAULT " + text}
	for _, q := range r.now.SequencesOf(r.table) {
		if q.Column != r.old() || q.Internal {
			continue
		}
		all = append(all, "ALTER SEQUENCE "+sqlName(q.Name)+" OWNED BY "+sqlName(r.table)+"."+ident(r.name))
		if t := r.sequenceType(r.typ); t != "" && !r.typ.Same(r.c.Type) {
			all = append(all, "ALTER SEQUENCE "+sqlName(q.Name)+" AS "+t)
		}
	}
	return all
}

// sequenceType is the type of a sequence for a column; empty for one that has
// no such.
func (replacement) sequenceType(d pgschema.DataType) string {
	return map[string]string{"int2": "smallint", "int4": "integer", "int8": "bigint"}[d.Builtin()]
}

// numbersBack moves the default or the identity back to the old column.
func (r replacement) numbersBack() []string {
	old, now := r.sql()+" ALTER COLUMN "+ident(r.old()), r.sql()+" ALTER COLUMN "+ident(r.name)
	switch {
	case r.c.Identity:
		return []string{r.identity(r.old(), r.c.Type), r.goOn(r.old(), r.name), now + " DROP IDENTITY"}
	case r.c.Default == nil:
		return nil
	}
	text, err := pgsyntax.DeparseExpression(r.c.Default)
	if err != nil {
		return []string{now + " DROP DEFAULT"}
	}
	all := []string{old + " SET DEFAULT " + text, now + " DROP DEFAULT"}
	for _, q := range r.now.SequencesOf(r.table) {
		if q.Column != r.old() || q.Internal {
			continue
		}
		all = append(all, "ALTER SEQUENCE "+sqlName(q.Name)+" OWNED BY "+sqlName(r.table)+"."+ident(r.old()))
		if t := r.sequenceType(r.c.Type); t != "" && !r.typ.Same(r.c.Type) {
			all = append(all, "ALTER SEQUENCE "+sqlName(q.Name)+" AS "+t)
		}
	}
	return all
}
